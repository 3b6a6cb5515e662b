//! The resolver under a model checker: whatever the order of its threads' steps, who waits for a track gets
//! it or is told why not. A resolver that forgets to wake is noticed.

#[path = "mailbox_model/sync.rs"]
mod locks;

mod error {
    pub use framewire::error::*;
}
mod events {
    pub use framewire::events::*;
}
mod id {
    pub use framewire::id::*;
}
mod media {
    pub use framewire::media::*;
}

#[path = "mailbox_model/muted.rs"]
#[expect(dead_code, reason = "nobody wakes all here")]
mod muted;

mod sync {
    pub use crate::muted::{Condvar, Mutex};

    pub fn spawn(_: &str, run: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
        loom::thread::spawn(run);
        Ok(())
    }
}

/// No time passes: what ends a wait is somebody.
mod time {
    pub use framewire::time::Time;
    pub mod clock {
        use super::Time;
        use std::time::Duration;

        pub fn now() -> Time {
            Time(1)
        }

        pub fn until(deadline: Option<Time>) -> Option<Duration> {
            deadline.map(|deadline| deadline.since(now()))
        }
    }
}

#[path = "../src/resolve"]
#[expect(dead_code, reason = "the model needs some of it")]
mod resolve {
    mod book;
    mod pendings;
    mod types;
    mod waits;

    pub use types::{Arrival, Key, Outcome, ResolverStats, TrackType};
    pub use waits::{Resolver, ResolverOptions};
}

use error::Status;
use loom::thread;
use resolve::{Arrival, Key, Resolver, ResolverOptions, TrackType};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

/// What a resolve came to: the track, or the status.
type Came = Result<String, Status>;

fn key() -> Key {
    Key::new("ann", "a", TrackType::Video)
}

fn register(resolver: &Resolver, track: &str) {
    let (user, session) = (Some("ann".into()), Some("a".into()));
    let kind = media::Kind::Video;
    resolver.register(Arrival { track: track.into(), user, session, kind, labels: Vec::new() });
}

fn resolve(resolver: &Resolver) -> Came {
    resolver.resolve(key(), None, Duration::MAX).map(|track| track.to_string()).map_err(|e| e.status())
}

/// Has one thread wait while another does something, in every order.
fn explore(meanwhile: fn(&Resolver), expected: &'static [Result<&str, Status>]) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(move || {
        let ttl = Some(Duration::MAX);
        let resolver = Resolver::new(ResolverOptions { ttl, ..ResolverOptions::default() });
        let waiter = {
            let resolver = resolver.clone();
            thread::spawn(move || resolve(&resolver))
        };
        meanwhile(&resolver);
        let came = waiter.join().expect("it ends");
        assert!(expected.contains(&came.as_deref().map_err(|status| *status)), "{came:?}");
    });
}

#[test]
fn who_waits_for_a_track_gets_it() {
    explore(|resolver| register(resolver, "t1"), &[Ok("t1")]);
}

#[test]
fn two_who_wait_for_one_track_both_get_it() {
    let both = |resolver: &Resolver| {
        register(resolver, "t1");
        assert_eq!(resolve(resolver), Ok("t1".to_owned()));
    };
    explore(both, &[Ok("t1")]);
}

#[test]
fn a_cancel_ends_the_wait_or_came_too_early() {
    let cancel = |resolver: &Resolver| {
        resolver.cancel("ann", "a");
        register(resolver, "t1");
    };
    explore(cancel, &[Ok("t1"), Err(Status::Cancelled)]);
}

#[test]
fn the_end_of_the_resolver_ends_the_wait() {
    explore(Resolver::close, &[Err(Status::Closed)]);
}

#[test]
fn a_resolver_that_does_not_wake_is_noticed() {
    // Alone in a process of its own, or the other models would be mute too.
    let program = std::env::current_exe().expect("it has a path");
    let output = std::process::Command::new(program)
        .args(["--exact", "mute", "--ignored", "--nocapture"])
        .output()
        .expect("it can be run again");
    assert!(output.status.success(), "{output:?}");
}

#[test]
#[ignore = "run by a_resolver_that_does_not_wake_is_noticed"]
fn mute() {
    muted::MUTE_ONE.store(true, Relaxed);
    let noticed = catch_unwind(AssertUnwindSafe(who_waits_for_a_track_gets_it));
    assert!(noticed.is_err(), "the model sees a wait without end");
}
