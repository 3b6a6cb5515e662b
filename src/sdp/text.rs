//! Reading a session description within limits, and its attributes by name.

use crate::error::{Error, Result, Status};
use sdp_types::{Attribute, Session};

/// The longest description that is read. Fifteen sections of Chromium 156 take 70 KB, candidates
/// not counted.
pub const MAX_BYTES: usize = 128 * 1024;
/// The most media sections.
pub const MAX_SECTIONS: usize = 16;
/// The most candidates in one section. A browser offers its interfaces anew in each.
pub const MAX_CANDIDATES: usize = 32;

/// Parses `text`; `what` names it in errors ("offer").
pub(super) fn parse(what: &str, text: &str) -> Result<Session> {
    if text.len() > MAX_BYTES {
        let sentence = format!("the {what} has {} bytes; at most {MAX_BYTES} are read", text.len());
        return Err(Error::new(Status::Limit, sentence));
    }
    let body = text.trim_start_matches(|c: char| c == '\u{feff}' || c.is_ascii_whitespace());
    if body.is_empty() {
        return Err(Error::malformed(format!("the {what} is empty")));
    }
    // The parser skips empty lines but counts them: its line numbers stay those of the text.
    let blank = text[..text.len() - body.len()].matches('\n').count();
    let session = Session::parse(format!("{}{body}", "\n".repeat(blank)).as_bytes())
        .map_err(|error| Error::malformed(format!("the {what} does not parse: {error}")))?;
    if session.medias.len() > MAX_SECTIONS {
        let sentence = format!("the {what} has {} sections; at most {MAX_SECTIONS}", session.medias.len());
        return Err(Error::new(Status::Limit, sentence));
    }
    for (n, media) in session.medias.iter().enumerate() {
        let candidates = values(&media.attributes, "candidate").count();
        if candidates > MAX_CANDIDATES {
            let sentence =
                format!("section {n} of the {what} has {candidates} candidates; at most {MAX_CANDIDATES}");
            return Err(Error::new(Status::Limit, sentence));
        }
    }
    Ok(session)
}

/// The values of every `a=name:value`; empty for `a=name`. Names are case-sensitive (RFC 8866 section 5.13).
pub(super) fn values<'a>(attributes: &'a [Attribute], name: &'a str) -> impl Iterator<Item = &'a str> {
    attributes.iter().filter(move |a| a.attribute == name).map(|a| a.value.as_deref().unwrap_or_default())
}

/// The value of the first `a=name`.
pub(super) fn value<'a>(attributes: &'a [Attribute], name: &'a str) -> Option<&'a str> {
    values(attributes, name).next()
}

/// Whether there is an `a=name`.
pub(super) fn flag(attributes: &[Attribute], name: &str) -> bool {
    value(attributes, name).is_some()
}
