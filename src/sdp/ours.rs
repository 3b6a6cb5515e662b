//! Our own offers, and the answers to them.

use super::candidate::Candidate;
use super::channels::DataChannels;
use super::codec::{Codec, Feedback};
use super::credentials::Credentials;
use super::exchange::{Sending, Written};
use super::extmap::{self, LONGEST_MID};
use super::offer::{Offer, obstacle};
use super::section::{Section, SectionKind};
use super::text::MAX_CANDIDATES;
use super::transport::Transport;
use crate::error::{Error, Result, Status};
use crate::media::Kind;
use sdp_types::Setup;
use std::fmt::Write;
use std::net::IpAddr;

/// What we offer to send and to receive.
#[derive(Clone, Debug, Default)]
pub struct OfferPlan {
    /// Each section of media, in the offer's order.
    pub sections: Vec<OfferedSection>,
    /// Whether one for data channels follows on them.
    pub channels: bool,
}

/// The mid of the section for data channels. Nobody who names mids calls one so by chance.
const CHANNELS_MID: &str = "data";

/// A section of our offer.
#[derive(Clone, Debug)]
pub struct OfferedSection {
    /// Picture or sound.
    pub kind: Kind,
    /// Its name.
    pub mid: String,
    /// What goes out in it.
    pub sending: Option<Sending>,
    /// Whether anything may come in.
    pub receiving: bool,
}

/// The answer to an offer of ours.
#[derive(Clone, Debug)]
pub struct Answer {
    /// For each section of the offer: what was accepted (payload type, feedback, extensions);
    /// `None`: it was refused.
    pub sections: Vec<Option<Section>>,
    /// The data channels, if they were accepted.
    pub channels: Option<DataChannels>,
    credentials: Credentials,
    candidates: Vec<Candidate>,
}

impl OfferPlan {
    /// The offer. `public`: addresses to put in the place of private ones in host candidates.
    ///
    /// # Errors
    /// `InvalidArgument` for a mid that is not a name.
    pub fn write(&self, transport: &Transport, public: &[IpAddr]) -> Result<String> {
        let candidates = Candidate::publish(&transport.candidates, public);
        let (connection, port) = Transport::default_destination(&candidates);
        let mut mids: Vec<&str> = self.sections.iter().map(|s| s.mid.as_str()).collect();
        if self.channels {
            if mids.contains(&CHANNELS_MID) {
                let sentence = format!("the mid \"{CHANNELS_MID}\" is that of the data channels");
                return Err(Error::argument(sentence));
            }
            mids.push(CHANNELS_MID);
        }
        let mut out = transport.head();
        let _ = write!(out, "a=group:BUNDLE {}\r\n", mids.join(" "));
        for (n, OfferedSection { kind, mid, sending, receiving }) in self.sections.iter().enumerate() {
            check_mid(mid)?;
            // RFC 9143 section 7.2.1: without an address of its own a section is bundle-only.
            let port = if n == 0 { port } else { 0 };
            let written = Written {
                kind: *kind,
                proto: "UDP/TLS/RTP/SAVPF",
                mid,
                codec: &codec(*kind),
                // Of the two estimates of the bandwidth, the answer chooses.
                feedback: Feedback { transport_cc: *receiving, ..Feedback::known(*kind) },
                extmaps: extmap::offered(*kind, sending.is_some(), *receiving),
                rsize: true,
                sending: sending.as_ref(),
                receiving: *receiving,
            };
            written.write((&connection, port), &transport.credentials, &mut out);
            if n == 0 {
                transport.write_candidates(&candidates, &mut out);
            } else {
                out.push_str("a=bundle-only\r\n");
            }
        }
        if self.channels {
            let first = self.sections.is_empty();
            let port = if first { port } else { 0 };
            let destination = (connection.as_str(), port);
            DataChannels::ours().write(CHANNELS_MID, destination, &transport.credentials, &mut out);
            if first {
                transport.write_candidates(&candidates, &mut out);
            } else {
                out.push_str("a=bundle-only\r\n");
            }
        }
        Ok(out)
    }
}

impl Answer {
    /// Reads the answer to `plan`'s offer.
    ///
    /// # Errors
    /// `Malformed` when it does not parse or does not fit the offer, `Limit`, and `NotOffered`
    /// when it accepts nothing.
    pub fn parse(text: &str, plan: &OfferPlan) -> Result<Answer> {
        let theirs = Offer::read("answer", text)?;
        let media = plan.sections.len();
        if theirs.sections.len() != media + usize::from(plan.channels) {
            let (theirs, ours) = (theirs.sections.len(), media + usize::from(plan.channels));
            return Err(Error::malformed(format!("the answer has {theirs} sections, the offer {ours}")));
        }
        for (n, (section, ours)) in theirs.sections.iter().zip(&plan.sections).enumerate() {
            let moved = !section.mid.is_empty() && section.mid != ours.mid;
            if moved || section.kind.media() != Some(ours.kind) {
                let (name, wanted) = (section.name(n), SectionKind::from(ours.kind));
                let (wanted, mid) = (wanted.name(), &ours.mid);
                let sentence =
                    format!("{name} of the answer stands where the offer has {wanted} with mid {mid}");
                return Err(Error::malformed(sentence));
            }
        }
        if let Some(last) = theirs.sections.get(media)
            && last.kind != SectionKind::Application
        {
            let name = last.name(media);
            return Err(Error::malformed(format!(
                "{name} of the answer stands where the offer has data channels"
            )));
        }
        // What is accepted outside the BUNDLE would need a transport of its own: it is not used.
        let accepted = |&n: &usize| {
            if n == media {
                return obstacle(&theirs.sections[n]).is_none();
            }
            let (OfferedSection { sending, receiving, .. }, answered) =
                (&plan.sections[n], &theirs.sections[n]);
            let (sent, received) = (answered.direction.has_recv(), answered.direction.has_send());
            obstacle(answered).is_none() && (sending.is_some() && sent || *receiving && received)
        };
        let first = (0..theirs.sections.len())
            .find(accepted)
            .ok_or_else(|| Error::new(Status::NotOffered, "the answer accepts nothing of the offer"))?;
        let credentials = theirs.credentials(first).expect("checked when the answer was read").clone();
        if credentials.setup == Setup::ActPass {
            return Err(Error::malformed("the answer has a=setup:actpass or none; it must choose a role"));
        }
        let taken: Vec<bool> = (0..theirs.sections.len())
            .map(|n| n == first || accepted(&n) && theirs.bundled(first, n))
            .collect();
        let mut sections: Vec<Option<Section>> =
            theirs.sections.into_iter().zip(taken).map(|(section, taken)| taken.then_some(section)).collect();
        let mut candidates: Vec<Candidate> =
            sections.iter().flatten().flat_map(|s| s.candidates.clone()).collect();
        candidates.truncate(MAX_CANDIDATES);
        let channels = sections.drain(media..).flatten().find_map(|section| section.channels);
        Ok(Answer { sections, channels, credentials, candidates })
    }

    /// The answer as libdatachannel gets it: its transport, with those candidates that are addresses.
    pub fn for_transport(&self) -> String {
        let media = self.sections.iter().any(Option::is_some);
        self.credentials.for_transport(&self.candidates, media, self.channels)
    }
}

/// Our numbers are the ones Chrome uses.
fn codec(kind: Kind) -> Codec {
    let (payload_type, rtx) = if kind == Kind::Video { (96, Some(97)) } else { (111, None) };
    Codec { payload_type, rtx, fmtp: None, feedback: Feedback::known(kind) }
}

/// RFC 8866 section 9, `token`, and as long as a one-byte header extension holds (RFC 8285 section 4.2).
fn check_mid(mid: &str) -> Result<()> {
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`{|}~".contains(&b);
    if (1..=LONGEST_MID).contains(&mid.len()) && mid.bytes().all(token) {
        return Ok(());
    }
    Err(Error::argument(format!("the mid \"{mid:.40}\" is not 1 to {LONGEST_MID} letters, digits or marks")))
}
