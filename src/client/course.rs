//! What a client does next, without a thread, a clock or a socket.

use super::ClientState;
use crate::time::Time;
use std::time::Duration;

/// Waits between attempts: twice as long each time, from the first to the last of these.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// A server may ask for more patience, but not for ever.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(300);
/// A connection that lasted so long was a success: the waits begin anew.
const LASTING: Duration = Duration::from_secs(10);

/// Why an attempt, or the connection that came of it, is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The server answered, but not with a session.
    Refused { status: u16, retry_after: Option<Duration>, why: String },
    /// The server is not reached, or did not answer in time.
    Unreachable(String),
    /// What the server said makes no sense.
    Wrong(String),
    /// There was a session, and it did not connect, or is connected no more.
    Lost(String),
    /// The remote ended it.
    Over(String),
    /// The fault is ours.
    Ours(String),
}

/// What follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Another attempt at that time.
    Retry(Time),
    /// Nothing, in that state.
    End(ClientState),
}

/// The attempts so far.
#[derive(Debug)]
pub struct Course {
    retry: bool,
    /// Failures since the last success.
    failures: u32,
    connected: Option<Time>,
    random: u64,
}

impl Course {
    /// `retry`: whether there is a second attempt at all. `seed`: any number, another for each client,
    /// so that those who lost one server do not come back as one.
    pub fn new(retry: bool, seed: u64) -> Course {
        Course { retry, failures: 0, connected: None, random: seed }
    }

    /// Media flows.
    pub fn connected(&mut self, now: Time) {
        self.connected = Some(now);
    }

    /// The attempt is over.
    pub fn failed(&mut self, failure: &Failure, now: Time) -> Next {
        if self.connected.take().is_some_and(|since| now.since(since) >= LASTING) {
            self.failures = 0;
        }
        let end = if matches!(failure, Failure::Over(_)) { ClientState::Ended } else { ClientState::Failed };
        if !self.retry || !failure.passes() {
            return Next::End(end);
        }
        let doubled = FIRST_WAIT * 2_u32.saturating_pow(self.failures.min(16));
        self.failures += 1;
        let wait = doubled.min(LONGEST_WAIT) * self.jitter() / 100;
        Next::Retry(now + wait.max(failure.retry_after()))
    }

    /// 75 to 125 percent, by SplitMix64.
    fn jitter(&mut self) -> u32 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        75 + ((z ^ (z >> 31)) % 51) as u32
    }
}

impl Failure {
    /// Whether it may be another time. Nobody there, too many there, and a server that is ill are;
    /// what else is wrong with our request stays wrong.
    fn passes(&self) -> bool {
        match self {
            Failure::Refused { status, .. } => matches!(status, 404 | 409 | 429 | 500..),
            Failure::Unreachable(_) | Failure::Lost(_) | Failure::Over(_) => true,
            Failure::Wrong(_) | Failure::Ours(_) => false,
        }
    }

    fn retry_after(&self) -> Duration {
        match self {
            Failure::Refused { retry_after: Some(wait), .. } => (*wait).min(LONGEST_RETRY_AFTER),
            _ => Duration::ZERO,
        }
    }

    /// The sentence.
    pub fn why(&self) -> &str {
        match self {
            Failure::Refused { why, .. }
            | Failure::Unreachable(why)
            | Failure::Wrong(why)
            | Failure::Lost(why)
            | Failure::Over(why)
            | Failure::Ours(why) => why,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn refused(status: u16, retry_after: Option<Duration>) -> Failure {
        Failure::Refused { status, retry_after, why: "no".into() }
    }

    fn lost() -> Failure {
        Failure::Lost("gone".into())
    }

    fn wait(next: Next, now: Time) -> Duration {
        match next {
            Next::Retry(at) => at.since(now),
            Next::End(state) => panic!("it ended: {state:?}"),
        }
    }

    #[test]
    fn the_waits_double_from_one_second_to_thirty_with_jitter() {
        for seed in 0..100 {
            let mut course = Course::new(true, seed);
            for expected in [1, 2, 4, 8, 16, 30, 30, 30] {
                let waited = wait(course.failed(&lost(), Time(0)), Time(0));
                let middle = expected * SECOND;
                assert!((middle * 3 / 4..=middle * 5 / 4).contains(&waited), "{waited:?} for {expected} s");
            }
        }
        let first = |seed| wait(Course::new(true, seed).failed(&lost(), Time(0)), Time(0));
        assert!((0..100).any(|seed| first(seed) != first(100)), "no jitter");
    }

    #[test]
    fn what_cannot_pass_ends_it() {
        for status in [300, 400, 401, 403, 405, 406, 410, 412, 415, 422, 428] {
            let next = Course::new(true, 1).failed(&refused(status, None), Time(0));
            assert_eq!(next, Next::End(ClientState::Failed), "{status}");
        }
        for status in [404, 409, 429, 500, 502, 503, 504] {
            let next = Course::new(true, 1).failed(&refused(status, None), Time(0));
            assert!(matches!(next, Next::Retry(_)), "{status}");
        }
        let wrong = Course::new(true, 1).failed(&Failure::Wrong("no SDP".into()), Time(0));
        assert_eq!(wrong, Next::End(ClientState::Failed));
        assert!(matches!(
            Course::new(true, 1).failed(&Failure::Unreachable("refused".into()), Time(0)),
            Next::Retry(_)
        ));
    }

    #[test]
    fn without_retries_the_first_failure_is_the_last() {
        assert_eq!(Course::new(false, 1).failed(&lost(), Time(0)), Next::End(ClientState::Failed));
        let over = Failure::Over("the publisher left".into());
        assert_eq!(Course::new(false, 1).failed(&over, Time(0)), Next::End(ClientState::Ended));
        assert!(matches!(Course::new(true, 1).failed(&over, Time(0)), Next::Retry(_)));
    }

    #[test]
    fn a_server_that_asks_for_patience_gets_it_within_reason() {
        let next = |after| Course::new(true, 1).failed(&refused(503, Some(after)), Time(0));
        assert_eq!(wait(next(7 * SECOND), Time(0)), 7 * SECOND);
        assert_eq!(wait(next(86_400 * SECOND), Time(0)), LONGEST_RETRY_AFTER);
        assert!(wait(next(Duration::ZERO), Time(0)) >= 3 * SECOND / 4, "zero is no leave to flood it");
    }

    #[test]
    fn a_connection_that_lasted_starts_the_waits_anew_and_one_that_flaps_does_not() {
        let mut course = Course::new(true, 1);
        let mut now = Time(0);
        for _ in 0..5 {
            course.connected(now);
            now = now + SECOND;
            course.failed(&lost(), now);
        }
        let flapped = wait(course.failed(&lost(), now), now);
        assert!(flapped > 20 * SECOND, "{flapped:?}");
        course.connected(now);
        now = now + LASTING;
        let lasted = wait(course.failed(&lost(), now), now);
        assert!(lasted < 2 * SECOND, "{lasted:?}");
    }
}
