//! The streams that are published and the sessions that watch them.

use super::fragment::{Credentials, Fragment};
use crate::error::{Error, Result, Status};
use crate::events::{Event, EventKind, Events};
use crate::id::Id;
use parking_lot::Mutex;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// What is published under a name: it answers offers.
pub trait Publication: Send + Sync {
    /// A connection that was offered by a viewer of `stream`, and our answer to it.
    fn watch(&self, stream: &Arc<str>, offer: &str) -> Result<(Arc<dyn Connection>, String)>;
}

/// The connection of one session.
pub trait Connection: Send + Sync {
    /// Which one it is, in [`Sessions::connection_ended`].
    fn id(&self) -> Id;
    /// Whether it has failed or was closed.
    fn is_over(&self) -> bool;
    /// Takes a candidate of the remote; what it cannot use it passes over.
    fn candidate(&self, candidate: &str, mid: Option<&str>);
    /// Ends it.
    fn close(&self);
}

/// Candidates taken from one session's PATCHes; more than a browser has interfaces.
const MAX_CANDIDATES: usize = 32;

/// Who is told what happens here.
#[derive(Clone)]
pub struct Told {
    /// The server, as its events name it.
    pub server: Id,
    /// Where its events go.
    pub events: Option<Arc<Events>>,
}

/// The table.
pub struct Sessions {
    max: usize,
    told: Told,
    // Never held while a publication or a connection is called. Events are posted under it (which
    // calls nobody), so that a session's end never stands before its beginning.
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    closed: bool,
    streams: BTreeMap<Arc<str>, Arc<dyn Publication>>,
    sessions: HashMap<String, Session>,
    /// Offers that are being answered: they count as sessions.
    opening: usize,
    started: u64,
}

struct Session {
    stream: Arc<str>,
    number: u64,
    etag: String,
    offered: Credentials,
    candidates: usize,
    peer: Id,
    connection: Arc<dyn Connection>,
}

/// What a new session's client is told.
pub struct Opened {
    /// The session's id: 122 random bits, which nobody else can guess.
    pub id: String,
    /// The quoted entity tag of its ICE generation.
    pub etag: String,
    /// The answer.
    pub answer: String,
}

/// Why there is no new session.
pub enum Refused {
    /// Nobody publishes under that name.
    NotPublished,
    /// The limit is reached.
    Full,
    /// The offer could not be answered.
    Offer(Error),
}

/// What became of a PATCH.
#[derive(Debug, PartialEq, Eq)]
pub enum Trickled {
    /// Its candidates were taken, as far as they can be used.
    Taken,
    /// It wants another ICE generation.
    Restart,
    /// There is no such session (any more).
    Unknown,
}

impl Sessions {
    /// An empty table for at most `max` sessions.
    pub fn new(max: usize, told: Told) -> Sessions {
        Sessions { max, told, table: Mutex::default() }
    }

    /// Puts a publication under a name that is free.
    pub fn publish(&self, name: &str, publication: Arc<dyn Publication>) -> Result<()> {
        super::name::check(name)?;
        let mut table = self.table.lock();
        if table.closed {
            return Err(Error::new(Status::Closed, "the server is closed"));
        }
        if table.streams.contains_key(name) {
            return Err(Error::new(Status::InvalidState, format!("name {name:?} is published already")));
        }
        table.streams.insert(name.into(), publication);
        Ok(())
    }

    /// Takes a publication away and ends who watches it.
    pub fn unpublish(&self, name: &str) -> Result<()> {
        let ended = {
            let mut table = self.table.lock();
            if table.streams.remove(name).is_none() {
                return Err(Error::new(Status::InvalidState, format!("name {name:?} is not published")));
            }
            self.remove(&mut table, "the stream was unpublished", |_, session| &*session.stream == name)
        };
        close(ended);
        Ok(())
    }

    /// The names published, each with the number of its sessions.
    pub fn streams(&self) -> Vec<(Arc<str>, usize)> {
        let table = self.table.lock();
        let watching = |name: &Arc<str>| table.sessions.values().filter(|s| s.stream == *name).count();
        table.streams.keys().map(|name| (name.clone(), watching(name))).collect()
    }

    /// How many sessions there are, and how many there have been.
    pub fn count(&self) -> (usize, u64) {
        let table = self.table.lock();
        (table.sessions.len(), table.started)
    }

    /// Answers an offer to watch `name`.
    pub fn open(&self, name: &str, offer: &str) -> std::result::Result<Opened, Refused> {
        let (stream, publication) = self.reserve(name)?;
        // Given back when the session stands in the table, and also when the answering panics.
        let _place = Place(self);
        let (connection, answer) = publication.watch(&stream, offer).map_err(Refused::Offer)?;
        let id = uuid::Uuid::new_v4().to_string();
        let etag = format!("\"{}\"", uuid::Uuid::new_v4().simple());
        {
            let mut table = self.table.lock();
            let published = table.streams.get(&stream).is_some_and(|p| Arc::ptr_eq(p, &publication));
            if table.closed || !published {
                drop(table);
                connection.close();
                return Err(Refused::NotPublished);
            }
            table.started += 1;
            let number = table.started;
            self.tell(EventKind::SessionStarted, &stream, number, id.clone());
            let session = Session {
                stream,
                number,
                etag: etag.clone(),
                offered: Credentials::of(offer),
                candidates: 0,
                peer: connection.id(),
                connection: connection.clone(),
            };
            table.sessions.insert(id.clone(), session);
        }
        // News of its end that came before it stood in the table found nobody.
        if connection.is_over() {
            self.connection_ended(connection.id(), "the connection ended");
        }
        Ok(Opened { id, etag, answer })
    }

    /// The entity tag of a session of `stream`.
    pub fn etag(&self, stream: &str, id: &str) -> Option<String> {
        let table = self.table.lock();
        table
            .sessions
            .get(id)
            .filter(|session| &*session.stream == stream)
            .map(|session| session.etag.clone())
    }

    /// Hands the candidates of a PATCH to the session's connection.
    pub fn trickle(&self, id: &str, fragment: &Fragment) -> Trickled {
        let (connection, room) = {
            let mut table = self.table.lock();
            let Some(session) = table.sessions.get_mut(id) else { return Trickled::Unknown };
            if session.offered.restarted_by(&fragment.credentials) {
                return Trickled::Restart;
            }
            let room = (MAX_CANDIDATES - session.candidates).min(fragment.candidates.len());
            session.candidates += room;
            (session.connection.clone(), room)
        };
        for (mid, candidate) in &fragment.candidates[..room] {
            connection.candidate(candidate, mid.as_deref());
        }
        Trickled::Taken
    }

    /// Ends a session of `stream` by its client's wish. False: there is none.
    pub fn end(&self, stream: &str, id: &str) -> bool {
        let ended = {
            let mut table = self.table.lock();
            self.remove(&mut table, "ended by the viewer", |i, s| i == id && &*s.stream == stream)
        };
        let known = !ended.is_empty();
        close(ended);
        known
    }

    /// Ends the session whose connection is over.
    pub fn connection_ended(&self, connection: Id, why: &str) {
        let ended = {
            let mut table = self.table.lock();
            self.remove(&mut table, why, |_, session| session.peer == connection)
        };
        close(ended);
    }

    /// Ends everything; nothing begins and nothing is told any more.
    pub fn close(&self) {
        let ended = {
            let mut table = self.table.lock();
            table.closed = true;
            table.streams.clear();
            self.remove(&mut table, "the server was closed", |_, _| true)
        };
        close(ended);
    }

    fn reserve(&self, name: &str) -> std::result::Result<(Arc<str>, Arc<dyn Publication>), Refused> {
        let mut table = self.table.lock();
        let (stream, publication) = table.streams.get_key_value(name).ok_or(Refused::NotPublished)?;
        let found = (stream.clone(), publication.clone());
        if table.sessions.len() + table.opening >= self.max {
            return Err(Refused::Full);
        }
        table.opening += 1;
        Ok(found)
    }

    fn remove(
        &self,
        table: &mut Table,
        why: &str,
        which: impl Fn(&str, &Session) -> bool,
    ) -> Vec<Arc<dyn Connection>> {
        let gone = table.sessions.extract_if(|id, session| which(id, session));
        gone.map(|(_, session)| {
            self.tell(EventKind::SessionEnded, &session.stream, session.number, why.to_owned());
            session.connection
        })
        .collect()
    }

    fn tell(&self, kind: EventKind, stream: &Arc<str>, number: u64, text: String) {
        if let Some(events) = &self.told.events {
            let (object, stream, value) = (self.told.server, Some(stream.clone()), number as i64);
            events.post(Event { kind, object, stream, value, text });
        }
    }
}

fn close(ended: Vec<Arc<dyn Connection>>) {
    for connection in ended {
        connection.close();
    }
}

/// A place among the sessions for an offer that is being answered.
struct Place<'a>(&'a Sessions);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.table.lock().opening -= 1;
    }
}
