//! Figures that are written by the threads that work and read without stopping them.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Counts up.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// One more.
    pub fn add_one(&self) {
        self.add(1);
    }

    /// `n` more.
    pub fn add(&self, n: u64) {
        self.0.fetch_add(n, Relaxed);
    }

    /// How many so far.
    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// Steps within each doubling: a percentile is at most a sixteenth too large.
const STEPS: u64 = 16;
const STEP_BITS: u32 = STEPS.ilog2();

/// Microseconds up to 2³⁶, which is nineteen hours; what is longer counts as that.
const LONGEST: u64 = (1 << 36) - 1;
const BUCKETS: usize = bucket(LONGEST) + 1;

/// How long something took, as counts in buckets that grow with the duration.
#[derive(Debug)]
pub struct Histogram {
    buckets: [AtomicU64; BUCKETS],
    max: AtomicU64,
}

/// What a [`Histogram`] says: so many were at most so long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Percentiles {
    /// How many were counted.
    pub count: u64,
    /// Half of them took at most this.
    pub p50: Duration,
    /// 95 in 100 took at most this.
    pub p95: Duration,
    /// 99 in 100 took at most this.
    pub p99: Duration,
    /// The longest.
    pub max: Duration,
}

impl Default for Histogram {
    fn default() -> Self {
        Histogram { buckets: [const { AtomicU64::new(0) }; BUCKETS], max: AtomicU64::new(0) }
    }
}

impl Histogram {
    /// One more that took so long.
    pub fn record(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(LONGEST).min(LONGEST);
        self.buckets[bucket(micros)].fetch_add(1, Relaxed);
        self.max.fetch_max(micros, Relaxed);
    }

    /// The percentiles so far. What is recorded meanwhile may be in them or not.
    pub fn read(&self) -> Percentiles {
        let counts: Vec<u64> = self.buckets.iter().map(|b| b.load(Relaxed)).collect();
        let count: u64 = counts.iter().sum();
        let max = self.max.load(Relaxed);
        let at_most = |percent: u64| {
            let rank = (count * percent).div_ceil(100).max(1);
            let mut seen = 0;
            let bucket = counts.iter().position(|n| {
                seen += n;
                seen >= rank
            });
            Duration::from_micros(bucket.map_or(0, |b| upper(b).min(max)))
        };
        Percentiles {
            count,
            p50: at_most(50),
            p95: at_most(95),
            p99: at_most(99),
            max: Duration::from_micros(max),
        }
    }
}

/// Which bucket: exact up to `STEPS`, then `STEPS` buckets for each doubling.
const fn bucket(micros: u64) -> usize {
    if micros < STEPS {
        return micros as usize;
    }
    let doubling = micros.ilog2() - STEP_BITS;
    ((doubling as u64) * STEPS + (micros >> doubling)) as usize
}

/// The largest duration that falls into a bucket.
const fn upper(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    if bucket < 2 * STEPS {
        return bucket;
    }
    let doubling = bucket / STEPS - 1;
    ((bucket % STEPS + STEPS + 1) << doubling) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_duration_falls_into_a_bucket_that_is_little_wider() {
        for micros in (0..100_000).chain([LONGEST - 1, LONGEST]) {
            let upper = upper(bucket(micros));
            assert!(upper >= micros && upper - micros <= micros / STEPS, "{micros}: {upper}");
            assert!(upper == LONGEST || bucket(upper + 1) == bucket(micros) + 1, "{micros}");
        }
    }

    #[test]
    fn percentiles_of_a_known_row() {
        let histogram = Histogram::default();
        assert_eq!(histogram.read(), Percentiles::default());
        (1..=1000).for_each(|n| histogram.record(Duration::from_micros(n)));
        histogram.record(Duration::MAX);
        let read = histogram.read();
        assert_eq!((read.count, read.max), (1001, Duration::from_micros(LONGEST)));
        for (percentile, exact) in [(read.p50, 501), (read.p95, 951), (read.p99, 991)] {
            let micros = percentile.as_micros() as u64;
            assert!((exact..=exact + exact / STEPS).contains(&micros), "{micros} for {exact}");
        }
    }
}
