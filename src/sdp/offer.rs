//! An offer, and which of its sections can be taken.

use super::answer::{Plan, Verdict};
use super::credentials::Credentials;
use super::exchange::{Exchange, Sending};
use super::section::{Section, SectionKind};
use super::text;
use crate::error::{Error, Result, Status};
use sdp_types::Direction;
use std::borrow::Cow;

/// An offer that was read whole.
#[derive(Clone, Debug)]
pub struct Offer {
    /// Its sections, in its order.
    pub sections: Vec<Section>,
    /// The mids of each BUNDLE group (RFC 9143).
    pub(super) bundles: Vec<Vec<String>>,
}

impl Offer {
    /// Reads an offer. LF or CRLF; a BOM or blanks before it are forgiven.
    ///
    /// # Errors
    /// `Malformed` and `Limit`, with what is wrong and where.
    pub fn parse(text: &str) -> Result<Offer> {
        Offer::read("offer", text)
    }

    /// A plan that takes nothing yet: sections that cannot be taken are refused with the reason.
    pub fn plan(&self) -> Plan {
        let verdict = |section: &Section| {
            let unused = match section.kind {
                SectionKind::Application => CHANNELS_UNUSED,
                _ => "nothing is sent or received in it",
            };
            Verdict::Refuse(obstacle(section).unwrap_or(unused.into()))
        };
        Plan { sections: self.sections.iter().map(verdict).collect() }
    }

    /// Takes section `n` for what goes out in it. What comes in it is [`Offer::receive`]'s.
    ///
    /// # Errors
    /// `NotOffered`, with the reason; the section stays as it was, and the plan remembers why it is refused.
    pub fn send(&self, plan: &mut Plan, n: usize, sending: Sending) -> Result<()> {
        let reason = self.unwilling(n, self.sections[n].direction.has_recv(), "receive");
        self.take(plan, n, reason, |exchange| exchange.sending = Some(sending))
    }

    /// Takes section `n` for what comes in it. What goes out in it is [`Offer::send`]'s.
    ///
    /// # Errors
    /// `NotOffered`, with the reason; the section stays as it was, and the plan remembers why it is refused.
    pub fn receive(&self, plan: &mut Plan, n: usize) -> Result<()> {
        let reason = self.unwilling(n, self.sections[n].direction.has_send(), "send");
        self.take(plan, n, reason, |exchange| exchange.receiving = true)
    }

    /// Takes section `n` for data channels.
    ///
    /// # Errors
    /// `NotOffered`, with the reason; the section stays as it was, and the plan remembers why it is refused.
    pub fn channels(&self, plan: &mut Plan, n: usize) -> Result<()> {
        let other = self.sections[n].channels.is_none().then_some("it has no data channels".into());
        self.take(plan, n, other, |_| ())
    }

    /// Why no media goes through section `n`, whose side is `willing` to do its part of that or not.
    fn unwilling(&self, n: usize, willing: bool, part: &str) -> Option<Cow<'static, str>> {
        let Section { kind, direction, .. } = &self.sections[n];
        match kind {
            SectionKind::Application => Some(CHANNELS_UNUSED.into()),
            _ if willing => None,
            _ => Some(format!("the offer does not {part} in it (a={})", direction.as_str()).into()),
        }
    }

    fn take(
        &self,
        plan: &mut Plan,
        n: usize,
        unwilling: Option<Cow<'static, str>>,
        change: impl FnOnce(&mut Exchange),
    ) -> Result<()> {
        let section = &self.sections[n];
        let reason = obstacle(section).or(unwilling).or_else(|| self.apart(plan, n));
        let verdict = &mut plan.sections[n];
        if let Some(reason) = reason {
            let sentence = format!("{} of the offer cannot be taken: {reason}", section.name(n));
            if let Verdict::Refuse(before) = verdict {
                *before = reason;
            }
            return Err(Error::new(Status::NotOffered, sentence));
        }
        let mut exchange = match verdict {
            Verdict::Take(exchange) => std::mem::take(exchange),
            Verdict::Refuse(_) => Exchange::default(),
        };
        change(&mut exchange);
        *verdict = Verdict::Take(exchange);
        Ok(())
    }

    /// Why section `n` cannot go where the first that was taken goes.
    fn apart(&self, plan: &Plan, n: usize) -> Option<Cow<'static, str>> {
        let first = plan.taken().next().filter(|&first| first != n && !self.bundled(first, n))?;
        let first = self.sections[first].name(first);
        Some(format!("it is not in one BUNDLE group with {first}, and there is one transport").into())
    }

    /// Reads a description of either half; `what` names it in errors.
    pub(super) fn read(what: &str, text: &str) -> Result<Offer> {
        let session = text::parse(what, text)?;
        if session.medias.is_empty() {
            return Err(Error::malformed(format!("the {what} has no media section")));
        }
        let mut sections: Vec<Section> = Vec::new();
        for (n, media) in session.medias.iter().enumerate() {
            let section = Section::parse(what, n, &session.attributes, media)?;
            if !section.mid.is_empty() && sections.iter().any(|s| s.mid == section.mid) {
                return Err(Error::malformed(format!(
                    "two sections of the {what} have the mid {}",
                    section.mid
                )));
            }
            sections.push(section);
        }
        let bundle = |group: &str| {
            let mut words = group.split_ascii_whitespace();
            (words.next()? == "BUNDLE").then(|| words.map(str::to_owned).collect())
        };
        let bundles = text::values(&session.attributes, "group").filter_map(bundle).collect();
        let offer = Offer { sections, bundles };
        let used = |s: &Section| obstacle(s).is_none() && s.direction != Direction::Inactive;
        for (n, section) in offer.sections.iter().enumerate().filter(|(_, s)| used(s)) {
            if let Err(Some(why)) = &section.credentials {
                return Err(Error::malformed(format!("{} of the {what} {why}", section.name(n))));
            }
            if offer.credentials(n).is_none() {
                let sentence = format!("{} of the {what} has no a=ice-ufrag and a=ice-pwd", section.name(n));
                return Err(Error::malformed(sentence));
            }
        }
        Ok(offer)
    }

    /// Whether both sections can share a transport.
    pub(super) fn bundled(&self, a: usize, b: usize) -> bool {
        let has = |bundle: &Vec<String>, n: usize| bundle.contains(&self.sections[n].mid);
        self.bundles.iter().any(|bundle| has(bundle, a) && has(bundle, b))
    }

    /// The transport attributes that count for section `n`: its own, or those of what it is
    /// bundled with (a `bundle-only` section has none, RFC 9143 section 7.2.1).
    pub(super) fn credentials(&self, n: usize) -> Option<&Credentials> {
        let own = self.sections[n].credentials.as_ref().ok();
        own.or_else(|| {
            (0..self.sections.len())
                .filter(|&m| self.bundled(n, m))
                .find_map(|m| self.sections[m].credentials.as_ref().ok())
        })
    }
}

/// Why a section for data is not taken by whoever only wants media.
const CHANNELS_UNUSED: &str = "data channels are not taken";

/// Why a section cannot be taken, whatever its direction.
pub(super) fn obstacle(section: &Section) -> Option<Cow<'static, str>> {
    let codec = match &section.kind {
        SectionKind::Video => "VP8/90000",
        SectionKind::Audio => "opus/48000/2",
        SectionKind::Application => return data_obstacle(section),
        SectionKind::Other(name) => return Some(format!("\"{name:.40}\" is no medium of ours").into()),
    };
    // RFC 8829 section 5.1.2: all of these mean DTLS-SRTP here.
    const PROFILES: [&str; 8] = [
        "UDP/TLS/RTP/SAVPF",
        "UDP/TLS/RTP/SAVP",
        "TCP/DTLS/RTP/SAVPF",
        "TCP/DTLS/RTP/SAVP",
        "RTP/SAVPF",
        "RTP/SAVP",
        "RTP/AVPF",
        "RTP/AVP",
    ];
    Some(if section.rejected {
        "the offer itself rejects it (port 0)".into()
    } else if !PROFILES.contains(&section.proto.as_str()) {
        format!("its profile is \"{:.40}\", not UDP/TLS/RTP/SAVPF", section.proto).into()
    } else if section.codec.is_none() {
        format!("it has no {codec}").into()
    } else if section.mid.is_empty() {
        "it has no a=mid".into()
    } else if !section.mux {
        "it has no a=rtcp-mux".into()
    } else {
        return None;
    })
}

/// [`obstacle`] of a section for data.
fn data_obstacle(section: &Section) -> Option<Cow<'static, str>> {
    Some(if section.rejected {
        "the offer itself rejects it (port 0)".into()
    } else if section.channels.is_none() {
        "it has no webrtc-datachannel with an a=sctp-port".into()
    } else if section.mid.is_empty() {
        "it has no a=mid".into()
    } else {
        return None;
    })
}
