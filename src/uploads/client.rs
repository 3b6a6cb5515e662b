//! One channel on which a file comes.

use super::{Arrival, Shared};
use crate::channel::{Channel, Listener, Message};
use crate::error::Status;
use crate::events::EventKind;
use crate::id::Id;
use crate::message::upload::{Heard, TempFile, Upload};
use crate::time::Time;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

/// Messages that are taken before it is another client's turn.
const TURN: usize = 32;

/// One client.
pub struct Client {
    channel: Channel,
    doorbell: Arc<Doorbell>,
    upload: Upload<TempFile>,
    /// From when something of a file has come.
    number: Option<u64>,
    /// Its beginning was told.
    told: bool,
    peer: Id,
    stream: Option<Arc<str>>,
    /// When its timer stands.
    pub armed: Option<Time>,
}

/// What there is to do for a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing until its doorbell rings, or a timer is due.
    Wait,
    /// More of it waits.
    Turn,
    /// Nothing any more.
    Over,
}

/// Wakes the thread for one client, once until it has looked.
#[derive(Debug)]
struct Doorbell {
    number: u64,
    rung: AtomicBool,
    shared: Weak<Shared>,
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

    fn last_word(&self, why: &str) -> Option<String> {
        Some(failed(why))
    }
}

impl Client {
    /// Client `number`, whose channel may be closed already.
    pub fn new(number: u64, arrival: Arrival, shared: &Arc<Shared>) -> Client {
        let Arrival { channel, peer, stream } = arrival;
        let rung = AtomicBool::new(false);
        let doorbell = Arc::new(Doorbell { number, rung, shared: Arc::downgrade(shared) });
        channel.listen(doorbell.clone());
        let upload = Upload::new(TempFile::new(&shared.options.folder), shared.options.limits);
        Client { channel, doorbell, upload, number: None, told: false, peer, stream, armed: None }
    }

    /// Takes what has come, a turn's worth.
    pub fn run(&mut self, shared: &Shared, now: Time) -> Next {
        // What happens from now on rings again.
        self.doorbell.rung.store(false, Ordering::Release);
        for _ in 0..TURN {
            let heard = match self.channel.next(Some(Duration::ZERO)) {
                Ok(message) => self.message(&message, shared, now),
                Err(error) if error.status() == Status::Timeout => return Next::Wait,
                Err(error) => {
                    let heard = self.upload.abort(error.sentence());
                    self.heard(heard, shared);
                    return Next::Over;
                }
            };
            if !self.heard(heard, shared) {
                return Next::Over;
            }
        }
        Next::Turn
    }

    /// Time passes. What came while the disk was slow counts first.
    pub fn tick(&mut self, shared: &Shared, now: Time) -> Next {
        let next = self.run(shared, now);
        let heard = if next == Next::Wait { self.upload.tick(now) } else { return next };
        if self.heard(heard, shared) { Next::Wait } else { Next::Over }
    }

    /// When something is due, if nothing happens before.
    pub fn deadline(&self) -> Option<Time> {
        self.upload.deadline()
    }

    /// The program takes no more files.
    pub fn abort(&mut self, shared: &Shared) {
        let heard = self.upload.abort("the program takes no more files");
        self.heard(heard, shared);
    }

    fn message(&mut self, message: &Message, shared: &Shared, now: Time) -> Heard {
        if message.data.len() <= 1 {
            // As it came, text or not.
            if self.channel.send(&message.data, message.text).is_err() {
                shared.state.lock().table.echo_dropped();
            }
            return Heard::KeepAlive;
        }
        if self.number.is_none() {
            let (number, why) = shared.state.lock().table.begin(self.peer);
            self.number = Some(number);
            if let Some(why) = why {
                return self.upload.abort(&why);
            }
        }
        match message.text {
            true => self.upload.abort("a text is neither a chunk nor a keep-alive"),
            false => self.upload.message(&message.data, now),
        }
    }

    /// Does what follows. False: it is over.
    fn heard(&mut self, heard: Heard, shared: &Shared) -> bool {
        let Some(number) = self.number else { return true };
        if matches!(heard, Heard::Chunk | Heard::Complete) {
            shared.state.lock().table.advance(number, self.upload.received(), self.upload.chunks());
            if !std::mem::replace(&mut self.told, true) {
                shared.tell(EventKind::UploadStarted, number, &self.stream, "");
            }
        }
        match heard {
            Heard::Chunk | Heard::Nothing | Heard::KeepAlive => true,
            Heard::Complete => {
                let file = self.upload.take().expect("whoever says complete has its file");
                let mut state = shared.state.lock();
                state.table.complete(number, file);
                state.show();
                drop(state);
                shared.changed.notify_all();
                shared.tell(EventKind::UploadComplete, number, &self.stream, "");
                let bytes = self.upload.received();
                // One that is gone does not need to know.
                let _ =
                    self.channel.send(format!(r#"{{"upload":"complete","bytes":{bytes}}}"#).as_bytes(), true);
                true
            }
            Heard::Failed(why) => {
                let mut state = shared.state.lock();
                let failure = state.table.fail(number, &why);
                state.show();
                drop(state);
                // Removed before anybody is told: here its file goes.
                if failure.map(drop).is_some() {
                    shared.tell(EventKind::UploadFailed, number, &self.stream, &why);
                }
                let _ = self.channel.send(failed(&why).as_bytes(), true);
                self.channel.close();
                false
            }
        }
    }
}

/// What a client is told of a failure.
fn failed(why: &str) -> String {
    format!(r#"{{"upload":"failed","reason":{}}}"#, serde_json::Value::from(why))
}
