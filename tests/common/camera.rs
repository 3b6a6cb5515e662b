//! A program with a camera and a microphone: a thread that pushes 50 cards a second and a tone, each with
//! its capture time, until it is dropped.

use super::card::{Card, Strip};
use super::watcher::PATIENCE;
use framewire::frame::{AudioFrame, Format, FrameView, Samples};
use framewire::pool::Pool;
use framewire::source::{Source, SourceOptions, VideoOptions};
use framewire::time::{Time, clock};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

pub const WIDTH: usize = 1_024;
pub const HEIGHT: usize = 64;
/// Between two pictures.
pub const INTERVAL: Duration = Duration::from_millis(20);
/// Of the tone: how many waves a second, and how far they go.
pub const TONE: f64 = 440.0;
pub const LOUDNESS: f64 = 12_000.0;
/// Samples of one pushed chunk, 10 ms.
const CHUNK: usize = 480;

pub struct Camera {
    pub source: Source,
    shared: Arc<Shared>,
    pushing: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    progress: Mutex<Progress>,
    changed: Condvar,
}

#[derive(Default)]
struct Progress {
    pushed: u32,
    stopped: bool,
}

impl Camera {
    pub fn new() -> Camera {
        Camera::working(Duration::ZERO, false)
    }

    /// One whose program works so long on each picture before it pushes it, and not on the sound, which waits for
    /// the picture if it `follows` it.
    pub fn working(work: Duration, follows: bool) -> Camera {
        let video = VideoOptions { width: WIDTH as u32, height: HEIGHT as u32, ..VideoOptions::default() };
        let options =
            SourceOptions { video: Some(video), sound_follows_picture: follows, ..SourceOptions::default() };
        let source = Source::new(options).expect("a source");
        let shared = Arc::new(Shared::default());
        let (to, told) = (source.clone(), shared.clone());
        let pushing = thread::spawn(move || told.push(&to, work));
        Camera { source, shared, pushing: Some(pushing) }
    }

    /// Waits until so many pictures more were pushed; how many there were then.
    pub fn pushes(&self, more: u32) -> u32 {
        let progress = self.shared.progress.lock().expect("never poisoned");
        let enough = progress.pushed + more;
        let waited = self
            .shared
            .changed
            .wait_timeout_while(progress, INTERVAL * more + PATIENCE, |p| p.pushed < enough);
        let (progress, result) = waited.expect("never poisoned");
        assert!(!result.timed_out(), "{} of {enough} pictures", progress.pushed);
        progress.pushed
    }
}

impl Drop for Camera {
    fn drop(&mut self) {
        self.shared.progress.lock().expect("never poisoned").stopped = true;
        self.shared.changed.notify_all();
        self.pushing.take().expect("it ends once").join().expect("nothing panics while it pushes");
    }
}

impl Shared {
    fn push(&self, to: &Source, work: Duration) {
        let (pool, mut card) = (Pool::new(2), Card::new(WIDTH, HEIGHT));
        let (start, mut pictures, mut sounds) = (clock::now(), 0, 0);
        loop {
            let (picture, sound) = (start + INTERVAL * pictures, start + INTERVAL * sounds);
            if self.stopped_before(sound.min(picture + work)) {
                return;
            }
            if sound < picture + work {
                push_sound(to, sounds, sound);
                sounds += 1;
                continue;
            }
            push_picture(to, &pool, &mut card, pictures, picture);
            pictures += 1;
            self.progress.lock().expect("never poisoned").pushed = pictures;
            self.changed.notify_all();
        }
    }

    fn stopped_before(&self, due: Time) -> bool {
        let progress = self.progress.lock().expect("never poisoned");
        let left = due.since(clock::now());
        let waited = self.changed.wait_timeout_while(progress, left, |p| !p.stopped);
        waited.expect("never poisoned").0.stopped
    }
}

fn push_picture(to: &Source, pool: &Arc<Pool>, card: &mut Card, number: u32, captured: Time) {
    let pixels = card.draw(Strip { number, millis: (captured.0 / 1_000) as u32 });
    let picture = FrameView {
        format: Format::Rgba,
        width: WIDTH as u32,
        height: HEIGHT as u32,
        strides: [WIDTH * 4, 0, 0],
        planes: [pixels, &[], &[]],
    };
    to.push_video(pool.copy(&picture, Some(captured)).expect("a good frame")).expect("it is open");
}

fn push_sound(to: &Source, number: u32, captured: Time) {
    for half in 0..2 {
        let first = (number as usize * 2 + half) * CHUNK;
        let wave = |n: usize| (n as f64 * TONE * std::f64::consts::TAU / 48_000.0).sin() * LOUDNESS;
        let samples: Vec<i16> = (first..first + CHUNK).map(|n| wave(n) as i16).collect();
        let capture = Some(captured + Duration::from_millis(10 * half as u64));
        let sound = AudioFrame { samples: Samples::S16(&samples), sample_rate: 48_000, channels: 1, capture };
        to.push_audio(&sound).expect("it is open");
    }
}
