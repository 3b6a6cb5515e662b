//! From pixels to VP8 and from samples to Opus: stages without threads, clock or network.

pub mod backoff;
pub mod cadence;
pub mod hold;
pub mod keyframe;
pub mod opus;
pub mod pcm;
pub mod picture;
pub mod resample;
pub mod settings;
pub mod sound;
pub mod timeline;
pub mod vp8;

use crate::convert::I420;
use crate::error::Result;
use crate::media::EncodedFrame;
use crate::time::Time;

/// What a picture's encoder is to produce.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VideoSettings {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Expected frames a second.
    pub fps: f64,
    /// Target bits a second.
    pub bitrate: u32,
}

/// Makes compressed pictures of one size.
pub trait VideoEncoder: Send {
    /// Encodes one picture. `None`: rate control left it out; what comes next does not miss it.
    ///
    /// # Errors
    /// The picture is lost, and the next has to be a keyframe.
    fn encode(&mut self, picture: &I420, capture: Time, keyframe: bool) -> Result<Option<EncodedFrame>>;

    /// Other rates for the same size.
    ///
    /// # Errors
    /// The old ones stay.
    fn configure(&mut self, settings: &VideoSettings) -> Result<()>;
}

/// Makes an encoder of a size; tests put a failing one in its place.
pub type EncoderFactory = Box<dyn FnMut(&VideoSettings) -> Result<Box<dyn VideoEncoder>> + Send>;
