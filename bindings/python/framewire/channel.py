"""Data channels."""

from __future__ import annotations

from typing import Any, AsyncIterator, Iterator, Optional, Union

from ._native import LIMIT, OK, TIMEOUT, Handle, Struct, check, failure, ffi, lib, milliseconds, read_text
from .sink import Queue

Message = Union[str, bytes]
CHANNEL_STATES = ("opening", "open", "closed")


class Channel(Handle):
    """A data channel of a peer: texts and bytes, both ways. It is made by Peer.channel, or by the remote.

    `for message in channel` and `async for message in channel` take what comes, until it is closed.
    """

    def __init__(self, handle: Any) -> None:
        self._own("channel", handle)
        self.messages: Queue[Message] = Queue(lib.framewire_channel_fd(handle), self._take)
        self._room: Any = ffi.new("char[]", 16_384)

    def _take(self) -> Optional[Message]:
        length, is_text = ffi.new("size_t *"), ffi.new("uint32_t *")
        while True:
            room = self._room
            status = lib.framewire_channel_next(self.handle, 0, room, len(room), length, is_text)
            if status == OK:
                message: bytes = ffi.buffer(room, length[0])[:]
                return message.decode(errors="replace") if is_text[0] else message
            if status == TIMEOUT:
                return None
            if status != LIMIT:
                raise failure(status)
            self._room = ffi.new("char[]", length[0])

    def next(self, timeout: Optional[float] = None) -> Message:
        """Waits for a message for at most `timeout` seconds: None without end, 0 not at all. Raises Timeout."""
        return self.messages.next(timeout)

    async def wait(self) -> Message:
        """next() for an event loop."""
        return await self.messages.wait()

    def __iter__(self) -> Iterator[Message]:
        return self.messages

    def __aiter__(self) -> AsyncIterator[Message]:
        return self.messages

    def send(self, message: Union[str, bytes, bytearray, memoryview]) -> None:
        """Queues one message, and never blocks; raises Again where 16 MiB wait to be sent already."""
        is_text = isinstance(message, str)
        data = ffi.from_buffer(message.encode() if isinstance(message, str) else message)
        check(lib.framewire_channel_send(self.handle, data, len(data), is_text))

    def send_framed(self, frame_id: int, message: bytes, timeout: Optional[float] = None) -> int:
        """Sends up to 64 MiB in chunks with a header, and blocks until all are on their way; answers how many."""
        data, chunks = ffi.from_buffer(message), ffi.new("uint32_t *")
        wait = milliseconds(timeout)
        check(lib.framewire_channel_send_framed(self.handle, frame_id, data, len(data), wait, chunks))
        return int(chunks[0])

    def cancel(self) -> None:
        """Calls off what send_framed() sends, in every thread that does: it raises Cancelled."""
        check(lib.framewire_channel_cancel(self.handle))

    @property
    def label(self) -> str:
        """Its name."""
        return read_text(lib.framewire_channel_label, self.handle)

    @property
    def state(self) -> str:
        """One of CHANNEL_STATES."""
        state = ffi.new("int32_t *")
        check(lib.framewire_channel_get_state(self.handle, state))
        return CHANNEL_STATES[state[0]]

    def stats(self) -> dict[str, Any]:
        """The figures of framewire_channel_stats."""
        stats = Struct("framewire_channel_stats")
        check(lib.framewire_channel_get_stats(self.handle, stats.c))
        return stats.as_dict()

    def close(self) -> None:
        self.messages.close()
        super().close()
