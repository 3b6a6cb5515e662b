//! ICE candidates that can be used: UDP, with an address, for the one component we have.

use crate::error::{Error, Result};
use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// A candidate whose address is known without asking anybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Where to.
    pub address: SocketAddr,
    /// RFC 8445 section 5.1.2.
    pub priority: u32,
    /// `host`, `srflx`, `prflx` or `relay`.
    pub typ: String,
    foundation: String,
    related: Option<SocketAddr>,
}

impl Candidate {
    /// Reads `candidate:…` (with or without `a=` before it). `None`: a name such as `….local`, TCP,
    /// the RTCP component, or no candidate at all (the empty text that ends them): not for us.
    pub fn parse(text: &str) -> Result<Option<Candidate>> {
        let text = text.trim();
        let text = text.strip_prefix("a=").unwrap_or(text);
        if text.is_empty() || text == "end-of-candidates" {
            return Ok(None);
        }
        let value = text.strip_prefix("candidate:").unwrap_or(text);
        if value.is_empty() {
            return Ok(None);
        }
        let parsed: sdp_types::Candidate = value.parse().map_err(|error| {
            Error::malformed(format!("the candidate \"{value:.120}\" does not parse: {error}"))
        })?;
        Ok(Candidate::usable(parsed))
    }

    fn usable(parsed: sdp_types::Candidate) -> Option<Candidate> {
        let typ = parsed.typ.as_str().to_ascii_lowercase();
        let sdp_types::CandidateAddress::IpAddr(ip) = parsed.address else { return None };
        let usable = parsed.transport.eq_ignore_ascii_case("udp")
            && parsed.component_id == 1
            && ["host", "srflx", "prflx", "relay"].contains(&typ.as_str())
            && (1..=32).contains(&parsed.foundation.len())
            && parsed.foundation.bytes().all(|b| b.is_ascii_graphic())
            && parsed.port != 0
            && !ip.is_unspecified()
            && !ip.is_multicast();
        let related = parsed.rel_addr.zip(parsed.rel_port).map(SocketAddr::from);
        let priority = u32::try_from(parsed.priority).ok()?;
        let address = SocketAddr::new(ip, parsed.port);
        usable.then_some(Candidate { address, priority, typ, foundation: parsed.foundation, related })
    }

    /// Puts `public` addresses in the place of private ones: behind a one-to-one NAT the machine
    /// does not know the address it is reached at. What has no public address of its family stays.
    pub(super) fn publish(candidates: &[Candidate], public: &[IpAddr]) -> Vec<Candidate> {
        let mut published: Vec<Candidate> = Vec::new();
        for candidate in candidates {
            let ip = candidate.address.ip();
            let mut instead = public.iter().filter(|p| p.is_ipv4() == ip.is_ipv4()).peekable();
            if candidate.typ != "host" || !private(ip) || instead.peek().is_none() {
                published.push(candidate.clone());
                continue;
            }
            for (n, &ip) in instead.enumerate() {
                let address = SocketAddr::new(ip, candidate.address.port());
                if !published.iter().any(|c| c.address == address) {
                    // RFC 8445 section 5.1.1.3: another address, another foundation.
                    let foundation = format!("{:.24}p{n}", candidate.foundation);
                    published.push(Candidate { address, foundation, ..candidate.clone() });
                }
            }
        }
        published
    }
}

/// As in `candidate:…`, without `a=` and without extensions.
impl fmt::Display for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Candidate { address, priority, typ, foundation, related } = self;
        write!(f, "candidate:{foundation} 1 UDP {priority} {} {} typ {typ}", address.ip(), address.port())?;
        match related {
            Some(related) => write!(f, " raddr {} rport {}", related.ip(), related.port()),
            None => Ok(()),
        }
    }
}

/// Not reachable from elsewhere. Loopback is left alone: who binds to it means it.
fn private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => {
            // RFC 6598: 100.64.0.0/10 is what a carrier's NAT hands out.
            let shared = v4.octets()[0] == 100 && v4.octets()[1] & 0xc0 == 64;
            v4.is_private() || v4.is_link_local() || shared
        }
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}
