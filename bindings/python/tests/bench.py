"""What Python pays: a push beside the bare call, and a picture out and in again beside aiortc's, of 1280x720 RGB."""
import asyncio
import statistics
import time

import av
import numpy as np
from aiortc import VideoStreamTrack

import framewire
import loopback  # noqa: F401, which knows where peers.py is
import peers
from framewire._native import ffi, lib
from framewire.frames import video_frame

PICTURE = np.random.default_rng(1).integers(0, 255, (720, 1280, 3), np.uint8)
PICTURE[:] = PICTURE[:1, :1]  # even: what is measured is not the encoder
ROUNDS, PICTURES, SECONDS = 5, 300, 8


def a_push():
    """Microseconds, the median of the rounds: by push(), and by the call in C with everything prepared."""
    with framewire.Source(audio=False) as source:
        frame = video_frame(PICTURE, None, 0)
        ways = (lambda: source.push(PICTURE)), (
            lambda: lib.framewire_source_push_video(source.handle, frame.c, ffi.NULL))
        took = [[], []]
        for _ in range(ROUNDS):
            for way, all in zip(ways, took):
                begin = time.perf_counter()
                for _ in range(PICTURES):
                    way()
                all.append((time.perf_counter() - begin) / PICTURES * 1e6)
    return map(statistics.median, took)


async def ours(seconds):
    """Milliseconds of the interpreter's thread a picture that comes, and pictures a second."""
    source, sink = framewire.Source(width=1280, height=720, audio=False), framewire.Sink(audio=False)
    sender, receiver = loopback.peer(), loopback.peer()
    sender.send(source)
    receiver.receive(sink)
    await loopback.connect(sender, receiver)

    async def push():
        while True:
            source.push(PICTURE)
            await asyncio.sleep(1 / 30)

    pushing = asyncio.create_task(push())
    cost = await measure(lambda: sink.pictures.wait(), lambda frame: frame.array, seconds)
    pushing.cancel()
    await sender.aclose()
    await receiver.aclose()
    return cost


class Pushed(VideoStreamTrack):
    async def recv(self):
        pts, time_base = await self.next_timestamp()
        frame = av.VideoFrame.from_ndarray(PICTURE, format="rgb24")
        frame.pts, frame.time_base = pts, time_base
        return frame


async def theirs(seconds):
    sender, receiver = peers.connection(), peers.connection()
    sender.addTrack(Pushed())
    await sender.setLocalDescription(await sender.createOffer())
    await receiver.setRemoteDescription(sender.localDescription)
    await receiver.setLocalDescription(await receiver.createAnswer())
    await sender.setRemoteDescription(receiver.localDescription)
    track = receiver.getReceivers()[0].track
    cost = await measure(track.recv, lambda frame: frame.to_ndarray(format="rgb24"), seconds)
    await sender.close()
    await receiver.close()
    return cost


async def measure(take, read, seconds):
    for _ in range(30):
        read(await take())
    begin, spent, count = time.monotonic(), time.thread_time(), 0
    while time.monotonic() - begin < seconds:
        read(await take())
        count += 1
    return (time.thread_time() - spent) / count * 1e3, count / (time.monotonic() - begin)


async def main():
    push, call = a_push()
    print(f"| 12 Python: push 1280x720 RGB (bare: the call) | {push:.0f} µs | {call:.0f} µs | {push / call:.2f} |  |")
    (own, fps), (other, other_fps) = await ours(SECONDS), await theirs(SECONDS)
    print(f"| 12 Python: the interpreter's thread, a picture out and in at 30 a second (bare: aiortc's) | {own:.2f} ms "
          f"| {other:.2f} ms | {own / other:.2f} | 0.1 |")
    print(f"| 12 Python: pictures a second that came of those (bare: aiortc's) | {fps:.1f} | {other_fps:.1f} "
          f"| {fps / other_fps:.2f} |  |")


asyncio.run(main())
