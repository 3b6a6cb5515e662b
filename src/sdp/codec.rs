//! VP8 and Opus in a section, and the feedback for them.

use super::text::values;
use crate::media::Kind;
use sdp_types::{Attribute, Media, RtcpFb, RtcpFbCcm, RtcpFbNack, RtcpFbPt, RtcpFbVal, RtpMap};
use std::fmt::Write;

/// Feedback about what is sent with a codec.
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
    /// When each packet of the transport arrived, from which the sender estimates the bandwidth.
    pub transport_cc: bool,
}

/// RFC 5761 section 4: these cannot be told from RTCP.
const RTCP: std::ops::RangeInclusive<u8> = 64..=95;

/// VP8 or Opus, as the other side numbers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Codec {
    /// Its payload type.
    pub payload_type: u8,
    /// The payload type of its retransmissions (RFC 4588).
    pub rtx: Option<u8>,
    /// Its `a=fmtp`, as it stands.
    pub fmtp: Option<String>,
    /// The feedback that was offered and we know; [`Section::feedback`](super::Section::feedback) says which of it
    /// is given in a direction.
    pub feedback: Feedback,
}

impl Codec {
    /// The first in the section's order of preference that is ours. Names without regard to case,
    /// clock rate and channels exactly. The error is a line that makes no sense.
    pub(super) fn find(kind: Kind, media: &Media) -> Result<Option<Codec>, String> {
        let map = |v: &str| v.parse().map_err(|_| format!("an a=rtpmap that does not parse: \"{v:.80}\""));
        let maps: Vec<RtpMap> = values(&media.attributes, "rtpmap").map(map).collect::<Result<_, _>>()?;
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
            !RTCP.contains(&payload_type)
                && match kind {
                    Kind::Video => named(payload_type, "VP8", &["", "1"]),
                    // RFC 7587 section 7: always two channels in the description.
                    Kind::Audio => named(payload_type, "opus", &["2"]),
                }
        };
        let Some(payload_type) = formats().find(ours) else { return Ok(None) };
        let fmtp = |payload_type: u8| {
            values(&media.attributes, "fmtp").find_map(|v| {
                let (number, parameters) = v.split_once(' ')?;
                (number.parse() == Ok(payload_type)).then_some(parameters)
            })
        };
        let resends = |&rtx: &u8| {
            rtx != payload_type
                && !RTCP.contains(&rtx)
                && named(rtx, "rtx", &[""])
                && fmtp(rtx).is_some_and(|parameters| {
                    parameters
                        .split(';')
                        .filter_map(|p| p.trim().strip_prefix("apt="))
                        .any(|apt| apt.parse() == Ok(payload_type))
                })
        };
        Ok(Some(Codec {
            payload_type,
            rtx: formats().find(resends).filter(|_| kind == Kind::Video),
            fmtp: fmtp(payload_type).map(str::to_owned),
            feedback: Feedback::of(kind, payload_type, &media.attributes),
        }))
    }
}

impl Feedback {
    /// What we know for a kind.
    pub(super) fn known(kind: Kind) -> Feedback {
        let video = kind == Kind::Video;
        Feedback { nack: true, pli: video, fir: video, remb: video, transport_cc: true }
    }

    /// The part of it that is given in those directions. `numbered`: whether the packets that come carry
    /// the number that transport-wide feedback is about. One estimate of the bandwidth is enough.
    pub(super) fn given(self, sending: bool, receiving: bool, numbered: bool) -> Feedback {
        let transport_cc = self.transport_cc && receiving && numbered;
        Feedback { transport_cc, remb: self.remb && (sending || !transport_cc), ..self }
    }

    fn of(kind: Kind, payload_type: u8, attributes: &[Attribute]) -> Feedback {
        let mut offered = Feedback::default();
        for line in values(attributes, "rtcp-fb").filter_map(|v| v.parse::<RtcpFb>().ok()) {
            match line.val {
                _ if line.pt != RtcpFbPt::Wildcard && line.pt != RtcpFbPt::Fmt(payload_type) => {}
                RtcpFbVal::Nack(None) => offered.nack = true,
                RtcpFbVal::Nack(Some(RtcpFbNack::Pli)) => offered.pli = true,
                RtcpFbVal::Ccm(RtcpFbCcm::Fir) => offered.fir = true,
                RtcpFbVal::TransportCc => offered.transport_cc = true,
                RtcpFbVal::Other(name) if name == "goog-remb" => offered.remb = true,
                _ => {}
            }
        }
        let known = Feedback::known(kind);
        Feedback {
            nack: offered.nack && known.nack,
            pli: offered.pli && known.pli,
            fir: offered.fir && known.fir,
            remb: offered.remb && known.remb,
            transport_cc: offered.transport_cc && known.transport_cc,
        }
    }

    pub(super) fn write(self, payload_type: u8, out: &mut String) {
        let all = [
            (self.nack, "nack"),
            (self.pli, "nack pli"),
            (self.fir, "ccm fir"),
            (self.remb, "goog-remb"),
            (self.transport_cc, "transport-cc"),
        ];
        for (_, name) in all.iter().filter(|(on, _)| *on) {
            let _ = write!(out, "a=rtcp-fb:{payload_type} {name}\r\n");
        }
    }
}
