"""What a program publishes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional

import numpy.typing as npt

from ._native import Handle, Struct, check, ffi, lib
from .frames import AUDIO, VIDEO, Pushable, audio_frame, video_frame

if TYPE_CHECKING:
    from .events import Events

MATRICES = {None: 0, "bt601": 1, "bt709": 2}
RANGES = {None: 0, "limited": 1, "full": 2}


class Source(Handle):
    """Raw pictures and sound, encoded once, sent to every peer that watches.

    0 and None are the library's defaults; bit rates are in bits a second.
    """

    def __init__(
        self, *, width: int = 0, height: int = 0, fps: float = 0.0, video: bool = True, audio: bool = True,
        video_bitrate: int = 0, keyframe_interval_ms: int = 0, keyframe_window_ms: int = 0,
        matrix: Optional[str] = None, range: Optional[str] = None, audio_bitrate: int = 0, audio_channels: int = 0,
        audio_complexity: int = 0, audio_dtx: bool = False, events: Optional[Events] = None,
    ) -> None:
        options = Struct(
            "framewire_source_options", events=events, fps=fps, media=VIDEO * video | AUDIO * audio, width=width,
            height=height, video_bitrate=video_bitrate, keyframe_interval_ms=keyframe_interval_ms,
            keyframe_window_ms=keyframe_window_ms, matrix=MATRICES[matrix], range=RANGES[range],
            audio_bitrate=audio_bitrate, audio_channels=audio_channels, audio_complexity=audio_complexity,
            audio_dtx=audio_dtx,
        )
        super().__init__("source", options.c)

    def push(self, picture: Pushable, format: Optional[str] = None, *, capture_time_us: int = 0) -> bool:
        """Queues one picture, and never blocks; answers whether it took the place of one that still waited.

        An array of (height, width, 3 or 4) and uint8, in "rgb" or "rgba" unless `format` says "bgr" or
        "bgra"; the planes of "i420" or "nv12", as a tuple, or in one array of OpenCV's; or what came out of a
        sink. Anything with the buffer protocol will do. `capture_time_us` is of now_us(); 0: now.
        """
        frame = video_frame(picture, format, capture_time_us)
        evicted = ffi.new("bool *")
        check(lib.framewire_source_push_video(self.handle, frame.c, evicted))
        return bool(evicted[0])

    def push_audio(self, samples: npt.ArrayLike, sample_rate: int = 48_000, *, capture_time_us: int = 0) -> None:
        """Queues sound, and never blocks: (samples,) or (samples, 1 or 2) of int16 or float32."""
        frame = audio_frame(samples, sample_rate, capture_time_us)
        check(lib.framewire_source_push_audio(self.handle, frame.c))

    def rtp_timestamp(self, capture_time_us: int) -> int:
        """The RTP timestamp of the picture with that capture time, by which browsers find its result."""
        timestamp = ffi.new("uint32_t *")
        check(lib.framewire_source_rtp_timestamp(self.handle, capture_time_us, timestamp))
        return int(timestamp[0])

    def request_keyframe(self) -> None:
        """Viewers do this by themselves when they need one."""
        check(lib.framewire_source_request_keyframe(self.handle))

    def set_video_bitrate(self, bits_per_second: int) -> None:
        """From the next picture on."""
        check(lib.framewire_source_set_video_bitrate(self.handle, bits_per_second))

    def set_frame_rate(self, fps: float) -> None:
        """For rate control."""
        check(lib.framewire_source_set_frame_rate(self.handle, fps))

    def stats(self) -> dict[str, Any]:
        """The figures of framewire_source_stats."""
        stats = Struct("framewire_source_stats")
        check(lib.framewire_source_get_stats(self.handle, stats.c))
        return stats.as_dict()
