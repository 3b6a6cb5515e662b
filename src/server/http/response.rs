//! A response, and how it goes on the wire. Every one of them may be read by a page of any origin.

use std::borrow::Cow;
use std::fmt;
use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;

/// What any origin may do and read. Nothing here hangs on cookies, so `*` gives nothing away that
/// the origin could not fetch from its own server.
const CORS: &str = "Access-Control-Allow-Origin: *\r\n\
    Access-Control-Allow-Methods: OPTIONS, GET, HEAD, POST, PATCH, DELETE\r\n\
    Access-Control-Allow-Headers: Authorization, Content-Type, If-Match\r\n\
    Access-Control-Expose-Headers: Location, ETag, Link, Accept-Post\r\n";

/// A response.
#[derive(Debug)]
pub struct Response {
    /// Its status code.
    pub status: u16,
    /// Who has the connection after it.
    pub upgrade: Option<Upgrade>,
    headers: Vec<(&'static str, Cow<'static, str>)>,
    body: Cow<'static, [u8]>,
}

/// Serves a connection that speaks HTTP no more, to its end; the bytes came behind the request.
pub struct Upgrade(pub Box<Serve>);

/// What serves it.
pub type Serve = dyn FnOnce(&Arc<TcpStream>, Vec<u8>) + Send;

impl fmt::Debug for Upgrade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Upgrade")
    }
}

impl Response {
    /// An empty one.
    pub fn new(status: u16) -> Response {
        Response { status, upgrade: None, headers: Vec::new(), body: Cow::Borrowed(&[]) }
    }

    /// An error, with a sentence for whoever reads it (RFC 9457).
    pub fn problem(status: u16, detail: impl Into<Cow<'static, str>>) -> Response {
        let problem = serde_json::json!({
            "type": "about:blank", "title": reason(status), "status": status, "detail": detail.into(),
        });
        Response::new(status).body("application/problem+json", problem.to_string().into_bytes())
    }

    /// With this body.
    pub fn body(self, content_type: &'static str, body: impl Into<Cow<'static, [u8]>>) -> Response {
        Response { body: body.into(), ..self.with("Content-Type", content_type) }
    }

    /// After it the connection is served by `upgrade`.
    pub fn upgrade(self, upgrade: impl FnOnce(&Arc<TcpStream>, Vec<u8>) + Send + 'static) -> Response {
        Response { upgrade: Some(Upgrade(Box::new(upgrade))), ..self }
    }

    /// With this header. A value that could end its line and begin another is left out.
    pub fn with(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Response {
        let value = value.into();
        let harmless = !value.bytes().any(|b| b.is_ascii_control());
        debug_assert!(harmless, "{name}: {value:?}");
        if harmless {
            self.headers.push((name, value));
        }
        self
    }

    /// Told to come again in `seconds`.
    pub fn retry_after(self, seconds: u64) -> Response {
        self.with("Retry-After", seconds.max(1).to_string())
    }

    /// The value of a header.
    #[cfg(test)]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_ref())
    }

    /// The body as text.
    #[cfg(test)]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("our bodies are text")
    }

    /// The bytes on the wire. `bodiless` for HEAD: the length is told, the body is not sent.
    pub fn encode(&self, keep_alive: bool, bodiless: bool) -> Vec<u8> {
        let mut out = Vec::with_capacity(640 + self.body.len());
        let connection = match self.status {
            101 => "Upgrade",
            _ if keep_alive => "keep-alive",
            _ => "close",
        };
        let mut write = |text: std::fmt::Arguments<'_>| out.write_fmt(text).expect("a Vec takes all");
        write(format_args!("HTTP/1.1 {} {}\r\n{CORS}", self.status, reason(self.status)));
        for (name, value) in &self.headers {
            write(format_args!("{name}: {value}\r\n"));
        }
        // RFC 9110 section 8.6: no Content-Length in these.
        if !matches!(self.status, 101 | 204) {
            write(format_args!("Content-Length: {}\r\n", self.body.len()));
        }
        write(format_args!("X-Content-Type-Options: nosniff\r\nConnection: {connection}\r\n\r\n"));
        if !bodiless {
            out.extend_from_slice(&self.body);
        }
        out
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        101 => "Switching Protocols",
        200 => "OK",
        201 => "Created",
        204 => "No Content",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        409 => "Conflict",
        412 => "Precondition Failed",
        413 => "Content Too Large",
        415 => "Unsupported Media Type",
        417 => "Expectation Failed",
        422 => "Unprocessable Content",
        426 => "Upgrade Required",
        428 => "Precondition Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        _ => "Unknown",
    }
}
