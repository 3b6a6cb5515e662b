//! Media tracks that arrived and are nobody's yet, found by whatever is known of them.

use super::Arrival;
use crate::media::Kind;
use crate::time::Time;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// What pendings are looked for by. Each is in one of the first four, and under each of its labels.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Group {
    /// User and session are known.
    Exact(Arc<str>, Arc<str>, Kind),
    /// Only the user is.
    User(Arc<str>, Kind),
    /// Only the session is.
    Session(Arc<str>, Kind),
    /// Neither is.
    Nobody(Kind),
    /// It bears this label, or this is its id.
    Label(Arc<str>),
}

/// One of them.
#[derive(Debug)]
pub struct Pending {
    pub arrival: Arrival,
    /// When it arrived, or was last heard of.
    pub at: Time,
}

/// All of them. Each has a number, in the order in which they arrived.
#[derive(Debug, Default)]
pub struct Pendings {
    all: BTreeMap<u64, Pending>,
    by_track: HashMap<Arc<str>, u64>,
    groups: HashMap<Group, BTreeSet<u64>>,
    ages: BTreeSet<(Time, u64)>,
    next: u64,
}

impl Arrival {
    /// The one of the four that it is in.
    pub fn group(&self) -> Group {
        match (&self.user, &self.session) {
            (Some(user), Some(session)) => Group::Exact(user.clone(), session.clone(), self.kind),
            (Some(user), None) => Group::User(user.clone(), self.kind),
            (None, Some(session)) => Group::Session(session.clone(), self.kind),
            (None, None) => Group::Nobody(self.kind),
        }
    }

    fn groups(&self) -> impl Iterator<Item = Group> + use<'_> {
        let labels = self.labels.iter().chain([&self.track]).cloned().map(Group::Label);
        labels.chain([self.group()])
    }
}

impl Pendings {
    /// Takes one in. What is known of its track already stays known, and so does its place in the order.
    pub fn put(&mut self, mut arrival: Arrival, now: Time) -> u64 {
        let number = match self.by_track.get(&arrival.track) {
            Some(&number) => {
                let old = self.remove(number).expect("it is listed").arrival;
                arrival.user = arrival.user.or(old.user);
                arrival.session = arrival.session.or(old.session);
                if arrival.labels.is_empty() {
                    arrival.labels = old.labels;
                }
                number
            }
            None => {
                self.next += 1;
                self.next
            }
        };
        for group in arrival.groups() {
            self.groups.entry(group).or_default().insert(number);
        }
        self.by_track.insert(arrival.track.clone(), number);
        self.ages.insert((now, number));
        self.all.insert(number, Pending { arrival, at: now });
        number
    }

    pub fn remove(&mut self, number: u64) -> Option<Pending> {
        let pending = self.all.remove(&number)?;
        for group in pending.arrival.groups() {
            if let Some(numbers) = self.groups.get_mut(&group) {
                numbers.remove(&number);
                if numbers.is_empty() {
                    self.groups.remove(&group);
                }
            }
        }
        self.by_track.remove(&pending.arrival.track);
        self.ages.remove(&(pending.at, number));
        Some(pending)
    }

    pub fn get(&self, number: u64) -> Option<&Pending> {
        self.all.get(&number)
    }

    pub fn number(&self, track: &str) -> Option<u64> {
        self.by_track.get(track).copied()
    }

    /// Those of a group, oldest first.
    pub fn of<'a>(&'a self, group: &Group) -> impl Iterator<Item = (u64, &'a Arrival)> + use<'a> {
        let numbers = self.groups.get(group).into_iter().flatten();
        numbers.map(|number| (*number, &self.all[number].arrival))
    }

    pub fn count(&self, group: &Group) -> usize {
        self.groups.get(group).map_or(0, BTreeSet::len)
    }

    /// The one that was not heard of for longest.
    pub fn stalest(&self) -> Option<(Time, u64)> {
        self.ages.first().copied()
    }

    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// All of them, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Arrival> {
        self.all.values().map(|pending| &pending.arrival)
    }
}
