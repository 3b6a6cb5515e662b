//! A bounded queue of news: when it is full the oldest goes, counted. Read by waiting, by a
//! descriptor, or by a thread that delivers.

use crate::error::{Error, Result, Status};
use crate::id::Id;
use crate::native::eventfd::EventFd;
use crate::time::{Time, clock};
use parking_lot::{Condvar, Mutex, MutexGuard};
use std::collections::VecDeque;
use std::os::fd::RawFd;
use std::sync::Arc;
use std::thread::{self, ThreadId};
use std::time::Duration;

/// How long [`Queue::forget`] and [`Queue::close`] wait for a callback that does not return.
pub const PATIENCE: Duration = Duration::from_secs(1);

/// Something that happened to an object.
pub trait News: Send + 'static {
    /// Which one.
    fn object(&self) -> Id;
}

/// What a delivering thread calls: the item, and how many were lost before it.
pub type Call<T> = Box<dyn FnMut(T, u64) + Send>;

/// The queue.
#[derive(Debug)]
pub struct Queue<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
}

#[derive(Debug)]
struct State<T> {
    waiting: VecDeque<T>,
    capacity: usize,
    /// Dropped since the last item was taken.
    lost: u64,
    closed: bool,
    /// Made when first asked for: a queue that is read by waiting costs no descriptor.
    descriptor: Option<EventFd>,
    /// Gone when its callback is dropped.
    deliverer: Option<ThreadId>,
    /// About whom the running call is.
    running: Option<Id>,
}

impl<T: News> Queue<T> {
    /// An empty queue of at most `capacity` items.
    pub fn new(capacity: usize) -> Queue<T> {
        let state = State {
            waiting: VecDeque::new(),
            capacity: capacity.max(1),
            lost: 0,
            closed: false,
            descriptor: None,
            deliverer: None,
            running: None,
        };
        Queue { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Adds one, if the queue is open and `admit` says so. `admit` is asked under the lock, so that
    /// an object that ends before [`Queue::forget`] is called is never heard of again.
    pub fn post(&self, item: T, admit: impl FnOnce() -> bool) {
        let mut state = self.state.lock();
        if state.closed || !admit() {
            return;
        }
        let full = state.waiting.len() == state.capacity;
        let oldest = if full { state.waiting.pop_front() } else { None };
        state.lost += u64::from(full);
        state.waiting.push_back(item);
        state.show();
        drop(state);
        self.changed.notify_all();
        drop(oldest);
    }

    /// Takes the oldest and how many were lost before it; waits at most `timeout`, or without end.
    pub fn next(&self, timeout: Option<Duration>) -> Result<(T, u64)> {
        let deadline = timeout.map(|timeout| clock::now() + timeout);
        let mut state = self.state.lock();
        loop {
            if state.closed {
                return Err(Error::new(Status::Closed, "the queue is closed"));
            }
            state.is_read()?;
            if let Some(taken) = state.take() {
                return Ok(taken);
            }
            if !self.wait(&mut state, deadline) {
                return Err(Error::new(Status::Timeout, "no event came in time"));
            }
        }
    }

    /// Starts a thread of that name that calls `call` for each item, and drops it when the queue
    /// is closed.
    pub fn deliver(self: &Arc<Self>, name: &str, call: Call<T>) -> Result<()> {
        let queue = self.clone();
        let mut state = self.state.lock();
        let thread = thread::Builder::new()
            .name(name.into())
            .spawn(move || queue.run(call))
            .map_err(|e| Error::io("starting a thread", &e))?;
        state.deliverer = Some(thread.thread().id());
        Ok(())
    }

    /// A descriptor that is readable while something waits, or the queue is closed.
    pub fn descriptor(&self) -> Result<RawFd> {
        let mut state = self.state.lock();
        if state.closed {
            return Err(Error::new(Status::Closed, "the queue is closed"));
        }
        state.is_read()?;
        if state.descriptor.is_none() {
            state.descriptor = Some(EventFd::new().map_err(|e| Error::io("eventfd", &e))?);
            state.show();
        }
        Ok(state.descriptor.as_ref().expect("made above").fd())
    }

    /// Takes away what waits about `object`, and waits until a running call about it has
    /// returned: at most [`PATIENCE`], and not inside that call.
    pub fn forget(&self, object: Id) {
        let mut state = self.state.lock();
        let (gone, kept) = state.waiting.drain(..).partition::<Vec<_>, _>(|item| item.object() == object);
        state.waiting = kept.into();
        state.show();
        self.wait_for_deliverer(&mut state, |state| state.running == Some(object));
        drop(state);
        drop(gone);
    }

    /// Ends it: nothing more is taken or given, and every waiter wakes. Waits until the callback
    /// has been dropped: at most [`PATIENCE`], and not inside it.
    pub fn close(&self) {
        let mut state = self.state.lock();
        state.closed = true;
        let gone = std::mem::take(&mut state.waiting);
        // Raised before it is closed, so that a poll in another thread returns.
        state.show();
        state.descriptor = None;
        self.changed.notify_all();
        self.wait_for_deliverer(&mut state, |state| state.deliverer.is_some());
        drop(state);
        drop(gone);
    }

    /// Whether something waits to be taken.
    #[cfg(test)]
    pub fn waits(&self) -> bool {
        !self.state.lock().waiting.is_empty()
    }

    fn run(&self, mut call: Call<T>) {
        loop {
            let mut state = self.state.lock();
            let (item, lost) = loop {
                if state.closed {
                    drop(state);
                    drop(call);
                    self.state.lock().deliverer = None;
                    self.changed.notify_all();
                    return;
                }
                if let Some(taken) = state.take() {
                    break taken;
                }
                self.changed.wait(&mut state);
            };
            state.running = Some(item.object());
            drop(state);
            call(item, lost);
            self.state.lock().running = None;
            self.changed.notify_all();
        }
    }

    fn wait_for_deliverer(&self, state: &mut MutexGuard<'_, State<T>>, busy: impl Fn(&State<T>) -> bool) {
        let deadline = clock::now() + PATIENCE;
        while busy(state) && state.deliverer != Some(thread::current().id()) {
            if !self.wait(state, Some(deadline)) {
                return;
            }
        }
    }

    /// Waits for a change. False at once if the deadline has passed: look once more after every wait.
    fn wait(&self, state: &mut MutexGuard<'_, State<T>>, deadline: Option<Time>) -> bool {
        match clock::until(deadline) {
            Some(Duration::ZERO) => return false,
            Some(left) => drop(self.changed.wait_for(state, left)),
            None => self.changed.wait(state),
        }
        true
    }
}

impl<T> State<T> {
    fn is_read(&self) -> Result<()> {
        match self.deliverer {
            Some(_) => Err(Error::new(Status::InvalidState, "events has a callback, which gets all of them")),
            None => Ok(()),
        }
    }

    fn take(&mut self) -> Option<(T, u64)> {
        let item = self.waiting.pop_front()?;
        self.show();
        Some((item, std::mem::take(&mut self.lost)))
    }

    /// Lets the descriptor say whether something waits.
    fn show(&self) {
        match &self.descriptor {
            Some(descriptor) if self.closed || !self.waiting.is_empty() => descriptor.raise(),
            Some(descriptor) => descriptor.lower(),
            None => {}
        }
    }
}
