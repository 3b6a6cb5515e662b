"""For programs that are written for aiortc's tracks: the same recv(), with this library on the other side.

Nothing of aiortc or PyAV is imported. A picture is anything with `to_ndarray`, as av.VideoFrame has it, or an
array.
"""

from __future__ import annotations

import asyncio
from fractions import Fraction
from typing import Any, Optional, Tuple

from .errors import Closed
from .frames import VideoFrame, now_us
from .sink import Sink
from .source import Source

CLOCK = 90_000
#: The formats of PyAV that are pushed without a conversion.
FORMATS = {"rgb24": "rgb", "bgr24": "bgr", "rgba": "rgba", "bgra": "bgra", "yuv420p": "i420", "nv12": "nv12"}


class MediaStreamError(Exception):
    """The track has ended; aiortc's class of that name is what its own tracks raise."""


class VideoStreamTrack:
    """Subclass it, and write `async def recv(self)` as for aiortc's class of that name."""

    kind = "video"
    fps = 30
    _began: Optional[float] = None
    _count = -1

    async def next_timestamp(self) -> Tuple[int, Fraction]:
        """Waits until the next picture is due: its pts, and the unit of that."""
        loop = asyncio.get_running_loop()
        if self._began is None:
            self._began = loop.time()
        self._count += 1
        await asyncio.sleep(max(0.0, self._began + self._count / self.fps - loop.time()))
        return self._count * CLOCK // self.fps, Fraction(1, CLOCK)

    async def recv(self) -> Any:
        """The next picture."""
        raise NotImplementedError

    async def play(self, source: Source) -> None:
        """What RTCPeerConnection.addTrack has done: pushes what recv() makes until it raises."""
        await play(self, source)


async def play(track: Any, source: Source) -> None:
    """Pushes the pictures of any track, aiortc's own too, until it ends. The capture times keep their distances."""
    begin: Optional[int] = None
    while True:
        try:
            frame = await track.recv()
        except Exception as error:
            if type(error).__name__ == "MediaStreamError":
                return
            raise
        time_us = 0
        if getattr(frame, "pts", None) is not None and frame.time_base:
            at = int(frame.pts * frame.time_base * 1_000_000)
            begin = now_us() - at if begin is None else begin
            time_us = begin + at
        picture, format = _array(frame)
        source.push(picture, format, capture_time_us=time_us)


def _array(frame: Any) -> Tuple[Any, Optional[str]]:
    if not hasattr(frame, "to_ndarray"):
        return frame, None
    name = frame.format.name if frame.format.name in FORMATS else "rgb24"
    if name in ("yuv420p", "nv12") and (frame.width % 2 or frame.height % 2):
        name = "rgb24"  # PyAV has no array for those
    return frame.to_ndarray(format=name), FORMATS[name]


class SinkTrack:
    """The pictures of a sink, for what reads aiortc's tracks: `frame = await track.recv()`."""

    kind = "video"

    def __init__(self, sink: Sink) -> None:
        self._pictures = sink.pictures

    async def recv(self) -> VideoFrame:
        """The newest picture; its `array` is what `to_ndarray` is elsewhere. Raises MediaStreamError at the end."""
        try:
            return await self._pictures.wait()
        except Closed as error:
            raise MediaStreamError(str(error)) from None
