//! One HTTP/1.1 request after the other out of a stream of bytes (RFC 9112): no socket, no clock.

use super::response::Response;

/// How much one request may bring.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of the request line and the headers; also of a chunked body's trailers.
    pub head: usize,
    /// Bytes of the body.
    pub body: usize,
}

/// More headers than any browser sends, few enough for the stack.
const MAX_HEADERS: usize = 64;

/// A chunk's size line with its extensions; longer ones serve nobody.
const MAX_CHUNK_LINE: usize = 256;

/// A request, complete with its body.
#[derive(Debug, Default)]
pub struct Request {
    /// The method as it was sent: methods are case-sensitive.
    pub method: String,
    /// The path as it was sent, percent-encoded, without query.
    pub path: String,
    /// What stands behind the path's question mark, as it was sent.
    pub query: String,
    /// Whether the connection outlives the response.
    pub keep_alive: bool,
    /// The body, out of its chunks.
    pub body: Vec<u8>,
    headers: Vec<(String, String)>,
}

impl Request {
    /// The value of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// Whether the body is of this media type, whatever its parameters.
    pub fn is_of_type(&self, media_type: &str) -> bool {
        let sent = self.header("content-type").unwrap_or_default().split(';').next();
        sent.unwrap_or_default().trim().eq_ignore_ascii_case(media_type)
    }
}

/// What to do next.
#[derive(Debug)]
pub enum Step {
    /// Read on.
    More,
    /// The client waits for `100 Continue` before it sends its body.
    Continue,
    /// Here is one.
    Request(Request),
}

/// The reader of one connection's requests. An error ends it: what follows cannot be told apart.
pub struct Parser {
    limits: Limits,
    buffer: Vec<u8>,
    /// So much of the buffer holds no line end that has not been looked at.
    seen: usize,
    head: Option<Head>,
}

struct Head {
    request: Request,
    body: Body,
    expects: bool,
}

impl Parser {
    /// At the start of a connection.
    pub fn new(limits: Limits) -> Parser {
        Parser { limits, buffer: Vec::new(), seen: 0, head: None }
    }

    /// Takes what the socket gave.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// What came behind the last request.
    pub fn rest(self) -> Vec<u8> {
        self.buffer
    }

    /// Whether nothing of a next request has come.
    pub fn is_idle(&self) -> bool {
        self.buffer.is_empty() && self.head.is_none()
    }

    /// The next step; an error is the response that refuses the request.
    pub fn next(&mut self) -> Result<Step, Response> {
        if self.head.is_none() {
            self.head = self.parse_head()?;
        }
        let Some(head) = &mut self.head else { return Ok(Step::More) };
        let (used, complete) = head.body.take(&self.buffer, &mut head.request.body, self.limits)?;
        self.buffer.drain(..used);
        self.seen = 0;
        if complete {
            let head = self.head.take().expect("it was there a moment ago");
            return Ok(Step::Request(head.request));
        }
        let expects = std::mem::take(&mut head.expects);
        Ok(if expects { Step::Continue } else { Step::More })
    }

    fn parse_head(&mut self) -> Result<Option<Head>, Response> {
        // RFC 9112 section 2.2: empty lines before a request are no request.
        let blank = self.buffer.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
        self.buffer.drain(..blank);
        // Looking only when a line has ended keeps a head that comes byte by byte from costing
        // the square of its length.
        let line_ended = self.buffer[self.seen.min(self.buffer.len())..].contains(&b'\n');
        self.seen = self.buffer.len();
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut parsed = httparse::Request::new(&mut headers);
        let status = match line_ended {
            true => parsed.parse(&self.buffer).map_err(|e| match e {
                httparse::Error::TooManyHeaders => Response::problem(431, "more than 64 headers"),
                e => Response::problem(400, format!("the request does not parse: {e}")),
            })?,
            false => httparse::Status::Partial,
        };
        let length = match status {
            httparse::Status::Complete(length) => length,
            httparse::Status::Partial => self.buffer.len(),
        };
        if length > self.limits.head {
            let limit = self.limits.head;
            return Err(Response::problem(431, format!("the head is longer than {limit} bytes")));
        }
        if status.is_partial() {
            return Ok(None);
        }
        let head = Head::new(&parsed, self.limits)?;
        self.buffer.drain(..length);
        Ok(Some(head))
    }
}

impl Head {
    fn new(parsed: &httparse::Request<'_, '_>, limits: Limits) -> Result<Head, Response> {
        let bad = |detail: &'static str| Response::problem(400, detail);
        let headers: Vec<(String, String)> = parsed
            .headers
            .iter()
            .map(|h| (h.name.to_ascii_lowercase(), String::from_utf8_lossy(h.value).trim().to_owned()))
            .collect();
        let all =
            |name: &'static str| headers.iter().filter(move |(n, _)| n == name).map(|(_, v)| v.as_str());
        let latest = parsed.version == Some(1);
        let hosts = all("host").count();
        if hosts > 1 || (latest && hosts == 0) {
            return Err(bad("exactly one Host header is needed"));
        }
        // RFC 9112 section 6.3: two ways to say where a request ends are two requests for somebody.
        let body = match (all("transfer-encoding").next(), all("content-length").next()) {
            (None, None) => Body::Length(0),
            (None, Some(length)) => {
                let digits = !length.is_empty() && length.bytes().all(|b| b.is_ascii_digit());
                if !digits || all("content-length").count() > 1 {
                    return Err(bad("Content-Length is not one number"));
                }
                match length.parse() {
                    Ok(length) if length <= limits.body => Body::Length(length),
                    _ => return Err(too_large(limits)),
                }
            }
            (Some(_), Some(_)) => return Err(bad("Transfer-Encoding and Content-Length exclude each other")),
            (Some(_), None) if !latest => return Err(bad("HTTP/1.0 has no Transfer-Encoding")),
            (Some(coding), None) => {
                if all("transfer-encoding").count() > 1 || !coding.eq_ignore_ascii_case("chunked") {
                    return Err(Response::problem(501, "the only transfer coding is chunked"));
                }
                Body::Size
            }
        };
        let expects = match all("expect").next() {
            None => false,
            Some(expected) if expected.eq_ignore_ascii_case("100-continue") => latest,
            Some(_) => return Err(Response::problem(417, "only 100-continue can be expected")),
        };
        let closes =
            all("connection").flat_map(|v| v.split(',')).any(|v| v.trim().eq_ignore_ascii_case("close"));
        let method = parsed.method.unwrap_or_default().to_owned();
        let (path, query) = target(parsed.path.unwrap_or_default());
        let (path, query) = (path.to_owned(), query.to_owned());
        let keep_alive = latest && !closes;
        let request = Request { method, path, query, keep_alive, body: Vec::new(), headers };
        Ok(Head { request, body, expects })
    }
}

/// Path and query of a request target: origin form, or the absolute form that proxies send (RFC 9112
/// section 3.2).
fn target(target: &str) -> (&str, &str) {
    let target = match target.split_once("://") {
        Some((scheme, rest)) if !scheme.contains('/') => rest.find('/').map_or("/", |at| &rest[at..]),
        _ => target,
    };
    let target = target.split('#').next().unwrap_or_default();
    target.split_once('?').unwrap_or((target, ""))
}

fn too_large(limits: Limits) -> Response {
    Response::problem(413, format!("the body is longer than {} bytes", limits.body))
}

/// Where in its body a request stands.
enum Body {
    /// So many bytes to come.
    Length(usize),
    /// A chunk's size is next.
    Size,
    /// So many bytes of this chunk to come, and a line end.
    Chunk(usize),
    /// Trailers, of which so many bytes came.
    Trailers(usize),
}

impl Body {
    /// Moves on through `input`: how much was used, and whether the body is complete.
    fn take(&mut self, input: &[u8], body: &mut Vec<u8>, limits: Limits) -> Result<(usize, bool), Response> {
        let bad = |detail: &'static str| Err(Response::problem(400, detail));
        let mut used = 0;
        loop {
            let rest = &input[used..];
            match self {
                Body::Length(left) => {
                    let n = rest.len().min(*left);
                    body.extend_from_slice(&rest[..n]);
                    *left -= n;
                    return Ok((used + n, *left == 0));
                }
                Body::Size => match httparse::parse_chunk_size(rest) {
                    Err(_) => return bad("a chunk's size does not parse"),
                    Ok(httparse::Status::Partial) if rest.len() > MAX_CHUNK_LINE => {
                        return bad("a chunk's size line is too long");
                    }
                    Ok(httparse::Status::Partial) => return Ok((used, false)),
                    Ok(httparse::Status::Complete((n, 0))) => {
                        used += n;
                        *self = Body::Trailers(0);
                    }
                    Ok(httparse::Status::Complete((n, size))) => {
                        used += n;
                        match usize::try_from(size) {
                            Ok(size) if size <= limits.body - body.len() => *self = Body::Chunk(size),
                            _ => return Err(too_large(limits)),
                        }
                    }
                },
                Body::Chunk(0) => match rest {
                    [b'\r', b'\n', ..] => {
                        used += 2;
                        *self = Body::Size;
                    }
                    [] | [b'\r'] => return Ok((used, false)),
                    _ => return bad("a chunk is longer than its size"),
                },
                Body::Chunk(left) => {
                    let n = rest.len().min(*left);
                    body.extend_from_slice(&rest[..n]);
                    used += n;
                    *left -= n;
                    if *left > 0 {
                        return Ok((used, false));
                    }
                }
                Body::Trailers(seen) => {
                    let line = rest.iter().position(|b| *b == b'\n').map(|at| at + 1);
                    if *seen + line.unwrap_or(rest.len()) > limits.head {
                        return Err(Response::problem(431, "the trailers are too long"));
                    }
                    let Some(line) = line else { return Ok((used, false)) };
                    *seen += line;
                    used += line;
                    if matches!(&rest[..line], b"\n" | b"\r\n") {
                        return Ok((used, true));
                    }
                }
            }
        }
    }
}
