//! One frame to all, waiting for none: the outlets a source's packets leave through.
//!
//! An outlet is a sender thread with the viewers it serves. A source knows its outlets, not its
//! viewers: however many watch, a frame is handed over once an outlet.

use crate::id::Id;
use crate::media::MediaFrame;
use crate::time::Time;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Where packetized frames go: one sender thread.
pub trait Outlet: Send + Sync {
    /// Hands one frame over. Video waits until `deadline` for room (the next frame is better
    /// skipped before the encoder than after it); sound never waits. False: there was none, and
    /// the frame was dropped and counted.
    fn deliver(&self, frame: &Arc<MediaFrame>, deadline: Time) -> bool;

    /// Which outlet this is.
    fn id(&self) -> Id;
}

/// Each outlet and how many streams leave through it.
type Outlets = Vec<(Arc<dyn Outlet>, usize)>;

/// The outlets of one source, each with the number of streams that it sends on.
#[derive(Default)]
pub struct Fanout {
    // Held while the list is read or changed, never while a frame is handed over.
    outlets: Mutex<Arc<Outlets>>,
    viewers: AtomicUsize,
}

impl Fanout {
    /// One more stream behind `outlet`: the source's picture or sound to some peer. `viewer`: it is the
    /// first to that peer.
    pub fn join(&self, outlet: &Arc<dyn Outlet>, viewer: bool) {
        self.viewers.fetch_add(viewer.into(), Ordering::Relaxed);
        let mut outlets = self.outlets.lock();
        let outlets = Arc::make_mut(&mut outlets);
        match outlets.iter_mut().find(|(o, _)| o.id() == outlet.id()) {
            Some((_, streams)) => *streams += 1,
            None => outlets.push((outlet.clone(), 1)),
        }
    }

    /// One stream less behind the outlet of that id. `viewer`: it was the last to its peer.
    pub fn leave(&self, outlet: Id, viewer: bool) {
        self.viewers.fetch_sub(viewer.into(), Ordering::Relaxed);
        let mut outlets = self.outlets.lock();
        let outlets = Arc::make_mut(&mut outlets);
        if let Some(at) = outlets.iter().position(|(o, _)| o.id() == outlet) {
            outlets[at].1 -= 1;
            if outlets[at].1 == 0 {
                outlets.swap_remove(at);
            }
        }
    }

    /// How many peers watch.
    pub fn viewers(&self) -> usize {
        self.viewers.load(Ordering::Relaxed)
    }

    /// Hands `frame` to every outlet; how many had no room.
    pub fn deliver(&self, frame: &Arc<MediaFrame>, deadline: Time) -> usize {
        let outlets = self.outlets.lock().clone();
        outlets.iter().filter(|(outlet, _)| !outlet.deliver(frame, deadline)).count()
    }
}
