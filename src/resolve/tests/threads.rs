//! The resolver with its threads.

use super::{Arrival, Key, TrackType::Video, arrival};
use crate::error::Status;
use crate::events::{EventKind, Events};
use crate::resolve::{Resolver, ResolverOptions};
use std::thread;
use std::time::Duration;

/// Longer than any test may take.
const LONG: Duration = Duration::from_secs(600);

fn theirs(track: &str) -> Arrival {
    arrival(track, Some("ann"), Some("a"), Video)
}

fn key() -> Key {
    Key::new("ann", "a", Video)
}

#[test]
fn a_wait_ends_with_the_track_a_cancel_or_the_resolver() {
    let resolver = Resolver::new(ResolverOptions::default());
    let wait = || {
        let (resolver, before) = (resolver.clone(), resolver.stats().waiting);
        let waiter = {
            let resolver = resolver.clone();
            thread::spawn(move || resolver.resolve(key(), None, LONG))
        };
        while resolver.stats().waiting == before {
            thread::yield_now();
        }
        waiter
    };
    let (one, two) = (wait(), wait());
    resolver.register(theirs("t1"));
    for waiter in [one, two] {
        assert_eq!(&*waiter.join().expect("no panic").expect("a track"), "t1");
    }
    resolver.forget("ann", "a");
    let waiter = wait();
    resolver.cancel("ann", "a");
    assert_eq!(waiter.join().expect("no panic").expect_err("cancelled").status(), Status::Cancelled);
    let waiter = wait();
    resolver.close();
    assert_eq!(waiter.join().expect("no panic").expect_err("closed").status(), Status::Closed);
    assert_eq!(resolver.resolve(key(), None, LONG).expect_err("closed").status(), Status::Closed);
}

#[test]
fn a_look_is_no_wait_and_a_wait_ends_in_time() {
    let resolver = Resolver::new(ResolverOptions::default());
    let none = resolver.resolve(key(), None, Duration::ZERO).expect_err("nothing is there");
    assert_eq!(none.status(), Status::Timeout);
    assert!(none.sentence().contains("(ann, a, Video)"), "{none}");
    let none = resolver.resolve(key(), None, Duration::from_millis(20)).expect_err("nothing came");
    assert_eq!(none.status(), Status::Timeout);
}

#[test]
fn outcomes_come_as_events_where_they_are_asked_for() {
    let nowhere = Resolver::new(ResolverOptions::default());
    let refused = nowhere.resolve_async(key(), None, LONG).expect_err("nowhere to tell");
    assert_eq!(refused.status(), Status::InvalidState);
    let events = Events::new(8).expect("a queue");
    let resolver = Resolver::new(ResolverOptions { events: Some(events.clone()), ..Default::default() });
    let next = || {
        let event = events.next(LONG).expect("an event");
        (event.kind, event.value as u64, event.text)
    };
    let first = resolver.resolve_async(key(), None, LONG).expect("it waits");
    resolver.register(theirs("t1"));
    assert_eq!(next(), (EventKind::Resolved, first, "t1".into()));
    resolver.forget("ann", "a");
    let second = resolver.resolve_async(key(), None, LONG).expect("it waits");
    resolver.cancel("ann", "a");
    assert_eq!(next(), (EventKind::ResolveCancelled, second, "it was cancelled".into()));
    let third = resolver.resolve_async(key(), None, Duration::from_millis(20)).expect("it waits");
    let (kind, request, _) = next();
    assert_eq!((kind, request), (EventKind::ResolveTimedOut, third));
    let fourth = resolver.resolve_async(key(), None, LONG).expect("it waits");
    drop(resolver);
    assert_eq!(next(), (EventKind::ResolveCancelled, fourth, "the resolver is closed".into()));
}
