//! What browsers publish to a server.

use super::guard::guard;
use super::registry::{SERVERS, SINKS};
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
/// One publisher at a time; see `take_over` of the server's options. A name can be published and
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
