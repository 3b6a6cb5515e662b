//! What waits between a decoder thread and the application: bounded, the oldest goes, counted.

use crate::error::{Error, Result, Status};
use crate::native::eventfd::EventFd;
use crate::receive::TrackState;
use crate::sync::{Condvar, Mutex};
use crate::time::{Time, clock};
use std::collections::VecDeque;
use std::os::fd::RawFd;
use std::sync::atomic::{AtomicBool, Ordering};

/// Something decoded.
pub trait Weigh {
    /// What it counts against the lane's bound.
    fn weight(&self) -> usize;
}

/// How a thread of ours waits for what is in a lane.
#[derive(Debug, Default)]
pub struct Wait {
    /// Whether it waits for the next track when one is over.
    pub outlives_track: bool,
    over: AtomicBool,
}

impl Wait {
    /// One that outlives tracks, or not.
    pub fn new(outlives_track: bool) -> Wait {
        Wait { outlives_track, over: AtomicBool::new(false) }
    }

    /// Ends it: whoever waits with it is to be nudged.
    pub fn end(&self) {
        self.over.store(true, Ordering::Release);
    }

    fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }
}

/// Where every item went: `offered == taken + overwritten + waiting`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LaneCounts {
    /// Put in.
    pub offered: u64,
    /// Taken out by the application.
    pub taken: u64,
    /// Dropped untaken, because newer ones came or the sink was closed.
    pub overwritten: u64,
    /// In the lane now.
    pub waiting: u64,
}

/// Pictures or sound on their way to the application. One track feeds it at a time; any number of
/// threads take.
#[derive(Debug)]
pub struct Lane<T> {
    // Held to put in or take out, and while a change of state is told, so that events tell states in
    // order. Lock order: this, then the queue of events.
    state: Mutex<State<T>>,
    changed: Condvar,
}

#[derive(Debug)]
struct State<T> {
    waiting: VecDeque<T>,
    weight: usize,
    bound: usize,
    /// Which track feeds it: counts the tracks so far.
    feed: u64,
    track: TrackState,
    why: String,
    closed: bool,
    /// Made when first asked for.
    descriptor: Option<EventFd>,
    counts: LaneCounts,
}

impl<T: Weigh> Lane<T> {
    /// An empty one that holds items of `bound` altogether, and one always.
    pub fn new(bound: usize) -> Lane<T> {
        let state = State {
            waiting: VecDeque::new(),
            weight: 0,
            bound,
            feed: 0,
            track: TrackState::Waiting,
            why: String::new(),
            closed: false,
            descriptor: None,
            counts: LaneCounts::default(),
        };
        Lane { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Has a new track feed it, in the place of one that may still do: the number to call it by.
    pub fn attach(&self) -> u64 {
        let mut state = self.state.lock();
        state.feed += 1;
        state.track = TrackState::Waiting;
        state.show();
        state.feed
    }

    /// Puts one in. False: the lane is closed, or another track feeds it.
    pub fn put(&self, feed: u64, item: T) -> bool {
        let mut gone = Vec::new();
        let mut state = self.state.lock();
        if state.closed || state.feed != feed {
            return false;
        }
        state.counts.offered += 1;
        state.weight += item.weight();
        while state.weight > state.bound
            && let Some(oldest) = state.waiting.pop_front()
        {
            state.weight -= oldest.weight();
            state.counts.overwritten += 1;
            gone.push(oldest);
        }
        state.waiting.push_back(item);
        state.show();
        drop(state);
        self.changed.notify_one();
        // `gone` goes after the lock.
        true
    }

    /// Takes the oldest, waiting until `deadline` (`None`: without end). What waits is taken before
    /// the end of its track is told.
    pub fn next(&self, deadline: Option<Time>) -> Result<T> {
        self.next_for(deadline, &Wait::default())
    }

    /// The same for a thread of ours.
    pub fn next_for(&self, deadline: Option<Time>, wait: &Wait) -> Result<T> {
        let mut state = self.state.lock();
        loop {
            if state.closed {
                return Err(Error::new(Status::Closed, "the sink is closed"));
            }
            if wait.is_over() {
                // The wake-up that came here may have been for another.
                self.changed.notify_one();
                return Err(Error::new(Status::Closed, "nobody waits any more"));
            }
            if let Some(item) = state.waiting.pop_front() {
                state.weight -= item.weight();
                state.counts.taken += 1;
                state.show();
                return Ok(item);
            }
            if state.track.is_over() && !wait.outlives_track {
                return Err(Error::new(Status::Closed, state.why.clone()));
            }
            match clock::until(deadline) {
                None => self.changed.wait(&mut state),
                Some(left) if left.is_zero() => {
                    return Err(Error::new(Status::Timeout, "nothing came in time"));
                }
                Some(left) => drop(self.changed.wait_for(&mut state, left)),
            }
        }
    }

    /// Has everybody who waits look again.
    pub fn nudge(&self) {
        // Whoever has looked waits now, or has not looked yet.
        drop(self.state.lock());
        self.changed.notify_all();
    }

    /// Enters a state of the track `feed` and calls `tell`, unless it is in that state, has failed, or is
    /// not the one that feeds. One that ended may begin anew.
    pub fn enter(&self, feed: u64, track: TrackState, why: &str, tell: impl FnOnce()) {
        let mut state = self.state.lock();
        let stays = state.track == track || state.track == TrackState::Failed;
        if state.closed || state.feed != feed || stays {
            return;
        }
        state.track = track;
        state.why = why.to_owned();
        tell();
        state.show();
        drop(state);
        self.changed.notify_all();
    }

    /// Where its track stands.
    pub fn track(&self) -> TrackState {
        self.state.lock().track
    }

    /// Where every item went.
    pub fn counts(&self) -> LaneCounts {
        let state = self.state.lock();
        LaneCounts { waiting: state.waiting.len() as u64, ..state.counts }
    }

    /// A descriptor that is readable while something waits, or nothing more will come.
    pub fn descriptor(&self) -> Result<RawFd> {
        let mut state = self.state.lock();
        if state.closed {
            return Err(Error::new(Status::Closed, "the sink is closed"));
        }
        if state.descriptor.is_none() {
            state.descriptor = Some(EventFd::new().map_err(|e| Error::io("eventfd", &e))?);
            state.show();
        }
        Ok(state.descriptor.as_ref().expect("made above").fd())
    }

    /// Ends it: waiters wake, what waits is dropped, nothing is taken in any more.
    pub fn close(&self) {
        let mut state = self.state.lock();
        state.closed = true;
        let gone = std::mem::take(&mut state.waiting);
        state.counts.overwritten += gone.len() as u64;
        // Raised before it is closed, so that a poll in another thread returns.
        state.show();
        state.descriptor = None;
        drop(state);
        self.changed.notify_all();
        drop(gone);
    }
}

impl<T> State<T> {
    fn show(&self) {
        let over = self.closed || self.track.is_over();
        match &self.descriptor {
            Some(descriptor) if over || !self.waiting.is_empty() => descriptor.raise(),
            Some(descriptor) => descriptor.lower(),
            None => {}
        }
    }
}
