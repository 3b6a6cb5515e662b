//! How a section that we send in is written, in answers and offers.

use super::codec::Codec;
use super::credentials::Credentials;
use super::section::SectionKind;
use crate::media::Kind;
use sdp_types::ExtMap;
use std::fmt::Write;

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

/// A section that we send in, whoever numbered it.
pub(super) struct Outgoing<'a> {
    pub kind: Kind,
    pub proto: &'a str,
    pub mid: &'a str,
    pub codec: &'a Codec,
    pub extmaps: &'a [ExtMap],
    pub rsize: bool,
    pub sending: &'a Sending,
}

impl Outgoing<'_> {
    /// The section, but for candidates. `connection` as in `c=IN …`.
    pub fn write(&self, (connection, port): (&str, u16), credentials: &Credentials, out: &mut String) {
        let Outgoing { kind, proto, mid, codec, extmaps, rsize, sending } = self;
        let Sending { ssrc, cname, stream, track } = sending;
        let (name, number) = (SectionKind::from(*kind), codec.payload_type);
        let _ = write!(out, "m={} {port} {proto} {number}\r\nc=IN {connection}\r\n", name.name());
        credentials.write(out);
        let _ = write!(out, "a=mid:{mid}\r\na=sendonly\r\na=msid:{stream} {track}\r\na=rtcp-mux\r\n");
        // RFC 8858: there is no second port to fall back to.
        out.push_str("a=rtcp-mux-only\r\n");
        if *rsize {
            // RFC 5506: feedback may come without a report before it.
            out.push_str("a=rtcp-rsize\r\n");
        }
        for extmap in *extmaps {
            let _ = write!(out, "a=extmap:{extmap}\r\n");
        }
        let (rtpmap, fmtp) = match kind {
            Kind::Video => ("VP8/90000", None),
            Kind::Audio => ("opus/48000/2", Some("minptime=10;useinbandfec=1")),
        };
        let _ = write!(out, "a=rtpmap:{number} {rtpmap}\r\n");
        if let Some(fmtp) = fmtp {
            let _ = write!(out, "a=fmtp:{number} {fmtp}\r\n");
        }
        codec.feedback.write(number, out);
        let _ = write!(out, "a=ssrc:{ssrc} cname:{cname}\r\n");
    }
}
