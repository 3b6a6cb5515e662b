//! Publishers of names that nobody registered: the program is told of each, and decides.

use super::{Reception, Refused, Told};
use crate::error::{Error, Result, Status};
use crate::events::EventKind;
use crossbeam_channel::{Sender, bounded};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// Each of them holds a connection of the server, of which there are 128.
const MAX_WAITING: usize = 32;

/// What the program decides: where the media goes, or why it does not want any.
pub type Decision = std::result::Result<Arc<dyn Reception>, String>;

/// The requests that wait for the program.
pub struct Requests {
    /// How long it may take; `None`: it is not asked.
    patience: Option<Duration>,
    told: Told,
    // A request's event is posted under it (which calls nobody), so that none comes after the close.
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    closed: bool,
    last: u64,
    open: HashMap<u64, Sender<Decision>>,
}

impl Requests {
    /// `patience`: how long the program may take; `None`: it is not asked.
    pub fn new(patience: Option<Duration>, told: Told) -> Requests {
        Requests { patience, told, waiting: Mutex::default() }
    }

    /// Whether the program is asked at all.
    pub fn are_taken(&self) -> bool {
        self.patience.is_some()
    }

    /// Asks the program and waits for its decision.
    pub fn ask(&self, stream: &Arc<str>, bearer: &str) -> std::result::Result<Arc<dyn Reception>, Refused> {
        let patience = self.patience.ok_or(Refused::Unknown)?;
        let (decide, decided) = bounded(1);
        let request = {
            let mut waiting = self.waiting.lock();
            if waiting.closed {
                return Err(Refused::Unknown);
            }
            if waiting.open.len() >= MAX_WAITING {
                return Err(Refused::Full);
            }
            waiting.last += 1;
            let request = waiting.last;
            waiting.open.insert(request, decide);
            self.told.tell(EventKind::PublishRequest, stream, request, bearer.to_owned());
            request
        };
        let decision = decided.recv_timeout(patience).or_else(|_| {
            // Whoever took the sender out sends in this moment; a program that was told that it
            // decided has decided.
            self.waiting.lock().open.remove(&request);
            decided.recv()
        });
        match decision {
            Ok(Ok(reception)) => Ok(reception),
            Ok(Err(reason)) => Err(Refused::Unwanted(reason)),
            Err(_) => Err(Refused::Unwanted("nobody allowed this stream to be published".to_owned())),
        }
    }

    /// The program's decision about a request, which must still be waiting.
    pub fn decide(&self, request: u64, decision: Decision) -> Result<()> {
        let decide = self.waiting.lock().open.remove(&request);
        let waits = decide.is_some_and(|decide| decide.send(decision).is_ok());
        let gone = || Error::new(Status::InvalidState, format!("no publish request {request} waits"));
        waits.then_some(()).ok_or_else(gone)
    }

    /// Refuses all that wait, and all that come.
    pub fn close(&self) {
        let gone = {
            let mut waiting = self.waiting.lock();
            waiting.closed = true;
            std::mem::take(&mut waiting.open)
        };
        drop(gone);
    }
}
