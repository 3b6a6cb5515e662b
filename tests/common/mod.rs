//! What stands at the other end in the tests: a receiving peer that shares no code with the
//! library's own RTP, RTCP and SDP, a road that loses packets, and a picture that says which it is.
#![allow(dead_code, reason = "each test crate uses its part of this")]

pub mod air;
pub mod bare;
pub mod camera;
pub mod card;
pub mod order;
pub mod relay;
pub mod rng;
pub mod rtcp;
pub mod rtp;
pub mod script;
pub mod stun;
pub mod taker;
pub mod turn;
pub mod uploader;
pub mod vp8;
pub mod vpx;
pub mod watcher;
