//! Typed pictures and sound over a WebSocket (RFC 6455), into the sink of a stream: the thread of the
//! connection reads, an [`Ingester`] does the rest.

pub mod handshake;
mod pulse;
mod wire;

use super::http::connection::linger;
use super::sessions::{Connection, Sessions};
use crate::error::{Error as Failure, Status};
use crate::id::Id;
use crate::ingest::Ingester;
use crate::time::clock;
use parking_lot::Mutex;
use pulse::{Due, Pulse};
use std::net::TcpStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tungstenite::error::{CapacityError, ProtocolError};
use tungstenite::protocol::{Role, WebSocket, WebSocketConfig};
use tungstenite::{Error, Message};
use wire::{Reader, Wire};

/// The codes that we close with: RFC 6455 section 7.4.1.
mod code {
    pub const GOING_AWAY: u16 = 1001;
    pub const PROTOCOL: u16 = 1002;
    pub const UNSUPPORTED: u16 = 1003;
    pub const INVALID: u16 = 1007;
    pub const POLICY: u16 = 1008;
    pub const TOO_BIG: u16 = 1009;
}

/// So much that still comes is read after the last word, so that it is not lost: a message and a bit.
const LINGER: usize = 16 << 20;

/// How a server treats its ingesters.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// Bytes of a message.
    pub message: usize,
    /// How often one is asked whether it lives.
    pub ping: Duration,
    /// How long one may bring nothing.
    pub idle: Duration,
    /// How long one may take to read what it is sent.
    pub patience: Duration,
}

/// What came of the ingesters so far.
#[derive(Debug, Default)]
pub struct Counts {
    /// Those that are served now.
    pub now: AtomicU64,
    /// Messages taken.
    pub messages: AtomicU64,
    /// Those that were closed because they broke a rule.
    pub refused: AtomicU64,
    /// Those that were closed because they were quiet for too long, or did not answer.
    pub timeouts: AtomicU64,
}

/// The connection of an ingester's session.
pub struct Line {
    id: Id,
    ingester: Ingester,
    wire: OnceLock<Arc<Wire>>,
    /// Why it is over, and the code that says so; `None`: there is nobody to tell.
    over: Mutex<Option<(Option<u16>, String)>>,
}

impl Line {
    /// One that has no socket yet.
    pub fn new(ingester: Ingester) -> Line {
        Line { id: Id::fresh(), ingester, wire: OnceLock::new(), over: Mutex::new(None) }
    }

    /// Ends it, once.
    fn end(&self, code: Option<u16>, why: &str) {
        self.end_counted(code, why, &AtomicU64::new(0));
    }

    /// Ends it, once, and counts that before anybody hears of it.
    fn end_counted(&self, code: Option<u16>, why: &str, counter: &AtomicU64) {
        {
            let mut over = self.over.lock();
            if over.is_some() {
                return;
            }
            *over = Some((code, why.to_owned()));
        }
        counter.fetch_add(1, Ordering::Relaxed);
        self.ingester.end(why);
        self.say_why();
    }

    /// Says the last word, if there is one and somebody to hear it.
    fn say_why(&self) {
        let over = self.over.lock().clone();
        if let (Some(wire), Some((Some(code), why))) = (self.wire.get(), over) {
            wire.goodbye(code, &why);
        }
    }

    fn why(&self) -> String {
        self.over.lock().as_ref().map(|(_, why)| why.clone()).unwrap_or_default()
    }
}

impl Connection for Line {
    fn id(&self) -> Id {
        self.id
    }

    fn is_over(&self) -> bool {
        self.over.lock().is_some()
    }

    fn candidate(&self, _: &str, _: Option<&str>) {}

    fn close(&self, why: &str) {
        self.end(Some(code::POLICY), why);
    }

    fn stop(&self, why: &str) {
        self.end(Some(code::GOING_AWAY), why);
    }
}

/// A session that stands in the table and waits for its socket. Dropping it ends the session.
pub struct Publishing {
    line: Arc<Line>,
    sessions: Arc<Sessions>,
    counts: Arc<Counts>,
    terms: Terms,
}

impl Publishing {
    /// The session of `line`.
    pub fn new(line: Arc<Line>, sessions: Arc<Sessions>, counts: Arc<Counts>, terms: Terms) -> Publishing {
        counts.now.fetch_add(1, Ordering::Relaxed);
        Publishing { line, sessions, counts, terms }
    }

    /// Serves it to its end. `early` came behind the request.
    pub fn serve(self, stream: &Arc<TcpStream>, early: Vec<u8>) {
        let wire = Arc::new(Wire::new(stream.clone(), self.terms.patience));
        let pulse = Pulse::new(self.terms.ping, self.terms.idle, clock::now());
        // Who ended it before there was a socket could not say why.
        let _ = self.line.wire.set(wire.clone());
        self.line.say_why();
        let config = WebSocketConfig::default()
            .max_message_size(Some(self.terms.message))
            .max_frame_size(Some(self.terms.message));
        let reader = Reader { wire, pulse };
        let mut socket = WebSocket::from_partially_read(reader, early, Role::Server, Some(config));
        while !self.line.is_over() {
            self.step(&mut socket);
        }
        // The name is free before the last word has been read.
        drop(self);
        linger(stream, LINGER);
    }

    /// Reads one message, or does what is due.
    fn step(&self, socket: &mut WebSocket<Reader>) {
        match socket.read() {
            Ok(Message::Binary(message)) => {
                let now = clock::now();
                match self.line.ingester.push(&message, now) {
                    Ok(()) => {
                        self.counts.messages.fetch_add(1, Ordering::Relaxed);
                        socket.get_mut().pulse.progressed(now);
                    }
                    Err(error) => self.refuse(close_code(&message, &error), error.sentence()),
                }
            }
            Ok(Message::Text(_)) => self.refuse(code::UNSUPPORTED, "text is not taken here"),
            Ok(Message::Close(_)) | Err(Error::ConnectionClosed) => {
                // What is left is to answer it, which reading does.
                let _ = socket.flush();
                self.line.end(None, "ended by the publisher");
            }
            Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_)) => {}
            Err(Error::Io(e)) if e.kind() == std::io::ErrorKind::WouldBlock => {
                match socket.get_mut().pulse.tick(clock::now()) {
                    None => {}
                    Some(Due::Ping) if socket.send(Message::Ping(Default::default())).is_ok() => {}
                    Some(Due::Ping) => self.line.end(None, LOST),
                    Some(due) => {
                        let why = match due {
                            Due::Dead => "a ping was not answered",
                            _ => "nothing came for too long",
                        };
                        self.line.end_counted(Some(code::POLICY), why, &self.counts.timeouts);
                    }
                }
            }
            Err(Error::Capacity(CapacityError::MessageTooLong { .. })) => {
                let most = self.terms.message;
                self.refuse(code::TOO_BIG, &format!("a message has at most {most} bytes"));
            }
            Err(Error::Utf8(_)) => self.refuse(code::INVALID, "the text is not UTF-8"),
            Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) | Error::Io(_)) => {
                self.line.end(None, LOST);
            }
            Err(error) => self.refuse(code::PROTOCOL, &error.to_string()),
        }
    }

    fn refuse(&self, code: u16, why: &str) {
        log::info!("an ingester is closed: {why}");
        self.line.end_counted(Some(code), why, &self.counts.refused);
    }
}

const LOST: &str = "the connection was lost";

impl Drop for Publishing {
    fn drop(&mut self) {
        self.line.end(None, LOST);
        self.counts.now.fetch_sub(1, Ordering::Relaxed);
        self.sessions.connection_ended(self.line.id, &self.line.why());
    }
}

/// How a message that is not taken ends the connection.
fn close_code(message: &[u8], error: &Failure) -> u16 {
    match (error.status(), message.first()) {
        (Status::Limit, _) => code::TOO_BIG,
        (Status::Closed, _) => code::POLICY,
        (Status::Malformed, Some(b'v' | b'a')) | (Status::Codec, _) => code::INVALID,
        // It speaks of something else: a kind that we do not know, or that the stream does not take.
        _ => code::UNSUPPORTED,
    }
}
