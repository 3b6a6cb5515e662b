//! What is on the air, and who comes to watch it.

use super::{Answered, Opened, Place, Refused, Role, Sessions, close};
use crate::error::{Error, Result, Status};
use crate::server::name;
use std::sync::Arc;

/// What is published under a name: it answers offers.
pub trait Publication: Send + Sync {
    /// A connection that was offered by a viewer of `stream`, and our answer to it.
    fn watch(&self, stream: &Arc<str>, offer: &str) -> Result<Answered>;
}

impl Sessions {
    /// Puts a publication under a name that is free.
    pub fn publish(&self, name: &str, publication: Arc<dyn Publication>) -> Result<()> {
        name::check(name)?;
        let mut table = self.table.lock();
        table.open()?;
        if table.publications.contains_key(name) {
            return Err(Error::new(Status::InvalidState, format!("name {name:?} is published already")));
        }
        table.publications.insert(name.into(), publication);
        Ok(())
    }

    /// Takes a publication away and ends who watches it.
    pub fn unpublish(&self, name: &str) -> Result<()> {
        let why = "the stream was unpublished";
        let ended = {
            let mut table = self.table.lock();
            if table.publications.remove(name).is_none() {
                return Err(Error::new(Status::InvalidState, format!("name {name:?} is not published")));
            }
            self.remove(&mut table, why, |_, s| s.is(Role::Viewer, name))
        };
        close(ended, why);
        Ok(())
    }

    /// Answers an offer to watch `name`.
    pub fn watch(&self, name: &str, offer: &str) -> std::result::Result<Opened, Refused> {
        let (stream, publication, _place) = {
            let mut table = self.table.lock();
            let (stream, publication) = table.publications.get_key_value(name).ok_or(Refused::Unknown)?;
            let (stream, publication) = (stream.clone(), publication.clone());
            let place = Place::take(self, &mut table, None)?;
            (stream, publication, place)
        };
        let answered = publication.watch(&stream, offer).map_err(Refused::Offer)?;
        self.begin(Role::Viewer, &stream, offer, None, answered, |table| {
            table.publications.get(&stream).is_some_and(|p| Arc::ptr_eq(p, &publication))
        })
    }
}
