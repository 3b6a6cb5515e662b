//! What a server is made from.

use super::http::connection::Patience;
use super::http::listener::Terms;
use super::http::request::Limits;
use super::websocket;
use crate::error::{Error, Result};
use crate::events::Events;
use crate::ice::IceServer;
use crate::id::Id;
use crate::message::MAX_MESSAGE;
use crate::message::ingest::MAX_INGEST;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// What a [`Server`](super::Server) is made from. `Default` serves this machine on port 8080.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// The server's id in events; `None`: a fresh one.
    pub id: Option<Id>,
    /// Where its sessions and its failure are told.
    pub events: Option<Arc<Events>>,
    /// Where it listens for HTTP, `host:port`; port 0 takes a free one.
    pub bind: String,
    /// The local address for media; `None`: every interface's.
    pub media_address: Option<IpAddr>,
    /// The local UDP port for media, shared by all sessions; `None`: one that is free.
    pub media_port: Option<u16>,
    /// Addresses to tell the other side in place of private ones: what a NAT in front of us shows.
    pub public_addresses: Vec<IpAddr>,
    /// The bearer token a viewer must bring; `None`: everybody may watch.
    pub token: Option<String>,
    /// The bearer token a publisher must bring where its stream has none of its own; `None`:
    /// everybody may publish what is received.
    pub publish_token: Option<String>,
    /// Whether a publisher takes the place of the one before it, which is ended; otherwise it is
    /// refused. One that died without a word is noticed after five seconds. With `If-None-Match: *`
    /// it is refused in any case: who comes back by itself does not want to fight.
    pub take_over: bool,
    /// Whether publishers of streams that are not received are told as events, to be answered with
    /// [`Server::accept`](super::Server::accept) or [`Server::refuse`](super::Server::refuse).
    pub publish_requests: bool,
    /// How long that may take before they are refused.
    pub publish_timeout: Duration,
    /// ICE servers that viewers and publishers are told of, and that the peers that serve them ask too, as far as a
    /// peer can (UDP alone; no TURN where `media_port` is named).
    pub ice_servers: Vec<IceServer>,
    /// Sessions at a time.
    pub max_sessions: usize,
    /// HTTP connections at a time.
    pub max_connections: usize,
    /// Bytes of a request's line and headers.
    pub max_header: usize,
    /// Bytes of a request's body.
    pub max_body: usize,
    /// How long a request may take to come, and its response to go.
    pub request_timeout: Duration,
    /// How long a connection may wait for its next request.
    pub idle_timeout: Duration,
    /// How long a session may take to connect before it is freed.
    pub connect_timeout: Duration,
    /// POSTs, and WebSockets, a minute from one address (one /64 of IPv6).
    pub posts_per_minute: u32,
    /// Bytes of a message of a WebSocket, at most [`crate::message::MAX_MESSAGE`].
    pub max_ingest_message: usize,
    /// How often a WebSocket is asked whether it lives. One of which no byte came until the next time is
    /// closed.
    pub ingest_ping: Duration,
    /// How long a WebSocket may bring neither picture nor sound before it is closed.
    pub ingest_idle_timeout: Duration,
}

impl Default for ServerOptions {
    fn default() -> Self {
        ServerOptions {
            id: None,
            events: None,
            bind: "127.0.0.1:8080".to_owned(),
            media_address: None,
            media_port: None,
            public_addresses: Vec::new(),
            token: None,
            publish_token: None,
            take_over: false,
            publish_requests: false,
            publish_timeout: Duration::from_secs(5),
            ice_servers: Vec::new(),
            max_sessions: 1000,
            max_connections: 128,
            max_header: 16 << 10,
            max_body: 64 << 10,
            request_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(15),
            connect_timeout: Duration::from_secs(30),
            posts_per_minute: 600,
            max_ingest_message: MAX_INGEST,
            ingest_ping: Duration::from_secs(15),
            ingest_idle_timeout: Duration::from_secs(60),
        }
    }
}

impl ServerOptions {
    /// Checks them; the `Link` values of the ICE servers.
    pub(super) fn check(&self) -> Result<Vec<String>> {
        let counts = [
            ("max_sessions", self.max_sessions, 1),
            ("max_connections", self.max_connections, 1),
            ("max_header", self.max_header, 256),
            ("max_body", self.max_body, 1024),
            ("posts_per_minute", self.posts_per_minute as usize, 1),
            ("max_ingest_message", self.max_ingest_message, 1),
        ];
        if let Some((name, value, least)) = counts.iter().find(|(_, value, least)| value < least) {
            return Err(Error::argument(format!("options.{name} is {value}, the least is {least}")));
        }
        let times = [
            ("request_timeout", self.request_timeout),
            ("idle_timeout", self.idle_timeout),
            ("connect_timeout", self.connect_timeout),
            ("publish_timeout", self.publish_timeout),
            ("ingest_ping", self.ingest_ping),
            ("ingest_idle_timeout", self.ingest_idle_timeout),
        ];
        if let Some((name, _)) = times.iter().find(|(_, time)| time.is_zero()) {
            return Err(Error::argument(format!("options.{name} is 0: nobody could be served")));
        }
        if self.max_ingest_message > MAX_MESSAGE {
            let given = self.max_ingest_message;
            let sentence = format!("options.max_ingest_message is {given}, the most is {MAX_MESSAGE}");
            return Err(Error::argument(sentence));
        }
        check_token("options.token", self.token.as_deref())?;
        check_token("options.publish_token", self.publish_token.as_deref())?;
        if self.publish_requests && self.events.is_none() {
            return Err(Error::argument(
                "options.publish_requests needs options.events, where they are told",
            ));
        }
        self.ice_servers.iter().map(IceServer::link).collect()
    }

    pub(super) fn ingest(&self) -> websocket::Terms {
        websocket::Terms {
            message: self.max_ingest_message,
            ping: self.ingest_ping,
            idle: self.ingest_idle_timeout,
            patience: self.request_timeout,
        }
    }

    pub(super) fn terms(&self) -> Terms {
        Terms {
            connections: self.max_connections,
            limits: Limits { head: self.max_header, body: self.max_body },
            patience: Patience { request: self.request_timeout, idle: self.idle_timeout },
        }
    }
}

/// Whether a bearer token can be one.
pub(super) fn check_token(name: &str, token: Option<&str>) -> Result<()> {
    match token {
        Some(token) if token.is_empty() || !token.bytes().all(|b| b.is_ascii_graphic()) => {
            Err(Error::argument(format!("{name} is empty or holds what a header cannot carry")))
        }
        _ => Ok(()),
    }
}
