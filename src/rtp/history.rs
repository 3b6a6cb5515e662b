//! What was sent in the last second, so that it can be sent again.
//!
//! Frames, not packets, are remembered: they are shared by all viewers, so a viewer's memory of one
//! is a pointer and what its packets' headers said.

use crate::media::MediaFrame;
use crate::time::Time;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// A receiver that missed a packet for longer shows a frozen picture: a keyframe is better.
const MAX_AGE: Duration = Duration::from_secs(1);
/// SRTP's replay windows, libdatachannel's and the browsers', reach back 1,024 packets: an older one
/// would be refused on both sides.
const MAX_PACKETS: usize = 1_000;
const MAX_BYTES: usize = 1 << 20;
/// Times a packet is sent again. At a loss of 20 %, one in 3,000 is lost on all five ways.
const MAX_RESENDS: u8 = 4;

/// A frame as it was sent to one viewer. A packet sent again under its own number must be the same bit
/// by bit: the sequence number is the cipher's nonce, and AES-GCM loses its key when one covers two texts.
#[derive(Debug)]
pub struct Sent {
    /// The frame.
    pub frame: Arc<MediaFrame>,
    /// Packets sent before its first.
    pub first: u64,
    /// When it was sent.
    pub at: Time,
    /// What its packets said of that: NTP seconds modulo 64 as 6.18 fixed point.
    pub send_time: u32,
    /// Sound after silence.
    pub talkspurt: bool,
}

/// What becomes of a request for a packet.
#[derive(Debug)]
pub enum Again<'a> {
    /// It is to be sent again: this packet of this frame.
    Send(&'a Sent, usize),
    /// Its last copy was sent less than a round trip ago.
    TooSoon,
    /// It is no longer there, or was sent as often as is allowed.
    Gone,
}

/// The frames of the last second.
#[derive(Debug, Default)]
pub struct History {
    frames: VecDeque<Entry>,
    packets: usize,
    bytes: usize,
}

#[derive(Debug)]
struct Entry {
    sent: Sent,
    /// One a packet, from the first request on.
    resends: Vec<Resends>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Resends {
    count: u8,
    last: Time,
}

impl History {
    /// Remembers a frame; the oldest go.
    pub fn record(&mut self, sent: Sent) {
        self.packets += sent.frame.packets();
        self.bytes += sent.frame.data.len();
        let now = sent.at;
        self.frames.push_back(Entry { sent, resends: Vec::new() });
        self.expire(now);
    }

    /// Forgets what is too old.
    pub fn expire(&mut self, now: Time) {
        while let Some(oldest) = self.frames.front()
            && (self.packets > MAX_PACKETS || self.bytes > MAX_BYTES || now.since(oldest.sent.at) > MAX_AGE)
        {
            self.packets -= oldest.sent.frame.packets();
            self.bytes -= oldest.sent.frame.data.len();
            self.frames.pop_front();
        }
    }

    /// Asks for the packet before which `position` packets were sent.
    pub fn again(&mut self, position: u64, now: Time, round_trip: Duration) -> Again<'_> {
        self.expire(now);
        let after = self.frames.partition_point(|entry| entry.sent.first <= position);
        let Some(entry) = after.checked_sub(1).and_then(|at| self.frames.get_mut(at)) else {
            return Again::Gone;
        };
        let (packet, packets) = ((position - entry.sent.first) as usize, entry.sent.frame.packets());
        if packet >= packets {
            return Again::Gone;
        }
        if entry.resends.is_empty() {
            entry.resends.resize(packets, Resends::default());
        }
        let resends = &mut entry.resends[packet];
        if resends.count > 0 && now.since(resends.last) < round_trip {
            return Again::TooSoon;
        }
        if resends.count == MAX_RESENDS {
            return Again::Gone;
        }
        *resends = Resends { count: resends.count + 1, last: now };
        Again::Send(&entry.sent, packet)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Id;
    use crate::media::{Kind, Stamps};

    const ROUND_TRIP: Duration = Duration::from_millis(50);

    fn sent(first: u64, packets: usize, bytes: usize, at: Time) -> Sent {
        let frame = MediaFrame {
            source: Id(1),
            kind: Kind::Video,
            index: 0,
            keyframe: false,
            ntp: 0,
            rtp_time: 0,
            stamps: Stamps::default(),
            data: vec![0; packets * bytes],
            ends: (1..=packets).map(|n| (n * bytes) as u32).collect(),
        };
        Sent { frame: Arc::new(frame), first, at, send_time: 0, talkspurt: false }
    }

    fn has(history: &mut History, position: u64, now: Time) -> bool {
        matches!(history.again(position, now, Duration::ZERO), Again::Send(..))
    }

    #[test]
    fn a_position_finds_its_packet_of_its_frame() {
        let mut history = History::default();
        for (first, packets) in [(10, 3), (13, 0), (13, 1), (20, 2)] {
            history.record(sent(first, packets, 9, Time(0)));
        }
        for (position, expected) in
            [(9, None), (10, Some((10, 0))), (12, Some((10, 2))), (13, Some((13, 0))), (14, None), (22, None)]
        {
            let found = match history.again(position, Time(0), ROUND_TRIP) {
                Again::Send(sent, packet) => Some((sent.first, packet)),
                _ => None,
            };
            assert_eq!(found, expected, "position {position}");
        }
    }

    #[test]
    fn a_packet_is_sent_again_four_times_and_no_faster_than_the_round_trip() {
        let mut history = History::default();
        history.record(sent(0, 2, 9, Time(0)));
        let mut now = Time(60_000);
        for _ in 0..MAX_RESENDS {
            assert!(matches!(history.again(1, now, ROUND_TRIP), Again::Send(..)));
            let soon = now + Duration::from_millis(49);
            assert!(matches!(history.again(1, soon, ROUND_TRIP), Again::TooSoon));
            now = now + ROUND_TRIP;
        }
        assert!(matches!(history.again(1, now, ROUND_TRIP), Again::Gone));
        assert!(matches!(history.again(0, now, ROUND_TRIP), Again::Send(..)), "counted one by one");
    }

    #[test]
    fn it_is_bounded_by_age_packets_and_bytes() {
        let mut history = History::default();
        history.record(sent(0, 1, 9, Time(0)));
        assert!(has(&mut history, 0, Time(1_000_000)));
        assert!(!has(&mut history, 0, Time(1_000_001)), "a second old");

        let mut history = History::default();
        for n in 0..=MAX_PACKETS as u64 {
            history.record(sent(n, 1, 9, Time(0)));
        }
        assert!(!has(&mut history, 0, Time(0)), "too many packets");
        assert!(has(&mut history, 1, Time(0)));

        let mut history = History::default();
        history.record(sent(0, 1, MAX_BYTES, Time(0)));
        assert!(has(&mut history, 0, Time(0)));
        history.record(sent(1, 1, 1, Time(0)));
        assert!(!has(&mut history, 0, Time(0)), "too many bytes");
        assert!(has(&mut history, 1, Time(0)));
        assert_eq!((history.packets, history.bytes, history.frames.len()), (1, 1, 1));
    }
}
