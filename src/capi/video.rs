//! Pictures and sound as C hands them over.

use super::callback::Plain;
use super::sized::{plain, unused};
use crate::error::{Error, Result};
use crate::frame::{AudioFrame, Format, FrameView, Planes, Samples, VideoFrame};
use crate::time::Time;
use std::ffi::c_void;
use std::slice;

/// How the pixels of a picture lie in memory.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum framewire_format {
    /// Three planes: Y, then U and V of half the width and height, rounded up.
    FRAMEWIRE_FORMAT_I420 = 1,
    /// Two planes: Y, then U and V interleaved, of half the width and height, rounded up.
    FRAMEWIRE_FORMAT_NV12 = 2,
    /// One plane, bytes R, G, B.
    FRAMEWIRE_FORMAT_RGB24 = 3,
    /// One plane, bytes B, G, R.
    FRAMEWIRE_FORMAT_BGR24 = 4,
    /// One plane, bytes R, G, B, A; alpha is ignored.
    FRAMEWIRE_FORMAT_RGBA = 5,
    /// One plane, bytes B, G, R, A; alpha is ignored.
    FRAMEWIRE_FORMAT_BGRA = 6,
}

/// How samples of sound lie in memory.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum framewire_sample_format {
    /// int16_t.
    FRAMEWIRE_SAMPLE_S16 = 1,
    /// float, -1 to 1.
    FRAMEWIRE_SAMPLE_F32 = 2,
}

/// One picture.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct framewire_video_frame {
    /// sizeof(framewire_video_frame).
    pub size: usize,
    /// One of framewire_format.
    pub format: u32,
    /// Columns: 1 to 16,383, odd ones too.
    pub width: u32,
    /// Rows: 1 to 16,383, odd ones too.
    pub height: u32,
    /// 0.
    pub reserved: u32,
    /// The first row of each plane. Of a plane, (rows - 1) * stride + bytes of a row are read.
    pub planes: [*const u8; 3],
    /// Bytes from one row to the next, a plane; 0: the rows follow one another without a gap.
    pub strides: [usize; 3],
    /// When it was captured: microseconds of CLOCK_MONOTONIC; 0: now. Sound and picture of one
    /// source are played in sync by it.
    pub capture_time_us: u64,
}
plain!(framewire_video_frame, first 80, { size, format, width, height, reserved, planes, strides, capture_time_us });

/// Sound.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct framewire_audio_frame {
    /// sizeof(framewire_audio_frame).
    pub size: usize,
    /// frames * channels samples, interleaved where there are two channels. May be NULL when
    /// `frames` is 0. Aligned as its type.
    pub samples: *const c_void,
    /// When the first sample was captured: microseconds of CLOCK_MONOTONIC; 0: it follows on what
    /// was pushed before.
    pub capture_time_us: u64,
    /// One of framewire_sample_format.
    pub format: u32,
    /// Samples a second of one channel: 8,000 to 192,000.
    pub sample_rate: u32,
    /// 1 or 2.
    pub channels: u32,
    /// Samples of one channel: any number, 0 too.
    pub frames: u32,
}
plain!(framewire_audio_frame, first 40, { size, samples, capture_time_us, format, sample_rate, channels, frames });

/// What gives a buffer of yours back to you: `call` is called exactly once.
///
/// Which thread: the one that pushes, an encoder thread of the library, or the one that frees the
/// source. It should return soon: the next frame waits for it. It may call every function of the
/// library.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct framewire_release {
    /// Called when the library will not read the buffer again. Must be set.
    pub call: Option<unsafe extern "C" fn(context: *mut c_void)>,
    /// Passed to it.
    pub context: *mut c_void,
}

impl framewire_video_frame {
    /// The picture, borrowed; what it says is checked except for what the memory holds.
    ///
    /// # Safety
    /// Every plane that the format has is NULL, or has the readable bytes that the header asks for,
    /// for `'a`.
    pub unsafe fn view<'a>(&self) -> Result<FrameView<'a>> {
        unused(self.reserved, "frame.reserved")?;
        let format = self.format()?;
        let strides = [0, 1, 2].map(|n| match self.strides[n] {
            0 => format.row_bytes(n, self.width),
            stride => stride,
        });
        let lengths = format.plane_lengths(self.width, self.height, strides)?;
        let mut planes = [&[][..]; 3];
        for n in 0..format.planes() {
            if self.planes[n].is_null() {
                let sentence =
                    format!("frame.planes[{n}] is NULL but {format:?} has {} planes", format.planes());
                return Err(Error::argument(sentence));
            }
            // SAFETY: as promised to us; `plane_lengths` bounds the length.
            planes[n] = unsafe { slice::from_raw_parts(self.planes[n], lengths[n]) };
        }
        Ok(FrameView { format, width: self.width, height: self.height, strides, planes })
    }

    /// When it was captured.
    pub fn capture(&self) -> Option<Time> {
        moment(self.capture_time_us)
    }

    fn format(&self) -> Result<Format> {
        format(self.format, "frame.format")
    }
}

/// The format of that number.
pub fn format(number: u32, name: &str) -> Result<Format> {
    let all = [Format::I420, Format::Nv12, Format::Rgb24, Format::Bgr24, Format::Rgba, Format::Bgra];
    all.into_iter()
        .find(|format| self::number(*format) == number)
        .ok_or_else(|| Error::argument(format!("{name} is {number} but must be a framewire_format")))
}

/// The number of that format.
pub fn number(format: Format) -> u32 {
    use framewire_format::*;
    let number = match format {
        Format::I420 => FRAMEWIRE_FORMAT_I420,
        Format::Nv12 => FRAMEWIRE_FORMAT_NV12,
        Format::Rgb24 => FRAMEWIRE_FORMAT_RGB24,
        Format::Bgr24 => FRAMEWIRE_FORMAT_BGR24,
        Format::Rgba => FRAMEWIRE_FORMAT_RGBA,
        Format::Bgra => FRAMEWIRE_FORMAT_BGRA,
    };
    number as u32
}

impl framewire_audio_frame {
    /// The sound, borrowed.
    ///
    /// # Safety
    /// `samples` is NULL, or has the readable samples that the header asks for, for `'a`.
    pub unsafe fn view<'a>(&self) -> Result<AudioFrame<'a>> {
        if !matches!(self.channels, 1 | 2) {
            return Err(Error::argument(format!("frame.channels is {} but must be 1 or 2", self.channels)));
        }
        let count = self.frames as usize * self.channels as usize;
        let samples = match self.format {
            // SAFETY: as promised to us.
            1 => Samples::S16(unsafe { self.slice(count) }?),
            // SAFETY: as promised to us.
            2 => Samples::F32(unsafe { self.slice(count) }?),
            format => {
                return Err(Error::argument(format!(
                    "frame.format is {format} but must be a framewire_sample_format"
                )));
            }
        };
        let capture = moment(self.capture_time_us);
        Ok(AudioFrame { samples, sample_rate: self.sample_rate, channels: self.channels, capture })
    }

    /// # Safety
    /// `samples` is NULL, or has `count` readable `T`s for `'a`.
    unsafe fn slice<'a, T>(&self, count: usize) -> Result<&'a [T]> {
        let samples = self.samples.cast::<T>();
        if count == 0 {
            return Ok(&[]);
        }
        if samples.is_null() {
            return Err(Error::argument(format!(
                "frame.samples is NULL but frame.frames is {}",
                self.frames
            )));
        }
        if !samples.is_aligned() {
            let bytes = align_of::<T>();
            return Err(Error::argument(format!("frame.samples is not aligned to {bytes} bytes")));
        }
        // SAFETY: as promised to us; not NULL, aligned, and 2³³ samples fit into an isize.
        Ok(unsafe { slice::from_raw_parts(samples, count) })
    }
}

/// The application's duty to be told, done when this is dropped.
#[derive(Debug)]
pub struct Release {
    call: Option<Plain>,
    context: *mut c_void,
}

// SAFETY: the header says that it is called on any thread.
unsafe impl Send for Release {}
// SAFETY: a shared one does nothing: it is called when it is dropped.
unsafe impl Sync for Release {}

impl framewire_release {
    /// It is ours.
    pub fn own(self) -> Release {
        Release { call: self.call, context: self.context }
    }
}

impl Release {
    /// The picture in the application's memory, which is told when it is dropped.
    ///
    /// # Safety
    /// The planes of `frame` stay readable and as they are until then.
    pub unsafe fn frame(self, frame: &framewire_video_frame) -> Result<VideoFrame> {
        if self.call.is_none() {
            return Err(Error::argument("release.call is NULL"));
        }
        // SAFETY: as promised to us: they are readable as long as `self` lives, and so are the planes.
        let FrameView { format, width, height, strides, planes } = unsafe { frame.view() }?;
        let planes = Box::new(Lent { planes, _release: self });
        Ok(VideoFrame { format, width, height, strides, planes, capture: frame.capture() })
    }
}

impl Drop for Release {
    fn drop(&mut self) {
        if let Some(call) = self.call {
            // SAFETY: the application gave `call` for this `context`; this is the only call.
            unsafe { call(self.context) };
        }
    }
}

/// The application's memory. The planes are readable until the release is dropped.
#[derive(Debug)]
struct Lent {
    planes: [&'static [u8]; 3],
    _release: Release,
}

impl Planes for Lent {
    fn plane(&self, n: usize) -> &[u8] {
        self.planes[n]
    }
}

fn moment(us: u64) -> Option<Time> {
    (us != 0).then_some(Time(us))
}
