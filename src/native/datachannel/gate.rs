//! The end of the process: libdatachannel's own threads run while `exit` takes its globals apart,
//! and what then touches them crashes. So its connections are deleted first, and our threads are
//! stopped where they would call it.

use super::{live, reaper};
use parking_lot::{RwLock, RwLockReadGuard};
use std::sync::OnceLock;
use std::time::Duration;

/// How long `exit` may be held up: an exit handler must not hang.
const PATIENCE: Duration = Duration::from_millis(500);

/// The process whose connections these are.
static OWNER: OnceLock<u32> = OnceLock::new();

// Held for reading while a thread of ours calls libdatachannel to send or negotiate; for writing
// from the exit handler on, for ever. Taken before any other lock.
static GATE: RwLock<()> = RwLock::new(());

/// Leave to call libdatachannel. A thread that asks for it when the process ends waits for that end.
/// Recursive: a thread that has leave gets more.
pub fn pass() -> RwLockReadGuard<'static, ()> {
    GATE.read_recursive()
}

/// Has `exit` delete all connections before it takes libdatachannel apart. To be called after
/// libdatachannel and OpenSSL have registered their own handlers: the last one runs first.
pub fn guard_exit() {
    OWNER.get_or_init(|| {
        // SAFETY: the handler lives as long as the program: the library is never unloaded.
        unsafe { libc::atexit(at_exit) };
        std::process::id()
    });
}

extern "C" fn at_exit() {
    // In the child of a fork none of our threads runs, and any lock may be held for ever.
    if OWNER.get() != Some(&std::process::id()) {
        return;
    }
    if let Some(gate) = GATE.try_write_for(PATIENCE) {
        std::mem::forget(gate);
    }
    let all = live().write().drain().map(|(_, entry)| entry.remains).collect();
    reaper::bury_last(all, PATIENCE);
}
