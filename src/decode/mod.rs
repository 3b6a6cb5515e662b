//! From the bitstream back to pixels.

pub mod vp8;
