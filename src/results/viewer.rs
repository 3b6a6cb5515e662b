//! One peer that a feed goes to: its channel and the stage that paces it.

use super::{Figures, Shared};
use crate::channel::{Channel, ChannelState, Listener};
use crate::message::chunk::Outgoing;
use crate::message::sender::{End, Mode, Outcome, Sender};
use crate::time::Time;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// One peer.
#[derive(Debug)]
pub struct Viewer {
    channel: Channel,
    doorbell: Arc<Doorbell>,
    /// From when the channel is open.
    sender: Option<Sender>,
    /// What came before that: the newest, or all that there is room for.
    early: VecDeque<Outgoing>,
    /// What the sender has not given away yet.
    waiting: Waiting,
    /// The last message, if it came before the channel was open or goes out now.
    last: Option<(Outgoing, Duration)>,
    /// When its timer stands.
    pub armed: Option<Time>,
}

/// The messages in a sender, by ticket, and their bytes; what became of the last.
#[derive(Debug, Default)]
struct Waiting {
    tickets: Vec<(u64, usize)>,
    bytes: usize,
    last_ticket: Option<u64>,
    ended: Option<End>,
    timed_out: bool,
}

/// Results that may wait for one viewer in file mode.
const ROOM: usize = 16;

/// Wakes the feed's thread for one viewer, once until it has looked.
#[derive(Debug)]
pub struct Doorbell {
    number: u64,
    rung: AtomicBool,
    shared: std::sync::Weak<Shared>,
}

impl Listener for Doorbell {
    fn stir(&self) {
        if !self.rung.swap(true, Ordering::AcqRel)
            && let Some(shared) = self.shared.upgrade()
        {
            shared.state.lock().ready.push(self.number);
            shared.wake.notify_one();
        }
    }
}

impl Viewer {
    /// Viewer `number` behind `channel`, which may be open, or closed, already.
    pub fn new(number: u64, channel: Channel, shared: &Arc<Shared>) -> Viewer {
        let shared = Arc::downgrade(shared);
        let doorbell = Arc::new(Doorbell { number, rung: AtomicBool::new(false), shared });
        channel.listen(doorbell.clone());
        let (early, waiting) = (VecDeque::new(), Waiting::default());
        Viewer { channel, doorbell, sender: None, early, waiting, last: None, armed: None }
    }

    /// Whether another result of so many bytes can be taken without losing one.
    pub fn has_room(&self, bytes: usize, shared: &Shared) -> bool {
        let early: usize = self.early.iter().map(|result| (*result.bytes).as_ref().len()).sum();
        let (count, waiting) = (self.waiting.tickets.len() + self.early.len(), self.waiting.bytes + early);
        count == 0 || count < ROOM && waiting + bytes <= shared.options.max_message
    }

    /// Whether a result waits here to go out.
    pub fn holds(&self) -> bool {
        !self.early.is_empty() || !self.waiting.tickets.is_empty()
    }

    /// How its last message ended, if it has.
    pub fn ended(&self) -> Option<End> {
        self.waiting.ended
    }

    /// The thread looks: what happens from now on rings again.
    pub fn look(&self) {
        self.doorbell.rung.store(false, Ordering::Release);
    }

    /// Takes a result.
    pub fn push(&mut self, result: &Outgoing, now: Time, shared: &Shared) {
        let figures = &shared.figures;
        let Some(sender) = &mut self.sender else {
            if shared.options.mode == Mode::Live {
                figures.dropped.add(self.early.len() as u64);
                self.early.clear();
            }
            return self.early.push_back(result.clone());
        };
        let waiting = &mut self.waiting;
        match sender.push(result.clone(), now, &mut |outcome| waiting.over(figures, outcome)) {
            Ok(ticket) => self.waiting.begin(ticket, result),
            Err(_) => figures.dropped.add_one(),
        }
    }

    /// Takes the last message.
    pub fn finish(&mut self, last: &Outgoing, linger: Duration, now: Time) {
        match &mut self.sender {
            Some(sender) => match sender.finish(last.clone(), linger, now) {
                Ok(ticket) => self.waiting.last_ticket = Some(ticket),
                Err(_) => self.waiting.ended = Some(End::Closed),
            },
            None => self.last = Some((last.clone(), linger)),
        }
    }

    /// Does what can be done now. False: it is over.
    pub fn run(&mut self, shared: &Shared, now: Time, scratch: &mut Vec<u8>) -> bool {
        match (self.channel.state(), &self.sender) {
            (ChannelState::Opening, _) => return true,
            (ChannelState::Closed, _) => {
                self.close(&shared.figures);
                return false;
            }
            (ChannelState::Open, None) => {
                let options = shared.sender_options(self.channel.longest());
                let Ok(sender) = options.and_then(|options| Sender::new(options, now)) else {
                    log::warn!("results {:#x}: the remote takes no message of a chunk's size", shared.id.0);
                    self.close(&shared.figures);
                    return false;
                };
                self.sender = Some(sender);
                while let Some(result) = self.early.pop_front() {
                    self.push(&result, now, shared);
                }
                if let Some((last, linger)) = self.last.take() {
                    self.finish(&last, linger, now);
                }
            }
            (ChannelState::Open, Some(_)) => {}
        }
        let Some(sender) = &mut self.sender else { return true };
        let (figures, waiting) = (&shared.figures, &mut self.waiting);
        let mut out = |outcome| waiting.over(figures, outcome);
        let ignored = sender.stats().acks_ignored;
        while let Ok(message) = self.channel.next(Some(Duration::ZERO)) {
            sender.ack(&message.data, &mut out);
        }
        figures.acks_ignored.add(sender.stats().acks_ignored - ignored);
        sender.tick(now, &mut out);
        self.channel.pump(sender, scratch, now, &mut out);
        if self.waiting.timed_out && shared.options.mode == Mode::File {
            // It would hold all the others up with each further result.
            self.close(figures);
            return false;
        }
        true
    }

    /// When something is due, if nothing happens before.
    pub fn deadline(&self) -> Option<Time> {
        self.sender.as_ref().and_then(Sender::deadline)
    }

    fn close(&mut self, figures: &Figures) {
        let waiting = &mut self.waiting;
        if let Some(sender) = &mut self.sender {
            sender.close(&mut |outcome| waiting.over(figures, outcome));
        }
        figures.dropped.add(self.early.len() as u64);
        self.early.clear();
        self.waiting.ended.get_or_insert(End::Closed);
    }
}

impl Waiting {
    fn begin(&mut self, ticket: u64, result: &Outgoing) {
        let bytes = (*result.bytes).as_ref().len();
        self.tickets.push((ticket, bytes));
        self.bytes += bytes;
    }

    fn over(&mut self, figures: &Figures, outcome: Outcome) {
        match outcome.end {
            End::Sent | End::Acknowledged | End::Lingered => figures.sent.add_one(),
            End::Replaced | End::TimedOut | End::Closed | End::Cancelled => figures.dropped.add_one(),
        }
        if let Some(at) = self.tickets.iter().position(|(ticket, _)| *ticket == outcome.ticket) {
            self.bytes -= self.tickets.remove(at).1;
        }
        self.timed_out |= outcome.end == End::TimedOut;
        if self.last_ticket == Some(outcome.ticket) {
            self.ended = Some(outcome.end);
        }
    }
}
