//! One source's picture or sound to one peer: the gate, the packets, the feedback. Sans-IO.

mod feedback;
mod report;
mod stats;
mod stream;
#[cfg(test)]
mod tests;

pub use crate::rtp::packet::Extensions;
pub use stats::{ViewerCounters, ViewerStats};

use crate::media::{Kind, MediaFrame};
use crate::rtp::history::{History, Sent};
use crate::rtp::{MAX_PACKET, rtcp};
use crate::time::{Anchor, Time};
use feedback::Firs;
use report::Reports;
use stats::{add, set};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use stream::{Repair, Stream};

/// What was negotiated for one stream.
#[derive(Clone, Debug)]
pub struct StreamConfig {
    /// Picture or sound.
    pub kind: Kind,
    /// Its SSRC, as the SDP says.
    pub ssrc: u32,
    /// The payload type of the offer.
    pub payload_type: u8,
    /// The sequence number of the first packet: random, RFC 3550 section 5.1; below 2¹⁵, so that
    /// losing the first packets cannot mislead a guess of SRTP about wraps (RFC 3711 section 3.3.1).
    pub first_sequence: u16,
    /// What is added to the source's RTP time: random (RFC 3550 section 5.1), but the same for all viewers
    /// of a source, so that a timestamp names a picture to all of them.
    pub timestamp_offset: u32,
    /// The same for all streams of a peer, so that they are played in sync. At most 255 bytes.
    pub cname: Arc<str>,
    /// The section's mid.
    pub mid: Arc<str>,
    /// The header extensions of the offer.
    pub extensions: Extensions,
    /// Whether lost packets are asked for; a history is kept for them.
    pub nack: bool,
    /// How lost packets are sent again; `None`: as they were sent first.
    pub rtx: Option<Rtx>,
}

/// The stream of its own that lost packets are sent again in (RFC 4588).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rtx {
    /// The payload type of the offer.
    pub payload_type: u8,
    /// Its SSRC, as the SDP says.
    pub ssrc: u32,
    /// The sequence number of its first packet: random, below 2¹⁵ as that of the stream.
    pub first_sequence: u16,
}

/// What a message from the receiver asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Feedback {
    /// A keyframe is needed.
    pub keyframe: bool,
    /// Something in it was about this stream.
    pub for_us: bool,
    /// The receiver of this stream says goodbye.
    pub bye: bool,
}

/// Where packets go, RTP and RTCP.
pub type Send<'a> = &'a mut dyn FnMut(&[u8]);

/// One viewer.
#[derive(Debug)]
pub struct Viewer {
    config: StreamConfig,
    stream: Stream,
    repair: Option<Repair>,
    counters: Arc<ViewerCounters>,
    connected: Time,
    anchor: Anchor,
    /// The frame that continues what was sent; `None`: only a keyframe can be understood.
    expected: Option<u64>,
    /// RTP packets and payload bytes sent, resends not included.
    packets: u64,
    octets: u64,
    /// Packets sent before the last keyframe.
    keyframe_at: u64,
    last_rtp_time: u32,
    history: History,
    reports: Reports,
    /// The shortest of the last ones.
    round_trip: Duration,
    round_trips: VecDeque<Duration>,
    firs: Firs,
    /// Who sends feedback about this stream.
    receiver: Option<u32>,
    /// The packet being written.
    packet: Vec<u8>,
}

impl Viewer {
    /// A viewer whose connection came up at `connected`; it waits for a keyframe. `anchor` places
    /// its reports on the wall clock: the same as the source's.
    pub fn new(
        config: StreamConfig,
        counters: Arc<ViewerCounters>,
        anchor: Anchor,
        connected: Time,
    ) -> Viewer {
        set(&counters.waiting_for_keyframe, (config.kind == Kind::Video).into());
        Viewer {
            stream: Stream::new(&config),
            repair: config.rtx.map(|rtx| Repair::new(rtx, &config)),
            reports: Reports::new(anchor, config.kind.clock_rate()),
            config,
            counters,
            connected,
            anchor,
            expected: None,
            packets: 0,
            octets: 0,
            keyframe_at: 0,
            last_rtp_time: 0,
            history: History::default(),
            round_trip: feedback::ROUND_TRIP,
            round_trips: VecDeque::new(),
            firs: Firs::default(),
            receiver: None,
            packet: Vec::with_capacity(MAX_PACKET),
        }
    }

    /// Sends one frame, and a sender report if one is due; false if it waits for a keyframe.
    pub fn push(&mut self, frame: &Arc<MediaFrame>, now: Time, send: Send<'_>) -> bool {
        if !self.admit(frame) {
            return false;
        }
        let sent = Sent {
            frame: frame.clone(),
            first: self.packets,
            at: now,
            send_time: self.send_time(now),
            talkspurt: self.talkspurt(frame),
        };
        let mut bytes = 0;
        for n in 0..frame.packets() {
            self.stream.write(&mut self.packet, &sent, n);
            send(&self.packet);
            bytes += self.packet.len();
        }
        self.count(frame, bytes, now);
        if self.config.nack {
            self.history.record(sent);
        }
        self.reports.media(frame, now);
        self.tick(now, send);
        true
    }

    /// Whether it waits for a keyframe: it has just joined, or missed a frame.
    pub fn wants_keyframe(&self) -> bool {
        self.expected.is_none() && self.config.kind == Kind::Video
    }

    /// Does what is due: a sender report; what is too old to be sent again is forgotten.
    pub fn tick(&mut self, now: Time, send: Send<'_>) {
        self.history.expire(now);
        if self.reports.due(now) {
            send(&self.sender_report(now, false));
        }
    }

    /// When the next tick is due; `None` while nothing is sent.
    pub fn deadline(&self) -> Option<Time> {
        self.reports.deadline()
    }

    /// Says BYE: a closed connection is not told to the remote in any other way.
    pub fn goodbye(&mut self, now: Time, send: Send<'_>) {
        send(&self.sender_report(now, true));
    }

    /// What a packet that leaves now says of that.
    fn send_time(&self, now: Time) -> u32 {
        // NTP is 32.32 fixed point; 6.18 of it are its bits 14 to 37.
        (self.anchor.ntp(now) >> 14) as u32 & 0xff_ffff
    }

    /// The gate: a frame is sent if it is a keyframe or follows the last one that was.
    fn admit(&mut self, frame: &MediaFrame) -> bool {
        let follows = self.expected == Some(frame.index);
        if !follows && self.expected.is_some() {
            add(&self.counters.gaps, 1);
        }
        let admitted = follows || frame.keyframe;
        self.expected = admitted.then_some(frame.index + 1);
        set(&self.counters.waiting_for_keyframe, self.wants_keyframe().into());
        add(&self.counters.frames_skipped, usize::from(!admitted));
        admitted
    }

    /// RFC 7587 section 4.2 by way of RFC 3551 section 4.1: the first sound, or the first after
    /// sound was left out.
    fn talkspurt(&mut self, frame: &MediaFrame) -> bool {
        /// 20 ms, what every frame of sound lasts.
        const FRAME: u32 = 960;
        let last = std::mem::replace(&mut self.last_rtp_time, frame.rtp_time);
        self.config.kind == Kind::Audio && (self.packets == 0 || frame.rtp_time.wrapping_sub(last) != FRAME)
    }

    fn count(&mut self, frame: &MediaFrame, bytes: usize, now: Time) {
        if frame.keyframe {
            self.keyframe_at = self.packets;
        }
        if self.packets == 0 {
            let waited = now.since(self.connected).as_micros() as u64;
            set(&self.counters.first_keyframe_us, waited.max(1));
        }
        self.packets += frame.packets() as u64;
        self.octets += frame.data.len() as u64;
        let counters = &self.counters;
        add(&counters.frames_sent, 1);
        add(&counters.keyframes_sent, usize::from(frame.keyframe && frame.kind == Kind::Video));
        add(&counters.packets_sent, frame.packets());
        add(&counters.bytes_sent, bytes);
    }

    fn sender_report(&mut self, now: Time, leaving: bool) -> Vec<u8> {
        let info = (self.packets > 0).then(|| {
            let (ntp, rtp) = self.reports.instant(now);
            rtcp::SenderInfo {
                ntp,
                rtp: rtp.wrapping_add(self.config.timestamp_offset),
                // Both count modulo 2³²: RFC 3550 section 6.4.1.
                packets: self.packets as u32,
                octets: self.octets as u32,
            }
        });
        rtcp::report(self.config.ssrc, info, &self.config.cname, leaving)
    }
}
