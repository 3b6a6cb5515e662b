//! When a connection is asked whether it lives, and when it has been quiet for too long.

use crate::time::Time;
use std::time::Duration;

/// The times of one connection. No clock.
#[derive(Debug)]
pub struct Pulse {
    ping: Duration,
    idle: Duration,
    /// When anything came last.
    heard: Time,
    /// When something came last that was worth it.
    progress: Time,
    /// When it was asked last, or else began.
    pinged: Time,
    asked: bool,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Ask whether it lives.
    Ping,
    /// It does not: since the last ping there was no byte of it.
    Dead,
    /// It lives, and brings nothing.
    Idle,
}

impl Pulse {
    /// A connection that begins now, is asked every `ping` and may bring nothing for `idle`.
    pub fn new(ping: Duration, idle: Duration, now: Time) -> Pulse {
        Pulse { ping, idle, heard: now, progress: now, pinged: now, asked: false }
    }

    /// Bytes came.
    pub fn heard(&mut self, now: Time) {
        self.heard = now;
    }

    /// A picture or sound came.
    pub fn progressed(&mut self, now: Time) {
        self.progress = now;
    }

    /// When [`Pulse::tick`] has something to say.
    pub fn next(&self) -> Time {
        (self.pinged + self.ping).min(self.progress + self.idle)
    }

    /// What is due.
    pub fn tick(&mut self, now: Time) -> Option<Due> {
        if now < self.next() {
            return None;
        }
        if now >= self.progress + self.idle {
            return Some(Due::Idle);
        }
        if self.asked && self.heard < self.pinged {
            return Some(Due::Dead);
        }
        (self.pinged, self.asked) = (now, true);
        Some(Due::Ping)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Time {
        Time(1_000_000) + Duration::from_secs(seconds)
    }

    fn pulse() -> Pulse {
        Pulse::new(Duration::from_secs(15), Duration::from_secs(60), at(0))
    }

    #[test]
    fn who_brings_something_is_pinged_all_the_same_and_stays() {
        let mut pulse = pulse();
        let mut pings = 0;
        for second in 1..1_000 {
            match pulse.tick(at(second)) {
                Some(Due::Ping) => pings += 1,
                due => assert_eq!(due, None, "after {second} s"),
            }
            pulse.heard(at(second));
            pulse.progressed(at(second));
        }
        assert_eq!(pings, 999 / 15);
    }

    #[test]
    fn who_does_not_answer_a_ping_is_dead() {
        let mut pulse = pulse();
        assert_eq!(pulse.next(), at(15));
        assert_eq!(pulse.tick(at(14)), None);
        assert_eq!((pulse.tick(at(15)), pulse.next()), (Some(Due::Ping), at(30)));
        assert_eq!(pulse.tick(at(29)), None);
        assert_eq!(pulse.tick(at(30)), Some(Due::Dead));
    }

    #[test]
    fn who_only_answers_pings_is_idle_after_a_minute() {
        let mut pulse = pulse();
        for second in 1..60 {
            if let Some(due) = pulse.tick(at(second)) {
                assert_eq!(due, Due::Ping);
                pulse.heard(at(second));
            }
        }
        assert_eq!(pulse.next(), at(60));
        assert_eq!(pulse.tick(at(60)), Some(Due::Idle));
    }

    #[test]
    fn an_idle_time_shorter_than_a_ping_holds() {
        let mut pulse = Pulse::new(Duration::from_secs(15), Duration::from_secs(1), at(0));
        assert_eq!(pulse.next(), at(1));
        assert_eq!(pulse.tick(at(1)), Some(Due::Idle));
    }
}
