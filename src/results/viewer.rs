//! One peer that a feed goes to: its channel and the stage that paces it.

use super::{Figures, Shared};
use crate::channel::{Channel, ChannelState, Listener};
use crate::message::chunk::Outgoing;
use crate::message::fair::AT_ONCE;
use crate::message::sender::{End, Outcome, Sender};
use crate::time::Time;
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
    /// The last message, if it came before the channel was open or goes out now.
    last: Option<(Outgoing, Duration)>,
    last_ticket: Option<u64>,
    /// When its timer stands.
    pub armed: Option<Time>,
    /// How its last message ended.
    pub ended: Option<End>,
}

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
        Viewer { channel, doorbell, sender: None, last: None, last_ticket: None, armed: None, ended: None }
    }

    /// The thread looks: what happens from now on rings again.
    pub fn look(&self) {
        self.doorbell.rung.store(false, Ordering::Release);
    }

    /// Takes a result, if the channel is open.
    pub fn push(&mut self, result: &Outgoing, now: Time, figures: &Figures) {
        let Some(sender) = &mut self.sender else { return };
        let (last, ended) = (self.last_ticket, &mut self.ended);
        if sender.push(result.clone(), now, &mut |outcome| count(figures, outcome, last, ended)).is_err() {
            figures.dropped.add_one();
        }
    }

    /// Takes the last message.
    pub fn finish(&mut self, last: &Outgoing, linger: Duration, now: Time) {
        match &mut self.sender {
            Some(sender) => match sender.finish(last.clone(), linger, now) {
                Ok(ticket) => self.last_ticket = Some(ticket),
                Err(_) => self.ended = Some(End::Closed),
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
                if let Some((last, linger)) = self.last.take() {
                    self.finish(&last, linger, now);
                }
            }
            (ChannelState::Open, Some(_)) => {}
        }
        let Some(sender) = &mut self.sender else { return true };
        let (last, ended) = (self.last_ticket, &mut self.ended);
        let figures = &shared.figures;
        let mut out = |outcome| count(figures, outcome, last, ended);
        let ignored = sender.stats().acks_ignored;
        while let Ok(message) = self.channel.next(Some(Duration::ZERO)) {
            sender.ack(&message.data, &mut out);
        }
        figures.acks_ignored.add(sender.stats().acks_ignored - ignored);
        sender.tick(now, &mut out);
        // What the other channels of the connection have queued goes before: the queue is one.
        while self.channel.connection_buffered() < AT_ONCE
            && let Some(chunk) = sender.next(self.channel.buffered())
        {
            scratch.clear();
            chunk.chunk().write(scratch);
            if !self.channel.post(scratch) {
                sender.rejected(now, &mut out);
                break;
            }
            sender.sent(now, &mut out);
        }
        true
    }

    /// When something is due, if nothing happens before.
    pub fn deadline(&self) -> Option<Time> {
        self.sender.as_ref().and_then(Sender::deadline)
    }

    fn close(&mut self, figures: &Figures) {
        let (last, ended) = (self.last_ticket, &mut self.ended);
        if let Some(sender) = &mut self.sender {
            sender.close(&mut |outcome| count(figures, outcome, last, ended));
        }
        self.ended.get_or_insert(End::Closed);
    }
}

fn count(figures: &Figures, outcome: Outcome, last: Option<u64>, ended: &mut Option<End>) {
    match outcome.end {
        End::Sent | End::Acknowledged | End::Lingered => figures.sent.add_one(),
        End::Replaced | End::TimedOut | End::Closed | End::Cancelled => figures.dropped.add_one(),
    }
    if last == Some(outcome.ticket) {
        *ended = Some(outcome.end);
    }
}
