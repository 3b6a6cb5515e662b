"""aiortc, which is neither a browser nor built on libdatachannel, publishes and watches."""
import asyncio
import pathlib
import tempfile
import unittest
import wave
from array import array

from media import HEIGHT, LOUDNESS, TONE, WIDTH, Heard, Luma, strip_mids, strip_ssrcs
from peers import PATIENCE, Example, Peer

# Of a sine wave of that height.
LOUD = LOUDNESS / 2**0.5


class Case(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        asyncio.get_running_loop().set_debug(False)  # unittest's default, too slow for media

    def assertTone(self, heard):
        self.assertLess(abs(heard.loudness() - LOUD), 0.1 * LOUD)
        self.assertLess(abs(heard.waves() - TONE), 5)


class OnAir(Case):
    async def asyncSetUp(self):
        await super().asyncSetUp()
        self.demo = await Example.start("on_air")
        self.base = (await self.demo.line("on the air: ")).removesuffix("/watch/test")

    async def asyncTearDown(self):
        self.assertEqual(await self.demo.stop(), 0, "it ends clean")

    async def hear(self, viewer, seconds):
        """Listens for a second, so that what comes is settled, and then that long."""
        heard, number = Heard(), 0
        async for frame in viewer.frames("audio", 50 * (seconds + 1)):
            number += 1
            if number > 50:
                heard.add(frame)
        return heard

    async def see(self, viewer, count):
        return [Luma.of(frame) async for frame in viewer.frames("video", count)]

    async def test_watches_picture_and_sound(self):
        viewer = await Peer.watch(f"{self.base}/whep/test")
        pictures, heard = await asyncio.gather(self.see(viewer, 60), self.hear(viewer, 2))
        await viewer.leave()
        self.assertEqual({picture.size for picture in pictures}, {(1280, 720)})
        self.assertTrue(all(a.content != b.content for a, b in zip(pictures, pictures[1:])), "it moves")
        # The demo's tone has a beep over it for a tenth of each second.
        self.assertGreater(heard.loudness(), 1_500)
        self.assertLess(abs(heard.waves() - TONE), 60)

    async def echoed(self, edit=lambda offer: offer):
        publisher = await Peer.publish(f"{self.base}/whip/cam", edit)
        viewer = await Peer.watch(f"{self.base}/whep/cam")
        pictures, heard = await asyncio.gather(self.see(viewer, 60), self.hear(viewer, 2))
        await viewer.leave()
        await publisher.leave()
        numbers = [picture.number() for picture in pictures]
        self.assertEqual({picture.size for picture in pictures}, {(WIDTH, HEIGHT)})
        self.assertEqual(numbers, sorted(set(numbers)), "each is there once, and in order")
        self.assertLess(numbers[-1], 900, "and from this half minute")
        self.assertLess(numbers[-1] - numbers[0], 90, "few are left out")
        # The echo's square, where it is not over a strip: the program had the picture in hand.
        self.assertGreater(max(picture.marked() for picture in pictures), 2_000)
        self.assertLess(max(picture.marked() for picture in pictures), 2_600)
        self.assertTone(heard)
        return publisher.offer

    async def test_publishes_and_watches_what_comes_back(self):
        offer = await self.echoed()
        self.assertIn("a=ssrc:", offer)

    async def test_publishes_without_telling_its_ssrcs(self):
        offer = await self.echoed(strip_ssrcs)
        self.assertNotIn("a=ssrc", offer)
        self.assertIn("sdes:mid", offer)

    async def test_publishes_with_nothing_but_payload_types_to_tell_its_streams_apart(self):
        offer = await self.echoed(lambda offer: strip_mids(strip_ssrcs(offer)))
        self.assertNotIn("sdes:mid", offer)


class Taken(Case):
    async def test_what_it_publishes_is_written_to_files(self):
        for by_delete in (True, False):
            with self.subTest(by_delete=by_delete), tempfile.TemporaryDirectory() as folder:
                await self.take(pathlib.Path(folder), by_delete)

    async def take(self, folder, by_delete):
        taking = await Example.start("take_frames", folder)
        try:
            address = (await taking.line("publish: ")).removesuffix("/publish/cam")
            publisher = await Peer.publish(f"{address}/whip/cam")
            await taking.line("picture_1_640x480.y4m")
            await asyncio.wait_for(publisher.pictures.drawn(90), PATIENCE)
            if by_delete:
                await publisher.leave()
            else:
                await publisher.connection.close()
            await taking.line("the publisher left: ")
            self.assertEqual(await taking.ends(), 0)
        finally:
            await taking.stop()
        pictures = list(y4m(folder / "picture_1_640x480.y4m"))
        numbers = [picture.number() for picture in pictures]
        self.assertGreater(len(numbers), 45)
        self.assertEqual(numbers, sorted(numbers))
        self.assertEqual({picture.marked() for picture in pictures[::30]}, {0}, "nobody drew into these")
        with wave.open(str(folder / "sound.wav")) as file:
            self.assertEqual((file.getnchannels(), file.getsampwidth(), file.getframerate()), (2, 2, 48_000))
            heard = Heard()
            heard.samples = array("h", file.readframes(file.getnframes()))[::2]
        self.assertGreater(heard.seconds(), 1.5)
        heard.samples = heard.samples[4_800:-4_800]
        self.assertTone(heard)


def y4m(path):
    with path.open("rb") as file:
        head = file.readline().split()
        assert head[:4] == [b"YUV4MPEG2", b"W640", b"H480", b"F30:1"], head
        while file.readline() == b"FRAME\n":
            picture = file.read(WIDTH * HEIGHT * 3 // 2)
            yield Luma(picture, WIDTH, WIDTH, HEIGHT)


if __name__ == "__main__":
    unittest.main()
