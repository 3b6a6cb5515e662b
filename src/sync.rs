//! The locks of the library, in one place so that a model checker can stand in for them: a test that
//! compiles a file of ours again gives it a `sync` of its own.

pub use parking_lot::{Condvar, Mutex};
