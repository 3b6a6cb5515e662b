//! The sans-IO half of the library, compiled from the same files: what reads bytes from the network
//! needs neither libvpx nor libdatachannel, so the fuzzers build in seconds and instrument all of it.

#[path = "../src/error.rs"]
pub mod error;
#[path = "../src/frame.rs"]
pub mod frame;
#[path = "../src/id.rs"]
pub mod id;
#[path = "../src/ingest"]
pub mod ingest {
    pub mod image;
}
#[path = "../src/media.rs"]
pub mod media;
#[path = "../src/message/mod.rs"]
pub mod message;
#[path = "../src/receive/mod.rs"]
pub mod receive;
#[path = "../src/rtp/mod.rs"]
pub mod rtp;
#[path = "../src/sdp/mod.rs"]
pub mod sdp;
#[path = "../src/server"]
pub mod server {
    pub mod fragment;
}
#[path = "../src/time.rs"]
pub mod time;
#[path = "../src/viewer/mod.rs"]
pub mod viewer;

#[path = "../src/native"]
mod native {
    pub mod os;
}
