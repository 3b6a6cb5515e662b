//! A descriptor that is readable while something waits.

use std::io::{Error, Result};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

/// An `eventfd`, raised or not.
#[derive(Debug)]
pub struct EventFd(OwnedFd);

impl EventFd {
    /// One that is not raised.
    pub fn new() -> Result<EventFd> {
        // SAFETY: no pointer is passed.
        let fd = unsafe { libc::eventfd(0, libc::EFD_NONBLOCK | libc::EFD_CLOEXEC) };
        if fd < 0 {
            return Err(Error::last_os_error());
        }
        // SAFETY: `fd` is open, and nobody else has it.
        Ok(EventFd(unsafe { OwnedFd::from_raw_fd(fd) }))
    }

    /// Makes it readable.
    pub fn raise(&self) {
        // SAFETY: the descriptor is open. EAGAIN means that it is raised already.
        unsafe { libc::eventfd_write(self.fd(), 1) };
    }

    /// Makes it unreadable.
    pub fn lower(&self) {
        let mut count = 0;
        // SAFETY: the descriptor is open and `count` is writable. EAGAIN means that it is lowered already.
        unsafe { libc::eventfd_read(self.fd(), &mut count) };
    }

    /// For `poll`.
    pub fn fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

/// Whether a read of `fd` would find something.
#[cfg(test)]
pub fn readable(fd: RawFd) -> bool {
    let mut poll = libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
    // SAFETY: `poll` is one valid pollfd.
    unsafe { libc::poll(&mut poll, 1, 0) == 1 }
}
