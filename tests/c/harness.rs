//! Compiles C programs against the header and the shared library, and runs them.
#![allow(dead_code, reason = "each test takes what it needs")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

/// The repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A path in a folder of the tests' own.
pub fn scratch(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// The shared library that cargo built for this test.
pub fn library() -> PathBuf {
    let test = env::current_exe().expect("a test knows where it is");
    test.parent().expect("it is in a folder").join("libframewire.so")
}

/// The functions that the header declares.
pub fn declared() -> BTreeSet<String> {
    let header = fs::read_to_string(root().join("include/framewire.h")).expect("the header is there");
    let code: String = header.split("/*").map(|part| part.rsplit("*/").next().unwrap_or_default()).collect();
    let starts = code.match_indices("framewire_").filter(|(at, _)| !code[..*at].ends_with("(*"));
    let names = starts.filter_map(|(at, _)| {
        let name = &code[at..at + code[at..].find(|c: char| !c.is_alphanumeric() && c != '_')?];
        code[at + name.len()..].starts_with('(').then(|| name.to_owned())
    });
    names.collect()
}

/// Whether the library was built with AddressSanitizer, as `make sanitize` does.
pub fn sanitized() -> bool {
    run(Command::new("nm").arg("-D").arg(library())).contains("__asan_init")
}

/// Compiles a C program (from the repository's root) with every warning an error.
pub fn compile(source: &str) -> PathBuf {
    build("c11", &[source])
}

/// The same, if there is a sanitizer to be tested.
pub fn compile_sanitized(source: &str) -> Option<PathBuf> {
    sanitized().then(|| compile(source))
}

/// Compiles an example, as its first comment says.
pub fn compile_example(name: &str) -> PathBuf {
    build("c99", &[&format!("examples-c/{name}.c"), "examples-c/test_card.c", "examples-c/echo.c"])
}

fn build(std: &str, sources: &[&str]) -> PathBuf {
    let folder = scratch("lib");
    fs::create_dir_all(&folder).expect("the scratch folder is writable");
    let versioned = format!("libframewire.so.{}", framewire::capi::version::FRAMEWIRE_ABI_VERSION);
    for name in ["libframewire.so", &versioned] {
        match std::os::unix::fs::symlink(library(), folder.join(name)) {
            Err(e) if e.kind() != io::ErrorKind::AlreadyExists => panic!("{name}: {e}"),
            _ => {}
        }
    }
    let (sanitized, first) = (sanitized(), Path::new(sources[0]));
    // Tests run at once: each has a program of its own.
    let test = std::thread::current().name().unwrap_or("test").to_owned();
    let stem = first.file_stem().expect("a file name").to_string_lossy();
    let program = scratch(&format!("{stem}-{test}"));
    let mut cc = Command::new(if sanitized { "clang" } else { "cc" });
    cc.args([&format!("-std={std}"), "-g", "-O1", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-pthread"]);
    if first.starts_with("tests") {
        cc.arg("-D_GNU_SOURCE");
    }
    if sanitized {
        cc.arg("-fsanitize=address");
    }
    cc.arg("-I").arg(root().join("include")).arg("-o").arg(&program);
    cc.args(sources.iter().map(|source| root().join(source)));
    cc.arg("-L").arg(&folder).arg(format!("-Wl,-rpath,{}", folder.display()));
    run(cc.args(["-lframewire", "-lm", "-ldl"]));
    program
}

/// Runs a command that must succeed; what it printed.
pub fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}\n{text}{errors}", output.status);
    text
}
