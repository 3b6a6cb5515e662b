//! The hand-off of a processor under a model checker: whatever the order of their steps, frames that are brought
//! are processed and leave in order, each is counted once, nobody sleeps for ever, and all hear of the end. A hall
//! that forgets to wake is noticed.

#[path = "../src/error.rs"]
#[expect(dead_code, reason = "a hall knows few errors")]
mod error;
#[path = "../src/process/hall.rs"]
#[expect(dead_code, reason = "the descriptor is no part of the model")]
mod hall;
#[path = "../src/process/heart.rs"]
#[expect(dead_code, reason = "nobody measures here")]
mod heart;
#[path = "mailbox_model/sync.rs"]
mod locks;

/// A clock that stands: no deadline comes by itself.
mod time {
    use std::ops::Add;
    use std::time::Duration;

    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
    pub struct Time(pub u64);

    impl Time {
        pub fn since(self, earlier: Time) -> Duration {
            Duration::from_micros(self.0.saturating_sub(earlier.0))
        }
    }

    impl Add<Duration> for Time {
        type Output = Time;
        fn add(self, d: Duration) -> Time {
            Time(self.0 + d.as_micros() as u64)
        }
    }

    pub mod clock {
        use super::Time;
        use std::time::Duration;

        pub fn now() -> Time {
            Time(1)
        }

        /// A deadline that is not over is as good as none: whoever needs it to wake sleeps for ever.
        pub fn until(deadline: Option<Time>) -> Option<Duration> {
            deadline.filter(|deadline| *deadline <= now()).map(|_| Duration::ZERO)
        }
    }
}

#[path = "mailbox_model/muted.rs"]
mod sync;

mod native {
    pub mod eventfd {
        /// Nobody asks for one here.
        #[derive(Debug)]
        pub struct EventFd;

        impl EventFd {
            pub fn new() -> std::io::Result<EventFd> {
                Ok(EventFd)
            }
            pub fn raise(&self) {}
            pub fn lower(&self) {}
            pub fn fd(&self) -> i32 {
                0
            }
        }
    }
}

use error::Status;
use hall::{Hall, Next};
use heart::{Counts, End, Pace};
use loom::thread::{JoinHandle, spawn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex};
use time::Time;

type Frames = Hall<u32, u32, u32>;

/// The mutes are everybody's: one model at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// After everything else.
const NEVER: Time = Time(u64::MAX);

fn explore(model: impl Fn() + Send + Sync + 'static) {
    let _alone = ALONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    check(model);
}

/// Three threads have too many orders to try them all. Two interruptions at any place find every known bug of this
/// kind, each planted one here included (Musuvathi and Qadeer, Iterative context bounding, 2007).
fn check(model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(2);
    builder.check(model);
}

fn hall(max_in_flight: usize) -> Arc<Frames> {
    Arc::new(Hall::new(Pace { max_in_flight, as_finished: false, deadline: None }))
}

/// Processes until there is nothing more.
fn worker(hall: &Arc<Frames>) -> JoinHandle<()> {
    let hall = hall.clone();
    spawn(move || {
        loop {
            match hall.take(None, |item| *item) {
                Ok(taken) => drop(hall.finish(taken.id, End::Done(taken.item))),
                Err(error) => return assert_eq!(error.status(), Status::Closed),
            }
        }
    })
}

/// What leaves, until the end.
fn drain(hall: &Frames) -> Vec<u32> {
    let mut left = Vec::new();
    loop {
        match hall.next(None) {
            Next::Left(frame) => left.push(frame.kept),
            Next::Timeout => panic!("no time passes"),
            Next::Over => return left,
        }
    }
}

fn assert_all_counted(hall: &Frames) {
    let Counts { received, processed, failed, newer, late, overtaken, ended, in_flight, waiting, .. } =
        hall.counts().0;
    assert_eq!(received, processed + failed + newer + late + overtaken + ended + in_flight + waiting);
}

/// One who brings a frame and ends, one who processes, one who sends on.
fn one_frame() {
    let hall = hall(1);
    let worker = worker(&hall);
    let brings = {
        let hall = hall.clone();
        spawn(move || {
            assert!(hall.give(1));
            hall.end(true, NEVER);
        })
    };
    assert_eq!(drain(&hall), [1]);
    brings.join().expect("it ends");
    worker.join().expect("it ends");
}

#[test]
fn a_frame_that_is_brought_is_processed_and_leaves_and_all_hear_of_the_end() {
    explore(one_frame);
}

/// One who brings two frames in turn.
fn two_frames_in_turn() {
    let hall = hall(1);
    let brings = {
        let hall = hall.clone();
        spawn(move || {
            for frame in 1..=2 {
                assert!(hall.give_in_turn(frame, None).is_ok());
            }
            hall.end(true, NEVER);
        })
    };
    let worker = worker(&hall);
    assert_eq!(drain(&hall), [1, 2]);
    brings.join().expect("it ends");
    worker.join().expect("it ends");
}

#[test]
fn who_brings_every_frame_waits_for_room_and_none_is_left_out() {
    explore(two_frames_in_turn);
}

#[test]
fn the_newest_is_processed_and_every_frame_is_counted() {
    explore(|| {
        let hall = hall(2);
        let brings = {
            let hall = hall.clone();
            spawn(move || {
                assert!(hall.give(1) && hall.give(2));
                hall.end(true, NEVER);
            })
        };
        let worker = worker(&hall);
        let left = drain(&hall);
        assert!(left == [2] || left == [1, 2], "{left:?}");
        brings.join().expect("it ends");
        worker.join().expect("it ends");
        assert_all_counted(&hall);
    });
}

#[test]
fn two_who_finish_in_any_order_have_their_results_leave_in_order() {
    explore(|| {
        let hall = hall(2);
        let mut workers = Vec::new();
        for item in 1..=2 {
            assert!(hall.give(item));
            let taken = hall.take(None, |item| *item).expect("it was just brought");
            let hall = hall.clone();
            workers.push(spawn(move || assert!(hall.finish(taken.id, End::Done(taken.item)))));
        }
        hall.end(true, NEVER);
        assert_eq!(drain(&hall), [1, 2]);
        workers.into_iter().for_each(|worker| worker.join().expect("it ends"));
    });
}

#[test]
fn an_end_in_the_middle_lets_nobody_wait_and_loses_no_count() {
    explore(|| {
        let hall = hall(1);
        let worker = worker(&hall);
        let ends = {
            let hall = hall.clone();
            spawn(move || hall.end(false, NEVER))
        };
        let brought = hall.give(1);
        drain(&hall);
        worker.join().expect("it ends");
        ends.join().expect("it ends");
        let counts = hall.counts().0;
        assert_eq!((counts.received, counts.in_flight, counts.waiting), (brought.into(), 0, 0));
        assert_all_counted(&hall);
    });
}

/// One who processes and one who sends on while it is closed.
fn closed() {
    let hall = hall(1);
    let worker = worker(&hall);
    let sends = {
        let hall = hall.clone();
        spawn(move || drop(drain(&hall)))
    };
    hall.give(1);
    hall.close();
    worker.join().expect("it ends");
    sends.join().expect("it ends");
    assert!(!hall.give(2), "nothing is taken in any more");
    assert_all_counted(&hall);
}

#[test]
fn a_close_wakes_everybody() {
    explore(closed);
}

#[test]
fn a_hall_that_does_not_wake_is_noticed() {
    let bugs: [(&AtomicBool, fn()); 3] =
        [(&sync::MUTE_ONE, one_frame), (&sync::MUTE_ONE, two_frames_in_turn), (&sync::MUTE_ALL, closed)];
    for (mute, model) in bugs {
        let noticed = catch_unwind(AssertUnwindSafe(|| muted(mute, model)));
        assert!(noticed.is_err(), "the model sees one who sleeps for ever");
    }
}

fn muted(mute: &'static AtomicBool, model: fn()) {
    struct Unmute(&'static AtomicBool);
    impl Drop for Unmute {
        fn drop(&mut self) {
            self.0.store(false, Relaxed);
        }
    }
    let _alone = ALONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let _unmute = Unmute(mute);
    mute.store(true, Relaxed);
    check(model);
}
