//! A program on the air: it pushes the card and a tone when they are due, on the thread that
//! watches, so that nothing ever sleeps.

use super::card::{Card, STRIP_WIDTH, Strip};
use super::relay::Relay;
use super::watcher::{Arrival, PATIENCE, Section, Watcher};
use framewire::events::{Event, EventKind, Events};
use framewire::frame::{AudioFrame, Format, Samples, VideoFrame};
use framewire::peer::{Peer, PeerOptions, PeerState};
use framewire::source::{AudioOptions, Source, SourceOptions, VideoOptions};
use framewire::time::{Time, clock};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The smallest picture that carries the strip: tests in debug builds share a busy machine.
pub const WIDTH: usize = STRIP_WIDTH;
pub const HEIGHT: usize = 64;
/// Samples of one pushed chunk: 10 ms, so that two make an Opus frame.
const CHUNK: usize = 480;

pub struct Air {
    pub source: Source,
    card: Card,
    /// The number of the next picture.
    pub number: u32,
    interval: Duration,
    picture_due: Instant,
    sound_due: Option<(Instant, Time)>,
    /// From this moment on the tone is heard, before it there is digital silence.
    pub tone_from: Time,
    /// How long the program works on a picture before it pushes it. Sound takes no time.
    pub work: Duration,
}

impl Air {
    pub fn new(fps: u32) -> Air {
        Air::with(fps, 1_000_000, true)
    }

    pub fn with(fps: u32, bitrate: u32, sound: bool) -> Air {
        let video = VideoOptions {
            width: WIDTH as u32,
            height: HEIGHT as u32,
            fps: f64::from(fps),
            bitrate,
            ..SourceOptions::default().video.expect("a picture by default")
        };
        let audio = sound.then(|| AudioOptions {
            channels: 1,
            ..SourceOptions::default().audio.expect("sound by default")
        });
        let options = SourceOptions { video: Some(video), audio, ..SourceOptions::default() };
        let (now, time) = (Instant::now(), clock::now());
        Air {
            source: Source::new(options).expect("a source"),
            card: Card::new(WIDTH, HEIGHT),
            number: 0,
            interval: Duration::from_secs(1) / fps,
            picture_due: now,
            sound_due: sound.then_some((now, time)),
            tone_from: time,
            work: Duration::ZERO,
        }
    }

    /// Pushes what is due; says when the next is.
    pub fn tick(&mut self) -> Instant {
        let now = Instant::now();
        if now >= self.picture_due {
            // A machine that was away for a while skips pictures instead of catching up.
            self.picture_due = (self.picture_due + self.interval).max(now);
            self.push_picture();
        }
        while let Some((due, capture)) = self.sound_due.filter(|(due, _)| now >= *due) {
            self.push_chunk(capture);
            let step = Duration::from_millis(10);
            self.sound_due = Some((due + step, capture + step));
        }
        self.sound_due.map_or(self.picture_due, |(due, _)| due.min(self.picture_due))
    }

    /// Pushes one picture, captured now, less the work that was done on it.
    pub fn push_picture(&mut self) {
        let capture = Time(clock::now().0 - self.work.as_micros() as u64);
        let strip = Strip { number: self.number, millis: (capture.0 / 1_000) as u32 };
        self.number += 1;
        let rgba = self.card.draw(strip).to_vec();
        let frame = VideoFrame {
            format: Format::Rgba,
            width: WIDTH as u32,
            height: HEIGHT as u32,
            strides: [self.card.stride(), 0, 0],
            planes: Box::new([rgba, Vec::new(), Vec::new()]),
            capture: Some(capture),
        };
        self.source.push_video(frame).expect("a source that takes pictures");
    }

    fn push_chunk(&mut self, capture: Time) {
        let mut samples = [0i16; CHUNK];
        for (n, sample) in samples.iter_mut().enumerate() {
            let micros = capture.0 + n as u64 * 1_000_000 / 48_000;
            if Time(micros) >= self.tone_from {
                // 500 Hz, square: 48 samples up, 48 down.
                *sample = if (micros / 1_000).is_multiple_of(2) { 8_000 } else { -8_000 };
            }
        }
        let samples = Samples::S16(&samples);
        let frame = AudioFrame { samples, sample_rate: 48_000, channels: 1, capture: Some(capture) };
        self.source.push_audio(&frame).expect("a source that takes sound");
    }

    /// Stays on the air until `until`, or until `each` says that it has seen enough. False: it has
    /// not.
    pub fn watch(
        &mut self,
        watcher: &mut Watcher,
        until: Instant,
        mut each: impl FnMut(&mut Watcher, Arrival) -> bool,
    ) -> bool {
        while Instant::now() < until {
            let due = self.tick();
            while let Some(arrival) = watcher.next(due.min(until)) {
                if each(watcher, arrival) {
                    return true;
                }
                if Instant::now() >= due {
                    break;
                }
            }
        }
        false
    }
}

/// One who watches, the peer that serves it, and what is told about that peer.
pub struct Viewer {
    pub watcher: Watcher,
    pub peer: Peer,
    pub events: Arc<Events>,
    pub relay: Option<Relay>,
    answer: Option<String>,
}

impl Viewer {
    /// Joins `source` with a picture section, and a sound section if it has sound.
    pub fn join(source: &Source) -> Viewer {
        Viewer::join_over(source, None)
    }

    /// The same with a relay of that seed in between.
    pub fn join_over(source: &Source, relay: Option<u64>) -> Viewer {
        Viewer::join_with(source, relay, |offer| offer)
    }

    /// The same with another offer than its own.
    pub fn join_with(source: &Source, relay: Option<u64>, edit: impl Fn(String) -> String) -> Viewer {
        let sections: &[Section] = match source.has(framewire::media::Kind::Audio) {
            true => &[Section::video(), Section::audio()],
            false => &[Section::video()],
        };
        let mut viewer = Viewer::alone();
        viewer.peer.send(None, source).expect("a peer without an offer yet");
        viewer.negotiate_with(sections, relay, edit);
        viewer
    }

    /// Everything up to the answer; [`Viewer::start`] then connects.
    pub fn prepare(source: &Source) -> Viewer {
        let mut viewer = Viewer::alone();
        viewer.peer.send(None, source).expect("a peer without an offer yet");
        let mut watcher = Watcher::new(&[Section::video()]);
        let answer = viewer.peer.answer(&watcher.offer(), PATIENCE).expect("an answer");
        (viewer.watcher, viewer.answer) = (watcher, Some(answer));
        viewer
    }

    /// Accepts the answer of a prepared one, once.
    pub fn start(&mut self) {
        if let Some(answer) = self.answer.take() {
            self.watcher.accept(&answer);
        }
    }

    /// A peer nobody has made an offer to.
    pub fn alone() -> Viewer {
        Viewer::alone_with(|_| {})
    }

    /// The same with other options.
    pub fn alone_with(change: impl FnOnce(&mut PeerOptions)) -> Viewer {
        let events = Events::new(256).expect("a queue");
        let mut options = PeerOptions {
            events: Some(events.clone()),
            media_address: Some([127, 0, 0, 1].into()),
            ..PeerOptions::default()
        };
        change(&mut options);
        let peer = Peer::new(options).expect("a peer");
        Viewer { watcher: Watcher::new(&[]), peer, events, relay: None, answer: None }
    }

    /// Offers, answers, and starts to connect.
    pub fn negotiate(&mut self, sections: &[Section], relay: Option<u64>) {
        self.negotiate_with(sections, relay, |offer| offer);
    }

    fn negotiate_with(&mut self, sections: &[Section], relay: Option<u64>, edit: impl Fn(String) -> String) {
        let mut watcher = Watcher::new(sections);
        let mut answer = self.peer.answer(&edit(watcher.offer()), PATIENCE).expect("an answer");
        if let Some(seed) = relay {
            let (relay, rewritten) = Relay::between(&answer, seed);
            (self.relay, answer) = (Some(relay), rewritten);
        }
        watcher.accept(&answer);
        self.watcher = watcher;
    }

    /// The next event of the peer's life.
    pub fn state(&self, patience: Duration) -> Option<(PeerState, Event)> {
        let deadline = Instant::now() + patience;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let event = self.events.next(left).ok()?;
            if event.kind == EventKind::PeerState {
                return Some((state(event.value), event));
            }
        }
    }

    /// Waits for a state; panics if another end comes first.
    pub fn reach(&self, wanted: PeerState, patience: Duration) -> Event {
        loop {
            match self.state(patience) {
                Some((state, event)) if state == wanted => return event,
                Some((state @ (PeerState::Failed | PeerState::Closed), event)) => {
                    panic!("{state:?} ({}) before {wanted:?}", event.text)
                }
                Some(_) => {}
                None => panic!("not {wanted:?} after {patience:?}"),
            }
        }
    }
}

/// The state behind an event's number.
pub fn state(value: i64) -> PeerState {
    use PeerState::*;
    let all = [New, Connecting, Connected, Interrupted, Disconnected, Failed, Closed];
    *all.iter().find(|s| **s as i64 == value).expect("a state of the list")
}
