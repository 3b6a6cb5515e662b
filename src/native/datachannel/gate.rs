//! The end of the process: libdatachannel's own threads run while `exit` takes its globals apart,
//! and what then touches them crashes. So its connections are deleted first, and our threads are
//! stopped where they would call it.

use super::{live, reaper};
use crate::native::process;
use parking_lot::{RwLock, RwLockReadGuard};
use std::sync::Once;
use std::time::Duration;

/// How long `exit` may be held up: an exit handler must not hang.
const PATIENCE: Duration = Duration::from_millis(500);

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
    static ONCE: Once = Once::new();
    ONCE.call_once(|| process::at_exit(at_exit));
}

fn at_exit() {
    if let Some(gate) = GATE.try_write_for(PATIENCE) {
        std::mem::forget(gate);
    }
    let all = live().write().drain().map(|(_, entry)| entry.remains).collect();
    reaper::bury_last(all, PATIENCE);
}
