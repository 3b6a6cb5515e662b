//! The framed sender of one channel: what may be handed to the transport now, and what became of messages.

mod options;
mod outcome;

pub use options::{Mode, SenderOptions};
pub use outcome::{End, Outcome, SenderStats};

use super::ack::Window;
use super::chunk::{self, ChunkRef, Outgoing};
use crate::error::{Error, Result, Status};
use crate::time::Time;
use std::collections::VecDeque;
use std::time::Duration;

/// The sender of one open channel.
///
/// Each message that was taken ends in exactly one [`Outcome`], told to the `out` of the call that ends
/// it.
#[derive(Debug)]
pub struct Sender {
    options: SenderOptions,
    window: Window,
    /// In order; only the first can have begun.
    queue: VecDeque<Pending>,
    /// A chunk of the first is in the hands of the transport.
    lent: bool,
    /// Over the high-water mark, until the buffer has sunk to a quarter of it.
    paused: bool,
    /// When a chunk last went out.
    progress: Time,
    tickets: u64,
    /// The highest frame id so far.
    highest: Option<u32>,
    finish: Finish,
    stats: SenderStats,
}

#[derive(Debug)]
struct Pending {
    ticket: u64,
    message: Outgoing,
    total: u32,
    sent: u32,
    taken: Time,
    /// It ends so once the transport has said what became of the chunk it holds.
    ending: Option<End>,
}

/// How far the end has come.
#[derive(Debug)]
enum Finish {
    No,
    /// The last message waits or goes out.
    Sending {
        ticket: u64,
        linger: Duration,
    },
    /// It went out, and is waited for until then.
    Lingering {
        outcome: Outcome,
        until: Time,
    },
    Ended,
}

impl Sender {
    /// A sender of a channel that has just opened.
    pub fn new(options: SenderOptions, now: Time) -> Result<Sender> {
        options.check()?;
        Ok(Sender {
            window: Window::new(options.window)?,
            options,
            queue: VecDeque::new(),
            lent: false,
            paused: false,
            progress: now,
            tickets: 0,
            highest: None,
            finish: Finish::No,
            stats: SenderStats::default(),
        })
    }

    /// Takes a message; the ticket names it in its [`Outcome`]. In live mode it replaces one that has
    /// not begun. In file mode `Again` says that the queue is full.
    pub fn push(&mut self, message: Outgoing, now: Time, out: &mut dyn FnMut(Outcome)) -> Result<u64> {
        let total = self.check(&message)?;
        if message.id == u32::MAX {
            return Err(Error::argument("frame id 4,294,967,295 leaves none for the last message"));
        }
        match self.options.mode {
            Mode::Live => self.end(End::Replaced, out, |pending, lent| pending.sent == 0 && !lent),
            Mode::File => {
                let waiting: usize = self.queue.iter().map(|pending| pending.message.len()).sum();
                let too_much = waiting + message.len() > self.options.max_message;
                if self.queue.len() >= self.options.queue || (too_much && !self.queue.is_empty()) {
                    let sentence = format!("{} messages of {waiting} bytes wait already", self.queue.len());
                    return Err(Error::new(Status::Again, sentence));
                }
            }
        }
        Ok(self.enqueue(message, total, now))
    }

    /// Takes the last message: nothing is taken after it. Its id must be above all others. It is never
    /// replaced, and its outcome comes when it is acknowledged, or `linger` after it went out: that a
    /// buffer is empty does not mean that anything has arrived.
    pub fn finish(&mut self, last: Outgoing, linger: Duration, now: Time) -> Result<u64> {
        let total = self.check(&last)?;
        if let Some(highest) = self.highest.filter(|highest| last.id <= *highest) {
            let sentence = format!("last.id is {}; {highest} has been used, and it must be above", last.id);
            return Err(Error::argument(sentence));
        }
        let ticket = self.enqueue(last, total, now);
        self.finish = Finish::Sending { ticket, linger };
        Ok(ticket)
    }

    /// The chunk that may be handed to a transport that buffers so many bytes. [`Sender::sent`] or
    /// [`Sender::rejected`] must follow before there is another.
    pub fn next(&mut self, buffered: usize) -> Option<ChunkRef> {
        let high = self.options.high_water;
        self.paused = if self.paused { buffered > self.options.low_water() } else { buffered >= high };
        if self.lent || self.paused {
            return None;
        }
        let first = self.queue.front()?;
        let paced = self.options.mode == Mode::File && first.sent == 0;
        if paced && !self.window.allows(first.message.id) {
            return None;
        }
        self.lent = true;
        Some(first.message.chunk(first.sent, first.total, self.options.chunk_size))
    }

    /// The transport took the chunk.
    pub fn sent(&mut self, now: Time, out: &mut dyn FnMut(Outcome)) {
        let Some(first) = self.queue.front_mut().filter(|_| self.lent) else { return };
        first.sent += 1;
        self.stats.chunks += 1;
        self.progress = now;
        if first.sent == first.total {
            self.window.sent(first.message.id);
            self.stats.messages += 1;
            first.ending.get_or_insert(End::Sent);
        }
        self.give_back(now, out);
    }

    /// The transport did not take the chunk: it is as if it had not been given.
    pub fn rejected(&mut self, now: Time, out: &mut dyn FnMut(Outcome)) {
        if self.lent {
            self.give_back(now, out);
        }
    }

    /// Takes an acknowledgement.
    pub fn ack(&mut self, text: &[u8], out: &mut dyn FnMut(Outcome)) {
        self.window.ack(text);
        self.stats.acks_ignored = self.window.ignored();
        if let Finish::Lingering { outcome, .. } = &self.finish
            && self.window.acked() >= Some(outcome.id)
        {
            self.done(End::Acknowledged, out);
        }
    }

    /// Ends what has waited too long: no chunk went out since it was taken, for the time-out.
    pub fn tick(&mut self, now: Time, out: &mut dyn FnMut(Outcome)) {
        let (progress, timeout) = (self.progress, self.options.timeout);
        self.end(End::TimedOut, out, |pending, lent| !lent && now >= pending.deadline(progress, timeout));
        if let Finish::Lingering { until, .. } = self.finish
            && now >= until
        {
            self.done(End::Lingered, out);
        }
    }

    /// When the next tick is due.
    pub fn deadline(&self) -> Option<Time> {
        match (self.queue.front(), &self.finish) {
            (_, Finish::Lingering { until, .. }) => Some(*until),
            (Some(first), _) => Some(first.deadline(self.progress, self.options.timeout)),
            (None, _) => None,
        }
    }

    /// The program does not want this message sent any more. A part of it may be.
    pub fn cancel(&mut self, ticket: u64, out: &mut dyn FnMut(Outcome)) {
        self.end(End::Cancelled, out, |pending, _| pending.ticket == ticket);
        if matches!(&self.finish, Finish::Lingering { outcome, .. } if outcome.ticket == ticket) {
            self.done(End::Cancelled, out);
        }
    }

    /// The channel has closed. Nothing is taken any more.
    pub fn close(&mut self, out: &mut dyn FnMut(Outcome)) {
        self.end(End::Closed, out, |_, _| true);
        self.done(End::Closed, out);
    }

    /// The highest frame id taken so far; the last message comes after it.
    pub fn highest(&self) -> Option<u32> {
        self.highest
    }

    /// Whether nothing waits to be handed to the transport.
    pub fn is_idle(&self) -> bool {
        self.queue.is_empty()
    }

    /// The figures so far.
    pub fn stats(&self) -> SenderStats {
        self.stats
    }

    /// How many chunks the message is, if it can be taken at all.
    fn check(&self, message: &Outgoing) -> Result<u32> {
        match self.finish {
            Finish::No => {}
            Finish::Ended => return Err(Error::new(Status::Closed, "the channel is not open")),
            _ => return Err(Error::new(Status::InvalidState, "the last message has been given already")),
        }
        let (len, max) = (message.len(), self.options.max_message);
        if len > max {
            return Err(Error::new(
                Status::Limit,
                format!("a message of {len} bytes; at most {max} are sent"),
            ));
        }
        chunk::total(len, self.options.chunk_size)
    }

    fn enqueue(&mut self, message: Outgoing, total: u32, now: Time) -> u64 {
        self.tickets += 1;
        self.highest = self.highest.max(Some(message.id));
        let ticket = self.tickets;
        self.queue.push_back(Pending { ticket, message, total, sent: 0, taken: now, ending: None });
        ticket
    }

    /// The transport holds no chunk any more; the first message may end by that.
    fn give_back(&mut self, now: Time, out: &mut dyn FnMut(Outcome)) {
        self.lent = false;
        let Some(end) = self.queue.front().and_then(|first| first.ending) else { return };
        if let Some(first) = self.queue.pop_front() {
            self.over(first.outcome(end), now, out);
        }
    }

    /// Ends the messages that `which` picks, now, or when the transport has given the chunk back.
    fn end(&mut self, end: End, out: &mut dyn FnMut(Outcome), which: impl Fn(&Pending, bool) -> bool) {
        let mut n = 0;
        while let Some(pending) = self.queue.get_mut(n) {
            let lent = self.lent && n == 0;
            if which(pending, lent) {
                if !lent {
                    let outcome = pending.outcome(end);
                    self.queue.remove(n);
                    self.over(outcome, self.progress, out);
                    continue;
                }
                pending.ending.get_or_insert(end);
            }
            n += 1;
        }
    }

    /// A message has ended; the last one lingers if it went out.
    fn over(&mut self, outcome: Outcome, now: Time, out: &mut dyn FnMut(Outcome)) {
        match self.finish {
            Finish::Sending { ticket, linger } if ticket == outcome.ticket => {
                if outcome.end == End::Sent {
                    self.finish = Finish::Lingering { outcome, until: now + linger };
                    return;
                }
                self.finish = Finish::Ended;
            }
            _ => {}
        }
        self.stats.count(outcome.end);
        out(outcome);
    }

    /// Nothing is taken any more; the last message, if it lingers, ends so.
    fn done(&mut self, end: End, out: &mut dyn FnMut(Outcome)) {
        if let Finish::Lingering { outcome, .. } = std::mem::replace(&mut self.finish, Finish::Ended) {
            self.stats.count(end);
            out(Outcome { end, ..outcome });
        }
    }
}

impl Pending {
    fn outcome(&self, end: End) -> Outcome {
        Outcome { ticket: self.ticket, id: self.message.id, chunks: self.sent, end }
    }

    /// A channel on which chunks go out is alive, however many wait.
    fn deadline(&self, progress: Time, timeout: Duration) -> Time {
        self.taken.max(progress) + timeout
    }
}
