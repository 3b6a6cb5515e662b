"""Pictures that say which they are, a tone, and what is left of both at the other end.

A picture of 640x480 is dark, but for three strips: at the top, in the middle and at the bottom, 16 rows of 32
blocks of 20 pixels, black or white, most significant bit first, which are the picture's number. Two of three
are in the clear wherever the echo draws its mark.
"""
import asyncio
import fractions
import math
from array import array

from aiortc import VideoStreamTrack
from aiortc.mediastreams import AudioStreamTrack
from av import AudioFrame, VideoFrame

WIDTH, HEIGHT = 640, 480
BLOCK, ROWS = 20, 16
STRIPS = (0, 232, 464)
DARK = 60
TONE, RATE, LOUDNESS = 440, 48_000, 12_000


class Pictures(VideoStreamTrack):
    """Thirty a second; aiortc keeps the time."""

    def __init__(self):
        super().__init__()
        self.number = 0
        self.changed = asyncio.Condition()

    async def drawn(self, number):
        """Waits until that picture was drawn."""
        async with self.changed:
            await self.changed.wait_for(lambda: self.number >= number)

    async def recv(self):
        pts, time_base = await self.next_timestamp()
        async with self.changed:
            self.number = pts // 3000
            self.changed.notify_all()
        frame = VideoFrame(WIDTH, HEIGHT, "yuv420p")
        for plane, content in zip(frame.planes, draw(self.number)):
            assert plane.line_size == plane.width, "no padding at this size"
            plane.update(content)
        frame.pts, frame.time_base = pts, time_base
        return frame


class Tone(AudioStreamTrack):
    """20 ms at a time; aiortc's own silence keeps the time."""

    async def recv(self):
        due = await super().recv()
        first = due.pts * RATE // due.sample_rate
        frame = AudioFrame(format="s16", layout="stereo", samples=RATE // 50)
        samples = (LOUDNESS * math.sin(math.tau * TONE * n / RATE) for n in range(first, first + frame.samples))
        both = (int(sample) for sample in samples for _ in range(2))
        frame.planes[0].update(array("h", both).tobytes())
        frame.pts, frame.sample_rate, frame.time_base = first, RATE, fractions.Fraction(1, RATE)
        return frame


def draw(number):
    bits = (number >> 31 - block & 1 for block in range(32))
    strip = b"".join(bytes([235 if bit else 16]) * BLOCK for bit in bits) * ROWS
    luma = bytearray([DARK]) * (WIDTH * HEIGHT)
    for top in STRIPS:
        luma[top * WIDTH : top * WIDTH + len(strip)] = strip
    grey = bytes([128]) * (WIDTH * HEIGHT // 4)
    return bytes(luma), grey, grey


class Luma:
    """The luma plane of what came."""

    def __init__(self, content, stride, width, height):
        self.content, self.stride, self.size = content, stride, (width, height)

    @classmethod
    def of(cls, frame):
        plane = frame.planes[0]
        return cls(bytes(plane), plane.line_size, frame.width, frame.height)

    def at(self, x, y):
        return self.content[y * self.stride + x]

    def number(self):
        """What two of the three strips say at least, bit by bit."""
        number = 0
        for block in range(32):
            lit = sum(self.at(block * BLOCK + BLOCK // 2, top + ROWS // 2) > 125 for top in STRIPS)
            number = number << 1 | (lit >= 2)
        return number

    def marked(self):
        """How many pixels are bright between the strips: the echo's mark, which is all but 48 by 48 of them."""
        rows = (y for y in range(HEIGHT) if all(not top - 4 <= y < top + ROWS + 4 for top in STRIPS))
        return sum(value > 125 for y in rows for value in self.content[y * self.stride : y * self.stride + WIDTH])


class Heard:
    """Sound, one channel of it, put together."""

    def __init__(self):
        self.samples = array("h")

    def add(self, frame):
        assert frame.format.name == "s16" and frame.sample_rate == RATE
        samples = array("h", bytes(frame.planes[0])[: frame.samples * len(frame.layout.channels) * 2])
        self.samples.extend(samples[:: len(frame.layout.channels)])

    def seconds(self):
        return len(self.samples) / RATE

    def loudness(self):
        return math.sqrt(sum(sample * sample for sample in self.samples) / len(self.samples))

    def waves(self):
        """How many there are in a second."""
        pairs = zip(self.samples, self.samples[1:])
        return sum(before < 0 <= after for before, after in pairs) / self.seconds()


def strip_ssrcs(offer):
    """As stacks offer that tell their SSRCs by nothing but the packets."""
    return "".join(line for line in offer.splitlines(True) if not line.startswith(("a=ssrc", "a=msid:")))


def strip_mids(offer):
    """The mid is in the offer alone, not in the packets."""
    return "".join(line for line in offer.splitlines(True) if not line.endswith("sdes:mid\r\n"))

