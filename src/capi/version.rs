//! Which library this is.

use std::ffi::{CStr, c_char};

/// The ABI that this header describes. A program checks once that
/// `framewire_abi_version() == FRAMEWIRE_ABI_VERSION`: the library it found may be another than the
/// one it was compiled for.
pub const FRAMEWIRE_ABI_VERSION: u32 = 1;

/// The ABI that the library has: the number in its soname.
#[unsafe(no_mangle)]
pub extern "C" fn framewire_abi_version() -> u32 {
    FRAMEWIRE_ABI_VERSION
}

/// The library's release, like "1.2.3". Lives for ever.
#[unsafe(no_mangle)]
pub extern "C" fn framewire_version() -> *const c_char {
    const VERSION: &CStr =
        match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
            Ok(version) => version,
            Err(_) => panic!("a version has no NUL"),
        };
    VERSION.as_ptr()
}
