//! The threads that negotiate: never the caller's event loop, never a callback of libdatachannel.

use crate::error::{Error, Result, Status};
use crossbeam_channel::{Receiver, Sender, TrySendError};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Negotiations that may wait; one takes about a millisecond.
const WAITING: usize = 1_024;
/// Two, so that one that hangs does not stop them all.
const THREADS: usize = 2;
/// Negotiations at a time that wait for STUN and TURN servers.
const SLOW: usize = 256;

/// One negotiation. It does not panic: [`super::negotiate::attempt`] sees to it.
pub type Job = Box<dyn FnOnce() + Send>;

/// Runs `job` soon. `Again`: too many wait.
pub fn submit(job: Job) -> Result<()> {
    static CREW: OnceLock<Result<Sender<Job>>> = OnceLock::new();
    let crew = CREW.get_or_init(start).as_ref().map_err(Error::clone)?;
    crew.try_send(job).map_err(|refused| match refused {
        TrySendError::Full(_) => Error::new(Status::Again, format!("{WAITING} negotiations wait already")),
        TrySendError::Disconnected(_) => {
            Error::new(Status::Internal, "the threads that negotiate have ended")
        }
    })
}

/// Runs `job` on a thread of its own: it waits for others. `Again`: too many do.
pub fn submit_slow(job: Job) -> Result<()> {
    static RUNNING: AtomicUsize = AtomicUsize::new(0);
    /// Its place, given back however it ends.
    struct Place;
    impl Drop for Place {
        fn drop(&mut self) {
            RUNNING.fetch_sub(1, Ordering::Relaxed);
        }
    }
    let place = Place;
    if RUNNING.fetch_add(1, Ordering::Relaxed) >= SLOW {
        return Err(Error::new(Status::Again, format!("{SLOW} peers gather candidates already")));
    }
    let run = move || {
        let _place = place;
        job();
    };
    let thread = std::thread::Builder::new().name("fw-gather".into()).spawn(run);
    thread.map(drop).map_err(|error| Error::io("start a thread that negotiates", &error))
}

fn start() -> Result<Sender<Job>> {
    let (jobs, waiting) = crossbeam_channel::bounded(WAITING);
    for _ in 0..THREADS {
        let waiting = waiting.clone();
        std::thread::Builder::new()
            .name("fw-negotiate".into())
            .spawn(move || run(&waiting))
            .map_err(|error| Error::io("start a thread that negotiates", &error))?;
    }
    Ok(jobs)
}

fn run(waiting: &Receiver<Job>) {
    for job in waiting {
        job();
    }
}
