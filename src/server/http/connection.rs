//! One connection: requests in, responses out, each within its time.

use super::request::{Limits, Parser, Request, Step};
use super::response::Response;
use crate::time::{Time, clock};
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How long a client may take.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// From the first byte of a request to its last, and as long again to take the response.
    pub request: Duration,
    /// From a response to the next request.
    pub idle: Duration,
}

/// What came of the connections so far.
#[derive(Debug, Default)]
pub struct Counts {
    /// Requests that were answered by a handler.
    pub requests: AtomicU64,
    /// Requests that were not HTTP, or too much of it.
    pub refused: AtomicU64,
    /// Clients that were too slow.
    pub timeouts: AtomicU64,
}

/// Serves a connection to its end.
pub fn serve(
    stream: &Arc<TcpStream>,
    limits: Limits,
    patience: Patience,
    counts: &Counts,
    handler: impl Fn(&Request) -> Response,
) {
    let mut parser = Parser::new(limits);
    // A response is one write; waiting to fill a segment would only delay it.
    let _ = stream.set_nodelay(true);
    while let Some(outcome) = receive(stream, &mut parser, patience) {
        let (counter, mut response, keep_alive, bodiless) = match outcome {
            Ok(request) => {
                (&counts.requests, handler(&request), request.keep_alive, request.method == "HEAD")
            }
            Err(refusal) if refusal.status == 408 => (&counts.timeouts, refusal, false, false),
            Err(refusal) => (&counts.refused, refusal, false, false),
        };
        counter.fetch_add(1, Ordering::Relaxed);
        let deadline = clock::now() + patience.request;
        if send(stream, &response.encode(keep_alive, bodiless), deadline).is_none() {
            return;
        }
        if let Some(upgrade) = response.upgrade.take() {
            return (upgrade.0)(stream, parser.rest());
        }
        if !keep_alive {
            return linger(stream, 1 << 20);
        }
    }
}

/// The next request, or the response that refuses it; `None`: the connection is over.
fn receive(stream: &TcpStream, parser: &mut Parser, patience: Patience) -> Option<Result<Request, Response>> {
    let allowed = if parser.is_idle() { patience.idle } else { patience.request };
    let mut deadline = clock::now() + allowed;
    let mut buffer = [0; 8192];
    loop {
        match parser.next() {
            Ok(Step::Request(request)) => return Some(Ok(request)),
            Ok(Step::Continue) => send(stream, b"HTTP/1.1 100 Continue\r\n\r\n", deadline)?,
            Err(refusal) => return Some(Err(refusal)),
            Ok(Step::More) => {
                let was_idle = parser.is_idle();
                match read(stream, &mut buffer, deadline) {
                    Ok(0) => return None,
                    Ok(n) => parser.push(&buffer[..n]),
                    Err(e) if e.kind() == ErrorKind::TimedOut && !was_idle => {
                        return Some(Err(Response::problem(408, "the request took too long")));
                    }
                    Err(_) => return None,
                }
                if was_idle {
                    deadline = clock::now() + patience.request;
                }
            }
        }
    }
}

/// Closing a socket that holds unread bytes resets it, and takes the response back from a client
/// that is still sending. So: say that no more comes, and read for a moment at most so many bytes.
pub fn linger(stream: &TcpStream, mut left: usize) {
    let deadline = clock::now() + Duration::from_secs(1);
    let mut buffer = [0; 8192];
    if stream.shutdown(Shutdown::Write).is_err() {
        return;
    }
    while left > 0 {
        match read(stream, &mut buffer, deadline) {
            Ok(0) | Err(_) => return,
            Ok(n) => left = left.saturating_sub(n),
        }
    }
}

/// The socket's own time-out is set anew for every call: a client that sends a byte now and then
/// has no longer than one that sends nothing.
fn read(mut stream: &TcpStream, buffer: &mut [u8], deadline: Time) -> std::io::Result<usize> {
    loop {
        stream.set_read_timeout(Some(left(deadline)?))?;
        match stream.read(buffer) {
            Err(e) if matches!(e.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock) => (),
            done => return done,
        }
    }
}

fn send(mut stream: &TcpStream, mut bytes: &[u8], deadline: Time) -> Option<()> {
    while !bytes.is_empty() {
        stream.set_write_timeout(Some(left(deadline).ok()?)).ok()?;
        match stream.write(bytes) {
            Ok(0) => return None,
            Ok(n) => bytes = &bytes[n..],
            Err(e) if matches!(e.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock) => (),
            Err(_) => return None,
        }
    }
    Some(())
}

fn left(deadline: Time) -> std::io::Result<Duration> {
    let left = deadline.since(clock::now());
    if left.is_zero() { Err(ErrorKind::TimedOut.into()) } else { Ok(left) }
}
