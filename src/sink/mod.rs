//! Incoming media, decoded: the application takes pictures and sound out.
//!
//! One track of each kind feeds a sink at a time: who was attached last. Its decoder thread never
//! waits for the application.

mod lane;
mod options;
mod stats;

pub use lane::LaneCounts;
pub use options::{AudioOut, SampleFormat, SinkOptions, VideoOut};
pub use stats::{DecoderStats, SinkStats};

pub(crate) use lane::Wait;
pub(crate) use stats::DecoderFigures;

use crate::error::{Error, Result, Status};
use crate::events::{Event, EventKind};
use crate::frame::VideoFrame;
use crate::id::Id;
use crate::media::Kind;
use crate::receive::{TrackCounters, TrackState};
use crate::sync::Mutex;
use crate::time::{Time, clock};
use lane::{Lane, Weigh};
use std::os::fd::RawFd;
use std::sync::Arc;
use std::time::Duration;

/// A decoded picture.
#[derive(Debug)]
pub struct Picture {
    /// Its pixels, without padding, in the format that the sink asked for. `capture` is when it was
    /// captured, on this machine's clock.
    pub frame: VideoFrame,
    /// Counts the pictures decoded for the sink, from 1: a step over a number is pictures that the
    /// application did not take in time.
    pub number: u64,
    /// Its RTP timestamp, 90,000 a second.
    pub rtp_time: u32,
    /// Whether it was decodable by itself.
    pub keyframe: bool,
    /// When its last packet came.
    pub arrived: Time,
    /// When it was decoded and converted.
    pub decoded: Time,
}

/// Decoded sound: 48 kHz, interleaved.
#[derive(Debug)]
pub struct Sound {
    /// The samples.
    pub samples: Pcm,
    /// 1 or 2.
    pub channels: u32,
    /// When the first sample was captured, on this machine's clock.
    pub capture: Time,
    /// Samples of one channel before the first, since some moment: without a gap, `timestamp` of the
    /// next is this one's and its [`Sound::frames`].
    pub timestamp: u64,
    /// Counts the pieces decoded for the sink, from 1.
    pub number: u64,
    /// Whether it stands for sound that was lost: rebuilt from what came before or after.
    pub concealed: bool,
}

/// Samples as the sink asked for them.
#[derive(Clone, Debug)]
pub enum Pcm {
    /// Signed 16-bit.
    S16(Vec<i16>),
    /// 32-bit float, -1 to 1.
    F32(Vec<f32>),
}

/// Where media comes out. Cloning gives another handle to the same one; it ends with
/// [`Sink::close`], or with the last handle.
#[derive(Clone, Debug)]
pub struct Sink(Arc<Handle>);

/// Ends the sink when the last of its handles goes: decoder threads hold [`Shared`] only.
#[derive(Debug)]
struct Handle(Arc<Shared>);

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.close();
    }
}

#[derive(Debug)]
struct Shared {
    id: Id,
    options: SinkOptions,
    video: Option<Road<Picture>>,
    audio: Option<Road<Sound>>,
}

/// What one kind takes.
#[derive(Debug)]
struct Road<T> {
    lane: Lane<T>,
    figures: DecoderFigures,
    // Held to look or change.
    track: Mutex<Option<Track>>,
}

/// The track that feeds a road.
struct Track {
    counters: Arc<TrackCounters>,
    refresh: Refresh,
}

/// Asks the sender of a track for a keyframe.
pub(crate) type Refresh = Box<dyn Fn() + Send + Sync>;

impl std::fmt::Debug for Track {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Track")
    }
}

impl Sink {
    /// A sink that nothing feeds yet.
    ///
    /// # Errors
    /// `InvalidArgument`: an option is out of range.
    pub fn new(options: SinkOptions) -> Result<Sink> {
        options.check()?;
        let shared = Shared {
            id: options.id.unwrap_or_else(Id::fresh),
            video: options.video.as_ref().map(|video| Road::new(video.queue)),
            audio: options.audio.as_ref().map(|audio| Road::new(audio.queue_samples())),
            options,
        };
        Ok(Sink(Arc::new(Handle(Arc::new(shared)))))
    }

    /// Which sink this is.
    pub fn id(&self) -> Id {
        self.shared().id
    }

    /// Whether it takes that kind.
    pub fn has(&self, kind: Kind) -> bool {
        match kind {
            Kind::Video => self.shared().video.is_some(),
            Kind::Audio => self.shared().audio.is_some(),
        }
    }

    /// Takes the next picture, waiting for at most `timeout` (`None`: without end).
    ///
    /// # Errors
    /// `Timeout`; `Closed` once the track is over and all of it was taken, with the reason, and when
    /// the sink was closed; `InvalidState`: the sink takes no pictures.
    pub fn next_video(&self, timeout: Option<Duration>) -> Result<Picture> {
        let road = self.shared().pictures()?;
        let picture = road.lane.next(deadline(timeout))?;
        road.figures.waited.record(clock::now().since(picture.decoded));
        Ok(picture)
    }

    /// Takes the next sound, like [`Sink::next_video`].
    ///
    /// # Errors
    /// As there.
    pub fn next_audio(&self, timeout: Option<Duration>) -> Result<Sound> {
        self.shared().sounds()?.lane.next(deadline(timeout))
    }

    /// [`Sink::next_video`] for a thread of ours, which ends with `wait`.
    pub(crate) fn next_video_for(&self, wait: &Wait) -> Result<Picture> {
        self.shared().pictures()?.lane.next_for(None, wait)
    }

    /// [`Sink::next_audio`] likewise.
    pub(crate) fn next_audio_for(&self, deadline: Option<Time>, wait: &Wait) -> Result<Sound> {
        self.shared().sounds()?.lane.next_for(deadline, wait)
    }

    /// Has those who wait for the sink see that their [`Wait`] has ended.
    pub(crate) fn nudge(&self) {
        self.shared().video.iter().for_each(|road| road.lane.nudge());
        self.shared().audio.iter().for_each(|road| road.lane.nudge());
    }

    /// A descriptor that is readable while something of that kind waits, or its track is over.
    ///
    /// # Errors
    /// `Io`: the process has no descriptors left. `InvalidState`: the sink takes no such kind.
    pub fn descriptor(&self, kind: Kind) -> Result<RawFd> {
        match kind {
            Kind::Video => self.shared().pictures()?.lane.descriptor(),
            Kind::Audio => self.shared().sounds()?.lane.descriptor(),
        }
    }

    /// Where the track of that kind stands; *waiting* where none was attached.
    ///
    /// # Errors
    /// `InvalidState`: the sink takes no such kind.
    pub fn track(&self, kind: Kind) -> Result<TrackState> {
        match kind {
            Kind::Video => Ok(self.shared().pictures()?.lane.track()),
            Kind::Audio => Ok(self.shared().sounds()?.lane.track()),
        }
    }

    /// Asks the sender of the picture for a keyframe, at most as often as is allowed.
    ///
    /// # Errors
    /// `InvalidState`: the sink takes no pictures.
    pub fn request_keyframe(&self) -> Result<()> {
        if let Some(track) = &*self.shared().pictures()?.track.lock() {
            (track.refresh)();
        }
        Ok(())
    }

    /// The figures of a kind as they stand, without stopping anyone.
    ///
    /// # Errors
    /// `InvalidState`: the sink takes no such kind.
    pub fn stats(&self, kind: Kind) -> Result<SinkStats> {
        match kind {
            Kind::Video => Ok(self.shared().pictures()?.stats()),
            Kind::Audio => Ok(self.shared().sounds()?.stats()),
        }
    }

    /// Ends it: who waits wakes, what feeds it is detached.
    pub fn close(&self) {
        self.shared().close();
    }

    /// Has a track of that kind feed it.
    pub(crate) fn attach(
        &self,
        kind: Kind,
        stream: Option<Arc<str>>,
        counters: Arc<TrackCounters>,
        refresh: Refresh,
    ) -> Result<Feed> {
        let shared = self.shared();
        let track = Some(Track { counters, refresh });
        let number = match kind {
            Kind::Video => shared.pictures()?.attach(track),
            Kind::Audio => shared.sounds()?.attach(track),
        };
        Ok(Feed { shared: shared.clone(), kind, stream, number })
    }

    fn shared(&self) -> &Arc<Shared> {
        &self.0.0
    }
}

/// A track's hold on the sink that it feeds.
#[derive(Clone, Debug)]
pub(crate) struct Feed {
    shared: Arc<Shared>,
    kind: Kind,
    stream: Option<Arc<str>>,
    number: u64,
}

impl Feed {
    pub fn options(&self) -> &SinkOptions {
        &self.shared.options
    }

    pub fn figures(&self) -> &DecoderFigures {
        match self.kind {
            Kind::Video => {
                &self.shared.video.as_ref().expect("a track of a kind that the sink takes").figures
            }
            Kind::Audio => {
                &self.shared.audio.as_ref().expect("a track of a kind that the sink takes").figures
            }
        }
    }

    /// Hands a picture over. False: the sink has ended, or something else feeds it.
    pub fn picture(&self, picture: Picture) -> bool {
        self.shared.video.as_ref().is_some_and(|road| road.lane.put(self.number, picture))
    }

    /// Hands sound over, like [`Feed::picture`].
    pub fn sound(&self, sound: Sound) -> bool {
        self.shared.audio.as_ref().is_some_and(|road| road.lane.put(self.number, sound))
    }

    /// Enters a state and tells it, before anybody who waits learns of it.
    pub fn enter(&self, state: TrackState, why: &str) {
        let kind = match self.kind {
            Kind::Video => EventKind::VideoTrack,
            Kind::Audio => EventKind::AudioTrack,
        };
        let tell = || self.tell(kind, state as i64, why);
        match self.kind {
            Kind::Video => self.shared.video.as_ref().map(|r| r.lane.enter(self.number, state, why, tell)),
            Kind::Audio => self.shared.audio.as_ref().map(|r| r.lane.enter(self.number, state, why, tell)),
        };
    }

    /// Tells of something that happened to the sink.
    pub fn tell(&self, kind: EventKind, value: i64, text: &str) {
        if let Some(events) = &self.shared.options.events {
            let stream = self.stream.clone();
            events.post(Event { kind, object: self.shared.id, stream, value, text: text.to_owned() });
        }
    }

    /// The sink's id and its stream's, for a log.
    pub fn name(&self) -> String {
        let stream = self.stream.as_deref().unwrap_or("-");
        format!("sink {:#x} ({stream})", self.shared.id.0)
    }
}

impl Shared {
    fn pictures(&self) -> Result<&Road<Picture>> {
        self.video.as_ref().ok_or_else(|| Error::new(Status::InvalidState, "the sink takes no pictures"))
    }

    fn sounds(&self) -> Result<&Road<Sound>> {
        self.audio.as_ref().ok_or_else(|| Error::new(Status::InvalidState, "the sink takes no sound"))
    }

    fn close(&self) {
        self.video.iter().for_each(Road::close);
        self.audio.iter().for_each(Road::close);
    }
}

impl<T: Weigh> Road<T> {
    fn new(bound: usize) -> Road<T> {
        Road { lane: Lane::new(bound), figures: DecoderFigures::default(), track: Mutex::new(None) }
    }

    fn attach(&self, track: Option<Track>) -> u64 {
        let number = self.lane.attach();
        let before = std::mem::replace(&mut *self.track.lock(), track);
        drop(before);
        number
    }

    fn stats(&self) -> SinkStats {
        let track = self.track.lock().as_ref().map(|track| track.counters.snapshot());
        SinkStats { track: track.unwrap_or_default(), lane: self.lane.counts(), decoder: self.figures.read() }
    }

    fn close(&self) {
        self.lane.close();
        let track = self.track.lock().take();
        drop(track);
    }
}

impl Weigh for Picture {
    fn weight(&self) -> usize {
        1
    }
}

impl Weigh for Sound {
    fn weight(&self) -> usize {
        self.frames()
    }
}

impl Sound {
    /// Samples of one channel.
    pub fn frames(&self) -> usize {
        let samples = match &self.samples {
            Pcm::S16(samples) => samples.len(),
            Pcm::F32(samples) => samples.len(),
        };
        samples / self.channels as usize
    }
}

fn deadline(timeout: Option<Duration>) -> Option<Time> {
    timeout.map(|timeout| clock::now() + timeout)
}

#[cfg(test)]
mod tests;
