//! Who an event is about: one number for every object.

use std::sync::atomic::{AtomicU64, Ordering};

/// The id of a source, peer or server. Equal to the handle's value where C holds one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id(pub u64);

impl Id {
    /// A fresh id for an object that has no handle. The top bit keeps it apart from every handle.
    pub fn fresh() -> Id {
        static NEXT: AtomicU64 = AtomicU64::new(1 << 63);
        Id(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}
