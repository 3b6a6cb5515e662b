//! Typed pictures and sound into a sink, as [`crate::message::ingest`] reads them, from whatever carries
//! messages.
//!
//! ```text
//!  message ─ read ─┬─ image ═ newest wins ═ decoder thread ─ picture ─▶ sink
//!                  └─ PCM ─ sound ─▶ sink
//! ```
//!
//! A picture was captured when it came, and so was the end of a message's sound.

pub mod image;
mod picture;
mod sound;
#[cfg(test)]
mod tests;
mod worker;

use crate::error::{Error, Result, Status};
use crate::events::EventKind;
use crate::media::Kind;
use crate::message::MAX_MESSAGE;
use crate::message::ingest::{Ingest, MAX_INGEST, Pcm};
use crate::receive::{TrackCounters, TrackState};
use crate::sink::{Feed, Sink, Sound};
use crate::sync::Mutex;
use crate::time::{Time, clock};
use sound::SoundStage;
use std::sync::Arc;
use worker::Decoder;

/// What the messages of an [`Ingester`] hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IngestOptions {
    /// Samples a second of a channel, 8,000 to 192,000.
    pub sample_rate: u32,
    /// Channels of the sound, 1 or 2.
    pub channels: u32,
    /// Bytes of a message, at most [`MAX_MESSAGE`].
    pub max_message: usize,
}

impl Default for IngestOptions {
    fn default() -> Self {
        IngestOptions { sample_rate: 48_000, channels: 2, max_message: MAX_INGEST }
    }
}

impl IngestOptions {
    /// Whether each is in its range.
    pub fn check(&self) -> Result<()> {
        let IngestOptions { sample_rate, channels, max_message } = *self;
        let wrong = if !(8_000..=192_000).contains(&sample_rate) {
            format!("sample_rate is {sample_rate} but must be 8000 to 192000")
        } else if !(1..=2).contains(&channels) {
            format!("channels is {channels} but must be 1 or 2")
        } else if !(1..=MAX_MESSAGE).contains(&max_message) {
            format!("max_message is {max_message} but must be 1 to {MAX_MESSAGE}")
        } else {
            return Ok(());
        };
        Err(Error::argument(wrong))
    }
}

/// Feeds a sink, in the place of what fed it before. Dropping it ends the tracks.
pub struct Ingester {
    options: IngestOptions,
    video: Option<Decoder>,
    audio: Option<Speaker>,
}

/// The way to the sink's sound.
struct Speaker {
    feed: Feed,
    counters: Arc<TrackCounters>,
    // Held while a message is cut and handed over, so that sound from several threads stays in order.
    voice: Mutex<Voice>,
}

struct Voice {
    stage: SoundStage,
    /// The start, until there is sound.
    since: Option<Time>,
}

impl Ingester {
    /// Has messages feed `sink`. `stream` is what its events name.
    ///
    /// # Errors
    /// `InvalidArgument`: an option is out of range. `Io`: there is no thread left.
    pub fn new(sink: &Sink, stream: Option<Arc<str>>, options: IngestOptions) -> Result<Ingester> {
        options.check()?;
        let attach = |kind| {
            let counters = Arc::<TrackCounters>::default();
            // Every image is a keyframe: there is nothing to ask for.
            let feed = sink.attach(kind, stream.clone(), counters.clone(), Box::new(|| ()))?;
            Ok((feed, counters))
        };
        let taken = |kind| sink.has(kind).then(|| attach(kind)).transpose();
        let video = taken(Kind::Video)?.map(|(feed, counters)| Decoder::start(feed, counters));
        let audio = taken(Kind::Audio)?.map(|(feed, counters)| Speaker::new(feed, counters, options));
        Ok(Ingester { options, video: video.transpose()?, audio: audio.transpose()? })
    }

    /// Takes a message that came at `now`. Sound is in the sink when this returns; an image is decoded on
    /// another thread, unless a newer one comes before: it is dropped then, counted.
    ///
    /// # Errors
    /// `Malformed`, `Limit`: what [`Ingest::read`] says. `Unsupported`: the sink does not take that kind.
    /// `Codec`: too many images in a row could not be decoded. `Closed`: the sink takes nothing more from
    /// here, because it was closed, or something else feeds it.
    pub fn push(&self, message: &[u8], now: Time) -> Result<()> {
        let lacks = |what| Error::new(Status::Unsupported, format!("{what} is not taken here"));
        match Ingest::read(message, self.options.max_message, self.options.channels as usize)? {
            Ingest::Image(image) => match &self.video {
                Some(decoder) => decoder.push(image, now),
                None => Err(lacks("video")),
            },
            Ingest::Sound(samples) => match &self.audio {
                Some(speaker) => speaker.push(samples, now),
                None => Err(lacks("sound")),
            },
        }
    }

    /// Ends the tracks, after what waits.
    pub fn end(&self, why: &str) {
        self.video.iter().for_each(|decoder| decoder.end(why));
        self.audio.iter().for_each(|speaker| speaker.feed.enter(TrackState::Ended, why));
    }
}

impl Drop for Ingester {
    fn drop(&mut self) {
        self.end("the ingester ended");
    }
}

impl Speaker {
    fn new(feed: Feed, counters: Arc<TrackCounters>, options: IngestOptions) -> Result<Speaker> {
        let audio = feed.options().audio.expect("attached to a sink that takes sound");
        let voice = Voice { stage: SoundStage::new(options, audio)?, since: Some(clock::now()) };
        Ok(Speaker { feed, counters, voice: Mutex::new(voice) })
    }

    fn push(&self, samples: Pcm<'_>, now: Time) -> Result<()> {
        let samples: Vec<i16> = samples.samples().collect();
        self.counters.message(2 * samples.len());
        self.counters.handed(false);
        let (figures, mut taken) = (self.feed.figures(), true);
        let channels = self.feed.options().audio.expect("attached to a sink that takes sound").channels;
        if !samples.is_empty() {
            self.feed.enter(TrackState::Live, "");
        }
        let Voice { stage, since } = &mut *self.voice.lock();
        stage.push(&samples, now, &mut |piece| {
            figures.decoded.add_one();
            if let Some(since) = since.take() {
                let took = now.since(since);
                let sentence = format!("first sound after {} ms", took.as_millis());
                self.feed.tell(EventKind::FirstFrame, took.as_micros() as i64, &sentence);
            }
            taken &= self.feed.sound(Sound {
                samples: piece.samples,
                channels,
                capture: piece.capture,
                timestamp: piece.timestamp,
                number: figures.decoded.get(),
                concealed: false,
            });
        })?;
        if taken { Ok(()) } else { Err(unwanted()) }
    }
}

fn unwanted() -> Error {
    Error::new(Status::Closed, "the sink was closed, or something else feeds it")
}
