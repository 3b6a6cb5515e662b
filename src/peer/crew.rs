//! The threads that negotiate: never the caller's event loop, never a callback of libdatachannel.

use crate::error::{Error, Result, Status};
use crate::native::datachannel::pass;
use crossbeam_channel::{Receiver, Sender, TrySendError};
use std::sync::OnceLock;

/// Negotiations that may wait; one takes about a millisecond.
const WAITING: usize = 1_024;
/// Two, so that one that hangs does not stop them all.
const THREADS: usize = 2;

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
        let _pass = pass();
        job();
    }
}
