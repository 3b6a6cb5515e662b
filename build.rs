//! What the linker is told: the name and the manners of the shared library, and for the feature
//! `static` where the archives are.

use std::env;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=src/capi/version.rs");
    let version = std::fs::read_to_string("src/capi/version.rs").expect("the ABI number stands there");
    let (_, number) = version.split_once("FRAMEWIRE_ABI_VERSION: u32 = ").expect("as a constant");
    let (number, _) = number.split_once(';').expect("with a semicolon");
    println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libframewire.so.{number}");
    // Threads of ours and of libdatachannel may be running when the last dlclose comes.
    println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    // The destructors of C++ globals are not registered: src/native/process.rs says why.
    if ["x86_64", "aarch64"].contains(&env::var("CARGO_CFG_TARGET_ARCH").expect("cargo sets it").as_str()) {
        println!("cargo:rustc-cdylib-link-arg=-Wl,--wrap=__cxa_atexit");
    }
    if env::var_os("CARGO_FEATURE_STATIC").is_some() {
        prefer_archives();
    }
}

/// Puts a folder in front of the linker's search that has only archives: `-lstdc++` finds
/// `libstdc++.a` there. Works the same for whoever asks for the library, and however.
fn prefer_archives() {
    let folder = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it")).join("archives");
    std::fs::create_dir_all(&folder).expect("OUT_DIR is writable");
    for (name, archive) in [
        ("libstdc++.a", "libstdc++.a"),
        ("libvpx.a", "libvpx.a"),
        // The unwinder, which std asks for by the name of its shared form.
        ("libgcc_s.a", "libgcc_eh.a"),
    ] {
        let link = folder.join(name);
        let _ = std::fs::remove_file(&link);
        symlink(find(archive), link).expect("OUT_DIR is writable");
    }
    println!("cargo:rustc-link-search=native={}", folder.display());
}

fn find(archive: &str) -> PathBuf {
    let output =
        Command::new("cc").arg(format!("-print-file-name={archive}")).output().expect("cc is installed");
    let path = String::from_utf8(output.stdout).expect("a path");
    let path = Path::new(path.trim());
    // It echoes the name when it finds nothing.
    assert!(path.is_absolute(), "{archive} is not installed: the feature `static` needs it");
    path.to_owned()
}
