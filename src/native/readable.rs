//! Whether a pointer that came from outside points to memory that can be read.

use std::ffi::c_void;

/// Whether the first and the last of `length` bytes at `start` can be read. True also where the system does not tell.
pub fn is_readable(start: *const u8, length: usize) -> bool {
    if length == 0 {
        return true;
    }
    let mut bytes = [0_u8; 2];
    let to = libc::iovec { iov_base: bytes.as_mut_ptr().cast(), iov_len: 2 };
    let from = [start, start.wrapping_add(length - 1)]
        .map(|byte| libc::iovec { iov_base: byte.cast_mut().cast::<c_void>(), iov_len: 1 });
    // SAFETY: two bytes are written to `bytes`; what is read is read by the kernel, which answers for its faults.
    let read = unsafe { libc::process_vm_readv(libc::getpid(), &to, 1, from.as_ptr(), 2, 0) };
    let fault = read < 0 && std::io::Error::last_os_error().raw_os_error() == Some(libc::EFAULT);
    // A read that ends early ended at a fault; a refusal to look says nothing.
    !(fault || read == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_told_from_what_is_none() {
        let bytes = [1_u8; 100];
        assert!(is_readable(bytes.as_ptr(), bytes.len()) && is_readable(std::ptr::null(), 0));
        for start in [8, usize::MAX - 200, 1 << 62] {
            assert!(!is_readable(start as *const u8, 100), "{start:#x}");
        }
        assert!(!is_readable(bytes.as_ptr(), 1 << 46), "it ends elsewhere");
    }
}
