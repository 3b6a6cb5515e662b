"""Objects that come and go, at good moments and bad ones."""

import gc
import os
import pathlib
import ssl
import subprocess
import sys
import textwrap
import unittest
import weakref
from fractions import Fraction

import numpy as np

import framewire
from framewire._native import ffi, lib
from loopback import PATIENCE, Case, connect, peer, picture, pushing


def resident():
    """Bytes of memory that are really there."""
    return int(pathlib.Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def counts():
    """Descriptors and threads of the process."""
    return len(os.listdir("/proc/self/fd")), len(os.listdir("/proc/self/task"))


def program(source):
    """Runs it in an interpreter of its own: its exit status, and what it said."""
    code = "import sys, threading, framewire, numpy as np\n" + textwrap.dedent(source)
    code = f"sys_path = {sys.path!r}\nimport sys\nsys.path[:] = sys_path\n" + code
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=2 * PATIENCE)
    return done.returncode, done.stdout, done.stderr


STREAMING = """
    source, sink = framewire.Source(audio=False), framewire.Sink(audio=False)
    a, b = (framewire.Peer(media_address="127.0.0.1", probe_candidates=True) for _ in range(2))
    a.send(source)
    b.receive(sink)
    a.accept_blocking(b.answer_blocking(a.offer_blocking()))
    picture = np.zeros((120, 160, 3), np.uint8)
    def push():
        while True:
            source.push(picture)
            threading.Event().wait(1 / 60)
    threading.Thread(target=push, daemon=True).start()
    frame = sink.pictures.next(60)
"""


class Lifetime(Case):
    def test_a_thousand_of_each_leave_nothing(self):
        def cycle():
            with framewire.Events() as events, framewire.Source(events=events) as source, framewire.Sink() as sink:
                framewire.Results().close()
                framewire.Ingest(sink).close()
                connection = framewire.Peer()
                connection.send(source)
                connection.receive(sink)
                source.push(picture())
                connection.close()

        for _ in range(100):
            cycle()
        gc.collect()
        before, settled = resident(), counts()
        for _ in range(1000):
            cycle()
        gc.collect()
        self.assertEqual(counts(), settled)
        self.assertLess(resident() - before, 20 << 20, "of a leak, 20 KB each would be seen")

    def test_what_nothing_refers_to_is_freed_also_in_a_circle(self):
        freed = []
        for circle in (False, True):
            source = framewire.Source()
            handle = source.handle
            weakref.finalize(source, freed.append, circle)
            if circle:
                source.itself = source
            del source
            gc.collect()
            self.assertEqual(lib.framewire_source_request_keyframe(handle), framewire.InvalidHandle.status)
        self.assertEqual(freed, [False, True])

    async def test_frames_hold_their_own_memory_and_give_it_back(self):
        source, sink, _ = await self.stream(video_queue=10)
        with pushing(source):
            kept = [(await self.within(sink.pictures.wait())).array for _ in range(30)]
            addresses = {array.ctypes.data for array in kept}
            self.assertEqual(len(addresses), 30, "each is its own")
            kept.clear()
            gc.collect()
            again = set()
            for _ in range(30):
                again.add((await self.within(sink.pictures.wait())).array.ctypes.data)
            self.assertLess(len(again), 30, "memory is used again")

    def test_the_interpreter_may_end_while_everything_runs(self):
        code, said, complained = program(STREAMING + """
    for queue in (sink, a.events):
        threading.Thread(target=lambda: [None for _ in queue], daemon=True).start()
    print(frame.width)
""")
        self.assertEqual((code, said, complained), (0, "160\n", ""))

    def test_an_exception_may_end_it_too(self):
        code, _, complained = program(STREAMING + "\n    raise SystemExit(3)\n")
        self.assertEqual((code, complained), (3, ""))

    def test_the_child_of_a_fork_is_told_and_the_parent_streams_on(self):
        code, said, complained = program(STREAMING + """
    import os
    child = os.fork()
    if not child:
        try:
            sink.pictures.next(0)
        except framewire.Forked:
            source.close()
            os._exit(7)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), sink.pictures.next(60).number > 1)
""")
        self.assertEqual((code, said, complained), (0, "7 True\n", ""))

    def test_the_library_is_given_no_function_of_pythons(self):
        package = pathlib.Path(framewire.__file__).parent
        text = "".join(path.read_text() for path in package.glob("*.py") if path.name != "_header.py")
        self.assertNotRegex(text, r"\.callback\(|def_extern|new_handle|\.call\b")

    async def test_other_copies_of_its_libraries_live_beside_it(self):
        """PyAV brings a libvpx of its own, Python's ssl an OpenSSL."""
        import av

        source, sink, _ = await self.stream()
        with pushing(source):
            await self.within(sink.pictures.wait())
            codec = av.CodecContext.create("libvpx", "w")
            codec.width, codec.height, codec.pix_fmt, codec.time_base = 160, 120, "yuv420p", Fraction(1, 30)
            packets = [p for n in range(30) for p in codec.encode(av.VideoFrame.from_ndarray(picture(n), "rgb24"))]
            self.assertGreater(len(packets) + len(list(codec.encode(None))), 0)
            into, out = ssl.MemoryBIO(), ssl.MemoryBIO()
            with self.assertRaises(ssl.SSLWantReadError):
                ssl.create_default_context().wrap_bio(into, out, server_hostname="example.com").do_handshake()
            self.assertGreater(out.pending, 0)
            await self.within(sink.pictures.wait())


class Typed(unittest.TestCase):
    def test_the_whole_package_checks(self):
        from mypy import api

        here = pathlib.Path(__file__).parents[1]
        config = f"--config-file={here / 'pyproject.toml'}"
        said, complained, status = api.run([config, "--cache-dir=/dev/null", str(here / "framewire")])
        self.assertEqual((status, complained), (0, ""), said)
        self.assertTrue(pathlib.Path(framewire.__file__).with_name("py.typed").exists())

    def test_every_event_of_the_header_has_its_name(self):
        names = ffi.typeof("enum framewire_event_kind").relements
        ours = {f"FRAMEWIRE_EVENT_{kind.name}": kind.value for kind in framewire.EventKind}
        self.assertEqual(ours, names)

    def test_every_status_of_the_header_has_its_exception(self):
        wanted = {value for value in ffi.typeof("enum framewire_status").elements if value != 0}
        self.assertEqual({kind.status for kind in framewire.Error.__subclasses__()}, wanted)
