//! What C sees. Each function checks, converts and makes one call; `include/framewire.h` is
//! generated from these files in the order of `HEADER`, and their comments are its manual.

#![expect(non_camel_case_types, reason = "these are the names that C sees")]
#![expect(clippy::missing_safety_doc, reason = "what a caller promises is in the prose, which C readers get")]

mod callback;
mod guard;
mod registry;
mod sized;
mod text;

pub mod channel;
pub mod client;
pub mod envelope;
pub mod events;
pub mod frame;
pub mod ice;
pub mod ingest;
pub mod job;
pub mod log;
pub mod negotiate;
pub mod peer;
pub mod processor;
pub mod publish;
pub mod reassembler;
pub mod resolver;
pub mod results;
pub mod server;
pub mod sink;
pub mod source;
pub mod stats;
pub mod status;
pub mod upload;
pub mod version;
pub mod video;

/// The files of the header, in its order.
pub const HEADER: [&str; 24] = [
    "status",
    "version",
    "log",
    "events",
    "video",
    "source",
    "frame",
    "sink",
    "ice",
    "peer",
    "negotiate",
    "channel",
    "server",
    "publish",
    "ingest",
    "client",
    "results",
    "upload",
    "envelope",
    "reassembler",
    "resolver",
    "job",
    "processor",
    "stats",
];
