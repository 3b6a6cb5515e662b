//! Raw media as the application hands it over: pictures in six formats with any stride, PCM in two.

use crate::error::{Error, Result};
use crate::time::Time;
use std::fmt::Debug;

/// How the pixels of a picture lie in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Three planes: Y, and U and V of half the width and height, rounded up.
    I420,
    /// Two planes: Y, and interleaved U, V of half the height, rounded up.
    Nv12,
    /// One plane, bytes R, G, B.
    Rgb24,
    /// One plane, bytes B, G, R.
    Bgr24,
    /// One plane, bytes R, G, B, A; alpha is ignored.
    Rgba,
    /// One plane, bytes B, G, R, A; alpha is ignored.
    Bgra,
}

/// Which brightness and colour a YUV value stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Matrix {
    /// ITU-R BT.601, what VP8 carries.
    #[default]
    Bt601,
    /// ITU-R BT.709.
    Bt709,
}

/// Which values black and white have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// 16 to 235 (chroma to 240).
    Limited,
    /// 0 to 255.
    Full,
}

/// PCM samples, interleaved where there are two channels.
#[derive(Clone, Copy, Debug)]
pub enum Samples<'a> {
    /// Signed 16-bit.
    S16(&'a [i16]),
    /// 32-bit float, -1 to 1.
    F32(&'a [f32]),
}

/// Sound, borrowed for the time of one push.
#[derive(Clone, Copy, Debug)]
pub struct AudioFrame<'a> {
    /// The samples.
    pub samples: Samples<'a>,
    /// Samples a second of one channel: 8,000 to 192,000.
    pub sample_rate: u32,
    /// 1 or 2.
    pub channels: u32,
    /// When the first sample was captured; `None`: it follows on what was pushed before, or now.
    pub capture: Option<Time>,
}

/// One picture with whatever keeps its pixels alive.
#[derive(Debug)]
pub struct VideoFrame {
    /// How the pixels lie.
    pub format: Format,
    /// Columns: 1 to [`MAX_SIDE`].
    pub width: u32,
    /// Rows: 1 to [`MAX_SIDE`].
    pub height: u32,
    /// Bytes from one row to the next, a plane; those of planes the format does not have are ignored.
    pub strides: [usize; 3],
    /// The pixels.
    pub planes: Box<dyn Planes>,
    /// When it was captured; `None`: now.
    pub capture: Option<Time>,
}

/// Where the pixels of a [`VideoFrame`] live: a pooled copy, or the application's own memory. Dropping
/// it gives the memory back.
pub trait Planes: Send + Sync + Debug {
    /// The bytes of plane `n`; empty if the format has no such plane.
    fn plane(&self, n: usize) -> &[u8];

    /// The bytes of all planes, to be written; `None`: they are not to be.
    fn planes_mut(&mut self) -> Option<[&mut [u8]; 3]> {
        None
    }
}

/// Memory of the program's own, a vector a plane.
impl Planes for [Vec<u8>; 3] {
    fn plane(&self, n: usize) -> &[u8] {
        &self[n]
    }

    fn planes_mut(&mut self) -> Option<[&mut [u8]; 3]> {
        Some(self.each_mut().map(Vec::as_mut_slice))
    }
}

/// The same picture, borrowed.
#[derive(Clone, Copy)]
pub struct FrameView<'a> {
    /// How the pixels lie.
    pub format: Format,
    /// Columns: 1 to [`MAX_SIDE`].
    pub width: u32,
    /// Rows: 1 to [`MAX_SIDE`].
    pub height: u32,
    /// Bytes from one row to the next, a plane.
    pub strides: [usize; 3],
    /// The pixels; the last row of a plane may end with its last pixel.
    pub planes: [&'a [u8]; 3],
}

/// The longest side VP8 can carry: 14 bits (RFC 6386 section 9.1).
pub const MAX_SIDE: u32 = 16_383;

/// The longest distance between rows that we read; libvpx counts it in an `int`.
const MAX_STRIDE: usize = i32::MAX as usize;

impl VideoFrame {
    /// The picture without what owns it.
    pub fn view(&self) -> FrameView<'_> {
        let planes = [0, 1, 2].map(|n| self.planes.plane(n));
        FrameView {
            format: self.format,
            width: self.width,
            height: self.height,
            strides: self.strides,
            planes,
        }
    }

    /// Whether sizes, strides and planes fit together; the sentence names the one that does not.
    pub fn check(&self) -> Result<()> {
        self.view().check()
    }
}

impl FrameView<'_> {
    /// Whether sizes, strides and planes fit together; the sentence names the one that does not.
    pub fn check(&self) -> Result<()> {
        let needed = self.format.plane_lengths(self.width, self.height, self.strides)?;
        for (n, (plane, needed)) in self.planes.iter().zip(needed).enumerate() {
            if plane.len() < needed {
                let (have, format) = (plane.len(), self.format);
                return Err(Error::argument(format!(
                    "frame.planes[{n}] has {have} bytes but {format:?} of {}x{} needs {needed}",
                    self.width, self.height
                )));
            }
        }
        Ok(())
    }
}

impl Format {
    /// How many planes a picture has.
    pub fn planes(self) -> usize {
        match self {
            Format::I420 => 3,
            Format::Nv12 => 2,
            Format::Rgb24 | Format::Bgr24 | Format::Rgba | Format::Bgra => 1,
        }
    }

    /// Bytes that the pixels of one row take in `plane`, without padding.
    pub fn row_bytes(self, plane: usize, width: u32) -> usize {
        let width = width as usize;
        match (self, plane) {
            (Format::I420 | Format::Nv12, 0) => width,
            (Format::I420, 1 | 2) => width.div_ceil(2),
            (Format::Nv12, 1) => width.div_ceil(2) * 2,
            (Format::Rgb24 | Format::Bgr24, 0) => width * 3,
            (Format::Rgba | Format::Bgra, 0) => width * 4,
            _ => 0,
        }
    }

    /// Rows of `plane`.
    pub fn rows(self, plane: usize, height: u32) -> usize {
        match plane {
            0 => height as usize,
            _ if plane < self.planes() => height.div_ceil(2) as usize,
            _ => 0,
        }
    }

    /// How many bytes of each plane are read from a picture of that size: all but the padding after
    /// the last row. An error if the size or a stride is out of bounds.
    pub fn plane_lengths(self, width: u32, height: u32, strides: [usize; 3]) -> Result<[usize; 3]> {
        for (name, side) in [("width", width), ("height", height)] {
            if !(1..=MAX_SIDE).contains(&side) {
                return Err(Error::argument(format!("frame.{name} is {side} but must be 1 to {MAX_SIDE}")));
            }
        }
        let mut lengths = [0; 3];
        for n in 0..self.planes() {
            let (stride, row) = (strides[n], self.row_bytes(n, width));
            if stride < row {
                let sentence = format!("frame.stride[{n}] is {stride} but width {width} needs {row}");
                return Err(Error::argument(sentence));
            }
            if stride > MAX_STRIDE {
                let sentence = format!("frame.stride[{n}] is {stride} but may be {MAX_STRIDE} at most");
                return Err(Error::argument(sentence));
            }
            lengths[n] = stride * (self.rows(n, height) - 1) + row;
        }
        Ok(lengths)
    }
}

#[cfg(test)]
mod tests;
