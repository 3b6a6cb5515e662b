//! Raw frames and sound into live WebRTC: pushed raw, encoded once, sent to every peer that watches. And
//! live WebRTC into raw frames and sound: put in order, decoded, taken by the application.
//!
//! The road of a frame, out and in, and the modules in its order:
//!
//! ```text
//!  C caller ─ capi ─ source ─ frame, pool ─ mailbox ═╗ encoder thread (one a source's picture, one its sound)
//!                                                    ╚═ convert ─ encode ─ rtp (packetize) ─ fanout ═╗
//!                  ╔═════════════════════════════════════════════════════════════════════════════════╝
//!                  ╚═ sender thread ─┬─ viewer (gate, history, reports) ─ native::datachannel ─▶ wire
//!                                    └─ viewer (gate, history, reports) ─ native::datachannel ─▶ wire
//!  keyframe wanted ◀── viewer ◀── ring of the peer's line ◀── RTCP, states ◀── native::datachannel ◀┘
//!
//!  native::datachannel ─▶ ring of the peer's line ─▶ RTP ═╗ the same sender thread
//!  NACK, PLI, reports ─▶ native::datachannel ◀────────────╚═ receive (order, frames, keyframe schedule) ═╗
//!                  ╔═════════════════════════════════════════════════════════════════════════════════════╝
//!                  ╚═ decoder thread, one a track ─ decode ─ convert ─ sink ─ capi ─ C caller
//!  messages with images, PCM ─ ingest ═ decoder thread ─ convert ─ sink
//!
//!  C caller ◀─▶ capi ◀─▶ channel ◀─▶ native::datachannel
//!  sink ═ process (newest in, workers or jobs, in order out) ═╦═▶ source
//!                                                            ╚═▶ results
//!  C caller ─ capi ─ results ═ thread of the feed ═ message (chunks, window), one a peer ─ channel
//!  C caller ◀─ capi ◀─ uploads ◀═ thread of the receiver ═ message (file), one a channel ◀─ channel
//! ```
//!
//! A [`peer`] joins the halves: it reads an offer or makes one ([`sdp`]), brings its viewers and its receiver
//! to a sender thread, and starts the decoders. A [`server`] makes peers of what browsers POST, a [`client`]
//! POSTs itself. A [`resolve::Resolver`] is told by peers what came, and by the application whose it is. What
//! happens is told as [`events`].
//!
//! No stage calls an earlier one, and none but those in the drawing has a thread, a clock or I/O: time is an
//! argument. Between a push and the wire at most one frame waits, and so it is between the wire and the
//! application, unless that asks for more.

#[expect(unsafe_code, reason = "pointers come from C here")]
pub mod capi;
pub mod source;
pub mod frame;
pub mod pool;
pub mod mailbox;
pub mod convert;
pub mod encode;
pub mod media;
pub mod rtp;
pub mod fanout;
pub(crate) mod sender;
pub mod viewer;
#[expect(unsafe_code, reason = "the C libraries are reached from here alone")]
pub(crate) mod native;
pub mod peer;
pub mod ice;
pub mod channel;
pub mod results;
pub mod uploads;
pub mod resolve;
pub mod sdp;
pub mod server;
pub mod client;
pub mod receive;
pub mod decode;
pub mod sink;
pub mod message;
pub mod ingest;
pub mod process;
pub mod events;
pub(crate) mod queue;
pub mod error;
pub mod id;
pub mod log;
pub mod stats;
pub(crate) mod sync;
pub mod time;
