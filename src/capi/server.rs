//! The server handle.

use super::events::{self, framewire_events};
use super::guard::{guard, guard_free, required};
use super::ice::{self, framewire_ice_server};
use super::peer::{ip_address, ip_addresses, port};
use super::registry::{SERVERS, SOURCES};
use super::sized::{self, flag, millis, plain, unused};
use super::source::framewire_source;
use super::stats::framewire_server_stats;
use super::status::framewire_status;
use super::text;
use crate::error::Result;
use crate::events::Events;
use crate::server::{Server, ServerOptions};
use std::ffi::c_char;
use std::sync::Arc;

/// A small HTTP server that puts sources on the air and takes what browsers publish: pages at /,
/// /watch/NAME, /publish/NAME and /mirror/NAME (see framewire_server_accept_peer; /mirror leads to a new
/// name), WHEP (draft-ietf-wish-whep-03) at /whep/NAME, WHIP (RFC 9725) at /whip/NAME, encoded pictures and
/// PCM over a WebSocket at /ws/NAME. Everything works without it, see framewire_peer and framewire_ingest.
///
/// Thread safety: every function may be called from any thread, also from callbacks.
pub struct framewire_server {
    _token: (),
}

/// What a server is made from. 0 is the default of every field but `size`. Every text is copied.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct framewire_server_options {
    /// sizeof(framewire_server_options).
    pub size: usize,
    /// Where its sessions and its failure are told; NULL: nowhere. It stays yours.
    pub events: *mut framewire_events,
    /// Where it listens, "host:port"; port 0 takes a free one; NULL: "127.0.0.1:8080".
    pub bind: *const c_char,
    /// The local IP address for media, "192.0.2.1"; NULL: every interface's.
    pub media_address: *const c_char,
    /// IP addresses to tell viewers in place of private ones, what a NAT in front of this machine
    /// shows: up to 8, separated by commas; NULL: none.
    pub public_addresses: *const c_char,
    /// The bearer token that a viewer must bring; NULL: everybody may watch.
    pub token: *const c_char,
    /// The bearer token that a publisher must bring where its stream has none of its own; NULL:
    /// everybody may publish what framewire_server_receive was called for.
    pub publish_token: *const c_char,
    /// STUN and TURN servers that viewers are told of, and that the peers of the server ask too, as
    /// framewire_peer_options says; what those cannot use is only told: TLS, TCP, and TURN where
    /// `media_port` is given. A session's answer waits for them, 2 seconds at most. NULL: none.
    pub ice_servers: *const framewire_ice_server,
    /// How many.
    pub ice_server_count: usize,
    /// Sessions at a time; 0: 1,000.
    pub max_sessions: u32,
    /// HTTP connections at a time; 0: 128.
    pub max_connections: u32,
    /// Bytes of a request's line and headers, 256 or more; 0: 16,384.
    pub max_header: u32,
    /// Bytes of a request's body, 1,024 or more; 0: 65,536.
    pub max_body: u32,
    /// How long a request may take to come, and its response to go, in milliseconds; 0: 10,000.
    pub request_timeout_ms: u32,
    /// How long a connection may wait for its next request, in milliseconds; 0: 15,000.
    pub idle_timeout_ms: u32,
    /// How long a session may take to connect before it is freed, in milliseconds; 0: 30,000.
    pub connect_timeout_ms: u32,
    /// POSTs, and WebSockets, a minute from one address; 0: 600.
    pub posts_per_minute: u32,
    /// The local UDP port for media; 0: one that is free.
    pub media_port: u32,
    /// 1: a publisher takes the place of the one before it, which is ended. 0: it is refused as long
    /// as that one is connected; one that died without a word is noticed after five seconds.
    pub take_over: u32,
    /// 1: who wants to publish what framewire_server_receive was not called for is told as
    /// FRAMEWIRE_EVENT_PUBLISH_REQUEST, to be answered with framewire_server_accept or
    /// framewire_server_refuse. `events` must be set. 0: such publishers are refused.
    pub publish_requests: u32,
    /// How long the answer may take before the publisher is refused, in milliseconds; 0: 5,000.
    pub publish_timeout_ms: u32,
    /// Bytes of a message of a WebSocket at /ws/NAME, at most 67,108,864; 0: 8,388,608.
    pub max_ingest_message: u32,
    /// How often a WebSocket is asked whether it lives, in milliseconds; 0: 15,000. One of which no byte
    /// came until the next time is closed.
    pub ingest_ping_ms: u32,
    /// How long a WebSocket may bring neither picture nor sound before it is closed, in milliseconds; 0:
    /// 60,000.
    pub ingest_idle_timeout_ms: u32,
    /// 0.
    pub reserved: u32,
}
plain!(framewire_server_options, first 120, {
    size, events, bind, media_address, public_addresses, token, publish_token, ice_servers, ice_server_count, max_sessions,
    max_connections, max_header, max_body, request_timeout_ms, idle_timeout_ms, connect_timeout_ms,
    posts_per_minute, media_port, take_over, publish_requests, publish_timeout_ms,
    max_ingest_message, ingest_ping_ms, ingest_idle_timeout_ms, reserved,
});

/// Makes a server and starts to listen. `options` may be NULL: all defaults.
///
/// On success `*server` is yours until framewire_server_free. INVALID_ARGUMENT: a NULL, a wrong
/// size, a text or number that breaks its rule. INVALID_HANDLE: `options->events` is no events
/// handle. IO: it cannot listen there; the sentence says why.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_server_new(
    options: *const framewire_server_options,
    server: *mut *mut framewire_server,
) -> framewire_status {
    guard(|| {
        let mut converted = ServerOptions::default();
        if !options.is_null() {
            // SAFETY: the caller promises that `options` points to `options->size` readable bytes.
            let options = unsafe { sized::read(options, "options") }?;
            // SAFETY: the caller promises that its texts are C strings and its array is as long as it says.
            converted = unsafe { options.convert() }?;
        }
        required(server, "server")?;
        let place = SERVERS.reserve()?;
        converted.id = Some(place.id());
        let events = converted.events.clone();
        let entry = Entry { server: Server::new(converted)?, events };
        // SAFETY: `server` is not NULL, and the caller promises that it is writable.
        unsafe { server.write(place.fill(entry)) };
        Ok(())
    })
}

/// Ends a server: it listens no more, and its sessions end. NULL is fine. The sources that it
/// published live on.
///
/// No event about it comes afterwards, and an event callback about it is not running (one that does
/// not return is waited for one second at most; inside it, free returns at once).
#[unsafe(no_mangle)]
pub extern "C" fn framewire_server_free(server: *mut framewire_server) {
    guard_free(server, || {
        let (id, entry) = SERVERS.take(server)?;
        entry.server.close();
        if let Some(events) = &entry.events {
            events.forget(id);
        }
        Ok(())
    });
}

/// Puts `source` on the air as `name` (1 to 64 bytes, no slash, no control characters):
/// /watch/NAME, POST /whep/NAME. A name that is taken is given to the new source; who watches the
/// old one goes on. The server keeps what it needs of the source: either may be freed first.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_server_publish(
    server: *mut framewire_server,
    name: *const c_char,
    source: *mut framewire_source,
) -> framewire_status {
    guard(|| {
        let (entry, source) = (SERVERS.get(server)?, SOURCES.get(source)?);
        // SAFETY: the caller promises that `name` is NULL or a C string.
        entry.server.publish(unsafe { text::read(name, "name") }?, source.source())
    })
}

/// Takes `name` off the air and ends its sessions. INVALID_ARGUMENT: nothing is published there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_server_unpublish(
    server: *mut framewire_server,
    name: *const c_char,
) -> framewire_status {
    guard(|| {
        let entry = SERVERS.get(server)?;
        // SAFETY: the caller promises that `name` is NULL or a C string.
        entry.server.unpublish(unsafe { text::read(name, "name") }?)
    })
}

/// Where the server listens, "127.0.0.1:8080", with the port that was really taken.
///
/// Text out: `address` (with `capacity` bytes; 64 suffice) receives it and a NUL, `*length` (may be
/// NULL) its length without the NUL. `address` may be NULL: only the length is told. LIMIT: it is too
/// small and not written to, but `*length` is.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_server_address(
    server: *mut framewire_server,
    address: *mut c_char,
    capacity: usize,
    length: *mut usize,
) -> framewire_status {
    guard(|| {
        let entry = SERVERS.get(server)?;
        // SAFETY: the caller promises that the outputs are writable.
        let out = unsafe { text::out(address, capacity, length) }?;
        out.write(&entry.server.address().to_string())
    })
}

/// The figures of a server as they stand, without stopping anyone. `stats->size` must be set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_server_get_stats(
    server: *mut framewire_server,
    stats: *mut framewire_server_stats,
) -> framewire_status {
    guard(|| {
        let entry = SERVERS.get(server)?;
        // SAFETY: the caller promises that `stats` is NULL or points to `stats->size` writable bytes.
        let out = unsafe { sized::out(stats, "stats") }?;
        out.write(framewire_server_stats::from(entry.server.stats()));
        Ok(())
    })
}

/// What a server handle stands for.
pub struct Entry {
    pub(super) server: Server,
    events: Option<Arc<Events>>,
}

impl framewire_server_options {
    /// # Safety
    /// Each text is NULL or a C string; `ice_servers` is NULL or has as many as it says.
    unsafe fn convert(&self) -> Result<ServerOptions> {
        // SAFETY: as promised to us.
        let (bind, address, public, token, publish_token, ice_servers) = unsafe {
            let bind = text::read_optional(self.bind, "options.bind")?;
            let address = text::read_optional(self.media_address, "options.media_address")?;
            let public = text::read_optional(self.public_addresses, "options.public_addresses")?;
            let token = text::read_optional(self.token, "options.token")?;
            let publish_token = text::read_optional(self.publish_token, "options.publish_token")?;
            (
                bind,
                address,
                public,
                token,
                publish_token,
                ice::servers(self.ice_servers, self.ice_server_count)?,
            )
        };
        unused(self.reserved, "options.reserved")?;
        let default = ServerOptions::default();
        Ok(ServerOptions {
            id: None,
            events: events::queue(self.events)?,
            bind: bind.map_or(default.bind, str::to_owned),
            media_address: address.map(|a| ip_address(a, "options.media_address")).transpose()?,
            media_port: port(self.media_port, "options.media_port")?,
            public_addresses: ip_addresses(public, "options.public_addresses")?,
            token: token.map(str::to_owned),
            publish_token: publish_token.map(str::to_owned),
            take_over: flag(self.take_over, "options.take_over")?,
            publish_requests: flag(self.publish_requests, "options.publish_requests")?,
            publish_timeout: millis(self.publish_timeout_ms).unwrap_or(default.publish_timeout),
            ice_servers,
            max_sessions: count(self.max_sessions, default.max_sessions),
            max_connections: count(self.max_connections, default.max_connections),
            max_header: count(self.max_header, default.max_header),
            max_body: count(self.max_body, default.max_body),
            request_timeout: millis(self.request_timeout_ms).unwrap_or(default.request_timeout),
            idle_timeout: millis(self.idle_timeout_ms).unwrap_or(default.idle_timeout),
            connect_timeout: millis(self.connect_timeout_ms).unwrap_or(default.connect_timeout),
            posts_per_minute: count(self.posts_per_minute, default.posts_per_minute as usize) as u32,
            max_ingest_message: count(self.max_ingest_message, default.max_ingest_message),
            ingest_ping: millis(self.ingest_ping_ms).unwrap_or(default.ingest_ping),
            ingest_idle_timeout: millis(self.ingest_idle_timeout_ms).unwrap_or(default.ingest_idle_timeout),
        })
    }
}

fn count(given: u32, default: usize) -> usize {
    if given == 0 { default } else { given as usize }
}
