"""Files that browsers send."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, AsyncIterator, Iterator, Optional, Union

from ._native import OK, TIMEOUT, Handle, Struct, check, failure, ffi, lib, read_text
from .sink import Queue

if TYPE_CHECKING:
    from .events import Events

UPLOAD_STATES = ("idle", "receiving", "complete", "taken", "failed")


class Upload(Handle):
    """A receiver of files, from any number of peers, into a folder. Exactly one taker gets each, and owns it:
    `for path in upload`, `async for path in upload`.
    """

    def __init__(
        self, folder: Union[str, Path, None] = None, *, label: Optional[str] = None, max_size: int = 0,
        idle_timeout_ms: int = 0, max_files: int = 0, events: Optional[Events] = None,
    ) -> None:
        options = Struct(
            "framewire_upload_options", events=events, folder=None if folder is None else str(folder), label=label,
            max_size=max_size, idle_timeout_ms=idle_timeout_ms, max_files=max_files,
        )
        super().__init__("upload", options.c)
        self.files: Queue[Path] = Queue(lib.framewire_upload_fd(self.handle), self._take)

    def _take(self) -> Optional[Path]:
        path, length = ffi.new("char[]", 8_192), ffi.new("size_t *")
        status = lib.framewire_upload_next(self.handle, 0, path, len(path), length, ffi.NULL)
        if status == TIMEOUT:
            return None
        if status != OK:
            raise failure(status)
        return Path(ffi.buffer(path, length[0])[:].decode())

    def next(self, timeout: Optional[float] = None) -> Path:
        """Waits for a whole file for at most `timeout` seconds: None without end. Raises Timeout."""
        return self.files.next(timeout)

    async def wait(self) -> Path:
        """next() for an event loop."""
        return await self.files.wait()

    def __iter__(self) -> Iterator[Path]:
        return self.files

    def __aiter__(self) -> AsyncIterator[Path]:
        return self.files

    def progress(self, number: int = 0) -> dict[str, Any]:
        """How far an upload is (0: the one that began last): the figures of framewire_upload_progress, with its
        state as one of UPLOAD_STATES, and why it failed as "reason"."""
        progress = Struct("framewire_upload_progress")
        check(lib.framewire_upload_get_progress(self.handle, number, progress.c))
        reason = read_text(lib.framewire_upload_reason, self.handle, number) if progress.c.number else ""
        return {**progress.as_dict(), "state": UPLOAD_STATES[progress.c.state], "reason": reason}

    def stats(self) -> dict[str, Any]:
        """The figures of framewire_upload_stats."""
        stats = Struct("framewire_upload_stats")
        check(lib.framewire_upload_get_stats(self.handle, stats.c))
        return stats.as_dict()

    def close(self) -> None:
        self.files.close()
        super().close()
