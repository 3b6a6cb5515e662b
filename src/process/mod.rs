//! The application's function between the way in and the way out.
//!
//! ```text
//!  sink, file, push ═ feed ═╗ hall (heart: newest in, in order out) ╔═ worker, or whoever takes jobs
//!                           ╚═══════════════════════════════════════╣
//!  source ◀─ picture ─┐                                             ║
//!  results ◀─ data ───┴═ outlet ◀═══════════════════════════════════╝
//!  sink ═ sound, held back for as long as pictures take ─▶ source
//! ```
//!
//! The heart has neither threads nor a clock. Around it there are a thread that brings frames (none where they
//! are pushed), one that sends results on and knows the time, and as many that call the function as it is to
//! have. A frame waits for its worker alone, and is replaced by a newer one.

mod crew;
mod feed;
mod frame;
mod hall;
mod heart;
mod ivf;
mod job;
mod options;
mod outlet;
mod sound;
mod stats;
mod turn;

pub use crate::message::envelope::Reason;
pub use frame::{About, Data};
pub use heart::Counts;
pub use job::Job;
pub use options::{From, ProcessorOptions, SoundFunction, SoundPath};
pub use stats::ProcessorStats;
pub use turn::Turn;

use crate::encode::hold::Age;
use crate::error::{Error, Result, Status};
use crate::events::{Event, EventKind};
use crate::frame::VideoFrame;
use crate::id::Id;
use crate::media::Kind;
use crate::peer::Peer;
use crate::pool::Pool;
use crate::sink::Wait;
use crate::sync::{Condvar, Mutex};
use crate::time::clock;
use crew::Crew;
use crossbeam_channel::{Receiver, Sender, bounded};
use frame::{Input, Kept, Output};
use hall::Hall;
use heart::Pace;
use stats::Figures;
use std::os::fd::RawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// What is called for each frame, on any of the processor's workers. The job may also be kept, and be given
/// back later from anywhere.
pub type Function = Box<dyn Fn(Job) + Send + Sync>;

/// A processor. Cloning gives another handle to the same one; it ends with [`Processor::close`], or with the
/// last handle.
#[derive(Clone, Debug)]
pub struct Processor(Arc<Owner>);

/// What the handles share and the threads do not: its end is the processor's.
#[derive(Debug)]
struct Owner {
    shared: Arc<Shared>,
    crew: Crew,
}

/// What handles, threads and jobs share.
#[derive(Debug)]
struct Shared {
    id: Id,
    options: ProcessorOptions,
    hall: Hall<Input, Kept, Output>,
    pool: Arc<Pool>,
    figures: Figures,
    video: AtomicBool,
    turn: Mutex<Turn>,
    pushed: AtomicU64,
    delay: Mutex<Age>,
    /// The waits for the sink's pictures and for its sound.
    wait: Wait,
    wait_sound: Wait,
    /// Nothing is waited for any more but what has to be.
    hurry: AtomicBool,
    end: Mutex<Ending>,
    ended: Condvar,
    /// Disconnected by `close`.
    closed: Receiver<()>,
    closing: Mutex<Option<Sender<()>>>,
}

#[derive(Debug, Default)]
struct Ending {
    why: Option<Ended>,
    /// It has been told.
    told: bool,
}

/// How a processor ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Why.
    pub reason: Reason,
    /// The same as a sentence.
    pub sentence: String,
}

/// Buffers kept for turned and copied pictures beside those in flight.
const SPARE: usize = 3;
const DEFECT: &str = "a defect of framewire stopped one of its threads";
/// How long `close` waits for a function that does not return.
const PATIENCE: Duration = Duration::from_secs(1);

impl Processor {
    /// A processor whose jobs are taken with [`Processor::next`].
    ///
    /// # Errors
    /// `InvalidArgument`: an option is out of range, or does not fit another. `Io`, `Malformed`,
    /// `Unsupported`: the file; or there is no thread to be had.
    pub fn new(options: ProcessorOptions) -> Result<Processor> {
        options.check()?;
        let (closing, closed) = bounded(0);
        let file = match &options.from {
            From::File(path, format) => Some(feed::File::open(path, *format)?),
            From::Push | From::Sink(_) => None,
        };
        let pace = Pace {
            max_in_flight: options.max_in_flight,
            as_finished: options.as_finished,
            deadline: options.deadline,
        };
        let shared = Arc::new(Shared {
            id: options.id.unwrap_or_else(Id::fresh),
            hall: Hall::new(pace),
            pool: Pool::new(options.max_in_flight + SPARE),
            figures: Figures::default(),
            video: AtomicBool::new(options.video),
            turn: Mutex::new(options.turn),
            pushed: AtomicU64::new(0),
            delay: Mutex::default(),
            wait: Wait::new(options.outlives_track),
            // It is the pictures that end.
            wait_sound: Wait::new(true),
            hurry: AtomicBool::new(false),
            end: Mutex::default(),
            ended: Condvar::new(),
            closed,
            closing: Mutex::new(Some(closing)),
            options,
        });
        let processor = Processor(Arc::new(Owner { shared: shared.clone(), crew: Crew::default() }));
        let broken = shared.clone();
        processor.0.crew.spawn(
            "fw-outlet",
            {
                let shared = shared.clone();
                move || outlet::run(&shared)
            },
            move || {
                broken.end(Reason::Failed, DEFECT);
                broken.tell_end();
            },
        )?;
        match (&shared.options.from, file) {
            (From::Sink(sink), _) => {
                let pictures = sink.clone();
                processor.spawn("fw-feed", move |shared| feed::from_sink(shared, &pictures))?;
                if !matches!(shared.options.sound, SoundPath::None) {
                    let sounds = sink.clone();
                    processor.spawn("fw-sound", move |shared| sound::run(shared, &sounds))?;
                }
            }
            (_, Some(file)) => processor.spawn("fw-feed", move |shared| file.run(shared))?,
            _ => {}
        }
        Ok(processor)
    }

    /// A processor that calls `function` on `workers` threads of its own, 1 to 256. A panic there is an error
    /// of that frame.
    ///
    /// # Errors
    /// As [`Processor::new`].
    pub fn with_function(options: ProcessorOptions, workers: usize, function: Function) -> Result<Processor> {
        if !(1..=256).contains(&workers) {
            return Err(Error::argument(format!("workers is {workers} but must be 1 to 256")));
        }
        let processor = Processor::new(options)?;
        let function = Arc::new(function);
        for _ in 0..workers {
            let function = function.clone();
            processor.spawn("fw-worker", move |shared| work(shared, &function))?;
        }
        Ok(processor)
    }

    /// Which processor this is.
    pub fn id(&self) -> Id {
        self.shared().id
    }

    /// Takes a job, waiting for at most `timeout` (`None`: without end). Also where there is a function: each
    /// frame goes to one who asks.
    ///
    /// # Errors
    /// `Timeout`; `Closed`: there will be none any more.
    pub fn next(&self, timeout: Option<Duration>) -> Result<Job> {
        next(self.shared(), timeout)
    }

    /// A descriptor that is readable while there is a job to be taken, or none will come any more.
    ///
    /// # Errors
    /// `Io`: the process has no descriptors left. `Closed`.
    pub fn descriptor(&self) -> Result<RawFd> {
        self.shared().hall.descriptor()
    }

    /// Brings a frame. In real time it never waits, and takes the place of one that was not taken; otherwise it
    /// waits for at most `timeout` until none waits.
    ///
    /// # Errors
    /// `InvalidArgument` for the frame; `InvalidState`: frames come from elsewhere; `Timeout`; `Closed`.
    pub fn push(&self, frame: VideoFrame, timeout: Option<Duration>) -> Result<()> {
        let shared = self.shared();
        shared.takes_pushes()?;
        frame.check()?;
        let now = clock::now();
        let capture = frame.capture.unwrap_or(now);
        let about = About {
            number: shared.pushed.fetch_add(1, Ordering::Relaxed) + 1,
            capture,
            arrived: now,
            pts: i64::try_from(capture.0).unwrap_or(i64::MAX),
            time_base: (1, 1_000_000),
            turn: Turn::None,
            width: frame.width,
            height: frame.height,
        };
        let input = shared.input(about, frame);
        if !shared.options.realtime {
            return shared.hall.give_in_turn(input, timeout.map(|timeout| now + timeout));
        }
        if shared.hall.give(input) { Ok(()) } else { Err(shared.over()) }
    }

    /// Copies what [`Processor::push`] takes.
    pub(crate) fn pool(&self) -> &Arc<Pool> {
        &self.shared().pool
    }

    /// Whether processed pictures go out from now on; to `peer`, if there is one that it is about.
    ///
    /// # Errors
    /// `InvalidState`: there is no source that has pictures. `NotOffered`: the peer's connection has no
    /// section for them.
    pub fn set_video(&self, on: bool, peer: Option<&Peer>) -> Result<()> {
        let shared = self.shared();
        if on {
            let source = shared.options.source.as_ref().filter(|source| source.has(Kind::Video));
            let Some(source) = source else {
                let sentence = "the processor was made without a source of pictures";
                return Err(Error::new(Status::InvalidState, sentence));
            };
            if peer.and_then(|peer| peer.sends(source.id(), Kind::Video)) == Some(false) {
                let sentence = "the peer's connection has no section of video for them: none was offered";
                return Err(Error::new(Status::NotOffered, sentence));
            }
        }
        shared.video.store(on, Ordering::Relaxed);
        Ok(())
    }

    /// How pictures that come from now on are turned before they are processed.
    pub fn set_turn(&self, turn: Turn) {
        *self.shared().turn.lock() = turn;
    }

    /// Begins the end: nothing comes in any more, what is being processed is waited for, then the last message
    /// goes out, then the end is told. With [`Reason::SourceEnded`] the frame that waits is processed too. The
    /// first reason holds; a second call that is not about the source's end makes it hurry.
    pub fn end(&self, reason: Reason, sentence: &str) {
        self.shared().end(reason, sentence);
    }

    /// Waits for the end to be told, for at most `timeout` (`None`: without end).
    ///
    /// # Errors
    /// `Timeout`; `Closed`: it was closed.
    pub fn wait(&self, timeout: Option<Duration>) -> Result<Ended> {
        let shared = self.shared();
        let deadline = timeout.map(|timeout| clock::now() + timeout);
        let mut end = shared.end.lock();
        loop {
            match &end.why {
                Some(ended) if end.told => return Ok(ended.clone()),
                _ if shared.is_closed() => return Err(shared.over()),
                _ => {}
            }
            match clock::until(deadline) {
                None => shared.ended.wait(&mut end),
                Some(left) if left.is_zero() => {
                    return Err(Error::new(Status::Timeout, "the processor has not ended yet"));
                }
                Some(left) => drop(shared.ended.wait_for(&mut end, left)),
            }
        }
    }

    /// The figures as they stand.
    pub fn stats(&self) -> ProcessorStats {
        let shared = self.shared();
        let (frames, measured_fps) = shared.hall.counts();
        shared.figures.read(frames, measured_fps.unwrap_or_default())
    }

    /// Ends it at once: no last message, and nothing more is told. Waits until its functions have returned, at
    /// most a second, and not for the one that calls it; one that never returns keeps what it was given.
    pub fn close(&self) {
        self.0.close();
    }

    fn shared(&self) -> &Arc<Shared> {
        &self.0.shared
    }

    fn spawn(&self, name: &str, run: impl FnOnce(&Arc<Shared>) + Send + 'static) -> Result<()> {
        let (shared, broken) = (self.shared().clone(), self.shared().clone());
        let defect = move || broken.end(Reason::Failed, DEFECT);
        self.0.crew.spawn(name, move || run(&shared), defect)
    }
}

impl Owner {
    fn close(&self) {
        self.shared.close();
        self.crew.wait(clock::now() + PATIENCE);
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.close();
    }
}

impl Shared {
    /// A frame that came, as it is handed on.
    fn input(&self, about: About, frame: VideoFrame) -> Input {
        let turn = *self.turn.lock();
        let (width, height) = turn.size(frame.width, frame.height);
        Input { about: About { turn, width, height, ..about }, frame: Arc::new(frame) }
    }

    fn end(&self, reason: Reason, sentence: &str) {
        let drain = reason == Reason::SourceEnded;
        let sentence = sentence.to_owned();
        self.end.lock().why.get_or_insert(Ended { reason, sentence });
        self.hurry.fetch_or(!drain, Ordering::AcqRel);
        self.stop_feed();
        self.hall.end(drain, clock::now() + self.options.grace);
        if let Some(results) = self.options.results.as_ref().filter(|_| !drain) {
            results.nudge();
        }
    }

    /// All threads wake and see that it is over. Nothing is told afterwards.
    fn close(&self) {
        drop(self.closing.lock().take());
        self.hurry.store(true, Ordering::Release);
        self.hall.close();
        self.stop_feed();
        if let Some(results) = &self.options.results {
            results.nudge();
        }
        // Who waits for the end has looked, or looks from now on.
        drop(self.end.lock());
        self.ended.notify_all();
    }

    fn stop_feed(&self) {
        self.wait.end();
        self.wait_sound.end();
        if let From::Sink(sink) = &self.options.from {
            sink.nudge();
        }
    }

    fn is_closed(&self) -> bool {
        self.closing.lock().is_none()
    }

    fn over(&self) -> Error {
        Error::new(Status::Closed, "the processor has ended")
    }

    fn takes_pushes(&self) -> Result<()> {
        match self.options.from {
            From::Push => Ok(()),
            From::Sink(_) | From::File(..) => {
                Err(Error::new(Status::InvalidState, "the frames of this processor come from elsewhere"))
            }
        }
    }

    fn tell(&self, kind: EventKind, value: i64, text: &str) {
        let closing = self.closing.lock();
        // Under the lock, so that nothing is told after `close` returned. It only queues.
        if let (Some(events), true) = (&self.options.events, closing.is_some()) {
            events.post(Event { kind, object: self.id, stream: None, value, text: text.to_owned() });
        }
    }

    /// The last that is told.
    fn tell_end(&self) {
        let why = self.end.lock().why.clone();
        let Ended { reason, sentence } = why.expect("it is told after it began");
        self.tell(EventKind::ProcessorEnded, reason.number().into(), &sentence);
        self.end.lock().told = true;
        self.ended.notify_all();
    }

    /// How long sound is held back.
    fn delay(&self) -> Duration {
        match self.video.load(Ordering::Relaxed) {
            true => self.delay.lock().get().unwrap_or_default(),
            false => Duration::ZERO,
        }
    }
}

fn next(shared: &Arc<Shared>, timeout: Option<Duration>) -> Result<Job> {
    let deadline = timeout.map(|timeout| clock::now() + timeout);
    let keep = |input: &Input| {
        let frame = shared.options.pass_through.then(|| input.frame.clone());
        Kept { about: input.about, frame }
    };
    loop {
        // A frame that cannot be turned has failed, and the next is taken.
        if let Some(job) = Job::new(shared, shared.hall.take(deadline, keep)?).turned() {
            return Ok(job);
        }
    }
}

fn work(shared: &Arc<Shared>, function: &Function) {
    while let Ok(job) = next(shared, None) {
        // The job has failed when it was dropped; the panic's own words are in the log.
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| function(job)));
    }
}

#[cfg(test)]
mod tests;
