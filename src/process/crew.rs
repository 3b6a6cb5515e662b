//! The threads of a processor: guarded, and waited for only so long.

use crate::error::{Error, Result};
use crate::sync::{Condvar, Mutex};
use crate::time::{Time, clock};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{self, ThreadId};

/// Threads that run. Cloning gives another handle to the same ones.
#[derive(Clone, Debug, Default)]
pub struct Crew(Arc<Running>);

#[derive(Debug, Default)]
struct Running {
    threads: Mutex<Vec<ThreadId>>,
    changed: Condvar,
}

impl Crew {
    /// Runs `run` on a thread of that name, and `defect` after it if it panics.
    ///
    /// # Errors
    /// `Io`: there is no thread to be had.
    pub fn spawn(
        &self,
        name: &str,
        run: impl FnOnce() + Send + 'static,
        defect: impl FnOnce() + Send + 'static,
    ) -> Result<()> {
        let running = self.0.clone();
        // Held until the thread is known: it may end before we are told of it.
        let mut threads = self.0.threads.lock();
        let thread = thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                if catch_unwind(AssertUnwindSafe(run)).is_err() {
                    defect();
                }
                running.threads.lock().retain(|thread| *thread != thread::current().id());
                running.changed.notify_all();
            })
            .map_err(|error| Error::io("starting a thread of a processor", &error))?;
        threads.push(thread.thread().id());
        Ok(())
    }

    /// Waits for all to end, but for the one that asks, until `deadline`. False: some have not.
    pub fn wait(&self, deadline: Time) -> bool {
        let mut threads = self.0.threads.lock();
        while threads.iter().any(|thread| *thread != thread::current().id()) {
            let left = deadline.since(clock::now());
            if left.is_zero() {
                return false;
            }
            self.0.changed.wait_for(&mut threads, left);
        }
        true
    }
}
