//! From a peer's packets to whole coded pictures and sound, and what is said back. Sans-IO.

mod stats;
mod unit;

pub use crate::rtp::packet::Received;
pub use stats::{TrackCounters, TrackStats};
pub use unit::{CodedPicture, CodedSound, DecoderNews, TrackState, Unit};

use crate::media::Kind;
use crate::time::{Anchor, Time};
use std::sync::Arc;

/// What was negotiated for one incoming section.
#[derive(Clone, Debug)]
pub struct TrackConfig {
    /// Picture or sound.
    pub kind: Kind,
    /// The section's mid.
    pub mid: String,
    /// Payload type of the media.
    pub payload_type: u8,
    /// Payload type of its retransmissions (RFC 4588), where they were negotiated.
    pub rtx: Option<u8>,
    /// SSRCs of the media that the SDP names; none is fine.
    pub ssrcs: Vec<u32>,
    /// SSRCs of retransmissions that the SDP names: of which SSRC, and their own.
    pub rtx_ssrcs: Vec<(u32, u32)>,
    /// Missing packets may be asked for.
    pub nack: bool,
    /// Keyframes may be asked for by PLI,
    pub pli: bool,
    /// and by FIR.
    pub fir: bool,
    /// The sender listens to REMB,
    pub remb: bool,
    /// or to transport-wide feedback; where both were negotiated, to that alone.
    pub transport_cc: bool,
    /// The header extensions of the offer.
    pub received: Received,
    /// Where its figures are counted.
    pub counters: Arc<TrackCounters>,
}

/// Where a receiver's results go.
pub trait Out {
    /// An RTCP packet for the sender.
    fn send(&mut self, rtcp: &[u8]);
    /// Something for the decoder of the `track`-th track. False: its queue is full, and the unit is lost.
    fn unit(&mut self, track: usize, unit: Unit) -> bool;
    /// The state of the `track`-th track changed.
    fn state(&mut self, track: usize, state: TrackState, why: &str);
}

/// All incoming tracks of one peer.
#[derive(Debug)]
pub struct Receiver {
    tracks: Vec<TrackConfig>,
}

impl Receiver {
    /// A receiver of a peer that connected at `now`. `ssrc` is ours, in what we say back; `cname` our
    /// name, at most 255 bytes; `anchor` places our clock on the wall clock.
    pub fn new(tracks: Vec<TrackConfig>, ssrc: u32, cname: Arc<str>, anchor: Anchor, now: Time) -> Receiver {
        let _ = (ssrc, cname, anchor, now);
        Receiver { tracks }
    }

    /// Takes one RTP packet that arrived at `arrived`.
    pub fn rtp(&mut self, packet: &[u8], arrived: Time, out: &mut dyn Out) {
        let _ = (packet, arrived, out);
    }

    /// Takes one (compound) RTCP packet.
    pub fn rtcp(&mut self, packet: &[u8], now: Time, out: &mut dyn Out) {
        let _ = (packet, now, out);
    }

    /// Does what is due.
    pub fn tick(&mut self, now: Time, out: &mut dyn Out) {
        let _ = (now, out);
    }

    /// When the next tick is due.
    pub fn deadline(&self) -> Option<Time> {
        None
    }

    /// Hears the decoder of the `track`-th track.
    pub fn decoder(&mut self, track: usize, news: DecoderNews, now: Time, out: &mut dyn Out) {
        let _ = (track, news, now, out);
    }

    /// The program wants a keyframe of the `track`-th track.
    pub fn refresh(&mut self, track: usize, now: Time, out: &mut dyn Out) {
        let _ = (track, now, out);
    }

    /// Nobody wants the `track`-th track any more: nothing is asked for.
    pub fn stop(&mut self, track: usize) {
        let _ = track;
    }

    /// Says goodbye; nothing is said after it.
    pub fn goodbye(&mut self, now: Time, out: &mut dyn Out) {
        let _ = (&self.tracks, now, out);
    }
}
