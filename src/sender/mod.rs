//! Sender threads: each with one UDP port, the peers on it, a viewer for each section they are sent,
//! and a receiver for what they send.
//!
//! Sending is synchronous in libdatachannel, so the viewers are spread over a few threads. A thread
//! sleeps until a frame, a word from the remote, a command or its next timer; a viewer costs it
//! nothing in between. What a peer sends is put in order here too, because what is said about it
//! (NACK, PLI, reports) goes out on the same connection; it is decoded on threads of its own.

mod inbox;
mod line;
mod ring;
mod seat;
mod thread;

pub use line::Line;
pub use seat::{Incoming, Owner, Seat, Stream, Track};

use crate::error::{Error, Result};
use crate::fanout::Outlet;
use crate::id::Id;
use crate::media::MediaFrame;
use crate::time::Time;
use inbox::{Command, Inbox};
use parking_lot::Mutex;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

/// Most sender threads for one local address.
const MOST: usize = 4;

/// One sender thread, for those who bring it work.
pub struct Sender {
    id: Id,
    address: Option<IpAddr>,
    /// The port that the caller named.
    fixed: Option<u16>,
    /// Which peers it is for.
    company: Company,
    /// The port in use.
    port: AtomicU16,
    inbox: Arc<Inbox>,
    /// Peers that hold a [`Berth`] here.
    peers: AtomicUsize,
}

/// Peers that share sender threads with their like alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Company {
    /// All but the following.
    Common,
    /// Those with TURN servers: sending for one takes a lock that libjuice has for all of them, and may
    /// hold for ever. Each has a port of its own.
    Relayed,
}

/// A peer's place at a sender thread. Dropping it gives the place back.
pub struct Berth(Arc<Sender>);

/// The sender with the fewest peers for that local address and port; a new one while there are
/// fewer than cores.
pub fn berth(address: Option<IpAddr>, port: Option<u16>, company: Company) -> Result<Berth> {
    // Held to choose or start one, never while anything is sent.
    static SENDERS: OnceLock<Mutex<Vec<Arc<Sender>>>> = OnceLock::new();
    let mut senders = SENDERS.get_or_init(Mutex::default).lock();
    let ours = |s: &&Arc<Sender>| s.address == address && s.fixed == port && s.company == company;
    let most = match port {
        Some(_) => 1,
        None => std::thread::available_parallelism().map_or(1, |n| n.get()).min(MOST),
    };
    let count = senders.iter().filter(ours).count();
    let idlest = senders.iter().filter(ours).min_by_key(|s| s.peers.load(Ordering::Relaxed)).cloned();
    let sender = match idlest {
        Some(sender) if count >= most || sender.peers.load(Ordering::Relaxed) == 0 => sender,
        _ => {
            let sender = Sender::start(address, port, company)?;
            senders.push(sender.clone());
            sender
        }
    };
    sender.peers.fetch_add(1, Ordering::Relaxed);
    Ok(Berth(sender))
}

impl Sender {
    fn start(address: Option<IpAddr>, port: Option<u16>, company: Company) -> Result<Arc<Sender>> {
        let sender = Arc::new(Sender {
            id: Id::fresh(),
            address,
            fixed: port,
            company,
            port: AtomicU16::new(port.map_or_else(|| free_port(address), Ok)?),
            inbox: Arc::default(),
            peers: AtomicUsize::new(0),
        });
        let (inbox, outlet) = (sender.inbox.clone(), sender.clone());
        std::thread::Builder::new()
            .name("fw-send".into())
            .spawn(move || thread::run(&inbox, outlet))
            .map_err(|error| Error::io("start a sender thread", &error))?;
        Ok(sender)
    }
}

impl Outlet for Sender {
    fn deliver(&self, frame: &Arc<MediaFrame>, deadline: Time) -> bool {
        self.inbox.frame(frame, deadline)
    }

    fn id(&self) -> Id {
        self.id
    }
}

impl Berth {
    /// The UDP port of all peers here.
    pub fn port(&self) -> u16 {
        self.0.port.load(Ordering::Relaxed)
    }

    /// Moves new peers to another port, because `tried` could not be used. False: it was named by
    /// the caller.
    pub fn move_port(&self, tried: u16) -> Result<bool> {
        if self.0.fixed.is_none() && self.port() == tried {
            self.0.port.store(free_port(self.0.address)?, Ordering::Relaxed);
        }
        Ok(self.0.fixed.is_none())
    }

    /// A line from libdatachannel to this thread. `receives`: media comes in.
    pub fn line(&self, peer: Id, receives: bool) -> Arc<Line> {
        Line::new(peer, self.0.inbox.clone(), receives)
    }

    /// Has this thread serve `seat`.
    pub fn join(&self, seat: Seat) {
        self.0.inbox.command(Command::Join(Box::new(seat)));
    }

    /// Has this thread say goodbye to `peer` and forget it.
    pub fn leave(&self, peer: Id) {
        self.0.inbox.command(Command::Leave(peer));
    }
}

impl Drop for Berth {
    fn drop(&mut self) {
        self.0.peers.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A UDP port that was free a moment ago. libjuice wants a number to share a port by.
pub fn free_port(address: Option<IpAddr>) -> Result<u16> {
    let bind = |address: IpAddr| UdpSocket::bind(SocketAddr::new(address, 0)).and_then(|s| s.local_addr());
    let bound = match address {
        Some(address) => bind(address),
        // Both families where the machine has both.
        None => bind(Ipv6Addr::UNSPECIFIED.into()).or_else(|_| bind(Ipv4Addr::UNSPECIFIED.into())),
    };
    bound.map(|address| address.port()).map_err(|error| Error::io("find a UDP port for media", &error))
}
