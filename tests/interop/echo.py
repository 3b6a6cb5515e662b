"""What the demo's echo does, on aiortc: takes a publisher's picture, draws a square into it, and sends it to who
watches. The other side of a benchmark: a line of JSON in, the offer and whether it publishes; a line out, the
answer."""
import asyncio
import json
import sys

from aiortc import MediaStreamTrack, RTCSessionDescription
from aiortc.contrib.media import MediaRelay

from peers import connection

SIDE = 48
# What a colour becomes in the square: its opposite.
TURNED = bytes(range(255, -1, -1))


class Marked(MediaStreamTrack):
    """The pictures of another track, each with the square."""

    kind = "video"

    def __init__(self, pictures):
        super().__init__()
        self.pictures = pictures
        self.number = 0

    async def recv(self):
        came = await self.pictures.recv()
        frame = came.reformat(format="rgba")
        frame.pts, frame.time_base = came.pts, came.time_base
        self.number += 1
        draw(frame, self.number)
        return frame


def draw(frame, number):
    plane = frame.planes[0]
    pixels, side = memoryview(plane), min(SIDE, frame.width, frame.height)
    left, top = number * 4 % (frame.width - side + 1), number * 3 % (frame.height - side + 1)
    for y in range(top, top + side):
        row = slice(y * plane.line_size + left * 4, y * plane.line_size + (left + side) * 4)
        pixels[row] = bytes(pixels[row]).translate(TURNED)


async def main():
    connections, relay, pictures = [], MediaRelay(), None
    while line := await asyncio.to_thread(sys.stdin.readline):
        asked = json.loads(line)
        peer = connection()
        connections.append(peer)
        await peer.setRemoteDescription(RTCSessionDescription(asked["offer"], "offer"))
        video = next(t for t in peer.getTransceivers() if t.kind == "video")
        if asked["publishes"]:
            # Unread, what comes would wait for ever; so the newest waits.
            pictures = relay.subscribe(video.receiver.track, buffered=False)
        else:
            video.direction = "sendonly"
            video.sender.replaceTrack(Marked(pictures))
        await peer.setLocalDescription(await peer.createAnswer())
        print(json.dumps({"answer": peer.localDescription.sdp}), flush=True)
    for peer in connections:
        await peer.close()


asyncio.run(main())
