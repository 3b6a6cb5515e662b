//! Transport-wide feedback: when each packet of the connection came, so that the sender can tell how
//! fast it may send (draft-holmer-rmcat-transport-wide-cc-extensions-01).

use super::sequence::{Place, Sequence};
use crate::rtp::feedback::Writer;
use crate::time::Time;
use rtcp_types::TwccPacketStatus;
use std::collections::VecDeque;
use std::time::Duration;

/// libwebrtc's receivers tell every 50 to 250 ms; senders find their rate sooner with more.
const INTERVAL: Duration = Duration::from_millis(50);
/// Packets whose arrival is remembered at most, and of these, already told ones: should one come
/// after the next was told, the list begins again with it.
const MEMORY: usize = 2_048;
const TOLD: u64 = 256;
/// Deltas count 250 µs, the reference time 64 ms: section 3.1 of the draft.
const TICK: u64 = 250;
const REFERENCE: u64 = 64_000 / TICK;

#[derive(Debug, Default)]
pub(super) struct TransportWide {
    sequence: Option<Sequence>,
    /// Arrivals from packet `base` on; the last one has come.
    base: u64,
    arrivals: VecDeque<Option<Time>>,
    /// The first packet of the next list.
    next: u64,
    due: Option<Time>,
    count: u8,
}

impl TransportWide {
    /// A packet with that transport-wide number came.
    pub(super) fn packet(&mut self, sequence: u16, arrived: Time) {
        let place = self.sequence.get_or_insert_with(|| Sequence::new(sequence)).place(sequence);
        let number = match place {
            Place::At(number) => number,
            Place::Far => return,
            Place::Anew => {
                *self = TransportWide { count: self.count, due: self.due, ..TransportWide::default() };
                return self.packet(sequence, arrived);
            }
        };
        if self.arrivals.is_empty() {
            (self.base, self.next) = (number, number);
        }
        let Some(at) = number.checked_sub(self.base).map(|at| at as usize) else { return };
        if at >= self.arrivals.len() {
            self.arrivals.resize(at + 1, None);
        }
        if self.arrivals[at].is_some() {
            return;
        }
        self.arrivals[at] = Some(arrived);
        self.next = self.next.min(number);
        self.due.get_or_insert(arrived + INTERVAL);
        self.forget();
    }

    pub(super) fn deadline(&self) -> Option<Time> {
        self.due
    }

    /// Tells what came since the last time, in the name of the stream `media`.
    pub(super) fn tick(&mut self, now: Time, media: u32, writer: &mut Writer, send: &mut dyn FnMut(&[u8])) {
        if self.due.is_none_or(|due| now < due) {
            return;
        }
        self.due = None;
        let mut list = Vec::new();
        while let Some(reference) = self.list(&mut list) {
            let base = self.next as u16;
            let (bytes, told) = writer.transport_wide(media, base, reference as u32, self.count, &list);
            send(bytes);
            self.count = self.count.wrapping_add(1);
            self.next += told.max(1) as u64;
        }
        self.forget();
    }

    /// The statuses of the packets from `next` on, as many as one list can hold, and its reference time.
    fn list(&self, list: &mut Vec<TwccPacketStatus>) -> Option<u64> {
        list.clear();
        let rest = || self.arrivals.range((self.next - self.base) as usize..);
        let reference = rest().find_map(|arrived| *arrived)?.0 / TICK / REFERENCE;
        let mut last = reference * REFERENCE;
        for arrived in rest() {
            let Some(arrived) = arrived else {
                list.push(TwccPacketStatus::NotReceived);
                continue;
            };
            let tick = arrived.0 / TICK;
            // 8 s after the last one, or before it: another list, with a reference time of its own.
            let Ok(delta) = i16::try_from(tick as i64 - last as i64) else { break };
            list.push(TwccPacketStatus::Received { delta });
            last = tick;
        }
        Some(reference)
    }

    fn forget(&mut self) {
        while self.arrivals.len() > MEMORY || (self.base + TOLD < self.next && !self.arrivals.is_empty()) {
            self.arrivals.pop_front();
            self.base += 1;
        }
        self.next = self.next.max(self.base);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rtcp_types::{Compound, Packet, Twcc};

    /// What one list says: number, and when it came, in ticks.
    type Told = Vec<(u16, Option<u64>)>;

    fn ms(ms: u64) -> Time {
        Time(ms * 1_000)
    }

    fn told(transport: &mut TransportWide, now: Time) -> Vec<Told> {
        let mut lists = Vec::new();
        transport.tick(now, 9, &mut Writer::new(7, "name"), &mut |bytes| {
            assert!(bytes.len() < 1_200);
            let feedback = match Compound::parse(bytes).expect("compound").last() {
                Some(Ok(Packet::TransportFeedback(feedback))) => feedback,
                other => panic!("{other:?}"),
            };
            let list = feedback.parse_fci::<Twcc<'_>>().expect("a list");
            let mut at = i64::from(list.reference_time()) * REFERENCE as i64;
            let read = list.packets().map(|packet| match packet.expect("whole") {
                (number, TwccPacketStatus::NotReceived) => (number, None),
                (number, TwccPacketStatus::Received { delta }) => {
                    at += i64::from(delta);
                    (number, Some(at as u64))
                }
            });
            lists.push(read.collect());
        });
        lists
    }

    #[test]
    fn every_packet_is_told_within_fifty_milliseconds_and_once() {
        let mut transport = TransportWide::default();
        assert_eq!(transport.deadline(), None);
        for (number, at) in [(65_534, 100), (65_535, 101), (1, 120), (0, 119)] {
            transport.packet(number, ms(at));
        }
        assert_eq!(transport.deadline(), Some(ms(150)));
        assert!(told(&mut transport, ms(149)).is_empty());
        let lists = told(&mut transport, ms(150));
        assert_eq!(lists, [[(65_534, Some(400)), (65_535, Some(404)), (0, Some(476)), (1, Some(480))]]);
        assert_eq!(transport.deadline(), None);
        assert!(told(&mut transport, ms(999)).is_empty());
    }

    #[test]
    fn what_did_not_come_is_told_also_between_two_lists() {
        let mut transport = TransportWide::default();
        transport.packet(10, ms(0));
        told(&mut transport, ms(50));
        transport.packet(13, ms(60));
        assert_eq!(told(&mut transport, ms(110)), [[(11, None), (12, None), (13, Some(240))]]);
    }

    #[test]
    fn a_packet_that_comes_after_it_was_told_missing_is_told_again() {
        let mut transport = TransportWide::default();
        for (number, at) in [(10, 0), (12, 1), (12, 9)] {
            transport.packet(number, ms(at));
        }
        told(&mut transport, ms(50));
        transport.packet(11, ms(51));
        assert_eq!(told(&mut transport, ms(101)), [[(11, Some(204)), (12, Some(4))]]);
    }

    #[test]
    fn long_lists_and_long_pauses_are_split() {
        let mut transport = TransportWide::default();
        for n in 0..1_500u16 {
            transport.packet(n, Time(u64::from(n) * 10));
        }
        let lists = told(&mut transport, ms(50));
        assert!(lists.len() > 1);
        let all: Vec<u16> = lists.concat().iter().map(|(number, _)| *number).collect();
        assert!(all.iter().copied().eq(0..1_500), "{} told", all.len());

        let mut transport = TransportWide::default();
        transport.packet(0, ms(0));
        transport.packet(1, ms(9_000));
        assert_eq!(told(&mut transport, ms(9_000)), [[(0, Some(0))], [(1, Some(36_000))]]);
    }

    #[test]
    fn memory_is_bounded_whether_or_not_anybody_is_told() {
        let mut transport = TransportWide::default();
        for n in 0..60_000u64 {
            transport.packet((n * 7) as u16, Time(n));
            assert!(transport.arrivals.len() <= MEMORY);
            if n % 5_000 == 0 {
                told(&mut transport, ms(1_000_000));
                assert!(transport.arrivals.len() <= TOLD as usize);
            }
        }
    }

    #[test]
    fn a_count_that_begins_anew_is_followed() {
        let mut transport = TransportWide::default();
        transport.packet(10, ms(0));
        for number in [20_000, 20_001, 20_002] {
            transport.packet(number, ms(1));
        }
        assert_eq!(told(&mut transport, ms(60)), [[(20_001, Some(4)), (20_002, Some(4))]]);
    }
}
