//! The thread of a feed.

use super::viewer::Viewer;
use super::{Command, Finished, Shared};
use crate::error::{Error, Result};
use crate::message::chunk::Outgoing;
use crate::message::gzip;
use crate::message::sender::{End, Mode};
use crate::time::{Time, clock};
use crossbeam_channel::Sender;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Starts it. It ends when the feed is closed.
pub fn start(shared: &Arc<Shared>) -> Result<()> {
    let shared = shared.clone();
    std::thread::Builder::new()
        .name("fw-results".into())
        .spawn(move || {
            if catch_unwind(AssertUnwindSafe(|| Feed::new(&shared).run())).is_err() {
                log::error!("results {:#x}: a defect stopped the feed", shared.id.0);
            }
            shared.close();
        })
        .map(drop)
        .map_err(|error| Error::io("starting a thread for results", &error))
}

struct Feed<'a> {
    shared: &'a Arc<Shared>,
    viewers: HashMap<u64, Viewer>,
    next: u64,
    /// In order. In file mode a result waits here until every viewer has room for it, and those that come
    /// meanwhile are bounded by [`super::WAITING`].
    commands: VecDeque<Command>,
    /// When a viewer has something due. A stale entry costs one look.
    timers: BinaryHeap<Reverse<(Time, u64)>>,
    scratch: Vec<u8>,
    /// Who waits for the last message, and how far it has come.
    finishing: Option<(Sender<Finished>, Finished)>,
}

/// What one wake-up brings.
#[derive(Default)]
struct Batch {
    commands: VecDeque<Command>,
    ready: Vec<u64>,
}

impl<'a> Feed<'a> {
    fn new(shared: &'a Arc<Shared>) -> Feed<'a> {
        let (viewers, timers) = (HashMap::new(), BinaryHeap::new());
        let commands = VecDeque::new();
        Feed { shared, viewers, next: 0, commands, timers, scratch: Vec::new(), finishing: None }
    }

    /// Whether the next command can be taken without losing a result to anybody.
    fn can_take(&self) -> bool {
        match (self.commands.front(), self.shared.options.mode) {
            (Some(Command::Send(result)), Mode::File) => {
                let bytes = (*result.bytes).as_ref().len();
                self.viewers.values().all(|viewer| viewer.has_room(bytes, self.shared))
            }
            _ => true,
        }
    }

    fn run(&mut self) {
        let mut batch = Batch::default();
        while self.wait(&mut batch) {
            let now = clock::now();
            self.commands.append(&mut batch.commands);
            for number in batch.ready.drain(..) {
                self.visit(number, now);
            }
            while let Some(&Reverse((at, number))) = self.timers.peek()
                && at <= now
            {
                self.timers.pop();
                if let Some(viewer) = self.viewers.get_mut(&number) {
                    viewer.armed = viewer.armed.filter(|armed| *armed != at);
                }
                self.visit(number, now);
            }
            while self.can_take()
                && let Some(command) = self.commands.pop_front()
            {
                if matches!(command, Command::Send(_)) {
                    let mut state = self.shared.state.lock();
                    state.results -= 1;
                    state.held = true;
                }
                self.command(command, now);
            }
            self.tell_room();
            self.tell_finished();
        }
    }

    /// Waits for something to do. False: the feed is closed.
    fn wait(&self, batch: &mut Batch) -> bool {
        let deadline = self.timers.peek().map(|Reverse((at, _))| *at);
        let mut state = self.shared.state.lock();
        while !state.closed && state.commands.is_empty() && state.ready.is_empty() {
            match clock::until(deadline) {
                None => self.shared.wake.wait(&mut state),
                Some(left) if left.is_zero() => break,
                Some(left) => drop(self.shared.wake.wait_for(&mut state, left)),
            }
        }
        std::mem::swap(&mut state.commands, &mut batch.commands);
        std::mem::swap(&mut state.ready, &mut batch.ready);
        !state.closed
    }

    fn command(&mut self, command: Command, now: Time) {
        match command {
            Command::Attach(channel) => {
                self.next += 1;
                self.viewers.insert(self.next, Viewer::new(self.next, channel, self.shared));
                self.shared.figures.viewers.add_one();
                self.visit(self.next, now);
            }
            Command::Send(result) => {
                let result = self.packed(result);
                self.all(now, |viewer, shared| viewer.push(&result, now, shared));
            }
            Command::Finish { last, linger, done } => {
                self.finishing = Some((done, Finished::default()));
                self.all(now, |viewer, _| viewer.finish(&last, linger, now));
            }
        }
    }

    /// Compresses a result once, for all.
    fn packed(&self, result: Outgoing) -> Outgoing {
        match self.shared.options.gzip {
            true => Outgoing::new(result.id, gzip::pack((*result.bytes).as_ref())),
            false => result,
        }
    }

    fn all(&mut self, now: Time, mut act: impl FnMut(&mut Viewer, &Shared)) {
        let numbers: Vec<u64> = self.viewers.keys().copied().collect();
        for number in numbers {
            if let Some(viewer) = self.viewers.get_mut(&number) {
                act(viewer, self.shared);
            }
            self.visit(number, now);
        }
    }

    /// Does what can be done for a viewer now.
    fn visit(&mut self, number: u64, now: Time) {
        let Some(viewer) = self.viewers.get_mut(&number) else { return };
        viewer.look();
        let lives = viewer.run(self.shared, now, &mut self.scratch);
        if let Some(at) = viewer.deadline().filter(|_| lives)
            && viewer.armed.is_none_or(|armed| at < armed)
        {
            viewer.armed = Some(at);
            self.timers.push(Reverse((at, number)));
        }
        if lives && (self.finishing.is_none() || viewer.ended().is_none()) {
            return;
        }
        if let Some(viewer) = self.viewers.remove(&number) {
            self.shared.figures.gone.add_one();
            if let Some((_, finished)) = &mut self.finishing {
                match viewer.ended() {
                    Some(End::Acknowledged) => finished.acknowledged += 1,
                    Some(End::Lingered | End::Sent) => finished.lingered += 1,
                    _ => finished.failed += 1,
                }
            }
        }
    }

    fn tell_room(&self) {
        let holds = !self.commands.is_empty() || self.viewers.values().any(|viewer| viewer.holds());
        let before = std::mem::replace(&mut self.shared.state.lock().held, holds);
        if before && !holds {
            self.shared.room.notify_all();
        }
    }

    fn tell_finished(&mut self) {
        if self.viewers.is_empty()
            && let Some((done, finished)) = self.finishing.take()
        {
            // Who does not wait any more does not need to know.
            let _ = done.send(finished);
        }
    }
}
