//! The channels of one peer, and what libdatachannel says of them.

use super::inbox::Put;
use super::{Channel, ChannelOptions, Link, Shared, Taker};
use crate::error::{Error, Result, Status};
use crate::events::{Event, EventKind, Events};
use crate::id::Id;
use crate::message::fair::{AT_ONCE, Turn};
use crate::native::datachannel::{ChannelId, Channels, Connection};
use crate::sdp::MAX_MESSAGE;
use crate::time::clock;
use parking_lot::{Condvar, Mutex};
use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use std::time::Duration;

/// Channels of one peer, both sides' together.
const MOST: usize = 1_024;

/// The channels of one peer.
pub struct Hub {
    me: Weak<Hub>,
    peer: Id,
    events: Option<Arc<Events>>,
    stream: Option<Arc<str>>,
    /// Whether the remote may make channels.
    accepts: bool,
    // Held to look or change, never across a call of libdatachannel; no other lock is taken inside it
    // but a channel's own.
    table: Mutex<Table>,
    arrived: Condvar,
    // Held to look or change, inside no other lock and with none inside it.
    turn: Mutex<Turn<ChannelId>>,
}

type Live = Arc<Vec<(ChannelId, Arc<Shared>)>>;

#[derive(Default)]
struct Table {
    /// Why the peer is over.
    over: Option<String>,
    connection: Option<(Weak<Connection>, usize)>,
    /// The descriptions were exchanged without data channels.
    without: bool,
    /// Made by us before there was a connection.
    early: Vec<Arc<Shared>>,
    /// Replaced when it changes, so that the way of each chunk looks without holding the table.
    live: Live,
    /// Made by the remote, not yet taken by the application.
    arrived: VecDeque<Channel>,
    /// Who takes channels of a label of theirs instead.
    takers: Vec<Arc<dyn Taker>>,
}

impl Hub {
    pub fn new(peer: Id, events: Option<Arc<Events>>, stream: Option<Arc<str>>, accepts: bool) -> Arc<Hub> {
        Arc::new_cyclic(|me| Hub {
            me: me.clone(),
            peer,
            events,
            stream,
            accepts,
            table: Mutex::default(),
            arrived: Condvar::new(),
            turn: Mutex::default(),
        })
    }

    /// Whether a connection needs channels at all.
    pub fn is_wanted(&self) -> bool {
        let table = self.table.lock();
        self.accepts || !table.early.is_empty() || !table.takers.is_empty()
    }

    /// Whether we made any before there was a connection.
    pub fn has_own(&self) -> bool {
        !self.table.lock().early.is_empty()
    }

    /// Gives `taker` the channels of its label that the remote makes from now on.
    pub fn give(&self, taker: Arc<dyn Taker>) -> Result<()> {
        let mut table = self.table.lock();
        table.check()?;
        if table.takers.iter().any(|other| other.label() == taker.label()) {
            let sentence = format!("channels labelled {:?} are taken already", taker.label());
            return Err(Error::new(Status::InvalidState, sentence));
        }
        table.takers.push(taker);
        Ok(())
    }

    /// Makes a channel, now or when there is a connection.
    pub fn make(&self, options: ChannelOptions) -> Result<Channel> {
        options.check()?;
        let shared = Shared::new(options.id.unwrap_or_else(Id::fresh), options);
        let mut table = self.table.lock();
        table.check()?;
        if table.early.len() + table.live.len() >= MOST {
            return Err(Error::new(Status::Limit, format!("a peer has at most {MOST} channels")));
        }
        let Some((connection, longest)) = table.connection.clone() else {
            table.early.push(shared.clone());
            return Ok(shared.handle());
        };
        drop(table);
        let connection =
            connection.upgrade().ok_or_else(|| Error::new(Status::Closed, "the connection ended"))?;
        self.begin(&connection, &shared, longest)?;
        Ok(shared.handle())
    }

    /// Makes on `connection` what was made before there was one. The descriptions are not exchanged yet.
    pub fn connect(&self, connection: &Arc<Connection>) -> Result<()> {
        let early = {
            let mut table = self.table.lock();
            // Of a connection that could not have its port.
            Arc::make_mut(&mut table.live).clear();
            table.early.clone()
        };
        early.iter().try_for_each(|shared| self.begin(connection, shared, MAX_MESSAGE))
    }

    /// The descriptions are exchanged; the remote takes messages of `longest` bytes, or no channels.
    pub fn agreed(&self, connection: &Arc<Connection>, longest: Option<usize>) {
        let mut table = self.table.lock();
        let Some(longest) = longest else {
            table.without = true;
            let gone = std::mem::take(&mut table.early);
            Arc::make_mut(&mut table.live).clear();
            drop(table);
            let why = "the remote takes no data channels";
            return gone.iter().for_each(|shared| self.over(shared, why));
        };
        table.early.clear();
        table.connection = Some((Arc::downgrade(connection), longest));
        for (_, shared) in table.live.iter() {
            for link in shared.link.lock().iter_mut() {
                (link.connection, link.longest) = (Arc::downgrade(connection), longest);
            }
        }
    }

    /// Takes a channel that the remote made, waiting for at most `timeout` (`None`: without end).
    pub fn next(&self, timeout: Option<Duration>) -> Result<Channel> {
        let deadline = timeout.map(|timeout| clock::now() + timeout);
        let mut table = self.table.lock();
        loop {
            if let Some(channel) = table.arrived.pop_front() {
                return Ok(channel);
            }
            if let Some(why) = &table.over {
                return Err(Error::new(Status::Closed, why.clone()));
            }
            match clock::until(deadline) {
                None => self.arrived.wait(&mut table),
                Some(left) if left.is_zero() => {
                    return Err(Error::new(Status::Timeout, "no channel came in time"));
                }
                Some(left) => drop(self.arrived.wait_for(&mut table, left)),
            }
        }
    }

    /// The peer is over, and so are its channels. What came can still be taken.
    pub fn end(&self, why: &str) {
        let mut table = self.table.lock();
        if table.over.is_some() {
            return;
        }
        table.over = Some(why.to_owned());
        let live = std::mem::take(&mut table.live);
        let early = std::mem::take(&mut table.early);
        table.connection = None;
        table.takers.clear();
        drop(table);
        self.arrived.notify_all();
        for shared in live.iter().map(|(_, shared)| shared).chain(&early) {
            self.over(shared, why);
        }
    }

    fn begin(&self, connection: &Arc<Connection>, shared: &Arc<Shared>, longest: usize) -> Result<()> {
        let options = &shared.options;
        let (reliability, stream) = (options.reliability(), options.negotiated);
        let channel = connection.add_channel(&options.label, &options.protocol, reliability, stream)?;
        *shared.link.lock() =
            Some(Link { channel, connection: Arc::downgrade(connection), hub: self.me.clone(), longest });
        Arc::make_mut(&mut self.table.lock().live).push((channel, shared.clone()));
        // Known before it opens: on a connection that stands it may have by now.
        connection.watch_channel(channel).inspect_err(|_| {
            self.forget(channel);
            connection.remove_channel(channel);
        })
    }

    /// Bytes that wait to be sent on all channels together.
    pub fn buffered(&self) -> usize {
        self.live().iter().map(|(id, _)| id.buffered()).sum()
    }

    /// Whether `channel`, which has a chunk, may hand it over. If not, it is stirred when that may have
    /// changed. [`Hub::pass`] is to follow, also when it has none any more.
    pub fn ask(&self, channel: ChannelId) -> bool {
        let its_turn = self.turn.lock().ask(channel);
        its_turn && self.buffered() < AT_ONCE
    }

    /// `channel` has handed a chunk over, or else has none to hand over.
    pub fn pass(&self, channel: ChannelId, handed_over: bool) {
        self.turn.lock().pass(channel, handed_over);
        self.stir();
    }

    /// Our side has closed it.
    pub fn forget(&self, channel: ChannelId) {
        Arc::make_mut(&mut self.table.lock().live).retain(|(id, _)| *id != channel);
        self.pass(channel, false);
    }

    /// Has those who wait ask again. Who passes meanwhile moves others out of sight, and stirs them itself.
    fn stir(&self) {
        for n in 0.. {
            let waiting = self.turn.lock().waiting().get(n).copied();
            let Some(channel) = waiting else { return };
            if let Some(shared) = self.find(channel) {
                shared.stir();
            }
        }
    }

    fn live(&self) -> Live {
        self.table.lock().live.clone()
    }

    fn find(&self, channel: ChannelId) -> Option<Arc<Shared>> {
        self.live().iter().find(|(id, _)| *id == channel).map(|(_, shared)| shared.clone())
    }

    fn over(&self, shared: &Shared, why: &str) {
        if shared.inbox.close(why) {
            self.tell(shared.id(), EventKind::ChannelClosed, why);
        }
        shared.link.lock().take();
        shared.stir();
    }

    fn tell(&self, channel: Id, kind: EventKind, text: &str) {
        if let Some(events) = &self.events {
            let stream = self.stream.clone();
            events.post(Event { kind, object: channel, stream, value: 0, text: text.to_owned() });
        }
    }
}

impl Table {
    /// Whether there can be further channels.
    fn check(&self) -> Result<()> {
        if let Some(why) = &self.over {
            return Err(Error::new(Status::Closed, format!("the peer is over: {why}")));
        }
        if self.without {
            let sentence = "the connection was negotiated without data channels";
            return Err(Error::new(Status::InvalidState, sentence));
        }
        Ok(())
    }
}

impl Channels for Hub {
    fn arrived(&self, channel: ChannelId, label: String, protocol: String) -> bool {
        let taker = self.table.lock().takers.iter().find(|taker| taker.label() == label).cloned();
        if taker.is_none() && !self.accepts {
            return false;
        }
        let shared =
            Shared::new(Id::fresh(), ChannelOptions { label, protocol, ..ChannelOptions::default() });
        shared.inbox.open();
        {
            let mut table = self.table.lock();
            if table.over.is_some() || table.live.len() >= MOST {
                return false;
            }
            let (connection, longest) = table.connection.clone().unwrap_or((Weak::new(), MAX_MESSAGE));
            *shared.link.lock() = Some(Link { channel, connection, hub: self.me.clone(), longest });
            Arc::make_mut(&mut table.live).push((channel, shared.clone()));
            if taker.is_none() {
                table.arrived.push_back(shared.handle());
            }
        }
        match taker {
            Some(taker) => {
                let taken = taker.take(shared.handle(), self.peer, self.stream.clone());
                if !taken {
                    // Nobody watches it yet, so that its end would not be heard.
                    self.forget(channel);
                }
                taken
            }
            None => {
                self.arrived.notify_all();
                self.tell(self.peer, EventKind::ChannelArrived, &shared.options.label);
                true
            }
        }
    }

    fn open(&self, channel: ChannelId) {
        if let Some(shared) = self.find(channel)
            && shared.inbox.open()
        {
            self.tell(shared.id(), EventKind::ChannelOpen, &shared.options.label);
            shared.stir();
        }
    }

    fn message(&self, channel: ChannelId, data: &[u8], text: bool) {
        let Some(shared) = self.find(channel) else { return };
        match shared.inbox.put(data, text) {
            Put::First => {
                self.tell(shared.id(), EventKind::ChannelMessage, "");
                shared.stir();
            }
            Put::More => {}
            Put::Full => {
                let why = "the program did not take what came";
                if shared.inbox.close(why) {
                    self.tell(shared.id(), EventKind::ChannelClosed, why);
                }
                shared.overflow(why);
            }
        }
    }

    fn drained(&self, _: ChannelId) {
        // One queue carries them all: room for one is room for each.
        self.stir();
    }

    fn closed(&self, channel: ChannelId) {
        if let Some(shared) = self.find(channel) {
            if shared.inbox.close("the remote closed it") {
                self.tell(shared.id(), EventKind::ChannelClosed, "the remote closed it");
            }
            shared.close("the remote closed it");
            shared.stir();
        }
    }
}
