//! Text in, text out.

use crate::error::{Error, Result, Status};
use std::ffi::{CStr, c_char};

/// Text that must be there.
///
/// # Safety
/// `from` is NULL, or a C string that stays as it is for `'a`.
pub unsafe fn read<'a>(from: *const c_char, name: &str) -> Result<&'a str> {
    // SAFETY: as promised to us.
    unsafe { read_optional(from, name) }?.ok_or_else(|| Error::argument(format!("{name} is NULL")))
}

/// Text that may be NULL.
///
/// # Safety
/// As for [`read`].
pub unsafe fn read_optional<'a>(from: *const c_char, name: &str) -> Result<Option<&'a str>> {
    if from.is_null() {
        return Ok(None);
    }
    // SAFETY: a C string, as promised to us.
    let text = unsafe { CStr::from_ptr(from) };
    text.to_str().map(Some).map_err(|e| Error::argument(format!("{name} is not UTF-8: {e}")))
}

/// Where text goes: the caller's buffer and the length that it learns.
pub struct TextOut {
    buffer: *mut c_char,
    capacity: usize,
    length: *mut usize,
}

/// Checks where text is to go.
///
/// # Safety
/// `buffer` is NULL or has `capacity` writable bytes, `length` is NULL or writable, until
/// [`TextOut::write`].
pub unsafe fn out(buffer: *mut c_char, capacity: usize, length: *mut usize) -> Result<TextOut> {
    if buffer.is_null() && length.is_null() {
        return Err(Error::argument("buffer and length are both NULL: there is nowhere to write to"));
    }
    Ok(TextOut { buffer, capacity, length })
}

impl TextOut {
    /// Writes `text` and a NUL, or only its length if there is no buffer. A buffer without room for
    /// all of it is left alone: `Limit`, and the length is told.
    pub fn write(self, text: &str) -> Result<()> {
        if !self.length.is_null() {
            // SAFETY: it is writable, as was promised to `out`.
            unsafe { self.length.write_unaligned(text.len()) };
        }
        if self.buffer.is_null() {
            return Ok(());
        }
        if self.capacity <= text.len() {
            let sentence = format!("capacity is {} but the text needs {}", self.capacity, text.len() + 1);
            return Err(Error::new(Status::Limit, sentence));
        }
        // SAFETY: the buffer has `capacity` bytes, as was promised to `out`: more than the text.
        unsafe {
            self.buffer.copy_from_nonoverlapping(text.as_ptr().cast(), text.len());
            self.buffer.add(text.len()).write(0);
        }
        Ok(())
    }
}
