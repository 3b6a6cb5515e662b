"""What a user does after `make install`: compile by pkg-config and CMake, load by name, be watched."""
import asyncio
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests/interop"))

from peers import PATIENCE, Example, Peer

# How long a compiler may take on a busy machine.
LONG = 600
# Debian 12, Ubuntu 22.04 and RHEL 9 have this or a newer one.
OLDEST_GLIBC = (2, 34)
ALMOST_EVERYTHING = [
    "-Weverything", "-Werror",
    "-Wno-c++98-compat", "-Wno-c++98-compat-pedantic",  # it is C++17
    "-Wno-padded",  # the compiler lays out what is not C's
    "-Wno-weak-vtables",  # of what is thrown; there is no file to put it into
]


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, timeout=LONG, **options)
    if done.returncode:
        raise AssertionError(f"{command}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


class Installed(unittest.IsolatedAsyncioTestCase):
    """Outside the source tree, as nobody but these tests knows."""

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="framewire-")))
        cls.prefix = cls.folder / "prefix"
        run("make", "-C", ROOT, "install", f"PREFIX={cls.prefix}", "DESTDIR=")
        cls.lib = cls.prefix / "lib"
        cls.environment = os.environ | {"PKG_CONFIG_PATH": str(cls.lib / "pkgconfig")}

    async def asyncSetUp(self):
        asyncio.get_running_loop().set_debug(False)  # unittest's default, too slow for media

    def flags(self, *arguments):
        """What pkg-config says, in words."""
        return shlex.split(run("pkg-config", *arguments, "framewire", env=self.environment))

    def compile(self, name, compiler, *arguments):
        program = self.folder / name
        run(*compiler, "-o", program, *arguments)
        return program

    async def watched(self, program, stream, size):
        """A viewer sees what it puts on the air, and it ends clean."""
        example = await Example.start(program, library=self.lib)
        address = await example.line("on the air: ")
        viewer = await Peer.watch(address.replace("/watch/", "/whep/"), kinds=["video"])
        sizes = {(frame.width, frame.height) async for frame in viewer.frames("video", 10)}
        await viewer.leave()
        self.assertEqual(sizes, {size})
        self.assertIn("/" + stream, address)
        return example

    async def test_a_c_program_by_pkg_config(self):
        sources = [ROOT / "examples-c" / f"{name}.c" for name in ("on_air", "test_card", "echo")]
        shared, static = self.flags("--cflags", "--libs"), self.flags("--static", "--cflags", "--libs")
        cc = ["cc", "-std=c99", "-pthread", "-O2"]
        for name, arguments in (("shared", shared), ("static", ["-static", *static])):
            with self.subTest(name):
                program = self.compile(name, cc, *sources, *arguments, "-lm")
                needed = run("readelf", "--dynamic", "--wide", program)
                self.assertEqual("libframewire.so.1" in needed, name == "shared", needed)
                demo = await self.watched(program, "test", (1280, 720))
                self.assertEqual(await demo.stop(), 0)

    async def test_a_cpp_program_by_cmake(self):
        build = self.folder / "build"
        run("cmake", "-S", ROOT / "examples-cpp", "-B", build, f"-DCMAKE_PREFIX_PATH={self.prefix}")
        run("cmake", "--build", build)
        for name in ("on_air", "on_air_static"):
            with self.subTest(name):
                demo = await self.watched(build / name, "ball", (640, 360))
                self.assertTrue(await demo.line("viewer "))
                self.assertTrue(await demo.line("a viewer left: "))
                demo.process.kill()
                await demo.ends()

    async def test_a_program_that_finds_it_at_run_time(self):
        """Which is Python with ctypes, and with its ssl and PyAV beside."""
        program = self.folder / "beside.py"
        program.write_text(f"#!{sys.executable}\n" + (ROOT / "tests/install/beside.py").read_text())
        program.chmod(0o755)
        demo = await self.watched(program, "beside", (64, 64))
        self.assertEqual(await demo.line("beside: "), "ssl and libvpx work")
        demo.process.kill()
        await demo.ends()

    def test_the_cpp_header_has_every_function_of_the_c_header(self):
        header = (self.prefix / "include/framewire.h").read_text()
        declared = set(re.findall(r"^\w[\w *]*?(framewire_\w+)\(", header.split('extern "C"')[1], re.M))
        self.assertGreater(len(declared), 100)
        used = set(re.findall(r"framewire_\w+", (self.prefix / "include/framewire.hpp").read_text()))
        self.assertEqual(declared - used, set())

    def test_the_cpp_header_does_what_it_says_by_gcc_and_clang(self):
        tests = ROOT / "tests/install"
        include = ["-I", self.prefix / "include", "-I", self.folder]
        gcc = ["g++", "-std=c++17", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror"]
        objects = [self.compile("throwing.o", [*gcc, "-c"], *include, tests / "throwing.cpp"),
                   self.compile("returning.o", [*gcc, "-c", "-fno-exceptions"], *include, tests / "returning.cpp")]
        program = self.compile("both", gcc, *objects, *self.flags("--libs"), f"-Wl,-rpath,{self.lib}", "-pthread")
        self.assertEqual(run(program), "everything held\n")
        # Everything that can be said against the header itself: the tests instantiate it.
        clang = ["clang++", "-std=c++17", "-fsyntax-only", *ALMOST_EVERYTHING, *include]
        run(*clang, ROOT / "examples-cpp/on_air.cpp")
        run(*clang, "-fno-exceptions", tests / "returning.cpp")

    def test_only_names_of_its_own_and_an_old_enough_glibc(self):
        library = self.lib / "libframewire.so"
        exported = {line.split()[0] for line in run("nm", "-D", "--defined-only", "--format=posix", library).splitlines()}
        self.assertGreater(len(exported), 100)
        self.assertEqual({name for name in exported if not name.startswith("framewire_")}, set())
        versions = re.findall(r"GLIBC_(\d+)\.(\d+)", run("readelf", "--version-info", "--wide", library))
        self.assertLessEqual(max((int(a), int(b)) for a, b in versions), OLDEST_GLIBC)

    def test_links_lead_to_one_file_by_the_soname(self):
        soname = re.search(r"\(SONAME\).*\[(.*)\]", run("readelf", "--dynamic", "--wide", self.lib / "libframewire.so"))[1]
        self.assertEqual(os.readlink(self.lib / "libframewire.so"), soname)
        self.assertFalse((self.lib / os.readlink(self.lib / soname)).is_symlink())

    def test_destdir_is_where_it_is_put_and_nowhere_written(self):
        stage = self.folder / "stage"
        run("make", "-C", ROOT, "install", f"DESTDIR={stage}", "PREFIX=/opt/fw", "LIBDIR=/opt/fw/lib64")
        written = (stage / "opt/fw/lib64/pkgconfig/framewire.pc").read_text()
        written += (stage / "opt/fw/lib64/cmake/framewire/framewire-config.cmake").read_text()
        self.assertIn("libdir=/opt/fw/lib64\n", written)
        self.assertNotIn(str(self.folder), written)


if __name__ == "__main__":
    unittest.main()
