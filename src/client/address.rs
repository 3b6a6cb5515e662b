//! URLs, as far as WHIP and WHEP need them: where a `Location` leads, and whether it is the same origin.

use crate::error::{Error, Result};
use ureq::http::Uri;

/// A URL of HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address(Uri);

impl Address {
    /// Reads an absolute URL.
    pub fn parse(text: &str) -> Result<Address> {
        let wrong = |why: &str| Error::argument(format!("the URL {text:.120?} {why}"));
        let uri: Uri = text.parse().map_err(|error| wrong(&format!("does not parse: {error}")))?;
        let known = matches!(uri.scheme_str(), Some("http" | "https"));
        let authority = uri.authority().filter(|_| known).ok_or_else(|| wrong("is not http: or https:"))?;
        if authority.as_str().contains('@') {
            return Err(wrong("has a user name in it; a token is given apart"));
        }
        if authority.host().is_empty() {
            return Err(wrong("has no host"));
        }
        Ok(Address(uri))
    }

    /// Where `reference`, absolute or relative to this one, leads (RFC 3986 section 5.2).
    pub fn join(&self, reference: &str) -> Option<Address> {
        let reference = reference.trim().split('#').next()?;
        let scheme = self.0.scheme_str()?;
        let authority = self.0.authority()?;
        let colon = reference.find(':').unwrap_or(usize::MAX);
        if colon < reference.find(['/', '?']).unwrap_or(usize::MAX) {
            return Address::parse(reference).ok();
        }
        if reference.starts_with("//") {
            return Address::parse(&format!("{scheme}:{reference}")).ok();
        }
        let (path, query) = match reference.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (reference, None),
        };
        let path = match path {
            "" => self.0.path().to_owned(),
            path if path.starts_with('/') => without_dots(path),
            path => {
                let folder = self.0.path().rsplit_once('/').map_or("", |(folder, _)| folder);
                without_dots(&format!("{folder}/{path}"))
            }
        };
        let query = query.or_else(|| self.0.query().filter(|_| reference.is_empty()));
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        Address::parse(&format!("{scheme}://{authority}{path}{query}")).ok()
    }

    /// Whether scheme, host and port are the same (RFC 6454).
    pub fn same_origin(&self, other: &Address) -> bool {
        self.origin() == other.origin()
    }

    /// Whether what is sent there is encrypted.
    pub fn is_secure(&self) -> bool {
        self.0.scheme_str() == Some("https")
    }

    /// For a request.
    pub fn uri(&self) -> Uri {
        self.0.clone()
    }

    fn origin(&self) -> (bool, String, u16) {
        let port = self.0.port_u16().unwrap_or(if self.is_secure() { 443 } else { 80 });
        (self.is_secure(), self.0.host().unwrap_or_default().to_ascii_lowercase(), port)
    }
}

impl std::fmt::Display for Address {
    /// Without its query, which may hold a secret: what is displayed is logged and told.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let authority = self.0.authority().map_or("", |a| a.as_str());
        write!(f, "{}://{authority}{}", self.0.scheme_str().unwrap_or_default(), self.0.path())
    }
}

/// RFC 3986 section 5.2.4.
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    for (n, segment) in segments.iter().enumerate() {
        let last = n + 1 == segments.len();
        match *segment {
            ".." => {
                kept.pop();
            }
            "." => {}
            segment => kept.push(segment),
        }
        if last && matches!(*segment, "." | "..") {
            kept.push("");
        }
    }
    format!("/{}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Address {
        Address::parse(text).expect(text)
    }

    #[test]
    fn a_location_leads_where_the_standard_says() {
        let base = address("https://h.example:8443/whip/live?key=1");
        for (reference, whole) in [
            ("https://other.example/s/1", "https://other.example/s/1"),
            ("//other.example/s/1", "https://other.example/s/1"),
            ("/s/1", "https://h.example:8443/s/1"),
            ("/a/../s/./1?x=/../y", "https://h.example:8443/s/1?x=/../y"),
            ("s/1", "https://h.example:8443/whip/s/1"),
            ("live/1", "https://h.example:8443/whip/live/1"),
            ("../s", "https://h.example:8443/s"),
            ("../../../s", "https://h.example:8443/s"),
            ("./a:b", "https://h.example:8443/whip/a:b"),
            ("..", "https://h.example:8443/"),
            ("?k=2", "https://h.example:8443/whip/live?k=2"),
            ("", "https://h.example:8443/whip/live?key=1"),
            ("/s/1#part", "https://h.example:8443/s/1"),
        ] {
            assert_eq!(base.join(reference), Some(address(whole)), "{reference}");
        }
        assert_eq!(address("http://h").join("s"), Some(address("http://h/s")));
        for reference in
            ["ftp://h/s", "javascript:1", "http://", "/a b", "https://user:password@h/", "/\u{1}"]
        {
            assert_eq!(base.join(reference), None, "{reference}");
        }
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let same = |a: &str, b: &str| address(a).same_origin(&address(b));
        assert!(same("https://h/a", "https://H:443/b?c"));
        assert!(same("http://h:80", "http://h"));
        for other in ["http://h", "https://h:444", "https://h.example", "https://hh"] {
            assert!(!same("https://h", other), "{other}");
        }
    }

    #[test]
    fn what_is_no_address_of_a_server_is_an_error() {
        for text in ["", "h", "/whip", "ws://h", "http://", "https://u@h/", "http://a b/", "file:///x"] {
            assert!(Address::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_told_of_it_holds_no_query() {
        assert_eq!(address("https://h/whip?key=secret").to_string(), "https://h/whip");
    }
}
