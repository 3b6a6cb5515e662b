//! The listening socket, a bounded number of connections with a thread each, and their quick end.

use super::connection::{self, Counts, Patience};
use super::request::{Limits, Request};
use super::response::Response;
use crate::error::{Error, Result};
use crate::time::{Time, clock};
use parking_lot::{Condvar, Mutex};
use std::collections::{HashMap, VecDeque};
use std::io::{ErrorKind, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// A request and where it comes from, to a response.
pub type Handler = dyn Fn(&Request, IpAddr) -> Response + Send + Sync;

/// How a listener treats its connections.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// At most so many at a time.
    pub connections: usize,
    /// How much one request may bring.
    pub limits: Limits,
    /// How long it may take.
    pub patience: Patience,
}

/// So many refused connections are kept until their 503 has been read.
const REFUSED: usize = 16;

/// How long [`Listener::stop`] waits for handlers that are at work.
const STOP: Duration = Duration::from_millis(200);

/// A socket that listens, and the connections it took.
pub struct Listener {
    shared: Arc<Shared>,
    address: SocketAddr,
    // The same socket as the accepting thread's, as the only type of `std` that can shut it down.
    socket: TcpStream,
    thread: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    terms: Terms,
    handler: Box<Handler>,
    counts: Counts,
    turned_away: AtomicU64,
    connections: Mutex<Connections>,
    /// A connection ended, or all are to.
    changed: Condvar,
}

#[derive(Default)]
struct Connections {
    stopping: bool,
    next: u64,
    open: HashMap<u64, Arc<TcpStream>>,
}

impl Listener {
    /// Listens on `bind`, `host:port`. `failed` is told when it cannot go on.
    pub fn start(
        bind: &str,
        terms: Terms,
        handler: Box<Handler>,
        failed: impl FnOnce(Error) + Send + 'static,
    ) -> Result<Listener> {
        let refused = |e| Error::io(&format!("options.bind is {bind:?}, where nothing can listen"), &e);
        let listener = TcpListener::bind(bind).map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let socket = TcpStream::from(OwnedFd::from(listener.try_clone().map_err(refused)?));
        let shared = Arc::new(Shared {
            terms,
            handler,
            counts: Counts::default(),
            turned_away: AtomicU64::new(0),
            connections: Mutex::default(),
            changed: Condvar::new(),
        });
        let accepting = shared.clone();
        let thread = std::thread::Builder::new()
            .name("fw-http".into())
            .spawn(move || {
                if let Err(e) = accepting.accept(&listener) {
                    failed(Error::io("accepting connections", &e));
                }
            })
            .map_err(|e| Error::io("starting the server's thread", &e))?;
        Ok(Listener { shared, address, socket, thread: Mutex::new(Some(thread)) })
    }

    /// Where it listens, with the port that was really taken.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What came of its connections.
    pub fn counts(&self) -> &Counts {
        &self.shared.counts
    }

    /// How many connections are open, and how many found no room.
    pub fn connections(&self) -> (usize, u64) {
        (self.shared.connections.lock().open.len(), self.shared.turned_away.load(Ordering::Relaxed))
    }

    /// Ends every connection and takes no more. A handler at work may outlast it; nobody is
    /// served by it any more.
    pub fn stop(&self) {
        let open: Vec<_> = {
            let mut connections = self.shared.connections.lock();
            connections.stopping = true;
            connections.open.values().cloned().collect()
        };
        self.shared.changed.notify_all();
        // On Linux this wakes the thread in `accept` and frees the port.
        let _ = self.socket.shutdown(Shutdown::Both);
        for stream in open {
            let _ = stream.shutdown(Shutdown::Both);
        }
        let thread = self.thread.lock().take();
        if let Some(thread) = thread {
            let _ = thread.join();
        }
        let deadline = clock::now() + STOP;
        self.shared.wait(deadline, |connections| connections.open.is_empty());
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Shared {
    fn accept(self: &Arc<Self>, listener: &TcpListener) -> std::io::Result<()> {
        // A refused connection stays half-closed until others push it out: closing it with its
        // request unread would reset it, and the 503 would be lost.
        let mut refused = VecDeque::with_capacity(REFUSED);
        loop {
            let accepted = listener.accept();
            if self.connections.lock().stopping {
                return Ok(());
            }
            match accepted {
                Ok((stream, from)) => {
                    if let Some(stream) = self.admit(stream, from.ip()) {
                        self.turned_away.fetch_add(1, Ordering::Relaxed);
                        refused.truncate(REFUSED - 1);
                        refused.push_front(turn_away(stream));
                    }
                }
                Err(e) if matches!(e.kind(), ErrorKind::Interrupted | ErrorKind::ConnectionAborted) => (),
                // Out of descriptors or memory: the next try has a chance when a connection ended.
                Err(e)
                    if matches!(
                        e.raw_os_error(),
                        Some(libc::EMFILE | libc::ENFILE | libc::ENOBUFS | libc::ENOMEM)
                    ) =>
                {
                    refused.clear();
                    let before = self.connections.lock().open.len();
                    let deadline = clock::now() + Duration::from_millis(100);
                    self.wait(deadline, |connections| {
                        connections.stopping || connections.open.len() < before
                    });
                }
                Err(e) => return Err(e),
            }
        }
    }

    /// Gives the connection a thread; hands it back where there is no room.
    fn admit(self: &Arc<Self>, stream: TcpStream, from: IpAddr) -> Option<Arc<TcpStream>> {
        let stream = Arc::new(stream);
        let guard = {
            let mut connections = self.connections.lock();
            if connections.stopping || connections.open.len() >= self.terms.connections {
                return Some(stream);
            }
            connections.next += 1;
            let id = connections.next;
            connections.open.insert(id, stream.clone());
            Open { shared: self.clone(), id }
        };
        let served = stream.clone();
        let thread = std::thread::Builder::new().name("fw-http".into()).spawn(move || {
            let shared = &guard.shared;
            let terms = shared.terms;
            connection::serve(&served, terms.limits, terms.patience, &shared.counts, |request| {
                catch_unwind(AssertUnwindSafe(|| (shared.handler)(request, from)))
                    .unwrap_or_else(|_| Response::problem(500, "a defect of the server"))
            });
            // The registry holds the socket too, and `Open` lets go of that one.
            drop(served);
            drop(guard);
        });
        thread.is_err().then_some(stream)
    }

    fn wait(&self, deadline: Time, until: impl Fn(&Connections) -> bool) {
        let mut connections = self.connections.lock();
        while !until(&connections) {
            let left = deadline.since(clock::now());
            if left.is_zero() {
                return;
            }
            self.changed.wait_for(&mut connections, left);
        }
    }
}

/// A place among the open connections, given back on drop.
struct Open {
    shared: Arc<Shared>,
    id: u64,
}

impl Drop for Open {
    fn drop(&mut self) {
        let gone = self.shared.connections.lock().open.remove(&self.id);
        drop(gone);
        self.shared.changed.notify_all();
    }
}

/// Says 503 without waiting for anything.
fn turn_away(stream: Arc<TcpStream>) -> Arc<TcpStream> {
    let response = Response::problem(503, "too many connections").retry_after(1).encode(false, false);
    // An empty send buffer has room for it, or the client gets nothing.
    let _ = stream.set_nonblocking(true);
    let _ = (&*stream).write(&response);
    let _ = stream.shutdown(Shutdown::Write);
    stream
}
