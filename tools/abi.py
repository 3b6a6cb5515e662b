"""What programs are compiled against, described by abidw of abigail-tools: tools/abi.py describe|compare [HEADER [DESCRIPTION]].

  describe  writes include/framewire.abi anew.
  compare   says whether the header is compatible with it (nothing has changed), extended (programs compiled before
            run as they did) or broken, which is an error unless FRAMEWIRE_ABI_VERSION was raised.

A library is described that has the header's functions with nothing in them: the header is what C sees of src/capi
(tests/header.rs), and the real library has these functions (tests/symbols.rs). abidiff is not asked: it takes a
struct that grows for harmless where another holds it by value, and a member of another type of the same size.
"""
import pathlib
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

ROOT = pathlib.Path(__file__).parents[1]


def described(header):
    """What abidw says of a library that has these functions."""
    text = header.read_text(encoding="utf-8")
    number = re.search(r"^#define FRAMEWIRE_ABI_VERSION (\d+)", text, re.M)[1]
    before, declarations = text.split('extern "C" {', 1)
    stub = before + 'extern "C" {' + re.sub(r"^((?!//).*)\);$", r"\1) { __builtin_trap(); }", declarations, flags=re.M)
    # Numbers go in and out as integers: without these the enums would not be seen.
    for enum in re.findall(r"^typedef enum (\w+) \{", text, re.M):
        stub += f"void enum_{enum}(enum {enum} it) {{ (void)it; }}\n"
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "stub.c").write_text(stub, encoding="utf-8")
        name = f"-Wl,-soname,libframewire.so.{number}"
        # In the folder: the description names the file as the compiler was told it.
        compile = ["cc", "-std=c11", "-g", "-shared", "-fPIC", name, "-o", "stub.so", "stub.c"]
        subprocess.run(compile, check=True, cwd=folder)
        quiet = ["--no-show-locs", "--no-corpus-path", "--no-comp-dir-path", "--no-elf-needed"]
        return subprocess.run(["abidw", *quiet, "stub.so"], check=True, capture_output=True, text=True, cwd=folder).stdout


class Abi:
    """A description, read: functions, structs and enums by name, types in words."""

    def __init__(self, description):
        root = xml.fromstring(description)
        self.soname = root.get("soname")
        self.types = {e.get("id"): e for e in root.iter() if e.get("id")}
        self.functions = {
            e.get("name"): [self.word(e.find("return").get("type-id")), *(self.word(p.get("type-id")) for p in e.findall("parameter"))]
            for e in root.iter("function-decl") if not e.get("name").startswith("enum_")
        }
        self.enums = {
            e.get("name"): {n.get("name"): n.get("value") for n in e.findall("enumerator")} for e in root.iter("enum-decl")
        }
        self.structs = {e.get("name"): self.struct(e) for e in root.iter("class-decl")}

    def struct(self, element):
        """(size, {member: (offset, type)})."""
        members = {}
        for member in element.findall("data-member"):
            variable = member.find("var-decl")
            members[variable.get("name")] = (int(member.get("layout-offset-in-bits")), self.word(variable.get("type-id")))
        return int(element.get("size-in-bits", 0)), members

    def word(self, of):
        element = self.types[of]
        inner = element.get("type-id")
        if element.tag == "pointer-type-def":
            return self.word(inner) + " *"
        if element.tag == "qualified-type-def":
            return self.word(inner) + (" const" if element.get("const") else "")
        if element.tag == "array-type-def":
            return self.word(inner) + "".join(f"[{s.get('length')}]" for s in element.findall("subrange"))
        if element.tag == "function-type":
            given = ", ".join(self.word(p.get("type-id")) for p in element.findall("parameter"))
            return f"{self.word(element.find('return').get('type-id'))} ({given})"
        if element.tag == "typedef-decl" and element.get("name").startswith("__"):
            return self.word(inner)  # the C library's own
        return element.get("name")


def compare(old, new):
    """What is broken, and what is extended."""
    broken, extended = [], []
    for what in ("functions", "structs", "enums"):
        before, now = getattr(old, what), getattr(new, what)
        broken += [f"{name} is gone" for name in before.keys() - now.keys()]
        extended += [f"{name} is new" for name in now.keys() - before.keys()]
    for name in old.functions.keys() & new.functions.keys():
        if old.functions[name] != new.functions[name]:
            broken.append(f"{name} was {old.functions[name]} and is {new.functions[name]}")
    for name in old.enums.keys() & new.enums.keys():
        before, now = old.enums[name], new.enums[name]
        broken += [f"{name}: {n} was {v} and is {now.get(n, 'gone')}" for n, v in before.items() if now.get(n) != v]
        extended += [f"{name}: {n} is new" for n in now.keys() - before.keys()]
    for name in old.structs.keys() & new.structs.keys():
        (size, before), (new_size, now) = old.structs[name], new.structs[name]
        if "reserved" not in now and before.get("reserved") in now.values():
            extended.append(f"{name}: what was reserved is used")
            before = {n: m for n, m in before.items() if n != "reserved"} | {n: m for n, m in now.items() if m == before["reserved"]}
        broken += [f"{name}: {n} was {m} and is {now.get(n, 'gone')}" for n, m in before.items() if now.get(n) != m]
        # One that tells its size may grow; what holds it by value has members that are moved, and is told above.
        grows = "size" in before and before["size"][0] == 0
        if size != new_size:
            (extended if grows and new_size > size else broken).append(f"{name}: {size // 8} bytes were {new_size // 8}")
        extended += [f"{name}: {n} is new" for n in now.keys() - before.keys()]
        # In what was padding a program compiled before has anything.
        broken += [f"{name}: {n} is where nothing was promised" for n in now.keys() - before.keys() if now[n][0] < size]
    return sorted(broken), sorted(extended)


def main(action, header=ROOT / "include/framewire.h", description=ROOT / "include/framewire.abi"):
    header, description = pathlib.Path(header), pathlib.Path(description)
    now = described(header)
    if action == "describe":
        description.write_text(now, encoding="utf-8")
        return 0
    old, new = Abi(description.read_text(encoding="utf-8")), Abi(now)
    broken, extended = compare(old, new)
    for line in broken or extended:
        print(f"  {line}")
    if not broken:
        print("abi: extended, programs compiled before run as they did" if extended else "abi: compatible, nothing has changed")
        return 0
    if old.soname != new.soname:
        print(f"abi: broken, and {new.soname} says so")
        return 0
    print("abi: broken. Programs compiled before would fail: undo it, or raise FRAMEWIRE_ABI_VERSION (CONTRIBUTING.md)")
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
