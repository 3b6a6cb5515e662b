//! Time as an argument, and the one place that reads a clock ([`clock`]).

use std::ops::{Add, Sub};
use std::time::Duration;

/// A moment: microseconds of `CLOCK_MONOTONIC`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub u64);

impl Time {
    /// How long after `earlier` this is; zero if it is not after.
    pub fn since(self, earlier: Time) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }

    /// This moment on an RTP clock of `rate` ticks a second, modulo 2³².
    pub fn rtp(self, rate: u32) -> u32 {
        (u128::from(self.0) * u128::from(rate) / 1_000_000) as u32
    }
}

impl Add<Duration> for Time {
    type Output = Time;
    fn add(self, d: Duration) -> Time {
        Time(self.0.saturating_add(u64::try_from(d.as_micros()).unwrap_or(u64::MAX)))
    }
}

impl Sub<Duration> for Time {
    type Output = Time;
    fn sub(self, d: Duration) -> Time {
        Time(self.0.saturating_sub(u64::try_from(d.as_micros()).unwrap_or(u64::MAX)))
    }
}

/// Where media stands on the wall clock: one pair of the same instant, so that sound and picture of
/// a source share one line through it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// The instant on the capture clock.
    pub capture: Time,
    /// The same instant as an NTP timestamp (RFC 5905: seconds since 1900 in the upper 32 bits).
    pub ntp: u64,
}

impl Anchor {
    /// The NTP timestamp of `capture`.
    pub fn ntp(self, capture: Time) -> u64 {
        let micros = i128::from(capture.0) - i128::from(self.capture.0);
        (i128::from(self.ntp) + (micros << 32) / 1_000_000) as u64
    }
}

/// The clock. Nothing else in the library reads one.
pub mod clock {
    use super::{Anchor, Time};
    use std::sync::OnceLock;
    use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

    /// Now.
    pub fn now() -> Time {
        let (instant, time, _) = origin();
        time + instant.elapsed()
    }

    /// How long to wait until `deadline`; `None` waits for ever.
    pub fn until(deadline: Option<Time>) -> Option<Duration> {
        deadline.map(|deadline| deadline.since(now()))
    }

    /// The wall clock's place on `CLOCK_MONOTONIC`, taken once a process: a clock that is set
    /// while we stream must not tear sound and picture apart.
    pub fn anchor() -> Anchor {
        origin().2
    }

    fn origin() -> (Instant, Time, Anchor) {
        static ORIGIN: OnceLock<(Instant, Time, Anchor)> = OnceLock::new();
        *ORIGIN.get_or_init(|| {
            /// Seconds from 1900 (NTP) to 1970 (Unix), RFC 5905 section 6.
            const NTP_TO_UNIX: u64 = 2_208_988_800;
            let time = Time(crate::native::os::monotonic_micros());
            let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            let fraction = (u64::from(wall.subsec_nanos()) << 32) / 1_000_000_000;
            let ntp = ((wall.as_secs() + NTP_TO_UNIX) << 32) | fraction;
            (Instant::now(), time, Anchor { capture: time, ntp })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rtp_time_scales_without_overflow_and_wraps() {
        assert_eq!(Time(1_000_000).rtp(90_000), 90_000);
        assert_eq!(Time(u64::MAX).rtp(90_000), (u128::from(u64::MAX) * 9 / 100) as u32);
    }

    #[test]
    fn an_anchor_places_moments_before_and_after_it() {
        let anchor = Anchor { capture: Time(5_000_000), ntp: 100 << 32 };
        assert_eq!(anchor.ntp(Time(6_000_000)), 101 << 32);
        assert_eq!(anchor.ntp(Time(4_500_000)), (99 << 32) | (1 << 31));
    }
}
