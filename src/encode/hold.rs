//! Sound that is sent as long after its capture as the pictures are, so that a receiver has nothing to
//! hold back itself.
//!
//! Whole encoded frames wait: neither samples nor capture times are changed.

use crate::time::Time;
use std::collections::VecDeque;
use std::time::Duration;

/// Sound is held back for no longer, however old pictures are.
pub const LONGEST: Duration = Duration::from_secs(2);
/// Frames of 20 ms that wait at most, whatever their capture times say.
const MOST: usize = 105;
/// So long the first sound waits for the first picture.
const START: Duration = Duration::from_millis(500);
/// What a frame may be held longer or shorter than the one before: one part in twenty. Receivers stretch and
/// squeeze sound at that rate without a gap.
const STEP: Duration = Duration::from_millis(1);

/// Encoded sound on its way out.
#[derive(Debug)]
pub struct Hold<T> {
    waiting: VecDeque<(Time, T)>,
    /// How long after its capture the frame in front leaves; `None`: it is the first.
    held: Option<Duration>,
}

impl<T> Hold<T> {
    /// Adds what was captured then.
    pub fn push(&mut self, capture: Time, frame: T) {
        self.waiting.push_back((capture, frame));
    }

    /// What is due, where pictures leave at that age (`None`: there were none yet). `heard`: somebody listens.
    /// Where nobody does, a change needs no time.
    pub fn next(&mut self, age: Option<Duration>, heard: bool, now: Time) -> Option<T> {
        let wanted = age.unwrap_or_default().min(LONGEST);
        let &(capture, _) = self.waiting.front()?;
        if !heard {
            self.held = Some(wanted);
        }
        let held = match self.held {
            Some(held) => held,
            None if age.is_none() && now < capture + START && self.waiting.len() <= MOST => return None,
            // What has waited for the first picture leaves at its own pace, too.
            None => wanted.max(now.since(capture)).min(LONGEST),
        };
        self.held = Some(held);
        if now < capture + held && self.waiting.len() <= MOST {
            return None;
        }
        self.held = Some(wanted.clamp(held.saturating_sub(STEP), held + STEP));
        self.waiting.pop_front().map(|(_, frame)| frame)
    }

    /// When the next is due, if nothing changes before.
    pub fn deadline(&self) -> Option<Time> {
        self.waiting.front().map(|&(capture, _)| capture + self.held.unwrap_or(START))
    }

    /// How long sound is held back now.
    pub fn held(&self) -> Duration {
        self.held.unwrap_or_default()
    }
}

impl<T> Default for Hold<T> {
    fn default() -> Self {
        Hold { waiting: VecDeque::new(), held: None }
    }
}

/// How old pictures are: the median of the last few, so that one that took much longer moves no sound.
#[derive(Debug, Default)]
pub struct Age {
    last: VecDeque<Duration>,
}

impl Age {
    /// One was that old.
    pub fn measure(&mut self, age: Duration) {
        const FEW: usize = 9;
        if self.last.len() == FEW {
            self.last.pop_front();
        }
        self.last.push_back(age);
    }

    /// So old they are; `None` before the first.
    pub fn get(&self) -> Option<Duration> {
        let mut sorted: Vec<_> = self.last.iter().copied().collect();
        sorted.sort_unstable();
        sorted.get(sorted.len().saturating_sub(1) / 2).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// Runs sound that is captured every 20 ms, and says when each frame left after its capture, in
    /// milliseconds. The age of pictures is asked for every millisecond.
    fn run(frames: u64, heard: impl Fn(u64) -> bool, age: impl Fn(u64) -> Option<u64>) -> Vec<u64> {
        let (mut hold, mut held) = (Hold::default(), Vec::new());
        for now in 0..frames * 20 + 3_000 {
            let at = Time(9_000_000 + now * 1_000);
            if now % 20 == 0 && now < frames * 20 {
                hold.push(at, now);
            }
            while let Some(captured) = hold.next(age(now).map(ms), heard(now), at) {
                assert_eq!(captured, held.len() as u64 * 20, "in order");
                held.push(now - captured);
            }
            assert!(hold.waiting.len() <= MOST, "bounded");
            assert!(hold.deadline().is_none_or(|due| due > at), "what is due has left");
        }
        assert_eq!(held.len() as u64, frames, "all of it leaves");
        held
    }

    /// How much later or earlier than 20 ms after the one before it a frame leaves, at most.
    fn roughest(held: &[u64]) -> u64 {
        held.windows(2).map(|pair| pair[0].abs_diff(pair[1])).max().unwrap_or_default()
    }

    #[test]
    fn sound_leaves_as_old_as_pictures_do_from_the_first_on() {
        // The first picture comes with its age.
        let held = run(100, |_| true, |now| (now >= 150).then_some(150));
        assert_eq!(held, [150; 100]);
        assert_eq!(run(100, |_| true, |_| Some(0)), [0; 100]);
    }

    #[test]
    fn a_change_takes_its_time_and_leaves_no_gap() {
        for (before, after) in [(0, 150), (150, 20), (30, 1_000)] {
            let held = run(1_500, |_| true, |now| Some(if now < 2_000 { before } else { after }));
            assert_eq!((held[50], held[1_499]), (before, after));
            assert!(roughest(&held) <= 1, "{before} to {after}: {}", roughest(&held));
        }
    }

    #[test]
    fn a_first_picture_that_comes_late_is_waited_for_and_what_waited_is_no_burst() {
        let held = run(1_000, |_| true, |now| (now >= 400).then_some(40));
        assert_eq!((held[0], held[999]), (400, 40));
        assert!(roughest(&held) <= 1);
        let held = run(1_000, |_| true, |_| None);
        assert_eq!((held[0], held[999]), (500, 0), "half a second, and then no longer");
        assert!(roughest(&held) <= 1);
    }

    #[test]
    fn where_nobody_listens_a_change_needs_no_time() {
        let held = run(200, |now| now >= 3_000, |now| (now >= 1_000).then_some(300));
        assert_eq!((held[0], held[49], held[50]), (0, 0, 300));
        assert!(held[50..].iter().all(|held| *held == 300));
    }

    #[test]
    fn no_sound_is_held_for_more_than_two_seconds() {
        let held = run(300, |_| true, |_| Some(3_600_000));
        assert_eq!(held, [2_000; 300]);
        let (mut hold, mut left) = (Hold::default(), 0);
        for n in 0..1_000 {
            hold.push(Time(u64::MAX / 2 + n * 20_000), ());
            while hold.next(Some(ms(0)), true, Time(0)).is_some() {
                left += 1;
            }
        }
        assert_eq!(left, 1_000 - MOST, "a clock that is far ahead");
    }

    #[test]
    fn a_few_pictures_that_are_much_older_move_no_sound_and_a_change_that_lasts_does() {
        let mut age = Age::default();
        assert_eq!(age.get(), None);
        for took in [100, 100, 30_000, 30_000, 100] {
            age.measure(ms(took));
            assert_eq!(age.get(), Some(ms(100)));
        }
        (0..5).for_each(|_| age.measure(ms(30_000)));
        assert_eq!(age.get(), Some(ms(30_000)));
    }
}
