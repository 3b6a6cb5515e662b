//! What goes on in a section, and how it is written, in answers and offers.

use super::codec::{Codec, Feedback};
use super::credentials::Credentials;
use super::section::SectionKind;
use crate::media::Kind;
use sdp_types::{Direction, ExtMap};
use std::fmt::Write;

/// What goes on in a section, as we see it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exchange {
    /// What goes out in it.
    pub sending: Option<Sending>,
    /// Whether anything may come in.
    pub receiving: bool,
}

/// What we send in a section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sending {
    /// Of every packet.
    pub ssrc: u32,
    /// Of every packet sent again (RFC 4588 section 8.3); written where the codec has RTX.
    pub rtx_ssrc: Option<u32>,
    /// The same for all that is played in sync (RFC 8834 section 4.9).
    pub cname: String,
    /// The id of the MediaStream the browser makes.
    pub stream: String,
    /// The id of its track.
    pub track: String,
}

/// Where libwebrtc is to begin, in kbit/s; others pass over it. It begins at 300 of its own accord and tries
/// for more with a few short bursts. One of them that is heard late on a busy machine tells it nothing, it
/// tries no second time, and a picture that is easy to encode then never proves that there is more.
const START: &str = "x-google-start-bitrate=1000";

/// The direction of those who send, receive or do both.
pub(super) fn direction(sends: bool, receives: bool) -> Direction {
    match (sends, receives) {
        (true, true) => Direction::SendRecv,
        (true, false) => Direction::SendOnly,
        (false, true) => Direction::RecvOnly,
        (false, false) => Direction::Inactive,
    }
}

/// A section that something goes on in, whoever numbered it.
pub(super) struct Written<'a> {
    pub kind: Kind,
    pub proto: &'a str,
    pub mid: &'a str,
    pub codec: &'a Codec,
    pub feedback: Feedback,
    pub extmaps: Vec<ExtMap>,
    pub rsize: bool,
    pub sending: Option<&'a Sending>,
    pub receiving: bool,
}

impl Written<'_> {
    /// The section, but for candidates. `connection` as in `c=IN …`.
    pub fn write(&self, (connection, port): (&str, u16), credentials: &Credentials, out: &mut String) {
        let Written { kind, proto, mid, codec, feedback, extmaps, rsize, sending, receiving } = self;
        let (name, number) = (SectionKind::from(*kind), codec.payload_type);
        let _ = write!(out, "m={} {port} {proto} {number}", name.name());
        if let Some(rtx) = codec.rtx {
            let _ = write!(out, " {rtx}");
        }
        let _ = write!(out, "\r\nc=IN {connection}\r\n");
        credentials.write(out);
        let direction = direction(sending.is_some(), *receiving);
        let _ = write!(out, "a=mid:{mid}\r\na={}\r\n", direction.as_str());
        if let Some(Sending { stream, track, .. }) = sending {
            let _ = write!(out, "a=msid:{stream} {track}\r\n");
        }
        // RFC 8858: there is no second port to fall back to.
        out.push_str("a=rtcp-mux\r\na=rtcp-mux-only\r\n");
        if *rsize {
            // RFC 5506: feedback may come without a report before it.
            out.push_str("a=rtcp-rsize\r\n");
        }
        for extmap in extmaps {
            let _ = write!(out, "a=extmap:{extmap}\r\n");
        }
        let (rtpmap, fmtp) = match kind {
            Kind::Video => ("VP8/90000", receiving.then_some(START)),
            Kind::Audio => ("opus/48000/2", Some("minptime=10;useinbandfec=1")),
        };
        let _ = write!(out, "a=rtpmap:{number} {rtpmap}\r\n");
        if let Some(fmtp) = fmtp {
            let _ = write!(out, "a=fmtp:{number} {fmtp}\r\n");
        }
        feedback.write(number, out);
        if let Some(rtx) = codec.rtx {
            let rate = kind.clock_rate();
            let _ = write!(out, "a=rtpmap:{rtx} rtx/{rate}\r\na=fmtp:{rtx} apt={number}\r\n");
        }
        if let Some(sending) = sending {
            sending.write(codec.rtx.is_some(), out);
        }
    }
}

impl Sending {
    fn write(&self, rtx: bool, out: &mut String) {
        let Sending { ssrc, cname, .. } = self;
        let rtx = self.rtx_ssrc.filter(|_| rtx);
        if let Some(rtx) = rtx {
            // RFC 5576 section 4.2: this one repairs that one.
            let _ = write!(out, "a=ssrc-group:FID {ssrc} {rtx}\r\n");
        }
        for ssrc in [Some(*ssrc), rtx].into_iter().flatten() {
            let _ = write!(out, "a=ssrc:{ssrc} cname:{cname}\r\n");
        }
    }
}
