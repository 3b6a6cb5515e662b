//! Who takes the files that viewers and publishers send.

use super::name;
use crate::error::{Error, Result, Status};
use crate::peer::Peer;
use crate::uploads::Uploads;
use parking_lot::Mutex;

/// Receivers of files, each for one stream or for all.
#[derive(Default)]
pub struct Takers(Mutex<Vec<(Option<Box<str>>, Uploads)>>);

impl Takers {
    /// Has files that come with the stream `name`, or with any, go to `uploads` from now on.
    pub fn add(&self, name: Option<&str>, uploads: &Uploads) -> Result<()> {
        name.map_or(Ok(()), name::check)?;
        // Outlives the lock: the last handle of a receiver may wait for its disk.
        let _closed: Vec<_>;
        let mut takers = self.0.lock();
        (_closed, *takers) =
            std::mem::take(&mut *takers).into_iter().partition(|(_, taker)| taker.is_closed());
        let meets = |other: Option<&str>| name.is_none() || other.is_none() || name == other;
        if takers.iter().any(|(other, taker)| meets(other.as_deref()) && taker.label() == uploads.label()) {
            let sentence = format!("channels labelled {:?} are taken already", uploads.label());
            return Err(Error::new(Status::InvalidState, sentence));
        }
        takers.push((name.map(Into::into), uploads.clone()));
        Ok(())
    }

    /// Gives them to a peer of `stream`.
    pub fn give(&self, stream: &str, peer: &Peer) -> Result<()> {
        let takers = self.0.lock().clone();
        let of_it = takers.iter().filter(|(name, _)| name.as_deref().is_none_or(|name| name == stream));
        of_it.filter(|(_, uploads)| !uploads.is_closed()).try_for_each(|(_, uploads)| peer.upload(uploads))
    }
}
