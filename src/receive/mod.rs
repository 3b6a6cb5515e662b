//! From a peer's packets to whole coded pictures and sound, and what is said back. Sans-IO.

mod route;
mod track;
mod sequence;
mod order;
mod missing;
mod assemble;
mod picture;
mod sound;
mod clock;
mod hand;
mod keyframe;
mod reception;
mod transport;
mod remb;
mod stats;
mod unit;
#[cfg(test)]
mod tests;

pub use crate::rtp::packet::Received;
pub use stats::{TrackCounters, TrackStats};
pub use unit::{CodedPicture, CodedSound, DecoderNews, TrackState, Unit};

use crate::media::Kind;
use crate::rtp::feedback::{Block, MAX_BLOCKS, Writer};
use crate::rtp::parse;
use crate::rtp::rtcp::{self, Message};
use crate::time::{Anchor, Time};
use clock::Skew;
use reception::Interval;
use remb::Estimate;
use route::Routes;
use stats::add;
use std::sync::Arc;
use std::time::Duration;
use track::{Context, Track};
use transport::TransportWide;

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
    /// The state of the `track`-th track changed, behind the units before it.
    fn state(&mut self, track: usize, state: TrackState, why: &str);
}

/// How often reports leave, and how soon the first: publishers come up on what it allows.
const REPORTS: Duration = Duration::from_secs(1);
const FIRST_REPORT: Duration = Duration::from_millis(100);

impl TrackConfig {
    /// A section without anything that is negotiated beside the codec.
    pub fn new(kind: Kind, mid: &str, payload_type: u8) -> TrackConfig {
        TrackConfig {
            kind,
            mid: mid.into(),
            payload_type,
            rtx: None,
            ssrcs: Vec::new(),
            rtx_ssrcs: Vec::new(),
            nack: false,
            pli: false,
            fir: false,
            remb: false,
            transport_cc: false,
            received: Received::default(),
            counters: Arc::default(),
        }
    }
}

/// All incoming tracks of one peer.
///
/// Each call says what is due at once; [`Receiver::deadline`] is when [`Receiver::tick`] has something to
/// do without one. A frame leaves with its last packet, no timer in between.
#[derive(Debug)]
pub struct Receiver {
    tracks: Vec<Track>,
    routes: Routes,
    skew: Skew,
    writer: Writer,
    transport: TransportWide,
    /// The header extension of transport-wide numbers, where they are told.
    transport_id: Option<u8>,
    estimate: Estimate,
    /// When the next report is due; `None` before the first packet.
    report: Option<Time>,
    closed: bool,
}

impl Receiver {
    /// A receiver of a peer that connected at `now`. `ssrc` is ours, in what we say back; `cname` our
    /// name, at most 255 bytes; `anchor` places our clock on the wall clock, to compare with theirs.
    pub fn new(tracks: Vec<TrackConfig>, ssrc: u32, cname: Arc<str>, anchor: Anchor, now: Time) -> Receiver {
        let telling = tracks.iter().filter(|track| track.transport_cc);
        Receiver {
            routes: Routes::new(&tracks),
            transport_id: telling.filter_map(|track| track.received.transport_cc).next(),
            tracks: tracks.into_iter().enumerate().map(|(n, config)| Track::new(config, n, now)).collect(),
            skew: Skew::new(anchor),
            writer: Writer::new(ssrc, &cname),
            transport: TransportWide::default(),
            estimate: Estimate::default(),
            report: None,
            closed: false,
        }
    }

    /// Takes one RTP packet that arrived at `arrived`.
    pub fn rtp(&mut self, packet: &[u8], arrived: Time, out: &mut dyn Out) {
        if self.closed {
            return;
        }
        let Some(read) = parse::packet(packet) else {
            return self.count(|counters| &counters.malformed);
        };
        let Some(track) = self.routes.find(&read) else {
            return self.count(|counters| &counters.unknown);
        };
        let number = self.transport_id.and_then(|id| read.element(id)).and_then(<[u8]>::first_chunk);
        if let Some(number) = number {
            self.transport.packet(u16::from_be_bytes(*number), arrived);
        }
        let (track, mut cx) = self.track(track, out);
        track.rtp(&read, packet.len(), arrived, &mut cx);
        self.report.get_or_insert(arrived + FIRST_REPORT);
    }

    /// Takes one (compound) RTCP packet: sender reports place media in time, a BYE ends its track until
    /// packets come again.
    pub fn rtcp(&mut self, packet: &[u8], now: Time, out: &mut dyn Out) {
        if self.closed {
            return;
        }
        for message in rtcp::messages(packet) {
            match message {
                Ok(Message::Report { sender, info: Some(info), .. }) => {
                    let Some(track) = self.routes.of(sender) else { continue };
                    // RFC 3550 section 6.4.1: who has no wall clock says zero.
                    if info.ntp != 0 {
                        self.skew.report(info.ntp, now);
                        self.tracks[track].sender_report(sender, &info, now);
                    }
                }
                Ok(Message::Bye { leaving }) => {
                    for ssrc in rtcp::ssrcs(leaving) {
                        let Some(track) = self.routes.of(ssrc) else { continue };
                        let (track, mut cx) = self.track(track, out);
                        track.bye(ssrc, now, &mut cx);
                    }
                }
                Ok(_) => {}
                Err(rtcp::Malformed) => self.count(|counters| &counters.malformed),
            }
        }
    }

    /// Does what is due.
    pub fn tick(&mut self, now: Time, out: &mut dyn Out) {
        if self.closed {
            return;
        }
        for n in 0..self.tracks.len() {
            let (track, mut cx) = self.track(n, out);
            track.tick(now, &mut cx);
        }
        if let Some(media) = self.tracks.iter().find_map(Track::ssrc) {
            self.transport.tick(now, media, &mut self.writer, &mut |bytes| out.send(bytes));
            if self.report.is_some_and(|due| now >= due) {
                self.report = Some(now + REPORTS);
                self.say_report(now, out);
            }
        }
    }

    /// When the next tick is due.
    pub fn deadline(&self) -> Option<Time> {
        let sending = !self.closed && self.tracks.iter().any(|track| track.ssrc().is_some());
        let ours = [self.report, self.transport.deadline()].into_iter().flatten();
        self.tracks.iter().filter_map(Track::deadline).chain(ours).min().filter(|_| sending)
    }

    /// Hears the decoder of the `track`-th track.
    pub fn decoder(&mut self, track: usize, news: DecoderNews, now: Time, out: &mut dyn Out) {
        if !self.closed && track < self.tracks.len() {
            let (track, mut cx) = self.track(track, out);
            track.decoder(news, now, &mut cx);
        }
    }

    /// The program wants a keyframe of the `track`-th track.
    pub fn refresh(&mut self, track: usize, now: Time, out: &mut dyn Out) {
        if !self.closed && track < self.tracks.len() {
            let (track, mut cx) = self.track(track, out);
            track.refresh(now, &mut cx);
        }
    }

    /// Nobody wants the `track`-th track any more: nothing is asked for, handed over or told of it.
    pub fn stop(&mut self, track: usize) {
        if let Some(track) = self.tracks.get_mut(track) {
            track.stop();
        }
    }

    /// Says goodbye; nothing is said after it.
    pub fn goodbye(&mut self, now: Time, out: &mut dyn Out) {
        if !std::mem::replace(&mut self.closed, true) {
            self.say_report(now, out);
            out.send(self.writer.bye());
        }
    }

    /// Reports on all streams; allows a bitrate where the sender listens to that.
    fn say_report(&mut self, now: Time, out: &mut dyn Out) {
        let mut blocks = [Block::default(); MAX_BLOCKS];
        let (mut count, mut allowed, mut came) = (0, Vec::new(), 0);
        let mut loss = Interval::default();
        for track in &mut self.tracks {
            let Some((block, interval, bitrate)) = track.report(now) else { continue };
            if let Some(place) = blocks.get_mut(count) {
                *place = block;
                count += 1;
            }
            if track.config.remb && !track.config.transport_cc {
                allowed.push(block.ssrc);
                came += bitrate;
                loss.expected += interval.expected;
                loss.lost += interval.lost;
            }
        }
        out.send(self.writer.report(&blocks[..count]));
        if !allowed.is_empty() {
            self.estimate.update(loss, came);
            out.send(self.writer.remb(self.estimate.bitrate(), &allowed));
        }
    }

    fn track<'a>(&'a mut self, track: usize, out: &'a mut dyn Out) -> (&'a mut Track, Context<'a>) {
        let Receiver { tracks, skew, writer, .. } = self;
        (&mut tracks[track], Context { skew, writer, out })
    }

    /// Counts what belongs to no track, at the first.
    fn count(&self, counter: impl FnOnce(&TrackCounters) -> &std::sync::atomic::AtomicU64) {
        if let Some(track) = self.tracks.first() {
            add(counter(&track.config.counters), 1);
        }
    }
}
