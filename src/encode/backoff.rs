//! Patience with an encoder that errs: twice as long each time, and an end.

use crate::time::Time;
use std::time::Duration;

/// The wait after the first error; it doubles with each that follows.
const FIRST: Duration = Duration::from_millis(5);

/// The longest wait.
const LONGEST: Duration = Duration::from_millis(500);

/// So many errors in a row are the end.
const LAST: u32 = 10;

/// Counts errors in a row.
#[derive(Debug, Default)]
pub struct Backoff {
    errors: u32,
    until: Option<Time>,
}

impl Backoff {
    /// It went wrong. False: once too often.
    pub fn failed(&mut self, now: Time) -> bool {
        self.until = Some(now + LONGEST.min(FIRST * (1 << self.errors.min(16))));
        self.errors += 1;
        self.errors < LAST
    }

    /// It went well.
    pub fn succeeded(&mut self) {
        *self = Backoff::default();
    }

    /// Nothing is to be tried before; `None`: at once.
    pub fn until(&self) -> Option<Time> {
        self.until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_limit_and_ten_in_a_row_are_the_end() {
        let mut backoff = Backoff::default();
        let waits: Vec<u128> = (1..=10)
            .map(|n| {
                assert_eq!(backoff.failed(Time(0)), n < 10, "error {n}");
                backoff.until().expect("it has failed").since(Time(0)).as_millis()
            })
            .collect();
        assert_eq!(waits, [5, 10, 20, 40, 80, 160, 320, 500, 500, 500]);
    }

    #[test]
    fn a_success_forgets_all() {
        let mut backoff = Backoff::default();
        for _ in 0..100 {
            assert!((0..9).all(|_| backoff.failed(Time(0))));
            backoff.succeeded();
            assert_eq!(backoff.until(), None);
        }
    }
}
