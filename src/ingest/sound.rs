//! PCM as it comes in messages, to the samples that a sink asks for, each with its place in time.

use super::IngestOptions;
use crate::decode::opus::{LONGEST, RATE};
use crate::encode::pcm;
use crate::encode::resample::Resampler;
use crate::error::Result;
use crate::frame::{AudioFrame, Samples};
use crate::sink::{AudioOut, Pcm, SampleFormat};
use crate::time::Time;
use std::time::Duration;

/// Sound that comes this far from where the samples counted so far lead follows on nothing.
const GAP: Duration = Duration::from_millis(200);

/// How much of a message's deviation the run takes over: the sender's clock is not ours.
const WEIGHT: u32 = 64;

/// The sound of one ingester.
pub struct SoundStage {
    from: IngestOptions,
    to: AudioOut,
    resampler: Resampler,
    /// At the rate that comes in, not yet enough for the resampler.
    input: Vec<f32>,
    /// Of the next sample that goes out.
    timestamp: u64,
    run: Option<Run>,
}

/// Sound without a gap.
struct Run {
    /// When its first sample was captured.
    start: Time,
    /// Samples of a channel that came in.
    received: u64,
    /// Samples of a channel that went out.
    sent: u64,
}

/// Samples for the sink.
#[derive(Debug)]
pub struct Piece {
    /// At 48 kHz, 120 ms at most.
    pub samples: Pcm,
    /// Of the first.
    pub timestamp: u64,
    /// When the first was captured.
    pub capture: Time,
}

impl SoundStage {
    /// From what the messages hold to what the sink asks for.
    ///
    /// # Errors
    /// The rate is out of what can be resampled.
    pub fn new(from: IngestOptions, to: AudioOut) -> Result<SoundStage> {
        let resampler = Resampler::new(from.sample_rate, to.channels as usize)?;
        Ok(SoundStage { from, to, resampler, input: Vec::new(), timestamp: 0, run: None })
    }

    /// Takes the samples of a message that came at `now`: the last of them was captured just then, unless
    /// they follow on those before.
    ///
    /// # Errors
    /// The resampler's.
    pub fn push(&mut self, samples: &[i16], now: Time, out: &mut dyn FnMut(Piece)) -> Result<()> {
        let (sample_rate, channels) = (self.from.sample_rate, self.from.channels);
        let frame = AudioFrame { samples: Samples::S16(samples), sample_rate, channels, capture: None };
        let came = pcm::Pcm::new(&frame, self.to.channels as usize, None, now)?;
        if came.samples.is_empty() {
            return Ok(());
        }
        self.place(came.frames() as u64, now)?;
        let channels = self.to.channels as usize;
        if sample_rate == RATE {
            came.samples.chunks(LONGEST * channels).for_each(|piece| self.emit(piece, out));
            return Ok(());
        }
        self.input.extend_from_slice(&came.samples);
        let mut output = vec![0.0; crate::encode::opus::FRAME * channels];
        let mut used = 0;
        while self.input.len() - used >= self.resampler.needed() * channels {
            let needed = self.resampler.needed() * channels;
            self.resampler.frame(&self.input[used..], &mut output)?;
            used += needed;
            self.emit(&output, out);
        }
        self.input.drain(..used);
        Ok(())
    }

    /// Finds where `frames` samples that came at `now` belong.
    fn place(&mut self, frames: u64, now: Time) -> Result<()> {
        let rate = self.from.sample_rate;
        let start = now - ticks(frames, rate);
        if let Some(run) = &mut self.run {
            let expected = run.start + ticks(run.received, rate);
            let (late, early) = (start.since(expected), expected.since(start));
            if late.max(early) <= GAP {
                run.start = run.start + late / WEIGHT - early / WEIGHT;
                run.received += frames;
                return Ok(());
            }
            // What never came is a step in the timestamps. Sound that runs ahead leaves none.
            self.timestamp += (late.as_micros() * u128::from(RATE) / 1_000_000) as u64;
            self.input.clear();
            self.resampler = Resampler::new(rate, self.to.channels as usize)?;
        }
        self.run = Some(Run { start, received: frames, sent: 0 });
        Ok(())
    }

    fn emit(&mut self, samples: &[f32], out: &mut dyn FnMut(Piece)) {
        let frames = (samples.len() / self.to.channels as usize) as u64;
        let Some(run) = &mut self.run else { return };
        let capture = run.start + ticks(run.sent, RATE) - ticks(self.resampler.delay(), RATE);
        run.sent += frames;
        let samples = match self.to.format {
            SampleFormat::F32 => Pcm::F32(samples.to_vec()),
            SampleFormat::S16 => Pcm::S16(samples.iter().map(|s| (s * 32_768.0).round() as i16).collect()),
        };
        out(Piece { samples, timestamp: self.timestamp, capture });
        self.timestamp += frames;
    }
}

/// How long so many samples of a channel last.
fn ticks(samples: u64, rate: u32) -> Duration {
    Duration::from_micros((u128::from(samples) * 1_000_000 / u128::from(rate)) as u64)
}
