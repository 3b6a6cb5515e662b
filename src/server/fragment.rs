//! The body of a PATCH: ICE credentials and candidates (RFC 8840 section 9).

use crate::error::{Error, Result};

/// What a fragment says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Fragment {
    /// The sender's ICE credentials.
    pub credentials: Credentials,
    /// Candidates (`candidate:` and on), each with its section's mid where that is told.
    pub candidates: Vec<(Option<String>, String)>,
}

/// Every `ice-ufrag` and `ice-pwd` of a description, in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Credentials(Vec<String>);

impl Credentials {
    /// Those of a whole description.
    pub fn of(sdp: &str) -> Credentials {
        let is_one = |line: &&str| line.starts_with("a=ice-ufrag:") || line.starts_with("a=ice-pwd:");
        Credentials(sdp.lines().filter(is_one).map(|line| line.trim_end().to_owned()).collect())
    }

    /// Whether a fragment with `others` is about another ICE generation: RFC 8839 section 4.4.1.1.1.
    pub fn restarted_by(&self, others: &Credentials) -> bool {
        others.0.iter().any(|other| !self.0.contains(other))
    }
}

impl Fragment {
    /// Reads one. Attributes that are not about candidates are passed over.
    pub fn parse(text: &str) -> Result<Fragment> {
        let mut fragment = Fragment { credentials: Credentials::of(text), ..Fragment::default() };
        let mut mid = None;
        let mut lines = 0;
        for (number, line) in text.lines().enumerate() {
            let line = line.trim_end();
            if line.is_empty() {
                continue;
            }
            let value = match line.as_bytes() {
                [b'a'..=b'z', b'=', _, ..] => &line[2..],
                _ => return Err(Error::malformed(format!("line {} is not of the form a=value", number + 1))),
            };
            // RFC 8866 section 9: `byte-string` has neither NUL nor CR.
            if line.contains(['\0', '\r']) {
                return Err(Error::malformed(format!("line {} has a NUL or a CR in it", number + 1)));
            }
            lines += 1;
            if line.starts_with("m=") {
                mid = None;
            } else if let Some(name) = line.strip_prefix("a=mid:") {
                mid = Some(name.to_owned());
            } else if line.starts_with("a=candidate:") {
                fragment.candidates.push((mid.clone(), value.to_owned()));
            }
        }
        if lines == 0 {
            return Err(Error::malformed("the fragment is empty"));
        }
        Ok(fragment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_belong_to_the_section_above_them() {
        let text = "a=ice-ufrag:abcd\r\na=ice-pwd:efgh\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n\
                    a=candidate:1 1 udp 1 192.0.2.1 5000 typ host\r\nm=video 9 RTP/AVP 0\n\
                    a=candidate:2 1 udp 1 192.0.2.1 5001 typ host\na=end-of-candidates\r\n";
        let fragment = Fragment::parse(text).expect("well-formed");
        assert_eq!(
            fragment.credentials,
            Credentials(vec!["a=ice-ufrag:abcd".into(), "a=ice-pwd:efgh".into()])
        );
        assert_eq!(
            fragment.candidates,
            [
                (Some("0".into()), "candidate:1 1 udp 1 192.0.2.1 5000 typ host".into()),
                (None, "candidate:2 1 udp 1 192.0.2.1 5001 typ host".into()),
            ]
        );
    }

    #[test]
    fn what_is_no_fragment_is_told_by_line() {
        for (text, sentence) in [
            ("a=mid:0\r1\r\n", "line 1 has a NUL or a CR in it"),
            ("", "the fragment is empty"),
            ("\r\n\r\n", "the fragment is empty"),
            ("a=mid:0\r\nhello\r\n", "line 2 is not of the form a=value"),
            ("a=\r\n", "line 1 is not of the form a=value"),
            ("{\"candidate\":\"\"}", "line 1 is not of the form a=value"),
        ] {
            assert_eq!(Fragment::parse(text).expect_err(text).sentence(), sentence);
        }
    }

    #[test]
    fn only_unknown_credentials_are_a_restart() {
        let offer = Credentials::of("v=0\r\na=ice-ufrag:one\r\na=ice-pwd:secret\r\n");
        assert!(!offer.restarted_by(&Credentials::of("a=ice-ufrag:one\na=ice-pwd:secret\n")));
        assert!(!offer.restarted_by(&Credentials::default()));
        assert!(offer.restarted_by(&Credentials::of("a=ice-ufrag:two\r\na=ice-pwd:secret\r\n")));
        assert!(offer.restarted_by(&Credentials::of("a=ice-ufrag:one\r\na=ice-pwd:other\r\n")));
    }
}
