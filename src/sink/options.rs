//! What a sink is made from.

use crate::error::{Error, Result};
use crate::events::Events;
use crate::frame::Format;
use crate::id::Id;
use std::sync::Arc;
use std::time::Duration;

/// What a [`Sink`](super::Sink) is made from. `Default` takes the newest RGB24 picture, and sound.
#[derive(Clone, Debug)]
pub struct SinkOptions {
    /// The sink's id in events; `None`: a fresh one.
    pub id: Option<Id>,
    /// Where its tracks' states are told.
    pub events: Option<Arc<Events>>,
    /// How pictures are wanted; `None`: not at all.
    pub video: Option<VideoOut>,
    /// How sound is wanted; `None`: not at all.
    pub audio: Option<AudioOut>,
    /// Decode errors in a row, none of them followed by a picture or sound that was handed over, after
    /// which a track has failed.
    pub max_consecutive_errors: u32,
}

/// How pictures are wanted.
#[derive(Clone, Copy, Debug)]
pub struct VideoOut {
    /// How the pixels lie. RGB is full range; I420 and NV12 are what VP8 carries: BT.601, limited.
    pub format: Format,
    /// How many may wait to be taken: 1 for the newest, more for all of them in order as long as the
    /// application keeps up. The oldest goes, counted.
    pub queue: usize,
}

/// How sound is wanted.
#[derive(Clone, Copy, Debug)]
pub struct AudioOut {
    /// How a sample looks.
    pub format: SampleFormat,
    /// 1 or 2.
    pub channels: u32,
    /// How much may wait to be taken; the oldest goes, counted.
    pub queue: Duration,
}

/// How a sample looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SampleFormat {
    /// Signed 16-bit.
    S16,
    /// 32-bit float, -1 to 1.
    F32,
}

impl Default for SinkOptions {
    fn default() -> Self {
        SinkOptions {
            id: None,
            events: None,
            video: Some(VideoOut { format: Format::Rgb24, queue: 1 }),
            audio: Some(AudioOut { format: SampleFormat::S16, channels: 2, queue: Duration::from_secs(1) }),
            max_consecutive_errors: 10,
        }
    }
}

impl SinkOptions {
    pub(super) fn check(&self) -> Result<()> {
        let wrong = |sentence: String| Err(Error::argument(sentence));
        if self.video.is_none() && self.audio.is_none() {
            return wrong("a sink takes video or audio, or both".into());
        }
        if let Some(VideoOut { queue, .. }) = self.video
            && !(1..=1_000).contains(&queue)
        {
            return wrong(format!("video queue is {queue} but must be 1 to 1000 pictures"));
        }
        if let Some(AudioOut { channels, queue, .. }) = self.audio {
            if !(1..=2).contains(&channels) {
                return wrong(format!("audio channels is {channels} but must be 1 or 2"));
            }
            if !(Duration::from_millis(20)..=Duration::from_secs(60)).contains(&queue) {
                return wrong(format!("audio queue is {queue:?} but must be 20 ms to 60 s"));
            }
        }
        match self.max_consecutive_errors {
            0 => wrong("max_consecutive_errors is 0 but must be 1 or more".into()),
            _ => Ok(()),
        }
    }
}

impl AudioOut {
    pub(super) fn queue_samples(&self) -> usize {
        self.queue.as_millis() as usize * 48
    }
}
