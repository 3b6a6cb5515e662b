//! What the application publishes: pushed raw, encoded once, sent to every peer that watches.

mod audio;
mod options;
mod stats;
mod video;
mod worker;

pub use options::{AudioOptions, SourceOptions, VideoOptions};
pub use stats::{SourceState, SourceStats};

use crate::encode::pcm::Pcm;
use crate::encode::timeline::CaptureClock;
use crate::encode::vp8::Vp8Encoder;
use crate::encode::{EncoderFactory, VideoEncoder};
use crate::error::{Error, Result, Status};
use crate::events::{Event, EventKind, Events};
use crate::fanout::Fanout;
use crate::frame::{AudioFrame, VideoFrame};
use crate::id::Id;
use crate::mailbox::Pushed;
use crate::media::{Kind, MediaFrame};
use crate::sync::Mutex;
use crate::time::{Time, clock};
use audio::AudioRoad;
use std::sync::Arc;
use std::time::Duration;
use video::{VideoRoad, Waiting};
use worker::Worker;

/// A source. Cloning gives another handle to the same one; it ends with [`Source::close`] or with its
/// last handle.
#[derive(Clone)]
pub struct Source(Arc<Owner>);

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Source").field(&self.id()).finish()
    }
}

/// What the handles share and the threads do not: its end is the source's.
struct Owner {
    shared: Arc<Shared>,
    workers: Vec<Worker>,
}

/// What handles and threads share. A thread that is still in the encoder when the source is freed
/// keeps it alive, and finds it closed.
struct Shared {
    id: Id,
    events: Option<Arc<Events>>,
    state: Mutex<State>,
    clock: CaptureClock,
    /// Where the RTP clocks of picture and sound begin: random, RFC 3550 section 5.1.
    rtp_bases: [u32; 2],
    fanout: Fanout,
    video: Option<VideoRoad>,
    audio: Option<AudioRoad>,
}

enum State {
    Live,
    Failed(Error),
    Closed,
}

impl Source {
    /// Makes a source and starts its encoder threads.
    ///
    /// # Errors
    /// An option breaks a rule, libopus refuses one, or there is no thread to be had.
    pub fn new(options: SourceOptions) -> Result<Source> {
        let cores = std::thread::available_parallelism().map_or(1, |n| n.get() as u32);
        let vp8: EncoderFactory =
            Box::new(move |wanted| Ok(Box::new(Vp8Encoder::new(wanted, cores)?) as Box<dyn VideoEncoder>));
        Source::with_encoder(options, vp8)
    }

    /// The same with an encoder of the caller's: tests need one that errs.
    #[doc(hidden)]
    pub fn with_encoder(options: SourceOptions, factory: EncoderFactory) -> Result<Source> {
        options.check()?;
        let opus = options
            .audio
            .as_ref()
            .map(|audio| audio::stage(audio, options.sound_follows_picture))
            .transpose()?;
        let shared = Arc::new(Shared {
            id: options.id.unwrap_or_else(Id::fresh),
            events: options.events,
            state: Mutex::new(State::Live),
            clock: CaptureClock::default(),
            rtp_bases: random_pair(),
            fanout: Fanout::default(),
            video: options.video.as_ref().map(VideoRoad::new),
            audio: options.audio.as_ref().map(AudioRoad::new),
        });
        let mut owner = Owner { shared: shared.clone(), workers: Vec::new() };
        if let Some(options) = &options.video {
            let stage = video::stage(options, factory);
            owner.workers.push(Worker::spawn("fw-video", &shared, |shared| video::run(shared, stage))?);
        }
        if let Some(stage) = opus {
            owner.workers.push(Worker::spawn("fw-audio", &shared, |shared| audio::run(shared, stage))?);
        }
        Ok(Source(Arc::new(owner)))
    }

    /// Which source this is.
    pub fn id(&self) -> Id {
        self.shared().id
    }

    /// Whether it has this kind of media at all.
    pub fn has(&self, kind: Kind) -> bool {
        match kind {
            Kind::Video => self.shared().video.is_some(),
            Kind::Audio => self.shared().audio.is_some(),
        }
    }

    /// Queues one frame, newest wins. Never blocks.
    ///
    /// # Errors
    /// `InvalidArgument` for the frame, `InvalidState` where there is no picture, `Closed` after the end.
    pub fn push_video(&self, frame: VideoFrame) -> Result<Pushed> {
        let shared = self.shared();
        let road = shared.video()?;
        frame.check()?;
        let pushed = clock::now();
        let capture = shared.clock.place(frame.capture, pushed);
        // What is handed back is dropped here, outside of every lock.
        road.mailbox.push(Waiting { frame, capture, pushed }).map_err(|_| shared.ended())
    }

    /// Queues sound; at most 200 ms wait, the oldest goes first.
    ///
    /// # Errors
    /// `InvalidArgument` for the frame, `InvalidState` where there is no sound, `Closed` after the end.
    pub fn push_audio(&self, frame: &AudioFrame<'_>) -> Result<()> {
        let shared = self.shared();
        let road = shared.audio()?;
        let pushed = clock::now();
        let capture = frame.capture.map(|capture| shared.clock.place(Some(capture), pushed));
        let pcm = Pcm::new(frame, road.channels, capture, pushed)?;
        if road.push(pcm) { Ok(()) } else { Err(shared.ended()) }
    }

    /// Asks for a keyframe; requests are coalesced. Never waits for a frame.
    pub fn request_keyframe(&self) {
        if let Some(road) = &self.shared().video {
            road.request_keyframe();
        }
    }

    /// A new target bitrate for the picture. Holds at once, also while nothing is pushed.
    ///
    /// # Errors
    /// `InvalidArgument` for the rate, `InvalidState` where there is no picture.
    pub fn set_video_bitrate(&self, bits_per_second: u32) -> Result<()> {
        options::check_bitrate(bits_per_second)?;
        self.shared().video()?.set(|settings| settings.bitrate = bits_per_second);
        Ok(())
    }

    /// The frame rate to expect from now on.
    ///
    /// # Errors
    /// `InvalidArgument` for the rate, `InvalidState` where there is no picture.
    pub fn set_frame_rate(&self, fps: f64) -> Result<()> {
        options::check_fps(fps)?;
        self.shared().video()?.set(|settings| settings.fps = fps);
        Ok(())
    }

    /// The size to expect from now on: the encoder for it is made before its first frame comes.
    ///
    /// # Errors
    /// `InvalidArgument` for the size, `InvalidState` where there is no picture. What the encoder says
    /// of it comes as an event; then the old size stays.
    pub fn set_video_size(&self, width: u32, height: u32) -> Result<()> {
        options::check_size(width, height)?;
        self.shared().video()?.set(|settings| (settings.width, settings.height) = (width, height));
        Ok(())
    }

    /// The RTP timestamp that the picture captured then has, for every viewer: what is said of it beside the
    /// video can name it so. Before or after it is pushed; it holds while capture times rise.
    ///
    /// # Errors
    /// `InvalidState` where there is no picture.
    pub fn rtp_timestamp(&self, capture: Time) -> Result<u32> {
        let shared = self.shared();
        shared.video()?;
        let capture = shared.clock.place(Some(capture), clock::now());
        Ok(capture.rtp(Kind::Video.clock_rate()).wrapping_add(self.rtp_base(Kind::Video)))
    }

    /// What its RTP times of that kind begin with.
    pub fn rtp_base(&self, kind: Kind) -> u32 {
        let [video, audio] = self.shared().rtp_bases;
        match kind {
            Kind::Video => video,
            Kind::Audio => audio,
        }
    }

    /// Where its packets leave.
    pub fn fanout(&self) -> &Fanout {
        &self.shared().fanout
    }

    /// Figures.
    pub fn stats(&self) -> SourceStats {
        let shared = self.shared();
        let mut stats = SourceStats {
            state: match *shared.state.lock() {
                State::Live => SourceState::Live,
                State::Failed(_) => SourceState::Failed,
                State::Closed => SourceState::Closed,
            },
            viewers: shared.fanout.viewers() as u64,
            ..SourceStats::default()
        };
        if let Some(road) = &shared.video {
            road.read(&mut stats);
        }
        if let Some(road) = &shared.audio {
            road.read(&mut stats);
        }
        stats
    }

    /// Called by a sender thread after the last packet of `frame` left.
    pub fn sent(&self, frame: &MediaFrame, now: Time) {
        if let (Kind::Video, Some(road)) = (frame.kind, &self.shared().video) {
            road.figures.sent(&frame.stamps, now);
        }
    }

    /// Ends it: the encoder threads stop, later pushes are `Closed`. Returns within 100 ms; after it
    /// nothing is told and nothing is released, unless a release callback itself takes longer.
    pub fn close(&self) {
        self.0.close();
    }

    fn shared(&self) -> &Shared {
        &self.0.shared
    }
}

fn random_pair() -> [u32; 2] {
    let (high, low) = uuid::Uuid::new_v4().as_u64_pair();
    // The middle bits of a version 4 UUID say its version and variant.
    [(high >> 32) as u32, low as u32]
}

impl Owner {
    fn close(&self) {
        /// All workers together; an encode that takes longer ends by itself. Half of what free may
        /// take: a busy machine wakes us late.
        const PATIENCE: Duration = Duration::from_millis(50);
        *self.shared.state.lock() = State::Closed;
        self.shared.close_roads();
        let deadline = clock::now() + PATIENCE;
        self.workers.iter().for_each(|worker| worker.wait(deadline));
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.close();
    }
}

impl Shared {
    /// Tells what happened, unless the source has been closed: then nobody listens any more.
    fn tell(&self, kind: EventKind, value: i64, text: String) {
        let state = self.state.lock();
        if let (Some(events), false) = (&self.events, matches!(*state, State::Closed)) {
            // Under the lock, so that nothing is told after `close` returned. It only queues.
            events.post(Event { kind, object: self.id, stream: None, value, text });
        }
    }

    /// The end that nobody asked for.
    fn fail(&self, error: Error) {
        {
            let mut state = self.state.lock();
            if !matches!(*state, State::Live) {
                return;
            }
            *state = State::Failed(error.clone());
        }
        self.close_roads();
        self.tell(EventKind::SourceFailed, error.status() as i64, error.sentence().to_owned());
    }

    fn close_roads(&self) {
        if let Some(road) = &self.video {
            road.mailbox.close();
        }
        if let Some(road) = &self.audio {
            road.close();
        }
    }

    fn is_live(&self) -> bool {
        matches!(*self.state.lock(), State::Live)
    }

    /// Why nothing is taken any more.
    fn ended(&self) -> Error {
        match &*self.state.lock() {
            State::Failed(error) => Error::new(Status::Closed, format!("the source has failed: {error}")),
            _ => Error::new(Status::Closed, "the source is closed"),
        }
    }

    fn video(&self) -> Result<&VideoRoad> {
        self.video.as_ref().ok_or(Error::new(Status::InvalidState, "the source was made without video"))
    }

    fn audio(&self) -> Result<&AudioRoad> {
        self.audio.as_ref().ok_or(Error::new(Status::InvalidState, "the source was made without audio"))
    }
}
