//! What is known of a processor.

use super::heart::Counts;
use crate::stats::{Counter, Histogram, Percentiles};

/// The figures of a processor.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProcessorStats {
    /// Where every frame went.
    pub frames: Counts,
    /// Frames of the file that could not be decoded; they are not among those that came.
    pub damaged: u64,
    /// Pictures that went to the source.
    pub pictures: u64,
    /// Pictures among them that went as they came.
    pub passed_through: u64,
    /// Results that went to the feed.
    pub results: u64,
    /// Results that the feed did not take.
    pub results_refused: u64,
    /// Pieces of sound that went to the source.
    pub sounds: u64,
    /// Pieces of sound on which the function failed.
    pub sounds_failed: u64,
    /// Pieces of sound that were left out: reports told that they were captured before others that had left.
    pub sounds_dropped: u64,
    /// Frames a second that came lately.
    pub measured_fps: f64,
    /// From when a frame came to when it was taken.
    pub queued: Percentiles,
    /// From when it was taken to when it was given back.
    pub function: Percentiles,
    /// From when it came to when it left.
    pub through: Percentiles,
}

/// Where they are counted.
#[derive(Debug, Default)]
pub struct Figures {
    pub damaged: Counter,
    pub pictures: Counter,
    pub passed_through: Counter,
    pub results: Counter,
    pub results_refused: Counter,
    pub sounds: Counter,
    pub sounds_failed: Counter,
    pub sounds_dropped: Counter,
    pub queued: Histogram,
    pub function: Histogram,
    pub through: Histogram,
}

impl Figures {
    /// All of them.
    pub fn read(&self, frames: Counts, measured_fps: f64) -> ProcessorStats {
        ProcessorStats {
            frames,
            damaged: self.damaged.get(),
            pictures: self.pictures.get(),
            passed_through: self.passed_through.get(),
            results: self.results.get(),
            results_refused: self.results_refused.get(),
            sounds: self.sounds.get(),
            sounds_failed: self.sounds_failed.get(),
            sounds_dropped: self.sounds_dropped.get(),
            measured_fps,
            queued: self.queued.read(),
            function: self.function.read(),
            through: self.through.read(),
        }
    }
}
