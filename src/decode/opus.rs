//! Opus over libopus: packets, lost packets, and packets that carry the one before them again.

use crate::error::{Error, Result, Status};
use crate::sink::{Pcm, SampleFormat};
use ::opus::{Channels, packet};

/// Samples a second of a channel, whatever the encoder was given (RFC 7587 section 4.1).
pub const RATE: u32 = 48_000;

/// Opus counts time in pieces of 2.5 ms.
pub const PIECE: usize = 120;

/// Samples of the longest packet, a channel: 120 ms (RFC 6716 section 2.1.4).
pub const LONGEST: usize = 5_760;

/// An Opus decoder.
pub struct OpusDecoder {
    opus: ::opus::Decoder,
    format: SampleFormat,
    channels: usize,
}

impl OpusDecoder {
    /// A decoder to samples of that format and that many channels, 1 or 2.
    ///
    /// # Errors
    /// libopus has no memory.
    pub fn new(format: SampleFormat, channels: u32) -> Result<OpusDecoder> {
        let layout = if channels == 1 { Channels::Mono } else { Channels::Stereo };
        let opus = ::opus::Decoder::new(RATE, layout).map_err(failure)?;
        Ok(OpusDecoder { opus, format, channels: channels as usize })
    }

    /// Forgets what it decoded.
    pub fn reset(&mut self) {
        self.opus.reset_state().expect("the request has nothing that could be wrong");
    }

    /// Decodes a packet.
    ///
    /// # Errors
    /// It is damaged.
    pub fn decode(&mut self, data: &[u8]) -> Result<Pcm> {
        let frames = frames(data)?;
        self.run(data, frames, false)
    }

    /// What came in the `frames` before `data`, which was lost: out of `data` where that carries it
    /// again ([`has_previous`]), else concealed. `frames` is a multiple of [`PIECE`].
    ///
    /// # Errors
    /// `data` is damaged.
    pub fn previous(&mut self, data: &[u8], frames: usize) -> Result<Pcm> {
        self.run(data, frames, true)
    }

    /// Conceals `frames`, a multiple of [`PIECE`] and at most [`LONGEST`].
    ///
    /// # Errors
    /// Only a defect.
    pub fn conceal(&mut self, frames: usize) -> Result<Pcm> {
        self.run(&[], frames, false)
    }

    fn run(&mut self, data: &[u8], frames: usize, previous: bool) -> Result<Pcm> {
        let samples = frames * self.channels;
        match self.format {
            SampleFormat::S16 => {
                let mut out = vec![0; samples];
                let decoded = self.opus.decode(data, &mut out, previous).map_err(failure)?;
                out.truncate(decoded * self.channels);
                Ok(Pcm::S16(out))
            }
            SampleFormat::F32 => {
                let mut out = vec![0.0; samples];
                let decoded = self.opus.decode_float(data, &mut out, previous).map_err(failure)?;
                out.truncate(decoded * self.channels);
                Ok(Pcm::F32(out))
            }
        }
    }
}

/// Samples of a packet, a channel.
///
/// # Errors
/// It is no packet.
pub fn frames(data: &[u8]) -> Result<usize> {
    if data.is_empty() {
        return Err(Error::malformed("an Opus packet of 0 bytes"));
    }
    packet::get_nb_samples(data, RATE).map_err(failure)
}

/// Whether a packet carries the one before it again: a flag behind the voice flags of each channel, in
/// every mode that has SILK (RFC 6716 sections 3.1 and 4.2.3).
pub fn has_previous(data: &[u8]) -> bool {
    const FIRST_CELT: u8 = 16;
    let Some(first) = data.first().filter(|toc| **toc >> 3 < FIRST_CELT) else { return false };
    let Ok(packet) = packet::parse(data) else { return false };
    let Some(flags) = packet.frames.first().and_then(|frame| frame.first()) else { return false };
    let milliseconds =
        packet::get_samples_per_frame(data, RATE).unwrap_or_default() / (RATE as usize / 1_000);
    let voices = milliseconds.div_ceil(20).clamp(1, 3);
    let middle = flags >> (7 - voices) & 1;
    let stereo = first & 4 != 0;
    // The flags of the side channel follow on those of the middle: 2 * 3 + 2 fill the byte.
    let side = if stereo { flags >> (6 - 2 * voices) & 1 } else { 0 };
    (middle | side) != 0
}

fn failure(error: ::opus::Error) -> Error {
    Error::new(Status::Codec, error.to_string())
}
