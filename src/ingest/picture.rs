//! Encoded images in, pictures as the sink asks for them out.

use super::image::{Image, MAX_PIXELS};
use crate::convert::{Converter, I420, from_i420, swap};
use crate::error::Result;
use crate::frame::{Format, Matrix, VideoFrame};
use crate::pool::Pool;
use crate::time::Time;
use std::sync::Arc;

/// Pictures kept to be used again: one waits, one is being made, one is with the application.
const SPARE: usize = 3;

/// The images of one ingester.
pub struct PictureStage {
    format: Format,
    pool: Arc<Pool>,
    /// For the step between, where there is one.
    between: Arc<Pool>,
    converter: Converter,
    i420: I420,
}

impl PictureStage {
    /// Makes pictures of that format.
    pub fn new(format: Format) -> PictureStage {
        let converter = Converter::new(Matrix::Bt601, None);
        PictureStage { format, pool: Pool::new(SPARE), between: Pool::new(1), converter, i420: I420::new() }
    }

    /// Decodes an image that was captured at `capture`.
    ///
    /// # Errors
    /// What [`Image::open`] and [`Image::decode`] say, or there is no memory.
    pub fn decode(&mut self, image: &[u8], capture: Time) -> Result<VideoFrame> {
        let image = Image::open(image, MAX_PIXELS)?;
        let (format, width, height) = (image.format, image.width, image.height);
        let pool = if format == self.format { &self.pool } else { &self.between };
        let frame = pool.fill(format, width, height, Some(capture), |[pixels, ..]| image.decode(pixels))?;
        if format == self.format {
            return Ok(frame);
        }
        if matches!(self.format, Format::I420 | Format::Nv12) {
            self.converter.convert(&frame, &mut self.i420)?;
            let view = self.i420.view();
            let fill = |to: [&mut [u8]; 3]| from_i420(&view, self.format, to);
            return self.pool.fill(self.format, width, height, Some(capture), fill);
        }
        let view = frame.view();
        let fill = |[to, ..]: [&mut [u8]; 3]| swap(&view, self.format, to);
        self.pool.fill(self.format, width, height, Some(capture), fill)
    }
}
