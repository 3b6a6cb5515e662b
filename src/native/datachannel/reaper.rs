//! The thread that frees connections: freeing waits for running callbacks, and nobody else may.

use crate::error::{Error, Result, Status};
use datachannel_sys as sys;
use parking_lot::{Condvar, Mutex};
use std::ffi::c_int;
use std::sync::OnceLock;

/// How many closed connections may wait to be freed before new ones are refused.
const BACKLOG: usize = 1_024;

/// A connection that nobody uses any more.
pub struct Remains {
    pub connection: c_int,
    pub tracks: Vec<c_int>,
}

struct Reaper {
    // Held to put in or take out, never while something is freed. The length is bounded by the
    // connections that live plus BACKLOG, because `admit` refuses new ones past it.
    waiting: Mutex<Vec<Remains>>,
    wake: Condvar,
}

static REAPER: OnceLock<Reaper> = OnceLock::new();

/// Makes sure that the thread runs and is not too far behind for one more connection.
pub fn admit() -> Result<()> {
    let mut failed = None;
    let reaper = REAPER.get_or_init(|| {
        let thread = std::thread::Builder::new().name("framewire-reaper".into());
        failed = thread.spawn(|| REAPER.wait().run()).err();
        Reaper { waiting: Mutex::default(), wake: Condvar::new() }
    });
    if let Some(error) = failed {
        return Err(Error::io("start the thread that frees connections", &error));
    }
    if reaper.waiting.lock().len() >= BACKLOG {
        return Err(Error::new(Status::Limit, format!("{BACKLOG} closed connections wait to be freed")));
    }
    Ok(())
}

/// Frees `remains` soon.
pub fn bury(remains: Remains) {
    if let Some(reaper) = REAPER.get() {
        reaper.waiting.lock().push(remains);
        reaper.wake.notify_one();
    }
}

impl Reaper {
    fn run(&self) {
        loop {
            let batch = {
                let mut waiting = self.waiting.lock();
                while waiting.is_empty() {
                    self.wake.wait(&mut waiting);
                }
                std::mem::take(&mut *waiting)
            };
            for Remains { connection, tracks } in batch {
                // Tracks first: deleting the connection alone leaks their ids.
                for track in tracks {
                    // SAFETY: ids of ours, never used twice; a stale one is an error code.
                    unsafe { sys::rtcDeleteTrack(track) };
                }
                // SAFETY: as above.
                unsafe {
                    sys::rtcClosePeerConnection(connection);
                    sys::rtcDeletePeerConnection(connection);
                }
            }
        }
    }
}
