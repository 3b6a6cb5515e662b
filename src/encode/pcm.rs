//! Sound that waits for its thread: 200 ms, then the oldest goes.

use crate::error::{Error, Result};
use crate::frame::{AudioFrame, Samples};
use crate::time::Time;
use std::collections::VecDeque;
use std::time::Duration;

/// The most that waits.
pub const LONGEST: Duration = Duration::from_millis(200);

/// One push, in the channels of the stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Pcm {
    /// Interleaved, -1 to 1.
    pub samples: Vec<f32>,
    /// Channels they are interleaved of.
    pub channels: usize,
    /// Samples a second of one channel.
    pub rate: u32,
    /// When the first was captured, on our clock; `None`: it follows on what came before.
    pub capture: Option<Time>,
    /// How much was dropped between what came before and this.
    pub missing: Duration,
    /// When it was handed over.
    pub pushed: Time,
}

impl Pcm {
    /// Takes a push over, mixed into `channels`.
    ///
    /// # Errors
    /// The rate, the channels or the length break a rule.
    pub fn new(frame: &AudioFrame<'_>, channels: usize, capture: Option<Time>, pushed: Time) -> Result<Pcm> {
        let rate = frame.sample_rate;
        if !(8_000..=192_000).contains(&rate) {
            return Err(Error::argument(format!("frame.sample_rate is {rate} but must be 8000 to 192000")));
        }
        if !(1..=2).contains(&frame.channels) {
            return Err(Error::argument(format!("frame.channels is {} but must be 1 or 2", frame.channels)));
        }
        let given = frame.channels as usize;
        let length = match frame.samples {
            Samples::S16(samples) => samples.len(),
            Samples::F32(samples) => samples.len(),
        };
        if length % given != 0 {
            let sentence =
                format!("frame.samples are {length} but {given} channels need a multiple of {given}");
            return Err(Error::argument(sentence));
        }
        let samples = match frame.samples {
            Samples::S16(samples) => mix(samples.iter().map(|s| f32::from(*s) / 32_768.0), given, channels),
            // Not a number is not a sound, and would stay in the resampler's memory.
            Samples::F32(samples) => mix(
                samples.iter().map(|s| if s.is_finite() { s.clamp(-1.0, 1.0) } else { 0.0 }),
                given,
                channels,
            ),
        };
        Ok(Pcm { samples, channels, rate, capture, missing: Duration::ZERO, pushed })
    }

    /// Samples of one channel.
    pub fn frames(&self) -> usize {
        self.samples.len() / self.channels
    }

    fn nanos(&self) -> u64 {
        self.frames() as u64 * 1_000_000_000 / u64::from(self.rate)
    }

    /// Takes at least `nanos` away from the front; how long that was.
    fn trim(&mut self, nanos: u64) -> Duration {
        let frames = (nanos * u64::from(self.rate)).div_ceil(1_000_000_000).min(self.frames() as u64);
        let trimmed = Duration::from_nanos(frames * 1_000_000_000 / u64::from(self.rate));
        self.samples.drain(..frames as usize * self.channels);
        self.capture = self.capture.map(|capture| capture + trimmed);
        self.missing += trimmed;
        trimmed
    }
}

fn mix(samples: impl Iterator<Item = f32> + Clone, from: usize, to: usize) -> Vec<f32> {
    match (from, to) {
        (1, 2) => samples.flat_map(|s| [s, s]).collect(),
        (2, 1) => {
            let (left, right) = (samples.clone().step_by(2), samples.skip(1).step_by(2));
            left.zip(right).map(|(l, r)| (l + r) / 2.0).collect()
        }
        _ => samples.collect(),
    }
}

/// What waits, oldest first.
#[derive(Debug, Default)]
pub struct PcmQueue {
    waiting: VecDeque<Pcm>,
    nanos: u64,
    /// Dropped before the next one in line.
    missing: Duration,
}

impl PcmQueue {
    /// Adds sound; how much of the oldest had to go.
    pub fn push(&mut self, pcm: Pcm) -> Duration {
        if pcm.samples.is_empty() {
            return Duration::ZERO;
        }
        self.nanos += pcm.nanos();
        self.waiting.push_back(pcm);
        let mut dropped = Duration::ZERO;
        while let Some(over) = self.nanos.checked_sub(LONGEST.as_nanos() as u64).filter(|over| *over > 0) {
            let Some(oldest) = self.waiting.front_mut() else { break };
            self.nanos -= oldest.nanos();
            let trimmed = oldest.trim(over);
            self.nanos += oldest.nanos();
            dropped += trimmed;
            if oldest.samples.is_empty() {
                self.missing += oldest.missing;
                self.waiting.pop_front();
            }
        }
        dropped
    }

    /// Takes the oldest.
    pub fn pop(&mut self) -> Option<Pcm> {
        let mut pcm = self.waiting.pop_front()?;
        self.nanos -= pcm.nanos();
        pcm.missing += std::mem::take(&mut self.missing);
        Some(pcm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pcm(milliseconds: usize, capture: Option<u64>) -> Pcm {
        let samples = vec![0.5; milliseconds * 8];
        let frame =
            AudioFrame { samples: Samples::F32(&samples), sample_rate: 8000, channels: 1, capture: None };
        Pcm::new(&frame, 1, capture.map(Time), Time(0)).expect("a valid frame")
    }

    #[test]
    fn the_oldest_goes_and_is_counted() {
        let mut queue = PcmQueue::default();
        for n in 0..10 {
            assert_eq!(queue.push(pcm(20, Some(n * 20_000))), Duration::ZERO);
        }
        assert_eq!(queue.push(pcm(30, None)), Duration::from_millis(30));
        let first = queue.pop().expect("it holds 200 ms");
        assert_eq!((first.capture, first.frames()), (Some(Time(30_000)), 80));
        assert_eq!(first.missing, Duration::from_millis(30));
        assert_eq!(queue.pop().map(|p| p.missing), Some(Duration::ZERO));
    }

    #[test]
    fn a_push_that_is_too_long_by_itself_keeps_its_end() {
        let mut queue = PcmQueue::default();
        assert_eq!(queue.push(pcm(1000, Some(0))), Duration::from_millis(800));
        let kept = queue.pop().expect("its end is kept");
        assert_eq!((kept.capture, kept.frames()), (Some(Time(800_000)), 1600));
        assert_eq!(queue.pop(), None);
        assert_eq!(queue.push(pcm(0, None)), Duration::ZERO);
        assert_eq!(queue.pop(), None, "an empty push is nothing");
    }

    #[test]
    fn channels_are_mixed_and_nonsense_is_silence() {
        let new = |samples, channels, to| {
            let frame = AudioFrame { samples, sample_rate: 48_000, channels, capture: None };
            Pcm::new(&frame, to, None, Time(0)).map(|p| p.samples)
        };
        assert_eq!(new(Samples::S16(&[i16::MIN, 16_384]), 1, 2), Ok(vec![-1.0, -1.0, 0.5, 0.5]));
        assert_eq!(new(Samples::F32(&[1.0, 0.0, -3.0, f32::NAN]), 2, 1), Ok(vec![0.5, -0.5]));
        for bad in
            [new(Samples::S16(&[0; 3]), 2, 2), new(Samples::S16(&[]), 3, 2), new(Samples::S16(&[]), 0, 2)]
        {
            assert!(bad.is_err());
        }
    }
}
