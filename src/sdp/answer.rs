//! Our answer, and what libdatachannel is told of the offer.

use super::candidate::Candidate;
use super::offer::Offer;
use super::section::{Outgoing, Sending};
use super::transport::Transport;
use crate::error::{Error, Result, Status};
use std::borrow::Cow;
use std::fmt::Write;
use std::net::IpAddr;

/// What becomes of each section of an [`Offer`]. Made by [`Offer::plan`], filled by [`Offer::take`].
#[derive(Clone, Debug)]
pub struct Plan {
    pub(super) sections: Vec<Verdict>,
}

/// What becomes of one section.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// It is answered with port 0; the reason for the log and for errors.
    Refuse(Cow<'static, str>),
    /// This goes out in it.
    Send(Sending),
}

impl Plan {
    /// The verdicts, in the offer's order.
    pub fn sections(&self) -> &[Verdict] {
        &self.sections
    }

    /// The numbers of the sections that are taken.
    pub fn taken(&self) -> impl Iterator<Item = usize> {
        self.sections.iter().enumerate().filter(|(_, v)| matches!(v, Verdict::Send(_))).map(|(n, _)| n)
    }
}

impl Offer {
    /// The offer as libdatachannel gets it (`rtcSetRemoteDescription`): the sections that are
    /// taken, without candidates.
    ///
    /// # Errors
    /// `NotOffered` when nothing is taken, with each section's reason.
    pub fn for_transport(&self, plan: &Plan) -> Result<String> {
        let first = plan.taken().next().ok_or_else(|| self.nothing(plan))?;
        let credentials = self.credentials(first).expect("checked for every section when the offer was read");
        let mids: Vec<&str> = plan.taken().map(|n| self.sections[n].mid.as_str()).collect();
        let mut out = format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE {}\r\n",
            mids.join(" ")
        );
        for (outgoing, n) in self.outgoing(plan) {
            let (kind, number) = (self.sections[n].kind.name(), outgoing.codec.payload_type);
            let _ = write!(out, "m={kind} 9 UDP/TLS/RTP/SAVPF {number}\r\nc=IN IP4 0.0.0.0\r\n");
            credentials.write(&mut out);
            let _ = write!(out, "a=mid:{}\r\na=recvonly\r\na=rtcp-mux\r\n", outgoing.mid);
            for ssrc in &self.sections[n].ssrcs {
                let _ = write!(out, "a=ssrc:{ssrc} cname:-\r\n");
            }
        }
        Ok(out)
    }

    /// What libdatachannel's track for section `n` is made from (`rtcAddTrack`).
    ///
    /// # Panics
    /// When the plan does not take section `n`.
    pub fn media_section(&self, plan: &Plan, n: usize) -> String {
        let taken = self.outgoing(plan).find(|(_, m)| *m == n);
        taken.expect("the caller asks for sections it took").0.media_section()
    }

    /// The answer. `public`: addresses to put in the place of private ones in host candidates.
    pub fn answer(&self, plan: &Plan, transport: &Transport, public: &[IpAddr]) -> String {
        let candidates = Candidate::publish(&transport.candidates, public);
        let (connection, port) = Transport::default_destination(&candidates);
        let mut out = transport.head();
        let mids: Vec<&str> = plan.taken().map(|n| self.sections[n].mid.as_str()).collect();
        let bundle = self.bundles.iter().any(|b| mids.iter().all(|mid| b.iter().any(|m| m == mid)));
        if bundle && !mids.is_empty() {
            let _ = write!(out, "a=group:BUNDLE {}\r\n", mids.join(" "));
        }
        let mut taken = self.outgoing(plan).peekable();
        let first = plan.taken().next();
        for (n, section) in self.sections.iter().enumerate() {
            let (kind, proto) = (section.kind.name(), &section.proto);
            let Some((outgoing, _)) = taken.next_if(|(_, m)| *m == n) else {
                // RFC 3264 section 6: port 0, and the formats of the offer, of which one is enough.
                let format = section.formats.split(' ').next().unwrap_or("0");
                let _ = write!(out, "m={kind} 0 {proto} {format}\r\nc=IN IP4 0.0.0.0\r\na=inactive\r\n");
                if !section.mid.is_empty() {
                    let _ = write!(out, "a=mid:{}\r\n", section.mid);
                }
                continue;
            };
            let number = outgoing.codec.payload_type;
            let _ = write!(out, "m={kind} {port} {proto} {number}\r\nc=IN {connection}\r\n");
            transport.credentials.write(&mut out);
            outgoing.lines(&mut out);
            out.push_str("a=rtcp-mux-only\r\n");
            if first == Some(n) {
                Transport::write_candidates(&candidates, &mut out);
            }
        }
        out
    }

    fn outgoing<'a>(&'a self, plan: &'a Plan) -> impl Iterator<Item = (Outgoing<'a>, usize)> {
        self.sections.iter().zip(&plan.sections).enumerate().filter_map(|(n, (section, verdict))| {
            let (Verdict::Send(sending), Some(codec), Some(kind)) =
                (verdict, &section.codec, section.kind.media())
            else {
                return None;
            };
            Some((Outgoing { kind, mid: &section.mid, codec, extmaps: &section.extmaps, sending }, n))
        })
    }

    fn nothing(&self, plan: &Plan) -> Error {
        let mut sentence = String::from("nothing in this offer can be sent");
        for (n, (section, verdict)) in self.sections.iter().zip(&plan.sections).enumerate() {
            if let Verdict::Refuse(reason) = verdict {
                let _ = write!(sentence, "; {}: {reason}", section.name(n));
            }
        }
        Error::new(Status::NotOffered, sentence)
    }
}
