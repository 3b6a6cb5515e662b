//! The opening handshake of a WebSocket: RFC 6455 section 4.2. No socket.

use crate::ingest::IngestOptions;
use crate::server::http::request::Request;
use crate::server::http::response::Response;
use crate::server::name;
use tungstenite::handshake::derive_accept_key;

/// The subprotocol that is spoken; one need not be asked for.
const PROTOCOL: &str = "framewire";

/// A browser's page cannot set headers of a WebSocket, but it can offer subprotocols: this one is the
/// bearer token, percent-encoded. An address would stand in the logs of every proxy (RFC 6750 section 5.3).
const BEARER: &str = "bearer.";

/// Whether `request` asks for a WebSocket; otherwise the response that says how. Any origin may: as with the
/// rest of the server nothing hangs on cookies, so a page can do no more than its own server could.
pub fn check(request: &Request) -> Result<(), Response> {
    let has = |header, token: &str| tokens(request, header).any(|given| given.eq_ignore_ascii_case(token));
    if !has("upgrade", "websocket") || !has("connection", "upgrade") {
        return Err(Response::problem(426, "this is a WebSocket").with("Upgrade", "websocket"));
    }
    if request.header("sec-websocket-version") != Some("13") {
        return Err(Response::problem(426, "the version of WebSocket is 13")
            .with("Upgrade", "websocket")
            .with("Sec-WebSocket-Version", "13"));
    }
    // 16 bytes in base64.
    let key = request.header("sec-websocket-key").unwrap_or_default();
    let body = key.strip_suffix("==").unwrap_or_default();
    if body.len() != 22 || !body.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/')) {
        return Err(Response::problem(400, "Sec-WebSocket-Key is not 16 bytes in base64"));
    }
    let mut offered = tokens(request, "sec-websocket-protocol").peekable();
    if offered.peek().is_some() && !offered.any(|protocol| protocol == PROTOCOL) {
        return Err(Response::problem(400, "the subprotocol is called framewire"));
    }
    Ok(())
}

/// The response that opens it, to a request that was checked.
pub fn accept(request: &Request) -> Response {
    let key = request.header("sec-websocket-key").unwrap_or_default();
    let response = Response::new(101)
        .with("Upgrade", "websocket")
        .with("Sec-WebSocket-Accept", derive_accept_key(key.as_bytes()));
    match tokens(request, "sec-websocket-protocol").next() {
        Some(_) => response.with("Sec-WebSocket-Protocol", PROTOCOL),
        None => response,
    }
}

/// The bearer token among the subprotocols.
pub fn bearer(request: &Request) -> Option<String> {
    let encoded = tokens(request, "sec-websocket-protocol").find_map(|token| token.strip_prefix(BEARER))?;
    name::percent_decode(encoded)
}

/// What the address says of the sound: `?rate=16000&channels=1`.
pub fn sound(request: &Request) -> Result<IngestOptions, Response> {
    let mut options = IngestOptions::default();
    for (key, value) in request.query.split('&').filter_map(|pair| pair.split_once('=')) {
        let number = || value.parse().map_err(|_| Response::problem(400, format!("{key} is no number")));
        match key {
            "rate" => options.sample_rate = number()?,
            "channels" => options.channels = number()?,
            _ => {}
        }
    }
    options.check().map_err(|error| Response::problem(400, error.to_string()))?;
    Ok(options)
}

/// The elements of a list in a header.
fn tokens<'a>(request: &'a Request, header: &str) -> impl Iterator<Item = &'a str> {
    let list = request.header(header).unwrap_or_default();
    list.split(',').map(str::trim).filter(|token| !token.is_empty())
}
