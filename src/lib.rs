//! Raw frames and sound into live WebRTC.

#[expect(unsafe_code, reason = "C is spoken here")]
pub mod capi;
pub mod convert;
pub mod decode;
pub mod encode;
pub mod error;
pub mod events;
pub mod fanout;
pub mod frame;
pub mod id;
pub mod log;
pub mod mailbox;
pub mod media;
#[expect(unsafe_code, reason = "the C libraries are reached from here alone")]
pub(crate) mod native;
pub mod peer;
pub mod pool;
pub(crate) mod queue;
pub mod rtp;
pub mod sdp;
pub(crate) mod sender;
pub mod server;
pub mod source;
pub mod stats;
pub(crate) mod sync;
pub mod time;
pub mod viewer;
