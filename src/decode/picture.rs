//! Coded pictures in, decoded ones out: what is tried, and when it is given up.

use super::{Errors, VideoDecoder};
use crate::convert::from_i420;
use crate::error::{Error, Result, Status};
use crate::frame::{Format, FrameView, VideoFrame};
use crate::pool::Pool;
use crate::receive::CodedPicture;
use crate::time::Time;
use std::sync::Arc;

/// The most pixels of a picture. A keyframe of a few bytes can claim 16,383 x 16,383, and libvpx would
/// take a gigabyte for it.
pub const MAX_PIXELS: u32 = 1 << 24;

/// Pictures kept to be used again: one waits, one is being made, one is with the application.
const SPARE: usize = 3;

/// The decoder of one track.
pub struct PictureStage {
    decoder: Box<dyn VideoDecoder>,
    format: Format,
    pool: Arc<Pool>,
    errors: Errors,
    /// Nothing but a keyframe can be decoded.
    needs_keyframe: bool,
}

/// What became of a coded picture.
#[derive(Debug)]
pub enum Decoded {
    /// It is to be handed over.
    Picture(VideoFrame),
    /// It is not to be shown.
    Hidden,
    /// It was not tried, because a keyframe has to come first, or because the last error is too fresh.
    Skipped,
}

impl PictureStage {
    /// A stage whose track has failed after `most_errors` in a row.
    pub fn new(decoder: Box<dyn VideoDecoder>, format: Format, most_errors: u32) -> PictureStage {
        let (pool, errors) = (Pool::new(SPARE), Errors::new(most_errors));
        PictureStage { decoder, format, pool, errors, needs_keyframe: true }
    }

    /// Decodes and converts one.
    ///
    /// # Errors
    /// It is damaged, too large, or there is no memory; [`PictureStage::failed`] counts it.
    pub fn decode(&mut self, coded: &CodedPicture, now: Time) -> Result<Decoded> {
        if self.errors.holds_back(now) || self.needs_keyframe && !coded.keyframe {
            return Ok(Decoded::Skipped);
        }
        if coded.keyframe {
            check_size(&coded.data)?;
        }
        let Some(picture) = self.decoder.decode(&coded.data)? else { return Ok(Decoded::Hidden) };
        let view = FrameView {
            format: Format::I420,
            width: picture.width,
            height: picture.height,
            strides: picture.strides,
            planes: picture.planes,
        };
        let capture = Some(coded.capture);
        let format = self.format;
        let fill = |to: [&mut [u8]; 3]| from_i420(&view, format, to);
        self.pool.fill(format, view.width, view.height, capture, fill).map(Decoded::Picture)
    }

    /// What comes continues nothing that was.
    pub fn restart(&mut self) {
        self.errors.forget();
        self.needs_keyframe = true;
    }

    /// A picture was handed over. One that only arrived, or was only decoded, proves nothing.
    pub fn succeeded(&mut self) {
        self.errors.forget();
        self.needs_keyframe = false;
    }

    /// One could not be decoded or handed over. True: too many in a row, the track has failed.
    pub fn failed(&mut self, now: Time) -> bool {
        self.needs_keyframe = true;
        self.errors.add(now)
    }
}

/// RFC 6386 section 9.1: behind three bytes of tag and three of start code, 14 bits each.
fn check_size(keyframe: &[u8]) -> Result<()> {
    let side = |at: usize| match keyframe.get(at..at + 2) {
        Some(bytes) => Ok(u32::from(u16::from_le_bytes([bytes[0], bytes[1]]) & 0x3fff)),
        None => Err(Error::malformed(format!("a VP8 keyframe of {} bytes", keyframe.len()))),
    };
    let (width, height) = (side(6)?, side(8)?);
    if width * height > MAX_PIXELS {
        let sentence = format!("a picture of {width}x{height}; at most {MAX_PIXELS} pixels are decoded");
        return Err(Error::new(Status::Limit, sentence));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
