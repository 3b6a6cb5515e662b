//! STUN and TURN servers: what others are told of them, and what libdatachannel is.

use crate::error::{Error, Result, Status};
use std::fmt::Write;
use std::net::Ipv6Addr;

/// A STUN or TURN server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IceServer {
    /// `stun:host:port`, `turn:host:port?transport=udp` and the like (RFC 7064, RFC 7065).
    pub url: String,
    /// For TURN.
    pub username: Option<String>,
    /// For TURN.
    pub credential: Option<String>,
}

/// The servers of one connection, as libdatachannel takes them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Servers {
    /// URLs with the credentials inside.
    pub urls: Vec<String>,
    /// Whether one of them is a TURN server: then the connection cannot share its port.
    pub relayed: bool,
}

impl IceServer {
    /// The value of a `Link` header, RFC 9725 section 4.6.
    pub(crate) fn link(&self) -> Result<String> {
        let scheme = self.url.split(':').next().unwrap_or_default();
        let known = ["stun", "stuns", "turn", "turns"].contains(&scheme);
        if !known || !self.url.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'<' | b'>' | b'"')) {
            return Err(Error::argument(format!(
                "options.ice_servers: {:?} is no STUN or TURN URL",
                self.url
            )));
        }
        let mut link = format!("<{}>; rel=\"ice-server\"", self.url);
        for (name, value) in [("username", &self.username), ("credential", &self.credential)] {
            let Some(value) = value else { continue };
            if value.chars().any(|c| c.is_control() || !c.is_ascii() || matches!(c, '"' | '\\')) {
                let sentence = format!("options.ice_servers: a {name} holds what a header cannot carry");
                return Err(Error::argument(sentence));
            }
            let _ = write!(link, "; {name}=\"{value}\"");
        }
        if self.credential.is_some() {
            link.push_str("; credential-type=\"password\"");
        }
        Ok(link)
    }

    fn is_turn(&self) -> bool {
        self.url.get(..4).is_some_and(|scheme| scheme.eq_ignore_ascii_case("turn"))
    }

    /// The URL that libdatachannel takes, username and password in front of the host.
    fn for_transport(&self) -> Result<String> {
        let wrong = |why: &str| Error::argument(format!("the ICE server {:.80?} {why}", self.url));
        let lacking =
            |why: &str| Error::new(Status::Unsupported, format!("the ICE server {:.80?} {why}", self.url));
        let (scheme, rest) = self.url.split_once(':').ok_or_else(|| wrong("is no STUN or TURN URL"))?;
        let turn = match scheme.to_ascii_lowercase().as_str() {
            "stun" => false,
            "turn" => true,
            "stuns" | "turns" => return Err(lacking("is reached over TLS, and only UDP can be used")),
            _ => return Err(wrong("is no STUN or TURN URL")),
        };
        let (address, query) = rest.split_once('?').unwrap_or((rest, ""));
        match query.to_ascii_lowercase().as_str() {
            "transport=udp" if turn => {}
            "" => {}
            "transport=tcp" if turn => return Err(lacking("is reached over TCP, and only UDP can be used")),
            _ => return Err(wrong("has a query that is not transport=udp")),
        }
        let (host, port) =
            host_and_port(address).ok_or_else(|| wrong("has no host, or no port, of a URL"))?;
        let host = encoded(host);
        let credentials = match (turn, &self.username, &self.credential) {
            (false, ..) => return Ok(format!("stun:{host}:{port}")),
            (true, Some(username), Some(credential)) => [username, credential],
            (true, ..) => return Err(wrong("needs a username and a credential")),
        };
        // The longest that libjuice keeps; it would cut the rest off.
        const LONGEST: usize = 500;
        if credentials.iter().any(|text| text.is_empty() || text.len() > LONGEST) {
            return Err(wrong("has an empty or a very long username or credential"));
        }
        let [username, credential] = credentials.map(|text| encoded(text));
        Ok(format!("turn:{username}:{credential}@{host}:{port}?transport=udp"))
    }
}

impl Servers {
    /// All of `servers`, or the reason why one cannot be used.
    pub fn of(servers: &[IceServer]) -> Result<Servers> {
        let urls = servers.iter().map(IceServer::for_transport).collect::<Result<_>>()?;
        Ok(Servers { urls, relayed: servers.iter().any(IceServer::is_turn) })
    }
}

/// Those of `servers` that a peer of ours can use itself. One that is to have a port of the
/// application's choice cannot use TURN.
pub(crate) fn usable(servers: &[IceServer], own_port: bool) -> Vec<IceServer> {
    let fits = |s: &&IceServer| s.for_transport().is_ok() && !(own_port && s.is_turn());
    servers.iter().filter(fits).cloned().collect()
}

/// `host`, `host:port`, `[v6]`, `[v6]:port`; the port of STUN and TURN is 3478.
fn host_and_port(address: &str) -> Option<(&str, u16)> {
    let (host, port) = match address.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']')?;
            host.parse::<Ipv6Addr>().ok()?;
            (host, if port.is_empty() { None } else { Some(port.strip_prefix(':')?) })
        }
        None => {
            let (host, port) = address.split_once(':').map_or((address, None), |(h, p)| (h, Some(p)));
            // RFC 1035 section 2.3.4.
            let name = (1..=253).contains(&host.len())
                && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
            if !name {
                return None;
            }
            (host, port)
        }
    };
    let port = port.map_or(Some(3478), |port| port.parse().ok())?;
    (port != 0).then_some((host, port))
}

/// RFC 3986 section 2.1. libdatachannel decodes the host too, and takes an IPv6 address only so.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(byte.into());
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(url: &str, username: &str, credential: &str) -> IceServer {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        IceServer { url: url.into(), username: text(username), credential: text(credential) }
    }

    #[test]
    fn a_server_is_told_to_the_transport_with_what_its_url_may_not_hold_encoded() {
        for (url, username, credential, told) in [
            ("stun:stun.example.org", "", "", "stun:stun.example.org:3478"),
            ("STUN:192.0.2.1:19302", "who", "cares", "stun:192.0.2.1:19302"),
            ("stun:[2001:db8::1]:1", "", "", "stun:2001%3Adb8%3A%3A1:1"),
            (
                "turn:t.example",
                "1:a@b",
                "p/w?%é",
                "turn:1%3Aa%40b:p%2Fw%3F%25%C3%A9@t.example:3478?transport=udp",
            ),
            ("turn:t.example:5?transport=UDP", "u", "p", "turn:u:p@t.example:5?transport=udp"),
        ] {
            assert_eq!(server(url, username, credential).for_transport().as_deref(), Ok(told));
        }
    }

    #[test]
    fn what_the_transport_cannot_do_is_unsupported_and_what_is_no_url_is_an_error() {
        for (url, status) in [
            ("turns:t.example", Status::Unsupported),
            ("stuns:t.example", Status::Unsupported),
            ("turn:t.example?transport=tcp", Status::Unsupported),
            ("turn:t.example?transport=sctp", Status::InvalidArgument),
            ("stun:t.example?transport=udp", Status::InvalidArgument),
            ("http://t.example", Status::InvalidArgument),
            ("stun", Status::InvalidArgument),
            ("stun:", Status::InvalidArgument),
            ("stun://t.example", Status::InvalidArgument),
            ("stun:user@t.example", Status::InvalidArgument),
            ("stun:t.example:0", Status::InvalidArgument),
            ("stun:t.example:65536", Status::InvalidArgument),
            ("stun:[::1", Status::InvalidArgument),
            ("stun:[t.example]", Status::InvalidArgument),
            ("stun:t.example\r\n", Status::InvalidArgument),
            ("stun:t%00", Status::InvalidArgument),
        ] {
            let error = server(url, "u", "p").for_transport().expect_err(url);
            assert_eq!(error.status(), status, "{url}: {error}");
        }
        assert!(server("turn:t.example", "", "p").for_transport().is_err());
        assert!(server("turn:t.example", "u", "").for_transport().is_err());
    }

    #[test]
    fn a_peer_leaves_out_what_it_cannot_use() {
        let servers = [server("turns:a", "u", "p"), server("stun:b", "", ""), server("turn:c", "u", "p")];
        assert_eq!(usable(&servers, false), servers[1..]);
        assert_eq!(usable(&servers, true), servers[1..2]);
        assert!(Servers::of(&servers[1..]).is_ok_and(|servers| servers.relayed && servers.urls.len() == 2));
        assert!(Servers::of(&servers[1..2]).is_ok_and(|servers| !servers.relayed));
        assert!(Servers::of(&servers).is_err());
    }
}
