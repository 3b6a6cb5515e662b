//! One WebRTC connection and its life.
//!
//! A peer is told which sources to send, answers an offer or makes one, and is from then on served
//! by a sender thread ([`crate::sender`]). Its life is told as events.

mod crew;
pub(crate) mod life;
mod negotiate;
mod place;
mod shared;

use crate::channel::{Channel, ChannelOptions, Hub};
use crate::error::{Error, Result, Status};
use crate::events::{EventKind, Events};
use crate::ice::{IceServer, Servers};
use crate::id::Id;
use crate::media::Kind;
use crate::native::datachannel::{Connection, Gathering};
use crate::resolve::Resolver;
use crate::results::Results;
use crate::sdp::{self, Candidate};
use crate::sender::Berth;
use crate::sink::Sink;
use crate::source::Source;
use crate::uploads::Uploads;
use crate::viewer::{ViewerCounters, ViewerStats};
use parking_lot::Mutex;
use place::End;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// Where a peer stands. The numbers are the C ABI's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(i32)]
pub enum PeerState {
    /// Nothing negotiated.
    New = 0,
    /// Offer and answer are exchanged, or being so.
    Connecting = 1,
    /// Media flows.
    Connected = 2,
    /// Connected, but nothing came from the remote for two seconds.
    Interrupted = 3,
    /// ICE lost the path; it may come back.
    Disconnected = 4,
    /// It is over: no path, silence, or an error. Its sources are detached.
    Failed = 5,
    /// It is over: closed by either side. Its sources are detached.
    Closed = 6,
}

/// What a [`Peer`] is made from.
#[derive(Clone, Debug, Default)]
pub struct PeerOptions {
    /// The peer's id in events; `None`: a fresh one.
    pub id: Option<Id>,
    /// Where its life is told.
    pub events: Option<Arc<Events>>,
    /// The stream's name in its events.
    pub stream: Option<Arc<str>>,
    /// The local address for media; `None`: every interface's.
    pub media_address: Option<IpAddr>,
    /// The local UDP port for media, shared by all peers that name it; `None`: one that is free.
    pub media_port: Option<u16>,
    /// Addresses to tell the remote in place of private ones: what a NAT in front of us shows.
    pub public_addresses: Vec<IpAddr>,
    /// Whether candidates of the remote are probed; with a TURN server they always are. Otherwise the remote's own probes tell where
    /// it is, which is enough where it can reach us, and no stranger gets a packet from us.
    pub probe_candidates: bool,
    /// STUN and TURN servers, to learn at what other addresses it can be reached; of those it is given,
    /// it asks one of STUN and two of TURN. With a TURN server it has a UDP port of its own.
    pub ice_servers: Vec<IceServer>,
    /// How long an answer or an offer waits for them; `None`: 2 s. Candidates that come later are told
    /// as events.
    pub gather_timeout: Option<Duration>,
    /// How long *disconnected* may last; `None`: 5 s.
    pub disconnect_grace: Option<Duration>,
    /// How long *connecting* may last; `None`: 30 s.
    pub connect_timeout: Option<Duration>,
    /// Whether the remote may make data channels; those that we make need no leave.
    pub accept_channels: bool,
}

/// One connection. Cloning gives another handle to the same one; it ends with [`Peer::close`], or
/// with the last handle.
#[derive(Clone)]
pub struct Peer(Arc<Handle>);

/// Ends the peer when the last of its handles goes: its threads hold [`Shared`] only.
struct Handle(Arc<Shared>);

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.end(PeerState::Closed, "it was closed");
    }
}

struct Shared {
    id: Id,
    options: PeerOptions,
    servers: Servers,
    hub: Arc<Hub>,
    // Held to look or change, and while an event is posted, so that events tell states in order.
    // Never across a call of libdatachannel, never while another thread is waited for.
    inner: Mutex<Inner>,
}

struct Inner {
    state: PeerState,
    /// What to send, and where to put what comes, in which section.
    ends: Vec<place::Given>,
    /// Who is told of the tracks that come.
    announced: Option<Announced>,
    /// Set when negotiation begins: it happens once.
    negotiating: bool,
    link: Option<Link>,
    /// What a negotiation waits for.
    gathering: Option<Arc<Gathering>>,
    /// Mid and figures of what is sent, for as long as somebody may ask.
    counters: Vec<(String, Arc<ViewerCounters>)>,
    /// Of which sources that is, once it is negotiated.
    sent: Option<Vec<(Id, Kind)>>,
    /// Who hears of its states too.
    watcher: Option<Arc<Events>>,
}

/// A resolver, what of the remote is known to it, and the ids of the tracks that it was told of.
struct Announced {
    resolver: Resolver,
    user: Option<Arc<str>>,
    session: Option<Arc<str>>,
    tracks: Vec<Arc<str>>,
}

/// The connection while it lives.
struct Link {
    connection: Arc<Connection>,
    berth: Berth,
    /// Our offer, until it is answered.
    offered: Option<negotiate::Offered>,
}

impl Peer {
    /// A peer, not connected to anything.
    ///
    /// # Errors
    /// An ICE server is none, or `Unsupported`: it is reached by TCP or TLS, or it is TURN and a media
    /// port was named.
    pub fn new(options: PeerOptions) -> Result<Peer> {
        let servers = Servers::of(&options.ice_servers)?;
        if servers.relayed && options.media_port.is_some() {
            let sentence = "media_port and a TURN server are both given, but what is relayed shares no port";
            return Err(Error::new(Status::Unsupported, sentence));
        }
        let id = options.id.unwrap_or_else(Id::fresh);
        let hub = Hub::new(id, options.events.clone(), options.stream.clone(), options.accept_channels);
        let shared = Shared {
            id,
            options,
            servers,
            hub,
            inner: Mutex::new(Inner {
                state: PeerState::New,
                ends: Vec::new(),
                announced: None,
                negotiating: false,
                link: None,
                gathering: None,
                counters: Vec::new(),
                sent: None,
                watcher: None,
            }),
        };
        Ok(Peer(Arc::new(Handle(Arc::new(shared)))))
    }

    /// Which peer this is.
    pub fn id(&self) -> Id {
        self.shared().id
    }

    /// Sends `source` in the section `mid` of the coming offer; `None`: in the next section of
    /// each of its kinds. Before the offer.
    pub fn send(&self, mid: Option<&str>, source: &Source) -> Result<()> {
        self.give(mid, End::Source(source.clone()))
    }

    /// Takes what the remote sends in the section `mid` of the coming offer into `sink`; `None`: what it
    /// sends in the next section of each of the sink's kinds. Before the offer.
    pub fn receive(&self, mid: Option<&str>, sink: &Sink) -> Result<()> {
        self.give(mid, End::Sink(sink.clone()))
    }

    /// Tells `resolver` of each track that comes into a sink, when it is negotiated and when it is over.
    /// `user` and `session` say whose they are, as far as that is known. Before the offer.
    ///
    /// A track's id is [`Peer::track_id`]; its labels are its mid, what its msid names, and its SSRCs.
    pub fn announce(&self, resolver: &Resolver, user: Option<&str>, session: Option<&str>) -> Result<()> {
        let mut inner = self.shared().inner.lock();
        inner.untouched()?;
        let (user, session) = (user.map(Into::into), session.map(Into::into));
        inner.announced = Some(Announced { resolver: resolver.clone(), user, session, tracks: Vec::new() });
        Ok(())
    }

    /// What a resolver calls the track in the section `mid` of the peer with that id.
    pub fn track_id(peer: Id, mid: &str) -> String {
        format!("{:x}/{mid}", peer.0)
    }

    /// Makes a data channel: it opens when the peer has connected. Before the offer, or at any time after
    /// data channels were negotiated.
    ///
    /// # Errors
    /// `InvalidArgument`, `Limit`, `Closed`; `InvalidState`: the connection was negotiated without them.
    pub fn channel(&self, options: ChannelOptions) -> Result<Channel> {
        self.shared().hub.make(options)
    }

    /// Sends a feed of results on a channel of its own, from when it is open until it is closed. As
    /// [`Peer::channel`].
    pub fn results(&self, results: &Results) -> Result<()> {
        results.attach(
            self.channel(ChannelOptions { label: results.label().into(), ..ChannelOptions::default() })?,
        )
    }

    /// Has files that the remote sends go to `uploads`: channels of its label are that one's, also of a peer
    /// that accepts no others. Before the offer, or at any time after data channels were negotiated.
    ///
    /// # Errors
    /// `Closed`; `InvalidState`: the connection was negotiated without data channels, or another receiver
    /// has that label.
    pub fn upload(&self, uploads: &Uploads) -> Result<()> {
        self.shared().hub.give(uploads.taker())
    }

    /// Takes a data channel that the remote made, waiting for at most `timeout` (`None`: without end).
    ///
    /// # Errors
    /// `Timeout`; `Closed`: the peer is over, with the reason.
    pub fn next_channel(&self, timeout: Option<Duration>) -> Result<Channel> {
        self.shared().hub.next(timeout)
    }

    /// Answers an offer, waiting for at most `timeout`. A peer that could not answer is *failed*.
    pub fn answer(&self, offer: &str, timeout: Duration) -> Result<String> {
        let offer = offer.to_owned();
        self.wait(timeout, move |shared| negotiate::answer(shared, &offer))
    }

    /// Answers an offer on a thread of ours; the answer comes as an event, and so does a failure.
    pub fn answer_async(&self, offer: &str) -> Result<()> {
        let offer = offer.to_owned();
        self.post(EventKind::Answer, move |shared| negotiate::answer(shared, &offer))
    }

    /// Makes an offer of its sources, waiting for at most `timeout`.
    pub fn offer(&self, timeout: Duration) -> Result<String> {
        self.wait(timeout, negotiate::offer)
    }

    /// Makes an offer on a thread of ours; it comes as an event, and so does a failure.
    pub fn offer_async(&self) -> Result<()> {
        self.post(EventKind::Offer, negotiate::offer)
    }

    /// Takes the answer to our offer, waiting for at most `timeout`.
    pub fn accept(&self, answer: &str, timeout: Duration) -> Result<()> {
        self.shared().inner.lock().offered()?;
        let answer = answer.to_owned();
        self.run(timeout, move |shared| negotiate::accept(shared, &answer))
    }

    /// Takes a remote ICE candidate, with or without `a=` before `candidate:`. Names, TCP and what
    /// else cannot be used is ignored, and all of them are unless candidates are probed.
    pub fn add_candidate(&self, candidate: &str, mid: Option<&str>) -> Result<()> {
        let Some(candidate) = Candidate::parse(candidate)? else { return Ok(()) };
        let connection = match &self.shared().inner.lock().link {
            Some(link) => link.connection.clone(),
            None => return Err(Error::new(Status::InvalidState, "candidates come after offer and answer")),
        };
        if !self.shared().probes() {
            return Ok(());
        }
        connection.add_candidate(&candidate.to_string(), mid.unwrap_or_default())
    }

    /// Where it stands.
    pub fn state(&self) -> PeerState {
        self.shared().inner.lock().state
    }

    /// Mid and figures of each section it sends, in the order of the sections. Kept until it is dropped.
    pub fn stats(&self) -> Vec<(String, ViewerStats)> {
        let inner = self.shared().inner.lock();
        inner.counters.iter().map(|(mid, counters)| (mid.clone(), counters.snapshot())).collect()
    }

    /// Whether a section was negotiated in which that kind of `source` goes; `None`: nothing was yet.
    pub(crate) fn sends(&self, source: Id, kind: Kind) -> Option<bool> {
        self.shared().inner.lock().sent.as_ref().map(|sent| sent.contains(&(source, kind)))
    }

    /// Has its states told to `events` too. Before the offer, by the one that keeps it from then on.
    pub(crate) fn watch(&self, events: &Arc<Events>) -> Result<()> {
        let mut inner = self.shared().inner.lock();
        inner.untouched()?;
        inner.watcher = Some(events.clone());
        Ok(())
    }

    /// Ends it: says BYE, detaches its sources, frees the connection, all on threads of ours.
    pub fn close(&self) {
        self.shared().end(PeerState::Closed, "it was closed");
    }

    fn give(&self, mid: Option<&str>, end: End) -> Result<()> {
        // A section both ways has one of each.
        const MOST: usize = 2 * sdp::MAX_SECTIONS;
        let mut inner = self.shared().inner.lock();
        inner.untouched()?;
        if inner.ends.len() >= MOST {
            return Err(Error::new(Status::Limit, format!("a peer has at most {MOST} sources and sinks")));
        }
        inner.ends.push((mid.map(Into::into), end));
        Ok(())
    }

    #[cfg(test)]
    pub(crate) fn hub(&self) -> &Arc<Hub> {
        &self.shared().hub
    }

    fn shared(&self) -> &Arc<Shared> {
        &self.0.0
    }

    /// Begins a negotiation whose result is waited for. Only one can be begun.
    fn wait(
        &self,
        timeout: Duration,
        job: impl FnOnce(&Arc<Shared>) -> Result<String> + Send + 'static,
    ) -> Result<String> {
        self.begin()?;
        self.run(timeout, job)
    }

    fn run<T: Send + 'static>(
        &self,
        timeout: Duration,
        job: impl FnOnce(&Arc<Shared>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let shared = self.shared().clone();
        let (done, result) = crossbeam_channel::bounded(1);
        self.submit(Box::new(move || drop(done.send(negotiate::attempt(&shared, job)))))?;
        result.recv_timeout(timeout).unwrap_or_else(|_| {
            self.shared().end(PeerState::Failed, "negotiation took too long");
            Err(Error::new(Status::Timeout, "negotiation took too long"))
        })
    }

    /// Begins a negotiation whose result is posted.
    fn post(
        &self,
        kind: EventKind,
        job: impl FnOnce(&Arc<Shared>) -> Result<String> + Send + 'static,
    ) -> Result<()> {
        if self.shared().options.events.is_none() {
            return Err(Error::new(
                Status::InvalidState,
                "without events there is nowhere to put the result",
            ));
        }
        self.begin()?;
        let shared = self.shared().clone();
        self.submit(Box::new(move || match negotiate::attempt(&shared, job) {
            Ok(sdp) => shared.tell(kind, 0, sdp),
            Err(error) => {
                shared.tell(EventKind::NegotiationFailed, error.status() as i64, error.sentence().into());
            }
        }))
    }

    /// What waits for STUN and TURN servers, or may hang with the latter, holds up nobody else.
    fn submit(&self, job: crew::Job) -> Result<()> {
        match self.shared().servers.urls.is_empty() {
            true => crew::submit(job),
            false => crew::submit_slow(job),
        }
    }

    fn begin(&self) -> Result<()> {
        let mut inner = self.shared().inner.lock();
        inner.untouched()?;
        inner.negotiating = true;
        self.shared().enter(&mut inner, PeerState::Connecting, "negotiation began");
        Ok(())
    }
}

impl Inner {
    fn untouched(&self) -> Result<()> {
        if self.is_over() {
            Err(Error::new(Status::Closed, "the peer is closed"))
        } else if self.negotiating {
            let sentence = "the peer has negotiated already: one peer, one connection";
            Err(Error::new(Status::InvalidState, sentence))
        } else {
            Ok(())
        }
    }

    fn offered(&self) -> Result<()> {
        match &self.link {
            Some(Link { offered: Some(_), .. }) => Ok(()),
            _ => Err(Error::new(Status::InvalidState, "an answer comes after an offer of ours, once")),
        }
    }

    fn is_over(&self) -> bool {
        matches!(self.state, PeerState::Failed | PeerState::Closed)
    }
}
