//! What the receiver says, and what is done about it.

use super::stats::{add, set};
use super::{Feedback, Send, Viewer};
use crate::media::Kind;
use crate::rtp::history::Again;
use crate::rtp::rtcp::{self, Message};
use crate::time::Time;
use rtcp_types::{Nack, ReportBlock};
use std::time::Duration;

/// Until a round trip is measured. Libwebrtc's receivers assume the same.
pub(super) const ROUND_TRIP: Duration = Duration::from_millis(100);
/// How many measured ones the shortest is looked for among.
const ROUND_TRIPS: usize = 8;
/// Sequence numbers read from one NACK: more than the history holds is more than can be answered.
const MAX_NACKED: usize = 1_024;
/// Senders of FIRs that are told apart. There is one; more are somebody's games.
const FIR_SENDERS: usize = 8;

/// The last FIR of each sender: RFC 5104 section 4.3.1.2, a repeat has its predecessor's number.
#[derive(Debug, Default)]
pub(super) struct Firs {
    last: Vec<(u32, u8)>,
}

impl Firs {
    /// Whether the request `number` of `sender` is a new one. Whoever is new begins with any number.
    fn is_new(&mut self, sender: u32, number: u8) -> bool {
        match self.last.iter_mut().find(|(known, _)| *known == sender) {
            Some((_, last)) => std::mem::replace(last, number) != number,
            None => {
                if self.last.len() == FIR_SENDERS {
                    self.last.remove(0);
                }
                self.last.push((sender, number));
                true
            }
        }
    }
}

impl Viewer {
    /// Takes one (compound) RTCP message; lost packets are sent again at once. What is malformed or
    /// about another stream changes nothing.
    pub fn rtcp(&mut self, compound: &[u8], now: Time, send: Send<'_>) -> Feedback {
        let mut feedback = Feedback::default();
        for message in rtcp::messages(compound) {
            match message {
                Ok(message) => self.message(&message, now, send, &mut feedback),
                Err(rtcp::Malformed) => add(&self.counters.malformed, 1),
            }
        }
        feedback
    }

    fn message(&mut self, message: &Message<'_>, now: Time, send: Send<'_>, feedback: &mut Feedback) {
        let ours = self.config.ssrc;
        let from = match message {
            Message::Report { sender, blocks, .. } => {
                let Some(block) = rtcp::blocks(blocks).find(|block| block.ssrc() == ours) else { return };
                self.report(&block, now);
                *sender
            }
            Message::Nack { sender, media, lost } if *media == ours => {
                feedback.keyframe |= self.nack(lost, now, send);
                *sender
            }
            Message::Pli { sender, media } if *media == ours => {
                add(&self.counters.plis, 1);
                feedback.keyframe |= self.config.kind == Kind::Video;
                *sender
            }
            Message::Fir { sender, requests } => {
                let Some(request) = requests.entries().find(|entry| entry.ssrc() == ours) else { return };
                let new = self.firs.is_new(*sender, request.sequence());
                add(&self.counters.firs, 1);
                add(&self.counters.firs_repeated, usize::from(!new));
                feedback.keyframe |= new && self.config.kind == Kind::Video;
                *sender
            }
            Message::Remb { sender, bitrate, media } if rtcp::ssrcs(media).any(|ssrc| ssrc == ours) => {
                add(&self.counters.rembs, 1);
                set(&self.counters.remb_bitrate, *bitrate);
                *sender
            }
            Message::Bye { leaving } => {
                feedback.bye |= rtcp::ssrcs(leaving).any(|ssrc| Some(ssrc) == self.receiver);
                return;
            }
            _ => return,
        };
        self.receiver = Some(from);
        feedback.for_us = true;
    }

    fn report(&mut self, block: &ReportBlock<'_>, now: Time) {
        /// RFC 3550 section 6.4.1: 24 bits, signed; negative when duplicates outnumber losses.
        const SIGN: u32 = 1 << 23;
        let lost = Some(block.cumulative_lost()).filter(|lost| lost & SIGN == 0).unwrap_or(0);
        let rate = u64::from(self.config.kind.clock_rate());
        let counters = &self.counters;
        add(&counters.reports, 1);
        set(&counters.packets_lost, lost.into());
        set(&counters.fraction_lost, block.fraction_lost().into());
        set(&counters.jitter_us, u64::from(block.interarrival_jitter()) * 1_000_000 / rate);
        let (last_report, delay) =
            (block.last_sender_report_timestamp(), block.delay_since_last_sender_report_timestamp());
        if let Some(round_trip) = self.reports.round_trip(last_report, delay, now) {
            if self.round_trips.len() == ROUND_TRIPS {
                self.round_trips.pop_front();
            }
            self.round_trips.push_back(round_trip);
            // Whatever holds a report up makes a way longer, nothing makes it shorter: by the longer ones a
            // request that is repeated in time would be refused.
            self.round_trip = self.round_trips.iter().min().copied().unwrap_or(round_trip);
            set(&counters.round_trip_us, (round_trip.as_micros() as u64).max(1));
        }
    }

    /// Sends what is missing again; whether a keyframe is needed instead.
    fn nack(&mut self, lost: &Nack<'_>, now: Time, send: Send<'_>) -> bool {
        let (mut asked, mut resent, mut bytes, mut too_soon, mut too_late) = (0, 0, 0, 0, 0);
        let mut keyframe = false;
        let send_time = self.send_time(now);
        for sequence in lost.entries().take(MAX_NACKED) {
            asked += 1;
            let Some(position) = self.position(sequence) else { continue };
            match self.history.again(position, now, self.round_trip) {
                Again::Send(sent, packet) => {
                    match &mut self.repair {
                        Some(repair) => repair.write(&mut self.packet, &self.stream, sent, packet, send_time),
                        None => self.stream.write(&mut self.packet, sent, packet),
                    }
                    send(&self.packet);
                    resent += 1;
                    bytes += self.packet.len();
                }
                Again::TooSoon => too_soon += 1,
                Again::Gone => {
                    too_late += 1;
                    // What is older than the last keyframe is not missed any more.
                    keyframe |= position >= self.keyframe_at && self.config.kind == Kind::Video;
                }
            }
        }
        add(&self.counters.nacks, 1);
        add(&self.counters.packets_nacked, asked);
        add(&self.counters.packets_resent, resent);
        add(&self.counters.bytes_resent, bytes);
        add(&self.counters.packets_rtx, if self.repair.is_some() { resent } else { 0 });
        add(&self.counters.resends_too_soon, too_soon);
        add(&self.counters.resends_too_late, too_late);
        keyframe
    }

    /// How many packets were sent before the last one of that sequence number; `None` if there was
    /// none in the last half of the numbers.
    fn position(&self, sequence: u16) -> Option<u64> {
        let next = self.stream.sequence(self.packets);
        let back = next.wrapping_sub(sequence);
        if back == 0 || back > 1 << 15 { None } else { self.packets.checked_sub(back.into()) }
    }
}
