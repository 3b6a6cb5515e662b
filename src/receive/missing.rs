//! The packets that are missing: when to ask for them, and how long to wait.

use crate::time::Time;
use std::collections::VecDeque;
use std::time::Duration;

/// How long a missing packet is waited for, at least and at most. Below the least a scheduler's
/// hiccup would cost a keyframe; above the most a keyframe is the fresher picture.
const WINDOW: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(200));
/// Times a packet is asked for. At a loss of 20 % both ways, one in sixty fails all four.
const MAX_ASKED: u8 = 4;
/// Packets in one NACK: what is due beyond that is asked for with the next.
const MAX_LIST: usize = 128;
/// How long a packet that is merely out of order is waited for before it is asked for, at most.
const MAX_PATIENCE: Duration = Duration::from_millis(20);

/// Missing packets, in the order of their numbers.
#[derive(Debug)]
pub(super) struct Missing {
    list: VecDeque<Entry>,
    asks: bool,
    round_trip: RoundTrip,
    /// How late packets come that were only out of order.
    lateness: Duration,
    jitter: Duration,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    number: u64,
    noticed: Time,
    asked: Time,
    times: u8,
}

impl Missing {
    /// Nothing is missing yet. Without `asks` packets are waited for as long as disorder explains.
    pub(super) fn new(asks: bool) -> Missing {
        Missing {
            list: VecDeque::new(),
            asks,
            round_trip: RoundTrip::default(),
            lateness: Duration::ZERO,
            jitter: Duration::ZERO,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Interarrival jitter as it is now.
    pub(super) fn jitter(&mut self, jitter: Duration) {
        self.jitter = jitter;
    }

    /// How long a packet is waited for, from when it was found missing: until the last request can be
    /// answered, or until disorder no longer explains it.
    pub(super) fn window(&self) -> Duration {
        let answers = if self.asks { self.retry() * u32::from(MAX_ASKED) } else { Duration::ZERO };
        answers.max(self.jitter * 4).max(self.lateness * 3 / 2).clamp(WINDOW.0, WINDOW.1)
    }

    /// Packet `number`, higher than all before, is missing.
    pub(super) fn lost(&mut self, number: u64, now: Time) {
        self.list.push_back(Entry { number, noticed: now, asked: now, times: 0 });
    }

    /// Packet `number` came after all, `resent` for certain or perhaps; whether because it was asked for.
    pub(super) fn found(&mut self, number: u64, now: Time, resent: bool) -> bool {
        let Ok(at) = self.list.binary_search_by_key(&number, |entry| entry.number) else { return false };
        let Some(entry) = self.list.remove(at) else { return false };
        // An answer takes a round trip: what comes sooner was only late.
        let sooner = now.since(entry.asked) < self.round_trip.smoothed / 2;
        let answer = entry.times > 0 && (resent || !sooner);
        self.lateness -= self.lateness / 8;
        if answer {
            self.round_trip.answered(&entry, now);
        } else {
            self.lateness = self.lateness.max(now.since(entry.noticed)).min(WINDOW.1);
        }
        answer
    }

    /// Packets below `number` are not waited for any more.
    pub(super) fn forget_before(&mut self, number: u64) {
        while self.list.front().is_some_and(|entry| entry.number < number) {
            self.list.pop_front();
        }
    }

    /// The lowest number that is still worth waiting for, if some are not.
    pub(super) fn given_up(&self, now: Time) -> Option<u64> {
        let window = self.window();
        let over = self.list.iter().take_while(|entry| now >= entry.noticed + window).last();
        over.map(|entry| entry.number + 1)
    }

    /// Puts what is to be asked for now into `numbers`.
    pub(super) fn ask(&mut self, now: Time, numbers: &mut Vec<u16>) {
        let (patience, retry) = (self.patience(), self.retry());
        let asks = self.asks;
        let due = self.list.iter_mut().filter(|e| asks && e.due(patience, retry).is_some_and(|at| now >= at));
        for entry in due.take(MAX_LIST) {
            numbers.push(entry.number as u16);
            entry.asked = now;
            entry.times += 1;
        }
    }

    /// When [`Missing::ask`] or [`Missing::given_up`] has something new.
    pub(super) fn deadline(&self) -> Option<Time> {
        let first = self.list.front()?.noticed + self.window();
        let (patience, retry) = (self.patience(), self.retry());
        let asks = self.list.iter().filter(|_| self.asks).filter_map(|entry| entry.due(patience, retry));
        Some(asks.min().map_or(first, |ask| ask.min(first)))
    }

    /// How long disorder explains a missing packet.
    fn patience(&self) -> Duration {
        self.lateness.min(MAX_PATIENCE)
    }

    /// After how long a request is taken for lost.
    fn retry(&self) -> Duration {
        /// The clock that runs the timers on both sides ticks in milliseconds.
        const SLACK: Duration = Duration::from_millis(2);
        self.round_trip.smoothed + (self.round_trip.deviation * 2).max(SLACK)
    }
}

impl Entry {
    fn due(&self, patience: Duration, retry: Duration) -> Option<Time> {
        match self.times {
            0 => Some(self.noticed + patience),
            MAX_ASKED => None,
            _ => Some(self.asked + retry),
        }
    }
}

/// From a request to the packet.
#[derive(Debug)]
struct RoundTrip {
    smoothed: Duration,
    deviation: Duration,
    measured: bool,
    /// Answers in a row that came after several requests.
    unclear: u8,
}

impl Default for RoundTrip {
    fn default() -> RoundTrip {
        // What libwebrtc's receivers assume before they know.
        let smoothed = Duration::from_millis(100);
        RoundTrip { smoothed, deviation: Duration::ZERO, measured: false, unclear: 0 }
    }
}

impl RoundTrip {
    /// Learns from an answer. Where several requests went out, which of them it answers is not known
    /// (Karn, Partridge 1987); if that goes on, it is the first, and the way is longer than was thought.
    fn answered(&mut self, entry: &Entry, now: Time) {
        const GOES_ON: u8 = 4;
        self.unclear = if entry.times > 1 { self.unclear.saturating_add(1) } else { 0 };
        if (1..GOES_ON).contains(&self.unclear) {
            return;
        }
        let sample = now.since(if self.unclear > 0 { entry.noticed } else { entry.asked });
        if !std::mem::replace(&mut self.measured, true) {
            self.smoothed = sample;
        }
        self.deviation = (self.deviation * 3 + sample.abs_diff(self.smoothed)) / 4;
        self.smoothed = (self.smoothed * 3 + sample) / 4;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn at(ms: u64) -> Time {
        Time(ms * 1_000)
    }

    fn asked(missing: &mut Missing, now: Time) -> Vec<u16> {
        let mut numbers = Vec::new();
        missing.ask(now, &mut numbers);
        numbers
    }

    /// After many packets that came a round trip after they were asked for.
    fn trained(round_trip: u64) -> Missing {
        let mut missing = Missing::new(true);
        for n in 0..60 {
            missing.lost(n, at(n * 1_000));
            asked(&mut missing, at(n * 1_000));
            assert!(missing.found(n, at(n * 1_000 + round_trip), true));
        }
        missing
    }

    #[test]
    fn a_packet_is_asked_for_at_once_then_with_the_round_trip_four_times_in_all() {
        let mut missing = trained(40);
        let start = 100_000;
        missing.lost(70_000, at(start));
        let times: Vec<u64> =
            (start..start + 1_000).filter(|&t| !asked(&mut missing, at(t)).is_empty()).collect();
        assert_eq!(times.len(), 4);
        assert_eq!(times[0], start);
        for pair in times.windows(2) {
            assert!((41..=46).contains(&(pair[1] - pair[0])), "{times:?}");
        }
    }

    #[test]
    fn the_window_follows_the_round_trip_within_its_bounds() {
        assert_eq!(Missing::new(true).window(), ms(200), "before anything is known");
        assert_eq!(trained(1).window(), ms(20));
        let middle = trained(25).window();
        assert!(ms(100) < middle && middle < ms(125), "{middle:?}");
        assert_eq!(trained(150).window(), ms(200));
    }

    #[test]
    fn without_requests_the_window_follows_jitter_and_disorder() {
        let mut missing = Missing::new(false);
        assert_eq!(missing.window(), ms(20));
        missing.jitter(ms(15));
        assert_eq!(missing.window(), ms(60));
        missing.lost(1, at(0));
        assert!(asked(&mut missing, at(10)).is_empty());
        assert!(!missing.found(1, at(80), false));
        assert_eq!(missing.window(), ms(120));
        missing.jitter(ms(900));
        assert_eq!(missing.window(), ms(200));
    }

    #[test]
    fn disorder_delays_the_first_request_and_is_forgotten() {
        let mut missing = trained(50);
        missing.lost(100, at(0));
        assert!(!missing.found(100, at(8), false), "asked for or not, it cannot be an answer");
        missing.lost(101, at(100));
        assert_eq!((asked(&mut missing, at(107)).len(), asked(&mut missing, at(108)).len()), (0, 1));
        for n in 0..40 {
            assert!(missing.found(101 + n, at(158 + n * 100), true));
            missing.lost(102 + n, at(200 + n * 100));
            asked(&mut missing, at(208 + n * 100));
        }
        assert!(missing.patience() < ms(1), "{:?}", missing.patience());
    }

    #[test]
    fn an_answer_to_an_earlier_request_teaches_a_longer_round_trip() {
        let mut missing = trained(40);
        for n in 0..30 {
            let start = 100_000 + n * 1_000;
            missing.lost(1_000 + n, at(start));
            for t in 0..120 {
                asked(&mut missing, at(start + t));
            }
            missing.found(1_000 + n, at(start + 120), true);
        }
        assert!(missing.round_trip.smoothed > ms(100), "{:?}", missing.round_trip);
    }

    #[test]
    fn what_waited_for_too_long_is_given_up_with_all_before_it() {
        let mut missing = trained(1);
        missing.lost(100, at(0));
        missing.lost(105, at(5));
        missing.lost(200, at(15));
        assert_eq!(missing.given_up(at(19)), None);
        assert_eq!(missing.given_up(at(20)), Some(101));
        assert_eq!(missing.given_up(at(25)), Some(106));
        missing.forget_before(106);
        assert_eq!(missing.given_up(at(25)), None);
        assert!(!missing.is_empty());
    }

    #[test]
    fn the_deadline_is_the_moment_something_happens() {
        let mut missing = trained(30);
        missing.lost(100, at(1_000));
        let mut moments = Vec::new();
        while let Some(deadline) = missing.deadline() {
            assert!(asked(&mut missing, Time(deadline.0 - 1)).is_empty(), "not before it");
            assert_eq!(missing.given_up(Time(deadline.0 - 1)), None, "not before it");
            if let Some(number) = missing.given_up(deadline) {
                missing.forget_before(number);
            } else {
                assert_eq!(asked(&mut missing, deadline), [100]);
            }
            moments.push(deadline);
        }
        assert_eq!(moments.len(), 5, "four requests and the end: {moments:?}");
    }

    #[test]
    fn one_nack_asks_for_so_many_and_no_more() {
        let mut missing = Missing::new(true);
        (0..300).for_each(|n| missing.lost(n, at(0)));
        assert_eq!(asked(&mut missing, at(0)).len(), 128);
        assert_eq!(asked(&mut missing, at(0)).len(), 128);
        assert_eq!(asked(&mut missing, at(0)).len(), 44);
        assert!(asked(&mut missing, at(0)).is_empty());
    }
}
