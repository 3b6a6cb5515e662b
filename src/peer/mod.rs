//! One WebRTC connection and its life.

use crate::error::Result;
use crate::events::Events;
use crate::id::Id;
use crate::source::Source;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// Where a peer stands. The numbers are the C ABI's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(i32)]
pub enum PeerState {
    /// Nothing negotiated.
    New = 0,
    /// Offer and answer are exchanged, or being so.
    Connecting = 1,
    /// Media flows.
    Connected = 2,
    /// Connected, but nothing came from the remote for two seconds.
    Interrupted = 3,
    /// ICE lost the path; it may come back.
    Disconnected = 4,
    /// It is over: no path, silence, or an error. Its sources are detached.
    Failed = 5,
    /// It is over: closed by either side. Its sources are detached.
    Closed = 6,
}

/// What a [`Peer`] is made from.
#[derive(Clone, Debug, Default)]
pub struct PeerOptions {
    /// The peer's id in events; `None`: a fresh one.
    pub id: Option<Id>,
    /// Where its life is told.
    pub events: Option<Arc<Events>>,
    /// The stream's name in its events.
    pub stream: Option<Arc<str>>,
    /// The local address for media; `None`: every interface's.
    pub media_address: Option<IpAddr>,
    /// How long *disconnected* may last; `None`: 5 s.
    pub disconnect_grace: Option<Duration>,
    /// How long *connecting* may last; `None`: 30 s.
    pub connect_timeout: Option<Duration>,
}

/// Figures of one viewer: one source's picture or sound to one peer.
#[derive(Clone, Copy, Debug, Default)]
pub struct ViewerStats {}

/// One connection. Cloning gives another handle to the same one; it ends with [`Peer::close`].
#[derive(Clone)]
pub struct Peer(Arc<()>);

#[expect(unused_variables, clippy::todo, reason = "being built")]
impl Peer {
    /// A peer, not connected to anything.
    pub fn new(options: PeerOptions) -> Result<Peer> {
        todo!()
    }
    /// Which peer this is.
    pub fn id(&self) -> Id {
        todo!()
    }
    /// Sends `source` in the section `mid` of the coming offer; `None`: in the next section of
    /// each of its kinds. Before the offer.
    pub fn send(&self, mid: Option<&str>, source: &Source) -> Result<()> {
        todo!()
    }
    /// Answers an offer, waiting for at most `timeout`.
    pub fn answer(&self, offer: &str, timeout: Duration) -> Result<String> {
        todo!()
    }
    /// Answers an offer on a thread of ours; the answer comes as an event.
    pub fn answer_async(&self, offer: &str) -> Result<()> {
        todo!()
    }
    /// Makes an offer of its sources, waiting for at most `timeout`.
    pub fn offer(&self, timeout: Duration) -> Result<String> {
        todo!()
    }
    /// Makes an offer on a thread of ours; it comes as an event.
    pub fn offer_async(&self) -> Result<()> {
        todo!()
    }
    /// Takes the answer to our offer.
    pub fn accept(&self, answer: &str) -> Result<()> {
        todo!()
    }
    /// Takes a remote ICE candidate (the `candidate:` line's text); names are ignored.
    pub fn add_candidate(&self, candidate: &str, mid: Option<&str>) -> Result<()> {
        todo!()
    }
    /// Where it stands.
    pub fn state(&self) -> PeerState {
        todo!()
    }
    /// Its viewers, in the order of the offer's sections: mid and figures. Kept until it is dropped.
    pub fn stats(&self) -> Vec<(String, ViewerStats)> {
        todo!()
    }
    /// Ends it: says BYE, detaches its sources, frees the connection on a thread of ours.
    pub fn close(&self) {
        todo!()
    }
}
