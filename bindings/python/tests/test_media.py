"""Pictures and sound, as arrays, out and in again."""

import asyncio
import gc
import math
import signal
import threading

import numpy as np

import framewire
from framewire.frames import video_frame
from loopback import HEIGHT, PATIENCE, WIDTH, Case, connect, peer, picture, pushing

# What VP8 makes of an even colour.
NEAR = 12


class Arrays(Case):
    async def test_go_out_and_come_in_with_their_colours(self):
        source, sink, _ = await self.stream()
        with pushing(source, lambda: picture(200, 60, 20)):
            frame = await self.within(sink.pictures.wait())
        self.assertEqual((frame.width, frame.height, frame.format), (WIDTH, HEIGHT, "rgb"))
        self.assertEqual((frame.array.shape, frame.array.dtype), ((HEIGHT, WIDTH, 3), np.uint8))
        self.assertLess(np.abs(frame.array.astype(int) - (200, 60, 20)).max(), NEAR)
        self.assertTrue(frame.keyframe)
        self.assertGreater(frame.decode_time_us, 0)

    async def test_are_understood_in_every_format(self):
        source, sink, _ = await self.stream(video_queue=100)
        y, u, v = 82, 90, 240  # red, in BT.601 of limited range
        half = (HEIGHT // 2, WIDTH // 2)
        planes = [np.full((HEIGHT, WIDTH), y, np.uint8), np.full(half, u, np.uint8), np.full(half, v, np.uint8)]
        red, alpha = picture(255), np.full((HEIGHT, WIDTH, 1), 7, np.uint8)
        ways = [
            (red, None), (red[..., ::-1], "bgr"), (np.dstack([red, alpha]), None),
            (np.dstack([red[..., ::-1], alpha]), "bgra"), (tuple(planes), None),
            ((planes[0], np.dstack(planes[1:])), None),
            (np.concatenate([p.reshape(-1) for p in planes]).reshape(HEIGHT * 3 // 2, WIDTH), "i420"),
            (memoryview(red), None),
        ]
        for pushed, format in ways:
            with self.subTest(format=format, kind=type(pushed)):
                time_us = framewire.now_us()
                with pushing(source, lambda: pushed, format):
                    while (frame := await self.within(sink.pictures.wait())).capture_time_us < time_us:
                        pass
                self.assertLess(np.abs(frame.array.astype(int) - (255, 0, 0)).max(), NEAR)

    def test_are_not_copied_where_rows_are_whole(self):
        whole = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        for view in (whole, whole[10:50], whole[10:50, 20:40], whole[::2]):
            struct = video_frame(view, None, 0)
            self.assertEqual(int(framewire._native.ffi.cast("uintptr_t", struct.c.planes[0])), view.ctypes.data)
            self.assertEqual(struct.c.strides[0], view.strides[0])
        for view in (whole[:, ::2], whole[::-1], whole.transpose(1, 0, 2)):
            struct = video_frame(view, None, 0)
            self.assertNotEqual(int(framewire._native.ffi.cast("uintptr_t", struct.c.planes[0])), view.ctypes.data)

    async def test_outlive_their_sink_and_its_peer(self):
        source, sink, sender = await self.stream()
        colours = [(10, 200, 30)]
        with pushing(source, lambda: picture(*colours[-1])):
            frame = await self.within(sink.pictures.wait())
            array, address = frame.array[5:, ::2], frame.array.ctypes.data
            self.assertEqual(frame.array.ctypes.data, address, "a view, and no copy")
            with self.assertRaises(ValueError):
                array[0, 0, 0] = 1
            del frame
            gc.collect()
            colours.append((200, 10, 200))
            for _ in range(20):  # whose memory would be the array's, if that had been let go of
                await self.within(sink.pictures.wait())
            sink.close()
        self.assertLess(np.abs(array.astype(int) - (10, 200, 30)).max(), NEAR)

    async def test_of_planes_and_whole_frames_are_pushed_on(self):
        source, sink, _ = await self.stream(format="i420")
        other, end, _ = await self.stream()
        with pushing(source, lambda: picture(0, 0, 250)):
            frame = await self.within(sink.pictures.wait())
            self.assertEqual([p.shape for p in frame.planes], [(120, 160), (60, 80), (60, 80)])
            with self.assertRaisesRegex(ValueError, "planes"):
                frame.array
            with pushing(other, lambda: frame):
                came = await self.within(end.pictures.wait())
        self.assertLess(np.abs(came.array.astype(int) - (0, 0, 250)).max(), NEAR)

    def test_that_are_no_picture_are_refused_with_a_sentence(self):
        source = self.own(framewire.Source())
        for wrong, error, sentence in [
            (np.zeros((4, 4), np.uint8), ValueError, r"\(4, 4\)"),
            (np.zeros((4, 4, 3), np.float32), TypeError, "float32"),
            (np.zeros((4, 4, 2), np.uint8), ValueError, r"\(4, 4, 2\)"),
            (np.zeros((0, 4, 3), np.uint8), framewire.InvalidArgument, "height"),
        ]:
            with self.assertRaisesRegex(error, sentence):
                source.push(wrong)
        with self.assertRaisesRegex(ValueError, "i420 in one array"):
            source.push(np.zeros((5, 4), np.uint8), "i420")
        with self.assertRaisesRegex(ValueError, "no format 'yuv'"):
            source.push(picture(), "yuv")

    async def test_of_sound_come_in_as_loud_as_they_went_out(self):
        source = self.own(framewire.Source(video=False))
        sink = self.own(framewire.Sink(video=False, sample_format="f32", audio_channels=1))
        sender, receiver = self.own(peer()), self.own(peer())
        sender.send(source)
        receiver.receive(sink)
        await connect(sender, receiver)
        tone = (12_000 * np.sin(np.arange(960) * math.tau * 440 / 48_000)).astype(np.int16)
        loud, over = [], threading.Event()

        def push():  # 440 Hz does not close in 20 ms; loudness does not mind
            while not over.wait(0.02):
                source.push_audio(tone)

        thread = threading.Thread(target=push)
        thread.start()
        try:
            while len(loud) < 50:
                frame = await self.within(sink.sound.wait())
                self.assertEqual(frame.array.shape[1], 1)
                loud.append(float(np.sqrt(np.mean(frame.array**2))))
        finally:
            over.set()
            thread.join()
        self.assertAlmostEqual(max(loud), 12_000 / 32_768 / 2**0.5, delta=0.05)


class Waits(Case):
    async def test_of_the_loop_leave_it_to_make_what_they_wait_for(self):
        source, sink, _ = await self.stream()
        waiting = asyncio.ensure_future(sink.pictures.wait())
        while not waiting.done():  # pushed by the loop that waits: were it held, nothing would come
            source.push(picture(9, 9, 9))
            await asyncio.sleep(1 / 30)
        self.assertEqual(waiting.result().width, WIDTH)

    async def test_of_threads_leave_the_interpreter_to_others(self):
        source, sink, _ = await self.stream()
        came = []
        thread = threading.Thread(target=lambda: came.append(sink.pictures.next(PATIENCE)))
        thread.start()
        while thread.is_alive():  # needs the interpreter
            source.push(picture(9, 9, 9))
            thread.join(1 / 30)
        self.assertEqual(came[0].width, WIDTH)

    async def test_share_a_sink_so_that_each_frame_goes_to_one(self):
        source, sink, _ = await self.stream(video_queue=1000)
        numbers = []

        async def take():
            while len(numbers) < 60:
                numbers.append((await sink.pictures.wait()).number)

        with pushing(source):
            await self.within(asyncio.gather(take(), take(), take()))
        self.assertEqual(sorted(numbers), list(range(1, len(numbers) + 1)))

    async def test_that_are_called_off_leave_nothing_behind(self):
        source, sink, _ = await self.stream()
        with self.assertRaises(asyncio.TimeoutError):
            await asyncio.wait_for(sink.pictures.wait(), 0.01)
        descriptor = sink.pictures._ready._descriptor
        self.assertFalse(asyncio.get_running_loop().remove_reader(descriptor), "it is out of the loop")
        with pushing(source):
            self.assertEqual((await self.within(sink.pictures.wait())).number, 1)

    async def test_end_when_the_sender_does(self):
        source, sink, sender = await self.stream()
        numbers = []
        with pushing(source):
            async for frame in sink:
                numbers.append(frame.number)
                if len(numbers) == 5:
                    sender.close()
        self.assertGreaterEqual(len(numbers), 5)
        self.assertEqual(sink.track(), "ended")
        self.assertEqual(list(sink), [], "and so does a plain loop")

    async def test_end_when_another_thread_closes(self):
        sink = framewire.Sink(audio=False)
        outcome, begun = [], threading.Event()

        def wait():
            begun.set()
            try:
                sink.pictures.next()
            except framewire.Error as error:
                outcome.append(type(error))

        threads = [threading.Thread(target=wait) for _ in range(3)]
        for thread in threads:
            thread.start()
        waiting = asyncio.ensure_future(sink.pictures.wait())
        while sink.pictures._ready._threads < 3 or not sink.pictures._ready._loops:
            await asyncio.sleep(0)
        await asyncio.to_thread(sink.close)
        with self.assertRaises(framewire.Closed):
            await self.within(waiting)
        for thread in threads:
            thread.join(PATIENCE)
        self.assertEqual(outcome, [framewire.Closed] * 3)

    def test_end_in_time(self):
        sink = self.own(framewire.Sink())
        for timeout in (0, 0.001):
            with self.assertRaises(TimeoutError):
                sink.pictures.next(timeout)

    def test_end_with_control_c(self):
        sink = self.own(framewire.Sink())
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        previous = signal.signal(signal.SIGALRM, signal.default_int_handler)
        self.addCleanup(signal.signal, signal.SIGALRM, previous)
        with self.assertRaises(KeyboardInterrupt):
            sink.pictures.next()
