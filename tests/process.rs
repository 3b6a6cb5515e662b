//! The application's function between what comes in and what goes out.

mod common;
#[path = "common/outlet.rs"]
mod outlet;

#[path = "process/connected.rs"]
mod connected;
#[path = "process/ends.rs"]
mod ends;
#[path = "process/errors.rs"]
mod errors;
#[path = "process/file.rs"]
mod file;
#[path = "process/pictures.rs"]
mod pictures;
#[path = "process/receiver.rs"]
mod receiver;

use framewire::events::{Event, EventKind, Events};
use framewire::frame::{Format, VideoFrame};
use framewire::process::{Function, Job, Processor, ProcessorOptions, ProcessorStats};
use framewire::time::Time;
use std::time::Duration;

/// Guards against hanging; nothing is measured by it.
const PATIENCE: Duration = Duration::from_secs(60);

const WIDTH: u32 = 32;
const HEIGHT: u32 = 16;

/// A plain grey RGB picture that was captured then.
fn grey(shade: u8, capture: u64) -> VideoFrame {
    let pixels = vec![shade; (WIDTH * HEIGHT * 3) as usize];
    VideoFrame {
        format: Format::Rgb24,
        width: WIDTH,
        height: HEIGHT,
        strides: [WIDTH as usize * 3, 0, 0],
        planes: Box::new([pixels, Vec::new(), Vec::new()]),
        capture: Some(Time(capture)),
    }
}

/// Options with which no frame is left out.
fn every_frame() -> ProcessorOptions {
    ProcessorOptions { realtime: false, ..ProcessorOptions::default() }
}

/// A function that changes a job and completes it, or fails it with what it says.
fn each(function: impl Fn(&mut Job) -> Result<(), String> + Send + Sync + 'static) -> Function {
    Box::new(move |mut job| {
        // Whether it still matters is not this function's business.
        let _ = match function(&mut job) {
            Ok(()) => job.complete(),
            Err(why) => job.fail(&why),
        };
    })
}

fn push(processor: &Processor, frame: VideoFrame) {
    processor.push(frame, Some(PATIENCE)).expect("it is taken in time");
}

fn assert_all_counted(stats: &ProcessorStats) {
    let frames = stats.frames;
    let skipped = frames.newer + frames.late + frames.overtaken + frames.ended;
    let sum = frames.processed + frames.failed + skipped + frames.in_flight + frames.waiting;
    assert_eq!(frames.received, sum, "{frames:?}");
}

/// The next event of that kind.
fn told(events: &Events, kind: EventKind) -> Event {
    loop {
        let event = events.next(PATIENCE).expect("an event");
        if event.kind == kind {
            return event;
        }
    }
}
