//! When a keyframe is due: one serves everybody who asked, and nobody who asked is forgotten.

use crate::time::Time;
use std::time::Duration;

/// The policy of one source's picture.
#[derive(Debug)]
pub struct Keyframes {
    /// At most one forced keyframe in this time.
    window: Duration,
    /// The longest distance between two, in a picture that moves.
    interval: Option<Duration>,
    wanted: bool,
    last: Option<Time>,
}

impl Keyframes {
    /// A policy; the first frame of all is a keyframe by itself.
    pub fn new(window: Duration, interval: Option<Duration>) -> Keyframes {
        Keyframes { window, interval, wanted: false, last: None }
    }

    /// Somebody needs one. False: it was wanted already.
    pub fn request(&mut self) -> bool {
        !std::mem::replace(&mut self.wanted, true)
    }

    /// Whether the frame encoded now has to be one.
    pub fn due(&self, now: Time) -> bool {
        let asked = self.deadline().is_some_and(|at| at <= now);
        let overdue = self.interval.zip(self.last).is_some_and(|(interval, last)| last + interval <= now);
        asked || overdue || self.last.is_none()
    }

    /// When the one that was asked for is due: at once, or at the end of the window that the last
    /// keyframe opened.
    pub fn deadline(&self) -> Option<Time> {
        self.wanted.then(|| self.last.map_or(Time::default(), |last| last + self.window))
    }

    /// A keyframe was made of a frame taken at `now`; it serves all who asked before that.
    pub fn made(&mut self, now: Time) {
        self.wanted = false;
        self.last = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_millis(500);

    fn ms(n: u64) -> Time {
        Time(n * 1000)
    }

    /// Runs 30 frames a second for `seconds`, with a request whenever `asks` says so; when keyframes came.
    fn keyframes(seconds: u64, asks: impl Fn(u64) -> bool) -> Vec<u64> {
        let mut policy = Keyframes::new(WINDOW, None);
        policy.made(ms(0));
        let mut made = Vec::new();
        for now in 600..600 + seconds * 1000 {
            if asks(now - 600) {
                policy.request();
            }
            if now % 33 == 0 && policy.due(ms(now)) {
                policy.made(ms(now));
                made.push(now - 600);
            }
        }
        made
    }

    #[test]
    fn a_storm_inside_a_second_costs_two_in_it() {
        let made = keyframes(3, |at| at < 1000 && at % 4 == 0);
        assert_eq!(made.iter().filter(|at| **at < 1000).count(), 2, "{made:?}");
        assert!(made.len() <= 3, "{made:?}");
    }

    #[test]
    fn a_request_inside_the_window_is_honoured_at_its_end() {
        let made = keyframes(3, |at| at == 0 || at == 100);
        assert_eq!(made.len(), 2, "{made:?}");
        assert!((500..=533).contains(&(made[1] - made[0])), "{made:?}");
    }

    #[test]
    fn nobody_asks_and_none_comes() {
        assert!(keyframes(3, |_| false).is_empty());
    }

    #[test]
    fn the_interval_forces_one_without_a_request() {
        let mut policy = Keyframes::new(WINDOW, Some(Duration::from_secs(2)));
        assert!(policy.due(ms(0)), "the first is always one");
        policy.made(ms(0));
        assert!(!policy.due(ms(1999)));
        assert!(policy.due(ms(2000)));
        assert_eq!(policy.deadline(), None, "an idle picture stays idle");
    }

    #[test]
    fn the_deadline_is_the_end_of_the_window() {
        let mut policy = Keyframes::new(WINDOW, None);
        policy.made(ms(1000));
        assert!(policy.request());
        assert!(!policy.request(), "one is wanted already");
        assert_eq!(policy.deadline(), Some(ms(1500)));
        policy.made(ms(1500));
        assert_eq!(policy.deadline(), None);
    }
}
