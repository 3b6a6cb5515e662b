//! One slot, newest wins: the hand-off between whoever pushes and the one thread that takes.
//!
//! Item, signal and end are one state under one lock, and a wait looks at all of it after every
//! wake: no wake-up can be lost, and none is spent without a look.

use crate::sync::{Condvar, Mutex};
use crate::time::{Time, clock};

/// What became of a pushed item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// It waits alone.
    Stored,
    /// It took the place of one that had not been taken.
    Evicted,
}

/// What ended a wait.
#[derive(Debug, PartialEq, Eq)]
pub enum Take<T> {
    /// The newest item.
    Item(T),
    /// [`Mailbox::signal`] was called since the last `Signal`.
    Signal,
    /// The deadline has passed and nothing came.
    Timeout,
    /// The mailbox is closed.
    Closed,
}

/// Where every item went: `pushed == taken + evicted + refused + waiting`, at every moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Calls of [`Mailbox::push`].
    pub pushed: u64,
    /// Handed to the taker.
    pub taken: u64,
    /// Dropped untaken: a newer one took its place, or the mailbox was closed.
    pub evicted: u64,
    /// Handed back because the mailbox was closed.
    pub refused: u64,
    /// In the slot now: 0 or 1.
    pub waiting: u64,
}

/// One slot. Any number of threads push, signal and close; one takes.
#[derive(Debug)]
pub struct Mailbox<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
}

#[derive(Debug)]
struct State<T> {
    slot: Option<T>,
    signalled: bool,
    closed: bool,
    counts: Counts,
}

impl<T> Mailbox<T> {
    /// An empty one.
    pub fn new() -> Self {
        let state = State { slot: None, signalled: false, closed: false, counts: Counts::default() };
        Mailbox { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Stores `item` in place of one that still waits, and wakes the taker. Never blocks for longer
    /// than another thread needs to do the same.
    ///
    /// # Errors
    /// Closed: the item is handed back.
    pub fn push(&self, item: T) -> Result<Pushed, T> {
        let mut state = self.state.lock();
        state.counts.pushed += 1;
        if state.closed {
            state.counts.refused += 1;
            return Err(item);
        }
        let old = state.slot.replace(item);
        state.counts.evicted += u64::from(old.is_some());
        drop(state);
        self.changed.notify_one();
        // `old` goes after the lock: dropping it may call the application.
        Ok(if old.is_some() { Pushed::Evicted } else { Pushed::Stored })
    }

    /// Waits until there is something to tell, at most until `deadline`. The end comes before a
    /// signal, and a signal before an item, so that new settings hold for the frame that waits.
    pub fn take(&self, deadline: Option<Time>) -> Take<T> {
        let mut state = self.state.lock();
        loop {
            if state.closed {
                return Take::Closed;
            }
            if std::mem::take(&mut state.signalled) {
                return Take::Signal;
            }
            if let Some(item) = state.slot.take() {
                state.counts.taken += 1;
                return Take::Item(item);
            }
            match clock::until(deadline) {
                None => self.changed.wait(&mut state),
                Some(left) if left.is_zero() => return Take::Timeout,
                Some(left) => _ = self.changed.wait_for(&mut state, left),
            }
        }
    }

    /// Wakes the taker without an item: settings have changed, a keyframe is wanted. Signals that
    /// have not been taken are one.
    pub fn signal(&self) {
        self.state.lock().signalled = true;
        self.changed.notify_one();
    }

    /// Ends it: waiters wake, a waiting item is dropped, later pushes are refused. Idempotent.
    pub fn close(&self) {
        let mut state = self.state.lock();
        state.closed = true;
        let old = state.slot.take();
        state.counts.evicted += u64::from(old.is_some());
        drop(state);
        self.changed.notify_all();
    }

    /// Where every item went so far.
    pub fn counts(&self) -> Counts {
        let state = self.state.lock();
        Counts { waiting: u64::from(state.slot.is_some()), ..state.counts }
    }
}

impl<T> Default for Mailbox<T> {
    fn default() -> Self {
        Mailbox::new()
    }
}
