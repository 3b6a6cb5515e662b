//! What the library says about itself goes to taps: each has a level, a queue and a thread of its
//! own, so that a slow reader never stops who speaks.

use crate::error::{Error, Result, Status};
use crate::id::Id;
use crate::queue::{News, Queue};
use parking_lot::RwLock;
use std::sync::{Arc, OnceLock};

pub use log::Level;

/// One line.
#[derive(Clone, Debug)]
pub struct Line {
    /// How much it matters.
    pub level: Level,
    /// The part of the library that speaks: `framewire::peer`, `libdatachannel`.
    pub target: String,
    /// What it says, without a line end.
    pub text: String,
}

/// Somebody who listens. Dropping it ends that.
#[derive(Debug)]
pub struct Tap {
    level: Level,
    queue: Arc<Queue<Line>>,
}

/// Lines that may wait for a slow reader.
const CAPACITY: usize = 1024;

static TAPS: RwLock<Vec<Arc<Tap>>> = RwLock::new(Vec::new());

impl Tap {
    /// Has `call` called, on a thread of ours, for every line of `level` or graver: the line, and
    /// how many were lost before it. `InvalidState` if the program has installed a logger of its
    /// own: then the lines go there.
    pub fn open(level: Level, call: impl FnMut(Line, u64) + Send + 'static) -> Result<Arc<Tap>> {
        static INSTALLED: OnceLock<bool> = OnceLock::new();
        if !INSTALLED.get_or_init(|| log::set_logger(&Taps).is_ok()) {
            return Err(Error::new(Status::InvalidState, "this process has a logger of its own"));
        }
        let tap = Arc::new(Tap { level, queue: Arc::new(Queue::new(CAPACITY)) });
        tap.queue.deliver("fw-log", Box::new(call))?;
        let mut taps = TAPS.write();
        taps.push(tap.clone());
        set_level(&taps);
        Ok(tap)
    }

    /// Ends it: nothing is said any more. Waits until the callback is dropped: at most a second,
    /// and not inside it.
    pub fn close(&self) {
        let mut taps = TAPS.write();
        taps.retain(|tap| !std::ptr::eq(&**tap, self));
        set_level(&taps);
        drop(taps);
        self.queue.close();
    }
}

fn set_level(taps: &[Arc<Tap>]) {
    log::set_max_level(
        taps.iter().map(|tap| tap.level.to_level_filter()).max().unwrap_or(log::LevelFilter::Off),
    );
}

/// The logger: every tap that wants the line gets it.
struct Taps;

impl log::Log for Taps {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.level() <= log::max_level()
    }

    fn log(&self, record: &log::Record<'_>) {
        // The arguments may be formatted by anyone's code: not under the lock.
        let text = record.args().to_string();
        for tap in TAPS.read().iter().filter(|tap| record.level() <= tap.level) {
            let line = Line { level: record.level(), target: record.target().into(), text: text.clone() };
            tap.queue.post(line, || true);
        }
    }

    fn flush(&self) {}
}

impl News for Line {
    fn object(&self) -> Id {
        Id(0)
    }
}
