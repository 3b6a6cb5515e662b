//! What waits for a sender thread: one state under one lock, one wake-up for all of it.

use super::seat::Seat;
use crate::id::Id;
use crate::media::{Kind, MediaFrame};
use crate::time::{Time, clock};
use parking_lot::{Condvar, Mutex};
use std::collections::VecDeque;
use std::sync::Arc;

/// Pictures of one source that may wait: the one place between mailbox and wire.
const PICTURES: usize = 1;
/// Frames of sound of one source that may wait: half a second.
const SOUNDS: usize = 25;

/// Work for a sender thread that peers bring. Each peer brings one of each at most.
pub enum Command {
    /// Serve this peer.
    Join(Box<Seat>),
    /// Say goodbye to this peer.
    Leave(Id),
}

/// What one wake-up brings.
#[derive(Default)]
pub struct Batch {
    /// Peers that come and go, in order.
    pub commands: VecDeque<Command>,
    /// Peers that have something on their line.
    pub ready: VecDeque<Id>,
    /// At most one frame, so that the rest waits where it is bounded.
    pub frame: Option<Arc<MediaFrame>>,
}

/// The inbox of one sender thread.
#[derive(Default)]
pub struct Inbox {
    // Held to put in or take out, never while anything is sent. No other lock is taken inside it.
    state: Mutex<State>,
    wake: Condvar,
    room: Condvar,
}

#[derive(Default)]
struct State {
    commands: VecDeque<Command>,
    /// Bounded by the number of peers: a line says it is ready once until it is read.
    ready: VecDeque<Id>,
    frames: VecDeque<Arc<MediaFrame>>,
}

impl Inbox {
    /// Brings a command.
    pub fn command(&self, command: Command) {
        self.state.lock().commands.push_back(command);
        self.wake.notify_one();
    }

    /// Says that `peer`'s line has something.
    pub fn ready(&self, peer: Id) {
        self.state.lock().ready.push_back(peer);
        self.wake.notify_one();
    }

    /// Brings a frame. A picture waits for room until `deadline`; false: there was none.
    pub fn frame(&self, frame: &Arc<MediaFrame>, deadline: Time) -> bool {
        let mut state = self.state.lock();
        while state.full(frame) {
            let wait = deadline.since(clock::now());
            if frame.kind == Kind::Audio || wait.is_zero() {
                return false;
            }
            self.room.wait_for(&mut state, wait);
        }
        state.frames.push_back(frame.clone());
        self.wake.notify_one();
        true
    }

    /// Waits until there is work or `deadline` passes, and takes it.
    pub fn wait(&self, deadline: Option<Time>, batch: &mut Batch) {
        let mut state = self.state.lock();
        while state.commands.is_empty() && state.ready.is_empty() && state.frames.is_empty() {
            match clock::until(deadline) {
                None => self.wake.wait(&mut state),
                Some(wait) if wait.is_zero() => return,
                Some(wait) => drop(self.wake.wait_for(&mut state, wait)),
            }
        }
        std::mem::swap(&mut state.commands, &mut batch.commands);
        std::mem::swap(&mut state.ready, &mut batch.ready);
        batch.frame = state.frames.pop_front();
        if batch.frame.is_some() {
            self.room.notify_all();
        }
    }
}

impl State {
    fn full(&self, frame: &MediaFrame) -> bool {
        let same = |waiting: &&Arc<MediaFrame>| waiting.source == frame.source && waiting.kind == frame.kind;
        let bound = match frame.kind {
            Kind::Video => PICTURES,
            Kind::Audio => SOUNDS,
        };
        self.frames.iter().filter(same).count() >= bound
    }
}
