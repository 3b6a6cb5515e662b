//! Offer and answer: from SDP to a connection whose sections are served by a sender thread.

use super::life::Life;
use super::place::{self, End, Placed};
use super::{Link, Peer, PeerState, Shared};
use crate::decode::worker;
use crate::error::{Error, Result, Status};
use crate::id::Id;
use crate::media::Kind;
use crate::native::datachannel::{Channels, Config, Connection, Ears, Half, Observer, Trickle};
use crate::receive::{Receiver, TrackConfig, TrackCounters};
use crate::resolve::Arrival;
use crate::sdp::{
    self, Answer, DataChannels, Offer, OfferPlan, Plan, Section, SectionKind, Sending, Transport,
};
use crate::sender::{self, Company, Incoming, Line, Seat, Stream, Track};
use crate::sink::Sink;
use crate::source::Source;
use crate::time::clock;
use crate::viewer::{Rtx, StreamConfig, ViewerCounters};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// How long *connecting* may last, unless the options say otherwise.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// How long *disconnected* may last, unless the options say otherwise.
const DISCONNECT_GRACE: Duration = Duration::from_secs(5);
/// How long STUN and TURN servers are waited for, unless the options say otherwise.
const GATHER_TIMEOUT: Duration = Duration::from_secs(2);
/// How often a port is tried that somebody else took in the meantime.
const PORTS: usize = 3;

/// An offer of ours that waits for its answer.
pub struct Offered {
    plan: OfferPlan,
    placed: Vec<Placed>,
    line: Arc<Line>,
}

/// Does one step of a negotiation. Its failure, a panic included, is the peer's end.
pub fn attempt<T>(shared: &Arc<Shared>, step: impl FnOnce(&Arc<Shared>) -> Result<T>) -> Result<T> {
    let result = catch_unwind(AssertUnwindSafe(|| step(shared)))
        .unwrap_or_else(|_| Err(Error::new(Status::Internal, "a defect stopped the negotiation")));
    if let Err(error) = &result {
        shared.end(PeerState::Failed, error.sentence());
    }
    result
}

/// Answers the offer `text` with the sources the peer was given.
pub fn answer(shared: &Arc<Shared>, text: &str) -> Result<String> {
    let offer = Offer::parse(text)?;
    let (mut plan, placed) = place::place(&shared.inner.lock().ends, &offer)?;
    let channels = take_channels(shared, &offer, &mut plan)?;
    let remote = offer.for_transport(&plan)?;
    let (link, line, local) =
        connect(shared, Half::Answer, Carries::of(&placed, channels.is_some()), |connection| {
            connection.set_remote(&remote, Half::Offer)?;
            connection.set_local(Half::Answer)
        })?;
    if shared.probes() {
        for (section, candidate) in
            offer.sections.iter().flat_map(|s| s.candidates.iter().map(move |c| (s, c)))
        {
            link.connection.add_candidate(&candidate.to_string(), &section.mid)?;
        }
    }
    let answer = offer.answer(&plan, &Transport::parse(&local)?, &shared.options.public_addresses);
    let roads = placed.into_iter().map(|placed| Road {
        section: &offer.sections[placed.section],
        sending: place::sent_in(&plan, placed.section),
        placed,
    });
    serve(shared, link, line, roads, channels)?;
    Ok(answer)
}

/// Offers what the peer was given, in its order.
pub fn offer(shared: &Arc<Shared>) -> Result<String> {
    let (plan, placed) = place::offer(&shared.inner.lock().ends, shared.hub.is_wanted())?;
    let exchange = |connection: &Connection| connection.set_local(Half::Offer);
    let (mut link, line, local) =
        connect(shared, Half::Offer, Carries::of(&placed, plan.channels), exchange)?;
    let offer = plan.write(&Transport::parse(&local)?, &shared.options.public_addresses)?;
    link.offered = Some(Offered { plan, placed, line });
    shared.keep(link)?;
    Ok(offer)
}

/// Takes the answer `text` to our offer.
pub fn accept(shared: &Arc<Shared>, text: &str) -> Result<()> {
    let (link, Offered { plan, placed, line }) = shared.take_offered()?;
    let answer = Answer::parse(text, &plan)?;
    link.connection.set_remote(&answer.for_transport(), Half::Answer)?;
    let roads = placed.into_iter().filter_map(|placed| {
        let section = answer.sections[placed.section].as_ref()?;
        Some(Road { section, sending: plan.sections[placed.section].sending.as_ref(), placed })
    });
    serve(shared, link, line, roads, answer.channels)
}

/// Takes the section for data channels, where the offer has one and the peer is for them.
fn take_channels(shared: &Shared, offer: &Offer, plan: &mut Plan) -> Result<Option<DataChannels>> {
    if !shared.hub.is_wanted() {
        return Ok(None);
    }
    let is_one = |section: &&Section| section.kind == SectionKind::Application && !section.rejected;
    match offer.sections.iter().position(|section| is_one(&section)) {
        Some(n) => {
            offer.channels(plan, n)?;
            Ok(offer.sections[n].channels)
        }
        None if shared.hub.has_own() => {
            Err(Error::new(Status::NotOffered, "the offer has no section for data channels"))
        }
        None => Ok(None),
    }
}

/// What was negotiated for one end.
struct Road<'a> {
    /// What the remote says of the section.
    section: &'a Section,
    /// What goes out in it.
    sending: Option<&'a Sending>,
    placed: Placed,
}

/// What a connection is for.
#[derive(Clone, Copy)]
struct Carries {
    media: bool,
    /// Whether any of it comes in.
    incoming: bool,
    channels: bool,
}

impl Carries {
    fn of(placed: &[Placed], channels: bool) -> Carries {
        let incoming = placed.iter().any(|placed| matches!(placed.end, End::Sink(_)));
        Carries { media: !placed.is_empty(), incoming, channels }
    }
}

/// Makes the connection with its one track, lets `exchange` set the descriptions on it, and waits for
/// candidates as long as that may take. The sender's port may have been taken by a stranger since it was
/// found: then it moves to another.
fn connect(
    shared: &Arc<Shared>,
    half: Half,
    carries: Carries,
    exchange: impl Fn(&Connection) -> Result<()>,
) -> Result<(Link, Arc<Line>, String)> {
    let options = &shared.options;
    let relayed = shared.servers.relayed;
    let company = if relayed { Company::Relayed } else { Company::Common };
    // libjuice tells connections on a port apart by the remote's address. Who answers many has many
    // remotes; who makes many offers may make them all to one, which answers from one port.
    let own_port = half == Half::Offer && options.media_port.is_none();
    let berth = sender::berth(options.media_address, options.media_port, company)?;
    let trickle: Arc<dyn Trickle> = shared.clone();
    let address = options.media_address.map(|address| address.to_string());
    for n in 1.. {
        let line = berth.line(shared.id, carries.incoming);
        let config = Config {
            bind_address: address.as_deref(),
            port: if own_port { sender::free_port(options.media_address)? } else { berth.port() },
            ice_servers: &shared.servers.urls,
            relayed,
            max_message: sdp::MAX_MESSAGE,
        };
        let observer: Arc<dyn Observer> = line.clone();
        let channels: Arc<dyn Channels> = shared.hub.clone();
        let ears = Ears {
            observer: Arc::downgrade(&observer),
            trickle: Arc::downgrade(&trickle),
            channels: carries.channels.then(|| Arc::downgrade(&channels)),
        };
        let track = carries.media.then_some(sdp::TRACK);
        let connection = Arc::new(Connection::new(&config, track, ears)?);
        if carries.channels {
            shared.hub.connect(&connection)?;
        }
        match exchange(&connection) {
            Err(error) if n == PORTS || relayed => return Err(error),
            Err(error) if !own_port && !berth.move_port(config.port)? => return Err(error),
            Err(error) => log::warn!("port {} is taken, trying another: {error}", config.port),
            Ok(()) => {
                if let Some(gathering) = connection.gathering() {
                    shared.watch_gathering(Some(gathering))?;
                    gathering.wait(options.gather_timeout.unwrap_or(GATHER_TIMEOUT));
                    shared.watch_gathering(None)?;
                }
                let local = connection.describe()?;
                let link = Link { connection, berth, offered: None };
                return Ok((link, line, local));
            }
        }
    }
    unreachable!("the loop returns")
}

/// Has the sender thread serve the peer from now on.
fn serve<'a>(
    shared: &Arc<Shared>,
    link: Link,
    line: Arc<Line>,
    roads: impl Iterator<Item = Road<'a>>,
    channels: Option<DataChannels>,
) -> Result<()> {
    shared.hub.agreed(&link.connection, channels.map(|channels| channels.longest()));
    let options = &shared.options;
    let life = Life::new(
        clock::now(),
        options.connect_timeout.unwrap_or(CONNECT_TIMEOUT),
        options.disconnect_grace.unwrap_or(DISCONNECT_GRACE),
    );
    let (mut streams, mut incoming) = (Vec::new(), Tracks::default());
    let mut arrivals = Vec::new();
    for Road { section, sending, placed: Placed { kind, end, .. } } in roads {
        match end {
            End::Source(source) => streams.extend(stream(source, kind, section, sending)),
            End::Sink(sink) => {
                incoming.add(shared, &line, &sink, kind, section, sending.is_some())?;
                arrivals.push(arrival(shared.id, kind, section));
            }
        }
    }
    let incoming = incoming.receiver(shared);
    let counters = streams.iter().map(|s| (s.config.mid.to_string(), s.counters.clone())).collect();
    let sent = streams.iter().map(|s| (s.source.id(), s.config.kind)).collect();
    let connection = link.connection.clone();
    let seat = Seat {
        peer: shared.id,
        owner: shared.clone(),
        line,
        connection,
        life,
        streams,
        incoming,
        armed: None,
    };
    shared.serve(link, seat, counters, arrivals, sent)
}

/// What a resolver is told of a section's track.
fn arrival(peer: Id, kind: Kind, section: &Section) -> Arrival {
    let incoming = &section.incoming;
    let ssrcs = incoming.ssrcs.iter().map(ToString::to_string);
    let labels = [section.mid.clone()].into_iter().chain(incoming.names.iter().cloned()).chain(ssrcs);
    Arrival {
        track: Peer::track_id(peer, &section.mid).into(),
        user: None,
        session: None,
        kind,
        labels: labels.map(Into::into).collect(),
    }
}

/// What the sender thread needs to know of one section. `section` is what the remote says of it.
fn stream(source: Source, kind: Kind, section: &Section, sending: Option<&Sending>) -> Option<Stream> {
    let (codec, sending) = (section.codec.as_ref()?, sending?);
    let random = Uuid::new_v4();
    let [a, b, g, h, ..] = *random.as_bytes();
    let rtx = codec.rtx.zip(sending.rtx_ssrc).map(|(payload_type, ssrc)| Rtx {
        payload_type,
        ssrc,
        first_sequence: u16::from_be_bytes([g, h]) & 0x7fff,
    });
    let config = StreamConfig {
        kind,
        ssrc: sending.ssrc,
        payload_type: codec.payload_type,
        // In the lower half: a receiver that misses the first packets over a wrap guesses SRTP's rollover
        // counter wrong, and never decrypts (RFC 3711 section 3.3.1).
        first_sequence: u16::from_be_bytes([a, b]) & 0x7fff,
        timestamp_offset: source.rtp_base(kind),
        cname: sending.cname.as_str().into(),
        mid: section.mid.as_str().into(),
        extensions: section.extensions,
        nack: codec.feedback.nack,
        rtx,
    };
    let counters = Arc::new(ViewerCounters::default());
    Some(Stream { source, config, counters, live: None })
}

/// The sections that something comes in of.
#[derive(Default)]
struct Tracks {
    configs: Vec<TrackConfig>,
    tracks: Vec<Track>,
}

impl Tracks {
    /// Starts the decoder of a section's media, and has it feed `sink`.
    fn add(
        &mut self,
        shared: &Shared,
        line: &Arc<Line>,
        sink: &Sink,
        kind: Kind,
        section: &Section,
        sends: bool,
    ) -> Result<()> {
        let Some(codec) = &section.codec else { return Ok(()) };
        let (n, counters) = (self.tracks.len(), Arc::new(TrackCounters::default()));
        let refresh = {
            let line = line.clone();
            Box::new(move || line.refresh(n))
        };
        let feed = sink.attach(kind, shared.options.stream.clone(), counters.clone(), refresh)?;
        let tell = {
            let line = line.clone();
            Box::new(move |news| line.decoder(n, news))
        };
        let intake = Some(worker::start(kind, feed, tell)?);
        let feedback = section.feedback(sends, true);
        self.configs.push(TrackConfig {
            kind,
            mid: section.mid.clone(),
            payload_type: codec.payload_type,
            rtx: codec.rtx,
            ssrcs: section.incoming.ssrcs.clone(),
            rtx_ssrcs: section.incoming.rtx.clone(),
            nack: feedback.nack,
            pli: feedback.pli,
            fir: feedback.fir,
            remb: feedback.remb,
            transport_cc: feedback.transport_cc,
            received: section.received,
            counters: counters.clone(),
        });
        self.tracks.push(Track { intake, counters });
        Ok(())
    }

    fn receiver(self, shared: &Shared) -> Option<Incoming> {
        if self.tracks.is_empty() {
            return None;
        }
        let [a, b, c, d, ..] = *Uuid::new_v4().as_bytes();
        let (ssrc, cname) = (u32::from_be_bytes([a, b, c, d]), format!("framewire-{:x}", shared.id.0));
        let receiver = Receiver::new(self.configs, ssrc, cname.into(), clock::anchor(), clock::now());
        Some(Incoming { receiver, tracks: self.tracks })
    }
}
