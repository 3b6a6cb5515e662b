//! Which times libvpx is told.
//!
//! libvpx gives a frame bits for the time since the last one. Told the truth, it would spend a
//! minute's bits on the first frame after an idle minute (or refuse such a duration), and let every
//! jitter of the application's clock shake the quality. It is told a smoothed pace instead, which
//! follows the real one within a second or so.

use crate::time::Time;

/// How much of a new interval the pace takes over.
const WEIGHT: f64 = 1.0 / 16.0;

/// An interval counts as at most this many times, and at least this fraction of, the pace: a pause
/// is not a slow source, a burst not a fast one. One that lasts still becomes the pace, step by step.
const STRETCH: f64 = 4.0;

/// The pace a source is assumed to have at most and at least, in frames a second.
const SLOWEST: f64 = 1.0;
const FASTEST: f64 = 240.0;

/// Turns capture times into start and duration for libvpx.
#[derive(Debug)]
pub struct Cadence {
    ticks: f64,
    interval: f64,
    last: Option<Time>,
    start: i64,
}

impl Cadence {
    /// A cadence that expects `fps`, on a clock of `ticks` a second.
    pub fn new(fps: f64, ticks: u32) -> Cadence {
        let ticks = f64::from(ticks);
        Cadence { ticks, interval: ticks / fps.clamp(SLOWEST, FASTEST), last: None, start: 0 }
    }

    /// From now on `fps` is expected.
    pub fn expect(&mut self, fps: f64) {
        self.interval = self.ticks / fps.clamp(SLOWEST, FASTEST);
    }

    /// Start and duration of the frame captured then, in ticks. Starts always rise.
    pub fn next(&mut self, capture: Time) -> (i64, u32) {
        if let Some(last) = self.last.filter(|last| *last < capture) {
            let passed = capture.since(last).as_secs_f64() * self.ticks;
            let counted = passed.clamp(self.interval / STRETCH, self.interval * STRETCH);
            self.interval = (self.interval + (counted - self.interval) * WEIGHT)
                .clamp(self.ticks / FASTEST, self.ticks / SLOWEST);
        }
        self.last = Some(capture);
        let (start, duration) = (self.start, self.interval.round() as u32);
        self.start += i64::from(duration);
        (start, duration)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The last duration of frames at these times.
    fn paced(fps: f64, captures: impl Iterator<Item = u64>) -> u32 {
        let mut cadence = Cadence::new(fps, 90_000);
        let mut end = 0;
        captures.fold(0, |_, capture| {
            let (start, duration) = cadence.next(Time(capture));
            assert_eq!(start, end, "no gap and no overlap");
            end = start + i64::from(duration);
            duration
        })
    }

    #[test]
    fn a_steady_source_has_its_own_pace() {
        assert_eq!(paced(30.0, (0..30).map(|n| n * 1_000_000 / 30)), 3000);
    }

    #[test]
    fn a_source_slower_than_said_is_believed_after_a_while() {
        let five_a_second = paced(30.0, (0..60).map(|n| n * 200_000));
        assert!(five_a_second.abs_diff(18_000) < 1500, "{five_a_second}");
    }

    #[test]
    fn a_long_idle_hardly_counts_and_times_going_back_do_not() {
        let day = 86_400_000_000;
        let after = paced(30.0, [0, 33_333, day, day + 33_333, 5].into_iter());
        assert!(after.abs_diff(3000) < 600, "{after}");
    }

    #[test]
    fn the_ends_of_the_clock_are_survived() {
        paced(30.0, [0, u64::MAX, 0, u64::MAX].into_iter());
        assert_eq!(paced(f64::INFINITY, [0].into_iter()), 375);
        assert_eq!(paced(0.0, [0].into_iter()), 90_000);
    }
}
