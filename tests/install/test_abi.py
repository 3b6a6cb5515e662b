"""Each way to change the header, and what is said of it."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).parents[2]
HEADER_FILE = ROOT / "include/framewire.h"
HEADER = HEADER_FILE.read_text(encoding="utf-8")


def verdict(*changes):
    """Of a header changed so: the exit status, and the word after `abi:`."""
    changed = HEADER
    for old, new in changes:
        assert old in changed, old
        changed = changed.replace(old, new)
    with tempfile.NamedTemporaryFile("w", suffix=".h") as header:
        header.write(changed)
        header.flush()
        command = [sys.executable, ROOT / "tools/abi.py", "compare", header.name, Abi.before.name]
        compared = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return compared.returncode, compared.stdout.rpartition("abi: ")[2].split()[0].strip(",.")


class Abi(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.before = cls.enterClassContext(tempfile.NamedTemporaryFile("w", suffix=".abi"))
        subprocess.run([sys.executable, ROOT / "tools/abi.py", "describe", HEADER_FILE, cls.before.name], check=True, timeout=60)

    def assertVerdict(self, word, *changes):
        self.assertEqual(verdict(*changes), (word == "broken", word), changes)

    def test_the_same_is_compatible(self):
        self.assertVerdict("compatible")

    def test_what_is_added_extends_it(self):
        function = "uint32_t framewire_abi_version(void);"
        self.assertVerdict("extended", (function, function + "\nuint32_t framewire_more(void);"))
        self.assertVerdict("extended", ("    FRAMEWIRE_FORMAT_BGRA = 6,", "    FRAMEWIRE_FORMAT_BGRA = 6,\n    FRAMEWIRE_FORMAT_GREY = 7,"))
        self.assertVerdict("extended", ("} framewire_source_options;", "    uint64_t more;\n} framewire_source_options;"))
        self.assertVerdict("extended", ("} framewire_event;", "    uint64_t more;\n} framewire_event;"))
        self.assertVerdict("extended", ("    uint32_t reserved;\n} framewire_log_options;", "    uint32_t used;\n} framewire_log_options;"))

    def test_what_moves_or_goes_breaks_it(self):
        for old, new in (
            ("uint32_t framewire_abi_version(void);", ""),
            ("uint32_t framewire_abi_version(void);", "uint32_t framewire_abi_version(int of);"),
            ("uint32_t framewire_abi_version(void);", "uint64_t framewire_abi_version(void);"),
            ("    FRAMEWIRE_FORMAT_BGRA = 6,", "    FRAMEWIRE_FORMAT_BGRA = 7,"),
            ("    FRAMEWIRE_FORMAT_BGRA = 6,", ""),
            ("    uint32_t audio_bitrate;", "    uint64_t more;\n    uint32_t audio_bitrate;"),
            ("    uint32_t audio_bitrate;", ""),
            ("    uint32_t audio_bitrate;", "    uint32_t sound_bitrate;"),
            ("    double fps;", "    uint64_t fps;"),
            ("(*call)(void *context, const struct framewire_event *event)", "(*call)(void *context, int event)"),
            ("    uint32_t reserved;\n} framewire_log_options;", "    float used;\n} framewire_log_options;"),
        ):
            with self.subTest(new=new):
                self.assertVerdict("broken", (old, new))

    def test_a_struct_without_a_size_or_inside_another_must_not_grow(self):
        for name in ("framewire_field", "framewire_ice_server", "framewire_release", "framewire_percentiles"):
            with self.subTest(name=name):
                self.assertVerdict("broken", (f"}} {name};", f"    uint64_t more;\n}} {name};"))

    def test_a_raised_number_says_that_it_is_broken(self):
        raised = ("FRAMEWIRE_ABI_VERSION 1", "FRAMEWIRE_ABI_VERSION 2")
        self.assertEqual(verdict(raised, ("    FRAMEWIRE_FORMAT_BGRA = 6,", "")), (0, "broken"))


if __name__ == "__main__":
    unittest.main()
