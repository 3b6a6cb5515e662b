//! What a receiver report says of one stream: RFC 3550 section 6.4.1, appendices A.3 and A.8.

use super::sequence::CYCLE;
use crate::rtp::feedback::Block;
use crate::time::Time;
use std::time::Duration;

#[derive(Debug)]
pub(super) struct Reception {
    rate: u32,
    first: u64,
    highest: u64,
    received: u64,
    /// Expected and received, at the last report.
    prior: (u64, u64),
    /// Arrival less timestamp, on the stream's clock.
    transit: Option<u32>,
    /// In sixteenths of a tick.
    jitter: u32,
    /// The middle of the last sender report's NTP timestamp, and when it came.
    report: Option<(u32, Time)>,
}

/// What came and what should have come since the last report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Interval {
    pub expected: u64,
    pub lost: u64,
}

impl Reception {
    /// Of a stream with timestamps of `rate` a second, from packet `first` on.
    pub(super) fn new(rate: u32, first: u64) -> Reception {
        Reception {
            rate,
            first,
            highest: first,
            received: 0,
            prior: (0, 0),
            transit: None,
            jitter: 0,
            report: None,
        }
    }

    /// A packet came, on the stream's own SSRC.
    pub(super) fn packet(&mut self, number: u64, timestamp: u32, arrived: Time) {
        self.received += 1;
        // Of those out of order many were sent again: their way was no longer, but their start later.
        if number < self.highest {
            return;
        }
        self.highest = number;
        let transit = arrived.rtp(self.rate).wrapping_sub(timestamp);
        let step = self.transit.map_or(0, |last| transit.wrapping_sub(last) as i32).unsigned_abs();
        self.transit = Some(transit);
        // A clock that leaps is no jitter.
        if step < 5 * self.rate {
            self.jitter = self.jitter + step - ((self.jitter + 8) >> 4);
        }
    }

    /// A sender report came.
    pub(super) fn sender_report(&mut self, ntp: u64, now: Time) {
        self.report = Some(((ntp >> 16) as u32, now));
    }

    pub(super) fn jitter(&self) -> Duration {
        Duration::from_micros(u64::from(self.jitter >> 4) * 1_000_000 / u64::from(self.rate))
    }

    /// The block of the report that leaves now, and the interval that it ends.
    pub(super) fn block(&mut self, ssrc: u32, now: Time) -> (Block, Interval) {
        let expected = self.highest - self.first + 1;
        let interval = Interval {
            expected: expected - self.prior.0,
            lost: (expected - self.prior.0).saturating_sub(self.received - self.prior.1),
        };
        self.prior = (expected, self.received);
        let (last_report, came) = self.report.unwrap_or((0, now));
        let block = Block {
            ssrc,
            fraction_lost: (interval.lost * 256).checked_div(interval.expected).unwrap_or(0).min(255) as u8,
            lost: (expected as i64 - self.received as i64).clamp(i32::MIN.into(), i32::MAX.into()) as i32,
            highest: (self.highest - CYCLE) as u32,
            jitter: self.jitter >> 4,
            last_report,
            delay: ((now.since(came).as_micros() << 16) / 1_000_000) as u32,
        };
        (block, interval)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: u64 = CYCLE + 65_530;

    fn ms(ms: u64) -> Time {
        Time(ms * 1_000)
    }

    #[test]
    fn loss_is_told_since_the_start_and_since_the_last_report() {
        let mut reception = Reception::new(90_000, FIRST);
        for n in (0..10).filter(|n| n % 5 != 2) {
            reception.packet(FIRST + n, 0, ms(0));
        }
        let (block, interval) = reception.block(7, ms(0));
        assert_eq!((block.ssrc, block.fraction_lost, block.lost), (7, 51, 2));
        assert_eq!(block.highest, 0x1_0003, "over the wrap");
        assert_eq!(interval, Interval { expected: 10, lost: 2 });
        for n in [2, 10, 11, 12] {
            reception.packet(FIRST + n, 0, ms(0)); // one of them late
        }
        let (block, interval) = reception.block(7, ms(0));
        assert_eq!((block.fraction_lost, block.lost), (0, 1));
        assert_eq!(interval, Interval { expected: 3, lost: 0 });
        let (block, _) = reception.block(7, ms(0));
        assert_eq!((block.fraction_lost, block.lost), (0, 1), "nothing came in between");
    }

    #[test]
    fn all_of_an_interval_lost_fits_and_duplicates_make_it_negative() {
        let mut reception = Reception::new(90_000, FIRST);
        for _ in 0..3 {
            reception.packet(FIRST, 0, ms(0));
        }
        assert_eq!(reception.block(7, ms(0)).0.lost, -2);
        reception.highest += 100;
        assert_eq!(reception.block(7, ms(0)).0.fraction_lost, 255);
    }

    #[test]
    fn jitter_is_how_much_the_way_differs_from_packet_to_packet() {
        let mut even = Reception::new(90_000, FIRST);
        let mut uneven = Reception::new(90_000, FIRST);
        for n in 0..500 {
            let timestamp = (n as u32).wrapping_mul(900).wrapping_sub(90_000);
            even.packet(FIRST + n, timestamp, ms(n * 10 + 77));
            uneven.packet(FIRST + n, timestamp, ms(n * 10 + 77 + n % 2 * 8));
        }
        assert_eq!(even.jitter(), Duration::ZERO);
        let jitter = uneven.jitter();
        assert!(Duration::from_millis(7) < jitter && jitter < Duration::from_millis(9), "{jitter:?}");
        assert_eq!(uneven.block(7, ms(0)).0.jitter, (jitter.as_micros() * 9 / 100) as u32 + 1);
        let before = uneven.jitter();
        uneven.packet(FIRST + 600, 0x7000_0000, ms(6_000));
        uneven.packet(FIRST + 601, 0x7000_0000, ms(6_000));
        assert!(uneven.jitter() < before, "a leap of the clock");
    }

    #[test]
    fn the_last_sender_report_is_echoed_with_how_long_it_lay() {
        let mut reception = Reception::new(90_000, FIRST);
        assert_eq!((reception.block(7, ms(9)).0.last_report, reception.block(7, ms(9)).0.delay), (0, 0));
        reception.sender_report(0x1234_5678_9abc_def0, ms(1_000));
        let (block, _) = reception.block(7, ms(1_500));
        assert_eq!((block.last_report, block.delay), (0x5678_9abc, 0x8000));
    }
}
