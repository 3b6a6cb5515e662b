//! The whole road, packet by packet; what loss does to it at length is in `tests/receive_lossy.rs`.

mod bench;
mod keyframes;
mod reports;
mod streams;
