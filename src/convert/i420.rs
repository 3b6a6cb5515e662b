//! A picture as the encoder reads it.

use crate::error::{Error, Result, Status};
use crate::frame::{Format, FrameView};

/// Y, U and V without padding, in a buffer that is used again.
#[derive(Default)]
pub struct I420 {
    width: u32,
    height: u32,
    data: Vec<u8>,
}

impl I420 {
    /// An empty one; [`Converter::convert`](super::Converter::convert) gives it its size.
    pub fn new() -> Self {
        Self::default()
    }

    /// Columns.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The brightness: `width` bytes a row, `height` rows.
    pub fn y(&self) -> &[u8] {
        &self.data[..self.luma()]
    }

    /// Blue less brightness: half the width and height, rounded up.
    pub fn u(&self) -> &[u8] {
        &self.data[self.luma()..][..self.chroma()]
    }

    /// Red less brightness: half the width and height, rounded up.
    pub fn v(&self) -> &[u8] {
        &self.data[self.luma() + self.chroma()..]
    }

    /// Bytes from one row to the next, a plane.
    pub fn strides(&self) -> [usize; 3] {
        [0, 1, 2].map(|n| Format::I420.row_bytes(n, self.width))
    }

    /// The picture, borrowed.
    pub fn view(&self) -> FrameView<'_> {
        FrameView {
            format: Format::I420,
            width: self.width,
            height: self.height,
            strides: self.strides(),
            planes: [self.y(), self.u(), self.v()],
        }
    }

    /// Gives it a size; the pixels are whatever they were.
    pub(super) fn resize(&mut self, width: u32, height: u32) -> Result<()> {
        (self.width, self.height) = (width, height);
        let bytes = self.luma() + 2 * self.chroma();
        if self.data.try_reserve_exact(bytes.saturating_sub(self.data.len())).is_err() {
            *self = I420::new();
            return Err(Error::new(Status::Limit, format!("no memory for a picture of {bytes} bytes")));
        }
        self.data.resize(bytes, 0);
        Ok(())
    }

    pub(super) fn planes_mut(&mut self) -> [&mut [u8]; 3] {
        let (luma, chroma) = (self.luma(), self.chroma());
        let (y, uv) = self.data.split_at_mut(luma);
        let (u, v) = uv.split_at_mut(chroma);
        [y, u, v]
    }

    fn luma(&self) -> usize {
        Format::I420.row_bytes(0, self.width) * Format::I420.rows(0, self.height)
    }

    fn chroma(&self) -> usize {
        Format::I420.row_bytes(1, self.width) * Format::I420.rows(1, self.height)
    }
}
