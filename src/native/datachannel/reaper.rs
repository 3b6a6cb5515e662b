//! The threads that free connections: freeing waits for running callbacks, and nobody else may.
//!
//! Connections with a TURN server have one of their own. libjuice serves them all on one thread, which
//! holds one lock while it calls back; DTLS on a full queue can stop that thread for ever, and then none
//! of them can be freed any more. Those that share a port are not touched by it.

use crate::error::{Error, Result, Status};
use datachannel_sys as sys;
use parking_lot::{Condvar, Mutex, MutexGuard};
use std::collections::VecDeque;
use std::ffi::c_int;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// How many closed connections may wait to be freed before new ones are refused.
const BACKLOG: usize = 1_024;

/// A connection that nobody uses any more, or a channel of one.
#[derive(Default)]
pub struct Remains {
    pub connection: Option<c_int>,
    pub track: Option<c_int>,
    pub channels: Vec<c_int>,
    /// Whether it had a TURN server.
    pub relayed: bool,
}

#[derive(Default)]
struct Waiting {
    list: VecDeque<Remains>,
    /// Whether one is being freed right now.
    busy: bool,
}

struct Reaper {
    // Held to put in or take out, never while something is freed. The length is bounded by the
    // connections that live plus BACKLOG, because `admit` refuses new ones past it.
    waiting: Mutex<Waiting>,
    wake: Condvar,
    /// Told each time that nothing is left to free.
    done: Condvar,
}

/// One for what shares a port, one for what may hang.
static REAPERS: [OnceLock<Reaper>; 2] = [OnceLock::new(), OnceLock::new()];

fn reaper(relayed: bool) -> &'static OnceLock<Reaper> {
    &REAPERS[usize::from(relayed)]
}

/// Makes sure that the thread runs and is not too far behind for one more connection.
pub fn admit(relayed: bool) -> Result<()> {
    let mut failed = None;
    let reaper = reaper(relayed).get_or_init(|| {
        let name = if relayed { "fw-reaper-turn" } else { "fw-reaper" };
        let thread = std::thread::Builder::new().name(name.into());
        failed = thread.spawn(move || reaper(relayed).wait().run()).err();
        Reaper { waiting: Mutex::default(), wake: Condvar::new(), done: Condvar::new() }
    });
    if let Some(error) = failed {
        return Err(Error::io("start the thread that frees connections", &error));
    }
    if reaper.waiting.lock().list.len() >= BACKLOG {
        return Err(Error::new(Status::Limit, format!("{BACKLOG} closed connections wait to be freed")));
    }
    Ok(())
}

/// Frees `remains` soon.
pub fn bury(remains: Remains) {
    if let Some(reaper) = reaper(remains.relayed).get() {
        reaper.waiting.lock().list.push_back(remains);
        reaper.wake.notify_one();
    }
}

/// Frees `all`, and whatever waits, before the process ends: waits until it is done, at most
/// `patience`.
pub fn bury_last(all: Vec<Remains>, patience: Duration) {
    let deadline = Instant::now() + patience;
    all.into_iter().for_each(bury);
    for reaper in REAPERS.iter().filter_map(OnceLock::get) {
        let mut waiting = reaper.waiting.lock();
        reaper.done.wait_while_until(
            &mut waiting,
            |waiting| waiting.busy || !waiting.list.is_empty(),
            deadline,
        );
    }
}

impl Reaper {
    fn run(&self) {
        let mut waiting = self.waiting.lock();
        loop {
            let remains = waiting.list.pop_front();
            waiting.busy = remains.is_some();
            match remains {
                Some(remains) => MutexGuard::unlocked(&mut waiting, || free(&remains)),
                None => {
                    self.done.notify_all();
                    self.wake.wait(&mut waiting);
                }
            }
        }
    }
}

/// Channels and track first: deleting the connection alone leaks their ids.
fn free(remains: &Remains) {
    for channel in &remains.channels {
        // SAFETY: ids of ours, never used twice; a stale one is an error code.
        unsafe { sys::rtcDeleteDataChannel(*channel) };
    }
    if let Some(track) = remains.track {
        // SAFETY: ids of ours, never used twice; a stale one is an error code.
        unsafe { sys::rtcDeleteTrack(track) };
    }
    if let Some(connection) = remains.connection {
        // SAFETY: as above.
        unsafe {
            sys::rtcClosePeerConnection(connection);
            sys::rtcDeletePeerConnection(connection);
        }
    }
}
