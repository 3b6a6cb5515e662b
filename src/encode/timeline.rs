//! Capture times on one clock, and on the RTP clock of each medium.

use crate::time::{Anchor, Time, clock};
use std::sync::OnceLock;
use std::time::Duration;

/// A caller whose capture time is this near to ours means the same clock.
const SAME_CLOCK: Duration = Duration::from_secs(10);

/// Whose clock the application's capture times are of: `CLOCK_MONOTONIC`, or one of its own, which
/// the first capture time it states places on ours. Shared by sound and picture of a source, so
/// that both stand on one line.
#[derive(Debug, Default)]
pub struct CaptureClock {
    /// What is added to the application's times, in milliseconds.
    offset: OnceLock<i128>,
}

impl CaptureClock {
    /// `capture` on our clock; none stated is `now`.
    pub fn place(&self, capture: Option<Time>, now: Time) -> Time {
        let Some(capture) = capture else { return now };
        let offset = *self.offset.get_or_init(|| {
            let near = capture.since(now) <= SAME_CLOCK && now.since(capture) <= SAME_CLOCK;
            // Whole milliseconds are whole ticks at 90 kHz and at 48 kHz: RTP times keep the
            // distances that the capture times have.
            if near { 0 } else { (i128::from(now.0) - i128::from(capture.0)) / 1000 }
        });
        Time((i128::from(capture.0) + offset * 1000).clamp(0, i128::from(u64::MAX)) as u64)
    }
}

/// A frame's place on our clock, on the wall clock and on the RTP clock: the same instant three times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Capture time.
    pub capture: Time,
    /// NTP timestamp.
    pub ntp: u64,
    /// RTP timestamp before any viewer's offset.
    pub rtp: u32,
}

/// Gives pictures their timestamps, which only ever rise.
#[derive(Debug)]
pub struct Timeline {
    rate: u32,
    anchor: Anchor,
    last: Option<u128>,
}

impl Timeline {
    /// A timeline of `rate` ticks a second.
    pub fn new(rate: u32) -> Timeline {
        Timeline { rate, anchor: clock::anchor(), last: None }
    }

    /// The stamp of a frame captured then (on our clock), and whether it had to be moved: a time that
    /// does not rise becomes one tick after the last.
    pub fn stamp(&mut self, capture: Time) -> (Stamp, bool) {
        let ticks = u128::from(capture.0) * u128::from(self.rate) / 1_000_000;
        let least = self.last.map_or(0, |last| last + 1);
        let stamped = ticks.max(least);
        self.last = Some(stamped);
        // A time that stays as it was keeps its microseconds; the RTP clock is coarser.
        let moved = stamped != ticks;
        let instant = if moved {
            Time(u64::try_from((stamped * 1_000_000).div_ceil(u128::from(self.rate))).unwrap_or(u64::MAX))
        } else {
            capture
        };
        (Stamp { capture: instant, ntp: self.anchor.ntp(instant), rtp: stamped as u32 }, moved)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_that_go_backwards_move_one_tick_forward() {
        let mut timeline = Timeline::new(90_000);
        let captures = [1_000_000, 1_033_333, 1_033_333, 5, 1_033_344, 1_066_666];
        let stamps: Vec<_> = captures.iter().map(|c| timeline.stamp(Time(*c))).collect();
        let rtp: Vec<u32> = stamps.iter().map(|s| s.0.rtp).collect();
        assert_eq!(rtp, [90_000, 92_999, 93_000, 93_001, 93_002, 95_999]);
        assert_eq!(stamps.iter().map(|s| s.1).collect::<Vec<_>>(), [false, false, true, true, true, false]);
        assert!(stamps.windows(2).all(|pair| pair[0].0.ntp < pair[1].0.ntp));
    }

    #[test]
    fn the_rtp_clock_wraps_and_the_last_capture_time_is_survived() {
        let mut timeline = Timeline::new(90_000);
        let wrap = (1u64 << 32) * 100 / 9;
        let (before, _) = timeline.stamp(Time(wrap - 1_000_000));
        let (after, moved) = timeline.stamp(Time(wrap + 1_000_000));
        assert_eq!((after.rtp.wrapping_sub(before.rtp), moved), (180_000, false));
        timeline.stamp(Time(u64::MAX));
        let (stamp, moved) = timeline.stamp(Time(u64::MAX));
        assert!(moved);
        assert_eq!(stamp.rtp, Time(u64::MAX).rtp(90_000).wrapping_add(1));
    }

    #[test]
    fn ntp_and_rtp_are_of_one_instant() {
        let (mut video, mut audio) = (Timeline::new(90_000), Timeline::new(48_000));
        let at = Time(7_000_000_000);
        assert_eq!(video.stamp(at).0.ntp, audio.stamp(at).0.ntp);
        let later = video.stamp(at + Duration::from_secs(2)).0;
        assert_eq!(later.ntp - audio.stamp(at + Duration::from_secs(1)).0.ntp, 1 << 32);
    }

    #[test]
    fn our_own_clock_is_left_alone() {
        let clock = CaptureClock::default();
        assert_eq!(clock.place(None, Time(77)), Time(77));
        assert_eq!(clock.place(Some(Time(99_000_001)), Time(100_000_000)), Time(99_000_001));
        assert_eq!(clock.place(Some(Time(1)), Time(100_000_000)), Time(1), "decided once");
    }

    #[test]
    fn a_callers_own_clock_is_placed_on_ours_by_its_first_time() {
        let clock = CaptureClock::default();
        let now = Time(100_000_000);
        assert_eq!(clock.place(Some(Time(5)), now), Time(99_999_005));
        assert_eq!(clock.place(Some(Time(33_338)), now).0 - clock.place(Some(Time(5)), now).0, 33_333);
        assert_eq!(clock.place(None, Time(200_000_000)), Time(200_000_000), "none stated is still now");
        assert_eq!(CaptureClock::default().place(Some(Time(u64::MAX)), now).0 / 1000, 100_000);
    }
}
