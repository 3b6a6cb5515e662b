//! Locks whose wake-ups can be muted: a planted bug. Beside `locks`, which has those that cannot.

pub use crate::locks::{Mutex, MutexGuard};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

pub static MUTE_ONE: AtomicBool = AtomicBool::new(false);
pub static MUTE_ALL: AtomicBool = AtomicBool::new(false);

#[derive(Debug)]
pub struct Condvar(crate::locks::Condvar);

impl Condvar {
    pub fn new() -> Self {
        Condvar(crate::locks::Condvar::new())
    }

    pub fn wait<T>(&self, guard: &mut MutexGuard<'_, T>) {
        self.0.wait(guard);
    }

    pub fn wait_for<T>(&self, guard: &mut MutexGuard<'_, T>, time: Duration) -> bool {
        self.0.wait_for(guard, time)
    }

    pub fn notify_one(&self) {
        if !MUTE_ONE.load(Relaxed) {
            self.0.notify_one();
        }
    }

    pub fn notify_all(&self) {
        if !MUTE_ALL.load(Relaxed) {
            self.0.notify_all();
        }
    }
}
