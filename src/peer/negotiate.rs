//! Offer and answer: from SDP to a connection whose sections are served by a sender thread.

use super::life::Life;
use super::{Link, PeerState, Shared};
use crate::error::{Error, Result, Status};
use crate::media::Kind;
use crate::native::datachannel::{Config, Connection, Half};
use crate::sdp::{
    self, Answer, Offer, OfferPlan, OfferedSection, Plan, Section, Sending, Transport, Verdict,
};
use crate::sender::{self, Line, Seat, Stream};
use crate::source::Source;
use crate::time::clock;
use crate::viewer::{StreamConfig, ViewerCounters};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// How long *connecting* may last, unless the options say otherwise.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// How long *disconnected* may last, unless the options say otherwise.
const DISCONNECT_GRACE: Duration = Duration::from_secs(5);
/// How often a port is tried that somebody else took in the meantime.
const PORTS: usize = 3;

/// A source's picture or sound, and the section it goes out in.
struct Placed {
    section: usize,
    source: Source,
    kind: Kind,
}

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
    let (plan, placed) = place(&shared.inner.lock().sends, &offer)?;
    let remote = offer.for_transport(&plan)?;
    let (link, line, local) = connect(shared, |connection| {
        connection.set_remote(&remote, Half::Offer)?;
        connection.set_local(Half::Answer)
    })?;
    if shared.options.probe_candidates {
        for (section, candidate) in
            offer.sections.iter().flat_map(|s| s.candidates.iter().map(move |c| (s, c)))
        {
            link.connection.add_candidate(&candidate.to_string(), &section.mid)?;
        }
    }
    let answer = offer.answer(&plan, &Transport::parse(&local)?, &shared.options.public_addresses);
    let streams = placed.into_iter().filter_map(|placed| {
        let sending = sent_in(&plan, placed.section)?;
        let section = &offer.sections[placed.section];
        stream(placed, section, sending)
    });
    serve(shared, link, line, streams.collect())?;
    Ok(answer)
}

/// Offers the sources the peer was given, in their order.
pub fn offer(shared: &Arc<Shared>) -> Result<String> {
    let (plan, placed) = offer_plan(&shared.inner.lock().sends)?;
    let (mut link, line, local) = connect(shared, |connection| connection.set_local(Half::Offer))?;
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
    let streams = placed.into_iter().filter_map(|placed| {
        let section = answer.sections[placed.section].as_ref()?;
        let sending = plan.sections[placed.section].sending.as_ref()?;
        stream(placed, section, sending)
    });
    serve(shared, link, line, streams.collect())
}

/// Finds a section for each source: first those that are named, then in order.
fn place(sends: &[(Option<String>, Source)], offer: &Offer) -> Result<(Plan, Vec<Placed>)> {
    let mut plan = offer.plan();
    let mut placed: Vec<Placed> = Vec::new();
    for (mid, source) in sends.iter().filter_map(|(mid, source)| Some((mid.as_ref()?, source))) {
        let section = offer.sections.iter().position(|section| section.mid == *mid);
        let section = section
            .ok_or_else(|| Error::new(Status::NotOffered, format!("the offer has no mid {mid:.40}")))?;
        let kind = offer.sections[section].kind.media().filter(|kind| source.has(*kind));
        let kind = kind.ok_or_else(|| {
            Error::new(Status::NotOffered, format!("the source has no media for mid {mid:.40}"))
        })?;
        if placed.iter().any(|placed| placed.section == section) {
            return Err(Error::argument(format!("two sources are to be sent in mid {mid:.40}")));
        }
        offer.send(&mut plan, section, sending(source))?;
        placed.push(Placed { section, source: source.clone(), kind });
    }
    for (_, source) in sends.iter().filter(|(mid, _)| mid.is_none()) {
        for kind in [Kind::Video, Kind::Audio].into_iter().filter(|kind| source.has(*kind)) {
            let mut free =
                (0..offer.sections.len()).filter(|n| offer.sections[*n].kind.media() == Some(kind));
            let section = free
                .find(|n| sent_in(&plan, *n).is_none() && offer.send(&mut plan, *n, sending(source)).is_ok());
            placed.extend(section.map(|section| Placed { section, source: source.clone(), kind }));
        }
    }
    placed.sort_by_key(|placed| placed.section);
    Ok((plan, placed))
}

fn offer_plan(sends: &[(Option<String>, Source)]) -> Result<(OfferPlan, Vec<Placed>)> {
    let mut plan = OfferPlan::default();
    let mut placed = Vec::new();
    for (mid, source) in sends {
        for kind in [Kind::Video, Kind::Audio].into_iter().filter(|kind| source.has(*kind)) {
            let section = plan.sections.len();
            // A source that was given a mid and has picture and sound names the first of its sections.
            let mid = mid.clone().filter(|mid| plan.sections.iter().all(|s| s.mid != *mid));
            let mid = mid.unwrap_or_else(|| section.to_string());
            if plan.sections.iter().any(|s| s.mid == mid) {
                return Err(Error::argument(format!(
                    "two sections of the offer would have the mid {mid:.40}"
                )));
            }
            plan.sections.push(OfferedSection {
                kind,
                mid,
                sending: Some(sending(source)),
                receiving: false,
            });
            placed.push(Placed { section, source: source.clone(), kind });
        }
    }
    if placed.is_empty() || placed.len() > sdp::MAX_SECTIONS {
        let sentence = format!("an offer has 1 to {} sections, this one {}", sdp::MAX_SECTIONS, placed.len());
        return Err(Error::new(Status::InvalidState, sentence));
    }
    Ok((plan, placed))
}

/// Makes the connection with its one track and lets `describe` exchange the descriptions on it. The
/// sender's port may have been taken by a stranger since it was found: then it moves to another.
fn connect(
    shared: &Arc<Shared>,
    describe: impl Fn(&Connection) -> Result<String>,
) -> Result<(Link, Arc<Line>, String)> {
    let options = &shared.options;
    let berth = sender::berth(options.media_address, options.media_port)?;
    let address = options.media_address.map(|address| address.to_string());
    for n in 1.. {
        let line = berth.line(shared.id);
        let config = Config { bind_address: address.as_deref(), port: berth.port() };
        let observer: Arc<dyn crate::native::datachannel::Observer> = line.clone();
        let connection = Connection::new(&config, sdp::TRACK, Arc::downgrade(&observer))?;
        match describe(&connection) {
            Err(error) if n == PORTS || !berth.move_port(config.port)? => return Err(error),
            Err(error) => log::warn!("port {} is taken, trying another: {error}", config.port),
            Ok(local) => {
                let link = Link { connection: Arc::new(connection), berth, offered: None };
                return Ok((link, line, local));
            }
        }
    }
    unreachable!("the loop returns")
}

/// Has the sender thread serve the peer from now on.
fn serve(shared: &Arc<Shared>, link: Link, line: Arc<Line>, streams: Vec<Stream>) -> Result<()> {
    let options = &shared.options;
    let life = Life::new(
        clock::now(),
        options.connect_timeout.unwrap_or(CONNECT_TIMEOUT),
        options.disconnect_grace.unwrap_or(DISCONNECT_GRACE),
    );
    let counters = streams.iter().map(|s| (s.config.mid.to_string(), s.counters.clone())).collect();
    let connection = link.connection.clone();
    let seat = Seat { peer: shared.id, owner: shared.clone(), line, connection, life, streams, armed: None };
    shared.serve(link, seat, counters)
}

/// What the sender thread needs to know of one section. `section` is what the remote says of it.
fn stream(placed: Placed, section: &Section, sending: &Sending) -> Option<Stream> {
    let codec = section.codec.as_ref()?;
    let random = Uuid::new_v4();
    let [a, b, .., c, d, e, f] = *random.as_bytes();
    let config = StreamConfig {
        kind: placed.kind,
        ssrc: sending.ssrc,
        payload_type: codec.payload_type,
        // In the lower half: a receiver that misses the first packets over a wrap guesses SRTP's rollover
        // counter wrong, and never decrypts (RFC 3711 section 3.3.1).
        first_sequence: u16::from_be_bytes([a, b]) & 0x7fff,
        timestamp_offset: u32::from_be_bytes([c, d, e, f]),
        cname: sending.cname.as_str().into(),
        mid: section.mid.as_str().into(),
        extensions: section.extensions,
        nack: codec.feedback.nack,
    };
    let counters = Arc::new(ViewerCounters::default());
    Some(Stream { source: placed.source, config, counters, live: None })
}

fn sent_in(plan: &Plan, section: usize) -> Option<&Sending> {
    match &plan.sections()[section] {
        Verdict::Take(exchange) => exchange.sending.as_ref(),
        Verdict::Refuse(_) => None,
    }
}

/// New names for a stream of `source`. What belongs to one source is played in sync: one MediaStream,
/// one CNAME.
fn sending(source: &Source) -> Sending {
    let track = Uuid::new_v4();
    let [a, b, c, d, .., w, x, y, z] = *track.as_bytes();
    let stream = format!("framewire-{:x}", source.id().0);
    Sending {
        ssrc: u32::from_be_bytes([a, b, c, d]),
        rtx_ssrc: Some(u32::from_be_bytes([w, x, y, z])),
        cname: stream.clone(),
        stream,
        track: track.to_string(),
    }
}
