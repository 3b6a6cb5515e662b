"""In the company that it keeps: event loops that serve, aiortc, the examples."""

import asyncio
import contextlib
import os
import pathlib
import struct
import sys
import threading
import urllib.request

import numpy as np

import framewire
from framewire import tracks
from loopback import HEIGHT, PATIENCE, WIDTH, Case, connect, peer, picture, pushing

EXAMPLES = pathlib.Path(__file__).parents[1] / "examples"
sys.path.insert(0, str(EXAMPLES))


class Stun(asyncio.DatagramProtocol):
    """Tells everybody that they come from 192.0.2.55, port 5555 (RFC 8489)."""

    asked = 0

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, address):
        self.asked += 1
        cookie, transaction = data[4:8], data[8:20]
        mapped = bytes(a ^ b for a, b in zip(bytes([192, 0, 2, 55]), cookie))
        port = 5555 ^ int.from_bytes(cookie[:2], "big")
        attribute = struct.pack(">HHBBH", 0x20, 8, 0, 1, port) + mapped
        self.transport.sendto(struct.pack(">HH", 0x101, len(attribute)) + cookie + transaction + attribute, address)


class Loop(Case):
    async def test_serves_others_while_it_waits_for_an_answer(self):
        """The loop that awaits the answer is the STUN server without which the answer is another."""
        loop = asyncio.get_running_loop()
        transport, stun = await loop.create_datagram_endpoint(Stun, ("127.0.0.1", 0))
        self.addCleanup(transport.close)
        server = f"stun:127.0.0.1:{transport.get_extra_info('sockname')[1]}"
        sender, source = self.own(peer()), self.own(framewire.Source(audio=False))
        sender.send(source)
        receiver = self.own(peer(ice_servers=[server], gather_timeout_ms=PATIENCE * 1000))
        receiver.receive(self.own(framewire.Sink(audio=False)))
        answer = await self.within(receiver.answer(await self.within(sender.offer())))
        self.assertGreater(stun.asked, 0)
        self.assertIn(" 192.0.2.55 5555 typ srflx", answer)

    async def test_of_fastapi_answers_whep_itself_beside_heavy_work(self):
        import uvicorn
        import whep_fastapi

        os.environ["FRAMEWIRE_MEDIA_ADDRESS"] = "127.0.0.1"
        config = uvicorn.Config(whep_fastapi.app, port=0, log_level="warning", lifespan="on")
        async with serving(uvicorn.Server(config)) as port:
            work = Work()
            url, clients = f"http://127.0.0.1:{port}/whep", []
            for _ in range(5):
                sink = self.own(framewire.Sink(audio=False))
                clients.append(framewire.Client(url, sink=sink, media_address="127.0.0.1"))
                self.addCleanup(clients[-1].close)
                frame = await self.within(sink.pictures.wait())
                self.assertEqual((frame.width, frame.height), (640, 360))
            # Work was done meanwhile, in another thread, and the pictures came nevertheless.
            self.assertGreater(work.stop(), 0)
            self.assertEqual(len(whep_fastapi.peers), 5)
            for client in clients:
                await asyncio.to_thread(client.close)  # by DELETE, which this loop answers
            while whep_fastapi.tasks:
                await asyncio.wait(set(whep_fastapi.tasks), timeout=PATIENCE)
            self.assertEqual(whep_fastapi.peers, {})
            status = await asyncio.to_thread(post, url, b"no offer")
            self.assertEqual(status[0], 400)
            self.assertIn("offer", status[1])


class Work:
    """What an inference does to an interpreter: matrices, in a thread."""

    def __init__(self):
        self.done, self.over = 0, threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        matrix = np.eye(200, dtype=np.float32)
        while not self.over.is_set():
            matrix = np.tanh(matrix @ matrix)
            self.done += 1

    def stop(self):
        self.over.set()
        self.thread.join()
        return self.done


def post(url, body):
    request = urllib.request.Request(url, body, {"Content-Type": "application/sdp"}, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


@contextlib.asynccontextmanager
async def serving(server):
    """A uvicorn in this loop, and the port that it has."""
    up = asyncio.get_running_loop().create_future()
    startup = server.startup

    async def started(sockets=None):
        await startup(sockets)
        up.set_result(server.servers[0].sockets[0].getsockname()[1])

    server.startup, server.install_signal_handlers = started, lambda: None
    running = asyncio.ensure_future(server.serve())
    try:
        yield await asyncio.wait_for(up, PATIENCE)
    finally:
        server.should_exit = True
        await running


class Aiortc(Case):
    async def test_watches_what_is_pushed_and_publishes_what_is_taken(self):
        from peers import Peer

        # With sound, although none is pushed: aiortc takes no answer that turns a section down.
        source, sink = self.own(framewire.Source()), self.own(framewire.Sink())
        server = self.own(framewire.Server("127.0.0.1:0", media_address="127.0.0.1"))
        server.publish("out", source)
        server.receive("in", sink)
        with pushing(source, lambda: picture(0, 0, 240)):
            viewer = await Peer.watch(server.url("whep/out"))
            async for frame in viewer.frames("video", 1):
                came = frame.to_ndarray(format="rgb24")
        self.assertLess(np.abs(came.astype(int) - (0, 0, 240)).max(), 16)
        await viewer.leave()
        publisher = await Peer.publish(server.url("whip/in"))
        frame = await self.within(sink.pictures.wait())
        self.assertEqual(frame.array.shape, (480, 640, 3))
        await publisher.leave()

    async def test_tracks_play_into_a_source_as_they_are(self):
        import aiortc
        import av

        for base in (tracks.VideoStreamTrack, aiortc.VideoStreamTrack):
            for name in ("rgb24", "yuv420p", "gray"):
                with self.subTest(base=base.__module__, format=name):
                    source, sink, sender = await self.stream()

                    class Track(base):
                        async def recv(self):
                            pts, time_base = await self.next_timestamp()
                            frame = av.VideoFrame.from_ndarray(picture(250, 250, 250), "rgb24").reformat(format=name)
                            frame.pts, frame.time_base = pts, time_base
                            return frame

                    playing = asyncio.ensure_future(tracks.play(Track(), source))
                    reader = tracks.SinkTrack(sink)
                    first = await self.within(reader.recv())
                    self.assertGreater(first.array.min(), 235)
                    while (await self.within(reader.recv())).capture_time_us <= first.capture_time_us:
                        pass  # the first, once more
                    playing.cancel()
                    sender.close()
                    with self.assertRaises(tracks.MediaStreamError):
                        while True:
                            await self.within(reader.recv())

    async def test_tracks_may_end(self):
        from aiortc.mediastreams import MediaStreamError

        source = self.own(framewire.Source(audio=False))
        for error in (MediaStreamError, tracks.MediaStreamError):

            class Track(tracks.VideoStreamTrack):
                async def recv(self):
                    if self._count == 2:
                        raise error
                    await self.next_timestamp()
                    return picture()

            await self.within(Track().play(source))
        self.assertEqual(source.stats()["video_pushed"], 6)


class Examples(Case):
    async def start(self, name, *lines):
        environment = os.environ | {"FRAMEWIRE_BIND": "127.0.0.1:0", "FRAMEWIRE_MEDIA_ADDRESS": "127.0.0.1"}
        process = await asyncio.create_subprocess_exec(
            sys.executable, EXAMPLES / name, env=environment, stdout=asyncio.subprocess.PIPE
        )

        async def stop():
            process.kill()
            await process.wait()

        self.addAsyncCleanup(stop)
        return [(await self.within(process.stdout.readline())).decode().strip() for _ in lines]

    async def test_is_on_the_air_from_numpy_in_fifteen_lines(self):
        (url,) = await self.start("on_air.py", "watch")
        sink = self.own(framewire.Sink(audio=False))
        self.own(framewire.Client(url.replace("watch", "whep"), sink=sink, media_address="127.0.0.1"))
        first, second = await self.within(sink.pictures.wait()), await self.within(sink.pictures.wait())
        self.assertEqual(first.array.shape, (360, 640, 3))
        self.assertTrue((first.array != second.array).any(), "it moves")
        lines = [line for line in (EXAMPLES / "on_air.py").read_text().splitlines() if line]
        self.assertLessEqual(len(lines), 17)

    async def test_sends_a_camera_back_as_edges(self):
        publish, watch = await self.start("edges.py", "publish", "watch")
        source = self.own(framewire.Source(audio=False))
        board = picture()
        board[40:80, 60:100] = 255
        for _ in range(2):  # the next publisher is served too
            sink = self.own(framewire.Sink(audio=False))
            publisher = framewire.Client(
                publish.replace("publish", "whip"), source=source, media_address="127.0.0.1"
            )
            with pushing(source, lambda: board):
                client = framewire.Client(watch.replace("watch", "whep"), sink=sink, media_address="127.0.0.1")
                while (frame := (await self.within(sink.pictures.wait())).array)[60, 58:63].max() < 120:
                    pass  # the left edge
                self.assertLess(frame[10:30].max(), 40)
            await asyncio.to_thread(client.close)
            await asyncio.to_thread(publisher.close)
