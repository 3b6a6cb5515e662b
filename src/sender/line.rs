//! What libdatachannel and the decoders say of one peer, kept until that peer's sender thread takes it.

use super::inbox::Inbox;
use super::ring::Ring;
use crate::decode::News;
use crate::id::Id;
use crate::native::datachannel::{LinkState, Observer};
use crate::time::{Time, clock};
use std::collections::VecDeque;
use std::sync::Arc;

/// How much of one peer may wait. RTCP of a viewer is a few packets a second; a remote that floods
/// loses its own.
const NOTES: usize = 256;
/// How much of one that sends us media: the packets of a keyframe of 1 MB.
const PACKETS: usize = 1_024;
/// Longest packet that is taken; an Ethernet frame holds no more.
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
    /// RTP arrived, at this moment.
    Rtp(Box<[u8]>, Time),
    /// The decoder of an incoming track says this.
    Decoder(usize, News),
    /// The application wants a keyframe of an incoming track.
    Refresh(usize),
}

/// The bounded memory between libdatachannel's threads and the sender thread.
pub struct Line {
    peer: Id,
    inbox: Arc<Inbox>,
    notes: Ring<Note>,
    /// Whether media comes in.
    receives: bool,
}

impl Line {
    /// The line of `peer` to the sender thread that reads `inbox`. `receives`: media comes in.
    pub fn new(peer: Id, inbox: Arc<Inbox>, receives: bool) -> Arc<Line> {
        let notes = Ring::new(if receives { PACKETS } else { NOTES });
        Arc::new(Line { peer, inbox, notes, receives })
    }

    /// Moves all that waits into `notes`, which is empty; how many were dropped since the last time.
    pub fn take(&self, notes: &mut VecDeque<Note>) -> u64 {
        self.notes.take(notes)
    }

    /// What the decoder of an incoming track says.
    pub fn decoder(&self, track: usize, news: News) {
        self.put(Note::Decoder(track, news));
    }

    /// The application wants a keyframe of an incoming track.
    pub fn refresh(&self, track: usize) {
        self.put(Note::Refresh(track));
    }

    fn put(&self, note: Note) {
        // States are few and must arrive, and a decoder has one word for a picture; packets, and the
        // wishes of an application, can be too many.
        let may_drop = matches!(note, Note::Rtcp(_) | Note::Rtp(..) | Note::Refresh(_));
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
        if packet.len() > LONGEST {
            return;
        }
        // RFC 5761 section 4: the second byte tells RTCP from RTP.
        match packet.get(1) {
            Some(192..=223) => self.put(Note::Rtcp(packet.into())),
            Some(_) if self.receives => self.put(Note::Rtp(packet.into(), clock::now())),
            _ => {}
        }
    }
}
