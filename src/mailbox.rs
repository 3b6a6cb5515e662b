//! One slot, newest wins.

/// What became of a pushed item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// It waits alone.
    Stored,
    /// It took the place of one that had not been taken.
    Evicted,
}
