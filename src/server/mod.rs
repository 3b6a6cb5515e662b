//! A small WHEP and WHIP server with pages to watch, to publish, and to see oneself processed: a program is
//! on the air in ten lines.
//!
//! A connection has a thread ([`http`]); what a request gets is decided without one ([`router`]).
//! A session is a [`Peer`](crate::peer::Peer); one thread a server hears of their ends.

mod fragment;
mod host;
mod http;
mod name;
mod options;
mod page;
mod posts;
mod router;
mod sessions;
mod websocket;
mod uploads;
#[cfg(test)]
mod tests;

pub use crate::ice::IceServer;
pub use options::ServerOptions;

use crate::error::{Error, Result};
use crate::events::{Event, EventKind, Events};
use crate::id::Id;
use crate::peer::{Peer, PeerState};
use crate::results::Results;
use crate::sink::Sink;
use crate::source::Source;
use crate::time::clock;
use crate::uploads::Uploads;
use host::Hosted;
use http::listener::Listener;
use parking_lot::Mutex;
use router::Router;
use sessions::{Requests, Sessions, Told};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Duration;
use websocket::Counts;

/// News of peers that wait at most. A session has a handful in its life, and they are read at once.
const NEWS: usize = 4096;

/// A server. Cloning gives another handle to the same one; it ends with [`Server::close`] or with
/// its last handle.
#[derive(Clone)]
pub struct Server(Arc<Inner>);

struct Inner {
    id: Id,
    options: Arc<ServerOptions>,
    uploads: Arc<uploads::Takers>,
    sessions: Arc<Sessions>,
    listener: Listener,
    ingested: Arc<Counts>,
    news: Arc<Events>,
    reader: Mutex<Option<JoinHandle<()>>>,
}

/// Figures of one server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServerStats {
    /// Sessions now.
    pub sessions: u64,
    /// Those of them that publish.
    pub publishers: u64,
    /// Sessions begun so far.
    pub sessions_started: u64,
    /// Connections now.
    pub connections: u64,
    /// Connections that found no room.
    pub connections_refused: u64,
    /// Requests answered.
    pub requests: u64,
    /// Requests that were not HTTP, or longer than the limits.
    pub requests_refused: u64,
    /// Requests that took too long.
    pub requests_timed_out: u64,
    /// Publishers by WebSocket, now.
    pub ingesters: u64,
    /// Messages taken from them.
    pub ingest_messages: u64,
    /// Those of them that were closed because they broke a rule.
    pub ingesters_refused: u64,
    /// Those of them that were closed because they were quiet for too long, or answered no ping.
    pub ingesters_timed_out: u64,
}

impl Server {
    /// Makes one and starts to listen.
    pub fn new(options: ServerOptions) -> Result<Server> {
        let links = options.check()?;
        let id = options.id.unwrap_or_else(Id::fresh);
        let told = Told { server: id, events: options.events.clone() };
        let patience = options.publish_requests.then_some(options.publish_timeout);
        let requests = Requests::new(patience, told.clone());
        let sessions = Arc::new(Sessions::new(options.max_sessions, options.take_over, requests, told));
        let news = Events::new(NEWS)?;
        let ingested = Arc::new(Counts::default());
        let router = Router {
            sessions: sessions.clone(),
            token: options.token.clone(),
            publish_token: options.publish_token.clone(),
            links,
            posts: Mutex::new(posts::Posts::new(options.posts_per_minute)),
            ingest: options.ingest(),
            ingested: ingested.clone(),
        };
        let events = options.events.clone();
        let listener = Listener::start(
            &options.bind,
            options.terms(),
            Box::new(move |request, from| router.answer(request, from, clock::now())),
            move |error| {
                if let Some(events) = events {
                    let (kind, text) = (EventKind::ServerFailed, error.to_string());
                    events.post(Event { kind, object: id, stream: None, value: error.status() as i64, text });
                }
            },
        )?;
        let reader = {
            let (news, sessions) = (news.clone(), sessions.clone());
            let thread = std::thread::Builder::new().name("fw-serve".into());
            thread.spawn(move || read_news(&news, &sessions, id))
        };
        let reader = reader.map_err(|e| Error::io("starting the server's thread", &e))?;
        let options = Arc::new(options);
        Ok(Server(Arc::new(Inner {
            id,
            options,
            uploads: Arc::default(),
            sessions,
            listener,
            ingested,
            news,
            reader: Mutex::new(Some(reader)),
        })))
    }

    /// Which server this is.
    pub fn id(&self) -> Id {
        self.0.id
    }

    /// Where it listens, with the port that was really taken.
    pub fn address(&self) -> SocketAddr {
        self.0.listener.address()
    }

    /// Puts `source` on the air as `name`: 1 to 64 bytes, no slash, no control characters. Watched at
    /// `/watch/{name}`, offered to at `POST /whep/{name}`.
    pub fn publish(&self, name: &str, source: &Source) -> Result<()> {
        self.0.sessions.publish(name, self.0.host(source))
    }

    /// [`Server::publish`], with a feed of results beside: who watches and offers data channels gets them on
    /// a channel of that feed's label.
    pub fn publish_with_results(&self, name: &str, source: &Source, results: &Results) -> Result<()> {
        self.0.sessions.publish(name, self.0.host(&(source.clone(), results.clone())))
    }

    /// Has files that viewers and publishers of `name` send (`None`: of every stream) go to `uploads`: those
    /// that come from now on, and offer data channels.
    ///
    /// # Errors
    /// `InvalidArgument`: the name can be none; `InvalidState`: another receiver has that label there.
    pub fn upload(&self, name: Option<&str>, uploads: &Uploads) -> Result<()> {
        self.0.uploads.add(name, uploads)
    }

    /// Takes `name` off the air and ends its sessions.
    pub fn unpublish(&self, name: &str) -> Result<()> {
        self.0.sessions.unpublish(name)
    }

    /// Lets `name` be published into `sink`: with a page at `/publish/{name}`, offered to at `POST
    /// /whip/{name}`, by whoever brings `token`; `None`: [`ServerOptions::publish_token`], if there is
    /// one. By one at a time; the sink outlives them.
    pub fn receive(&self, name: &str, token: Option<&str>, sink: &Sink) -> Result<()> {
        options::check_token("token", token)?;
        self.0.sessions.receive(name, token, self.0.host(sink))
    }

    /// Lets `name` be published no more and ends its publisher, also one that came by a request.
    pub fn unreceive(&self, name: &str) -> Result<()> {
        self.0.sessions.unreceive(name)
    }

    /// Lets the publisher of an [`EventKind::PublishRequest`] that still waits publish into `sink`, this
    /// once. What it can do to its session it does with the token that it came with.
    pub fn accept(&self, request: u64, sink: &Sink) -> Result<()> {
        self.0.sessions.requests.decide(request, Ok(self.0.host(sink)))
    }

    /// Lets the publisher of an [`EventKind::PublishRequest`] that still waits connect to `peer`, which was made
    /// for it and has not negotiated: it takes what it was told to take, sends what it was told to send, and has
    /// the channels that it was given. The offer is one of both directions then: `POST /mirror/{name}`.
    ///
    /// # Errors
    /// `InvalidState`: the request does not wait any more, or the peer has negotiated. `Closed`: it is over.
    pub fn accept_peer(&self, request: u64, peer: &Peer) -> Result<()> {
        peer.watch(&self.0.news)?;
        self.0.sessions.requests.decide(request, Ok(self.0.host(peer)))
    }

    /// Refuses an [`EventKind::PublishRequest`] that still waits; the publisher is told `reason`.
    pub fn refuse(&self, request: u64, reason: &str) -> Result<()> {
        self.0.sessions.requests.decide(request, Err(reason.to_owned()))
    }

    /// Figures.
    pub fn stats(&self) -> ServerStats {
        let (sessions, publishers, sessions_started) = self.0.sessions.count();
        let (connections, connections_refused) = self.0.listener.connections();
        let counts = self.0.listener.counts();
        ServerStats {
            sessions: sessions as u64,
            publishers: publishers as u64,
            sessions_started,
            connections: connections as u64,
            connections_refused,
            requests: counts.requests.load(Ordering::Relaxed),
            requests_refused: counts.refused.load(Ordering::Relaxed),
            requests_timed_out: counts.timeouts.load(Ordering::Relaxed),
            ingesters: self.0.ingested.now.load(Ordering::Relaxed),
            ingest_messages: self.0.ingested.messages.load(Ordering::Relaxed),
            ingesters_refused: self.0.ingested.refused.load(Ordering::Relaxed),
            ingesters_timed_out: self.0.ingested.timeouts.load(Ordering::Relaxed),
        }
    }

    /// Ends every session and connection, frees the port. No event about it comes afterwards.
    pub fn close(&self) {
        self.0.close();
    }
}

impl Inner {
    fn host<T: Clone>(&self, end: &T) -> Arc<Hosted<T>> {
        let (news, uploads, options) = (self.news.clone(), self.uploads.clone(), self.options.clone());
        Arc::new(Hosted { end: end.clone(), news, uploads, options })
    }

    fn close(&self) {
        self.sessions.close();
        self.listener.stop();
        let reader = self.reader.lock().take();
        if let Some(reader) = reader {
            // An event about the server itself tells its reader to end.
            let (kind, text) = (EventKind::SessionEnded, String::new());
            self.news.post(Event { kind, object: self.id, stream: None, value: 0, text });
            let _ = reader.join();
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.close();
    }
}

/// Ends the sessions whose peers are over, until there is news about the server itself.
fn read_news(news: &Events, sessions: &Sessions, server: Id) {
    const OVER: [i64; 2] = [PeerState::Failed as i64, PeerState::Closed as i64];
    while let Ok(event) = news.next(Duration::MAX) {
        if event.object == server {
            return;
        }
        if event.kind == EventKind::PeerState && OVER.contains(&event.value) {
            sessions.connection_ended(event.object, &event.text);
        }
    }
}
