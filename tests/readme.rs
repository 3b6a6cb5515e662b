//! The README's program compiles as it stands there.

use std::path::Path;
use std::process::Command;

#[test]
fn the_program_of_the_readme_compiles() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).expect("the README is there");
    let (_, rest) = readme.split_once("```c\n").expect("it shows a program");
    let (program, _) = rest.split_once("```").expect("and the program ends");
    assert!(program.lines().count() <= 35, "the program has grown to {} lines", program.lines().count());

    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("readme.c");
    std::fs::write(&file, program).expect("the target folder can be written");
    let compiled = Command::new("cc")
        .args("-std=c99 -Wall -Wextra -Wpedantic -Werror -fsyntax-only -I".split(' '))
        .arg(root.join("include"))
        .arg(&file)
        .status()
        .expect("a C compiler runs");
    assert!(compiled.success());
}
