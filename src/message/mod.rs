//! Messages beside the media: results go out framed and paced, files and acknowledgements come in. Sans-IO.
//!
//! ```text
//!  result ─ envelope ─ gzip ─ sender (chunk, window) ═╗
//!  result ─ envelope ─ gzip ─ sender (chunk, window) ═╩═ fair ─▶ data channels of one connection
//!                               ▲ ack ◀── text ◀─────────────────┤
//!  message ◀── reassemble (chunk, gzip) ◀────────────────────────┤
//!  file ◀───── upload ◀──────────────────────────────────────────┘
//!  picture, sound ◀── ingest ◀── WebSocket
//! ```
//!
//! The formats are kept byte for byte: all numbers are little-endian, all limits are options, and what
//! breaks a rule ends its own message and is counted.

pub mod envelope;
pub mod gzip;
pub mod chunk;
pub mod ack;
pub mod sender;
pub mod fair;
pub mod reassemble;
pub mod upload;
pub mod ingest;

/// No message is larger, unless an option says so.
pub const MAX_MESSAGE: usize = 64 << 20;
