//! The encoder thread of a source's picture.

use super::Shared;
use super::options::VideoOptions;
use super::stats::{SourceStats, VideoFigures};
use crate::convert::Converter;
use crate::encode::keyframe::Keyframes;
use crate::encode::picture::{Moments, Outcome, PictureStage};
use crate::encode::timeline::Timeline;
use crate::encode::{EncoderFactory, VideoSettings};
use crate::error::Error;
use crate::events::EventKind;
use crate::frame::VideoFrame;
use crate::mailbox::{Mailbox, Take};
use crate::media::{EncodedFrame, Kind, MediaFrame, Stamps};
use crate::rtp::vp8::Vp8Packetizer;
use crate::sync::Mutex;
use crate::time::{Time, clock};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// What lies between the application and the encoder thread.
pub(super) struct VideoRoad {
    pub mailbox: Mailbox<Waiting>,
    pub figures: VideoFigures,
    settings: Mutex<VideoSettings>,
    keyframe: AtomicBool,
}

/// A frame in the mailbox.
pub(super) struct Waiting {
    pub frame: VideoFrame,
    pub capture: Time,
    pub pushed: Time,
}

impl VideoRoad {
    pub fn new(options: &VideoOptions) -> VideoRoad {
        VideoRoad {
            mailbox: Mailbox::new(),
            figures: VideoFigures::default(),
            settings: Mutex::new(settings(options)),
            keyframe: AtomicBool::new(false),
        }
    }

    pub fn set(&self, change: impl FnOnce(&mut VideoSettings)) {
        change(&mut self.settings.lock());
        self.mailbox.signal();
    }

    pub fn request_keyframe(&self) {
        if !self.keyframe.swap(true, Ordering::AcqRel) {
            self.mailbox.signal();
        }
    }

    pub fn read(&self, stats: &mut SourceStats) {
        self.figures.read(&self.mailbox.counts(), stats);
    }
}

/// The stage that [`run`] runs.
pub(super) fn stage(options: &VideoOptions, factory: EncoderFactory) -> PictureStage {
    let keyframes = Keyframes::new(options.keyframe_window, options.keyframe_interval);
    let converter = Converter::new(options.matrix, options.range);
    PictureStage::new(factory, settings(options), converter, keyframes)
}

fn settings(options: &VideoOptions) -> VideoSettings {
    let VideoOptions { width, height, fps, bitrate, .. } = *options;
    VideoSettings { width, height, fps, bitrate }
}

/// Runs until the mailbox is closed.
pub(super) fn run(shared: &Shared, stage: PictureStage) {
    let road = shared.video.as_ref().expect("this thread is started for a source with video");
    let asked = *stage.settings();
    let out = Output {
        packetizer: Vp8Packetizer::new(uuid::Uuid::new_v4().as_u128() as u16),
        timeline: Timeline::new(Kind::Video.clock_rate()),
        index: 0,
    };
    Encoding { shared, road, stage, asked, out }.run();
}

struct Encoding<'a> {
    shared: &'a Shared,
    road: &'a VideoRoad,
    stage: PictureStage,
    /// The settings that were last looked at.
    asked: VideoSettings,
    out: Output,
}

struct Output {
    packetizer: Vp8Packetizer,
    timeline: Timeline,
    index: u64,
}

impl Encoding<'_> {
    fn run(&mut self) {
        loop {
            match self.road.mailbox.take(self.stage.deadline()) {
                Take::Closed => return,
                Take::Item(waiting) => self.accept(waiting),
                Take::Signal => self.set(),
                Take::Timeout => {}
            }
            if self.road.keyframe.swap(false, Ordering::AcqRel) && self.stage.request_keyframe() {
                self.road.figures.keyframe_requests.add_one();
                let sentence = "a viewer needs a keyframe".to_owned();
                self.shared.tell(EventKind::KeyframeRequested, 0, sentence);
            }
            let now = clock::now();
            if let Some(moments) = self.stage.next(now) {
                self.encode(moments, now);
            }
        }
    }

    fn accept(&mut self, Waiting { frame, capture, pushed }: Waiting) {
        let taken = clock::now();
        self.road.figures.push_to_take.record(taken.since(pushed));
        match self.stage.accept(frame, Moments { capture, pushed, taken }) {
            Ok(skipped) => self.road.figures.skipped.add(u64::from(skipped)),
            Err(error) => self.failed(error),
        }
    }

    /// Rates hold at once; a size counts when it was changed, since frames may have another.
    fn set(&mut self) {
        let asked = *self.road.settings.lock();
        let before = std::mem::replace(&mut self.asked, asked);
        if asked == before {
            return;
        }
        let mut wanted = asked;
        if (asked.width, asked.height) == (before.width, before.height) {
            (wanted.width, wanted.height) = (self.stage.settings().width, self.stage.settings().height);
        }
        match self.stage.set(wanted) {
            Ok(()) => self.road.figures.configured(self.stage.settings()),
            Err(error) => self.report(&error),
        }
    }

    fn encode(&mut self, moments: Moments, now: Time) {
        let outcome = self.stage.encode(moments, now);
        let encoded = clock::now();
        self.road.figures.configured(self.stage.settings());
        match outcome {
            Ok(Outcome::Frame(frame)) => {
                self.road.figures.take_to_encoded.record(encoded.since(moments.taken));
                self.deliver(&frame, moments, encoded);
            }
            Ok(Outcome::Dropped) => self.road.figures.rate_dropped.add_one(),
            Err(error) => self.failed(error),
        }
    }

    fn deliver(&mut self, frame: &EncodedFrame, moments: Moments, encoded: Time) {
        /// A full outlet holds the encoder up for a frame at most, and a slow source's free for no longer.
        const LONGEST_WAIT: Duration = Duration::from_millis(50);
        let figures = &self.road.figures;
        if let Some(audio) = &self.shared.audio {
            audio.picture(encoded.since(moments.capture));
        }
        let (stamp, moved) = self.out.timeline.stamp(moments.capture);
        let (data, ends) = self.out.packetizer.packetize(frame);
        figures.encoded(frame, ends.len(), moved);
        let media = Arc::new(MediaFrame {
            source: self.shared.id,
            kind: Kind::Video,
            index: self.out.index,
            keyframe: frame.keyframe,
            ntp: stamp.ntp,
            rtp_time: stamp.rtp,
            stamps: Stamps { pushed: moments.pushed, taken: moments.taken, encoded },
            data,
            ends,
        });
        self.out.index += 1;
        if self.shared.is_live() {
            let wait = self.stage.interval().min(LONGEST_WAIT);
            let undelivered = self.shared.fanout.deliver(&media, encoded + wait);
            if undelivered > 0 {
                // Whoever missed it can be served by a keyframe only.
                figures.undelivered.add(undelivered as u64);
                self.road.request_keyframe();
            }
        }
    }

    fn failed(&mut self, error: Error) {
        self.report(&error);
        if !self.stage.back_off(clock::now()) {
            self.shared.fail(error);
        }
    }

    fn report(&self, error: &Error) {
        self.road.figures.errors.add_one();
        self.shared.tell(EventKind::EncoderError, error.status() as i64, error.sentence().to_owned());
    }
}
