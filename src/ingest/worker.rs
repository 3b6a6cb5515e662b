//! The thread that decodes an ingester's pictures: the newest, always.

use super::picture::PictureStage;
use crate::error::{Error, Result, Status};
use crate::events::EventKind;
use crate::frame::VideoFrame;
use crate::mailbox::{Mailbox, Pushed, Take};
use crate::receive::{TrackCounters, TrackState};
use crate::sink::{Feed, Picture};
use crate::sync::Mutex;
use crate::time::{Time, clock};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// The way to the thread. Dropping it ends the thread, after what waits.
pub struct Decoder(Arc<Shared>);

struct Shared {
    waiting: Mailbox<Coded>,
    counters: Arc<TrackCounters>,
    // Held to look or change.
    over: Mutex<Over>,
}

#[derive(Default)]
struct Over {
    /// Why nothing more comes.
    ended: Option<String>,
    /// Why nothing more is taken.
    refuses: Option<Error>,
}

/// An image on its way.
struct Coded {
    data: Vec<u8>,
    arrived: Time,
}

impl Decoder {
    /// Starts the thread.
    pub fn start(feed: Feed, counters: Arc<TrackCounters>) -> Result<Decoder> {
        let video = feed.options().video.expect("attached to a sink that takes pictures");
        let stage = PictureStage::new(video.format);
        let shared =
            Arc::new(Shared { waiting: Mailbox::new(), counters, over: Mutex::new(Over::default()) });
        let mut worker = Worker { shared: shared.clone(), stage, feed, errors: 0, since: Some(clock::now()) };
        let thread = std::thread::Builder::new().name("fw-decode".into());
        let run = move || {
            if catch_unwind(AssertUnwindSafe(|| worker.run())).is_err() {
                worker.fail("a defect stopped its decoder".to_owned());
            }
            worker.shared.waiting.close();
            worker.shared.count_drops();
        };
        thread.spawn(run).map_err(|error| Error::io("starting a decoder thread", &error))?;
        Ok(Decoder(shared))
    }

    /// Brings an image, in place of one that still waits.
    ///
    /// # Errors
    /// `Codec`: too many could not be decoded. `Closed`: the sink takes nothing more from here.
    pub fn push(&self, image: &[u8], arrived: Time) -> Result<()> {
        let Ok(pushed) = self.0.waiting.push(Coded { data: image.to_vec(), arrived }) else {
            return Err(self.0.over.lock().refuses.clone().unwrap_or_else(super::unwanted));
        };
        self.0.counters.message(image.len());
        if pushed == Pushed::Evicted {
            self.0.count_drops();
        }
        Ok(())
    }

    /// Ends the track after what waits.
    pub fn end(&self, why: &str) {
        self.0.over.lock().ended.get_or_insert_with(|| why.to_owned());
        self.0.waiting.signal();
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        self.end("the ingester ended");
    }
}

impl Shared {
    fn count_drops(&self) {
        self.counters.gave_way(self.waiting.counts().evicted);
    }
}

struct Worker {
    shared: Arc<Shared>,
    stage: PictureStage,
    feed: Feed,
    /// In a row.
    errors: u32,
    /// The start, until there is a picture.
    since: Option<Time>,
}

/// Whether the thread goes on.
type GoOn = bool;

impl Worker {
    fn run(&mut self) {
        let mut deadline = None;
        loop {
            match self.shared.waiting.take(deadline) {
                Take::Item(coded) if self.picture(&coded) => {}
                Take::Item(_) => return,
                // It is the end, but for what waits.
                Take::Signal => deadline = Some(Time(0)),
                Take::Timeout | Take::Closed => {
                    let why = self.shared.over.lock().ended.clone().unwrap_or_default();
                    return self.feed.enter(TrackState::Ended, &why);
                }
            }
        }
    }

    fn picture(&mut self, coded: &Coded) -> GoOn {
        let started = clock::now();
        self.shared.counters.handed(true);
        self.feed.figures().queued.record(started.since(coded.arrived));
        match self.stage.decode(&coded.data, coded.arrived) {
            Ok(frame) => self.hand_over(coded, frame, started),
            Err(error) => self.damaged(&error),
        }
    }

    fn hand_over(&mut self, coded: &Coded, frame: VideoFrame, started: Time) -> GoOn {
        self.errors = 0;
        let (decoded, figures) = (clock::now(), self.feed.figures());
        figures.decode.record(decoded.since(started));
        figures.decoded.add_one();
        figures.keyframes.add_one();
        let (width, height, number) = (frame.width, frame.height, figures.decoded.get());
        self.feed.enter(TrackState::Live, "");
        let (rtp_time, arrived) = (coded.arrived.rtp(90_000), coded.arrived);
        let taken = self.feed.picture(Picture { frame, number, rtp_time, keyframe: true, arrived, decoded });
        if let Some(since) = self.since.take() {
            let took = decoded.since(since);
            let sentence = format!("first picture, {width}x{height} after {} ms", took.as_millis());
            log::info!("{}: {sentence}", self.feed.name());
            self.feed.tell(EventKind::FirstFrame, took.as_micros() as i64, &sentence);
        }
        taken
    }

    fn damaged(&mut self, error: &Error) -> GoOn {
        self.feed.figures().errors.add_one();
        log::warn!("{}: {error}", self.feed.name());
        self.errors += 1;
        let most = self.feed.options().max_consecutive_errors;
        if self.errors >= most {
            self.fail(format!("{most} errors in a row, the last: {error}"));
        }
        self.errors < most
    }

    fn fail(&self, why: String) {
        self.feed.enter(TrackState::Failed, &why);
        let error = Error::new(Status::Codec, why);
        self.shared.over.lock().refuses = Some(error);
    }
}
