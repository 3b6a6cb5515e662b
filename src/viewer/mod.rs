//! One source's picture or sound to one peer: the gate, the packets, the feedback. Sans-IO.

mod stats;

pub use crate::rtp::packet::Extensions;
pub use stats::{ViewerCounters, ViewerStats};

use crate::media::{Kind, MediaFrame};
use crate::time::{Anchor, Time};
use std::sync::Arc;

/// What was negotiated for one stream.
#[derive(Clone, Debug)]
pub struct StreamConfig {
    /// Picture or sound.
    pub kind: Kind,
    /// Its SSRC, as the SDP says.
    pub ssrc: u32,
    /// The payload type of the offer.
    pub payload_type: u8,
    /// The sequence number of the first packet: random, RFC 3550 section 5.1.
    pub first_sequence: u16,
    /// What is added to the source's RTP time: random, RFC 3550 section 5.1.
    pub timestamp_offset: u32,
    /// The same for all streams of a source's peer, so that they are played in sync. 1 to 255 bytes.
    pub cname: Arc<str>,
    /// The section's mid.
    pub mid: Arc<str>,
    /// The header extensions of the offer.
    pub extensions: Extensions,
    /// Whether lost packets are asked for.
    pub nack: bool,
}

/// What a message from the receiver asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Feedback {
    /// A keyframe is needed.
    pub keyframe: bool,
    /// Something in it was about this stream.
    pub for_us: bool,
    /// The receiver says goodbye.
    pub bye: bool,
}

/// Where packets go.
pub type Send<'a> = &'a mut dyn FnMut(&[u8]);

/// One viewer.
#[derive(Debug)]
pub struct Viewer {
    config: StreamConfig,
    counters: Arc<ViewerCounters>,
    #[expect(dead_code, reason = "being built")]
    connected: Time,
}

#[expect(unused_variables, clippy::todo, reason = "being built")]
impl Viewer {
    /// A viewer whose connection came up at `connected`; it waits for a keyframe. `anchor` places
    /// its reports on the wall clock: the same as the source's.
    pub fn new(
        config: StreamConfig,
        counters: Arc<ViewerCounters>,
        anchor: Anchor,
        connected: Time,
    ) -> Viewer {
        Viewer { config, counters, connected }
    }

    /// Sends one frame, and a sender report if one is due; false if the viewer waits for a keyframe.
    pub fn push(&mut self, frame: &Arc<MediaFrame>, now: Time, send: Send<'_>) -> bool {
        todo!()
    }

    /// Whether it waits for a keyframe: it has just joined, or missed a frame.
    pub fn wants_keyframe(&self) -> bool {
        todo!()
    }

    /// Takes one (compound) RTCP message; lost packets are sent again at once.
    pub fn rtcp(&mut self, compound: &[u8], now: Time, send: Send<'_>) -> Feedback {
        todo!()
    }

    /// Does what is due: a sender report; the history is thinned out.
    pub fn tick(&mut self, now: Time, send: Send<'_>) {
        todo!()
    }

    /// When the next tick is due; `None` while nothing is sent.
    pub fn deadline(&self) -> Option<Time> {
        todo!()
    }

    /// Says BYE. A closed connection is not told to the remote in any other way.
    pub fn goodbye(self, now: Time, send: Send<'_>) {
        todo!()
    }
}
