"""What happened, read by descriptor: nothing here is ever called by a thread of the library's."""

from __future__ import annotations

import enum
from collections import deque
from dataclasses import dataclass
from typing import AsyncIterator, Callable, Iterator, Optional, Union

from ._native import OK, TIMEOUT, Handle, Struct, failure, ffi, lib
from ._ready import Ready
from .errors import Closed, Timeout


class EventKind(enum.IntEnum):
    """What happened; the numbers are those of framewire_event_kind."""

    PEER_STATE = 1
    ANSWER = 2
    OFFER = 3
    NEGOTIATION_FAILED = 4
    CANDIDATE = 5
    KEYFRAME_REQUESTED = 6
    ENCODER_ERROR = 7
    SOURCE_FAILED = 8
    SESSION_STARTED = 9
    SESSION_ENDED = 10
    SERVER_FAILED = 11
    PUBLISH_REQUEST = 12
    PUBLISH_STARTED = 13
    PUBLISH_ENDED = 14
    VIDEO_TRACK = 15
    AUDIO_TRACK = 16
    FIRST_FRAME = 17
    CLIENT_STATE = 18
    CHANNEL_ARRIVED = 20
    CHANNEL_OPEN = 21
    CHANNEL_MESSAGE = 22
    CHANNEL_CLOSED = 23
    UPLOAD_STARTED = 24
    UPLOAD_COMPLETE = 25
    UPLOAD_FAILED = 26
    PROCESSOR_HEARTBEAT = 32
    PROCESSOR_ERROR = 33
    PROCESSOR_ENDED = 34
    RESOLVED = 40
    RESOLVE_CANCELLED = 41
    RESOLVE_TIMED_OUT = 42


@dataclass(frozen=True)
class Event:
    """One thing that happened."""

    #: An EventKind, or a number that is newer than this package.
    kind: int
    #: To which object: its `id`.
    object: int
    #: A number that the kind explains.
    value: int
    #: The name of the stream.
    stream: str
    #: A sentence, or the text that the kind explains.
    text: str
    #: Events that were lost before this one because the queue was full.
    lost: int


class Events(Handle):
    """A queue of what happened to the objects that were made with it: next(timeout), await wait(), for, async
    for. It holds a bounded number of events; when it is full the oldest is lost, and the next one says so.
    """

    def __init__(self, capacity: int = 0) -> None:
        options = Struct("framewire_events_options", capacity=capacity)
        super().__init__("events", options.c)
        descriptor = lib.framewire_events_fd(self.handle)
        if descriptor < 0:
            raise failure(descriptor)
        self._ready = Ready(descriptor)
        self._passed: deque[Event] = deque(maxlen=1024)
        self._reserved: list[EventKind] = []

    def _take(self) -> Optional[Event]:
        return self._find(lambda event: event.kind not in self._reserved)

    def _find(self, wanted: Callable[[Event], bool]) -> Optional[Event]:
        """The oldest that is wanted; what else came is left for the others, who are told to look."""
        looked = passed = len(self._passed)
        event = next((event for event in self._passed if wanted(event)), None)
        while event is None and (came := self._read()) is not None:
            if wanted(came):
                return came
            self._passed.append(came)
            looked += 1
        if event is not None:
            self._passed.remove(event)
        elif looked > passed:
            self._ready.nudge_soon()
        return event

    def _read(self) -> Optional[Event]:
        event = Struct("framewire_event").c
        status = lib.framewire_events_next(self.handle, 0, event)
        if status == TIMEOUT:
            return None
        if status != OK:
            raise failure(status)
        kind = EventKind(event.kind) if event.kind in EventKind._value2member_map_ else event.kind
        stream, text = (ffi.string(pointer).decode(errors="replace") for pointer in (event.stream, event.text))
        return Event(kind, event.object, event.value, stream, text, event.lost)

    def next(self, timeout: Optional[float] = None) -> Event:
        """Waits for at most `timeout` seconds: None waits without end, 0 not at all. Raises Timeout."""
        taken = self._ready.take(self._take, timeout)
        if taken is None:
            raise Timeout(f"nothing happened within {timeout} seconds")
        return taken

    async def wait(self) -> Event:
        """next() for an event loop; give it an end with asyncio.wait_for."""
        return await self._ready.take_async(self._take)

    async def _first(self, *kinds: EventKind, over: Callable[[Event], bool] = lambda event: False) -> Optional[Event]:
        """The next of these kinds, which nobody else gets meanwhile; None after an event that says `over`, which
        is left for the others."""

        def attempt() -> Union[Event, bool, None]:
            event = self._find(lambda event: event.kind in kinds)
            return event or any(map(over, self._passed)) or None

        self._reserved.extend(kinds)
        try:
            taken = await self._ready.take_async(attempt)
        finally:
            for kind in kinds:
                self._reserved.remove(kind)
        return taken if isinstance(taken, Event) else None

    def __iter__(self) -> Iterator[Event]:
        return self

    def __next__(self) -> Event:
        try:
            return self.next()
        except Closed:
            raise StopIteration from None

    def __aiter__(self) -> AsyncIterator[Event]:
        return self

    async def __anext__(self) -> Event:
        try:
            return await self.wait()
        except Closed:
            raise StopAsyncIteration from None

    def close(self) -> None:
        self._ready.close()
        super().close()
