//! The decoder thread of a track.

use super::picture::{Decoded, PictureStage};
use super::sound::{Origin, SoundStage};
use super::vp8::Vp8Decoder;
use super::{News, VideoDecoder};
use crate::error::{Error, Result};
use crate::events::EventKind;
use crate::frame::VideoFrame;
use crate::media::Kind;
use crate::receive::{CodedPicture, CodedSound, TrackState, Unit};
use crate::sink::{Feed, Picture, Sound};
use crate::sync::{Condvar, Mutex};
use crate::time::{Time, clock};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

/// Pictures that may wait for the decoder: what the reorder window lets out at once after a loss is
/// healed, 200 ms at 60 frames a second.
const PICTURES: usize = 16;
/// Packets of sound that may wait: more than a second.
const SOUNDS: usize = 64;
/// How often the log hears of the pictures.
const LOG_EVERY: u64 = 100;

/// Where news goes: to the thread that receives for the peer.
pub type Tell = Box<dyn Fn(News) + Send>;

/// The way to a decoder thread. Dropping it ends the thread, and the track.
pub struct Intake(Arc<Waiting>);

struct Waiting {
    // Held to put in or take out.
    state: Mutex<State>,
    changed: Condvar,
    bound: usize,
}

#[derive(Default)]
struct State {
    work: VecDeque<Work>,
    /// How many of it are units.
    units: usize,
    /// Why nothing more comes.
    over: Option<String>,
}

/// What comes to a decoder, in order. States are few: a track changes its own a few times a second.
enum Work {
    Unit(Unit),
    State(TrackState, String),
}

/// Starts the decoder thread of a track that feeds `feed`.
pub fn start(kind: Kind, feed: Feed, tell: Tell) -> Result<Intake> {
    let most = feed.options().max_consecutive_errors;
    let (bound, stage) = match kind {
        Kind::Video => {
            let video = feed.options().video.expect("attached to a sink that takes pictures");
            let decoder: Box<dyn VideoDecoder> = Box::new(Vp8Decoder::new()?);
            (PICTURES, Stage::Picture(PictureStage::new(decoder, video.format, most)))
        }
        Kind::Audio => {
            let audio = feed.options().audio.expect("attached to a sink that takes sound");
            (SOUNDS, Stage::Sound(SoundStage::new(audio.format, audio.channels, most)?))
        }
    };
    let waiting = Arc::new(Waiting { state: Mutex::default(), changed: Condvar::new(), bound });
    let mut worker = Worker { waiting: waiting.clone(), stage, feed, tell, started: clock::now(), number: 0 };
    thread::Builder::new()
        .name("fw-decode".into())
        .spawn(move || {
            if catch_unwind(AssertUnwindSafe(|| worker.run())).is_err() {
                worker.feed.enter(TrackState::Failed, "a defect stopped its decoder");
            }
            worker.waiting.state.lock().over.get_or_insert_default();
            (worker.tell)(News::Over);
        })
        .map_err(|error| Error::io("starting a decoder thread", &error))?;
    Ok(Intake(waiting))
}

impl Intake {
    /// Brings a unit. False: too many wait.
    pub fn put(&self, unit: Unit) -> bool {
        let mut state = self.0.state.lock();
        if state.over.is_some() || state.units >= self.0.bound {
            return state.over.is_some();
        }
        state.units += 1;
        state.work.push_back(Work::Unit(unit));
        self.0.changed.notify_one();
        true
    }

    /// Has the track enter a state after what waits. After *ended* it may begin anew.
    pub fn state(&self, entered: TrackState, why: &str) {
        let mut state = self.0.state.lock();
        if state.over.is_none() {
            state.work.push_back(Work::State(entered, why.to_owned()));
            self.0.changed.notify_one();
        }
    }
}

impl Drop for Intake {
    fn drop(&mut self) {
        self.0.state.lock().over.get_or_insert_with(|| "the connection ended".to_owned());
        self.0.changed.notify_one();
    }
}

impl Waiting {
    /// Waits for work; the error is why none comes any more.
    fn next(&self) -> std::result::Result<Work, String> {
        let mut state = self.state.lock();
        loop {
            if let Some(work) = state.work.pop_front() {
                state.units -= usize::from(matches!(work, Work::Unit(_)));
                return Ok(work);
            }
            if let Some(why) = &state.over {
                return Err(why.clone());
            }
            self.changed.wait(&mut state);
        }
    }
}

enum Stage {
    Picture(PictureStage),
    Sound(SoundStage),
}

impl Stage {
    /// What comes continues nothing that was.
    fn restart(&mut self) {
        match self {
            Stage::Picture(stage) => stage.restart(),
            Stage::Sound(stage) => stage.restart(),
        }
    }
}

struct Worker {
    waiting: Arc<Waiting>,
    stage: Stage,
    feed: Feed,
    tell: Tell,
    started: Time,
    number: u64,
}

/// Whether the thread goes on.
type GoOn = bool;

impl Worker {
    fn run(&mut self) {
        loop {
            let unit = match self.waiting.next() {
                Ok(Work::Unit(unit)) => unit,
                Ok(Work::State(state, why)) => {
                    self.feed.enter(state, &why);
                    if state == TrackState::Ended {
                        self.stage.restart();
                    }
                    continue;
                }
                Err(why) => return self.feed.enter(TrackState::Ended, &why),
            };
            let now = clock::now();
            let go_on = match (&mut self.stage, unit) {
                (Stage::Picture(stage), Unit::Picture(coded)) => {
                    let outcome = stage.decode(&coded, now);
                    self.picture(&coded, outcome, now)
                }
                (Stage::Sound(_), Unit::Sound(coded)) => self.sound(&coded, now),
                _ => unreachable!("a track has one kind"),
            };
            if !go_on {
                return;
            }
        }
    }

    fn picture(&mut self, coded: &CodedPicture, outcome: Result<Decoded>, now: Time) -> GoOn {
        let frame = match outcome {
            Ok(Decoded::Picture(frame)) => frame,
            Ok(Decoded::Hidden) => return true,
            Ok(Decoded::Skipped) => {
                self.feed.figures().skipped.add_one();
                return true;
            }
            Err(error) => return self.damaged(&error, now),
        };
        let (width, height) = (frame.width, frame.height);
        if !self.hand_over(coded, frame, now) {
            return false;
        }
        if let Stage::Picture(stage) = &mut self.stage {
            stage.succeeded();
        }
        if coded.keyframe {
            (self.tell)(News::Keyframe);
        }
        if self.number == 1 {
            self.first(&format!("first picture, {width}x{height}"));
        } else if self.number.is_multiple_of(LOG_EVERY) {
            log::debug!("{}: {} pictures", self.feed.name(), self.number);
        }
        true
    }

    fn hand_over(&mut self, coded: &CodedPicture, frame: VideoFrame, started: Time) -> GoOn {
        self.number += 1;
        let decoded = clock::now();
        let figures = self.feed.figures();
        figures.queued.record(started.since(coded.arrived));
        figures.decode.record(decoded.since(started));
        figures.decoded.add_one();
        figures.keyframes.add(coded.keyframe.into());
        self.feed.picture(Picture {
            frame,
            number: figures.decoded.get(),
            rtp_time: coded.rtp_time,
            keyframe: coded.keyframe,
            arrived: coded.arrived,
            decoded,
        })
    }

    fn sound(&mut self, coded: &CodedSound, now: Time) -> GoOn {
        let Stage::Sound(stage) = &mut self.stage else { unreachable!("looked at before") };
        let (feed, figures) = (&self.feed, self.feed.figures());
        let channels = feed.options().audio.expect("attached to a sink that takes sound").channels;
        figures.queued.record(now.since(coded.arrived));
        let mut taken = true;
        let outcome = stage.decode(coded, &mut |piece| {
            figures.decoded.add_one();
            let sound = Sound {
                samples: piece.samples,
                channels,
                capture: piece.capture,
                timestamp: piece.timestamp,
                number: figures.decoded.get(),
                concealed: piece.origin != Origin::Packet,
            };
            match piece.origin {
                Origin::Packet => {}
                Origin::Recovered => figures.recovered_samples.add(sound.frames() as u64),
                Origin::Concealed => figures.concealed_samples.add(sound.frames() as u64),
            }
            taken &= feed.sound(sound);
        });
        figures.decode.record(clock::now().since(now));
        match outcome {
            Err(error) => self.damaged(&error, now),
            Ok(()) => {
                self.number += 1;
                if self.number == 1 {
                    self.first("first sound");
                }
                taken
            }
        }
    }

    /// Something could not be decoded.
    fn damaged(&mut self, error: &Error, now: Time) -> GoOn {
        self.feed.figures().errors.add_one();
        log::warn!("{}: {error}", self.feed.name());
        let failed = match &mut self.stage {
            Stage::Picture(stage) => stage.failed(now),
            Stage::Sound(stage) => stage.failed(now),
        };
        if failed {
            let most = self.feed.options().max_consecutive_errors;
            let sentence = format!("{most} errors in a row, the last: {}", error.sentence());
            self.feed.enter(TrackState::Failed, &sentence);
        } else if matches!(self.stage, Stage::Picture(_)) {
            (self.tell)(News::Damaged);
        }
        !failed
    }

    fn first(&self, what: &str) {
        let took = clock::now().since(self.started);
        let sentence = format!("{what} after {} ms", took.as_millis());
        log::info!("{}: {sentence}", self.feed.name());
        self.feed.tell(EventKind::FirstFrame, took.as_micros() as i64, &sentence);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::convert::{Converter, I420};
    use crate::encode::vp8::Vp8Encoder;
    use crate::encode::{VideoEncoder, VideoSettings};
    use crate::error::Status;
    use crate::events::Events;
    use crate::frame::{Format, Matrix};
    use crate::sink::{Sink, SinkOptions};
    use std::time::Duration;

    const PATIENCE: Duration = Duration::from_secs(10);

    /// A decoder of pictures, with what it says and where it feeds.
    fn decoder() -> (Intake, Sink, Arc<Events>, crossbeam_channel::Receiver<News>) {
        let events = Events::new(100).expect("events");
        let options = SinkOptions { events: Some(events.clone()), ..SinkOptions::default() };
        let sink = Sink::new(options).expect("a sink");
        let feed =
            sink.attach(Kind::Video, None, Arc::default(), Box::new(|| ())).expect("it takes pictures");
        let (tell, told) = crossbeam_channel::bounded(100);
        let intake = start(Kind::Video, feed, Box::new(move |news| _ = tell.send(news)));
        (intake.expect("there are threads left"), sink, events, told)
    }

    /// A keyframe by its header, 16 by 16, and nothing that decodes behind it.
    fn broken() -> Unit {
        let mut data = vec![0x10, 0xff, 0xff, 0x9d, 0x01, 0x2a, 16, 0, 16, 0];
        data.extend([0xff; 40]);
        let now = clock::now();
        Unit::Picture(CodedPicture { data, keyframe: true, rtp_time: 0, capture: now, arrived: now })
    }

    #[test]
    fn ten_broken_pictures_in_a_row_end_the_track_and_its_state_is_told_first() {
        let (intake, sink, events, told) = decoder();
        let waiter = thread::spawn({
            let (sink, events) = (sink.clone(), events.clone());
            move || {
                let ended = sink.next_video(Some(PATIENCE)).expect_err("nothing decodes");
                (ended, events.next(Duration::ZERO))
            }
        });
        let mut damaged = 0;
        loop {
            assert!(intake.put(broken()), "one at a time");
            // One that comes within ten milliseconds of an error is not tried, and not answered.
            match told.recv_timeout(Duration::from_millis(11)) {
                Ok(News::Damaged) => damaged += 1,
                Ok(News::Over) => break,
                Ok(News::Keyframe) => panic!("it cannot decode"),
                Err(_) => {}
            }
        }
        assert_eq!(damaged, 9, "nine are survived");
        let (ended, event) = waiter.join().expect("no panic");
        assert_eq!(ended.status(), Status::Closed);
        assert!(ended.sentence().starts_with("10 errors in a row"), "{ended}");
        let event = event.expect("told before who waited learned of it");
        assert_eq!((event.kind, event.value), (EventKind::VideoTrack, TrackState::Failed as i64));
        assert_eq!(sink.stats(Kind::Video).expect("it takes pictures").decoder.errors, 10);
    }

    /// A picture that decodes, and the one that continues it.
    fn whole() -> [Unit; 2] {
        let settings = VideoSettings { width: 64, height: 64, fps: 30.0, bitrate: 100_000 };
        let mut encoder = Vp8Encoder::new(&settings, 1).expect("libvpx has memory");
        let frame = VideoFrame {
            format: Format::I420,
            width: 64,
            height: 64,
            strides: [64, 32, 32],
            planes: Box::new([4_096, 1_024, 1_024].map(|bytes| vec![128; bytes])),
            capture: None,
        };
        let mut picture = I420::new();
        Converter::new(Matrix::Bt601, None).convert(&frame, &mut picture).expect("a valid picture");
        [true, false].map(|keyframe| {
            let capture = clock::now();
            let encoded = encoder.encode(&picture, capture, keyframe);
            let frame = encoded.expect("it is encoded").expect("and not dropped");
            assert_eq!(frame.keyframe, keyframe);
            Unit::Picture(CodedPicture { data: frame.data, keyframe, rtp_time: 0, capture, arrived: capture })
        })
    }

    #[test]
    fn a_track_that_ended_begins_anew_with_a_keyframe() {
        let (intake, sink, events, told) = decoder();
        let [key, continued] = whole();
        let enter = |state| intake.state(state, "so it is");
        enter(TrackState::Live);
        for unit in [&key, &continued] {
            assert!(intake.put(unit.clone()));
            assert_eq!(sink.next_video(Some(PATIENCE)).map(|_| ()), Ok(()));
        }
        enter(TrackState::Ended);
        enter(TrackState::Waiting);
        assert!(intake.put(continued) && intake.put(key));
        let mut states = Vec::new();
        while states.last() != Some(&(TrackState::Waiting as i64)) {
            let event = events.next(PATIENCE).expect("it begins anew");
            states.extend((event.kind == EventKind::VideoTrack).then_some(event.value));
        }
        let picture = sink.next_video(Some(PATIENCE)).expect("of the new beginning");
        assert!(picture.keyframe && picture.number == 3, "what continues the old one is skipped");
        drop(intake);
        let news: Vec<_> = told.iter().collect();
        assert_eq!(news, [News::Keyframe, News::Keyframe, News::Over]);
        use TrackState::{Ended, Live, Waiting};
        assert_eq!(states, [Live, Ended, Waiting].map(|state| state as i64));
        assert_eq!(events.next(PATIENCE).map(|event| event.value), Ok(Ended as i64));
    }

    #[test]
    fn a_dropped_intake_ends_the_track() {
        let (intake, sink, _events, told) = decoder();
        drop(intake);
        assert_eq!(told.recv_timeout(PATIENCE), Ok(News::Over));
        assert_eq!(sink.next_video(Some(PATIENCE)).expect_err("over").sentence(), "the connection ended");
    }

    #[test]
    fn a_decoder_that_nobody_wants_ends_and_takes_nothing_more() {
        let (intake, sink, _events, told) = decoder();
        sink.close();
        let [key, _] = whole();
        intake.put(key);
        assert_eq!(told.recv_timeout(PATIENCE), Ok(News::Over));
        assert!(intake.put(broken()), "what is over swallows");
    }
}
