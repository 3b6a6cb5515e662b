"""Two peers in this process, and a guard against hanging."""

import asyncio
import contextlib
import faulthandler
import pathlib
import sys
import threading
import unittest

import numpy as np

import framewire

# How long anything may take on a busy machine.
PATIENCE = 60
WIDTH, HEIGHT = 160, 120
sys.path.insert(0, str(pathlib.Path(__file__).parents[3] / "tests/interop"))


def peer(**options):
    return framewire.Peer(media_address="127.0.0.1", probe_candidates=True, **options)


async def connect(offerer, answerer):
    await offerer.accept(await answerer.answer(await offerer.offer()))


def picture(red=0, green=0, blue=0):
    return np.full((HEIGHT, WIDTH, 3), (red, green, blue), np.uint8)


@contextlib.contextmanager
def pushing(source, make=picture, format=None):
    """Pushes as long as it lasts, so that what a viewer lost is followed by more."""
    over = threading.Event()

    def push():
        while not over.wait(1 / 30):
            source.push(make(), format)

    thread = threading.Thread(target=push)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


class Case(unittest.IsolatedAsyncioTestCase):
    """Everything that a test makes with own() ends with it."""

    def setUp(self):
        faulthandler.dump_traceback_later(2 * PATIENCE, exit=True)
        self.addCleanup(faulthandler.cancel_dump_traceback_later)

    async def asyncSetUp(self):
        asyncio.get_running_loop().set_debug(False)

    def own(self, made):
        self.addCleanup(made.close)
        return made

    async def stream(self, **sink):
        """A source, and the sink at the other end of a connection."""
        source, sink = self.own(framewire.Source(audio=False)), self.own(framewire.Sink(audio=False, **sink))
        sender, receiver = self.own(peer()), self.own(peer())
        sender.send(source)
        receiver.receive(sink)
        await connect(sender, receiver)
        return source, sink, sender

    async def within(self, awaitable):
        return await asyncio.wait_for(awaitable, PATIENCE)
