"""A publisher by WHIP and a viewer by WHEP on aiortc, and the C examples that they talk to."""
import asyncio
import os
import pathlib
import urllib.parse
import urllib.request

import aioice.ice
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from media import Pictures, Tone

# It leaves loopback out, and there is nothing else where these tests run.
aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]

EXAMPLES = pathlib.Path(__file__).parents[2] / "target" / "examples-c"
# How long anything may take on a busy machine.
PATIENCE = 20


def connection():
    """One that asks nobody where it is."""
    return RTCPeerConnection(RTCConfiguration(iceServers=[]))


class Peer:
    """One connection, negotiated over HTTP."""

    def __init__(self, url):
        self.url = url
        self.connection = connection()
        self.connected = asyncio.Event()
        self.closed = asyncio.Event()

        @self.connection.on("connectionstatechange")
        def changed():
            if self.connection.connectionState == "connected":
                self.connected.set()
            if self.connection.connectionState in ("closed", "failed"):
                self.closed.set()

    @classmethod
    async def publish(cls, url, edit=lambda offer: offer):
        """Connects, and sends picture and sound from then on."""
        peer = cls(url)
        peer.pictures = Pictures()
        for track in (peer.pictures, Tone()):
            peer.connection.addTransceiver(track, direction="sendonly")
        return await peer.negotiate(edit)

    @classmethod
    async def watch(cls, url, kinds=("video", "audio")):
        peer = cls(url)
        for kind in kinds:
            peer.connection.addTransceiver(kind, direction="recvonly")
        return await peer.negotiate(lambda offer: offer)

    async def negotiate(self, edit):
        await self.connection.setLocalDescription(await self.connection.createOffer())
        self.offer = edit(self.connection.localDescription.sdp)
        created = request("POST", self.url, self.offer)
        self.session = urllib.parse.urljoin(self.url, created.headers["Location"])
        answer = RTCSessionDescription(created.read().decode(), "answer")
        await self.connection.setRemoteDescription(answer)
        await asyncio.wait_for(self.connected.wait(), PATIENCE)
        return self

    def track(self, kind):
        return next(r.track for r in self.connection.getReceivers() if r.track.kind == kind)

    async def frames(self, kind, count):
        """That many, each as it comes."""
        async with asyncio.timeout(PATIENCE):
            for _ in range(count):
                yield await self.track(kind).recv()

    async def leave(self):
        request("DELETE", self.session)
        await self.connection.close()


def request(method, url, offer=None):
    """Answers in some milliseconds, for which the loop may stand."""
    headers = {"Content-Type": "application/sdp"} if offer else {}
    body = offer.encode() if offer else None
    return urllib.request.urlopen(urllib.request.Request(url, body, headers, method=method), timeout=PATIENCE)


class Example:
    """A C example at work."""

    @classmethod
    async def start(cls, name, *arguments, library=None):
        """A program of that name, or at that path; `library` is the folder of the library that it is to find."""
        example = cls()
        environment = os.environ | {"FRAMEWIRE_BIND": "127.0.0.1:0", "FRAMEWIRE_MEDIA_ADDRESS": "127.0.0.1"}
        if library:
            environment["LD_LIBRARY_PATH"] = str(library)
        example.process = await asyncio.create_subprocess_exec(
            EXAMPLES / name, *arguments, env=environment, stdout=asyncio.subprocess.PIPE
        )
        example.lines = asyncio.Queue()
        example.reading = asyncio.create_task(example.read())
        return example

    async def read(self):
        """Reads as it writes, so that it never waits for us."""
        async for line in self.process.stdout:
            self.lines.put_nowait(line.decode().strip())
        self.lines.put_nowait(None)

    async def line(self, start):
        """The rest of the next line that begins so."""
        async with asyncio.timeout(PATIENCE):
            while (line := await self.lines.get()) is not None:
                if line.startswith(start):
                    return line.removeprefix(start)
        raise EOFError(f"it ended without '{start}'")

    async def ends(self):
        """Its exit status."""
        async with asyncio.timeout(PATIENCE):
            await self.reading
            return await self.process.wait()

    async def stop(self):
        if self.process.returncode is None:
            self.process.terminate()
        return await self.ends()
