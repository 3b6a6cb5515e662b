//! Handles are tokens: a kind, an index and a generation, never an address. A token that is stale,
//! of another kind or made up finds nothing; what it finds lives on while a call uses it.

use super::{
    channel, client, events, frame, ingest, job, log, peer, processor, reassembler, resolver, results,
    server, sink, source, upload,
};
use crate::error::{Error, Result, Status};
use crate::id::Id;
use parking_lot::RwLock;
use std::sync::Arc;

pub static SOURCES: Table<source::Entry> = Table::new(1, "source");
pub static PEERS: Table<peer::Entry> = Table::new(2, "peer");
pub static EVENTS: Table<events::Entry> = Table::new(3, "events");
pub static SERVERS: Table<server::Entry> = Table::new(4, "server");
pub static LOGS: Table<log::Entry> = Table::new(5, "log");
pub static SINKS: Table<sink::Entry> = Table::new(6, "sink");
pub static CHANNELS: Table<channel::Entry> = Table::new(9, "channel");
pub static RESULTS: Table<results::Entry> = Table::new(10, "results");
pub static INGESTS: Table<ingest::Entry> = Table::new(12, "ingest");
pub static UPLOADS: Table<upload::Entry> = Table::new(11, "upload");
pub static PROCESSORS: Table<processor::Entry> = Table::new(13, "processor");
pub static JOBS: Table<job::Entry> = Table::unsung(14, "job");
pub static REASSEMBLERS: Table<reassembler::Entry> = Table::new(16, "reassembler");
pub static FRAMES: Table<frame::Entry> = Table::unsung(7, "frame");
pub static CLIENTS: Table<client::Entry> = Table::new(8, "client");
pub static RESOLVERS: Table<resolver::Entry> = Table::new(15, "resolver");

/// Whether an object may still be heard of: true for one without a handle.
pub fn is_alive(id: Id) -> bool {
    match id.0 >> KIND_SHIFT {
        1 => SOURCES.holds(id),
        2 => PEERS.holds(id),
        4 => SERVERS.holds(id),
        6 => SINKS.holds(id),
        9 => CHANNELS.holds(id),
        8 => CLIENTS.holds(id),
        11 => UPLOADS.holds(id),
        15 => RESOLVERS.holds(id),
        13 => PROCESSORS.holds(id),
        _ => true,
    }
}

// A token, from the top: 3 bits zero (an Id without a handle has the highest), 5 bits kind, 32 bits
// generation, 24 bits index. User space ends below 2⁵⁶: no pointer has a kind.
const INDEX_BITS: u32 = 24;
const KIND_SHIFT: u32 = 56;
const _: () = assert!(size_of::<usize>() == 8, "a token needs a 64-bit pointer");

/// The objects of one kind. Its lock is held for a look or a change, never while calling out; it is
/// the last to be taken.
pub struct Table<T> {
    kind: u64,
    name: &'static str,
    /// Whether the log hears of beginnings and ends.
    sung: bool,
    slots: RwLock<Slots<T>>,
}

struct Slots<T> {
    slots: Vec<Slot<T>>,
    free: Vec<u32>,
}

struct Slot<T> {
    generation: u32,
    content: Content<T>,
}

enum Content<T> {
    Free,
    /// The object is being made; it may be heard of, and not be used.
    Reserved,
    Object(Arc<T>),
}

/// A place for an object that is being made, so that it can know its id. Dropping it gives it up.
pub struct Place<T: 'static> {
    table: &'static Table<T>,
    id: Id,
}

impl<T> Table<T> {
    const fn new(kind: u64, name: &'static str) -> Self {
        let slots = Slots { slots: Vec::new(), free: Vec::new() };
        Table { kind, name, sung: true, slots: RwLock::new(slots) }
    }

    /// For objects that come and go too often for a log.
    const fn unsung(kind: u64, name: &'static str) -> Self {
        let mut table = Table::new(kind, name);
        table.sung = false;
        table
    }

    /// A place with an id that no handle had before.
    pub fn reserve(&'static self) -> Result<Place<T>> {
        let mut slots = self.slots.write();
        let index = match slots.free.pop() {
            Some(index) => index,
            None if slots.slots.len() >> INDEX_BITS != 0 => {
                return Err(Error::new(Status::Limit, format!("too many {} handles", self.name)));
            }
            None => {
                slots.slots.push(Slot { generation: 1, content: Content::Free });
                (slots.slots.len() - 1) as u32
            }
        };
        let slot = &mut slots.slots[index as usize];
        slot.content = Content::Reserved;
        let id = self.kind << KIND_SHIFT | u64::from(slot.generation) << INDEX_BITS | u64::from(index);
        Ok(Place { table: self, id: Id(id) })
    }

    /// The object of that handle.
    pub fn get<H>(&self, handle: *mut H) -> Result<Arc<T>> {
        let id = Id(handle as u64);
        match self.slots.read().slot(id, self.kind) {
            Some(Slot { content: Content::Object(object), .. }) => Ok(object.clone()),
            _ => Err(self.stranger(id)),
        }
    }

    /// The object of that handle, which is none from now on.
    pub fn take<H>(&self, handle: *mut H) -> Result<(Id, Arc<T>)> {
        let id = Id(handle as u64);
        let mut slots = self.slots.write();
        match slots.slot(id, self.kind) {
            Some(Slot { content: Content::Object(_), .. }) => {}
            _ => return Err(self.stranger(id)),
        }
        let content = slots.clear(id);
        drop(slots);
        if self.sung {
            ::log::info!("{} {:#x} ends", self.name, id.0);
        }
        match content {
            Content::Object(object) => Ok((id, object)),
            _ => unreachable!("looked at above"),
        }
    }

    fn holds(&self, id: Id) -> bool {
        let slots = self.slots.read();
        slots.slot(id, self.kind).is_some_and(|slot| !matches!(slot.content, Content::Free))
    }

    fn stranger(&self, id: Id) -> Error {
        let name = self.name;
        Error::new(
            Status::InvalidHandle,
            match id.0 {
                0 => format!("{name} is NULL"),
                id => format!("{name} is {id:#x}, which is no {name} handle, or one that has been freed"),
            },
        )
    }
}

impl<T> Place<T> {
    /// The id the object will have: its handle's value.
    pub fn id(&self) -> Id {
        self.id
    }

    /// Moves the object in; its handle.
    pub fn fill<H>(self, object: T) -> *mut H {
        let id = self.id;
        let mut slots = self.table.slots.write();
        slots.slots[index(id)].content = Content::Object(Arc::new(object));
        drop(slots);
        if self.table.sung {
            ::log::info!("{} {:#x} begins", self.table.name, id.0);
        }
        std::mem::forget(self);
        id.0 as *mut H
    }
}

impl<T> Drop for Place<T> {
    fn drop(&mut self) {
        self.table.slots.write().clear(self.id);
    }
}

impl<T> Slots<T> {
    fn slot(&self, id: Id, kind: u64) -> Option<&Slot<T>> {
        let slot = self.slots.get(index(id))?;
        let generation = (id.0 >> INDEX_BITS) as u32;
        (id.0 >> KIND_SHIFT == kind && slot.generation == generation).then_some(slot)
    }

    /// Empties the slot of `id`. One whose generations are used up is not used again.
    fn clear(&mut self, id: Id) -> Content<T> {
        let slot = &mut self.slots[index(id)];
        let content = std::mem::replace(&mut slot.content, Content::Free);
        if let Some(next) = slot.generation.checked_add(1) {
            slot.generation = next;
            self.free.push(index(id) as u32);
        }
        content
    }
}

fn index(id: Id) -> usize {
    (id.0 & ((1 << INDEX_BITS) - 1)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A table of a kind that no handle has, a new one at each place.
    macro_rules! table {
        () => {{
            static TABLE: Table<u32> = Table::new(9, "thing");
            &TABLE
        }};
    }

    #[test]
    fn a_freed_token_finds_nothing_though_its_slot_is_used_again() {
        let table = table!();
        let first: *mut () = table.reserve().expect("room").fill(1);
        assert_eq!(*table.get(first).expect("a live handle"), 1);
        assert_eq!(*table.take(first).expect("a live handle").1, 1);
        let second: *mut () = table.reserve().expect("room").fill(2);
        assert_ne!(first, second);
        assert!(table.get(first).is_err() && table.take(first).is_err());
        assert_eq!(table.slots.read().slots.len(), 1);
    }

    #[test]
    fn a_place_is_alive_and_not_yet_usable() {
        let table = table!();
        let place = table.reserve().expect("room");
        let id = place.id();
        assert!(table.holds(id) && table.get(id.0 as *mut ()).is_err());
        drop(place);
        assert!(!table.holds(id));
    }

    #[test]
    fn a_call_in_flight_keeps_the_object() {
        let table = table!();
        let handle: *mut () = table.reserve().expect("room").fill(1);
        let used = table.get(handle).expect("a live handle");
        drop(table.take(handle).expect("a live handle"));
        assert_eq!(*used, 1);
    }

    #[test]
    fn a_slot_whose_generations_are_used_up_is_given_up() {
        let table = table!();
        drop(table.reserve().expect("room"));
        table.slots.write().slots[0].generation = u32::MAX;
        let last: *mut () = table.reserve().expect("room").fill(1);
        drop(table.take(last).expect("a live handle"));
        assert!(table.get(last).is_err(), "no generation is left that could tell it from the next");
        let other: *mut () = table.reserve().expect("room").fill(2);
        assert_ne!(index(Id(other as u64)), 0);
    }
}
