//! The client handle.

use super::events::{self, framewire_events};
use super::guard::{guard, guard_free, required};
use super::ice::{self, framewire_ice_server};
use super::peer::{ip_address, ip_addresses, port};
use super::registry::{CLIENTS, SINKS, SOURCES};
use super::sink::framewire_sink;
use super::sized::{self, flag, millis, plain};
use super::source::framewire_source;
use super::status::framewire_status;
use super::text;
use crate::client::{Client, ClientOptions, ClientState, Purpose};
use crate::error::{Error, Result};
use crate::events::Events;
use crate::peer::PeerOptions;
use std::ffi::c_char;
use std::sync::Arc;

/// Publishes a source to a WHIP server (RFC 9725), or takes a stream of a WHEP server
/// (draft-ietf-wish-whep-03) into a sink: another program of this library's, a media server, a service.
///
/// It follows redirects (301, 302, 307, 308), sends its token to the origin of its URL alone, and is not
/// led from https to http.
///
/// Thread safety: every function may be called from any thread, also from callbacks.
pub struct framewire_client {
    _token: (),
}

/// Where a client stands.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum framewire_client_state {
    /// It speaks with the server, or media does not flow yet.
    FRAMEWIRE_CLIENT_CONNECTING = 0,
    /// Media flows.
    FRAMEWIRE_CLIENT_CONNECTED = 1,
    /// It waits before it tries again.
    FRAMEWIRE_CLIENT_RETRYING = 2,
    /// It is over: the remote ended it, and it was not to retry.
    FRAMEWIRE_CLIENT_ENDED = 3,
    /// It is over: an error, and it was not to retry or would find the same again.
    FRAMEWIRE_CLIENT_FAILED = 4,
}

/// What a client is made from. 0 is the default of every field but `size`, `url`, and one of `source` and
/// `sink`. Every text is copied.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct framewire_client_options {
    /// sizeof(framewire_client_options).
    pub size: usize,
    /// Where its states are told; NULL: nowhere. It stays yours.
    pub events: *mut framewire_events,
    /// The endpoint, "https://host/whip/name" or "http://host:8080/whep/name".
    pub url: *const c_char,
    /// The bearer token; NULL: none.
    pub token: *const c_char,
    /// The name of the stream in its events; NULL: "".
    pub stream: *const c_char,
    /// What to publish by WHIP; NULL: nothing, it takes.
    pub source: *mut framewire_source,
    /// Where to take a stream to by WHEP; NULL: nowhere, it publishes.
    pub sink: *mut framewire_sink,
    /// The local IP address for media, "192.0.2.1"; NULL: every interface's.
    pub media_address: *const c_char,
    /// IP addresses to tell the remote in place of private ones: up to 8, separated by commas; NULL: none.
    pub public_addresses: *const c_char,
    /// STUN and TURN servers, as framewire_peer_options says; NULL: none. Those that the server tells are
    /// asked too: at once where it tells them in answer to OPTIONS, which it is asked first (for two
    /// seconds at most), and from the second attempt on where they come with its answer to the offer.
    pub ice_servers: *const framewire_ice_server,
    /// How many.
    pub ice_server_count: usize,
    /// The local UDP port for media; 0: one that is free.
    pub media_port: u32,
    /// 1: it tries again where that may help, after 1, 2, 4 … 30 seconds (give or take a quarter), or as
    /// long as the server asks for: when the server is not reached, or answers 404, 409, 429 or 5xx, and
    /// when a connection is lost or the remote ends it. 0: one attempt is all.
    pub retry: u32,
    /// How long an HTTP request may take, in milliseconds; 0: 10,000.
    pub request_timeout_ms: u32,
    /// How long media may take to connect, in milliseconds; 0: 30,000.
    pub connect_timeout_ms: u32,
    /// How long it may be disconnected before it is lost, in milliseconds; 0: 5,000.
    pub disconnect_grace_ms: u32,
    /// How long an offer waits for STUN and TURN servers, in milliseconds; 0: 2,000.
    pub gather_timeout_ms: u32,
}
plain!(framewire_client_options, first 112, {
    size, events, url, token, stream, source, sink, media_address, public_addresses, ice_servers,
    ice_server_count, media_port, retry, request_timeout_ms, connect_timeout_ms, disconnect_grace_ms,
    gather_timeout_ms,
});

/// Makes a client, which begins to connect at once, on a thread of the library: it never blocks.
/// FRAMEWIRE_EVENT_CLIENT_STATE tells how it goes.
///
/// On success `*client` is yours until framewire_client_free. It keeps what it needs of the source or
/// sink: either may be freed first. INVALID_ARGUMENT: a NULL, a wrong size, a URL that is not http or
/// https, a token that a header cannot carry, both of `source` and `sink` or none. INVALID_HANDLE:
/// `options->events`, `source` or `sink` is none. UNSUPPORTED: an ICE server as in
/// framewire_peer_options.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_client_new(
    options: *const framewire_client_options,
    client: *mut *mut framewire_client,
) -> framewire_status {
    guard(|| {
        // SAFETY: the caller promises that `options` points to `options->size` readable bytes.
        let options = unsafe { sized::read(options, "options") }?;
        // SAFETY: the caller promises that its texts are C strings and its array is as long as it says.
        let mut converted = unsafe { options.convert() }?;
        required(client, "client")?;
        let place = CLIENTS.reserve()?;
        converted.id = Some(place.id());
        let events = converted.events.clone();
        let entry = Entry { client: Client::new(converted)?, events };
        // SAFETY: `client` is not NULL, and the caller promises that it is writable.
        unsafe { client.write(place.fill(entry)) };
        Ok(())
    })
}

/// Ends a client in whatever state it is: ends its session at the server by DELETE, for which it waits
/// one second at most, and its connection. NULL is fine. Its source or sink lives on.
///
/// No event about it comes afterwards, and an event callback about it is not running (one that does
/// not return is waited for one second at most; inside it, free does not wait for it).
#[unsafe(no_mangle)]
pub extern "C" fn framewire_client_free(client: *mut framewire_client) {
    guard_free(client, || {
        let (id, entry) = CLIENTS.take(client)?;
        entry.client.close();
        if let Some(events) = &entry.events {
            events.forget(id);
        }
        Ok(())
    });
}

/// Where the client stands: `*state` is a framewire_client_state.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_client_get_state(
    client: *mut framewire_client,
    state: *mut i32,
) -> framewire_status {
    guard(|| {
        let entry = CLIENTS.get(client)?;
        required(state, "state")?;
        // SAFETY: `state` is not NULL, and the caller promises that it is writable.
        unsafe { state.write(entry.client.state() as i32) };
        Ok(())
    })
}

/// What a client handle stands for.
pub struct Entry {
    client: Client,
    events: Option<Arc<Events>>,
}

impl framewire_client_options {
    /// # Safety
    /// Each text is NULL or a C string; `ice_servers` is NULL or has as many as it says.
    unsafe fn convert(&self) -> Result<ClientOptions> {
        // SAFETY: as promised to us.
        let (url, token, stream, address, public, ice_servers) = unsafe {
            let url = text::read(self.url, "options.url")?;
            let token = text::read_optional(self.token, "options.token")?;
            let stream = text::read_optional(self.stream, "options.stream")?;
            let address = text::read_optional(self.media_address, "options.media_address")?;
            let public = text::read_optional(self.public_addresses, "options.public_addresses")?;
            (url, token, stream, address, public, ice::servers(self.ice_servers, self.ice_server_count)?)
        };
        let default = ClientOptions::new(url, self.purpose()?);
        Ok(ClientOptions {
            events: events::queue(self.events)?,
            token: token.map(str::to_owned),
            retry: flag(self.retry, "options.retry")?,
            request_timeout: millis(self.request_timeout_ms).unwrap_or(default.request_timeout),
            peer: PeerOptions {
                stream: stream.map(Arc::from),
                media_address: address.map(|a| ip_address(a, "options.media_address")).transpose()?,
                media_port: port(self.media_port, "options.media_port")?,
                public_addresses: ip_addresses(public, "options.public_addresses")?,
                ice_servers,
                gather_timeout: millis(self.gather_timeout_ms),
                disconnect_grace: millis(self.disconnect_grace_ms),
                connect_timeout: millis(self.connect_timeout_ms),
                ..PeerOptions::default()
            },
            ..default
        })
    }

    fn purpose(&self) -> Result<Purpose> {
        match (self.source.is_null(), self.sink.is_null()) {
            (false, true) => Ok(Purpose::Publish(SOURCES.get(self.source)?.source().clone())),
            (true, false) => Ok(Purpose::Take(SINKS.get(self.sink)?.sink.clone())),
            (true, true) => Err(Error::argument("options.source and options.sink are both NULL")),
            (false, false) => {
                Err(Error::argument("options.source and options.sink are both given: a client does one"))
            }
        }
    }
}

/// The numbers of C are those of Rust.
const _: () = {
    use ClientState::*;
    use framewire_client_state::*;
    assert!(FRAMEWIRE_CLIENT_CONNECTING as i32 == Connecting as i32);
    assert!(FRAMEWIRE_CLIENT_CONNECTED as i32 == Connected as i32);
    assert!(FRAMEWIRE_CLIENT_RETRYING as i32 == Retrying as i32);
    assert!(FRAMEWIRE_CLIENT_ENDED as i32 == Ended as i32);
    assert!(FRAMEWIRE_CLIENT_FAILED as i32 == Failed as i32);
};
