//! A publisher, and somebody who listens to all a receiver has to say.

use super::super::*;
use crate::rtp::packet::{Extensions, Fields, Header};
use crate::rtp::rtcp::SenderInfo;
use rtcp_types::Packet;

pub const ANCHOR: Anchor = Anchor { capture: Time(0), ntp: 0xea00_0000 << 32 };
pub const OURS: u32 = 0x0f0f_0f0f;
pub const VIDEO: u32 = 0x1111_1111;
pub const RTX: u32 = 0x2222_2222;
pub const AUDIO: u32 = 0x3333_3333;

pub fn ms(ms: u64) -> Time {
    Time(1_000_000 + ms * 1_000)
}

/// Everything but REMB; no SSRC is announced.
pub fn video() -> TrackConfig {
    let received = Received { mid: Some(4), transport_cc: Some(5), abs_send_time: None };
    let config = TrackConfig::new(Kind::Video, "v", 96);
    TrackConfig { rtx: Some(97), nack: true, pli: true, fir: true, transport_cc: true, received, ..config }
}

pub fn audio() -> TrackConfig {
    TrackConfig::new(Kind::Audio, "a", 111)
}

#[derive(Default)]
pub struct Heard {
    pub rtcp: Vec<Vec<u8>>,
    pub units: Vec<(usize, Unit)>,
    pub states: Vec<(usize, TrackState)>,
    /// Kinds of units, and where a track ended among them.
    names: Vec<String>,
    /// The decoder's queue is full.
    pub full: bool,
}

impl Out for Heard {
    fn send(&mut self, rtcp: &[u8]) {
        self.rtcp.push(rtcp.to_vec());
    }
    fn unit(&mut self, track: usize, unit: Unit) -> bool {
        if !self.full {
            let kind = match &unit {
                Unit::Picture(picture) => {
                    if picture.keyframe {
                        'K'
                    } else {
                        'P'
                    }
                }
                Unit::Sound(_) => 'S',
            };
            self.names.push(format!("{kind}{track}"));
            self.units.push((track, unit));
        }
        !self.full
    }
    fn state(&mut self, track: usize, state: TrackState, why: &str) {
        assert!(!why.is_empty());
        self.states.push((track, state));
        self.names.extend((state == TrackState::Ended).then(|| format!("E{track}")));
    }
}

pub struct Bench {
    pub receiver: Receiver,
    pub heard: Heard,
    counters: Vec<Arc<TrackCounters>>,
}

impl Bench {
    pub fn new(tracks: Vec<TrackConfig>) -> Bench {
        let counters = tracks.iter().map(|track| track.counters.clone()).collect();
        let receiver = Receiver::new(tracks, OURS, "us".into(), ANCHOR, ms(0));
        Bench { receiver, heard: Heard::default(), counters }
    }

    pub fn stats(&self, track: usize) -> TrackStats {
        self.counters[track].snapshot()
    }

    pub fn rtp(&mut self, packet: &[u8], now: Time) {
        self.receiver.rtp(packet, now, &mut self.heard);
    }

    pub fn rtcp(&mut self, packet: &[u8], now: Time) {
        self.receiver.rtcp(packet, now, &mut self.heard);
    }

    pub fn decoder(&mut self, news: DecoderNews, now: Time) {
        self.receiver.decoder(0, news, now, &mut self.heard);
    }

    /// Everything that is due until `now`, at its time.
    pub fn run(&mut self, now: Time) {
        while let Some(deadline) = self.receiver.deadline().filter(|&deadline| deadline <= now) {
            self.receiver.tick(deadline, &mut self.heard);
            assert!(self.receiver.deadline() != Some(deadline), "a tick does what is due");
        }
    }

    /// Kinds of units since the last call: K, P or S, and E for an end, each with its track.
    pub fn units(&mut self) -> String {
        self.heard.units.clear();
        std::mem::take(&mut self.heard.names).join(" ")
    }

    /// What was said since the last call, beside reports.
    pub fn said(&mut self) -> Vec<Said> {
        self.heard.rtcp.drain(..).flat_map(|bytes| read(&bytes)).collect()
    }

    /// Keyframe requests among it.
    pub fn requests(&mut self) -> Vec<Said> {
        let mut said = self.said();
        said.retain(|said| matches!(said, Said::Pli(_) | Said::Fir(..)));
        said
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    Pli(u32),
    Fir(u32, u8),
    Nack(u32, Vec<u16>),
    Remb(u64, Vec<u32>),
    TransportWide,
    Bye,
    Report(Blocks),
}

/// SSRC, lost, fraction, last report, delay.
pub type Blocks = Vec<(u32, u32, u8, u32, u32)>;

/// Reads by the crate, not by our own parser; REMB, which it does not know, by hand.
fn read(bytes: &[u8]) -> Vec<Said> {
    let mut said = Vec::new();
    for part in rtcp_types::Compound::parse(bytes).expect("compound") {
        match part.expect("whole") {
            Packet::Rr(report) => {
                assert_eq!(report.ssrc(), OURS);
                let blocks: Vec<_> = report.report_blocks().collect();
                let read = blocks.iter().map(|b| {
                    let (last, delay) =
                        (b.last_sender_report_timestamp(), b.delay_since_last_sender_report_timestamp());
                    (b.ssrc(), b.cumulative_lost(), b.fraction_lost(), last, delay)
                });
                said.extend((!blocks.is_empty()).then(|| Said::Report(read.collect())));
            }
            Packet::TransportFeedback(feedback) => {
                let nack = feedback.parse_fci::<rtcp_types::Nack<'_>>();
                said.push(nack.map_or(Said::TransportWide, |list| {
                    Said::Nack(feedback.media_ssrc(), list.entries().collect())
                }));
            }
            Packet::PayloadFeedback(feedback) => {
                if feedback.parse_fci::<rtcp_types::Pli<'_>>().is_ok() {
                    said.push(Said::Pli(feedback.media_ssrc()));
                } else if let Ok(fir) = feedback.parse_fci::<rtcp_types::Fir<'_>>() {
                    said.extend(fir.entries().map(|e| Said::Fir(e.ssrc(), e.sequence())));
                } else {
                    let at = bytes.windows(4).position(|four| four == b"REMB").expect("a REMB");
                    let word = |n| u32::from_be_bytes(*bytes[at + 4 * n..].first_chunk().expect("four"));
                    let bitrate = u64::from(word(1) & 0x3_ffff) << (word(1) >> 18 & 0x3f);
                    said.push(Said::Remb(bitrate, (2..2 + (word(1) >> 24) as usize).map(word).collect()));
                }
            }
            Packet::Bye(_) => said.push(Said::Bye),
            _ => {}
        }
    }
    said
}

/// Writes the packets of one SSRC.
pub struct Publisher {
    pub ssrc: u32,
    pub payload_type: u8,
    pub sequence: u16,
    pub mid: Option<&'static str>,
}

pub fn camera() -> Publisher {
    Publisher { ssrc: VIDEO, payload_type: 96, sequence: 65_533, mid: Some("v") }
}

pub fn microphone() -> Publisher {
    Publisher { ssrc: AUDIO, payload_type: 111, sequence: 65_533, mid: None }
}

impl Publisher {
    pub fn packet(&mut self, timestamp: u32, marker: bool, payload: &[u8]) -> Vec<u8> {
        let extensions = Extensions { mid: self.mid.map(|_| 4), ..Extensions::default() };
        let header = Header::new(self.payload_type, self.ssrc, self.mid.unwrap_or_default(), extensions);
        let (sequence, mut bytes) = (self.sequence, Vec::new());
        let fields = Fields { marker, sequence, timestamp, send_time: 0, playout_delay: false };
        header.write(&mut bytes, &fields, payload);
        self.sequence = sequence.wrapping_add(1);
        bytes
    }

    /// The packets of a frame: its first one says whether it is a keyframe.
    pub fn frame(&mut self, timestamp: u32, keyframe: bool, packets: usize) -> Vec<Vec<u8>> {
        let head = [0x10, u8::from(!keyframe), 0, 0, 0x9d, 0x01, 0x2a, 64, 0, 48, 0];
        let payload = |n| if n == 0 { head.to_vec() } else { vec![0, n as u8, 7, 7] };
        (0..packets).map(|n| self.packet(timestamp, n + 1 == packets, &payload(n))).collect()
    }

    pub fn key(&mut self, timestamp: u32) -> Vec<u8> {
        self.frame(timestamp, true, 1).remove(0)
    }

    pub fn delta(&mut self, timestamp: u32) -> Vec<u8> {
        self.frame(timestamp, false, 1).remove(0)
    }
}

/// `packet` on another SSRC: RFC 4588 section 4.
pub fn resent(packet: &[u8], sequence: u16) -> Vec<u8> {
    let read = parse::packet(packet).expect("is RTP");
    let payload = [&read.sequence.to_be_bytes(), read.payload].concat();
    let mut rtx = Publisher { ssrc: RTX, payload_type: 97, sequence, mid: Some("v") };
    rtx.packet(read.timestamp, read.marker, &payload)
}

pub fn sender_report(ssrc: u32, ntp: u64, rtp: u32, leaving: bool) -> Vec<u8> {
    let info = SenderInfo { ntp, rtp, packets: 0, octets: 0 };
    rtcp::report(ssrc, Some(info), "them", leaving)
}
