//! From the push to the encoder: how soon it starts, what idling costs, and how old a frame gets
//! when the encoder is held up.

use crate::cpu;
use crate::glass::{Camera, FPS, options};
use crate::table::{Row, row};
use crossbeam_channel::never;
use framewire::convert::I420;
use framewire::encode::{VideoEncoder, VideoSettings};
use framewire::error::Result;
use framewire::media::EncodedFrame;
use framewire::source::Source;
use framewire::time::{Time, clock};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

pub fn push() -> Vec<Row> {
    let source = Source::new(options()).expect("a source");
    let mut camera = Camera::new();
    camera.run(&source, Duration::from_secs(10), |_, _| {});
    let stats = source.stats().push_to_take;
    let micros = |d: Duration| d.as_secs_f64() * 1e6;
    // The last picture's encode is not idling.
    never::<()>().recv_timeout(Duration::from_secs(1)).ok();
    let before = cpu::seconds(|_| false);
    // Five seconds in which nothing is asked of the source.
    never::<()>().recv_timeout(Duration::from_secs(5)).ok();
    let idle = (cpu::seconds(|_| false) - before) / 5.0;
    vec![
        row("1 push → encoder starts, p50", micros(stats.p50), "µs", "≤ 50"),
        row("1 push → encoder starts, p99", micros(stats.p99), "µs", "≤ 500"),
        row("1 CPU of an idle source", idle * 1e6, "µs/s", "none"),
    ]
}

/// An encoder that takes as long as it is told, and says how old each frame is when it is done.
struct Held {
    hold: Duration,
    oldest: Arc<AtomicU64>,
    frames: u64,
}

impl VideoEncoder for Held {
    fn encode(&mut self, _: &I420, capture: Time, key: bool) -> Result<Option<EncodedFrame>> {
        self.frames += 1;
        let now = clock::now();
        // Every tenth frame is held up; the age that counts is of those taken after it.
        self.oldest.fetch_max(now.since(capture).as_micros() as u64, Relaxed);
        if self.frames.is_multiple_of(10) {
            never::<()>().recv_timeout(self.hold).ok();
        }
        Ok(Some(EncodedFrame { keyframe: key, droppable: false, data: vec![0; 1_000] }))
    }

    fn configure(&mut self, _: &VideoSettings) -> Result<()> {
        Ok(())
    }
}

pub fn age() -> Vec<Row> {
    let oldest = Arc::new(AtomicU64::new(0));
    let told = oldest.clone();
    let factory = move |_: &VideoSettings| {
        let hold = Duration::from_millis(200);
        Ok(Box::new(Held { hold, oldest: told.clone(), frames: 0 }) as Box<dyn VideoEncoder>)
    };
    let source = Source::with_encoder(options(), Box::new(factory)).expect("a source");
    let mut camera = Camera::new();
    camera.run(&source, Duration::from_secs(10), |_, _| {});
    let age = oldest.load(Relaxed) as f64 / 1_000.0;
    let interval = 1_000.0 / f64::from(FPS);
    let goal = "≤ 33.3 (one interval), and its own encode on top";
    vec![row("5 oldest frame given to an encoder held up for 200 ms", age, "ms", goal).beside(interval)]
}
