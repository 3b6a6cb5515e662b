//! VP8 to I420.

use crate::error::Result;
use crate::native::vpx;

/// A VP8 decoder: whole frames in, pictures out.
pub struct Vp8Decoder(vpx::Decoder);

/// A decoded picture: I420, BT.601, limited range. It lives in the decoder until the next frame.
#[derive(Clone, Copy, Debug)]
pub struct Picture<'a> {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Y, U and V; the chroma planes have half the columns and rows, rounded up.
    pub planes: [&'a [u8]; 3],
    /// Bytes from one row of a plane to the next.
    pub strides: [usize; 3],
}

impl Vp8Decoder {
    /// A decoder that waits for a keyframe.
    ///
    /// # Errors
    /// libvpx has no memory.
    pub fn new() -> Result<Vp8Decoder> {
        vpx::Decoder::new().map(Vp8Decoder)
    }

    /// Decodes one frame; `None`: it is not to be shown.
    ///
    /// # Errors
    /// The frame is damaged, or no keyframe came before it. The next keyframe heals the decoder.
    pub fn decode(&mut self, frame: &[u8]) -> Result<Option<Picture<'_>>> {
        let picture = self.0.decode(frame)?;
        Ok(picture.map(|p| Picture {
            width: p.width,
            height: p.height,
            planes: p.planes,
            strides: p.strides,
        }))
    }
}

impl Picture<'_> {
    /// The brightness at a place; `column` and `row` must lie inside.
    pub fn luma(&self, column: u32, row: u32) -> u8 {
        self.planes[0][row as usize * self.strides[0] + column as usize]
    }
}
