//! The examples' test card, checked in C and under the address and undefined-behaviour sanitizers.

use std::path::Path;
use std::process::Command;

#[test]
fn the_test_card_moves_and_carries_its_strip() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("test_card");
    let built = Command::new("cc")
        .args("-std=c99 -O2 -g -Wall -Wextra -Wpedantic -Werror".split(' '))
        .args(["-fsanitize=address,undefined", "-fno-sanitize-recover=all"])
        .arg("-I")
        .arg(root.join("examples-c"))
        .args([root.join("tests/test_card.c"), root.join("examples-c/test_card.c")])
        .arg("-lm")
        .arg("-o")
        .arg(&program)
        .status()
        .expect("a C compiler runs");
    assert!(built.success(), "the C test does not compile");
    assert!(Command::new(&program).status().expect("it runs").success(), "a check failed (above)");
}
