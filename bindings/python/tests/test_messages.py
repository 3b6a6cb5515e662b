"""Everything beside the media: signalling, events, channels, results, files, errors."""

import asyncio
import json
import struct
import tempfile
import threading

import framewire
from framewire import EventKind
from loopback import PATIENCE, Case, connect, peer, picture, pushing


def chunks(message):
    """A message of a results feed, put together: its frame id, and it."""
    frame, index, total = struct.unpack_from("<III", message)
    assert (index, total) == (0, 1), "these are small"
    return frame, json.loads(message[12:])


class Signalling(Case):
    async def test_fails_with_the_reason(self):
        with self.assertRaisesRegex(framewire.Malformed, "offer|SDP"):
            await self.within(self.own(peer()).answer("no offer"))
        with self.assertRaises(framewire.Malformed):
            self.own(peer()).answer_blocking("no offer")
        answered = self.own(peer())
        with self.assertRaises(framewire.InvalidState):
            await self.within(answered.accept("v=0"))

    async def test_works_without_an_event_loop(self):
        source, sink = self.own(framewire.Source(audio=False)), self.own(framewire.Sink(audio=False))
        sender, receiver = self.own(peer()), self.own(peer())
        sender.send(source)
        receiver.receive(sink)
        sender.accept_blocking(receiver.answer_blocking(sender.offer_blocking()))
        with pushing(source):
            self.assertEqual(sink.pictures.next(PATIENCE).number, 1)
        self.assertEqual((sender.state, len(sender.stats())), ("connected", 1))

    async def test_leaves_events_to_who_reads_them(self):
        sender, receiver = self.own(peer()), self.own(peer())
        source, sink = self.own(framewire.Source(audio=False)), self.own(framewire.Sink(audio=False))
        sender.send(source)
        receiver.receive(sink)
        seen = []

        async def read():
            async for event in receiver.events:
                seen.append(event)
                if event.kind == EventKind.PEER_STATE and event.value == 2:
                    return

        reading = asyncio.ensure_future(read())
        await asyncio.sleep(0)  # it waits before the answer does
        await connect(sender, receiver)
        await self.within(reading)
        self.assertNotIn(EventKind.ANSWER, [event.kind for event in seen])
        self.assertEqual([event.value for event in seen if event.kind == EventKind.PEER_STATE], [1, 2])
        self.assertEqual({event.object for event in seen}, {receiver.id})

    async def test_of_others_asks_the_program_who_may_publish(self):
        events, sink = self.own(framewire.Events()), self.own(framewire.Sink(audio=False))
        server = self.own(framewire.Server("127.0.0.1:0", media_address="127.0.0.1", publish_requests=1, events=events))
        source = self.own(framewire.Source(audio=False))
        client = self.own(framewire.Client(server.url("whip/cam"), source=source, media_address="127.0.0.1"))
        while (request := await self.within(events.wait())).kind != EventKind.PUBLISH_REQUEST:
            pass
        self.assertEqual(request.stream, "cam")
        server.accept(request.value, sink)
        with pushing(source):
            self.assertEqual((await self.within(sink.pictures.wait())).number, 1)
        self.assertEqual((client.state, server.stats()["publishers"]), ("connected", 1))
        with self.assertRaises(framewire.InvalidState):
            server.refuse(request.value, "too late")


class Channels(Case):
    async def pair(self):
        sender, receiver = self.own(peer()), self.own(peer(accept_channels=True))
        channel = self.own(sender.channel("talk"))
        await connect(sender, receiver)
        return channel, self.own(await self.within(receiver.next_channel())), sender, receiver

    async def test_carry_texts_and_bytes_both_ways(self):
        here, there, _, _ = await self.pair()
        self.assertEqual((there.label, there.state), ("talk", "open"))
        large = bytes(range(256)) * 800
        for message in ("grüße", b"\x00\xff", "", b"", large, memoryview(b"view")):
            there.send(message)
            came = await self.within(here.wait())
            self.assertEqual(came, message)
            self.assertIs(type(came), str if isinstance(message, str) else bytes)
        here.send("back")
        self.assertEqual(there.next(PATIENCE), "back")

    async def test_end_their_loop_when_they_close(self):
        here, there, _, receiver = await self.pair()
        for n in range(3):
            there.send(str(n))
        there.close()
        self.assertEqual([message async for message in here], ["0", "1", "2"])
        with self.assertRaises(framewire.Closed):
            here.send("late")

    async def test_that_are_waited_for_never_come_once_the_peer_is_over(self):
        _, _, sender, receiver = await self.pair()
        waiting = asyncio.ensure_future(receiver.next_channel())
        await asyncio.sleep(0)
        sender.close()
        with self.assertRaises(framewire.Closed):
            await self.within(waiting)

    async def test_send_large_messages_while_the_loop_runs(self):
        here, there, _, _ = await self.pair()
        sending = asyncio.ensure_future(asyncio.to_thread(there.send_framed, 7, b"x" * 200_000, PATIENCE))
        sizes = [len(await self.within(here.wait())) - 12 for _ in range(5)]
        self.assertEqual((sum(sizes), await sending), (200_000, 5))


class Results(Case):
    async def feed(self, **options):
        results = self.own(framewire.Results(**options))
        sender, receiver = self.own(peer()), self.own(peer(accept_channels=True))
        sender.results(results)
        await connect(sender, receiver)
        return results, self.own(await self.within(receiver.next_channel()))

    async def test_are_dicts_and_the_last_word_is_acknowledged(self):
        results, channel = await self.feed(fields=["boxes", "odd", "more"])
        results.send(3, {"boxes": [{"x": 0.5}], "odd": object()}, rtp_timestamp=90_000, width=640, errors=["dim"])
        frame, result = chunks(await self.within(channel.wait()))
        self.assertEqual((frame, result["serialized_output_data"]["boxes"]), (3, [{"x": 0.5}]))
        self.assertIn("object", result["serialized_output_data"]["odd"]["__serialization_error__"])
        self.assertEqual(result["errors"][0], "dim")
        self.assertEqual(result["video_metadata"]["pts"], 90_000)
        self.assertEqual(result["video_metadata"]["width"], 640)
        channel.send('{"ack": 3}')
        results.set_fields(["more"])
        results.send(4, {"boxes": [], "more": 1})
        frame, result = chunks(await self.within(channel.wait()))
        self.assertEqual((frame, result["serialized_output_data"]), (4, {"more": 1}))
        channel.send('{"ack": 4}')
        with self.assertRaisesRegex(framewire.InvalidArgument, "boxes"):
            results.set_fields(["other"])

        # It lingers until the loop, which waits for it, has sent the acknowledgement.
        ending = asyncio.ensure_future(results.complete("source_ended", {"more": 2}, linger=PATIENCE))
        frame, result = chunks(await self.within(channel.wait()))
        self.assertEqual((frame, result["processing_complete"]), (5, True))
        self.assertEqual(result["termination_reason"], "source_ended")
        self.assertFalse(ending.done())
        channel.send('{"ack": 5}')
        self.assertEqual(await self.within(ending), 1)
        self.assertEqual(results.stats()["results"], 2)
        with self.assertRaises(framewire.InvalidState):
            results.send(6, {})

    def test_of_a_source_name_their_picture(self):
        source = self.own(framewire.Source())
        first, second = (source.rtp_timestamp(1_000_000 + us) for us in (0, 100_000))
        self.assertEqual((second - first) % 2**32, 9_000)


class Files(Case):
    async def test_come_whole_to_one_taker(self):
        with tempfile.TemporaryDirectory() as folder:
            upload = self.own(framewire.Upload(folder))
            sender, receiver = self.own(peer()), self.own(peer())
            receiver.upload(upload)
            channel = self.own(sender.channel("video_upload"))
            await connect(sender, receiver)
            while (await self.within(sender.events.wait())).kind != EventKind.CHANNEL_OPEN:
                pass
            for index, part in enumerate((b"half a file, ", b"and the rest")):
                channel.send(struct.pack("<II", index, 2) + part)
            path = await self.within(upload.wait())
            self.assertEqual(path.read_bytes(), b"half a file, and the rest")
            self.assertEqual((path.parent, upload.progress()["state"]), (type(path)(folder), "taken"))
            self.assertEqual(json.loads(await self.within(channel.wait()))["upload"], "complete")

    async def test_that_break_the_rules_fail_with_the_reason(self):
        with tempfile.TemporaryDirectory() as folder:
            upload = self.own(framewire.Upload(folder))
            sender, receiver = self.own(peer()), self.own(peer())
            receiver.upload(upload)
            channel = self.own(sender.channel("video_upload"))
            await connect(sender, receiver)
            while (await self.within(sender.events.wait())).kind != EventKind.CHANNEL_OPEN:
                pass
            channel.send(struct.pack("<II", 9, 2) + b"no such chunk")
            failed = json.loads(await self.within(channel.wait()))
            self.assertEqual(failed["upload"], "failed")
            self.assertEqual(upload.progress()["reason"], failed["reason"])


class Errors(Case):
    def test_have_a_class_each_and_the_sentence_of_their_thread(self):
        closed = framewire.Source()
        closed.close()
        closed.close()
        with self.assertRaisesRegex(framewire.InvalidHandle, "source"):
            closed.push(picture())
        with self.assertRaisesRegex(framewire.InvalidArgument, "fps"):
            framewire.Source(fps=1000)
        with self.assertRaises(framewire.SystemFailed) as caught:
            framewire.Server("192.0.2.1:80")
        self.assertIsInstance(caught.exception, OSError)
        with self.assertRaisesRegex(ValueError, "NUL"):
            framewire.Server("127.0.0.1\0:0")
        with self.assertRaises(AttributeError):
            framewire.Server(no_such_option=1)

    def test_of_one_thread_are_not_told_to_another(self):
        sentences = {}
        turns = threading.Barrier(2)

        def fail(name, **options):
            for _ in range(200):
                turns.wait(PATIENCE)
                try:
                    framewire.Source(**options)
                except framewire.InvalidArgument as error:
                    sentences.setdefault(name, set()).add(name in str(error))

        threads = [
            threading.Thread(target=fail, args=(name,), kwargs={name: 20_000}) for name in ("width", "height")
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
        self.assertEqual(sentences, {"width": {True}, "height": {True}})
