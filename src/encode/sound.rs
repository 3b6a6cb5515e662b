//! Pushed sound, cut into frames of 20 ms at 48 kHz, each with its place in time.

use crate::encode::opus::{FRAME, RATE};
use crate::encode::pcm::{LONGEST, Pcm};
use crate::encode::resample::Resampler;
use crate::encode::timeline::Stamp;
use crate::error::Result;
use crate::time::{Anchor, Time, clock};

/// A capture time this far from where the samples counted so far lead is a gap (or a jump back), in
/// ticks of the RTP clock: half a frame. Less is the jitter of whoever read the clock.
const GAP: i64 = FRAME as i64 / 2;

/// Sound that long, in seconds, whose capture times all stand before where they should is what the caller means: its
/// clock was corrected. Less is a time that errs.
const LASTING: f64 = 0.2;

/// How much of a new deviation the drift takes over.
const WEIGHT: f64 = 1.0 / 64.0;

/// Cuts sound. Its RTP clock counts samples; what the capture times tell about the drift between that
/// and our clock goes into the NTP timestamps, and so to the receiver's lip sync.
pub struct Cutter {
    channels: usize,
    anchor: Anchor,
    rate: u32,
    resampler: Resampler,
    /// Not yet enough for a frame.
    input: Vec<f32>,
    output: Vec<f32>,
    run: Option<Run>,
    drift: f64,
    behind: Option<Behind>,
}

/// Pushes whose capture times stand before where they should, without one in between that does not.
struct Behind {
    /// Samples taken in before the first.
    since: u64,
    /// The least that one of them is off, in ticks of the RTP clock.
    off: f64,
}

/// Sound without a gap, in ticks of the RTP clock.
struct Run {
    /// Where its first sample stands.
    base: u64,
    /// Samples taken in, at the rate they come in.
    received: u64,
    /// Where the next frame stands.
    next: u64,
}

impl Cutter {
    /// Nothing yet, in so many channels.
    ///
    /// # Errors
    /// See [`Resampler::new`].
    pub fn new(channels: usize) -> Result<Cutter> {
        Ok(Cutter {
            channels,
            anchor: clock::anchor(),
            rate: RATE,
            resampler: Resampler::new(RATE, channels)?,
            input: Vec::new(),
            output: vec![0.0; FRAME * channels],
            run: None,
            drift: 0.0,
            behind: None,
        })
    }

    /// Takes sound in and gives each full frame to `emit`. True: its capture time went backwards, and its
    /// sound follows on; where that lasts, the NTP timestamps go back with it.
    ///
    /// # Errors
    /// The resampler's.
    pub fn push(&mut self, pcm: &Pcm, emit: &mut dyn FnMut(&[f32], Stamp)) -> Result<bool> {
        let (gap, backwards) = self.gap(pcm);
        if gap > 0 || pcm.rate != self.rate || self.run.is_none() {
            self.restart(pcm, gap, emit)?;
        }
        self.input.extend_from_slice(&pcm.samples);
        if let Some(run) = &mut self.run {
            run.received += pcm.frames() as u64;
        }
        while self.input.len() >= self.resampler.needed() * self.channels {
            self.frame(emit)?;
        }
        Ok(backwards)
    }

    /// How far the capture time stands after the end of what was taken in, where that is a gap.
    fn gap(&mut self, pcm: &Pcm) -> (u64, bool) {
        let Some(run) = &self.run else { return (0, false) };
        let end = run.end(self.rate);
        let Some(capture) = pcm.capture else {
            // It follows on what came before, unless something was dropped, or nothing came for so long.
            let missing = ticks(Time(pcm.missing.as_micros() as u64));
            let paused = ticks(pcm.pushed).saturating_sub(end);
            return (if paused > ticks(Time(LONGEST.as_micros() as u64)) { paused } else { missing }, false);
        };
        let off = ticks(capture) as i64 - end as i64;
        let unexpected = off - self.drift as i64;
        if unexpected <= -GAP {
            self.went_back(off as f64);
            return (0, true);
        }
        self.behind = None;
        if unexpected >= GAP {
            return (unexpected as u64, false);
        }
        self.drift += (off as f64 - self.drift) * WEIGHT;
        (0, false)
    }

    /// A push stands `off` from where it should, which is before that. No sound is left out for it, so the RTP
    /// clock goes on as it did: what is off for longer is so between that and the clock of the capture times.
    fn went_back(&mut self, off: f64) {
        let Some(received) = self.run.as_ref().map(|run| run.received) else { return };
        let behind = self.behind.get_or_insert(Behind { since: received, off });
        behind.off = behind.off.max(off);
        if (received - behind.since) as f64 >= LASTING * f64::from(self.rate) {
            self.drift = behind.off;
            self.behind = None;
        }
    }

    /// Fills what remains up with silence to a frame, and starts anew after the gap.
    fn restart(&mut self, pcm: &Pcm, gap: u64, emit: &mut dyn FnMut(&[f32], Stamp)) -> Result<()> {
        if !self.input.is_empty() {
            self.input.resize(self.resampler.needed() * self.channels, 0.0);
            self.frame(emit)?;
            self.input.clear();
        }
        self.resampler = Resampler::new(pcm.rate, self.channels)?;
        let delay = self.resampler.delay();
        let base = match &self.run {
            None => ticks(pcm.capture.unwrap_or(pcm.pushed)),
            // Frames do not overlap: what was filled up moves the rest on.
            Some(run) => (run.end(self.rate) + gap).max(run.next + delay),
        };
        self.rate = pcm.rate;
        self.behind = None;
        self.run = Some(Run { base, received: 0, next: base.saturating_sub(delay) });
        Ok(())
    }

    fn frame(&mut self, emit: &mut dyn FnMut(&[f32], Stamp)) -> Result<()> {
        let Some(run) = &mut self.run else { return Ok(()) };
        let needed = self.resampler.needed() * self.channels;
        self.resampler.frame(&self.input, &mut self.output)?;
        self.input.drain(..needed);
        let at = run.next;
        run.next += FRAME as u64;
        let micros = u128::from(at) * 1_000_000 / u128::from(RATE);
        let drift = (self.drift * 1_000_000.0 / f64::from(RATE)) as i128;
        let capture = Time((micros as i128 + drift).clamp(0, i128::from(u64::MAX)) as u64);
        emit(&self.output, Stamp { capture, ntp: self.anchor.ntp(capture), rtp: at as u32 });
        Ok(())
    }
}

impl Run {
    /// Where the sample after the last one taken in stands.
    fn end(&self, rate: u32) -> u64 {
        self.base + (u128::from(self.received) * u128::from(RATE) / u128::from(rate)) as u64
    }
}

fn ticks(time: Time) -> u64 {
    (u128::from(time.0) * u128::from(RATE) / 1_000_000) as u64
}

#[cfg(test)]
mod tests;
