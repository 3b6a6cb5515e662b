"""The other side of WHIP and WHEP, and pictures that came over a WebSocket of the program's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional, Sequence, Union

from ._native import Handle, Struct, check, ffi, lib
from .server import IceServer, set_ice

if TYPE_CHECKING:
    from .events import Events
    from .sink import Sink
    from .source import Source

CLIENT_STATES = ("connecting", "connected", "retrying", "ended", "failed")


class Client(Handle):
    """Publishes a source to a WHIP server, or takes a stream of a WHEP server into a sink. It begins to connect at
    once, and never blocks. Every other option is the field of framewire_client_options of its name.
    """

    def __init__(
        self, url: str, *, source: Optional[Source] = None, sink: Optional[Sink] = None, token: Optional[str] = None,
        retry: bool = False, ice_servers: Sequence[IceServer] = (), events: Optional[Events] = None,
        **options: Union[str, int, None],
    ) -> None:
        struct = Struct("framewire_client_options", events=events, url=url, token=token, source=source, sink=sink,
                        retry=retry, **options)
        set_ice(struct, ice_servers)
        super().__init__("client", struct.c)

    @property
    def state(self) -> str:
        """One of CLIENT_STATES."""
        state = ffi.new("int32_t *")
        check(lib.framewire_client_get_state(self.handle, state))
        return CLIENT_STATES[state[0]]


class Ingest(Handle):
    """Feeds a sink with typed messages: b"v" and a JPEG, PNG or WebP, b"a" and PCM of 16 bits."""

    def __init__(self, sink: Sink, *, sample_rate: int = 0, channels: int = 0, max_message: int = 0) -> None:
        options = Struct("framewire_ingest_options", sink=sink, sample_rate=sample_rate, channels=channels,
                         max_message=max_message)
        super().__init__("ingest", options.c)

    def push(self, message: Union[bytes, bytearray, memoryview]) -> None:
        """Takes a message; its image is decoded on a thread of the library."""
        data = ffi.from_buffer(message)
        check(lib.framewire_ingest_push(self.handle, data, len(data)))
