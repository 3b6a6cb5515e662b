//! The safe skin over each C library, and the few system calls `std` does not have.

pub mod datachannel;
pub mod eventfd;
pub mod os;
pub mod process;
pub mod vpx;
pub mod readable;
