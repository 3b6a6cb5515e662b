//! What is known of one kind at a sink: its track on the wire, its decoder, and what was taken.

use super::LaneCounts;
use crate::receive::TrackStats;
use crate::stats::{Counter, Histogram, Percentiles};

/// The figures of one kind.
#[derive(Clone, Copy, Debug, Default)]
pub struct SinkStats {
    /// The track that feeds it, or fed it last.
    pub track: TrackStats,
    /// Its decoder, all tracks together.
    pub decoder: DecoderStats,
    /// What was handed over, and what became of it.
    pub lane: LaneCounts,
}

/// The figures of a decoder.
#[derive(Clone, Copy, Debug, Default)]
pub struct DecoderStats {
    /// Pictures, or pieces of sound, decoded and handed over.
    pub decoded: u64,
    /// Keyframes among the pictures.
    pub keyframes: u64,
    /// What could not be decoded or handed over.
    pub errors: u64,
    /// Pictures that were not decoded, because a keyframe had to come first.
    pub skipped: u64,
    /// Samples of a channel that were rebuilt from the next packet, which carries them again.
    pub recovered_samples: u64,
    /// Samples of a channel that were concealed.
    pub concealed_samples: u64,
    /// From the last packet to the decoder's start.
    pub queued: Percentiles,
    /// The decoder and the conversion of its picture.
    pub decode: Percentiles,
    /// From decoded to taken by the application. Only pictures are timed.
    pub waited: Percentiles,
}

/// Where they are counted: by a decoder thread, read by anyone.
#[derive(Debug, Default)]
pub struct DecoderFigures {
    pub decoded: Counter,
    pub keyframes: Counter,
    pub errors: Counter,
    pub skipped: Counter,
    pub recovered_samples: Counter,
    pub concealed_samples: Counter,
    pub queued: Histogram,
    pub decode: Histogram,
    pub waited: Histogram,
}

impl DecoderFigures {
    pub fn read(&self) -> DecoderStats {
        DecoderStats {
            decoded: self.decoded.get(),
            keyframes: self.keyframes.get(),
            errors: self.errors.get(),
            skipped: self.skipped.get(),
            recovered_samples: self.recovered_samples.get(),
            concealed_samples: self.concealed_samples.get(),
            queued: self.queued.read(),
            decode: self.decode.read(),
            waited: self.waited.read(),
        }
    }
}
