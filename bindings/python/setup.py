"""Puts two things into the package that are made elsewhere: the library, and its header for cffi.

The library is FRAMEWIRE_LIBRARY, or what `make build` makes in the checkout around this folder.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

from cffi import FFI
from setuptools import setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py
from setuptools.dist import Distribution

CHECKOUT = Path(__file__).resolve().parents[2]


def declarations():
    """The header as cffi takes it: without comments and all but one line for the preprocessor."""
    header = (CHECKOUT / "include/framewire.h").read_text()
    header = re.sub(r"/\*.*?\*/|//[^\n]*", "", header, flags=re.S)
    header = re.sub(r'#ifdef __cplusplus\n.*?#endif', "", header, flags=re.S)
    return re.sub(r"^#(?!define FRAMEWIRE_ABI_VERSION ).*$", "", header, flags=re.M)


def library():
    path = os.environ.get("FRAMEWIRE_LIBRARY")
    if path is None:
        subprocess.run(["make", "-C", CHECKOUT, "build"], check=True)
        path = CHECKOUT / "target/release/libframewire.so"
    return Path(path)


def version():
    return re.search(r'^version = "(.*)"', (CHECKOUT / "Cargo.toml").read_text(), re.M)[1]


class Build(build_py):
    def run(self):
        super().run()
        folder = Path(self.build_lib, "framewire")
        ffi = FFI()
        ffi.cdef(declarations())
        ffi.set_source("framewire._header", None)
        ffi.emit_python_code(str(folder / "_header.py"))
        shutil.copy(library(), folder / "libframewire.so")


# What a wheel may count on, beside the loader (PEP 600).
PROMISED = {"libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2", "librt.so.1", "libgcc_s.so.1", "libstdc++.so.6"}


class Wheel(bdist_wheel):
    def get_tag(self):
        """Any Python 3. For others' machines (FRAMEWIRE_MANYLINUX) it is named by the glibc whose symbols the
        library asks for, and there is none if that asks for anything else."""
        platform = super().get_tag()[2]
        if os.environ.get("FRAMEWIRE_MANYLINUX"):
            said = subprocess.run(["readelf", "-dV", library()], check=True, capture_output=True, text=True).stdout
            needed = {name for name in re.findall(r"NEEDED.*\[(.*)\]", said) if not name.startswith("ld-linux")}
            if not needed <= PROMISED:
                raise SystemExit(f"{library()} needs {', '.join(sorted(needed - PROMISED))}: make build STATIC=1")
            newest = max(int(minor) for minor in re.findall(r"GLIBC_2\.(\d+)", said))
            platform = platform.replace("linux_", f"manylinux_2_{newest}_", 1)
        return "py3", "none", platform


class Binary(Distribution):
    def has_ext_modules(self):
        return True


setup(version=version(), cmdclass={"build_py": Build, "bdist_wheel": Wheel}, distclass=Binary)
