//! Opus over libopus.

use crate::error::{Error, Result, Status};
use crate::source::AudioOptions;
use opus::{Application, Bitrate, Channels};

/// Samples a second, a channel: the only RTP clock Opus has (RFC 7587 section 4.1).
pub const RATE: u32 = 48_000;

/// Samples of a frame, a channel: 20 ms, what every receiver expects.
pub const FRAME: usize = 960;

/// A frame fits into one packet with any header; libopus keeps to it.
const MAX_BYTES: usize = 1_100;

/// What in-band FEC is prepared for. libopus adds none for a loss of nothing, and nobody measures
/// the loss of all viewers; a tenth is what the redundancy heals at a bearable price.
const EXPECTED_LOSS_PERCENT: i32 = 10;

/// An Opus encoder.
pub struct OpusEncoder {
    opus: opus::Encoder,
    packet: Vec<u8>,
}

impl OpusEncoder {
    /// An encoder as the options say, with in-band FEC.
    ///
    /// # Errors
    /// libopus refuses an option.
    pub fn new(options: &AudioOptions) -> Result<OpusEncoder> {
        let channels = if options.channels == 1 { Channels::Mono } else { Channels::Stereo };
        let make = || {
            // `Audio` codes speech well too; `LowDelay` would switch FEC off.
            let mut opus = opus::Encoder::new(RATE, channels, Application::Audio)?;
            opus.set_bitrate(Bitrate::Bits(options.bitrate as i32))?;
            opus.set_complexity(options.complexity as i32)?;
            opus.set_dtx(options.dtx)?;
            opus.set_inband_fec(true)?;
            opus.set_packet_loss_perc(EXPECTED_LOSS_PERCENT)?;
            Ok(opus)
        };
        let opus = make().map_err(failure)?;
        Ok(OpusEncoder { opus, packet: vec![0; MAX_BYTES] })
    }

    /// Encodes 20 ms of interleaved samples.
    ///
    /// # Errors
    /// libopus fails; the frame is lost.
    pub fn encode(&mut self, samples: &[f32]) -> Result<&[u8]> {
        let length = self.opus.encode_float(samples, &mut self.packet).map_err(failure)?;
        Ok(&self.packet[..length])
    }
}

fn failure(error: opus::Error) -> Error {
    Error::new(Status::Codec, error.to_string())
}
