"""The library: found, loaded, and its statuses as exceptions.

cffi releases the GIL around every call, and nothing here ever hands the library a function of Python's.
"""

from __future__ import annotations

import os
import weakref
from pathlib import Path
from typing import Any, TypeVar

from ._header import ffi as _ffi
from .errors import Error, error_of

ffi: Any = _ffi


def _load() -> Any:
    beside = Path(__file__).with_name("libframewire.so")
    path = os.environ.get("FRAMEWIRE_LIBRARY") or (str(beside) if beside.exists() else "libframewire.so.1")
    library = ffi.dlopen(path)
    found, wanted = library.framewire_abi_version(), library.FRAMEWIRE_ABI_VERSION
    if found != wanted:
        raise ImportError(f"{path} has the ABI {found}, and this package was made for {wanted}")
    return library


lib: Any = _load()
OK, CLOSED, TIMEOUT, LIMIT = 0, 2, 3, -7


def text(pointer: Any) -> str:
    """A text of the library's."""
    return str(ffi.string(pointer).decode(errors="replace"))


def failure(status: int) -> Error:
    """The exception of this thread's last call."""
    return error_of(status, text(lib.framewire_last_error()))


def check(status: int) -> None:
    """Raises what is not FRAMEWIRE_OK."""
    if status != OK:
        raise failure(status)


class Struct:
    """A struct that begins with its size, and what its pointers point to."""

    __slots__ = ("c", "kept")

    def __init__(self, name: str, **fields: Any) -> None:
        self.c = ffi.new(f"{name} *", {"size": ffi.sizeof(name)})
        self.kept: list[Any] = []
        for field, value in fields.items():
            if value is None:
                continue
            if isinstance(value, str):
                value = self.keep(ffi.new("char[]", utf8(value)))
            elif isinstance(value, Handle):
                value = value.handle
            setattr(self.c, field, value)

    def keep(self, value: Any) -> Any:
        self.kept.append(value)
        return value

    def texts(self, values: Any) -> Any:
        """An array of texts."""
        return self.keep(ffi.new("char *[]", [self.keep(ffi.new("char[]", utf8(value))) for value in values]))

    def as_dict(self) -> dict[str, Any]:
        """Figures by name."""
        return _fields(self.c[0])


def _fields(value: Any) -> dict[str, Any]:
    names = [name for name, _ in ffi.typeof(value).fields if name not in ("size", "reserved")]
    taken = ((name, getattr(value, name)) for name in names)
    return {name: _fields(item) if isinstance(item, ffi.CData) else item for name, item in taken}


def utf8(value: str) -> bytes:
    encoded = value.encode()
    if b"\0" in encoded:
        raise ValueError("a text has a NUL inside")
    return encoded


def milliseconds(timeout: float | None) -> int:
    """Seconds, or None for no end, as the library counts them; what is more than nothing waits at least one."""
    if timeout is None:
        return -1
    return min(max(0, -int(-timeout * 1000 // 1)), 2**31 - 1)


def read_text(call: Any, *arguments: Any) -> str:
    """What a function with a text out tells, however long it is."""
    length = ffi.new("size_t *")
    capacity = 256
    while True:
        buffer = ffi.new("char[]", capacity)
        status = call(*arguments, buffer, capacity, length)
        if status != LIMIT or length[0] < capacity:
            check(status)
            return str(ffi.buffer(buffer, length[0])[:].decode())
        capacity = length[0] + 1


Self = TypeVar("Self", bound="Handle")


class Handle:
    """What ends with close(), at the end of a `with`, or when nothing refers to it any more."""

    def __init__(self, kind: str, options: Any) -> None:
        out = ffi.new(f"framewire_{kind} **")
        check(getattr(lib, f"framewire_{kind}_new")(options, out))
        self._own(kind, out[0])

    def _own(self, kind: str, handle: Any) -> None:
        self.handle = handle
        self._free = weakref.finalize(self, getattr(lib, f"framewire_{kind}_free"), handle)
        # At the end of the interpreter who is connected is told goodbye. The rest stays for threads that are
        # still at work, and ends with the process.
        self._free.atexit = kind in ("peer", "server", "client")

    @property
    def id(self) -> int:
        """The number that it has in events."""
        return int(ffi.cast("uint64_t", self.handle))

    def close(self) -> None:
        """Ends it. Twice is fine; any other use afterwards raises InvalidHandle."""
        self._free()

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
