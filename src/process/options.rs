//! What a processor is made from.

use super::turn::Turn;
use crate::error::{Error, Result};
use crate::events::Events;
use crate::frame::Format;
use crate::id::Id;
use crate::media::Kind;
use crate::results::Results;
use crate::sink::{Sink, Sound};
use crate::source::Source;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// What a [`Processor`](super::Processor) is made from. `Default` takes what is pushed, and sends nothing.
#[derive(Clone, Debug)]
pub struct ProcessorOptions {
    /// The processor's id in events; `None`: a fresh one.
    pub id: Option<Id>,
    /// Where its errors, heartbeats and end are told.
    pub events: Option<Arc<Events>>,
    /// Where frames come from.
    pub from: From,
    /// Where processed pictures go, and sound; `None`: nowhere.
    pub source: Option<Source>,
    /// Where results go; `None`: nowhere.
    pub results: Option<Results>,
    /// Frames that are processed at the same time, at most: 1 to 1,000.
    pub max_in_flight: usize,
    /// Whether only the newest frame waits to be processed. Otherwise none is left out: who brings frames
    /// waits, until the receivers of the results have taken those before.
    pub realtime: bool,
    /// Whether results leave as they are finished, and what is older than the last is dropped. Otherwise
    /// they leave in the order of their frames.
    pub as_finished: bool,
    /// How long one frame may take; then it is skipped. `None`: without end, and one that never returns
    /// holds up all after it.
    pub deadline: Option<Duration>,
    /// Whether a picture that failed, or took too long, goes out as it came.
    pub pass_through: bool,
    /// How pictures are turned before they are processed.
    pub turn: Turn,
    /// Whether processed pictures go out at first.
    pub video: bool,
    /// What happens to sound.
    pub sound: SoundPath,
    /// Whether results name their frame as receivers of the source know it: by the RTP timestamp that it has
    /// there, in units of 1/90,000 s. Otherwise by the pts that it came with.
    pub source_pts: bool,
    /// Frames a second that were promised, for the results.
    pub declared_fps: Option<f64>,
    /// After so long it ends; `None`: never.
    pub ends_after: Option<Duration>,
    /// Whether it waits for the next when the sink's track is over; otherwise that is its end.
    pub outlives_track: bool,
    /// How long what is being processed may take at the end.
    pub grace: Duration,
    /// How long the last message may take to be acknowledged, once it went out.
    pub linger: Duration,
}

/// Where frames come from.
#[derive(Clone, Debug)]
pub enum From {
    /// From [`Processor::push`](super::Processor::push).
    Push,
    /// From a sink.
    Sink(Sink),
    /// From an IVF file of VP8, decoded to that format.
    File(PathBuf, Format),
}

/// What happens to the sound of the sink.
#[derive(Clone)]
pub enum SoundPath {
    /// Nothing: it is left to others.
    None,
    /// It goes to the source, held back for as long as pictures take.
    Through,
    /// Likewise, after this function has changed it. An error: it goes as it was.
    Function(Arc<SoundFunction>),
}

/// Changes sound in place.
pub type SoundFunction = dyn Fn(&mut Sound) -> std::result::Result<(), String> + Send + Sync;

impl fmt::Debug for SoundPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SoundPath::None => "None",
            SoundPath::Through => "Through",
            SoundPath::Function(_) => "Function",
        })
    }
}

impl Default for ProcessorOptions {
    fn default() -> Self {
        ProcessorOptions {
            id: None,
            events: None,
            from: From::Push,
            source: None,
            results: None,
            max_in_flight: 4,
            realtime: true,
            as_finished: false,
            deadline: None,
            pass_through: false,
            turn: Turn::None,
            video: true,
            sound: SoundPath::None,
            source_pts: false,
            declared_fps: None,
            ends_after: None,
            outlives_track: false,
            grace: Duration::from_secs(5),
            linger: Duration::from_secs(2),
        }
    }
}

impl ProcessorOptions {
    pub(super) fn check(&self) -> Result<()> {
        let wrong = |sentence: &str| Err(Error::argument(sentence.to_owned()));
        let has = |kind| self.source.as_ref().is_some_and(|source| source.has(kind));
        if !(1..=1_000).contains(&self.max_in_flight) {
            return wrong(&format!("max_in_flight is {} but must be 1 to 1000", self.max_in_flight));
        }
        if self.source.is_some() && !has(Kind::Video) && matches!(self.sound, SoundPath::None) {
            return wrong("the source has no pictures, and sound does not go through");
        }
        if self.source_pts && !has(Kind::Video) {
            return wrong("source_pts is set without a source of pictures");
        }
        if let From::Sink(sink) = &self.from
            && !sink.has(Kind::Video)
        {
            return wrong("the sink takes no pictures");
        }
        if !matches!(self.sound, SoundPath::None) {
            match &self.from {
                From::Sink(sink) if sink.has(Kind::Audio) && has(Kind::Audio) => {}
                _ => return wrong("sound goes through from a sink that takes sound to a source that has it"),
            }
        }
        Ok(())
    }
}
