//! The locks of the library, and threads that nobody joins, in one place so that a model checker can stand in for them: a test that
//! compiles a file of ours again gives it a `sync` of its own.

pub use parking_lot::{Condvar, Mutex};

/// Starts a thread that ends by itself.
pub fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
    std::thread::Builder::new().name(name.into()).spawn(run).map(drop)
}
