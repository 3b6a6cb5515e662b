"""Where media comes out that a peer sends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, AsyncIterator, Callable, Generic, Iterator, Optional, TypeVar

from ._native import OK, TIMEOUT, Handle, Struct, check, failure, ffi, lib
from ._ready import Ready
from .errors import Closed, Timeout
from .frames import AUDIO, FORMATS, SAMPLES, VIDEO, AudioFrame, VideoFrame

if TYPE_CHECKING:
    from .events import Events

T = TypeVar("T")
TRACK_STATES = ("waiting", "waiting_for_keyframe", "live", "ended", "failed")


class Queue(Generic[T]):
    """What waits to be taken, by `for` and by `async for`, until the end: Closed there, StopIteration here."""

    def __init__(self, descriptor: int, attempt: Callable[[], Optional[T]]) -> None:
        if descriptor < 0:
            raise failure(descriptor)
        self._ready = Ready(descriptor)
        self._attempt = attempt

    def next(self, timeout: Optional[float] = None) -> T:
        """Waits for at most `timeout` seconds: None waits without end, 0 not at all. Raises Timeout."""
        taken = self._ready.take(self._attempt, timeout)
        if taken is None:
            raise Timeout(f"nothing came within {timeout} seconds")
        return taken

    async def wait(self) -> T:
        """next() for an event loop; give it an end with asyncio.wait_for."""
        return await self._ready.take_async(self._attempt)

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        try:
            return self.next()
        except Closed:
            raise StopIteration from None

    def __aiter__(self) -> AsyncIterator[T]:
        return self

    async def __anext__(self) -> T:
        try:
            return await self.wait()
        except Closed:
            raise StopAsyncIteration from None

    def close(self) -> None:
        """Sends away who waits."""
        self._ready.close()


def taker(handle: Any, call: Any, kind: Callable[[Any], T]) -> Callable[[], Optional[T]]:
    """Takes without waiting."""

    def attempt() -> Optional[T]:
        out = ffi.new("framewire_frame **")
        status = call(handle, 0, out)
        if status == OK:
            return kind(out[0])
        if status != TIMEOUT:
            raise failure(status)
        return None

    return attempt


class Sink(Handle):
    """Decoded pictures and sound, on one clock. It is fed by one peer at a time.

    `for frame in sink` and `async for frame in sink` take its pictures (its sound, if it has none), always
    the newest unless `video_queue` is more than 1, until the track is over; then a peer may feed it anew,
    and a new loop takes what that sends.
    """

    def __init__(
        self, format: str = "rgb", *, video: bool = True, audio: bool = True, video_queue: int = 0,
        sample_format: str = "s16", audio_channels: int = 0, audio_queue_ms: int = 0,
        max_consecutive_errors: int = 0, events: Optional[Events] = None,
    ) -> None:
        options = Struct(
            "framewire_sink_options", events=events, media=VIDEO * video | AUDIO * audio, format=FORMATS[format],
            video_queue=video_queue, sample_format=SAMPLES[sample_format], audio_channels=audio_channels,
            audio_queue_ms=audio_queue_ms, max_consecutive_errors=max_consecutive_errors,
        )
        super().__init__("sink", options.c)
        self._video: Optional[Queue[VideoFrame]] = None
        self._audio: Optional[Queue[AudioFrame]] = None
        if video:
            take = taker(self.handle, lib.framewire_sink_next_video, VideoFrame)
            self._video = Queue(lib.framewire_sink_fd(self.handle, VIDEO), take)
        if audio:
            take_sound = taker(self.handle, lib.framewire_sink_next_audio, AudioFrame)
            self._audio = Queue(lib.framewire_sink_fd(self.handle, AUDIO), take_sound)

    @property
    def pictures(self) -> Queue[VideoFrame]:
        """Its pictures: next(timeout), await wait(), for, async for."""
        if self._video is None:
            raise ValueError("the sink takes no pictures")
        return self._video

    @property
    def sound(self) -> Queue[AudioFrame]:
        """Its sound, likewise."""
        if self._audio is None:
            raise ValueError("the sink takes no sound")
        return self._audio

    def __iter__(self) -> Iterator[Any]:
        return iter(self._video or self.sound)

    def __aiter__(self) -> AsyncIterator[Any]:
        return (self._video or self.sound).__aiter__()

    def request_keyframe(self) -> None:
        """Asks the sender for one, now."""
        check(lib.framewire_sink_request_keyframe(self.handle))

    def track(self, media: str = "video") -> str:
        """Where the track stands: one of TRACK_STATES."""
        state = ffi.new("int32_t *")
        check(lib.framewire_sink_get_track(self.handle, AUDIO if media == "audio" else VIDEO, state))
        return TRACK_STATES[state[0]]

    def stats(self, media: str = "video") -> dict[str, Any]:
        """The figures of framewire_sink_stats."""
        stats = Struct("framewire_sink_stats")
        check(lib.framewire_sink_get_stats(self.handle, AUDIO if media == "audio" else VIDEO, stats.c))
        return stats.as_dict()

    def close(self) -> None:
        for queue in (self._video, self._audio):
            if queue is not None:
                queue.close()
        super().close()
