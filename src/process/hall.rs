//! The hand-off between who brings frames, who processes them and who sends their results on.

use super::heart::{Counts, End, Heart, Left, Pace};
use crate::error::{Error, Result, Status};
use crate::native::eventfd::EventFd;
use crate::sync::{Condvar, Mutex};
use crate::time::{Time, clock};
use std::os::fd::RawFd;

/// The hand-off. Any number of threads bring and take, one sends on.
#[derive(Debug)]
pub struct Hall<I, K, O> {
    // Held to put in or take out, never while anything is called or dropped.
    state: Mutex<State<I, K, O>>,
    /// Who waits for a frame,
    takers: Condvar,
    /// for room to bring one,
    givers: Condvar,
    /// and for a result.
    outlet: Condvar,
}

#[derive(Debug)]
struct State<I, K, O> {
    heart: Heart<I, K, O>,
    closed: bool,
    /// Made when first asked for.
    descriptor: Option<EventFd>,
}

/// What ended a wait for a result.
#[derive(Debug, PartialEq, Eq)]
pub enum Next<K, O> {
    /// This frame leaves.
    Left(Left<K, O>),
    /// The time is over.
    Timeout,
    /// All has left, and nothing more comes; or it was closed.
    Over,
}

/// A frame that was taken.
#[derive(Debug)]
pub struct Taken<I> {
    /// Its id.
    pub id: u32,
    /// The frame.
    pub item: I,
    /// When it came.
    pub came: Time,
    /// When it was taken.
    pub taken: Time,
}

impl<I, K, O> Hall<I, K, O> {
    /// An empty one.
    pub fn new(pace: Pace) -> Hall<I, K, O> {
        let state = State { heart: Heart::new(pace), closed: false, descriptor: None };
        Hall {
            state: Mutex::new(state),
            takers: Condvar::new(),
            givers: Condvar::new(),
            outlet: Condvar::new(),
        }
    }

    /// Brings a frame, in place of one that waits. False: it has ended.
    pub fn give(&self, item: I) -> bool {
        let mut state = self.state.lock();
        let outcome = state.arrive(item);
        drop(state);
        self.takers.notify_one();
        // What was replaced, or refused, goes after the lock.
        outcome.is_ok()
    }

    /// Brings a frame once none waits.
    ///
    /// # Errors
    /// `Timeout`; `Closed`: it has ended.
    pub fn give_in_turn(&self, item: I, deadline: Option<Time>) -> Result<()> {
        let mut state = self.state.lock();
        while !state.heart.has_room() && !state.closed {
            match clock::until(deadline) {
                None => self.givers.wait(&mut state),
                Some(left) if left.is_zero() => {
                    return Err(Error::new(Status::Timeout, "no frame was taken in time"));
                }
                Some(left) => drop(self.givers.wait_for(&mut state, left)),
            }
        }
        let outcome = state.arrive(item);
        drop(state);
        self.takers.notify_one();
        outcome.map(drop).map_err(|_| over())
    }

    /// Takes a frame to be processed, waiting until `deadline` (`None`: without end).
    ///
    /// # Errors
    /// `Timeout`; `Closed`: there will be none any more.
    pub fn take(&self, deadline: Option<Time>, keep: impl FnOnce(&I) -> K) -> Result<Taken<I>> {
        let mut state = self.state.lock();
        loop {
            if state.closed || state.heart.is_drained() {
                return Err(over());
            }
            if state.heart.can_take() {
                break;
            }
            match clock::until(deadline) {
                None => self.takers.wait(&mut state),
                Some(left) if left.is_zero() => {
                    return Err(Error::new(Status::Timeout, "no frame came in time"));
                }
                Some(left) => drop(self.takers.wait_for(&mut state, left)),
            }
        }
        let taken = clock::now();
        let (id, item, came) = state.heart.take(taken, keep).expect("looked at under the same lock");
        state.show();
        let drained = state.heart.is_drained();
        drop(state);
        if drained {
            self.takers.notify_all();
        }
        self.givers.notify_one();
        // Its deadline may be the first.
        self.outlet.notify_one();
        Ok(Taken { id, item, came, taken })
    }

    /// Brings what became of a frame. False: it does not matter any more.
    pub fn finish(&self, id: u32, end: End<O>) -> bool {
        let mut state = self.state.lock();
        let outcome = state.heart.finish(id, end);
        drop(state);
        self.outlet.notify_one();
        outcome.is_ok()
    }

    /// Waits for a frame to leave, at most until `deadline`.
    pub fn next(&self, deadline: Option<Time>) -> Next<K, O> {
        let mut state = self.state.lock();
        loop {
            if state.closed {
                return Next::Over;
            }
            let dropped = state.heart.tick(clock::now());
            let next = match state.heart.next() {
                Some(left) => Some(Next::Left(left)),
                None => state.heart.is_over().then_some(Next::Over),
            };
            if let Some(next) = next {
                state.show();
                let waits = state.heart.can_take();
                let drained = state.heart.is_drained();
                drop(state);
                drop(dropped);
                if drained {
                    self.takers.notify_all();
                } else if waits {
                    self.takers.notify_one();
                }
                return next;
            }
            let first = [deadline, state.heart.deadline()].into_iter().flatten().min();
            match clock::until(first) {
                None => self.outlet.wait(&mut state),
                Some(left) if left.is_zero() => return Next::Timeout,
                Some(left) => drop(self.outlet.wait_for(&mut state, left)),
            }
        }
    }

    /// Begins the end: see [`Heart::end`].
    pub fn end(&self, drain: bool, by: Time) {
        let mut state = self.state.lock();
        let dropped = state.heart.end(drain, by);
        state.show();
        drop(state);
        drop(dropped);
        self.wake_all();
    }

    /// Ends it at once: nobody gets anything any more.
    pub fn close(&self) {
        let mut state = self.state.lock();
        state.closed = true;
        let now = clock::now();
        let waited = state.heart.end(false, now);
        state.heart.tick(now);
        let gone: Vec<_> = std::iter::from_fn(|| state.heart.next()).collect();
        // Raised before it is closed, so that a poll in another thread returns.
        state.show();
        state.descriptor = None;
        drop(state);
        drop((waited, gone));
        self.wake_all();
    }

    /// Whether its end has begun.
    pub fn is_ending(&self) -> bool {
        let state = self.state.lock();
        state.closed || state.heart.is_ending()
    }

    /// A descriptor that is readable while a frame can be taken, or none will come any more.
    ///
    /// # Errors
    /// `Io`: the process has no descriptors left. `Closed`.
    pub fn descriptor(&self) -> Result<RawFd> {
        let mut state = self.state.lock();
        if state.closed {
            return Err(over());
        }
        if state.descriptor.is_none() {
            state.descriptor = Some(EventFd::new().map_err(|e| Error::io("eventfd", &e))?);
            state.show();
        }
        Ok(state.descriptor.as_ref().expect("made above").fd())
    }

    /// Where every frame went, and how many a second came lately.
    pub fn counts(&self) -> (Counts, Option<f64>) {
        let state = self.state.lock();
        (state.heart.counts(), state.heart.measured_fps())
    }

    fn wake_all(&self) {
        self.takers.notify_all();
        self.givers.notify_all();
        self.outlet.notify_all();
    }
}

impl<I, K, O> State<I, K, O> {
    fn arrive(&mut self, item: I) -> std::result::Result<Option<I>, I> {
        let outcome = self.heart.arrive(item, clock::now());
        self.show();
        outcome
    }

    fn show(&self) {
        let over = self.closed || self.heart.is_drained();
        match &self.descriptor {
            Some(descriptor) if over || self.heart.can_take() => descriptor.raise(),
            Some(descriptor) => descriptor.lower(),
            None => {}
        }
    }
}

fn over() -> Error {
    Error::new(Status::Closed, "the processor has ended")
}
