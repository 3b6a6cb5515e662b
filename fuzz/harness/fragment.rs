//! What the body of a PATCH may do at most: be turned down, or bring candidates that are read one by one.

use framewire::sdp::Candidate;
use framewire::server::fragment::{Credentials, Fragment};

/// Reads `body` as a trickled fragment, and each of its candidates; whether it is one.
pub fn run(body: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(body) else { return false };
    let Ok(fragment) = Fragment::parse(text) else { return false };
    assert!(fragment.candidates.len() <= text.lines().count());
    for (mid, candidate) in &fragment.candidates {
        assert!(candidate.starts_with("candidate:"));
        assert!(mid.as_ref().is_none_or(|mid| !mid.contains(['\r', '\n'])));
        if let Ok(Some(candidate)) = Candidate::parse(candidate) {
            assert_eq!(Candidate::parse(&candidate.to_string()), Ok(Some(candidate)));
        }
    }
    assert!(!Credentials::of(text).restarted_by(&fragment.credentials), "it is about its own generation");
    true
}
