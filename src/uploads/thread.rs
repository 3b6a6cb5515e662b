//! The thread of a receiver: it alone touches the files.

use super::client::{Client, Next};
use super::{Arrival, Shared};
use crate::error::{Error, Result};
use crate::time::{Time, clock};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Starts it. It ends when the receiver is closed.
pub fn start(shared: &Arc<Shared>) -> Result<()> {
    let shared = shared.clone();
    std::thread::Builder::new()
        .name("fw-uploads".into())
        .spawn(move || {
            if catch_unwind(AssertUnwindSafe(|| Writer::new(&shared).run())).is_err() {
                log::error!("uploads {:#x}: a defect stopped the receiver", shared.id.0);
            }
            end(&shared);
        })
        .map(drop)
        .map_err(|error| Error::io("starting a thread for uploads", &error))
}

/// Removes what nobody took.
fn end(shared: &Shared) {
    let mut state = shared.state.lock();
    state.closed = true;
    let (files, arrivals) = (state.table.clear(), std::mem::take(&mut state.arrivals));
    state.show();
    drop(state);
    drop((files, arrivals));
    shared.state.lock().ended = true;
    shared.changed.notify_all();
}

struct Writer<'a> {
    shared: &'a Arc<Shared>,
    clients: HashMap<u64, Client>,
    next: u64,
    /// Clients of whom something waits, in turn. One may be in it twice: that costs one look.
    turns: VecDeque<u64>,
    /// When a client has something due. A stale entry costs one look.
    timers: BinaryHeap<Reverse<(Time, u64)>>,
}

impl<'a> Writer<'a> {
    fn new(shared: &'a Arc<Shared>) -> Writer<'a> {
        let (clients, turns, timers) = (HashMap::new(), VecDeque::new(), BinaryHeap::new());
        Writer { shared, clients, next: 0, turns, timers }
    }

    fn run(&mut self) {
        while let Some(arrivals) = self.wait() {
            for arrival in arrivals {
                self.next += 1;
                self.clients.insert(self.next, Client::new(self.next, arrival, self.shared));
                self.turns.push_back(self.next);
            }
            let now = clock::now();
            if let Some(number) = self.turns.pop_front() {
                self.turn(number, now);
            }
            while let Some(&Reverse((at, number))) = self.timers.peek()
                && at <= now
            {
                self.timers.pop();
                self.tick(number, at, now);
            }
        }
        self.clients.values_mut().for_each(|client| client.abort(self.shared));
    }

    /// Waits for something to do; `None`: the receiver is closed.
    fn wait(&mut self) -> Option<Vec<Arrival>> {
        let deadline = self.timers.peek().map(|Reverse((at, _))| *at);
        let mut state = self.shared.state.lock();
        while !state.closed && self.turns.is_empty() && state.arrivals.is_empty() && state.ready.is_empty() {
            match clock::until(deadline) {
                None => self.shared.wake.wait(&mut state),
                Some(left) if left.is_zero() => break,
                Some(left) => drop(self.shared.wake.wait_for(&mut state, left)),
            }
        }
        self.turns.extend(state.ready.drain(..));
        (!state.closed).then(|| std::mem::take(&mut state.arrivals))
    }

    fn turn(&mut self, number: u64, now: Time) {
        if let Some(client) = self.clients.get_mut(&number) {
            let next = client.run(self.shared, now);
            self.after(number, next);
        }
    }

    /// A timer of that client stood at `at`; its deadline may have moved since.
    fn tick(&mut self, number: u64, at: Time, now: Time) {
        let Some(client) = self.clients.get_mut(&number).filter(|client| client.armed == Some(at)) else {
            return;
        };
        client.armed = None;
        let next = client.tick(self.shared, now);
        self.after(number, next);
    }

    fn after(&mut self, number: u64, next: Next) {
        match (next, self.clients.get_mut(&number)) {
            // A deadline only ever moves back: one timer a client is enough.
            (Next::Wait, Some(client)) if client.armed.is_none() => {
                client.armed = client.deadline();
                self.timers.extend(client.armed.map(|at| Reverse((at, number))));
            }
            (Next::Wait, _) => {}
            (Next::Turn, _) => self.turns.push_back(number),
            (Next::Over, _) => drop(self.clients.remove(&number)),
        }
    }
}
