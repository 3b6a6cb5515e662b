//! The committed header is the one that the sources make, and it compiles alone in every language
//! that includes it.

#[path = "c/harness.rs"]
mod harness;

use harness::{root, run, scratch};
use std::process::Command;
use std::{env, fs};

#[test]
fn the_committed_header_is_what_the_sources_say() {
    let path = root().join("include/framewire.h");
    let generated = generate();
    if env::var_os("FRAMEWIRE_BLESS").is_some() {
        fs::write(&path, &generated).expect("the header can be written");
    }
    let committed = fs::read_to_string(&path).expect("include/framewire.h is there");
    let line = committed.lines().zip(generated.lines()).position(|(a, b)| a != b);
    assert!(
        committed == generated,
        "include/framewire.h is not what src/capi says (line {line:?}, from 0); \
         to write it: FRAMEWIRE_BLESS=1 cargo test --test header"
    );
}

#[test]
fn it_compiles_alone_as_c_and_cpp() {
    let unit = scratch("header_alone.c");
    fs::write(&unit, "#include \"framewire.h\"\n#include \"framewire.h\"\ntypedef int not_empty;\n")
        .expect("the scratch folder is writable");
    let c = ["c99", "c11", "c2x"].map(|std| ("c", std));
    for compiler in ["gcc", "clang"] {
        for (language, std) in c.into_iter().chain([("c++", "c++17")]) {
            let mut command = Command::new(compiler);
            command.args(["-x", language, &format!("-std={std}"), "-fsyntax-only"]);
            command.args(["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-I"]).arg(root().join("include"));
            run(command.arg(&unit));
        }
    }
}

/// The header: the files of `src/capi` in the order that they have there.
fn generate() -> String {
    let config = cbindgen::Config::from_file(root().join("cbindgen.toml")).expect("cbindgen.toml is right");
    let mut builder = cbindgen::Builder::new().with_config(config);
    for file in framewire::capi::HEADER {
        builder = builder.with_src(root().join("src/capi").join(file).with_extension("rs"));
    }
    let mut header = Vec::new();
    builder.generate().expect("src/capi can be read").write(&mut header);
    let header = String::from_utf8(header).expect("a header is text");
    // Doc comments are made for two readers; rustdoc's marks are not for this one.
    header.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}
