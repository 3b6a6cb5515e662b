//! Framed messages of one channel: cut into chunks, which take turns with those of the connection's other
//! channels.

use super::{Channel, Shared};
use crate::error::{Error, Status};
use crate::message::chunk::Outgoing;
use crate::message::sender::{End, Mode, Outcome, Sender, SenderOptions};
use crate::time::{Time, clock};
use parking_lot::{Condvar, Mutex};
use std::time::Duration;

/// A message that did not go out, or not whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsent {
    /// How many of its chunks did.
    pub chunks: u32,
    /// Why no more did.
    pub error: Error,
}

/// What a thread that sends a framed message waits for.
#[derive(Debug, Default)]
pub(super) struct Pace {
    // Held to look or change; taken inside libdatachannel's locks.
    state: Mutex<Beats>,
    changed: Condvar,
}

#[derive(Clone, Copy, Debug, Default)]
struct Beats {
    /// Something happened on the channel, so often.
    stirs: u64,
    /// The program called off what was being sent, so often.
    cancels: u64,
}

impl Pace {
    pub fn stir(&self) {
        self.state.lock().stirs += 1;
        self.changed.notify_all();
    }

    fn cancel(&self) {
        self.state.lock().cancels += 1;
        self.stir();
    }

    fn seen(&self) -> Beats {
        *self.state.lock()
    }

    /// Waits for something to happen that is not `seen`.
    fn wait(&self, seen: Beats, deadline: Option<Time>) {
        let mut state = self.state.lock();
        while state.stirs == seen.stirs {
            match clock::until(deadline) {
                None => self.changed.wait(&mut state),
                Some(left) if left.is_zero() => return,
                Some(left) => drop(self.changed.wait_for(&mut state, left)),
            }
        }
    }
}

impl Channel {
    /// Sends one message in chunks (see [`crate::message`]), and waits until the transport has the last:
    /// that is not delivery. How many chunks it was. `timeout` is how long it may wait while no chunk goes
    /// out.
    ///
    /// # Errors
    /// Each tells how many chunks went out. `Timeout`: the receiver did not take more. `Closed`: the
    /// channel ended. `Cancelled`: [`Channel::cancel`] was called. `InvalidState`: it is not open yet.
    /// `Limit`: more than [`MAX_MESSAGE`](crate::message::MAX_MESSAGE) bytes. `InvalidArgument`: `id` is
    /// the highest there is.
    pub fn send_framed(
        &self,
        id: u32,
        message: impl AsRef<[u8]> + Send + Sync + 'static,
        timeout: Duration,
    ) -> Result<u32, Unsent> {
        let nothing = |error| Unsent { chunks: 0, error };
        let shared = self.shared();
        let begun = shared.pace.seen();
        shared.inbox.check_open().map_err(nothing)?;
        let options = SenderOptions { timeout, ..SenderOptions::new(Mode::File) };
        let options = options.within(self.longest()).map_err(nothing)?;
        let now = clock::now();
        let mut sender = Sender::new(options, now).map_err(nothing)?;
        let mut ended = None;
        let mut out = |outcome| ended = Some(outcome);
        let ticket = sender.push(Outgoing::new(id, message), now, &mut out).map_err(nothing)?;
        let mut scratch = Vec::new();
        while !sender.is_idle() {
            let (seen, now) = (shared.pace.seen(), clock::now());
            if shared.inbox.check_open().is_err() {
                sender.close(&mut out);
            } else if seen.cancels != begun.cancels {
                sender.cancel(ticket, &mut out);
            }
            sender.tick(now, &mut out);
            if !self.pump(&mut sender, &mut scratch, now, &mut out) {
                sender.close(&mut out);
            }
            if !sender.is_idle() {
                shared.pace.wait(seen, sender.deadline());
            }
        }
        let Outcome { chunks, end, .. } = ended.expect("a message that is not waited for has ended");
        let error = match end {
            End::Sent | End::Acknowledged | End::Lingered => return Ok(chunks),
            End::TimedOut => Error::new(Status::Timeout, "the receiver did not take more in time"),
            End::Cancelled | End::Replaced => Error::new(Status::Cancelled, "it was called off"),
            End::Closed => shared.inbox.check_open().err().unwrap_or_else(closed),
        };
        Err(Unsent { chunks, error })
    }

    /// Calls off the framed messages that are being sent on it: who waits for them wakes. A part of them
    /// may have gone out.
    pub fn cancel(&self) {
        self.shared().pace.cancel();
    }

    /// Hands over what may be handed over now. The listener is stirred when more may be. False: the channel
    /// is not open.
    pub(crate) fn pump(
        &self,
        sender: &mut Sender,
        scratch: &mut Vec<u8>,
        now: Time,
        out: &mut dyn FnMut(Outcome),
    ) -> bool {
        let shared: &Shared = self.shared();
        let link = shared.link.lock().clone();
        let Some((link, hub)) = link.and_then(|link| link.hub.upgrade().map(|hub| (link, hub))) else {
            return false;
        };
        while !sender.is_idle() {
            if !hub.ask(link.channel) {
                return true;
            }
            let Some(chunk) = sender.next(link.channel.buffered()) else { break };
            chunk.chunk().write(scratch);
            let sent = link.channel.send(scratch);
            match sent {
                true => {
                    shared.inbox.sent(scratch.len());
                    sender.sent(now, out);
                }
                false => sender.rejected(now, out),
            }
            hub.pass(link.channel, sent);
            if !sent {
                return false;
            }
        }
        hub.pass(link.channel, false);
        true
    }
}

fn closed() -> Error {
    Error::new(Status::Closed, "the channel is closed")
}
