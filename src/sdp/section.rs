//! One media section: what it is, and what of it we can use.

use super::candidate::Candidate;
use super::codec::Codec;
use super::credentials::{Credentials, Lack};
use super::extmap;
use super::text::{flag, value, values};
use crate::error::{Error, Result};
use crate::media::Kind;
use crate::rtp::packet::Extensions;
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
    /// As the side that wrote it sees it: `RecvOnly` and `SendRecv` take what we send.
    pub direction: Direction,
    /// Port 0, and not `a=bundle-only`: it is there to keep the others' places.
    pub rejected: bool,
    /// VP8 in a video section, Opus in an audio section, if it has them.
    pub codec: Option<Codec>,
    /// Header extensions of ours in it.
    pub extensions: Extensions,
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
        let extmaps = extmap::answered(attributes, mid);
        Ok(Section {
            codec,
            mid: mid.to_owned(),
            direction: direction(attributes).or_else(|| direction(session)).unwrap_or_default(),
            rejected,
            extensions: extmap::ids(&extmaps),
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
