//! What a source is made from.

use crate::error::{Error, Result};
use crate::events::Events;
use crate::frame::{MAX_SIDE, Matrix, Range};
use crate::id::Id;
use std::sync::Arc;
use std::time::Duration;

/// What a [`super::Source`] is made from. `Default` is a 1280×720 picture at 30 frames a second with
/// sound.
#[derive(Clone, Debug)]
pub struct SourceOptions {
    /// The source's id in events; `None`: a fresh one.
    pub id: Option<Id>,
    /// Where its failures are told.
    pub events: Option<Arc<Events>>,
    /// Picture; `None`: a source of sound alone.
    pub video: Option<VideoOptions>,
    /// Sound; `None`: a source of pictures alone.
    pub audio: Option<AudioOptions>,
    /// Sound waits until it is as old as pictures are when they are sent, 2 s at most: for programs that work long on
    /// pictures and not on sound. Receivers play both together in any case, as far as they can; here they
    /// need not find out first what to hold back.
    pub sound_follows_picture: bool,
}

/// How pictures are taken and encoded.
#[derive(Clone, Debug)]
pub struct VideoOptions {
    /// Expected width in pixels, 1 to 16383; a frame of another size reconfigures the encoder.
    pub width: u32,
    /// Expected height in pixels, 1 to 16383.
    pub height: u32,
    /// Expected frames a second, for rate control: more than 0, at most 240.
    pub fps: f64,
    /// Target bits a second: 1,000 to 1,000,000,000.
    pub bitrate: u32,
    /// Longest distance between keyframes; `None`: only when asked for.
    pub keyframe_interval: Option<Duration>,
    /// At most one forced keyframe in this time.
    pub keyframe_window: Duration,
    /// The matrix of pushed YUV.
    pub matrix: Matrix,
    /// The range of pushed pixels; `None`: full for RGB, limited for YUV.
    pub range: Option<Range>,
}

/// How sound is encoded.
#[derive(Clone, Debug)]
pub struct AudioOptions {
    /// Target bits a second: 6,000 to 510,000, what Opus knows (RFC 6716 section 2.1.1).
    pub bitrate: u32,
    /// Channels of the Opus stream: 1 or 2.
    pub channels: u32,
    /// Opus complexity, 0 to 10.
    pub complexity: u32,
    /// Discontinuous transmission: silence costs nearly nothing.
    pub dtx: bool,
}

impl Default for SourceOptions {
    fn default() -> Self {
        SourceOptions {
            id: None,
            events: None,
            video: Some(VideoOptions::default()),
            audio: Some(AudioOptions::default()),
            sound_follows_picture: false,
        }
    }
}

impl Default for VideoOptions {
    fn default() -> Self {
        VideoOptions {
            width: 1280,
            height: 720,
            fps: 30.0,
            bitrate: 2_000_000,
            keyframe_interval: None,
            keyframe_window: Duration::from_millis(500),
            matrix: Matrix::default(),
            range: None,
        }
    }
}

impl Default for AudioOptions {
    fn default() -> Self {
        AudioOptions { bitrate: 64_000, channels: 2, complexity: 9, dtx: false }
    }
}

impl SourceOptions {
    pub(super) fn check(&self) -> Result<()> {
        if self.video.is_none() && self.audio.is_none() {
            return Err(Error::argument("a source needs video or audio"));
        }
        if self.sound_follows_picture && (self.video.is_none() || self.audio.is_none()) {
            return Err(Error::argument("sound_follows_picture needs video and audio"));
        }
        if let Some(video) = &self.video {
            check_size(video.width, video.height)?;
            check_fps(video.fps)?;
            check_bitrate(video.bitrate)?;
        }
        if let Some(audio) = &self.audio {
            within("audio bitrate", audio.bitrate, 6_000, 510_000)?;
            within("audio channels", audio.channels, 1, 2)?;
            within("audio complexity", audio.complexity, 0, 10)?;
        }
        Ok(())
    }
}

pub(super) fn check_size(width: u32, height: u32) -> Result<()> {
    within("width", width, 1, MAX_SIDE)?;
    within("height", height, 1, MAX_SIDE)
}

pub(super) fn check_fps(fps: f64) -> Result<()> {
    if fps > 0.0 && fps <= 240.0 {
        return Ok(());
    }
    Err(Error::argument(format!("fps is {fps} but must be more than 0 and at most 240")))
}

pub(super) fn check_bitrate(bitrate: u32) -> Result<()> {
    within("video bitrate", bitrate, 1_000, 1_000_000_000)
}

fn within(name: &str, value: u32, least: u32, most: u32) -> Result<()> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(Error::argument(format!("{name} is {value} but must be {least} to {most}")))
}
