"""One WebRTC connection, over signalling of the program's own."""

from __future__ import annotations

import asyncio
from typing import Any, Callable, Optional, Sequence

from ._native import TIMEOUT, Handle, Struct, check, failure, ffi, lib, milliseconds, read_text, utf8
from .channel import Channel
from .errors import Closed, error_of
from .events import Event, EventKind, Events
from .results import Results
from .server import IceServer, set_ice
from .sink import Sink
from .source import Source
from .upload import Upload

STATES = ("new", "connecting", "connected", "interrupted", "disconnected", "failed", "closed")
OVER = ("failed", "closed")


class Peer(Handle):
    """An offer's text in, an answer's text out, or the other way round. Say what is sent and received first.

    `await peer.answer(offer)` in an event loop, `peer.answer_blocking(offer)` elsewhere. `events` is a queue of
    its own: its states, its channels, its candidates. Every other option is the field of
    framewire_peer_options of its name.
    """

    def __init__(
        self, *, stream: str = "", media_address: Optional[str] = None, public_addresses: Optional[str] = None,
        media_port: int = 0, probe_candidates: bool = False, disconnect_grace_ms: int = 0, connect_timeout_ms: int = 0,
        gather_timeout_ms: int = 0, accept_channels: bool = False, ice_servers: Sequence[IceServer] = (),
    ) -> None:
        self.events = Events()
        options = Struct(
            "framewire_peer_options", events=self.events, stream=stream, media_address=media_address,
            public_addresses=public_addresses, media_port=media_port, probe_candidates=probe_candidates,
            disconnect_grace_ms=disconnect_grace_ms, connect_timeout_ms=connect_timeout_ms,
            gather_timeout_ms=gather_timeout_ms, accept_channels=accept_channels,
        )
        set_ice(options, ice_servers)
        super().__init__("peer", options.c)

    def send(self, source: Source, mid: Optional[str] = None) -> None:
        """Sends a source in the next sections of the coming offer, or in that of a mid."""
        check(lib.framewire_peer_send(self.handle, _or_null(mid), source.handle))

    def receive(self, sink: Sink, mid: Optional[str] = None) -> None:
        """Takes what the remote sends in the next sections, or in that of a mid."""
        check(lib.framewire_peer_receive(self.handle, _or_null(mid), sink.handle))

    def results(self, results: Results) -> None:
        """Sends a feed of results on a data channel of its own."""
        check(lib.framewire_peer_results(self.handle, results.handle))

    def upload(self, upload: Upload) -> None:
        """Has files that the remote sends go there."""
        check(lib.framewire_peer_upload(self.handle, upload.handle))

    def channel(
        self, label: str = "", *, protocol: str = "", ordered: bool = True, max_retransmits: Optional[int] = None,
        max_lifetime_ms: Optional[int] = None, stream: Optional[int] = None,
    ) -> Channel:
        """Makes a data channel; with a `stream`, one that the remote makes too, under the same number."""
        options = Struct(
            "framewire_channel_options", label=label, protocol=protocol, unordered=not ordered,
            unreliable=max_retransmits is not None or max_lifetime_ms is not None, max_retransmits=max_retransmits,
            max_lifetime_ms=max_lifetime_ms, negotiated=stream is not None, stream=stream,
        )
        out = ffi.new("framewire_channel **")
        check(lib.framewire_peer_channel(self.handle, options.c, out))
        return Channel(out[0])

    async def next_channel(self) -> Channel:
        """The next channel that the remote made; `accept_channels` must be set."""
        while True:
            out = ffi.new("framewire_channel **")
            status = lib.framewire_peer_next_channel(self.handle, 0, out)
            if status != TIMEOUT:
                check(status)
                return Channel(out[0])
            await self.events._first(EventKind.CHANNEL_ARRIVED, over=_over)

    def next_channel_blocking(self, timeout: Optional[float] = 10.0) -> Channel:
        """next_channel() elsewhere than in an event loop."""
        out = ffi.new("framewire_channel **")
        check(lib.framewire_peer_next_channel(self.handle, milliseconds(timeout), out))
        return Channel(out[0])

    async def answer(self, offer: str) -> str:
        """The answer to an offer. It holds every candidate: nothing has to follow it."""
        check(lib.framewire_peer_answer_async(self.handle, utf8(offer)))
        return await self._negotiated(EventKind.ANSWER)

    async def offer(self) -> str:
        """An offer of what send() and receive() were called with; its answer goes to accept()."""
        check(lib.framewire_peer_offer_async(self.handle))
        return await self._negotiated(EventKind.OFFER)

    async def _negotiated(self, kind: EventKind) -> str:
        event = await self.events._first(kind, EventKind.NEGOTIATION_FAILED)
        assert event is not None
        if event.kind != kind:
            raise error_of(event.value, event.text)
        return event.text

    async def accept(self, answer: str, timeout: float = 10.0) -> None:
        """Takes the remote's answer to offer()."""
        await asyncio.get_running_loop().run_in_executor(None, self.accept_blocking, answer, timeout)

    def answer_blocking(self, offer: str, timeout: float = 10.0) -> str:
        """answer() elsewhere than in an event loop."""
        return self._described(lib.framewire_peer_answer, utf8(offer), milliseconds(timeout))

    def offer_blocking(self, timeout: float = 10.0) -> str:
        """offer() elsewhere than in an event loop."""
        return self._described(lib.framewire_peer_offer, milliseconds(timeout))

    def _described(self, call: Callable[..., int], *arguments: Any) -> str:
        check(call(self.handle, *arguments, ffi.NULL, 0, ffi.new("size_t *")))
        return self.description

    def accept_blocking(self, answer: str, timeout: float = 10.0) -> None:
        """accept() elsewhere than in an event loop."""
        check(lib.framewire_peer_accept(self.handle, utf8(answer), milliseconds(timeout)))

    def add_candidate(self, candidate: str, mid: Optional[str] = None) -> None:
        """Takes a remote ICE candidate."""
        check(lib.framewire_peer_add_candidate(self.handle, utf8(candidate), _or_null(mid)))

    @property
    def description(self) -> str:
        """The answer or offer that was made last."""
        return read_text(lib.framewire_peer_description, self.handle)

    @property
    def state(self) -> str:
        """One of STATES."""
        state = ffi.new("int32_t *")
        check(lib.framewire_peer_get_state(self.handle, state))
        return STATES[state[0]]

    def stats(self) -> list[dict[str, Any]]:
        """The figures of framewire_viewer_stats, for each picture and each sound that is sent to it."""
        viewers: list[dict[str, Any]] = []
        while True:
            stats = Struct("framewire_viewer_stats")
            status = lib.framewire_peer_get_stats(self.handle, len(viewers), stats.c)
            if status != 0:
                if isinstance(error := failure(status), Closed):
                    return viewers
                raise error
            viewers.append(stats.as_dict())

    def close(self) -> None:
        """Ends it: says goodbye to the remote, detaches its sources."""
        super().close()
        self.events.close()

    async def aclose(self) -> None:
        """close(), which takes some milliseconds, beside the event loop."""
        await asyncio.get_running_loop().run_in_executor(None, super().close)
        self.events.close()

    async def __aenter__(self) -> Peer:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


def _over(event: Event) -> bool:
    return event.kind == EventKind.PEER_STATE and STATES[event.value] in OVER


def _or_null(text: Optional[str]) -> Any:
    return ffi.NULL if text is None else utf8(text)
