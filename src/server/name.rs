//! Stream names, in and out of a path.

use crate::error::{Error, Result};
use std::fmt::Write;

/// Longest name in bytes of UTF-8.
const MAX: usize = 64;

/// Whether `name` can be a stream's: it stands in paths, in events and on a page.
pub fn check(name: &str) -> Result<()> {
    let rule = match name {
        "" => "is empty",
        "." | ".." => "is a step in a path, which browsers take out",
        _ if name.len() > MAX => "is longer than 64 bytes",
        _ if name.contains('/') => "holds a slash",
        _ if name.chars().any(char::is_control) => "holds a control character",
        _ => return Ok(()),
    };
    Err(Error::argument(format!("name {rule}")))
}

/// The name in a segment of a path; `None`: no stream can be called that.
pub fn decode(segment: &str) -> Option<String> {
    percent_decode(segment).filter(|name| check(name).is_ok())
}

/// What a percent-encoded text says (RFC 3986 section 2.1); `None`: it is not encoded so, or no UTF-8.
pub fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                (digit()? << 4 | digit()?) as u8
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

/// The name as a segment of a path: everything but RFC 3986's unreserved characters is encoded.
pub fn encode(name: &str) -> String {
    let mut segment = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => segment.push(byte.into()),
            _ => write!(segment, "%{byte:02X}").expect("a String takes all"),
        }
    }
    segment
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_survives_the_path() {
        for name in ["test", "Kamera 1", "a%2Fb", "übung", "…", "<script>", &"x".repeat(64)] {
            assert_eq!(decode(&encode(name)).as_deref(), Some(name));
        }
    }

    #[test]
    fn what_cannot_be_a_name_is_none() {
        let long = "x".repeat(65);
        for segment in
            ["", "%", "%2", "%zz", "%+1", "a%2fb", "%00", "a%0d%0aX:1", "%ff", ".", "%2e%2E", &long]
        {
            assert_eq!(decode(segment), None, "{segment:?}");
        }
    }
}
