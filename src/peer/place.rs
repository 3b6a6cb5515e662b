//! Which source and which sink gets which section.

use crate::error::{Error, Result, Status};
use crate::media::Kind;
use crate::sdp::{self, Offer, OfferPlan, OfferedSection, Plan, Sending, Verdict};
use crate::sink::Sink;
use crate::source::Source;
use uuid::Uuid;

/// What the application gave a peer: one end of the road of a section.
#[derive(Clone)]
pub enum End {
    /// It goes out.
    Source(Source),
    /// What comes goes into it.
    Sink(Sink),
}

/// An end's picture or sound, and its section.
pub struct Placed {
    pub section: usize,
    pub kind: Kind,
    pub end: End,
}

/// An end with the mid that the application named for it.
pub type Given = (Option<String>, End);

/// Finds a section for each end: first for those that are named, then in order.
pub fn place(ends: &[Given], offer: &Offer) -> Result<(Plan, Vec<Placed>)> {
    let mut plan = offer.plan();
    let mut placed: Vec<Placed> = Vec::new();
    for (mid, end) in ends.iter().filter_map(|(mid, end)| Some((mid.as_ref()?, end))) {
        let section = offer.sections.iter().position(|section| section.mid == *mid);
        let section = section
            .ok_or_else(|| Error::new(Status::NotOffered, format!("the offer has no mid {mid:.40}")))?;
        let kind = offer.sections[section].kind.media().filter(|kind| end.has(*kind));
        let kind = kind.ok_or_else(|| {
            Error::new(Status::NotOffered, format!("the {} has no media for mid {mid:.40}", end.name()))
        })?;
        if placed.iter().any(|placed| placed.section == section && placed.end.is_like(end)) {
            return Err(Error::argument(format!("two {}s were given for mid {mid:.40}", end.name())));
        }
        end.take(offer, &mut plan, section)?;
        placed.push(Placed { section, kind, end: end.clone() });
    }
    for (_, end) in ends.iter().filter(|(mid, _)| mid.is_none()) {
        for kind in end.kinds() {
            let mut free =
                (0..offer.sections.len()).filter(|n| offer.sections[*n].kind.media() == Some(kind));
            let taken = |n| placed.iter().any(|placed| placed.section == n && placed.end.is_like(end));
            let section = free.find(|n| !taken(*n) && end.take(offer, &mut plan, *n).is_ok());
            placed.extend(section.map(|section| Placed { section, kind, end: end.clone() }));
        }
    }
    placed.sort_by_key(|placed| placed.section);
    Ok((plan, placed))
}

/// An offer with a section for each of the ends' kinds, and one for data `channels`; a source and a sink
/// of one mid share one.
pub fn offer(ends: &[Given], channels: bool) -> Result<(OfferPlan, Vec<Placed>)> {
    let mut plan = OfferPlan { channels, ..OfferPlan::default() };
    let mut placed: Vec<Placed> = Vec::new();
    for (mid, end) in ends {
        for kind in end.kinds() {
            let shared = plan.sections.iter().zip(0..).find(|(section, n)| {
                let taken = placed.iter().any(|placed| placed.section == *n && placed.end.is_like(end));
                Some(&section.mid) == mid.as_ref() && section.kind == kind && !taken
            });
            let section = match shared {
                Some((_, n)) => n,
                None => {
                    let mid = free_mid(&plan, mid.as_deref())?;
                    plan.sections.push(OfferedSection { kind, mid, sending: None, receiving: false });
                    plan.sections.len() - 1
                }
            };
            match end {
                End::Source(source) => plan.sections[section].sending = Some(sending(source)),
                End::Sink(_) => plan.sections[section].receiving = true,
            }
            placed.push(Placed { section, kind, end: end.clone() });
        }
    }
    let sections = plan.sections.len() + usize::from(channels);
    if sections == 0 || sections > sdp::MAX_SECTIONS {
        let sentence = format!("an offer has 1 to {} sections, this one {sections}", sdp::MAX_SECTIONS);
        return Err(Error::new(Status::InvalidState, sentence));
    }
    Ok((plan, placed))
}

/// What goes out in a section of an offer that is answered.
pub fn sent_in(plan: &Plan, section: usize) -> Option<&Sending> {
    match &plan.sections()[section] {
        Verdict::Take(exchange) => exchange.sending.as_ref(),
        Verdict::Refuse(_) => None,
    }
}

/// The mid of a new section. An end that was given a mid and has picture and sound names the first of
/// its sections.
fn free_mid(plan: &OfferPlan, wanted: Option<&str>) -> Result<String> {
    let used = |mid: &str| plan.sections.iter().any(|section| section.mid == mid);
    let mid = wanted.filter(|mid| !used(mid)).map_or_else(|| plan.sections.len().to_string(), str::to_owned);
    match used(&mid) {
        false => Ok(mid),
        true => Err(Error::argument(format!("two sections of the offer would have the mid {mid:.40}"))),
    }
}

impl End {
    fn has(&self, kind: Kind) -> bool {
        match self {
            End::Source(source) => source.has(kind),
            End::Sink(sink) => sink.has(kind),
        }
    }

    fn kinds(&self) -> impl Iterator<Item = Kind> {
        [Kind::Video, Kind::Audio].into_iter().filter(|kind| self.has(*kind))
    }

    fn name(&self) -> &'static str {
        match self {
            End::Source(_) => "source",
            End::Sink(_) => "sink",
        }
    }

    /// Whether both go the same way.
    fn is_like(&self, other: &End) -> bool {
        matches!((self, other), (End::Source(_), End::Source(_)) | (End::Sink(_), End::Sink(_)))
    }

    fn take(&self, offer: &Offer, plan: &mut Plan, section: usize) -> Result<()> {
        match self {
            End::Source(source) => offer.send(plan, section, sending(source)),
            End::Sink(_) => offer.receive(plan, section),
        }
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
