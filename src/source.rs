//! What the application publishes: pushed raw, encoded once, sent to every peer that watches.

use crate::error::{Error, Result};
use crate::events::Events;
use crate::fanout::Fanout;
use crate::frame::{AudioFrame, Matrix, Range};
use crate::id::Id;
use crate::mailbox::Pushed;
use crate::media::Kind;
use crate::time::Time;
use std::sync::Arc;
use std::time::Duration;

/// What a [`Source`] is made from. `Default` is a 1280×720 picture at 30 frames a second with sound.
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
}

/// How pictures are taken and encoded.
#[derive(Clone, Debug)]
pub struct VideoOptions {
    /// Expected width in pixels; a frame of another size reconfigures the encoder.
    pub width: u32,
    /// Expected height in pixels.
    pub height: u32,
    /// Expected frames a second, for rate control.
    pub fps: f64,
    /// Target bits a second.
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
    /// Target bits a second.
    pub bitrate: u32,
    /// Channels of the Opus stream: 1 or 2.
    pub channels: u32,
    /// Opus complexity, 0 to 10.
    pub complexity: u32,
    /// Discontinuous transmission: silence costs nearly nothing.
    pub dtx: bool,
}

/// A source. Cloning gives another handle to the same one; it ends with [`Source::close`].
#[derive(Clone)]
pub struct Source(Arc<Shared>);

struct Shared {}

/// Figures of one source, read without stopping it.
#[derive(Clone, Copy, Debug, Default)]
pub struct SourceStats {
    /// Peers that are being sent this source.
    pub viewers: u64,
    // the helper who writes this file completes the list from behaviour/1-publish.md
}

#[expect(unused_variables, clippy::todo, reason = "being built")]
impl Source {
    /// Makes a source and starts its encoder threads.
    pub fn new(options: SourceOptions) -> Result<Source> {
        todo!()
    }
    /// Which source this is.
    pub fn id(&self) -> Id {
        todo!()
    }
    /// Whether it has this kind of media at all.
    pub fn has(&self, kind: Kind) -> bool {
        todo!()
    }
    /// Queues one frame, newest wins. Never blocks.
    pub fn push_video(&self, frame: crate::frame::VideoFrame) -> Result<Pushed> {
        todo!()
    }
    /// Queues sound; at most 200 ms wait, the oldest goes first.
    pub fn push_audio(&self, frame: &AudioFrame<'_>) -> Result<()> {
        todo!()
    }
    /// Asks for a keyframe; requests are coalesced.
    pub fn request_keyframe(&self) {
        todo!()
    }
    /// A new target bitrate for the picture.
    pub fn set_video_bitrate(&self, bits_per_second: u32) -> Result<()> {
        todo!()
    }
    /// Where its packets leave.
    pub fn fanout(&self) -> &Fanout {
        todo!()
    }
    /// Figures.
    pub fn stats(&self) -> SourceStats {
        todo!()
    }
    /// Called by a sender thread after the last packet of `frame` left.
    pub fn sent(&self, frame: &crate::media::MediaFrame, now: Time) {
        todo!()
    }
    /// Ends it: the encoder threads stop, later pushes are `Closed`.
    pub fn close(&self) {
        todo!()
    }
}
