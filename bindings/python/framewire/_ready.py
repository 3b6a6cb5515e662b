"""Waits on a descriptor of the library's, in a thread or in an event loop, and never on one that is closed."""

from __future__ import annotations

import asyncio
import os
import select
import threading
import time
import weakref
from typing import Any, Callable, Optional, TypeVar

from .errors import Closed

T = TypeVar("T")


class Ready:
    """Who waits for one descriptor.

    Threads poll it themselves, so that Ctrl-C ends a wait as it ends every other in Python; the second
    descriptor they poll is what close() wakes them with. The library closes its own only when nobody does
    any more.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lock = threading.Condition()
        self._closed = False
        self._threads = 0
        self._bell: Optional[tuple[int, int]] = None
        self._loops: dict[asyncio.AbstractEventLoop, list[asyncio.Future[None]]] = {}

    def take(self, attempt: Callable[[], Optional[T]], timeout: float | None) -> Optional[T]:
        """What `attempt` makes of it as soon as it is not None; None when the time is over."""
        taken = attempt()
        if taken is not None or timeout == 0:
            return taken
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            in_time = self._poll(left)
            self._check()
            taken = attempt()
            if taken is not None or not in_time:
                return taken

    def _poll(self, timeout: float | None) -> bool:
        with self._lock:
            self._check()
            if self._bell is None:
                self._bell = os.pipe()
                weakref.finalize(self, _close, *self._bell)
            bell = self._bell[0]
            self._threads += 1
        try:
            poller = select.poll()
            poller.register(self._descriptor, select.POLLIN)
            poller.register(bell, select.POLLIN)
            return bool(poller.poll(None if timeout is None else timeout * 1000))
        finally:
            with self._lock:
                self._threads -= 1
                self._lock.notify_all()

    async def take_async(self, attempt: Callable[[], Optional[T]]) -> T:
        """take() for event loops, without an end."""
        while True:
            taken = attempt()
            if taken is not None:
                return taken
            await self._readable()
            self._check()

    def _check(self) -> None:
        if self._closed:
            raise Closed("it was closed meanwhile")

    async def _readable(self) -> None:
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()
        with self._lock:
            self._check()
            waiters = self._loops.setdefault(loop, [])
            waiters.append(waiter)
            if len(waiters) == 1:
                loop.add_reader(self._descriptor, self._wake, loop)
        try:
            await waiter
        finally:
            with self._lock:
                waiters = self._loops.get(loop, [])
                if waiter in waiters:
                    waiters.remove(waiter)
                    if not waiters:
                        self._leave(loop)

    def _wake(self, loop: asyncio.AbstractEventLoop) -> None:
        with self._lock:
            waiters = self._leave(loop)
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    def _leave(self, loop: asyncio.AbstractEventLoop) -> list[asyncio.Future[None]]:
        waiters = self._loops.pop(loop, [])
        loop.remove_reader(self._descriptor)
        return waiters

    def nudge_soon(self) -> None:
        """Has those who wait in this thread's loop look again; they may be about to begin."""
        loop = _running()
        if loop is not None:
            loop.call_soon(self._wake, loop)

    def close(self) -> None:
        """Sends everybody away. The library may close the descriptor afterwards."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            loops = list(self._loops)
            if self._bell is not None:
                os.write(self._bell[1], b"!")
            self._lock.wait_for(lambda: self._threads == 0)
        for loop in loops:
            self._dismiss(loop)

    def _dismiss(self, loop: asyncio.AbstractEventLoop) -> None:
        if _running() is loop:
            self._wake(loop)
        elif not loop.is_closed():
            left = threading.Event()

            def leave() -> None:
                self._wake(loop)
                left.set()

            loop.call_soon_threadsafe(leave)
            left.wait(1)  # a loop that has stopped polls nothing either


def _close(*descriptors: int) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


def _running() -> Any:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
