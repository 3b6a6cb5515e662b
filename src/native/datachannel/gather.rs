//! Gathering candidates from STUN and TURN servers, which takes as long as they like.

use parking_lot::{Condvar, Mutex, MutexGuard};
use std::collections::VecDeque;
use std::sync::Weak;
use std::time::Duration;

/// More candidates than libjuice gathers.
const MOST: usize = 64;

/// Hears of candidates that came after the description was taken. On libdatachannel's threads:
/// copy, wake somebody, return.
pub trait Trickle: Send + Sync {
    /// A candidate, `candidate:…`; the empty text says that it was the last.
    fn candidate(&self, candidate: &str);
}

/// How far the gathering of one connection is.
pub struct Gathering {
    // Held to look or change, never while `trickle` is told.
    state: Mutex<State>,
    changed: Condvar,
    trickle: Weak<dyn Trickle>,
}

#[derive(Default)]
struct State {
    done: bool,
    /// Nobody wants it any more.
    stopped: bool,
    /// What was taken as the description.
    described: Option<String>,
    /// What came and was not told: before the description was taken, it may be in that.
    waiting: VecDeque<String>,
    /// Whether a thread tells what waits, so that it is told in order.
    telling: bool,
}

impl std::fmt::Debug for Gathering {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Gathering")
    }
}

impl Gathering {
    pub fn new(trickle: Weak<dyn Trickle>) -> Gathering {
        Gathering { state: Mutex::default(), changed: Condvar::new(), trickle }
    }

    /// Waits until all is gathered, for at most `patience`, or until [`Gathering::stop`].
    pub fn wait(&self, patience: Duration) {
        let mut state = self.state.lock();
        self.changed.wait_while_for(&mut state, |state| !state.done && !state.stopped, patience);
    }

    /// Ends the wait.
    pub fn stop(&self) {
        self.state.lock().stopped = true;
        self.changed.notify_all();
    }

    /// Takes note of the description as it was taken: what is not in it is told from now on.
    pub fn described(&self, description: &str) {
        let mut state = self.state.lock();
        state.described = Some(description.to_owned());
        self.tell(state);
    }

    /// A candidate was found.
    pub fn found(&self, candidate: &str) {
        let mut state = self.state.lock();
        if state.waiting.len() < MOST {
            state.waiting.push_back(candidate.to_owned());
        }
        self.tell(state);
    }

    /// That was all.
    pub fn finish(&self) {
        let mut state = self.state.lock();
        if !state.done {
            state.done = true;
            state.waiting.push_back(String::new());
        }
        self.changed.notify_all();
        self.tell(state);
    }

    fn tell(&self, mut state: MutexGuard<'_, State>) {
        if state.telling {
            return;
        }
        state.telling = true;
        while let Some(candidate) = state.untold() {
            MutexGuard::unlocked(&mut state, || {
                if let Some(trickle) = self.trickle.upgrade() {
                    trickle.candidate(&candidate);
                }
            });
        }
        state.telling = false;
    }
}

impl State {
    /// The next that the description does not have.
    fn untold(&mut self) -> Option<String> {
        let described = self.described.as_ref()?;
        while let Some(candidate) = self.waiting.pop_front() {
            let attribute = if candidate.is_empty() { "end-of-candidates" } else { candidate.as_str() };
            if !described.lines().any(|line| line.strip_prefix("a=") == Some(attribute)) {
                return Some(candidate);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[derive(Default)]
    struct Heard(Mutex<Vec<String>>);

    impl Trickle for Heard {
        fn candidate(&self, candidate: &str) {
            self.0.lock().push(candidate.to_owned());
        }
    }

    fn gathering() -> (Arc<Heard>, Gathering) {
        let heard = Arc::new(Heard::default());
        let trickle: Arc<dyn Trickle> = heard.clone();
        (heard, Gathering::new(Arc::downgrade(&trickle)))
    }

    #[test]
    fn what_the_description_lacks_is_told_once_and_in_order() {
        let (heard, gathering) = gathering();
        gathering.found("candidate:1 host");
        gathering.found("candidate:2 srflx");
        gathering.described("a=candidate:1 host\r\n");
        gathering.found("candidate:3 relay");
        gathering.finish();
        gathering.finish();
        assert_eq!(*heard.0.lock(), ["candidate:2 srflx", "candidate:3 relay", ""]);
    }

    #[test]
    fn a_whole_description_leaves_nothing_to_tell_though_the_news_come_after_it() {
        let (heard, gathering) = gathering();
        gathering.described("a=candidate:1 host\r\na=end-of-candidates\r\n");
        gathering.found("candidate:1 host");
        gathering.finish();
        assert!(heard.0.lock().is_empty());
    }

    #[test]
    fn who_waits_wakes_with_the_last_candidate_and_with_a_stop() {
        for end in [Gathering::finish, Gathering::stop] {
            let (_, gathering) = gathering();
            std::thread::scope(|scope| {
                scope.spawn(|| gathering.wait(Duration::MAX));
                end(&gathering);
            });
        }
    }
}
