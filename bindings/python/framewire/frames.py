"""Pictures and sound as NumPy arrays: both ways without a copy on this side of the library."""

from __future__ import annotations

import time
from typing import Any, Optional, Sequence, Tuple, Union

import numpy as np
import numpy.typing as npt

from ._native import Struct, check, ffi, lib

Picture = npt.NDArray[np.uint8]
FORMATS = {"i420": 1, "nv12": 2, "rgb": 3, "bgr": 4, "rgba": 5, "bgra": 6}
NAMES = {number: name for name, number in FORMATS.items()}
CHANNELS = {3: 3, 4: 3, 5: 4, 6: 4}
SAMPLES = {"s16": 1, "f32": 2}
VIDEO, AUDIO = 1, 2


def now_us() -> int:
    """The clock of capture times: microseconds of CLOCK_MONOTONIC."""
    return time.monotonic_ns() // 1000


class Frame:
    """What came out of a sink. It and every array made of it keep the memory for as long as they live, also
    when the sink is gone; nobody may write to it."""

    __slots__ = ("_handle", "_view", "number", "capture_time_us", "timestamp", "__weakref__")

    def __init__(self, handle: Any, view: str, call: Any) -> None:
        self._handle = ffi.gc(handle, lib.framewire_frame_unref)
        self._view: Any = ffi.new(f"{view} *", {"size": ffi.sizeof(view)})
        check(call(handle, self._view))
        #: Counts what was decoded for the sink, from 1; a step over a number is frames that were not taken.
        self.number: int
        #: Microseconds of CLOCK_MONOTONIC, one clock for picture and sound.
        self.capture_time_us: int
        #: Picture: the RTP timestamp. Sound: samples of a channel before its first.
        self.timestamp: int

    def _info(self) -> Any:
        info = Struct("framewire_frame_info").c
        check(lib.framewire_frame_get_info(self._handle, info))
        self.number, self.capture_time_us, self.timestamp = info.number, info.capture_time_us, info.timestamp
        return info


class VideoFrame(Frame):
    """One decoded picture."""

    __slots__ = ("format", "width", "height", "keyframe", "rotation", "arrival_time_us", "decode_time_us")

    def __init__(self, handle: Any) -> None:
        super().__init__(handle, "framewire_video_frame", lib.framewire_frame_view)
        view, info = self._view, self._info()
        #: "rgb", "bgr", "rgba", "bgra", "i420" or "nv12".
        self.format: str = NAMES[view.format]
        self.width: int = view.width
        self.height: int = view.height
        self.keyframe = bool(info.keyframe)
        #: Degrees, clockwise, by which it is to be turned to stand upright.
        self.rotation: int = info.rotation
        self.arrival_time_us: int = info.arrival_time_us
        self.decode_time_us: int = info.decode_time_us

    @property
    def array(self) -> Picture:
        """Height, width, channels; read-only. INVALID for planes: see `planes`."""
        if self._view.format not in CHANNELS:
            raise ValueError(f"a picture in {self.format} has planes")
        return self.planes[0]

    @property
    def planes(self) -> Tuple[Picture, ...]:
        """One array for a packed format; Y, U, V for i420; Y and UV (of two channels) for nv12."""
        return tuple(np.asarray(_Memory(self, n, shape)) for n, shape in enumerate(shapes(self._view)))

    def __array__(self, dtype: Any = None, copy: Optional[bool] = None) -> npt.NDArray[Any]:
        array: npt.NDArray[Any] = self.array
        if dtype is not None and dtype != array.dtype:
            return array.astype(dtype)
        return array.copy() if copy else array

    def __repr__(self) -> str:
        return f"<VideoFrame {self.number}: {self.width}x{self.height} {self.format}>"


class AudioFrame(Frame):
    """One piece of decoded sound: 48,000 samples a second."""

    __slots__ = ("concealed",)
    sample_rate = 48_000

    def __init__(self, handle: Any) -> None:
        super().__init__(handle, "framewire_audio_frame", lib.framewire_frame_audio_view)
        #: It stands for what was lost, rebuilt from what came before or after.
        self.concealed = bool(self._info().concealed)

    @property
    def array(self) -> npt.NDArray[Any]:
        """Samples, channels: int16 or float32, as the sink was asked for; read-only."""
        return np.asarray(_Memory(self, None, (self._view.frames, self._view.channels)))

    def __array__(self, dtype: Any = None, copy: Optional[bool] = None) -> npt.NDArray[Any]:
        array = self.array
        if dtype is not None and dtype != array.dtype:
            return array.astype(dtype)
        return array.copy() if copy else array


class _Memory:
    """What NumPy takes for an array: it keeps this, which keeps the frame."""

    __slots__ = ("frame", "__array_interface__")

    def __init__(self, frame: Frame, plane: Optional[int], shape: Tuple[int, ...]) -> None:
        self.frame = frame
        view = frame._view
        pointer = view.samples if plane is None else view.planes[plane]
        kind = "|u1" if plane is not None else "<i2" if view.format == SAMPLES["s16"] else "<f4"
        strides = None if plane is None else (view.strides[plane], *_inner(shape))
        address = int(ffi.cast("uintptr_t", pointer))
        self.__array_interface__ = {
            "version": 3, "data": (address, True), "typestr": kind, "shape": shape, "strides": strides,
        }


def _inner(shape: Tuple[int, ...]) -> Tuple[int, ...]:
    return (shape[2], 1) if len(shape) == 3 else (1,)


def shapes(view: Any) -> Tuple[Tuple[int, ...], ...]:
    """Of the planes."""
    height, width = view.height, view.width
    if view.format in CHANNELS:
        return ((height, width, CHANNELS[view.format]),)
    half = ((height + 1) // 2, (width + 1) // 2)
    return ((height, width), half, half) if view.format == FORMATS["i420"] else ((height, width), (*half, 2))


Pushable = Union[npt.ArrayLike, Sequence[npt.ArrayLike], VideoFrame]


def video_frame(picture: Any, format: Optional[str], capture_time_us: int) -> Struct:
    """What the library is pushed: the picture's own memory, wherever its rows are whole."""
    if isinstance(picture, VideoFrame):
        struct = Struct("framewire_video_frame")
        struct.c[0] = picture._view[0]
        struct.keep(picture)
        struct.c.capture_time_us = capture_time_us or picture.capture_time_us
        return struct
    if isinstance(picture, (tuple, list)) and not np.isscalar(picture[0]):
        planes, format = [np.asarray(plane) for plane in picture], format or {3: "i420", 2: "nv12"}[len(picture)]
    else:
        planes, format = _packed(np.asarray(picture), format)
    height, width = planes[0].shape[:2]
    struct = Struct("framewire_video_frame", format=_format(format), width=width, height=height,
                    capture_time_us=capture_time_us)
    wanted = shapes(struct.c)
    if len(planes) != len(wanted):
        raise ValueError(f"a picture in {format} has {len(wanted)} planes, not {len(planes)}")
    for n, (plane, shape) in enumerate(zip(planes, wanted)):
        if plane.dtype != np.uint8:
            raise TypeError(f"plane {n} is of {plane.dtype}, and pictures are of uint8")
        if plane.shape != shape and plane.size != int(np.prod(shape)):
            raise ValueError(f"plane {n} is {plane.shape}, and {format} of {width}x{height} has {shape}")
        plane = plane if plane.shape == shape else plane.reshape(shape)
        if plane.strides[1:] != _inner(shape) or plane.strides[0] < width:
            plane = np.ascontiguousarray(plane)
        struct.keep(plane)
        struct.c.planes[n] = ffi.cast("uint8_t *", plane.ctypes.data)
        struct.c.strides[n] = plane.strides[0]
    return struct


def _format(name: str) -> int:
    if name not in FORMATS:
        raise ValueError(f"there is no format {name!r}: {', '.join(FORMATS)}")
    return FORMATS[name]


def _packed(array: Any, format: Optional[str]) -> Tuple[Any, str]:
    if format in ("i420", "nv12"):
        return _stacked(array, format), format
    if array.ndim != 3 or array.shape[2] not in (3, 4):
        raise ValueError(f"a picture is (height, width, 3 or 4), not {array.shape}")
    format = format or ("rgb" if array.shape[2] == 3 else "rgba")
    if array.shape[2] != CHANNELS[_format(format)]:
        raise ValueError(f"a picture in {format} has {CHANNELS[_format(format)]} channels, not {array.shape[2]}")
    return [array], format


def _stacked(array: Any, format: str) -> Any:
    """The planes in one array of one and a half times the height, as OpenCV has them."""
    if array.ndim != 2 or array.shape[0] % 3 or array.shape[1] % 2:
        raise ValueError(f"{format} in one array is (height * 3 / 2, width) of even sizes, not {array.shape}")
    height, width = array.shape[0] // 3 * 2, array.shape[1]
    array = np.ascontiguousarray(array)
    luma, rest = array[:height], array[height:].reshape(-1)
    if format == "nv12":
        return [luma, rest.reshape(height // 2, width // 2, 2)]
    u, v = rest.reshape(2, height // 2, width // 2)
    return [luma, u, v]


def audio_frame(samples: Any, sample_rate: int, capture_time_us: int) -> Struct:
    """(samples,) or (samples, channels) of int16 or float32."""
    array = np.ascontiguousarray(samples)
    if array.dtype not in (np.int16, np.float32) or array.ndim not in (1, 2):
        raise TypeError(f"sound is (samples, channels) of int16 or float32, not {array.shape} of {array.dtype}")
    struct = Struct("framewire_audio_frame", format=SAMPLES["s16" if array.dtype == np.int16 else "f32"],
                    samples=ffi.cast("void *", array.ctypes.data), frames=array.shape[0], sample_rate=sample_rate,
                    channels=array.shape[1] if array.ndim == 2 else 1, capture_time_us=capture_time_us)
    struct.keep(array)
    return struct
