//! What came on a channel and waits for the application; where the channel stands.

use crate::error::{Error, Result, Status};
use crate::native::eventfd::EventFd;
use crate::sync::{Condvar, Mutex};
use crate::time::clock;
use std::collections::VecDeque;
use std::os::fd::RawFd;
use std::time::Duration;

/// Bytes and messages that may wait for the application.
const MAX_BYTES: usize = 16 << 20;
const MAX_MESSAGES: usize = 65_536;

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// What it says.
    pub data: Vec<u8>,
    /// Whether it is text, in UTF-8.
    pub text: bool,
}

/// Where a channel stands. The numbers are the C ABI's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum ChannelState {
    /// Nothing can be sent yet.
    Opening = 0,
    /// Messages go both ways.
    Open = 1,
    /// It is over.
    Closed = 2,
}

/// Figures of one channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChannelStats {
    /// Messages given to the transport.
    pub messages_sent: u64,
    /// Their bytes.
    pub bytes_sent: u64,
    /// Messages received.
    pub messages_received: u64,
    /// Their bytes.
    pub bytes_received: u64,
    /// Messages that wait to be taken.
    pub waiting: u64,
}

/// What became of a message that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// It waits alone.
    First,
    /// It waits behind others, or nobody wants it.
    More,
    /// Too much waits already.
    Full,
}

#[derive(Debug)]
pub struct Inbox {
    // Held to put in or take out.
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    state: ChannelState,
    why: String,
    messages: VecDeque<Message>,
    bytes: usize,
    stats: ChannelStats,
    /// Made when first asked for.
    descriptor: Option<EventFd>,
}

impl Default for Inbox {
    fn default() -> Self {
        let state = State {
            state: ChannelState::Opening,
            why: String::new(),
            messages: VecDeque::new(),
            bytes: 0,
            stats: ChannelStats::default(),
            descriptor: None,
        };
        Inbox { state: Mutex::new(state), changed: Condvar::new() }
    }
}

impl Inbox {
    pub fn state(&self) -> ChannelState {
        self.state.lock().state
    }

    /// It is open. False: it was not waited for.
    pub fn open(&self) -> bool {
        let mut state = self.state.lock();
        if state.state != ChannelState::Opening {
            return false;
        }
        state.state = ChannelState::Open;
        true
    }

    /// It is over. False: it was before. What came can still be taken.
    pub fn close(&self, why: &str) -> bool {
        let mut state = self.state.lock();
        if state.state == ChannelState::Closed {
            return false;
        }
        state.state = ChannelState::Closed;
        state.why = why.to_owned();
        state.show();
        drop(state);
        self.changed.notify_all();
        true
    }

    /// Takes a message in.
    pub fn put(&self, data: &[u8], text: bool) -> Put {
        let mut state = self.state.lock();
        if state.state == ChannelState::Closed {
            return Put::More;
        }
        if state.bytes + data.len() > MAX_BYTES || state.messages.len() >= MAX_MESSAGES {
            return Put::Full;
        }
        let first = state.messages.is_empty();
        state.bytes += data.len();
        state.stats.messages_received += 1;
        state.stats.bytes_received += data.len() as u64;
        state.messages.push_back(Message { data: data.to_vec(), text });
        state.show();
        drop(state);
        self.changed.notify_one();
        if first { Put::First } else { Put::More }
    }

    /// Takes the oldest message out, if it `fits`.
    pub fn next(&self, timeout: Option<Duration>, mut fits: impl FnMut(&Message) -> bool) -> Result<Message> {
        let deadline = timeout.map(|timeout| clock::now() + timeout);
        let mut state = self.state.lock();
        loop {
            if let Some(message) = state.messages.front() {
                if !fits(message) {
                    return Err(Error::new(
                        Status::Limit,
                        format!("the message has {} bytes", message.data.len()),
                    ));
                }
                let message = state.messages.pop_front().expect("it was looked at");
                state.bytes -= message.data.len();
                state.show();
                return Ok(message);
            }
            if state.state == ChannelState::Closed {
                return Err(Error::new(Status::Closed, state.why.clone()));
            }
            match clock::until(deadline) {
                None => self.changed.wait(&mut state),
                Some(left) if left.is_zero() => {
                    return Err(Error::new(Status::Timeout, "no message came in time"));
                }
                Some(left) => drop(self.changed.wait_for(&mut state, left)),
            }
        }
    }

    /// Whether messages can be sent.
    pub fn check_open(&self) -> Result<()> {
        let state = self.state.lock();
        match state.state {
            ChannelState::Open => Ok(()),
            ChannelState::Opening => Err(Error::new(Status::InvalidState, "the channel is not open yet")),
            ChannelState::Closed => Err(Error::new(Status::Closed, state.why.clone())),
        }
    }

    pub fn sent(&self, bytes: usize) {
        let stats = &mut self.state.lock().stats;
        stats.messages_sent += 1;
        stats.bytes_sent += bytes as u64;
    }

    pub fn stats(&self) -> ChannelStats {
        let state = self.state.lock();
        ChannelStats { waiting: state.messages.len() as u64, ..state.stats }
    }

    pub fn descriptor(&self) -> Result<RawFd> {
        let mut state = self.state.lock();
        if state.descriptor.is_none() {
            state.descriptor = Some(EventFd::new().map_err(|e| Error::io("eventfd", &e))?);
            state.show();
        }
        Ok(state.descriptor.as_ref().expect("made above").fd())
    }
}

impl State {
    fn show(&self) {
        match &self.descriptor {
            Some(fd) if self.state == ChannelState::Closed || !self.messages.is_empty() => fd.raise(),
            Some(fd) => fd.lower(),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::native::eventfd::readable;

    const NOW: Option<Duration> = Some(Duration::ZERO);

    #[test]
    fn messages_come_out_in_order_and_the_end_after_them() {
        let inbox = Inbox::default();
        assert!(inbox.open() && !inbox.open());
        assert_eq!((inbox.put(b"a", true), inbox.put(b"", false)), (Put::First, Put::More));
        assert!(inbox.close("enough") && !inbox.close("again"));
        assert_eq!(inbox.next(NOW, |_| true), Ok(Message { data: b"a".to_vec(), text: true }));
        assert_eq!(inbox.next(NOW, |_| true), Ok(Message { data: Vec::new(), text: false }));
        let over = inbox.next(None, |_| true).expect_err("over");
        assert_eq!((over.status(), over.sentence()), (Status::Closed, "enough"));
    }

    #[test]
    fn a_message_that_does_not_fit_stays() {
        let inbox = Inbox::default();
        inbox.put(b"long", false);
        assert_eq!(inbox.next(NOW, |m| m.data.len() < 4).expect_err("too long").status(), Status::Limit);
        assert_eq!(inbox.next(NOW, |m| m.data.len() < 5).expect("it fits").data, b"long");
        assert_eq!(inbox.next(NOW, |_| true).expect_err("empty").status(), Status::Timeout);
    }

    #[test]
    fn no_more_than_the_bounds_wait() {
        let inbox = Inbox::default();
        let megabyte = vec![0; 1 << 20];
        assert!((0..16).all(|_| inbox.put(&megabyte, false) != Put::Full));
        assert_eq!(inbox.put(b"x", false), Put::Full);
        inbox.next(NOW, |_| true).expect("a message");
        assert_eq!(inbox.put(b"x", false), Put::More);
        let many = Inbox::default();
        assert!((0..MAX_MESSAGES).all(|_| many.put(b"", false) != Put::Full));
        assert_eq!(many.put(b"", false), Put::Full);
    }

    #[test]
    fn the_descriptor_is_readable_while_something_waits_and_at_the_end() {
        let inbox = Inbox::default();
        let fd = inbox.descriptor().expect("there are descriptors left");
        assert!(!readable(fd));
        inbox.put(b"a", false);
        assert!(readable(fd));
        inbox.next(NOW, |_| true).expect("a message");
        assert!(!readable(fd));
        inbox.close("");
        assert!(readable(fd));
    }
}
