//! One media section: what it is, and what of it we can use.

use super::candidate::Candidate;
use super::channels::DataChannels;
use super::codec::{Codec, Feedback};
use super::credentials::{Credentials, Lack};
use super::extmap;
use super::incoming::Incoming;
use super::text::{flag, value, values};
use crate::error::{Error, Result};
use crate::media::Kind;
use crate::rtp::packet::{Extensions, Received};
use sdp_types::{Attribute, Direction, ExtMap, Media};

/// What a section carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SectionKind {
    /// `m=video`.
    Video,
    /// `m=audio`.
    Audio,
    /// `m=application`: data channels.
    Application,
    /// Any other.
    Other(String),
}

/// A media section of an offer or an answer.
#[derive(Clone, Debug)]
pub struct Section {
    /// What it carries.
    pub kind: SectionKind,
    /// Its name; empty if it has none.
    pub mid: String,
    /// As the side that wrote it sees it: `RecvOnly` and `SendRecv` take what we send, `SendOnly` and
    /// `SendRecv` send.
    pub direction: Direction,
    /// Port 0, and not `a=bundle-only`: it is there to keep the others' places.
    pub rejected: bool,
    /// VP8 in a video section, Opus in an audio section, if it has them.
    pub codec: Option<Codec>,
    /// The SSRCs of what comes in it, as far as it says them.
    pub incoming: Incoming,
    /// The header extensions that we may write into what we send in it.
    pub extensions: Extensions,
    /// The header extensions of what comes in it.
    pub received: Received,
    /// The data channels of an `m=application`, if it has such.
    pub channels: Option<DataChannels>,
    /// Its usable candidates.
    pub candidates: Vec<Candidate>,
    pub(super) extmaps: Vec<ExtMap>,
    pub(super) proto: String,
    pub(super) formats: String,
    pub(super) mux: bool,
    pub(super) rsize: bool,
    pub(super) credentials: std::result::Result<Credentials, Option<String>>,
}

impl SectionKind {
    /// Picture or sound; `None`: neither.
    pub fn media(&self) -> Option<Kind> {
        match self {
            SectionKind::Video => Some(Kind::Video),
            SectionKind::Audio => Some(Kind::Audio),
            _ => None,
        }
    }

    pub(super) fn name(&self) -> &str {
        match self {
            SectionKind::Video => "video",
            SectionKind::Audio => "audio",
            SectionKind::Application => "application",
            SectionKind::Other(name) => name,
        }
    }
}

impl From<Kind> for SectionKind {
    fn from(kind: Kind) -> SectionKind {
        match kind {
            Kind::Video => SectionKind::Video,
            Kind::Audio => SectionKind::Audio,
        }
    }
}

impl Section {
    pub(super) fn parse(what: &str, n: usize, session: &[Attribute], media: &Media) -> Result<Section> {
        let attributes = &media.attributes;
        let kind = match media.media.as_str() {
            "video" => SectionKind::Video,
            "audio" => SectionKind::Audio,
            "application" => SectionKind::Application,
            other => SectionKind::Other(other.to_owned()),
        };
        let mid = value(attributes, "mid").unwrap_or_default();
        if !mid.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(Error::malformed(format!("section {n} of the {what} has a mid that is not a token")));
        }
        let rejected = media.port == 0 && !flag(attributes, "bundle-only");
        let codec = match kind.media().filter(|_| !rejected) {
            None => None,
            Some(kind) => Codec::find(kind, media)
                .map_err(|why| Error::malformed(format!("section {n} of the {what} has {why}")))?,
        };
        let transport_cc = codec.as_ref().is_some_and(|codec| codec.feedback.transport_cc);
        let extmaps = extmap::known(attributes, mid, transport_cc);
        Ok(Section {
            codec,
            mid: mid.to_owned(),
            direction: direction(attributes).or_else(|| direction(session)).unwrap_or_default(),
            rejected,
            incoming: Incoming::parse(attributes),
            channels: DataChannels::parse(media).filter(|_| kind == SectionKind::Application),
            extensions: extmap::written(&extmaps),
            received: extmap::read(&extmaps),
            candidates: values(attributes, "candidate")
                .filter_map(|c| Candidate::parse(c).ok().flatten())
                .collect(),
            proto: media.proto.clone(),
            formats: media.fmt.clone(),
            mux: flag(attributes, "rtcp-mux"),
            rsize: flag(attributes, "rtcp-rsize"),
            credentials: Credentials::parse(session, attributes).map_err(|lack| match lack {
                Lack::All => None,
                Lack::One(why) => Some(why),
            }),
            kind,
            extmaps,
        })
    }

    /// The feedback about what is sent in it: to us about what we send (`sending`), by us about what we
    /// receive. None without a codec.
    pub fn feedback(&self, sending: bool, receiving: bool) -> Feedback {
        let known = self.codec.as_ref().map(|codec| codec.feedback).unwrap_or_default();
        known.given(sending, receiving, self.received.transport_cc.is_some())
    }

    /// The section's name in a sentence.
    pub(super) fn name(&self, n: usize) -> String {
        match self.mid.as_str() {
            "" => format!("section {n} ({})", self.kind.name()),
            mid => format!("section {n} ({}, mid {mid})", self.kind.name()),
        }
    }
}

fn direction(attributes: &[Attribute]) -> Option<Direction> {
    attributes.iter().find_map(|a| match a.attribute.as_str() {
        "sendrecv" => Some(Direction::SendRecv),
        "sendonly" => Some(Direction::SendOnly),
        "recvonly" => Some(Direction::RecvOnly),
        "inactive" => Some(Direction::Inactive),
        _ => None,
    })
}
