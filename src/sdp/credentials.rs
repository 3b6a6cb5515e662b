//! Who may connect: the ICE user and password, the certificate's fingerprint, the DTLS role.

use super::candidate::Candidate;
use super::channels::DataChannels;
use super::text::{value, values};
use sdp_types::{Attribute, Setup};
use std::fmt::Write;

/// The transport attributes of a section that has them all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Credentials {
    pub ufrag: String,
    pub pwd: String,
    /// As written after `a=fingerprint:`.
    pub fingerprint: String,
    pub setup: Setup,
}

/// Why a section has no [`Credentials`].
pub(super) enum Lack {
    /// It has none of its own: what it is bundled with may speak for it.
    All,
    /// This attribute is missing or wrong.
    One(String),
}

impl Credentials {
    /// Those of a section: its own lines win over the session's (RFC 8839 section 5.4, RFC 8122 section 5).
    pub fn parse(session: &[Attribute], section: &[Attribute]) -> Result<Credentials, Lack> {
        let find = |name| value(section, name).or_else(|| value(session, name));
        let fingerprint = fingerprint(section).or_else(|| fingerprint(session));
        let (ufrag, pwd) = (find("ice-ufrag"), find("ice-pwd"));
        if ufrag.is_none() && pwd.is_none() {
            return Err(Lack::All);
        }
        let text = |name: &str, text: Option<&str>, shortest| match text {
            None => Err(Lack::One(format!("has no a={name}"))),
            // RFC 8839 section 5.4: 4 or 22 to 256 of a few visible characters.
            Some(t) if t.len() >= shortest && t.len() <= 256 && t.bytes().all(|b| b.is_ascii_graphic()) => {
                Ok(t.to_owned())
            }
            Some(_) => {
                Err(Lack::One(format!("has an a={name} that is not {shortest} to 256 visible characters")))
            }
        };
        Ok(Credentials {
            ufrag: text("ice-ufrag", ufrag, 4)?,
            pwd: text("ice-pwd", pwd, 22)?,
            fingerprint: fingerprint.ok_or_else(|| Lack::One("has no a=fingerprint".into()))??,
            setup: match find("setup").map(str::parse) {
                Some(Ok(Setup::HoldConn)) | Some(Err(_)) => {
                    return Err(Lack::One("has an a=setup that is not actpass, active or passive".into()));
                }
                Some(Ok(setup)) => setup,
                // RFC 8842 section 5.2 wants one in every offer; whoever forgets it takes either role.
                None => Setup::ActPass,
            },
        })
    }

    /// A remote description for libdatachannel: nothing but the transport, the section that its
    /// [`TRACK`](super::TRACK) is in if there is `media`, and the one of the data channels.
    pub fn for_transport(
        &self,
        candidates: &[Candidate],
        media: bool,
        channels: Option<DataChannels>,
    ) -> String {
        let group = [media.then_some(" 0"), channels.map(|_| " 1")].into_iter().flatten().collect::<String>();
        let mut out = format!("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE{group}\r\n");
        if media {
            out.push_str(
                "m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\n\
                 a=mid:0\r\na=sendrecv\r\na=rtcp-mux\r\na=rtpmap:96 VP8/90000\r\n",
            );
            self.write(&mut out);
        }
        if let Some(channels) = channels {
            channels.write("1", ("IP4 0.0.0.0", 9), self, &mut out);
        }
        for candidate in candidates {
            let _ = write!(out, "a={candidate}\r\n");
        }
        out
    }

    /// Their lines, with the role of the side that writes them.
    pub fn write(&self, out: &mut String) {
        let Credentials { ufrag, pwd, fingerprint, setup } = self;
        let _ = write!(
            out,
            "a=ice-ufrag:{ufrag}\r\na=ice-pwd:{pwd}\r\na=fingerprint:{fingerprint}\r\na=setup:{setup}\r\n"
        );
    }
}

/// The one fingerprint that libdatachannel is told: it compares a single one.
fn fingerprint(attributes: &[Attribute]) -> Option<Result<String, Lack>> {
    const HASHES: [(&str, usize); 5] =
        [("sha-256", 32), ("sha-512", 64), ("sha-384", 48), ("sha-224", 28), ("sha-1", 20)];
    let lines: Vec<_> = values(attributes, "fingerprint").collect();
    let first = lines.first()?;
    let found = HASHES.iter().find_map(|&(name, length)| {
        lines.iter().find_map(|line| {
            let (hash, hex) = line.split_once(' ')?;
            let octets = || hex.trim().split(':');
            (hash.eq_ignore_ascii_case(name)
                && octets().count() == length
                && octets().all(|o| o.len() == 2 && o.bytes().all(|b| b.is_ascii_hexdigit())))
            .then(|| format!("{name} {}", hex.trim().to_ascii_uppercase()))
        })
    });
    Some(found.ok_or_else(|| {
        Lack::One(format!("has an a=fingerprint that is none of SHA-1 to SHA-512: \"{first:.80}\""))
    }))
}
