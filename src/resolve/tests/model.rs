//! The book beside the plainest program with the same rules, over random operations.

use super::rng::Rng;
use super::{Arrival, Book, Key, Outcome, TTL, TrackType};
use crate::time::Time;
use std::sync::Arc;
use std::time::Duration;

/// Everything is a list, and after every change everyone is looked at.
#[derive(Default)]
struct Model {
    pendings: Vec<(Arrival, Time)>,
    /// Track, whether it is published, since when it is known.
    known: Vec<(Key, Arc<str>, bool, Time)>,
    waiters: Vec<Waiter>,
    done: Vec<(u32, Option<Arc<str>>)>,
}

struct Waiter {
    key: Key,
    hint: Option<Arc<str>>,
    since: Time,
    timeout: Duration,
    tag: u32,
}

enum Found {
    Pending(usize),
    Known(Arc<str>),
    Session(usize),
}

impl Model {
    fn register(&mut self, mut arrival: Arrival, now: Time) {
        self.expire(now);
        if let Some(n) = self.known.iter().position(|known| known.1 == arrival.track) {
            if self.known[n].0.fits(&arrival) {
                self.known[n].2 = true;
                return self.settle(now);
            }
            self.known.remove(n);
        }
        match self.pendings.iter_mut().find(|(old, _)| old.track == arrival.track) {
            Some((old, at)) => {
                arrival.user = arrival.user.or(old.user.take());
                arrival.session = arrival.session.or(old.session.take());
                if arrival.labels.is_empty() {
                    arrival.labels = std::mem::take(&mut old.labels);
                }
                (*old, *at) = (arrival, now);
            }
            None => self.pendings.push((arrival, now)),
        }
        self.settle(now);
    }

    fn withdraw(&mut self, track: &str, now: Time) {
        self.expire(now);
        self.known.retain(|known| &*known.1 != track);
        self.pendings.retain(|(arrival, _)| &*arrival.track != track);
        self.settle(now);
    }

    fn resolve(&mut self, key: Key, hint: Option<Arc<str>>, timeout: Duration, tag: u32, now: Time) {
        self.expire(now);
        self.waiters.push(Waiter { key, hint, since: now, timeout, tag });
        self.tick(now);
    }

    fn unpublish(&mut self, key: &Key, now: Time) {
        for known in self.known.iter_mut().filter(|known| known.0 == *key) {
            known.2 = false;
        }
        self.settle(now);
    }

    fn cancel(&mut self, user: &str, session: &str, now: Time) {
        let is_theirs = |waiter: &Waiter| &*waiter.key.user == user && &*waiter.key.session == session;
        self.done
            .extend(self.waiters.iter().filter(|waiter| is_theirs(waiter)).map(|waiter| (waiter.tag, None)));
        self.waiters.retain(|waiter| !is_theirs(waiter));
        self.drop_named(user, session, now);
    }

    fn forget(&mut self, user: &str, session: &str, now: Time) {
        self.known.retain(|known| &*known.0.user != user || &*known.0.session != session);
        self.drop_named(user, session, now);
    }

    fn drop_named(&mut self, user: &str, session: &str, now: Time) {
        self.pendings
            .retain(|(a, _)| a.user.as_deref() != Some(user) || a.session.as_deref() != Some(session));
        self.settle(now);
    }

    fn tick(&mut self, now: Time) {
        self.expire(now);
        self.settle(now);
        while let Some(n) = self.waiters.iter().position(|waiter| waiter.since + waiter.timeout <= now) {
            self.done.push((self.waiters.remove(n).tag, None));
            self.settle(now);
        }
    }

    fn expire(&mut self, now: Time) {
        self.pendings.retain(|(_, at)| now < *at + TTL);
    }

    fn settle(&mut self, now: Time) {
        while let Some((n, found)) = (0..self.waiters.len()).find_map(|n| Some((n, self.look(n, now)?))) {
            let Waiter { key, tag, .. } = self.waiters.remove(n);
            let track = match found {
                Found::Known(track) => {
                    self.done.push((tag, Some(track)));
                    continue;
                }
                Found::Pending(n) => self.pendings.remove(n).0.track,
                Found::Session(n) => self.known.remove(n).1,
            };
            self.known.retain(|known| known.0 != key);
            self.known.push((key, track.clone(), true, now));
            self.done.push((tag, Some(track)));
        }
    }

    fn look(&self, n: usize, now: Time) -> Option<Found> {
        let waiter = &self.waiters[n];
        let (key, hint) = (&waiter.key, waiter.hint.as_ref());
        let fitting = || self.pendings.iter().enumerate().filter(|(_, (arrival, _))| key.fits(arrival));
        let bears =
            |arrival: &Arrival, label: &Arc<str>| arrival.track == *label || arrival.labels.contains(label);
        let names =
            |arrival: &Arrival| usize::from(arrival.user.is_some()) + usize::from(arrival.session.is_some());
        let free = |arrival: &Arrival| match hint {
            Some(_) => arrival.labels.is_empty(),
            None => !self.waiters.iter().any(|other| {
                other.key.fits(arrival) && other.hint.as_ref().is_some_and(|hint| bears(arrival, hint))
            }),
        };
        if let Some(hint) = hint {
            let all: Vec<_> = fitting().filter(|(_, (arrival, _))| bears(arrival, hint)).collect();
            let chosen = match all.len() {
                0 | 1 => all.first(),
                _ => all[..2].iter().find(|(_, (arrival, _))| arrival.user.is_some()),
            };
            if let Some((n, _)) = chosen {
                return Some(Found::Pending(*n));
            }
        }
        let of = |count| fitting().filter(move |(_, (a, _))| names(a) == count).filter(|(_, (a, _))| free(a));
        if let Some((n, _)) = of(2).next() {
            return Some(Found::Pending(n));
        }
        if let Some(known) = self.known.iter().find(|known| known.0 == *key) {
            return Some(Found::Known(known.1.clone()));
        }
        let mut others = self.known.iter().enumerate().filter(|(_, known)| {
            known.0.user == key.user && known.0.track_type == key.track_type && known.0.session != key.session
        });
        if let (Some((n, (_, _, published, since))), None) = (others.next(), others.next()) {
            let grace = Duration::from_secs(1).min(waiter.timeout / 2);
            if !published || !grace.is_zero() && now >= waiter.since.max(*since) + grace {
                return Some(Found::Session(n));
            }
        }
        let (half, none): (Vec<_>, Vec<_>) = (of(1).collect(), of(0).collect());
        match (&half[..], &none[..]) {
            ([(n, _)], _) | ([], [(n, _)]) => Some(Found::Pending(*n)),
            _ => None,
        }
    }
}

fn track_type(n: u64) -> TrackType {
    TrackType::ALL[n as usize % 4]
}

#[test]
fn ten_thousand_random_operations_have_the_outcomes_of_the_plain_model() {
    for seed in 1..=4 {
        let mut rng = Rng(seed);
        let (mut book, mut model, mut now) = (Book::<u32>::new(TTL, 1_000), Model::default(), Time(1));
        let mut found = 0;
        for step in 0..10_000 {
            let mut pick = |of: u64| rng.next() % of;
            let (user, session) = (format!("u{}", pick(3)), format!("s{}", pick(3)));
            let key = Key::new(&user, &session, track_type(pick(4)));
            let label = |n| -> Arc<str> { format!("l{n}").into() };
            match pick(10) {
                0..=2 => {
                    let (named, bears) = (pick(4), pick(3));
                    let arrival = Arrival {
                        track: format!("t{}", pick(12)).into(),
                        user: (named & 1 == 0).then(|| user.as_str().into()),
                        session: (named & 2 == 0).then(|| session.as_str().into()),
                        kind: key.track_type.kind(),
                        labels: if bears == 0 { vec![label(pick(3))] } else { Vec::new() },
                    };
                    book.register(arrival.clone(), now);
                    model.register(arrival, now);
                }
                3..=5 => {
                    let hint = (pick(4) == 0).then(|| label(pick(3)));
                    let timeout = Duration::from_millis(pick(8) * 700);
                    book.resolve(key.clone(), hint.clone(), timeout, step, now);
                    model.resolve(key, hint, timeout, step, now);
                }
                6 => {
                    let track = format!("t{}", pick(12));
                    book.withdraw(&track, now);
                    model.withdraw(&track, now);
                }
                7 => {
                    book.unpublish(&key, now);
                    model.unpublish(&key, now);
                }
                8 => match pick(2) {
                    0 => (book.cancel(&user, &session, now), model.cancel(&user, &session, now)).0,
                    _ => (book.forget(&user, &session, now), model.forget(&user, &session, now)).0,
                },
                _ => {
                    let until = now + Duration::from_millis(pick(20) * pick(200));
                    while let Some(due) = book.deadline().filter(|due| *due <= until) {
                        now = now.max(due);
                        book.tick(now);
                        model.tick(now);
                    }
                    now = until;
                }
            }
            let outcome = |outcome| if let Outcome::Track(track) = outcome { Some(track) } else { None };
            let mut done: Vec<_> = book.take_done().into_iter().map(|(tag, o)| (tag, outcome(o))).collect();
            let mut expected = std::mem::take(&mut model.done);
            done.sort();
            expected.sort();
            assert_eq!(done, expected, "seed {seed}, step {step}");
            found += done.iter().filter(|(_, track)| track.is_some()).count();
            let stats = book.stats();
            let counts = (stats.known as usize, stats.waiting as usize);
            assert_eq!(counts, (model.known.len(), model.waiters.len()), "seed {seed}, step {step}");
        }
        assert!(found > 1_000, "{found} found their track: too quiet to tell anything");
    }
}
