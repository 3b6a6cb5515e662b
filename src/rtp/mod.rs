//! The wire format, sans-IO: what stands in a packet, and how long one may be asked for again.

pub mod history;
pub mod packet;
pub mod rtcp;
pub mod vp8;
pub mod parse;
pub mod descriptor;
pub mod feedback;

pub use packet::{MAX_PACKET, MAX_PAYLOAD};
