//! What browsers publish to a server.

use super::guard::guard;
use super::peer::framewire_peer;
use super::registry::{PEERS, SERVERS, SINKS};
use super::server::framewire_server;
use super::sink::framewire_sink;
use super::status::framewire_status;
use super::text;
use std::ffi::c_char;

/// Lets `name` (as in framewire_server_publish) be published into `sink`: a camera page at
/// /publish/NAME, WHIP (RFC 9725) at POST /whip/NAME. `token` is the bearer token that a publisher
/// must bring; NULL: the one of the server's options, if there is one. Who publishes, and when it
/// ends, is told as events of the server; what comes, by the sink.
///
/// Who does not publish by WebRTC brings the messages that framewire_ingest takes over a WebSocket (RFC 6455)
/// at /ws/NAME, by the same rules, from a page of any origin: one binary message a picture, or a piece of
/// sound. PCM has 48,000 samples a second of two channels, unless the address says otherwise:
/// /ws/NAME?rate=16000&channels=1. The token comes as with WHIP, or from a page, which cannot set headers, as
/// a subprotocol: new WebSocket(url, ["framewire", "bearer." + encodeURIComponent(token)]). Who may not gets
/// the HTTP status that WHIP has for it, before the connection is a WebSocket. It is closed with a reason and
/// 1003 for text, for a message of another kind, and for one that the sink does not take; 1007 for PCM that
/// is no whole number of samples, and after too many images in a row that cannot be decoded; 1008 when
/// nothing came for too long, when another publisher takes over, and when the stream is not received any
/// more; 1009 for a message that is too long; 1001 when the server is freed.
///
/// One publisher at a time, by either way; see `take_over` of the server's options. A name can be published and
/// watched at once: give what comes out of the sink to a source. The server keeps what it needs of
/// the sink: either may be freed first. INVALID_STATE: the name is received already.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_server_receive(
    server: *mut framewire_server,
    name: *const c_char,
    token: *const c_char,
    sink: *mut framewire_sink,
) -> framewire_status {
    guard(|| {
        let (entry, sink) = (SERVERS.get(server)?, SINKS.get(sink)?);
        // SAFETY: the caller promises that each is NULL or a C string.
        let (name, token) = unsafe { (text::read(name, "name")?, text::read_optional(token, "token")?) };
        entry.server.receive(name, token, &sink.sink)
    })
}

/// Lets `name` be published no more and ends its publisher, also one that was let in with
/// framewire_server_accept. INVALID_STATE: there is neither.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_server_unreceive(
    server: *mut framewire_server,
    name: *const c_char,
) -> framewire_status {
    guard(|| {
        let entry = SERVERS.get(server)?;
        // SAFETY: the caller promises that `name` is NULL or a C string.
        entry.server.unreceive(unsafe { text::read(name, "name") }?)
    })
}

/// Lets the publisher of a FRAMEWIRE_EVENT_PUBLISH_REQUEST in: what it sends goes into `sink`.
/// `request` is the event's value. INVALID_STATE: the request does not wait any more; it was decided,
/// or `publish_timeout_ms` is over.
#[unsafe(no_mangle)]
pub extern "C" fn framewire_server_accept(
    server: *mut framewire_server,
    request: i64,
    sink: *mut framewire_sink,
) -> framewire_status {
    guard(|| {
        let (entry, sink) = (SERVERS.get(server)?, SINKS.get(sink)?);
        entry.server.accept(request as u64, &sink.sink)
    })
}

/// Lets the publisher of a FRAMEWIRE_EVENT_PUBLISH_REQUEST connect to `peer`, which you made for it: call
/// framewire_peer_receive, framewire_peer_send, framewire_peer_results and framewire_peer_channel before. One
/// connection carries all of it, both ways: that is what the page /mirror/NAME offers, by POST /mirror/NAME. Who
/// offers to send only is sent nothing: the answer is recvonly then, as every answer of WHIP (RFC 9725 section
/// 4.2).
///
/// The server answers the offer, and FRAMEWIRE_EVENT_PUBLISH_STARTED comes, or FRAMEWIRE_EVENT_PUBLISH_ENDED
/// when that fails. The session ends with the peer, also by framewire_peer_free, and the peer with the session;
/// its handle stays yours. INVALID_STATE: the request does not wait any more, or the peer has negotiated.
/// CLOSED: the peer is over.
#[unsafe(no_mangle)]
pub extern "C" fn framewire_server_accept_peer(
    server: *mut framewire_server,
    request: i64,
    peer: *mut framewire_peer,
) -> framewire_status {
    guard(|| {
        let (entry, peer) = (SERVERS.get(server)?, PEERS.get(peer)?);
        entry.server.accept_peer(request as u64, &peer.peer)
    })
}

/// Turns the publisher of a FRAMEWIRE_EVENT_PUBLISH_REQUEST away; it is told `reason` (NULL: "").
/// For the rest see framewire_server_accept.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_server_refuse(
    server: *mut framewire_server,
    request: i64,
    reason: *const c_char,
) -> framewire_status {
    guard(|| {
        let entry = SERVERS.get(server)?;
        // SAFETY: the caller promises that `reason` is NULL or a C string.
        let reason = unsafe { text::read_optional(reason, "reason") }?;
        entry.server.refuse(request as u64, reason.unwrap_or_default())
    })
}
