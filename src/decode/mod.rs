//! From the bitstream back to pixels and samples.
//!
//! Each track has a decoder thread ([`worker`]) around a stage that has none ([`picture`], [`sound`]).

pub mod opus;
pub mod picture;
pub mod sound;
pub mod vp8;
pub(crate) mod worker;

use crate::error::Result;
use crate::time::Time;
use std::time::Duration;

/// A decoder of whole frames; tests put others in its place.
pub trait VideoDecoder: Send {
    /// Decodes one frame; `None`: it is not to be shown.
    ///
    /// # Errors
    /// The frame is damaged, or no keyframe came before it. The next keyframe heals the decoder.
    fn decode(&mut self, frame: &[u8]) -> Result<Option<vp8::Picture<'_>>>;
}

impl VideoDecoder for vp8::Vp8Decoder {
    fn decode(&mut self, frame: &[u8]) -> Result<Option<vp8::Picture<'_>>> {
        vp8::Vp8Decoder::decode(self, frame)
    }
}

/// What a decoder thread tells the road before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// A keyframe was decoded and handed over.
    Keyframe,
    /// Something was damaged: nothing is decoded until a keyframe comes.
    Damaged,
    /// It takes nothing more: it has failed, or nobody wants what it makes.
    Over,
}

/// Least time between two tries while errors follow one another.
const BETWEEN_TRIES: Duration = Duration::from_millis(10);

/// Errors in a row.
#[derive(Debug)]
struct Errors {
    most: u32,
    count: u32,
    last: Option<Time>,
}

impl Errors {
    fn new(most: u32) -> Errors {
        Errors { most, count: 0, last: None }
    }

    /// Something was decoded and handed over.
    fn forget(&mut self) {
        self.count = 0;
    }

    /// One more. True: it was one too many.
    fn add(&mut self, now: Time) -> bool {
        self.count += 1;
        self.last = Some(now);
        self.count >= self.most
    }

    /// Whether the last one is too fresh for another try.
    fn holds_back(&self, now: Time) -> bool {
        self.count > 0 && self.last.is_some_and(|last| now.since(last) < BETWEEN_TRIES)
    }
}
