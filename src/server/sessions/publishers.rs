//! What may be published, and who comes to do it.

use super::{Answered, Opened, Place, Refused, Role, Sessions, close};
use crate::error::{Error, Result, Status};
use crate::events::EventKind;
use crate::ingest::{IngestOptions, Ingester};
use crate::server::name;
use crate::server::websocket::Line;
use std::sync::Arc;

/// What takes the media published under a name: it answers offers.
pub trait Reception: Send + Sync {
    /// A connection that was offered by the publisher of `stream`, and our answer to it.
    fn take(&self, stream: &Arc<str>, offer: &str) -> Result<Answered>;
    /// What messages of the publisher of `stream` go into.
    fn ingest(&self, _stream: &Arc<str>, _options: IngestOptions) -> Result<Ingester> {
        Err(Error::new(Status::Unsupported, "this stream takes no messages"))
    }
}

/// A name that may be published without asking.
pub struct Registered {
    reception: Arc<dyn Reception>,
    token: Option<String>,
}

impl Sessions {
    /// Lets `name` be published into `reception`, by whoever brings `token`; `None`: the server's.
    pub fn receive(&self, name: &str, token: Option<&str>, reception: Arc<dyn Reception>) -> Result<()> {
        name::check(name)?;
        let mut table = self.table.lock();
        table.open()?;
        if table.receptions.contains_key(name) {
            return Err(Error::new(Status::InvalidState, format!("name {name:?} is received already")));
        }
        let token = token.map(str::to_owned);
        table.receptions.insert(name.into(), Registered { reception, token });
        Ok(())
    }

    /// Takes a reception away and ends its publisher, also one that came by a request.
    pub fn unreceive(&self, name: &str) -> Result<()> {
        let why = "the stream is not received any more";
        let ended = {
            let mut table = self.table.lock();
            let registered = table.receptions.remove(name).is_some();
            let ended = self.remove(&mut table, why, |_, s| s.is(Role::Publisher, name));
            if !registered && ended.is_empty() {
                return Err(Error::new(Status::InvalidState, format!("name {name:?} is not received")));
            }
            ended
        };
        close(ended, why);
        Ok(())
    }

    /// The token that a publisher of `name` must bring, or the client of its session `id`, where
    /// that is not the server's own.
    pub fn token(&self, name: &str, id: Option<&str>) -> Option<String> {
        let table = self.table.lock();
        match id.and_then(|id| table.sessions.get(id)).filter(|session| session.is(Role::Publisher, name)) {
            Some(session) => session.token.clone(),
            None => table.receptions.get(name)?.token.clone(),
        }
    }

    /// Whether `name` is registered to be published.
    pub fn receives(&self, name: &str) -> bool {
        self.table.lock().receptions.contains_key(name)
    }

    /// Answers an offer to publish `name`, whose bearer token was looked at. For a name that nobody
    /// registered the program is asked, and waited for. `yields`: it takes over from nobody.
    pub fn take(
        &self,
        name: &str,
        bearer: &str,
        yields: bool,
        offer: &str,
    ) -> std::result::Result<Opened, Refused> {
        self.enter(name, bearer, yields, offer, |reception, stream| reception.take(stream, offer))
    }

    /// [`Sessions::take`] for one that brings messages.
    pub fn ingest(
        &self,
        name: &str,
        bearer: &str,
        yields: bool,
        options: IngestOptions,
    ) -> std::result::Result<Arc<Line>, Refused> {
        let mut line = None;
        self.enter(name, bearer, yields, "", |reception, stream| {
            let connection = Arc::new(Line::new(reception.ingest(stream, options)?));
            line = Some(connection.clone());
            Ok((connection, String::new()))
        })?;
        Ok(line.expect("a session that was entered has a connection"))
    }

    fn enter(
        &self,
        name: &str,
        bearer: &str,
        yields: bool,
        offer: &str,
        take: impl FnOnce(&dyn Reception, &Arc<str>) -> Result<Answered>,
    ) -> std::result::Result<Opened, Refused> {
        let (stream, registered, _place) = self.admit(name, self.take_over && !yields)?;
        if let Some((reception, token)) = registered {
            let answered = take(&*reception, &stream).map_err(Refused::Offer)?;
            return self.begin(Role::Publisher, &stream, offer, token, answered, |table| {
                table.receptions.get(&stream).is_some_and(|r| Arc::ptr_eq(&r.reception, &reception))
            });
        }
        let reception = self.requests.ask(&stream, bearer)?;
        let token = Some(bearer.to_owned()).filter(|token| !token.is_empty());
        let answered = take(&*reception, &stream).inspect_err(|error| {
            // The program waits for what it has accepted.
            self.told.tell(EventKind::PublishEnded, &stream, 0, error.to_string());
        });
        self.begin(Role::Publisher, &stream, offer, token, answered.map_err(Refused::Offer)?, |_| true)
    }

    /// One publisher a name, and one that is on its way.
    fn admit(
        &self,
        name: &str,
        take_over: bool,
    ) -> std::result::Result<(Arc<str>, Option<Reserved>, Place<'_>), Refused> {
        let mut table = self.table.lock();
        let (stream, registered) = match table.receptions.get_key_value(name) {
            Some((stream, r)) => (stream.clone(), Some((r.reception.clone(), r.token.clone()))),
            None if self.requests.are_taken() => (name.into(), None),
            None => return Err(Refused::Unknown),
        };
        let publishes = table.sessions.values().any(|s| s.is(Role::Publisher, name));
        if table.arriving.contains(name) || (publishes && !take_over) {
            return Err(Refused::Taken);
        }
        let place = Place::take(self, &mut table, Some(&stream))?;
        Ok((stream, registered, place))
    }
}

type Reserved = (Arc<dyn Reception>, Option<String>);
