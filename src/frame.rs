//! Raw media as the application hands it over: pictures in six formats with any stride, PCM in two.

use crate::time::Time;

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

/// One picture.
#[derive(Debug)]
pub struct VideoFrame {}
