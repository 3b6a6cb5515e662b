//! Our answer, and what libdatachannel is told of the offer.

use super::candidate::Candidate;
use super::channels::DataChannels;
use super::exchange::{Exchange, Written};
use super::extmap;
use super::offer::Offer;
use super::section::Section;
use super::transport::Transport;
use crate::error::{Error, Result, Status};
use std::borrow::Cow;
use std::fmt::Write;
use std::net::IpAddr;

/// What becomes of each section of an [`Offer`]. Made by [`Offer::plan`], filled by [`Offer::send`] and
/// [`Offer::receive`].
#[derive(Clone, Debug)]
pub struct Plan {
    pub(super) sections: Vec<Verdict>,
}

/// What becomes of one section.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// It is answered with port 0; the reason for the log and for errors.
    Refuse(Cow<'static, str>),
    /// This goes on in it.
    Take(Exchange),
}

impl Plan {
    /// The verdicts, in the offer's order.
    pub fn sections(&self) -> &[Verdict] {
        &self.sections
    }

    /// The numbers of the sections that are taken.
    pub fn taken(&self) -> impl Iterator<Item = usize> {
        self.sections.iter().enumerate().filter(|(_, v)| matches!(v, Verdict::Take(_))).map(|(n, _)| n)
    }
}

impl Offer {
    /// The offer as libdatachannel gets it (`rtcSetRemoteDescription`): its transport, without candidates.
    ///
    /// # Errors
    /// `NotOffered` when nothing is taken, with each section's reason.
    pub fn for_transport(&self, plan: &Plan) -> Result<String> {
        let first = plan.taken().next().ok_or_else(|| self.nothing(plan))?;
        let credentials = self.credentials(first);
        let media = plan.taken().any(|n| self.sections[n].channels.is_none());
        let channels = plan.taken().find_map(|n| self.sections[n].channels);
        let credentials = credentials.expect("checked for every section when the offer was read");
        Ok(credentials.for_transport(&[], media, channels))
    }

    /// The answer. `public`: addresses to put in the place of private ones in host candidates.
    pub fn answer(&self, plan: &Plan, transport: &Transport, public: &[IpAddr]) -> String {
        let candidates = Candidate::publish(&transport.candidates, public);
        let (connection, port) = Transport::default_destination(&candidates);
        let mids: Vec<&str> = plan.taken().map(|n| self.sections[n].mid.as_str()).collect();
        let mut out = transport.head();
        if plan.taken().next().is_some_and(|first| self.bundled(first, first)) {
            let _ = write!(out, "a=group:BUNDLE {}\r\n", mids.join(" "));
        }
        let mut candidates = Some(&candidates);
        for (section, verdict) in self.sections.iter().zip(&plan.sections) {
            let destination = (connection.as_str(), port);
            if let (Verdict::Take(_), Some(_)) = (verdict, section.channels) {
                DataChannels::ours().write(&section.mid, destination, &transport.credentials, &mut out);
            } else if let Some(written) = written(section, verdict) {
                written.write(destination, &transport.credentials, &mut out);
            } else {
                refuse(section, &mut out);
                continue;
            }
            if let Some(candidates) = candidates.take() {
                transport.write_candidates(candidates, &mut out);
            }
        }
        out
    }

    fn nothing(&self, plan: &Plan) -> Error {
        let mut sentence = String::from("nothing in this offer can be taken");
        for (n, (section, verdict)) in self.sections.iter().zip(&plan.sections).enumerate() {
            if let Verdict::Refuse(reason) = verdict {
                let _ = write!(sentence, "; {}: {reason}", section.name(n));
            }
        }
        Error::new(Status::NotOffered, sentence)
    }
}

fn written<'a>(section: &'a Section, verdict: &'a Verdict) -> Option<Written<'a>> {
    let Verdict::Take(Exchange { sending, receiving }) = verdict else { return None };
    Some(Written {
        kind: section.kind.media()?,
        proto: &section.proto,
        mid: &section.mid,
        codec: section.codec.as_ref()?,
        feedback: section.feedback(sending.is_some(), *receiving),
        extmaps: extmap::answered(&section.extmaps, sending.is_some(), *receiving),
        rsize: section.rsize,
        sending: sending.as_ref(),
        receiving: *receiving,
    })
}

fn refuse(section: &Section, out: &mut String) {
    let Section { kind, proto, formats, mid, .. } = section;
    // RFC 3264 section 6: port 0, and of the offer's formats one is enough.
    let format = formats.split(' ').next().expect("a split has a first part");
    let _ = write!(out, "m={} 0 {proto} {format}\r\nc=IN IP4 0.0.0.0\r\na=inactive\r\n", kind.name());
    if !mid.is_empty() {
        let _ = write!(out, "a=mid:{mid}\r\n");
    }
}
