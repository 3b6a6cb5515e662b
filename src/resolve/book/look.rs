//! Where a waiter finds its track.

use super::super::pendings::Group;
use super::super::{Arrival, Key};
use super::{Book, Mark, Waiter};
use crate::time::Time;

/// What a look at a waiter found.
pub enum Look {
    Pending(u64),
    Known,
    /// The track of the same user's other session.
    Move(Key),
    /// Nothing; a look at that time may find more.
    Nothing(Time),
}

impl<T> Book<T> {
    /// What there is for a waiter, in the order of preference.
    pub(super) fn look(&self, id: u64, waiter: &Waiter<T>, now: Time) -> Look {
        let Waiter { key, hint, .. } = waiter;
        let (user, session, kind) = (&key.user, &key.session, key.track_type.kind());
        let hinted = hint.as_ref().and_then(|hint| {
            let mut all = self.pendings.of(&Group::Label(hint.clone())).filter(|(_, a)| key.fits(a));
            // Of two that bear the label it is the one whose owner is known, or neither.
            let first = all.next()?;
            match all.next() {
                None => Some(first.0),
                Some(second) => [first, second].into_iter().find(|(_, a)| a.user.is_some()).map(|(n, _)| n),
            }
        });
        let exact = || {
            let group = Group::Exact(user.clone(), session.clone(), kind);
            self.pendings.of(&group).find(|(_, arrival)| self.is_free(arrival, id, hint.as_deref()))
        };
        if let Some(number) = hinted.or_else(|| exact().map(|(number, _)| number)) {
            return Look::Pending(number);
        }
        if self.known.contains_key(key) {
            return Look::Known;
        }
        let mut wake = waiter.deadline;
        if let Some((from, at)) = self.other_session(key, waiter) {
            if at <= now {
                return Look::Move(from);
            }
            wake = wake.min(at);
        }
        let sole = |groups: &[Group]| {
            let mut all = groups.iter().flat_map(|group| self.pendings.of(group));
            let mut free = all.by_ref().filter(|(_, arrival)| self.is_free(arrival, id, hint.as_deref()));
            (free.next().map(|(number, _)| number), free.next().is_some())
        };
        let half = [Group::User(user.clone(), kind), Group::Session(session.clone(), kind)];
        match (sole(&half), sole(&[Group::Nobody(kind)])) {
            ((Some(number), false), _) | ((None, _), (Some(number), false)) => Look::Pending(number),
            _ => Look::Nothing(wake),
        }
    }

    /// Whether nothing that is known of a pending says that it is for another waiter.
    fn is_free(&self, arrival: &Arrival, id: u64, hint: Option<&str>) -> bool {
        if hint.is_some() {
            // It bears other labels than the one to look for: what bears none may be it.
            return arrival.labels.is_empty();
        }
        arrival.labels.iter().chain([&arrival.track]).all(|label| {
            let hinted = self.waiting.get(&Mark::Hint(label.clone())).into_iter().flatten();
            hinted.into_iter().all(|other| *other == id || !self.waiters[other].key.fits(arrival))
        })
    }

    /// The one other session in which this user's track of that type is known, and from when on it is taken
    /// for this one.
    fn other_session(&self, key: &Key, waiter: &Waiter<T>) -> Option<(Key, Time)> {
        let sessions = self.sessions.get(&(key.user.clone(), key.track_type))?;
        let [session] = sessions.iter().filter(|s| **s != key.session).take(2).collect::<Vec<_>>()[..] else {
            return None;
        };
        let from = Key { session: session.clone(), ..key.clone() };
        let known = &self.known[&from];
        if known.published && waiter.grace.is_zero() {
            return None; // a look gives nobody's own track the time to come
        }
        // A track that was bound while this one waited is not one that was left behind.
        let at = if known.published { waiter.since.max(known.since) + waiter.grace } else { Time(0) };
        Some((from, at))
    }
}
