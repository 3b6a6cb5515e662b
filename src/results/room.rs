//! For who brings results at the pace of those who take them.

use super::{Command, Finished, Results};
use crate::error::Result;
use crate::message::chunk::Outgoing;
use crate::time::{Time, clock};
use crossbeam_channel::{Receiver, bounded};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

impl Results {
    /// Waits until every result has gone out to every peer, or `hurry` is set. False: `deadline` came first.
    pub(crate) fn wait_for_room(&self, deadline: Option<Time>, hurry: &AtomicBool) -> bool {
        let shared = self.shared();
        let mut state = shared.state.lock();
        loop {
            let busy = state.results > 0 || state.held;
            if !busy || state.closed || hurry.load(Ordering::Acquire) {
                return true;
            }
            match clock::until(deadline) {
                None => shared.room.wait(&mut state),
                Some(left) if left.is_zero() => return false,
                Some(left) => drop(shared.room.wait_for(&mut state, left)),
            }
        }
    }

    /// Has those who wait for room look at their `hurry`.
    pub(crate) fn nudge(&self) {
        // Whoever has looked waits now, or has not looked yet.
        drop(self.shared().state.lock());
        self.shared().room.notify_all();
    }

    /// [`Results::finish`] without the wait: how the last message went comes here.
    pub(crate) fn begin_finish(&self, last: Vec<u8>, linger: Duration) -> Result<Receiver<Finished>> {
        let shared = self.shared();
        shared.check_length(last.len())?;
        let (done, finished) = bounded(1);
        {
            let mut state = shared.state.lock();
            state.check()?;
            state.finishing = true;
            // Frames count from 1, and a receiver can acknowledge from 1 on.
            let id = state.highest.map_or(1, |highest| highest + 1);
            let last = Outgoing::new(id, last);
            state.commands.push_back(Command::Finish { last, linger, done });
        }
        shared.wake.notify_one();
        Ok(finished)
    }

    /// How long that may take.
    pub(crate) fn patience(&self, linger: Duration) -> Duration {
        self.shared().options.timeout + linger
    }
}
