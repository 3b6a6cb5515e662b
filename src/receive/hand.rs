//! The last step before a decoder: capture time, hand-over, figures.

use super::clock::{Capture, Skew};
use super::sequence::Timestamps;
use super::stats::{TrackCounters, add};
use super::{Out, Unit};
use crate::time::Time;

/// What it takes to hand units of one track over.
pub(super) struct Hand<'a> {
    pub track: usize,
    pub out: &'a mut dyn Out,
    pub counters: &'a TrackCounters,
    pub timestamps: &'a mut Timestamps,
    pub capture: &'a mut Capture,
    pub skew: &'a Skew,
}

impl Hand<'_> {
    /// The timestamp, counted on over wraps, and the capture time of what comes next.
    pub(super) fn times(&mut self, timestamp: u32, arrived: Time) -> (u64, Time) {
        let timestamp = self.timestamps.next(timestamp);
        (timestamp, self.capture.at(timestamp, arrived, self.skew))
    }

    /// Whether the decoder's queue took it.
    pub(super) fn over(&mut self, unit: Unit) -> bool {
        let taken = self.out.unit(self.track, unit);
        add(if taken { &self.counters.frames } else { &self.counters.dropped_queue_full }, 1);
        taken
    }
}
