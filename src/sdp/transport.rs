//! Our side of the transport, out of libdatachannel's local description.

use super::candidate::Candidate;
use super::credentials::{Credentials, Lack};
use super::text;
use crate::error::{Error, Result, Status};
use std::fmt::Write;

/// The one media section that libdatachannel knows of, for `rtcAddTrack`, whatever is negotiated.
///
/// Anything can be sent on it: SSRC and payload type are not looked at. And with one section all
/// RTP and all RTCP arrives on it, once, whatever its SSRC. With more, RTP goes by SSRCs of the
/// descriptions alone, RTCP goes to every track one of whose SSRCs is in it,
/// as often as there are such, and one that names none (the report of a receiver that hears
/// nothing yet, REMB, FIR, BYE) goes nowhere.
pub const TRACK: &str = "m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\n\
    a=mid:0\r\na=sendrecv\r\na=rtcp-mux\r\na=rtpmap:96 VP8/90000\r\n";

/// What our descriptions say about the one transport: ICE, DTLS, candidates.
#[derive(Clone, Debug)]
pub struct Transport {
    /// Host candidates and, with a STUN or TURN server, what was gathered from it.
    pub candidates: Vec<Candidate>,
    /// Whether no more of them will come.
    pub whole: bool,
    pub(super) credentials: Credentials,
    session: String,
}

impl Transport {
    /// Reads the local description libdatachannel made, offer or answer.
    pub fn parse(local_description: &str) -> Result<Transport> {
        let wrong = |why: String| Error::new(Status::Transport, format!("the local description {why}"));
        let session = text::parse("local description", local_description)?;
        let media = session.medias.first().ok_or_else(|| wrong("has no section".into()))?;
        let credentials =
            Credentials::parse(&session.attributes, &media.attributes).map_err(|lack| match lack {
                Lack::All => wrong("has no a=ice-ufrag and a=ice-pwd".into()),
                Lack::One(why) => wrong(why),
            })?;
        let mut candidates = Vec::new();
        for line in session.medias.iter().flat_map(|m| text::values(&m.attributes, "candidate")) {
            candidates.extend(Candidate::parse(line)?);
        }
        let whole =
            session.medias.iter().any(|m| m.attributes.iter().any(|a| a.attribute == "end-of-candidates"));
        Ok(Transport { candidates, whole, credentials, session: session.origin.sess_id })
    }

    /// The lines of a description of ours before its groups and sections.
    pub(super) fn head(&self) -> String {
        let session = &self.session;
        format!("v=0\r\no=- {session} 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=ice-options:ice2 trickle\r\n")
    }

    /// Address and port of the default candidate: what `c=` and `m=` say (RFC 8839 section 4.2.1.2).
    pub(super) fn default_destination(candidates: &[Candidate]) -> (String, u16) {
        let rank = |c: &&Candidate| (c.address.is_ipv4(), c.priority);
        match candidates.iter().max_by_key(rank) {
            None => ("IP4 0.0.0.0".into(), 9),
            Some(Candidate { address, .. }) => {
                let family = if address.is_ipv4() { "IP4" } else { "IP6" };
                (format!("{family} {}", address.ip()), address.port())
            }
        }
    }

    /// `candidates`: ours, as they are published.
    pub(super) fn write_candidates(&self, candidates: &[Candidate], out: &mut String) {
        for candidate in candidates {
            let _ = write!(out, "a={candidate}\r\n");
        }
        if self.whole {
            out.push_str("a=end-of-candidates\r\n");
        }
    }
}
