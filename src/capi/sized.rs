//! Structs that begin with their own size, so that a program and a library of other versions
//! understand each other.

use crate::error::{Error, Result};
use std::mem::MaybeUninit;
use std::ptr;
use std::time::Duration;

/// A struct of the C ABI that begins with `size: usize`.
///
/// # Safety
/// Every field is an integer, a raw pointer or an `Option` of a function: any bytes are a value.
/// `plain!` makes sure that there is no padding.
pub unsafe trait Sized: Copy {
    /// Its name in C.
    const NAME: &str;
    /// Its size in the first release: a program cannot know less.
    const FIRST: usize;
}

/// No struct of ours will ever be this large; a `size` beyond it was never set.
const LARGEST: usize = 4096;

/// Copies what C has filled: the fields it does not know are zero, and those that we do not know
/// must be.
///
/// # Safety
/// `from` is NULL, or points to a `size` and as many readable bytes as it says.
pub unsafe fn read<T: Sized>(from: *const T, name: &str) -> Result<T> {
    // SAFETY: as promised to us.
    let size = unsafe { size_of_struct(from, name) }?;
    // SAFETY: `size` bytes are readable, as promised to us.
    let bytes = unsafe { std::slice::from_raw_parts(from.cast::<u8>(), size) };
    let known = size.min(size_of::<T>());
    if bytes[known..].iter().any(|byte| *byte != 0) {
        return Err(Error::argument(format!(
            "{name}.size is {size} and a field after the first {known} bytes is set; this version has only those"
        )));
    }
    let mut value = MaybeUninit::<T>::zeroed();
    // SAFETY: both sides have `known` bytes, and `value` is fresh memory.
    unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), value.as_mut_ptr().cast::<u8>(), known) };
    // SAFETY: any bytes are a value of `T`.
    Ok(unsafe { value.assume_init() })
}

/// Where a struct goes that we fill.
pub struct Out<T> {
    to: *mut T,
    size: usize,
}

/// Checks where a struct of ours is to go.
///
/// # Safety
/// `to` is NULL, or points to a `size` and as many writable bytes as it says, until [`Out::write`].
pub unsafe fn out<T: Sized>(to: *mut T, name: &str) -> Result<Out<T>> {
    // SAFETY: as promised to us.
    let size = unsafe { size_of_struct(to, name) }?;
    Ok(Out { to, size })
}

impl<T: Sized> Out<T> {
    /// Fills it as far as C knows it; what we do not know becomes zero, and `size` stays.
    pub fn write(self, value: T) {
        let known = self.size.min(size_of::<T>());
        let head = size_of::<usize>();
        let (to, from) = (self.to.cast::<u8>(), (&raw const value).cast::<u8>());
        // SAFETY: `self.size` bytes are writable, as was promised to `out`; `known` is not more than
        // either side has, and `size` came first.
        unsafe {
            ptr::copy_nonoverlapping(from.add(head), to.add(head), known - head);
            ptr::write_bytes(to.add(known), 0, self.size - known);
        }
    }
}

/// More elements were never meant.
const MOST: usize = 4096;

/// An array that C has, of elements without a `size`.
///
/// # Safety
/// `from` is NULL, or has `count` readable elements for `'a`.
pub unsafe fn array<'a, T>(from: *const T, count: usize, name: &str) -> Result<&'a [T]> {
    match (from.is_null(), count) {
        (_, 0) => Ok(&[]),
        (true, _) => Err(Error::argument(format!("{name} is NULL but should have {count} elements"))),
        // SAFETY: as promised to us.
        (false, 1..=MOST) => Ok(unsafe { std::slice::from_raw_parts(from, count) }),
        (false, _) => Err(Error::argument(format!("{name} has {count} elements but may have {MOST}"))),
    }
}

/// A field that has no meaning yet.
pub fn unused(value: u32, name: &str) -> Result<()> {
    if value == 0 { Ok(()) } else { Err(Error::argument(format!("{name} is {value} but must be 0"))) }
}

/// A field that is 0 or 1.
pub fn flag(value: u32, name: &str) -> Result<bool> {
    match value {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Error::argument(format!("{name} is {value} but must be 0 or 1"))),
    }
}

/// How long to wait: milliseconds, or -1 for no end.
pub fn timeout(ms: i32) -> Result<Option<Duration>> {
    match ms {
        -1 => Ok(None),
        0.. => Ok(Some(Duration::from_millis(ms as u64))),
        _ => Err(Error::argument(format!("timeout_ms is {ms} but must be -1 (no end) or more"))),
    }
}

/// Milliseconds, or 0 for the default.
pub fn millis(ms: u32) -> Option<Duration> {
    (ms != 0).then(|| Duration::from_millis(ms.into()))
}

/// # Safety
/// `at` is NULL or points to a readable `size`.
unsafe fn size_of_struct<T: Sized>(at: *const T, name: &str) -> Result<usize> {
    if at.is_null() {
        return Err(Error::argument(format!("{name} is NULL")));
    }
    // SAFETY: `size` is readable, as promised to us; the struct may lie unaligned in a foreign buffer.
    let size = unsafe { at.cast::<usize>().read_unaligned() };
    if !(T::FIRST..=LARGEST).contains(&size) {
        let (kind, ours) = (T::NAME, size_of::<T>());
        return Err(Error::argument(format!("{name}.size is {size} but must be sizeof({kind}), {ours}")));
    }
    Ok(size)
}

/// Makes a struct [`Sized`]: all its fields are named, and nothing lies between them.
macro_rules! plain {
    ($name:ident, first $first:literal, { size, $($field:ident),* $(,)? }) => {
        const _: () = {
            const fn width<T, F>(_: fn(&T) -> &F) -> usize { size_of::<F>() }
            let fields = size_of::<usize>() $(+ width(|s: &$name| &s.$field))*;
            assert!(fields == size_of::<$name>(), "there is padding, or a field is not named");
            assert!($first <= size_of::<$name>());
            assert!(std::mem::offset_of!($name, size) == 0);
        };
        // SAFETY: every field is an integer, a pointer or an optional function.
        unsafe impl $crate::capi::sized::Sized for $name {
            const NAME: &str = stringify!($name);
            const FIRST: usize = $first;
        }
    };
}
pub(super) use plain;
