//! What libdatachannel says of one peer, kept until that peer's sender thread takes it.

use super::inbox::Inbox;
use super::ring::Ring;
use crate::id::Id;
use crate::native::datachannel::{LinkState, Observer};
use std::collections::VecDeque;
use std::sync::Arc;

/// How much of one peer may wait. RTCP of a viewer is a few packets a second; a remote that floods
/// loses its own.
const NOTES: usize = 256;
/// Longest RTCP packet that is taken; an Ethernet frame holds no more.
const LONGEST: usize = 1_500;

/// One thing that was said.
#[derive(Debug, PartialEq, Eq)]
pub enum Note {
    /// The connection changed its state.
    Link(LinkState),
    /// Packets can be sent.
    Open,
    /// RTCP arrived.
    Rtcp(Box<[u8]>),
}

/// The bounded memory between libdatachannel's threads and the sender thread.
pub struct Line {
    peer: Id,
    inbox: Arc<Inbox>,
    notes: Ring<Note>,
}

impl Line {
    /// The line of `peer` to the sender thread that reads `inbox`.
    pub fn new(peer: Id, inbox: Arc<Inbox>) -> Arc<Line> {
        Arc::new(Line { peer, inbox, notes: Ring::new(NOTES) })
    }

    /// Moves all that waits into `notes`, which is empty; how many were dropped since the last time.
    pub fn take(&self, notes: &mut VecDeque<Note>) -> u64 {
        self.notes.take(notes)
    }

    fn put(&self, note: Note) {
        // States are few and must arrive; only packets can be too many.
        let may_drop = matches!(note, Note::Rtcp(_));
        if self.notes.put(note, may_drop) {
            self.inbox.ready(self.peer);
        }
    }
}

impl Observer for Line {
    fn state(&self, state: LinkState) {
        self.put(Note::Link(state));
    }

    fn open(&self) {
        self.put(Note::Open);
    }

    fn packet(&self, packet: &[u8]) {
        // RFC 5761 section 4: the second byte tells RTCP from RTP. We receive no RTP here.
        let rtcp = packet.len() <= LONGEST && matches!(packet.get(1), Some(192..=223));
        if rtcp {
            self.put(Note::Rtcp(packet.into()));
        }
    }
}
