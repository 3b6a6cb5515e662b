//! One media section: what it is, and what of it we can use.

use super::candidate::Candidate;
use super::credentials::{Credentials, Lack};
use super::text::{flag, value, values};
use crate::error::{Error, Result};
use crate::media::Kind;
use crate::rtp::packet::Extensions;
use sdp_types::{
    Attribute, Direction, ExtMap, Media, RtcpFb, RtcpFbCcm, RtcpFbNack, RtcpFbPt, RtcpFbVal, RtpMap,
};
use std::fmt::Write;

/// RFC 9143 section 15.1: the section's mid in each packet.
const MID: &str = "urn:ietf:params:rtp-hdrext:sdes:mid";
/// When a packet left, for bandwidth estimation at the receiver (REMB).
const ABS_SEND_TIME: &str = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time";
/// How long the receiver may hold a frame back.
const PLAYOUT_DELAY: &str = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay";

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

/// Feedback that both sides do for a codec.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Feedback {
    /// RFC 4585: lost packets are asked for again.
    pub nack: bool,
    /// RFC 4585: a keyframe is asked for.
    pub pli: bool,
    /// RFC 5104: a keyframe is asked for, counted.
    pub fir: bool,
    /// The receiver's estimate of the bandwidth.
    pub remb: bool,
}

/// VP8 or Opus, as the other side numbers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Codec {
    /// Its payload type.
    pub payload_type: u8,
    /// The payload type of its retransmissions (RFC 4588).
    pub rtx: Option<u8>,
    /// Its `a=fmtp`, as it stands.
    pub fmtp: Option<String>,
    /// The feedback that was offered and we do.
    pub feedback: Feedback,
}

/// What we send in a section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sending {
    /// Of every packet.
    pub ssrc: u32,
    /// The same for all that is played in sync (RFC 8834 section 4.9).
    pub cname: String,
    /// The id of the MediaStream the browser makes.
    pub stream: String,
    /// The id of its track.
    pub track: String,
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
    pub(super) ssrcs: Vec<u32>,
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
        let extmaps = kind.media().map(|_| extmaps(attributes)).unwrap_or_default();
        let id = |uri| extmaps.iter().find(|e| e.uri == uri).map(|e| e.id);
        Ok(Section {
            codec: kind.media().and_then(|kind| Codec::find(kind, media)),
            mid: mid.to_owned(),
            direction: direction(attributes).or_else(|| direction(session)).unwrap_or_default(),
            rejected: media.port == 0 && !flag(attributes, "bundle-only"),
            extensions: Extensions {
                mid: id(MID),
                abs_send_time: id(ABS_SEND_TIME),
                playout_delay: id(PLAYOUT_DELAY),
            },
            candidates: values(attributes, "candidate")
                .filter_map(|c| Candidate::parse(c).ok().flatten())
                .collect(),
            proto: media.proto.clone(),
            formats: media.fmt.clone(),
            mux: flag(attributes, "rtcp-mux"),
            ssrcs: ssrcs(attributes),
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

impl Codec {
    /// The first in the section's order of preference that is ours. Names without regard to case,
    /// clock rate and channels exactly.
    fn find(kind: Kind, media: &Media) -> Option<Codec> {
        let maps: Vec<RtpMap> = values(&media.attributes, "rtpmap").filter_map(|v| v.parse().ok()).collect();
        let formats = || media.fmt.split_ascii_whitespace().filter_map(|f| f.parse::<u8>().ok());
        let named = |payload_type: u8, name: &str, channels: &[&str]| {
            maps.iter().any(|m| {
                m.payload_type == payload_type
                    && m.encoding_name.eq_ignore_ascii_case(name)
                    && m.clock_rate == kind.clock_rate()
                    && channels.contains(&m.encoding_params.as_deref().unwrap_or_default())
            })
        };
        let ours = |&payload_type: &u8| {
            // RFC 5761 section 4: 64 to 95 cannot be told from RTCP.
            !(64..=95).contains(&payload_type)
                && match kind {
                    Kind::Video => named(payload_type, "VP8", &["", "1"]),
                    // RFC 7587 section 7: always two channels in the description.
                    Kind::Audio => named(payload_type, "opus", &["2"]),
                }
        };
        let payload_type = formats().find(ours)?;
        let fmtp = |payload_type: u8| {
            values(&media.attributes, "fmtp").find_map(|v| {
                let (number, parameters) = v.split_once(' ')?;
                (number.parse() == Ok(payload_type)).then_some(parameters)
            })
        };
        let resends = |&rtx: &u8| {
            named(rtx, "rtx", &[""])
                && fmtp(rtx).is_some_and(|parameters| {
                    parameters
                        .split(';')
                        .filter_map(|p| p.trim().strip_prefix("apt="))
                        .any(|apt| apt.parse() == Ok(payload_type))
                })
        };
        Some(Codec {
            payload_type,
            rtx: formats().find(resends),
            fmtp: fmtp(payload_type).map(str::to_owned),
            feedback: Feedback::of(kind, payload_type, &media.attributes),
        })
    }
}

impl Feedback {
    /// What we do for a kind.
    pub(super) fn ours(kind: Kind) -> Feedback {
        let video = kind == Kind::Video;
        Feedback { nack: true, pli: video, fir: video, remb: video }
    }

    fn of(kind: Kind, payload_type: u8, attributes: &[Attribute]) -> Feedback {
        let mut offered = Feedback::default();
        for line in values(attributes, "rtcp-fb").filter_map(|v| v.parse::<RtcpFb>().ok()) {
            match line.pt {
                RtcpFbPt::Fmt(number) if number != payload_type => continue,
                _ => {}
            }
            match line.val {
                RtcpFbVal::Nack(None) => offered.nack = true,
                RtcpFbVal::Nack(Some(RtcpFbNack::Pli)) => offered.pli = true,
                RtcpFbVal::Ccm(RtcpFbCcm::Fir) => offered.fir = true,
                RtcpFbVal::Other(name) if name == "goog-remb" => offered.remb = true,
                _ => {}
            }
        }
        let ours = Feedback::ours(kind);
        Feedback {
            nack: offered.nack && ours.nack,
            pli: offered.pli && ours.pli,
            fir: offered.fir && ours.fir,
            remb: offered.remb && ours.remb,
        }
    }

    fn lines(self, payload_type: u8, out: &mut String) {
        let all =
            [(self.nack, "nack"), (self.pli, "nack pli"), (self.fir, "ccm fir"), (self.remb, "goog-remb")];
        for (_, name) in all.iter().filter(|(on, _)| *on) {
            let _ = write!(out, "a=rtcp-fb:{payload_type} {name}\r\n");
        }
    }
}

/// A section that we send in, whoever numbered it.
pub(super) struct Outgoing<'a> {
    pub kind: Kind,
    pub mid: &'a str,
    pub codec: &'a Codec,
    pub extmaps: &'a [ExtMap],
    pub sending: &'a Sending,
}

impl Outgoing<'_> {
    /// The lines below `m=`, `c=` and the transport's.
    pub fn lines(&self, out: &mut String) {
        let Outgoing { kind, mid, codec, extmaps, sending } = self;
        let Sending { ssrc, cname, stream, track } = sending;
        let number = codec.payload_type;
        let _ = write!(out, "a=mid:{mid}\r\na=sendonly\r\na=msid:{stream} {track}\r\na=rtcp-mux\r\n");
        for extmap in *extmaps {
            let _ = write!(out, "a=extmap:{extmap}\r\n");
        }
        let _ = match kind {
            Kind::Video => write!(out, "a=rtpmap:{number} VP8/90000\r\n"),
            Kind::Audio => {
                write!(
                    out,
                    "a=rtpmap:{number} opus/48000/2\r\na=fmtp:{number} minptime=10;useinbandfec=1\r\n"
                )
            }
        };
        codec.feedback.lines(number, out);
        let _ = write!(out, "a=ssrc:{ssrc} cname:{cname}\r\n");
    }

    /// A media section for `rtcAddTrack`.
    pub fn media_section(&self) -> String {
        let kind = SectionKind::from(self.kind);
        let mut out = format!("m={} 9 UDP/TLS/RTP/SAVPF {}\r\n", kind.name(), self.codec.payload_type);
        self.lines(&mut out);
        out
    }
}

/// The extensions of ours that the other side takes, each with the direction that answers its own
/// (RFC 8285 section 6). Ids above 14 need two-byte headers, which we do not write.
fn extmaps(attributes: &[Attribute]) -> Vec<ExtMap> {
    let mut found: Vec<ExtMap> = Vec::new();
    for mut extmap in values(attributes, "extmap").filter_map(|v| v.parse::<ExtMap>().ok()) {
        let taken = matches!(extmap.direction, None | Some(Direction::RecvOnly | Direction::SendRecv));
        let known = [MID, ABS_SEND_TIME, PLAYOUT_DELAY].contains(&extmap.uri.as_str());
        let fresh = !found.iter().any(|f| f.uri == extmap.uri || f.id == extmap.id);
        if taken && known && fresh && extmap.id <= 14 {
            extmap.direction = extmap.direction.map(|_| Direction::SendOnly);
            extmap.attributes = None;
            found.push(extmap);
        }
    }
    found
}

/// The extensions of our own offers.
pub(super) fn our_extmaps(kind: Kind) -> Vec<ExtMap> {
    let uris = [MID, ABS_SEND_TIME, PLAYOUT_DELAY];
    let wanted = if kind == Kind::Video { 3 } else { 2 };
    uris.iter().zip(1..).take(wanted).map(|(uri, id)| ExtMap::new(id, uri)).collect()
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

/// The SSRCs the other side names, a few: RTCP from them belongs to this section.
fn ssrcs(attributes: &[Attribute]) -> Vec<u32> {
    let mut ssrcs: Vec<u32> =
        values(attributes, "ssrc").filter_map(|v| v.split(' ').next()?.parse().ok()).collect();
    ssrcs.dedup();
    ssrcs.truncate(4);
    ssrcs
}
