//! Any rate to 48 kHz, a frame of 20 ms at a time.

use crate::encode::opus::{FRAME, RATE};
use crate::error::{Error, Result, Status};
use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Async, FixedAsync, Resampler as _, SincInterpolationParameters, WindowFunction};

/// Points of the filter: 1.5 ms each way at 44.1 kHz, transparent to the ear.
const FILTER: usize = 128;

/// A resampler of one rate. At 48 kHz it copies.
pub struct Resampler {
    /// The asynchronous kind: the synchronous one needs chunks as long as the rates' common divisor
    /// is small, a second for a rate that is a prime.
    filter: Option<Async<f32>>,
    channels: usize,
}

impl Resampler {
    /// From `rate` samples a second, in that many channels.
    ///
    /// # Errors
    /// The rate is out of what the filter can do.
    pub fn new(rate: u32, channels: usize) -> Result<Resampler> {
        let filter = (rate != RATE)
            .then(|| {
                let parameters = SincInterpolationParameters::new(FILTER, WindowFunction::Blackman2);
                let ratio = f64::from(RATE) / f64::from(rate);
                Async::new_sinc(ratio, 1.0, &parameters, FRAME, channels, FixedAsync::Output)
            })
            .transpose()
            .map_err(failure)?;
        Ok(Resampler { filter, channels })
    }

    /// Samples a channel that the next frame is made of.
    pub fn needed(&self) -> usize {
        self.filter.as_ref().map_or(FRAME, |filter| filter.input_frames_next())
    }

    /// How many samples at 48 kHz what comes out lags behind what goes in.
    pub fn delay(&self) -> u64 {
        self.filter.as_ref().map_or(0, |filter| filter.output_delay() as u64)
    }

    /// Makes a frame of the first [`Resampler::needed`] samples of `input`.
    ///
    /// # Errors
    /// `input` is too short.
    pub fn frame(&mut self, input: &[f32], output: &mut [f32]) -> Result<()> {
        let needed = self.needed();
        let Some(filter) = &mut self.filter else {
            output.copy_from_slice(&input[..output.len()]);
            return Ok(());
        };
        let input = InterleavedSlice::new(input, self.channels, needed).map_err(failure)?;
        let mut output = InterleavedSlice::new_mut(output, self.channels, FRAME).map_err(failure)?;
        filter.process_into_buffer(&input, &mut output, None).map_err(failure)?;
        Ok(())
    }
}

fn failure(error: impl std::fmt::Display) -> Error {
    Error::new(Status::Codec, format!("resampling: {error}"))
}
