//! When media was captured, on our clock: sender reports place RTP timestamps on the sender's wall
//! clock, and how that stands to ours is learnt once for all tracks of the peer.

use crate::rtp::rtcp::SenderInfo;
use crate::time::{Anchor, Time};
use std::collections::VecDeque;
use std::time::Duration;

/// Reports that are compared, and how long. The quickest of them comes closest to the truth; older
/// ones are wrong by how the clocks drift: 3 ms in 30 s at 100 ppm.
const REMEMBERED: usize = 64;
const MEMORY: Duration = Duration::from_secs(30);
/// A difference that leaps by more is no network's doing: the sender's clock was set.
const STEP: i64 = 2_000_000;
/// Media is not older than that when it comes; if a report says so, it is not believed.
const OLDEST: Duration = Duration::from_secs(10);

/// How the sender's wall clock stands to ours. One way of the quickest report is in it: sound and
/// picture share it, so they stay in sync.
#[derive(Debug)]
pub(super) struct Skew {
    anchor: Anchor,
    /// Ours less theirs, in microseconds, of the last reports.
    samples: VecDeque<(Time, i64)>,
    least: Option<i64>,
}

impl Skew {
    pub(super) fn new(anchor: Anchor) -> Skew {
        Skew { anchor, samples: VecDeque::new(), least: None }
    }

    /// A report that left at `ntp` on their clock came at `arrived` on ours.
    pub(super) fn report(&mut self, ntp: u64, arrived: Time) {
        // The difference wraps right where NTP does, in 2036: RFC 5905 section 6.
        let difference = self.anchor.ntp(arrived).wrapping_sub(ntp) as i64;
        let sample = micros(difference);
        if self.least.is_some_and(|least| (sample - least).abs() > STEP) {
            self.samples.clear();
        }
        while self.samples.len() == REMEMBERED
            || self.samples.front().is_some_and(|(at, _)| arrived.since(*at) > MEMORY)
        {
            self.samples.pop_front();
        }
        self.samples.push_back((arrived, sample));
        self.least = self.samples.iter().map(|&(_, sample)| sample).min();
    }

    /// Our time of `ntp` on their clock; `None` before the first report.
    fn time(&self, ntp: u64) -> Option<Time> {
        let since = micros(ntp.wrapping_sub(self.anchor.ntp) as i64);
        let micros =
            i64::try_from(self.anchor.capture.0).ok()?.checked_add(since)?.checked_add(self.least?)?;
        u64::try_from(micros).ok().map(Time)
    }
}

/// Of 32.32 fixed-point seconds.
fn micros(ntp: i64) -> i64 {
    ((i128::from(ntp) * 1_000_000) >> 32) as i64
}

/// The capture times of one track.
#[derive(Debug)]
pub(super) struct Capture {
    rate: u32,
    /// One instant, as NTP and on the track's RTP clock.
    line: Option<(u64, u32)>,
    /// The first timestamp, and when it came.
    first: Option<(u64, Time)>,
    last: Time,
}

impl Capture {
    pub(super) fn new(rate: u32) -> Capture {
        Capture { rate, line: None, first: None, last: Time(0) }
    }

    /// A report of the track's sender.
    pub(super) fn report(&mut self, info: &SenderInfo) {
        self.line = Some((info.ntp, info.rtp));
    }

    /// A sender that counts anew: what is known of its timestamps is void.
    pub(super) fn restart(&mut self) {
        (self.line, self.first) = (None, None);
    }

    /// When media of that timestamp (counted on over wraps) was captured. Never runs backwards.
    pub(super) fn at(&mut self, timestamp: u64, arrived: Time, skew: &Skew) -> Time {
        let captured = self.by_report(timestamp as u32, skew);
        let believed = captured.filter(|&captured| captured + OLDEST >= arrived);
        let captured = believed.unwrap_or_else(|| self.by_arrival(timestamp, arrived));
        self.last = self.last.max(captured.min(arrived));
        self.last
    }

    fn by_report(&self, timestamp: u32, skew: &Skew) -> Option<Time> {
        let (ntp, rtp) = self.line?;
        let ticks = i64::from(timestamp.wrapping_sub(rtp) as i32);
        skew.time(ntp.wrapping_add(((ticks << 32) / i64::from(self.rate)) as u64))
    }

    fn by_arrival(&mut self, timestamp: u64, arrived: Time) -> Time {
        let (first, came) = *self.first.get_or_insert((timestamp, arrived));
        let ticks = timestamp.saturating_sub(first);
        came + Duration::from_micros((u128::from(ticks) * 1_000_000 / u128::from(self.rate)) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANCHOR: Anchor = Anchor { capture: Time(50_000_000), ntp: 0xea00_0000 << 32 };
    /// Their clock at our time 50 s.
    const THEIRS: u64 = 0xd000_0000 << 32;

    fn ms(ms: u64) -> Time {
        Time(50_000_000 + ms * 1_000)
    }

    /// A report that left at our time `at`, of a stream that had timestamp `rtp` then.
    fn report(at: u64, rtp: u32) -> SenderInfo {
        let ntp = THEIRS.wrapping_add(((u128::from(at) << 32) / 1_000) as u64);
        SenderInfo { ntp, rtp, packets: 0, octets: 0 }
    }

    fn close(a: Time, b: Time) -> bool {
        a.0.abs_diff(b.0) <= 2
    }

    #[test]
    fn before_any_report_the_first_arrival_is_the_measure() {
        let (mut capture, skew) = (Capture::new(48_000), Skew::new(ANCHOR));
        assert_eq!(capture.at(960, ms(100), &skew), ms(100));
        assert_eq!(capture.at(1_920, ms(190), &skew), ms(120));
        assert_eq!(capture.at(2_880, ms(130), &skew), ms(130), "never later than it came");
    }

    #[test]
    fn sound_and_picture_share_the_quickest_reports_way() {
        let mut skew = Skew::new(ANCHOR);
        let (mut sound, mut picture) = (Capture::new(48_000), Capture::new(90_000));
        for (at, way) in [(0, 70), (1_000, 20), (2_000, 90)] {
            let info = report(at, 48 * at as u32);
            skew.report(info.ntp, ms(at + way));
            sound.report(&info);
        }
        let info = report(2_100, 90 * 2_100);
        skew.report(info.ntp, ms(2_200));
        picture.report(&info);
        let heard = sound.at(48 * 3_000, ms(3_040), &skew);
        let seen = picture.at(90 * 3_000, ms(3_150), &skew);
        assert!(close(heard, ms(3_020)) && close(seen, ms(3_020)), "{heard:?} {seen:?}");
    }

    #[test]
    fn a_report_places_timestamps_before_it_and_over_the_wrap() {
        let mut skew = Skew::new(ANCHOR);
        let mut capture = Capture::new(90_000);
        let info = report(1_000, 90);
        skew.report(info.ntp, ms(1_000));
        capture.report(&info);
        let before = (1u64 << 32) + u64::from(90u32.wrapping_sub(90 * 100));
        assert!(close(capture.at(before, ms(1_000), &skew), ms(900)));
        assert!(close(capture.at((2 << 32) + 90 * 51, ms(1_100), &skew), ms(1_050)));
    }

    #[test]
    fn a_report_that_moves_the_line_back_does_not_move_time_back() {
        let mut skew = Skew::new(ANCHOR);
        let mut capture = Capture::new(90_000);
        let early = capture.at(0, ms(500), &skew);
        let info = report(350, 0);
        skew.report(info.ntp, ms(370));
        capture.report(&info);
        let times: Vec<_> = (1..10).map(|n| capture.at(n * 2_970, ms(500 + n * 33), &skew)).collect();
        assert!(times[2] == early && times.is_sorted(), "{times:?}");
        assert!(close(times[8], ms(370 + 9 * 33)));
    }

    #[test]
    fn a_clock_that_is_set_begins_the_comparison_anew() {
        let mut skew = Skew::new(ANCHOR);
        skew.report(report(0, 0).ntp, ms(10));
        for ahead in [3_600_000, -3_600_000i64] {
            let ntp = report(0, 0).ntp.wrapping_add_signed((ahead << 32) / 1_000);
            skew.report(ntp, ms(1_030));
            assert!(close(skew.time(ntp).expect("it is known"), ms(1_030)), "{ahead}");
        }
    }

    #[test]
    fn nonsense_in_a_report_is_not_believed() {
        let mut skew = Skew::new(ANCHOR);
        let mut capture = Capture::new(90_000);
        skew.report(report(0, 0).ntp, ms(10));
        for ntp in [0, u64::MAX, THEIRS.wrapping_sub(1 << 40)] {
            capture.report(&SenderInfo { ntp, ..report(0, 7) });
            let at = capture.at(1 << 32, ms(20), &skew);
            assert!(at <= ms(20) && at + OLDEST >= ms(20), "{at:?}");
        }
    }

    #[test]
    fn old_reports_are_forgotten() {
        let mut skew = Skew::new(ANCHOR);
        skew.report(report(0, 0).ntp, ms(1));
        for second in 1..200 {
            let info = report(second * 1_000, 0);
            skew.report(info.ntp, ms(second * 1_000 + 30));
            assert!(skew.samples.len() <= REMEMBERED);
        }
        assert!(close(skew.time(report(0, 0).ntp).expect("it is known"), ms(30)), "the clocks drift");
    }
}
