//! A bounded queue that rings once: who fills an empty one must wake the reader, nobody else need to.

use crate::sync::Mutex;
use std::collections::VecDeque;

/// The queue.
pub struct Ring<T> {
    // Held to put in or take out.
    state: Mutex<State<T>>,
    bound: usize,
}

struct State<T> {
    items: VecDeque<T>,
    /// Whether the reader has been told, and has not looked since.
    rung: bool,
    dropped: u64,
}

impl<T> Ring<T> {
    /// An empty one. Of the items that may be dropped, `bound` wait at most.
    pub fn new(bound: usize) -> Ring<T> {
        Ring { state: Mutex::new(State { items: VecDeque::new(), rung: false, dropped: 0 }), bound }
    }

    /// Puts an item in, or drops and counts it if it may be dropped and too many wait. True: the
    /// reader must be woken.
    #[must_use]
    pub fn put(&self, item: T, may_drop: bool) -> bool {
        let mut state = self.state.lock();
        if may_drop && state.items.len() >= self.bound {
            state.dropped += 1;
            return false;
        }
        state.items.push_back(item);
        !std::mem::replace(&mut state.rung, true)
    }

    /// Takes all that waits in exchange for `empty`; how many were dropped since the last time.
    pub fn take(&self, empty: &mut VecDeque<T>) -> u64 {
        let mut state = self.state.lock();
        state.rung = false;
        std::mem::swap(&mut state.items, empty);
        std::mem::take(&mut state.dropped)
    }
}
