//! What the shared library shows to the linker and the loader.

#[path = "c/harness.rs"]
mod harness;

use harness::{declared, library, run};
use std::collections::BTreeSet;
use std::process::Command;

#[test]
fn the_library_exports_the_functions_of_the_header_and_nothing_else() {
    let symbols = run(Command::new("nm").args(["-D", "--defined-only", "--format=posix"]).arg(library()));
    let exported: BTreeSet<_> =
        symbols.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect();
    let declared = declared();
    let missing: Vec<_> = declared.difference(&exported).collect();
    let hidden: Vec<_> = exported.difference(&declared).collect();
    assert!(
        missing.is_empty() && hidden.is_empty(),
        "only in header: {missing:?}; only in library: {hidden:?}"
    );
    assert!(declared.len() > 30, "the header was read: {}", declared.len());
}

#[test]
fn its_name_carries_the_abi_number_and_it_stays_loaded() {
    let dynamic = dynamic();
    let name = format!("[libframewire.so.{}]", framewire::capi::version::FRAMEWIRE_ABI_VERSION);
    assert!(dynamic.lines().any(|line| line.contains("(SONAME)") && line.ends_with(&name)), "{dynamic}");
    assert!(dynamic.lines().any(|line| line.contains("FLAGS_1") && line.contains("NODELETE")), "{dynamic}");
}

#[test]
fn no_destructor_of_a_global_runs_at_exit() {
    let symbols = run(Command::new("nm").args(["-D", "--undefined-only"]).arg(library()));
    assert!(symbols.contains(" on_exit"), "{symbols}");
    assert!(!symbols.contains(" __cxa_atexit") && !symbols.contains(" atexit"), "{symbols}");
}

#[test]
#[cfg_attr(not(feature = "static"), ignore = "cargo test --no-default-features --features static")]
fn the_static_library_needs_nothing_but_glibc() {
    const GLIBC: [&str; 5] =
        ["libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2", "ld-linux-x86-64.so.2"];
    let dynamic = dynamic();
    for line in dynamic.lines().filter(|line| line.contains("(NEEDED)")) {
        let name = line.split(['[', ']']).nth(1).expect("a name in brackets");
        assert!(GLIBC.contains(&name), "{name} is needed");
    }
}

fn dynamic() -> String {
    run(Command::new("readelf").args(["--dynamic", "--wide"]).arg(library()))
}
