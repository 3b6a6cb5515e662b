//! One queue of what happened, read by a descriptor and `next`, or delivered to a callback.

use crate::error::{Result, Status};
use crate::id::Id;
use std::sync::Arc;
use std::time::Duration;

/// What happened. The numbers are the C ABI's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
#[non_exhaustive]
pub enum EventKind {
    /// A peer's state changed; `value` is its [`crate::peer::PeerState`], `text` the reason.
    PeerState = 1,
    /// An answer is ready: `text` is the SDP.
    Answer = 2,
    /// An offer is ready: `text` is the SDP.
    Offer = 3,
    /// Negotiation failed: `text` says why, `value` is the status.
    NegotiationFailed = 4,
    /// A local ICE candidate to be sent to the other side: `text`; empty ends them.
    Candidate = 5,
    /// A keyframe was asked for by a viewer of this source.
    KeyframeRequested = 6,
    /// One frame could not be encoded; `text` says why.
    EncoderError = 7,
    /// The source has failed and takes nothing more.
    SourceFailed = 8,
    /// A WHEP session began at a server; `text` is its id.
    SessionStarted = 9,
    /// A WHEP session ended; `text` says why.
    SessionEnded = 10,
    /// A server's own thread ended by an error.
    ServerFailed = 11,
}

/// One thing that happened.
#[derive(Clone, Debug)]
pub struct Event {
    /// What.
    pub kind: EventKind,
    /// To which object.
    pub object: Id,
    /// The stream's name where there is one.
    pub stream: Option<Arc<str>>,
    /// A number that the kind explains.
    pub value: i64,
    /// A sentence, or the text that the kind explains.
    pub text: String,
}

/// The queue. Bounded: when it is full the oldest goes, counted.
#[derive(Debug)]
pub struct Events {}

#[expect(unused_variables, clippy::todo, reason = "being built")]
impl Events {
    /// A queue of at most `capacity` events, to be read with [`Events::next`].
    pub fn new(capacity: usize) -> Result<Arc<Events>> {
        todo!()
    }
    /// Adds one. Never blocks for longer than the queue's lock, calls nobody.
    pub fn post(&self, event: Event) {
        todo!()
    }
    /// Takes the oldest, waiting for at most `timeout`.
    pub fn next(&self, timeout: Duration) -> Result<Event> {
        todo!()
    }
    /// Takes away what waits about `object`, and waits (at most a second, and not on the thread
    /// that delivers it) until a running callback about it has returned.
    pub fn forget(&self, object: Id) {
        todo!()
    }
}
