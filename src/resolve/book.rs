//! What is known of tracks and of who they belong to, and who waits to be told. Without threads or a clock.

mod look;

use super::pendings::{Group, Pendings};
use super::{Arrival, Key, Outcome, ResolverStats, TrackType};
use crate::media::Kind;
use crate::time::Time;
use look::Look;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

/// How many of each the sentence of a time-out names.
const NAMED: usize = 8;
/// The longest that a second device's own track is waited for before the first one's is taken.
const GRACE: Duration = Duration::from_secs(1);

/// The book. `T` is what tells a waiter apart outside.
#[derive(Debug)]
pub struct Book<T> {
    ttl: Duration,
    /// How many pendings, and how many bindings, are kept: for one more, the stalest goes.
    most: usize,
    pendings: Pendings,
    known: HashMap<Key, Known>,
    /// Sessions in which a user's track of a type is known.
    sessions: HashMap<(Arc<str>, TrackType), BTreeSet<Arc<str>>>,
    /// The key of each track that is bound: never two.
    bound: HashMap<Arc<str>, Key>,
    /// Bindings in the order in which they were made.
    ages: BTreeMap<u64, Key>,
    waiters: BTreeMap<u64, Waiter<T>>,
    waiting: HashMap<Mark, BTreeSet<u64>>,
    /// When a waiter is to be looked at again.
    wakes: BTreeSet<(Time, u64)>,
    /// Waiters to be looked at now.
    agenda: BTreeSet<u64>,
    /// From which waiter on all of a kind are: the sole track of nobody is for the first that takes it.
    offered: HashMap<Kind, u64>,
    /// Waiters with a hint.
    hinted: usize,
    next: u64,
    done: Vec<(T, Outcome)>,
    stats: ResolverStats,
}

#[derive(Debug)]
struct Known {
    track: Arc<str>,
    published: bool,
    since: Time,
    age: u64,
}

#[derive(Debug)]
struct Waiter<T> {
    key: Key,
    hint: Option<Arc<str>>,
    since: Time,
    deadline: Time,
    grace: Duration,
    wake: Time,
    tag: T,
}

/// What waiters are found by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Mark {
    User(Arc<str>),
    Session(Arc<str>),
    Kind(Kind),
    Hint(Arc<str>),
}

impl<T> Book<T> {
    pub fn new(ttl: Duration, most: usize) -> Book<T> {
        Book {
            ttl,
            most,
            pendings: Pendings::default(),
            known: HashMap::new(),
            sessions: HashMap::new(),
            bound: HashMap::new(),
            ages: BTreeMap::new(),
            waiters: BTreeMap::new(),
            waiting: HashMap::new(),
            wakes: BTreeSet::new(),
            agenda: BTreeSet::new(),
            offered: HashMap::new(),
            hinted: 0,
            next: 0,
            done: Vec::new(),
            stats: ResolverStats::default(),
        }
    }

    /// A media track arrived, or more became known of it.
    pub fn register(&mut self, arrival: Arrival, now: Time) {
        self.expire(now);
        self.stats.registered += 1;
        if let Some(key) = self.bound.get(&arrival.track).cloned() {
            if key.fits(&arrival) {
                self.known.get_mut(&key).expect("what is bound is known").published = true;
                return self.settle(now);
            }
            // What is known now says that it is somebody else's.
            self.unbind(&key);
        }
        if self.pendings.len() >= self.most && self.pendings.number(&arrival.track).is_none() {
            let (_, stalest) = self.pendings.stalest().expect("there are many");
            self.drop_pending(stalest);
        }
        if let Some(before) =
            self.pendings.number(&arrival.track).and_then(|number| self.pendings.get(number))
        {
            let before = before.arrival.clone();
            self.look_for(&before);
        }
        let number = self.pendings.put(arrival, now);
        let arrival = self.pendings.get(number).expect("it was just put").arrival.clone();
        self.look_for(&arrival);
        self.settle(now);
    }

    /// A media track is gone. Whether it waited for somebody.
    pub fn withdraw(&mut self, track: &str, now: Time) -> bool {
        self.expire(now);
        if let Some(key) = self.bound.get(track).cloned() {
            self.unbind(&key);
        }
        let waited = self.pendings.number(track).map(|number| self.take_pending(number)).is_some();
        self.settle(now);
        waited
    }

    /// Looks for the track of `key`, now and whenever something changes until the time-out. `hint`: a label
    /// that the track is said to bear.
    pub fn resolve(&mut self, key: Key, hint: Option<Arc<str>>, timeout: Duration, tag: T, now: Time) {
        self.expire(now);
        self.next += 1;
        let id = self.next;
        let deadline = now + timeout;
        let grace = GRACE.min(timeout / 2);
        let waiter = Waiter { key, hint, since: now, deadline, grace, wake: deadline, tag };
        for mark in waiter.marks() {
            self.waiting.entry(mark).or_default().insert(id);
        }
        self.hinted += usize::from(waiter.hint.is_some());
        self.look_at_hint(waiter.hint.as_ref());
        self.wakes.insert((deadline, id));
        self.agenda.insert(id);
        self.waiters.insert(id, waiter);
        self.settle(now);
        self.tick(now);
    }

    /// It is sent no more. The id of its track, if that was known; it can be resolved again.
    pub fn unpublish(&mut self, key: &Key, now: Time) -> Option<Arc<str>> {
        let known = self.known.get_mut(key)?;
        known.published = false;
        let track = known.track.clone();
        self.look_at(&Mark::User(key.user.clone()));
        self.settle(now);
        Some(track)
    }

    /// Ends every resolve of a participant, and drops its pendings.
    pub fn cancel(&mut self, user: &str, session: &str, now: Time) {
        let all = self.waiting.get(&Mark::User(user.into())).cloned().unwrap_or_default();
        for id in all {
            if &*self.waiters[&id].key.session == session {
                self.finish(id, Outcome::Cancelled);
            }
        }
        self.drop_named(user, session);
        self.settle(now);
    }

    /// Drops what is known of a participant that left.
    pub fn forget(&mut self, user: &str, session: &str, now: Time) {
        for track_type in TrackType::ALL {
            self.unbind(&Key::new(user, session, track_type));
        }
        self.drop_named(user, session);
        self.settle(now);
    }

    /// Ends every resolve.
    pub fn close(&mut self) {
        while let Some((&id, _)) = self.waiters.first_key_value() {
            self.finish(id, Outcome::Closed);
        }
    }

    /// Time has passed.
    pub fn tick(&mut self, now: Time) {
        self.expire(now);
        let due: Vec<u64> = self.wakes.range(..=(now, u64::MAX)).map(|(_, id)| *id).collect();
        self.agenda.extend(&due);
        self.settle(now);
        for id in due {
            let Some(waiter) = self.waiters.get(&id).filter(|waiter| waiter.deadline <= now) else {
                continue;
            };
            let text = self.sentence(&waiter.key);
            self.finish(id, Outcome::TimedOut(text));
            self.settle(now);
        }
    }

    /// When time matters next.
    pub fn deadline(&self) -> Option<Time> {
        let (wake, _) = self.wakes.first()?;
        let stale = self.pendings.stalest().map(|(at, _)| at + self.ttl);
        // The end of time does not come.
        Some(stale.map_or(*wake, |stale| stale.min(*wake))).filter(|due| due.0 < u64::MAX)
    }

    /// What was found, or not, since this was last asked.
    pub fn take_done(&mut self) -> Vec<(T, Outcome)> {
        std::mem::take(&mut self.done)
    }

    pub fn stats(&self) -> ResolverStats {
        let (pending, known, waiting) = (self.pendings.len(), self.known.len(), self.waiters.len());
        ResolverStats { pending: pending as u64, known: known as u64, waiting: waiting as u64, ..self.stats }
    }

    fn expire(&mut self, now: Time) {
        while let Some((at, number)) = self.pendings.stalest() {
            if now < at + self.ttl {
                break;
            }
            self.drop_pending(number);
        }
    }

    fn drop_named(&mut self, user: &str, session: &str) {
        for track_type in [TrackType::Video, TrackType::Audio] {
            let group = Group::Exact(user.into(), session.into(), track_type.kind());
            let numbers: Vec<u64> = self.pendings.of(&group).map(|(number, _)| number).collect();
            numbers.into_iter().for_each(|number| self.drop_pending(number));
        }
    }

    fn drop_pending(&mut self, number: u64) {
        self.stats.dropped += 1;
        if let Some(arrival) = self.take_pending(number) {
            log::debug!("track {} goes and was nobody's", arrival.track);
        }
    }

    /// Takes a pending out. Others that it made ambiguous may no longer be.
    fn take_pending(&mut self, number: u64) -> Option<Arrival> {
        let arrival = self.pendings.remove(number)?.arrival;
        self.look_for(&arrival);
        Some(arrival)
    }

    /// Has those looked at that a track, there or gone, is of interest to.
    fn look_for(&mut self, arrival: &Arrival) {
        for label in arrival.labels.iter().chain([&arrival.track]) {
            self.look_at(&Mark::Hint(label.clone()));
        }
        match (&arrival.user, &arrival.session) {
            (Some(user), _) => self.look_at(&Mark::User(user.clone())),
            (None, Some(session)) => self.look_at(&Mark::Session(session.clone())),
            (None, None) => drop(self.offered.insert(arrival.kind, 0)),
        }
    }

    /// Has those looked at to whom it matters that somebody has a hint, or no longer has: what bears its
    /// label is left to it.
    fn look_at_hint(&mut self, hint: Option<&Arc<str>>) {
        let Some(hint) = hint else { return };
        let all: Vec<Arrival> =
            self.pendings.of(&Group::Label(hint.clone())).map(|(_, arrival)| arrival.clone()).collect();
        all.iter().for_each(|arrival| self.look_for(arrival));
    }

    fn look_at(&mut self, mark: &Mark) {
        self.agenda.extend(self.waiting.get(mark).into_iter().flatten());
    }

    /// The next waiter to be looked at: the one that has waited longest.
    fn next_up(&mut self) -> Option<u64> {
        let first = self.agenda.first().copied();
        // Of two that are alike nobody gets any, unless a hint leaves one.
        let (pendings, hinted) = (&self.pendings, self.hinted > 0);
        self.offered.retain(|kind, _| match pendings.count(&Group::Nobody(*kind)) {
            0 => false,
            1 => true,
            _ => hinted,
        });
        let next_of = |(kind, from): (&Kind, &u64)| {
            let id = *self.waiting.get(&Mark::Kind(*kind))?.range(from..).next()?;
            Some((id, *kind))
        };
        let id = match self.offered.iter().filter_map(next_of).min_by_key(|(id, _)| *id) {
            Some((id, kind)) if first.is_none_or(|first| id <= first) => {
                self.offered.insert(kind, id + 1);
                id
            }
            None => {
                self.offered.clear();
                first?
            }
            Some(_) => first?,
        };
        self.agenda.remove(&id);
        Some(id)
    }

    fn settle(&mut self, now: Time) {
        while let Some(id) = self.next_up() {
            let Some(waiter) = self.waiters.get(&id) else { continue };
            let key = waiter.key.clone();
            let track = match self.look(id, waiter, now) {
                Look::Nothing(wake) => {
                    let waiter = self.waiters.get_mut(&id).expect("looked at above");
                    self.wakes.remove(&(waiter.wake, id));
                    waiter.wake = wake;
                    self.wakes.insert((wake, id));
                    continue;
                }
                Look::Known => self.known[&key].track.clone(),
                Look::Pending(number) => {
                    let track = self.take_pending(number).expect("it was found").track;
                    self.bind(key, track, now)
                }
                Look::Move(from) => {
                    let track = self.unbind(&from).expect("it was found");
                    self.stats.moved += 1;
                    self.bind(key, track, now)
                }
            };
            self.finish(id, Outcome::Track(track));
        }
    }

    fn bind(&mut self, key: Key, track: Arc<str>, now: Time) -> Arc<str> {
        self.unbind(&key);
        if self.known.len() >= self.most {
            let oldest = self.ages.values().next().expect("there are many").clone();
            self.unbind(&oldest);
        }
        self.next += 1;
        self.stats.bound += 1;
        self.ages.insert(self.next, key.clone());
        self.sessions.entry((key.user.clone(), key.track_type)).or_default().insert(key.session.clone());
        self.bound.insert(track.clone(), key.clone());
        let known = Known { track: track.clone(), published: true, since: now, age: self.next };
        // Whoever else waits for it has it now.
        self.look_at(&Mark::User(key.user.clone()));
        self.known.insert(key, known);
        track
    }

    fn unbind(&mut self, key: &Key) -> Option<Arc<str>> {
        let known = self.known.remove(key)?;
        // Of two sessions that were candidates one may be left.
        self.look_at(&Mark::User(key.user.clone()));
        self.bound.remove(&known.track);
        self.ages.remove(&known.age);
        let of = (key.user.clone(), key.track_type);
        let sessions = self.sessions.get_mut(&of).expect("what is known has a session");
        sessions.remove(&key.session);
        if sessions.is_empty() {
            self.sessions.remove(&of);
        }
        Some(known.track)
    }

    fn finish(&mut self, id: u64, outcome: Outcome) {
        let Some(waiter) = self.waiters.remove(&id) else { return };
        self.wakes.remove(&(waiter.wake, id));
        self.hinted -= usize::from(waiter.hint.is_some());
        for mark in waiter.marks() {
            if let Some(ids) = self.waiting.get_mut(&mark) {
                ids.remove(&id);
                if ids.is_empty() {
                    self.waiting.remove(&mark);
                }
            }
        }
        self.look_at_hint(waiter.hint.as_ref());
        match outcome {
            Outcome::Track(_) => self.stats.resolved += 1,
            Outcome::TimedOut(_) => self.stats.timed_out += 1,
            Outcome::Cancelled | Outcome::Closed => self.stats.cancelled += 1,
        }
        self.done.push((waiter.tag, outcome));
    }

    /// What a time-out says.
    fn sentence(&self, key: &Key) -> String {
        let mut text = format!("no track for {key} came in time; pending: ");
        let all = self.pendings.iter().map(|a| {
            let (user, session) = (a.user.as_deref().unwrap_or("?"), a.session.as_deref().unwrap_or("?"));
            format!("{} ({user}, {session}, {:?})", a.track, a.kind)
        });
        list(&mut text, all, self.pendings.len());
        text.push_str("; known: ");
        list(&mut text, self.ages.values().map(ToString::to_string), self.known.len());
        text
    }
}

impl<T> Waiter<T> {
    fn marks(&self) -> impl Iterator<Item = Mark> + use<T> {
        let Key { user, session, track_type } = self.key.clone();
        let all = [Mark::User(user), Mark::Session(session), Mark::Kind(track_type.kind())];
        all.into_iter().chain(self.hint.clone().map(Mark::Hint))
    }
}

fn list(text: &mut String, items: impl Iterator<Item = String>, count: usize) {
    if count == 0 {
        text.push_str("none");
    }
    for (n, item) in items.take(NAMED).enumerate() {
        let _ = write!(text, "{}{item}", if n == 0 { "" } else { ", " });
    }
    if count > NAMED {
        let _ = write!(text, " and {} more", count - NAMED);
    }
}
