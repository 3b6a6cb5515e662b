//! Our own offers, and the answers to them.

use super::candidate::Candidate;
use super::credentials::Credentials;
use super::offer;
use super::section::{Codec, Feedback, Outgoing, Section, SectionKind, Sending, our_extmaps};
use super::text::MAX_CANDIDATES;
use super::transport::Transport;
use crate::error::{Error, Result, Status};
use crate::media::Kind;
use sdp_types::Setup;
use std::fmt::Write;
use std::net::IpAddr;

/// What we offer to send.
#[derive(Clone, Debug, Default)]
pub struct OfferPlan {
    /// Each section, in the offer's order.
    pub sections: Vec<OfferedSection>,
}

/// A section of our offer.
#[derive(Clone, Debug)]
pub struct OfferedSection {
    /// Picture or sound.
    pub kind: Kind,
    /// Its name.
    pub mid: String,
    /// What goes out in it.
    pub sending: Sending,
}

/// The answer to an offer of ours.
#[derive(Clone, Debug)]
pub struct Answer {
    /// For each section of the offer: what was accepted (payload type, feedback, extensions);
    /// `None`: it was refused.
    pub sections: Vec<Option<Section>>,
    mids: Vec<(Kind, String)>,
    credentials: Credentials,
    candidates: Vec<Candidate>,
}

impl OfferPlan {
    /// What libdatachannel's track for section `n` is made from (`rtcAddTrack`).
    pub fn media_section(&self, n: usize) -> String {
        let section = &self.sections[n];
        section.with(|outgoing| outgoing.media_section())
    }

    /// The offer. `public`: addresses to put in the place of private ones in host candidates.
    pub fn write(&self, transport: &Transport, public: &[IpAddr]) -> String {
        let candidates = Candidate::publish(&transport.candidates, public);
        let (connection, port) = Transport::default_destination(&candidates);
        let mids: Vec<&str> = self.sections.iter().map(|s| s.mid.as_str()).collect();
        let mut out = transport.head();
        let _ = write!(out, "a=group:BUNDLE {}\r\n", mids.join(" "));
        for (n, section) in self.sections.iter().enumerate() {
            let (kind, number) = (SectionKind::from(section.kind), codec(section.kind).payload_type);
            // RFC 9143 section 7.2.1: without an address of its own a section is bundle-only.
            let port = if n == 0 { port } else { 0 };
            let _ =
                write!(out, "m={} {port} UDP/TLS/RTP/SAVPF {number}\r\nc=IN {connection}\r\n", kind.name());
            transport.credentials.write(&mut out);
            section.with(|outgoing| outgoing.lines(&mut out));
            out.push_str("a=rtcp-mux-only\r\n");
            if n == 0 {
                Transport::write_candidates(&candidates, &mut out);
            } else {
                out.push_str("a=bundle-only\r\n");
            }
        }
        out
    }
}

impl Answer {
    /// Reads the answer to `plan`'s offer.
    ///
    /// # Errors
    /// `Malformed` when it does not parse or does not fit the offer, `Limit`, and `NotOffered`
    /// when it accepts nothing.
    pub fn parse(text: &str, plan: &OfferPlan) -> Result<Answer> {
        let (sections, _) = offer::read("answer", text)?;
        if sections.len() != plan.sections.len() {
            let (theirs, ours) = (sections.len(), plan.sections.len());
            return Err(Error::malformed(format!("the answer has {theirs} sections, the offer {ours}")));
        }
        let mids = plan.sections.iter().map(|s| (s.kind, s.mid.clone())).collect();
        for (n, (theirs, ours)) in sections.iter().zip(&plan.sections).enumerate() {
            let moved = !theirs.mid.is_empty() && theirs.mid != ours.mid;
            if moved || theirs.kind.media() != Some(ours.kind) {
                let wanted = SectionKind::from(ours.kind);
                let sentence = format!(
                    "{} of the answer stands where the offer has {} with mid {}",
                    theirs.name(n),
                    wanted.name(),
                    ours.mid
                );
                return Err(Error::malformed(sentence));
            }
        }
        let sections: Vec<Option<Section>> = sections.into_iter().map(accepted).collect();
        let Some(first) = sections.iter().flatten().next() else {
            return Err(Error::new(Status::NotOffered, "the answer accepts nothing of the offer"));
        };
        let credentials = first.credentials.clone().map_err(|_| {
            Error::malformed("the answer's first accepted section has no transport attributes")
        })?;
        if credentials.setup == Setup::ActPass {
            return Err(Error::malformed("the answer has a=setup:actpass or none; it must choose a role"));
        }
        let mut candidates: Vec<Candidate> =
            sections.iter().flatten().flat_map(|s| s.candidates.clone()).collect();
        candidates.truncate(MAX_CANDIDATES);
        Ok(Answer { sections, mids, credentials, candidates })
    }

    /// The answer as libdatachannel gets it: candidates that are addresses, and what it needs.
    pub fn for_transport(&self) -> String {
        let all = || self.mids.iter().zip(&self.sections);
        let mids: Vec<&str> = all().filter(|(_, s)| s.is_some()).map(|((_, mid), _)| mid.as_str()).collect();
        let mut out = format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE {}\r\n",
            mids.join(" ")
        );
        let mut first = true;
        for ((kind, mid), section) in all() {
            let (name, number) = (SectionKind::from(*kind), codec(*kind).payload_type);
            let port = if section.is_some() { 9 } else { 0 };
            let _ =
                write!(out, "m={} {port} UDP/TLS/RTP/SAVPF {number}\r\nc=IN IP4 0.0.0.0\r\n", name.name());
            self.credentials.write(&mut out);
            let direction = if section.is_some() { "recvonly" } else { "inactive" };
            let _ = write!(out, "a=mid:{mid}\r\na={direction}\r\na=rtcp-mux\r\n");
            for ssrc in section.iter().flat_map(|s| &s.ssrcs) {
                let _ = write!(out, "a=ssrc:{ssrc} cname:-\r\n");
            }
            if section.is_some() && std::mem::take(&mut first) {
                for candidate in &self.candidates {
                    let _ = write!(out, "a={candidate}\r\n");
                }
            }
        }
        out
    }
}

impl OfferedSection {
    fn with<R>(&self, f: impl FnOnce(Outgoing<'_>) -> R) -> R {
        let OfferedSection { kind, mid, sending } = self;
        f(Outgoing { kind: *kind, mid, codec: &codec(*kind), extmaps: &our_extmaps(*kind), sending })
    }
}

/// Our numbers are the ones Chrome uses.
fn codec(kind: Kind) -> Codec {
    let payload_type = if kind == Kind::Video { 96 } else { 111 };
    Codec { payload_type, rtx: None, fmtp: None, feedback: Feedback::ours(kind) }
}

fn accepted(section: Section) -> Option<Section> {
    (!section.rejected && section.direction.has_recv() && section.codec.is_some()).then_some(section)
}
