//! Any bytes as a VP8 payload: the descriptor takes six bytes at most, the rest is the frame's.

use framewire::rtp::descriptor::{self, Descriptor};

/// The descriptor; `None` if it is cut or nothing is behind it.
pub fn run(payload: &[u8]) -> Option<Descriptor> {
    let (descriptor, rest) = descriptor::read(payload)?;
    assert!(!rest.is_empty() && payload.ends_with(rest));
    assert!((1..=6).contains(&(payload.len() - rest.len())));
    assert!(descriptor.picture.is_none_or(|id| id < 1 << 15) && descriptor.partition < 8);
    assert!(descriptor.layer.is_none_or(|(layer, _)| layer < 4));
    assert!(descriptor.key_index.is_none_or(|index| index < 32));
    Some(descriptor)
}
