//! The names that a server knows, and the sessions of who watches or publishes under them.

mod publishers;
mod requests;
mod viewers;

pub use publishers::Reception;
pub use requests::Requests;
pub use viewers::Publication;

use super::fragment::{Credentials, Fragment};
use crate::error::{Error, Result, Status};
use crate::events::{Event, EventKind, Events};
use crate::id::Id;
use parking_lot::Mutex;
use publishers::Registered;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Who is at the other end of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// One who watches, by WHEP.
    Viewer,
    /// One who publishes, by WHIP.
    Publisher,
}

/// A connection that was offered, and our answer to it.
pub type Answered = (Arc<dyn Connection>, String);

/// The connection of one session.
pub trait Connection: Send + Sync {
    /// Which one it is, in [`Sessions::connection_ended`].
    fn id(&self) -> Id;
    /// Whether it has failed or was closed.
    fn is_over(&self) -> bool;
    /// Takes a candidate of the remote; what it cannot use it passes over.
    fn candidate(&self, candidate: &str, mid: Option<&str>);
    /// Ends it.
    fn close(&self, why: &str);
    /// Ends it because the server does.
    fn stop(&self, why: &str) {
        self.close(why);
    }
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

impl Told {
    fn tell(&self, kind: EventKind, stream: &Arc<str>, value: u64, text: String) {
        if let Some(events) = &self.events {
            let (object, stream, value) = (self.server, Some(stream.clone()), value as i64);
            events.post(Event { kind, object, stream, value, text });
        }
    }
}

/// The table.
pub struct Sessions {
    max: usize,
    /// Whether a publisher takes the place of the one before it.
    take_over: bool,
    told: Told,
    /// The publishers that the program has to decide about.
    pub requests: Requests,
    // Never held while a publication, a reception or a connection is called. Events are posted
    // under it (which calls nobody), so that a session's end never stands before its beginning.
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    closed: bool,
    publications: BTreeMap<Arc<str>, Arc<dyn Publication>>,
    receptions: BTreeMap<Arc<str>, Registered>,
    sessions: HashMap<String, Session>,
    /// Offers that are being answered: they count as sessions.
    opening: usize,
    /// The names of those that come from publishers: one a name.
    arriving: BTreeSet<Arc<str>>,
    started: u64,
}

struct Session {
    role: Role,
    stream: Arc<str>,
    number: u64,
    etag: String,
    /// What its client must bring, where that is not the server's own token.
    token: Option<String>,
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
    /// The name is not one that can be watched, or published.
    Unknown,
    /// Somebody else publishes under this name.
    Taken,
    /// The program does not want it, and says why.
    Unwanted(String),
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

/// What there is under a name.
#[derive(Debug, PartialEq, Eq)]
pub struct Listed {
    /// The name.
    pub name: Arc<str>,
    /// How many watch it; `None`: it is not on the air.
    pub viewers: Option<usize>,
    /// How many publish it, 0 or 1; `None`: nobody may.
    pub publishers: Option<usize>,
}

impl Sessions {
    /// An empty table for at most `max` sessions.
    pub fn new(max: usize, take_over: bool, requests: Requests, told: Told) -> Sessions {
        Sessions { max, take_over, told, requests, table: Mutex::default() }
    }

    /// The names that are on the air or may be published.
    pub fn list(&self) -> Vec<Listed> {
        let table = self.table.lock();
        let count = |role, name: &str| table.sessions.values().filter(|s| s.is(role, name)).count();
        let publishing = table.sessions.values().filter(|s| s.role == Role::Publisher).map(|s| &s.stream);
        let receiving: BTreeSet<_> = table.receptions.keys().chain(publishing).collect();
        let names: BTreeSet<_> = table.publications.keys().chain(receiving.iter().copied()).collect();
        let entry = |name: &Arc<str>| Listed {
            name: name.clone(),
            viewers: table.publications.contains_key(name).then(|| count(Role::Viewer, name)),
            publishers: receiving.contains(name).then(|| count(Role::Publisher, name)),
        };
        names.into_iter().map(entry).collect()
    }

    /// How many sessions there are, how many of them publish, and how many there have been.
    pub fn count(&self) -> (usize, usize, u64) {
        let table = self.table.lock();
        let publishers = table.sessions.values().filter(|s| s.role == Role::Publisher).count();
        (table.sessions.len(), publishers, table.started)
    }

    /// The entity tag of a session of `stream`.
    pub fn etag(&self, role: Role, stream: &str, id: &str) -> Option<String> {
        let table = self.table.lock();
        table.sessions.get(id).filter(|session| session.is(role, stream)).map(|session| session.etag.clone())
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
    pub fn end(&self, role: Role, stream: &str, id: &str) -> bool {
        let ended = {
            let mut table = self.table.lock();
            self.remove(&mut table, role.left(), |i, session| i == id && session.is(role, stream))
        };
        let known = !ended.is_empty();
        close(ended, role.left());
        known
    }

    /// Ends the session whose connection is over.
    pub fn connection_ended(&self, connection: Id, why: &str) {
        let ended = {
            let mut table = self.table.lock();
            self.remove(&mut table, why, |_, session| session.peer == connection)
        };
        close(ended, why);
    }

    /// Ends everything; nothing begins and nothing is told any more.
    pub fn close(&self) {
        let why = "the server was closed";
        let ended = {
            let mut table = self.table.lock();
            table.closed = true;
            table.publications.clear();
            table.receptions.clear();
            self.remove(&mut table, why, |_, _| true)
        };
        self.requests.close();
        ended.iter().for_each(|connection| connection.stop(why));
    }

    /// Enters a session whose offer was answered, if its name `stands` as it did before.
    fn begin(
        &self,
        role: Role,
        stream: &Arc<str>,
        offer: &str,
        token: Option<String>,
        (connection, answer): Answered,
        stands: impl FnOnce(&Table) -> bool,
    ) -> std::result::Result<Opened, Refused> {
        const REPLACED: &str = "another publisher took over";
        let id = uuid::Uuid::new_v4().to_string();
        let etag = format!("\"{}\"", uuid::Uuid::new_v4().simple());
        let replaced = {
            let mut table = self.table.lock();
            if table.closed || !stands(&table) {
                drop(table);
                connection.close("the stream is not there any more");
                return Err(Refused::Unknown);
            }
            let replaces = |_: &str, session: &Session| role == Role::Publisher && session.is(role, stream);
            let replaced = self.remove(&mut table, REPLACED, replaces);
            table.started += 1;
            let number = table.started;
            self.told.tell(role.started(), stream, number, id.clone());
            let session = Session {
                role,
                stream: stream.clone(),
                number,
                etag: etag.clone(),
                token,
                offered: Credentials::of(offer),
                candidates: 0,
                peer: connection.id(),
                connection: connection.clone(),
            };
            table.sessions.insert(id.clone(), session);
            replaced
        };
        close(replaced, REPLACED);
        // News of its end that came before it stood in the table found nobody.
        if connection.is_over() {
            self.connection_ended(connection.id(), "the connection ended");
        }
        Ok(Opened { id, etag, answer })
    }

    fn remove(
        &self,
        table: &mut Table,
        why: &str,
        which: impl Fn(&str, &Session) -> bool,
    ) -> Vec<Arc<dyn Connection>> {
        let gone = table.sessions.extract_if(|id, session| which(id, session));
        gone.map(|(_, session)| {
            self.told.tell(session.role.ended(), &session.stream, session.number, why.to_owned());
            session.connection
        })
        .collect()
    }
}

impl Table {
    fn open(&self) -> Result<()> {
        if self.closed { Err(Error::new(Status::Closed, "the server is closed")) } else { Ok(()) }
    }
}

impl Session {
    fn is(&self, role: Role, stream: &str) -> bool {
        self.role == role && &*self.stream == stream
    }
}

impl Role {
    fn started(self) -> EventKind {
        match self {
            Role::Viewer => EventKind::SessionStarted,
            Role::Publisher => EventKind::PublishStarted,
        }
    }

    fn ended(self) -> EventKind {
        match self {
            Role::Viewer => EventKind::SessionEnded,
            Role::Publisher => EventKind::PublishEnded,
        }
    }

    fn left(self) -> &'static str {
        match self {
            Role::Viewer => "ended by the viewer",
            Role::Publisher => "ended by the publisher",
        }
    }
}

fn close(ended: Vec<Arc<dyn Connection>>, why: &str) {
    for connection in ended {
        connection.close(why);
    }
}

/// A place among the sessions for an offer that is being answered. Given back when the session
/// stands in the table, and also when the answering panics.
struct Place<'a> {
    sessions: &'a Sessions,
    arriving: Option<Arc<str>>,
}

impl<'a> Place<'a> {
    /// Takes one for a viewer, or for the publisher of that name.
    fn take(
        sessions: &'a Sessions,
        table: &mut Table,
        arriving: Option<&Arc<str>>,
    ) -> std::result::Result<Place<'a>, Refused> {
        let leaving = |name: &Arc<str>| table.sessions.values().any(|s| s.is(Role::Publisher, name));
        // Who takes over needs no room of its own.
        let replaced = usize::from(arriving.is_some_and(leaving));
        if table.sessions.len() + table.opening - replaced >= sessions.max {
            return Err(Refused::Full);
        }
        table.opening += 1;
        table.arriving.extend(arriving.cloned());
        Ok(Place { sessions, arriving: arriving.cloned() })
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut table = self.sessions.table.lock();
        table.opening -= 1;
        if let Some(name) = &self.arriving {
            table.arriving.remove(name);
        }
    }
}
