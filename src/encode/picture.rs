//! One source's picture on its way through the encoder: a stage without a thread or a clock.

use crate::convert::{Converter, I420};
use crate::encode::backoff::Backoff;
use crate::encode::keyframe::Keyframes;
use crate::encode::{EncoderFactory, VideoEncoder, VideoSettings};
use crate::error::Result;
use crate::frame::VideoFrame;
use crate::media::EncodedFrame;
use crate::time::Time;
use std::time::Duration;

/// Holds the newest picture, the encoder for its size, and the rules for when to encode.
pub struct PictureStage {
    factory: EncoderFactory,
    encoder: Option<Box<dyn VideoEncoder>>,
    /// What `encoder` is set to; before the first one, what it will be.
    settings: VideoSettings,
    converter: Converter,
    picture: I420,
    newest: Option<Newest>,
    keyframes: Keyframes,
    backoff: Backoff,
    /// The encoder has not made a frame yet.
    fresh: bool,
}

/// When a picture was captured, handed over and taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moments {
    /// On our clock.
    pub capture: Time,
    /// By the application.
    pub pushed: Time,
    /// By the encoder thread.
    pub taken: Time,
}

/// What became of a picture.
#[derive(Debug)]
pub enum Outcome {
    /// It was encoded.
    Frame(EncodedFrame),
    /// Rate control left it out.
    Dropped,
}

struct Newest {
    moments: Moments,
    progress: Progress,
}

#[derive(Clone, Copy, PartialEq)]
enum Progress {
    /// Not tried yet.
    Waiting,
    /// Tried, and left out by rate control: if nothing newer comes, viewers still lack it.
    LeftOut,
    Done,
}

impl PictureStage {
    /// A stage that makes its encoder when the first picture comes.
    pub fn new(
        factory: EncoderFactory,
        settings: VideoSettings,
        converter: Converter,
        keyframes: Keyframes,
    ) -> PictureStage {
        PictureStage {
            factory,
            encoder: None,
            settings,
            converter,
            picture: I420::new(),
            newest: None,
            keyframes,
            backoff: Backoff::default(),
            fresh: true,
        }
    }

    /// New rates, and a new size if it differs from the encoder's. Holds before it returns.
    ///
    /// # Errors
    /// The encoder refuses; the old one stays as it was.
    pub fn set(&mut self, settings: VideoSettings) -> Result<()> {
        let same_size = (settings.width, settings.height) == (self.settings.width, self.settings.height);
        match &mut self.encoder {
            Some(encoder) if same_size => encoder.configure(&settings)?,
            _ => self.replace(&settings)?,
        }
        self.settings = settings;
        Ok(())
    }

    /// What the encoder is set to.
    pub fn settings(&self) -> &VideoSettings {
        &self.settings
    }

    /// Somebody needs a keyframe. False: one is wanted already.
    pub fn request_keyframe(&mut self) -> bool {
        self.keyframes.request()
    }

    /// Takes the newest picture. `frame` is released when it returns. True: one that still waited
    /// for the end of a back-off was skipped.
    ///
    /// # Errors
    /// The picture cannot be converted.
    pub fn accept(&mut self, frame: VideoFrame, moments: Moments) -> Result<bool> {
        let skipped = self.newest.as_ref().is_some_and(|newest| newest.progress == Progress::Waiting);
        let converted = self.converter.convert(&frame, &mut self.picture);
        self.newest = converted.is_ok().then_some(Newest { moments, progress: Progress::Waiting });
        converted.map(|()| skipped)
    }

    /// When there is something to encode; `None`: not before the next call.
    pub fn deadline(&self) -> Option<Time> {
        let newest = self.newest.as_ref()?;
        let earliest = self.backoff.until().unwrap_or_default();
        // While pictures flow, what is still owed comes with the next.
        let pause = earliest.max(newest.moments.taken + 2 * self.interval());
        match newest.progress {
            Progress::Waiting => Some(earliest),
            Progress::LeftOut => Some(pause),
            Progress::Done => self.keyframes.deadline().map(|wanted| wanted.max(pause)),
        }
    }

    /// The picture to encode now, if there is one: the newest, or once more the last because a
    /// keyframe is wanted, or it was left out, and none follows. That one is stamped as if it had
    /// been captured as long ago as it was then.
    pub fn next(&mut self, now: Time) -> Option<Moments> {
        if self.deadline()? > now {
            return None;
        }
        let newest = self.newest.as_mut()?;
        if newest.progress != Progress::Waiting {
            let capture = newest.moments.capture + now.since(newest.moments.taken);
            newest.moments = Moments { capture, pushed: now, taken: now };
        }
        newest.progress = Progress::Done;
        Some(newest.moments)
    }

    /// Encodes what [`PictureStage::next`] gave.
    ///
    /// # Errors
    /// The picture is lost, a keyframe is wanted, and the stage backs off.
    pub fn encode(&mut self, moments: Moments, now: Time) -> Result<Outcome> {
        let encoded = self.try_encode(moments, now);
        if encoded.is_err() {
            self.keyframes.request();
        } else {
            self.backoff.succeeded();
        }
        encoded
    }

    /// An error at `now`: nothing is tried for a while. False: it was the last of too many in a row.
    pub fn back_off(&mut self, now: Time) -> bool {
        self.backoff.failed(now)
    }

    /// How long a frame lasts at the expected rate, at most a second.
    pub fn interval(&self) -> Duration {
        Duration::from_secs_f64(1.0 / self.settings.fps.max(1.0))
    }

    fn try_encode(&mut self, moments: Moments, now: Time) -> Result<Outcome> {
        let size = (self.picture.width(), self.picture.height());
        if self.encoder.is_none() || size != (self.settings.width, self.settings.height) {
            let settings = VideoSettings { width: size.0, height: size.1, ..self.settings };
            self.replace(&settings)?;
            self.settings = settings;
        }
        let keyframe = self.fresh || self.keyframes.due(now);
        let encoder = self.encoder.as_mut().expect("made above if there was none");
        let Some(frame) = encoder.encode(&self.picture, moments.capture, keyframe)? else {
            self.newest.as_mut().expect("it was just encoded").progress = Progress::LeftOut;
            return Ok(Outcome::Dropped);
        };
        self.fresh = false;
        if frame.keyframe {
            self.keyframes.made(now);
        }
        Ok(Outcome::Frame(frame))
    }

    /// The new encoder is made before the old one goes, so that a failure leaves one.
    fn replace(&mut self, settings: &VideoSettings) -> Result<()> {
        self.encoder = Some((self.factory)(settings)?);
        self.fresh = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
