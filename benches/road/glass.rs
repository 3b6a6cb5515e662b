//! Raw in, decoded out: over loopback, DTLS and SRTP, less what the codec alone takes.

use crate::common::air::Viewer;
use crate::common::card::{Card, Strip};
use crate::common::vp8::Depacketizer;
use crate::common::vpx::Decoder;
use crate::common::watcher::{Arrival, PATIENCE};
use crate::encode::Bare;
use crate::table::{Row, percentile, row};
use framewire::frame::{Format, VideoFrame};
use framewire::source::{Source, SourceOptions};
use framewire::time::clock;
use std::collections::HashMap;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

pub const FPS: u32 = 30;
pub const WIDTH: usize = 1280;
pub const HEIGHT: usize = 720;
pub const BITRATE: u32 = 2_000_000;

/// 720p30 at 2 Mbit/s, no sound.
pub fn options() -> SourceOptions {
    let mut options = SourceOptions { audio: None, ..SourceOptions::default() };
    let video = options.video.as_mut().expect("a picture by default");
    (video.width, video.height) = (WIDTH as u32, HEIGHT as u32);
    (video.fps, video.bitrate) = (f64::from(FPS), BITRATE);
    options
}

/// Shows the card at a steady rate. Pictures are drawn beforehand, so that the pace is not theirs.
pub struct Camera {
    pub pictures: Vec<Vec<u8>>,
    number: usize,
}

impl Camera {
    pub fn new() -> Camera {
        let mut card = Card::new(WIDTH, HEIGHT);
        let draw = |number| card.draw(Strip { number, millis: 0 }).to_vec();
        Camera { pictures: (0..FPS).map(draw).collect(), number: 0 }
    }

    /// Pushes pictures for a while; `each` hears of a push's number, modulo [`FPS`], and moment.
    pub fn run(&mut self, source: &Source, span: Duration, mut each: impl FnMut(usize, Instant)) {
        pace(span, || {
            let at = self.number % self.pictures.len();
            self.number += 1;
            let frame = VideoFrame {
                format: Format::Rgba,
                width: WIDTH as u32,
                height: HEIGHT as u32,
                strides: [WIDTH * 4, 0, 0],
                planes: Box::new([self.pictures[at].clone(), Vec::new(), Vec::new()]),
                capture: Some(clock::now()),
            };
            each(at, Instant::now());
            source.push_video(frame).expect("a source that takes pictures");
        });
    }
}

/// Calls `step` at the frame rate for a while.
pub fn pace(span: Duration, mut step: impl FnMut()) {
    let timer = crossbeam_channel::tick(Duration::from_secs(1) / FPS);
    let end = Instant::now() + span;
    while Instant::now() < end {
        timer.recv().expect("a timer never ends");
        step();
    }
}

pub fn glass() -> Vec<Row> {
    let source = Source::new(options()).expect("a source");
    let pushes = Mutex::new(HashMap::new());
    let (mut spans, mut decodes) = (Vec::new(), Vec::new());
    let mut viewer = Viewer::join(&source);
    viewer.watcher.connected();
    thread::scope(|scope| {
        scope.spawn(|| {
            Camera::new().run(&source, Duration::from_secs(15), |number, at| {
                pushes.lock().expect("not poisoned").insert(number as u32, at);
            });
            source.close();
        });
        let (mut depacketizer, mut decoder) = (Depacketizer::default(), Decoder::new());
        let end = Instant::now() + PATIENCE;
        while let Some(arrival) = viewer.watcher.next(end) {
            let Arrival::Rtp { packet, .. } = arrival else { continue };
            let Some(frame) = depacketizer.push(&packet) else { continue };
            let begun = Instant::now();
            let luma = decoder.decode(&frame.data).expect("it decodes");
            let done = Instant::now();
            let number = luma.strip().expect("a strip").number;
            spans.push(done - pushes.lock().expect("not poisoned")[&number]);
            decodes.push(done - begun);
            if spans.len() > FPS as usize * 14 {
                break;
            }
        }
    });
    // The bare encoder over the same pictures at the same pace.
    let mut bare = Bare::new();
    let mut encodes = Vec::new();
    pace(Duration::from_secs(5), || encodes.push(bare.step()));
    let codec = |share, encodes: &mut [Duration], decodes: &mut [Duration]| {
        percentile(encodes, share) + percentile(decodes, share)
    };
    let (p50, p99) = (percentile(&mut spans, 0.5), percentile(&mut spans, 0.99));
    let (c50, c99) = (codec(0.5, &mut encodes, &mut decodes), codec(0.99, &mut encodes, &mut decodes));
    vec![
        row("6 raw in → decoded out, p50 (bare: the codec alone)", p50, "ms", "").beside(c50),
        row("6 raw in → decoded out, p99 (bare: the codec alone)", p99, "ms", "").beside(c99),
        row("6 of it not the codec, p50", p50 - c50, "ms", "≤ 2"),
    ]
}
