//! The resolver as threads see it: waits, events, and one thread that knows the time.

use super::book::Book;
use super::{Arrival, Key, Outcome, ResolverStats};
use crate::error::{Error, Result, Status};
use crate::events::{Event, EventKind, Events};
use crate::id::Id;
use crate::sync::{Condvar, Mutex, spawn};
use crate::time::{Time, clock};
use std::sync::Arc;
use std::time::Duration;

/// How many tracks of either kind are kept: with an owner, and without.
const MAX_TRACKS: usize = 65_536;
/// How many resolves may wait at once.
const MAX_WAITING: u64 = 65_536;

/// What a [`Resolver`] is made from.
#[derive(Clone, Debug, Default)]
pub struct ResolverOptions {
    /// Its id in events; `None`: a fresh one.
    pub id: Option<Id>,
    /// Where the outcomes of [`Resolver::resolve_async`] go.
    pub events: Option<Arc<Events>>,
    /// How long a track waits for its owner; `None`: 60 s.
    pub ttl: Option<Duration>,
}

/// Tells which track is whose. Cloning gives another handle to the same one.
#[derive(Clone, Debug)]
pub struct Resolver(Arc<Handle>);

/// Ends it when the last handle goes: its thread holds [`Shared`] only.
#[derive(Debug)]
struct Handle(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    id: Id,
    events: Option<Arc<Events>>,
    // Held to look or change, and while an event is posted: after a cancel has returned, no outcome comes
    // that it should have ended.
    state: Mutex<State>,
    /// Rung when the thread's next moment may have changed.
    clock: Condvar,
}

#[derive(Debug)]
struct State {
    book: Book<Waiting>,
    has_thread: bool,
    closed: bool,
    next_request: u64,
}

/// Who waits.
#[derive(Debug)]
enum Waiting {
    Thread(Arc<Place>),
    Event(u64),
}

/// Where a thread that waits finds the outcome.
#[derive(Debug)]
struct Place {
    // Taken under the state's lock, or alone.
    outcome: Mutex<Option<Outcome>>,
    there: Condvar,
}

impl Resolver {
    /// One that knows of nothing.
    pub fn new(options: ResolverOptions) -> Resolver {
        let book = Book::new(options.ttl.unwrap_or(Duration::from_secs(60)), MAX_TRACKS);
        let state = State { book, has_thread: false, closed: false, next_request: 0 };
        let shared = Shared {
            id: options.id.unwrap_or_else(Id::fresh),
            events: options.events,
            state: Mutex::new(state),
            clock: Condvar::new(),
        };
        Resolver(Arc::new(Handle(Arc::new(shared))))
    }

    /// A media track arrived, or more became known of it. Wakes whoever it is for.
    pub fn register(&self, arrival: Arrival) {
        self.change(|book, now| book.register(arrival, now));
    }

    /// A media track is gone, for good. Whether it waited for an owner.
    pub fn withdraw(&self, track: &str) -> bool {
        self.change(|book, now| book.withdraw(track, now))
    }

    /// The id of the track of `key`, waiting for at most `timeout`; zero looks once. `hint`: a label that
    /// it is said to bear, or its id.
    ///
    /// # Errors
    /// `Timeout`, with what there was instead; `Cancelled`; `Closed`; `Limit`: too many wait.
    pub fn resolve(&self, key: Key, hint: Option<&str>, timeout: Duration) -> Result<Arc<str>> {
        let place = Arc::new(Place { outcome: Mutex::new(None), there: Condvar::new() });
        self.begin(key, hint, timeout, Waiting::Thread(place.clone()))?;
        let mut outcome = place.outcome.lock();
        loop {
            match outcome.take() {
                Some(Outcome::Track(track)) => return Ok(track),
                Some(Outcome::Cancelled) => return Err(Error::new(Status::Cancelled, "it was cancelled")),
                Some(Outcome::TimedOut(text)) => return Err(Error::new(Status::Timeout, text)),
                Some(Outcome::Closed) => return Err(closed()),
                None => place.there.wait(&mut outcome),
            }
        }
    }

    /// As [`Resolver::resolve`], but the outcome is an event: `value` is the number that this answers.
    pub fn resolve_async(&self, key: Key, hint: Option<&str>, timeout: Duration) -> Result<u64> {
        if self.shared().events.is_none() {
            let sentence = "without events there is nowhere to put the outcome";
            return Err(Error::new(Status::InvalidState, sentence));
        }
        let request = {
            let mut state = self.shared().state.lock();
            state.next_request += 1;
            state.next_request
        };
        self.begin(key, hint, timeout, Waiting::Event(request))?;
        Ok(request)
    }

    /// The track of `key` is sent no more. Its id, if that was known; it can be resolved again.
    pub fn unpublish(&self, key: &Key) -> Option<Arc<str>> {
        self.change(|book, now| book.unpublish(key, now))
    }

    /// Ends every resolve of a participant, and drops its tracks that wait for an owner. Not remembered.
    pub fn cancel(&self, user: &str, session: &str) {
        self.change(|book, now| book.cancel(user, session, now));
    }

    /// Drops what is known of a participant that left.
    pub fn forget(&self, user: &str, session: &str) {
        self.change(|book, now| book.forget(user, session, now));
    }

    /// The figures as they stand.
    pub fn stats(&self) -> ResolverStats {
        self.shared().state.lock().book.stats()
    }

    /// Ends every resolve with `Closed`, and those that come.
    pub fn close(&self) {
        self.shared().close();
    }

    fn begin(&self, key: Key, hint: Option<&str>, timeout: Duration, waiting: Waiting) -> Result<()> {
        let shared = self.shared();
        let mut state = shared.state.lock();
        if state.closed {
            return Err(closed());
        }
        if state.book.stats().waiting >= MAX_WAITING {
            return Err(Error::new(Status::Limit, format!("{MAX_WAITING} resolves wait already")));
        }
        if !state.has_thread && !timeout.is_zero() {
            let shared = shared.clone();
            spawn("fw-resolve", move || shared.run()).map_err(|e| Error::io("starting a thread", &e))?;
            state.has_thread = true;
        }
        state.book.resolve(key, hint.map(Into::into), timeout, waiting, clock::now());
        shared.tell(&mut state);
        Ok(())
    }

    fn change<R>(&self, change: impl FnOnce(&mut Book<Waiting>, Time) -> R) -> R {
        let mut state = self.shared().state.lock();
        let result = change(&mut state.book, clock::now());
        self.shared().tell(&mut state);
        result
    }

    fn shared(&self) -> &Arc<Shared> {
        &self.0.0
    }
}

impl Shared {
    /// Hands out the outcomes that there are. The thread has its next moment looked up.
    fn tell(&self, state: &mut State) {
        for (waiting, outcome) in state.book.take_done() {
            match waiting {
                Waiting::Thread(place) => {
                    *place.outcome.lock() = Some(outcome);
                    place.there.notify_one();
                }
                Waiting::Event(request) => self.post(request, outcome),
            }
        }
        self.clock.notify_one();
    }

    fn post(&self, request: u64, outcome: Outcome) {
        let (kind, text) = match outcome {
            Outcome::Track(track) => (EventKind::Resolved, track.to_string()),
            Outcome::Cancelled => (EventKind::ResolveCancelled, "it was cancelled".into()),
            Outcome::TimedOut(text) => (EventKind::ResolveTimedOut, text),
            Outcome::Closed => (EventKind::ResolveCancelled, closed().sentence().into()),
        };
        if let Some(events) = &self.events {
            events.post(Event { kind, object: self.id, stream: None, value: request as i64, text });
        }
    }

    fn run(&self) {
        let mut state = self.state.lock();
        while !state.closed {
            state.book.tick(clock::now());
            let due = state.book.deadline();
            self.tell(&mut state);
            match clock::until(due) {
                None => self.clock.wait(&mut state),
                Some(left) => drop(self.clock.wait_for(&mut state, left)),
            }
        }
    }

    fn close(&self) {
        let mut state = self.state.lock();
        state.closed = true;
        state.book.close();
        self.tell(&mut state);
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.close();
    }
}

fn closed() -> Error {
    Error::new(Status::Closed, "the resolver is closed")
}
