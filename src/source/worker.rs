//! A thread of a source: guarded, and waited for only so long.

use super::Shared;
use crate::error::{Error, Result, Status};
use crate::sync::{Condvar, Mutex};
use crate::time::{Time, clock};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{self, ThreadId};

/// A running thread. It ends by itself once its road is closed.
pub(super) struct Worker {
    thread: ThreadId,
    done: Arc<Done>,
}

#[derive(Default)]
struct Done {
    done: Mutex<bool>,
    changed: Condvar,
}

impl Worker {
    /// Runs `run` on a thread of that name; a panic there ends the source, not the process.
    pub fn spawn(
        name: &str,
        shared: &Arc<Shared>,
        run: impl FnOnce(&Shared) + Send + 'static,
    ) -> Result<Worker> {
        let done = Arc::new(Done::default());
        let (shared, finished) = (shared.clone(), done.clone());
        let thread = thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                if catch_unwind(AssertUnwindSafe(|| run(&shared))).is_err() {
                    shared.fail(Error::new(Status::Internal, "an encoder thread panicked"));
                }
                *finished.done.lock() = true;
                finished.changed.notify_all();
            })
            .map_err(|error| Error::io("starting an encoder thread", &error))?;
        Ok(Worker { thread: thread.thread().id(), done })
    }

    /// Waits for its end until `deadline`. On the thread itself (a release callback may free the
    /// source) there is nothing to wait for.
    pub fn wait(&self, deadline: Time) {
        if thread::current().id() == self.thread {
            return;
        }
        let mut done = self.done.done.lock();
        while !*done {
            let left = deadline.since(clock::now());
            if left.is_zero() {
                return;
            }
            self.done.changed.wait_for(&mut done, left);
        }
    }
}
