//! A WHIP client (RFC 9725) and a WHEP client (draft-ietf-wish-whep-03): publishes a source to a server,
//! or takes a stream from one into a sink.
//!
//! ```text
//!  Client ─ run (its thread) ─┬─ http ─ address, link      ask, POST an offer, DELETE the session
//!                             ├─ course                    what next: retry when, or end
//!                             └─ Peer                      the connection
//! ```

mod address;
mod course;
mod http;
mod link;
mod run;

use crate::error::{Error, Result};
use crate::events::{Event, EventKind, Events};
use crate::id::Id;
use crate::peer::{Peer, PeerOptions};
use crate::sink::Sink;
use crate::source::Source;
use http::Http;
use parking_lot::{Condvar, Mutex};
use std::sync::Arc;
use std::time::Duration;

/// How long [`Client::close`] waits at most for its session to be ended.
const FAREWELL: Duration = Duration::from_millis(900);
/// News of the peer that wait at most; it has a handful in its life, and they are read at once.
const NEWS: usize = 64;

/// Where a client stands. The numbers are the C ABI's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(i32)]
pub enum ClientState {
    /// It speaks with the server, or media does not flow yet.
    Connecting = 0,
    /// Media flows.
    Connected = 1,
    /// It waits before it tries again.
    Retrying = 2,
    /// It is over: closed, or the remote ended it and it was not to retry.
    Ended = 3,
    /// It is over: an error that it was not to retry, or that would be the same again.
    Failed = 4,
}

/// What a client does.
#[derive(Clone)]
pub enum Purpose {
    /// Sends the source to a WHIP endpoint.
    Publish(Source),
    /// Takes the stream of a WHEP endpoint.
    Take(Sink),
}

/// What a [`Client`] is made from.
#[derive(Clone)]
pub struct ClientOptions {
    /// The client's id in events; `None`: a fresh one.
    pub id: Option<Id>,
    /// Where its states are told.
    pub events: Option<Arc<Events>>,
    /// The endpoint: `https://host/whip/name`.
    pub url: String,
    /// The bearer token. It goes to the origin (scheme, host, port) of `url` alone, wherever that
    /// redirects to.
    pub token: Option<String>,
    /// What it does.
    pub purpose: Purpose,
    /// Whether it tries again where that may help: after 1, 2, 4 … 30 s (give or take a quarter), or as
    /// long as the server asks for. It helps when the server is not reached, answers 404, 409, 429 or
    /// 5xx, and when a connection is lost or the remote ends it.
    pub retry: bool,
    /// How long a request may take.
    pub request_timeout: Duration,
    /// How its peers are made: addresses, ICE servers, time-outs, and the stream's name in events. Their
    /// lives are the client's business: `id` and `events` in it are not looked at. ICE servers that the
    /// server tells are asked too: at once where it tells them in answer to OPTIONS, from the second attempt
    /// on where they come with its answer to the offer.
    pub peer: PeerOptions,
}

impl ClientOptions {
    /// All defaults: no token, no second try, ten seconds a request.
    pub fn new(url: impl Into<String>, purpose: Purpose) -> ClientOptions {
        ClientOptions {
            id: None,
            events: None,
            url: url.into(),
            token: None,
            purpose,
            retry: false,
            request_timeout: Duration::from_secs(10),
            peer: PeerOptions::default(),
        }
    }
}

/// A client. Cloning gives another handle to the same one; it ends with [`Client::close`], or with the
/// last handle.
#[derive(Clone)]
pub struct Client(Arc<Handle>);

/// Ends the client when the last of its handles goes: its thread holds [`Shared`] only.
struct Handle(Arc<Shared>);

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.close();
    }
}

struct Shared {
    id: Id,
    options: ClientOptions,
    http: Http,
    /// What the peer tells; and that the client is closed, so that its thread waits for one thing.
    news: Arc<Events>,
    // Held to look or change, and while an event is posted, so that events tell states in order. Never
    // while a peer or the server is spoken to.
    inner: Mutex<Inner>,
    /// Told when the thread has ended.
    done: Condvar,
}

struct Inner {
    state: ClientState,
    closing: bool,
    /// The thread's part is done.
    done: bool,
    /// The peer of this attempt.
    peer: Option<Peer>,
}

impl Client {
    /// Makes one, which begins to connect at once.
    ///
    /// # Errors
    /// `InvalidArgument`: the URL is none of HTTP, the token holds what a header cannot carry, or a peer
    /// cannot be made so.
    pub fn new(options: ClientOptions) -> Result<Client> {
        if options.request_timeout.is_zero() {
            return Err(Error::argument("request_timeout is 0: no request could be made"));
        }
        // What is wrong with them is said now, and not on the thread.
        drop(Peer::new(options.peer.clone())?);
        let shared = Arc::new(Shared {
            id: options.id.unwrap_or_else(Id::fresh),
            http: Http::new(&options.url, options.token.as_deref(), options.request_timeout)?,
            options,
            news: Events::new(NEWS)?,
            inner: Mutex::new(Inner {
                state: ClientState::Connecting,
                closing: false,
                done: false,
                peer: None,
            }),
            done: Condvar::new(),
        });
        let thread = std::thread::Builder::new().name("fw-client".into());
        let running = shared.clone();
        thread.spawn(move || run::run(&running)).map_err(|e| Error::io("start a client's thread", &e))?;
        Ok(Client(Arc::new(Handle(shared))))
    }

    /// Which client this is.
    pub fn id(&self) -> Id {
        self.shared().id
    }

    /// Where it stands.
    pub fn state(&self) -> ClientState {
        self.shared().inner.lock().state
    }

    /// The peer of the present attempt, for its figures.
    pub fn peer(&self) -> Option<Peer> {
        self.shared().inner.lock().peer.clone()
    }

    /// Ends it: DELETEs the session, for at most a second, and closes the peer. A request that is under
    /// way is left to its time-out; what it brings is ended too.
    pub fn close(&self) {
        self.shared().close();
    }

    fn shared(&self) -> &Arc<Shared> {
        &self.0.0
    }
}

impl Shared {
    /// Enters a state and tells it, unless it is over.
    fn enter(&self, state: ClientState, why: &str) {
        self.enter_locked(&mut self.inner.lock(), state, why);
    }

    fn enter_locked(&self, inner: &mut Inner, state: ClientState, why: &str) {
        if matches!(inner.state, ClientState::Ended | ClientState::Failed) {
            return;
        }
        inner.state = state;
        if let Some(events) = &self.options.events {
            events.post(Event {
                kind: EventKind::ClientState,
                object: self.id,
                stream: self.options.peer.stream.clone(),
                value: state as i64,
                text: why.to_owned(),
            });
        }
    }

    fn close(&self) {
        let mut inner = self.inner.lock();
        self.enter_locked(&mut inner, ClientState::Ended, "it was closed");
        if !inner.closing {
            inner.closing = true;
            // News about the client itself tells its thread to end.
            let (kind, text) = (EventKind::ClientState, String::new());
            self.news.post(Event { kind, object: self.id, stream: None, value: 0, text });
        }
        let offering = inner.peer.clone().filter(|peer| peer.state() == crate::peer::PeerState::Connecting);
        drop(inner);
        if let Some(peer) = offering {
            peer.close();
        }
        let mut inner = self.inner.lock();
        self.done.wait_while_for(&mut inner, |inner| !inner.done, FAREWELL);
        let peer = inner.peer.take();
        drop(inner);
        if let Some(peer) = peer {
            peer.close();
        }
    }
}
