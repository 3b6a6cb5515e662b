//! The lane between a decoder thread and the application under a model checker: whatever the order of
//! their steps, no wake-up is lost, nothing is lost uncounted, and the end comes after what came before
//! it. A lane that forgets to wake is noticed.

#[path = "../src/error.rs"]
#[expect(dead_code, reason = "a lane knows few errors")]
mod error;
#[path = "../src/sink/lane.rs"]
#[expect(dead_code, reason = "the descriptor is no part of the model")]
mod lane;
#[path = "mailbox_model/sync.rs"]
mod locks;
#[path = "mailbox_model/time.rs"]
#[expect(dead_code, reason = "nobody asks what time it is")]
mod time;

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

mod receive {
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum TrackState {
        Waiting,
        Ended,
        Failed,
    }

    impl TrackState {
        pub fn is_over(self) -> bool {
            self != TrackState::Waiting
        }
    }
}

use error::Status;
use lane::{Lane, Weigh};
use loom::thread::spawn;
use receive::TrackState;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex};

/// The mutes are everybody's: one model at a time.
static ALONE: Mutex<()> = Mutex::new(());

struct Item(u32);

impl Weigh for Item {
    fn weight(&self) -> usize {
        1
    }
}

fn explore(model: impl Fn() + Send + Sync + 'static) {
    let _alone = ALONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    loom::model(move || {
        time::clock::reset();
        model();
    });
}

/// Takes until the end; the items, and the reason of the end.
fn drain(lane: &Lane<Item>) -> (Vec<u32>, String) {
    let mut items = Vec::new();
    loop {
        match lane.next(None) {
            Ok(Item(n)) => items.push(n),
            Err(error) => {
                assert_eq!(error.status(), Status::Closed);
                return (items, error.sentence().to_owned());
            }
        }
    }
}

/// A track that brings two items and ends, and one who takes.
fn feed_and_take() {
    let lane = Arc::new(Lane::new(2));
    let feed = lane.attach();
    let track = {
        let lane = lane.clone();
        spawn(move || {
            assert!(lane.put(feed, Item(1)) && lane.put(feed, Item(2)));
            lane.enter(feed, TrackState::Ended, "goodbye", || {});
        })
    };
    assert_eq!(drain(&lane), (vec![1, 2], "goodbye".to_owned()));
    track.join().expect("it ends");
}

/// A track that brings one item, and one who takes it.
fn put_and_take() {
    let lane = Arc::new(Lane::new(2));
    let feed = lane.attach();
    let track = {
        let lane = lane.clone();
        spawn(move || assert!(lane.put(feed, Item(1))))
    };
    assert!(matches!(lane.next(None), Ok(Item(1))));
    track.join().expect("it ends");
}

#[test]
fn what_comes_wakes_who_waits() {
    explore(put_and_take);
}

#[test]
fn what_came_is_taken_in_order_and_then_the_end() {
    explore(feed_and_take);
}

#[test]
fn a_track_that_begins_anew_wakes_who_came_back() {
    explore(|| {
        let lane = Arc::new(Lane::new(2));
        let feed = lane.attach();
        lane.enter(feed, TrackState::Ended, "a pause", || {});
        let track = {
            let lane = lane.clone();
            spawn(move || {
                lane.enter(feed, TrackState::Waiting, "it goes on", || {});
                assert!(lane.put(feed, Item(1)));
                lane.enter(feed, TrackState::Failed, "goodbye", || {});
                lane.enter(feed, TrackState::Waiting, "too late", || panic!("what failed stays so"));
            })
        };
        let taken = match drain(&lane) {
            (items, why) if why == "a pause" => {
                assert!(items.is_empty());
                track.join().expect("it ends");
                drain(&lane)
            }
            taken => {
                track.join().expect("it ends");
                taken
            }
        };
        assert_eq!(taken, (vec![1], "goodbye".to_owned()));
    });
}

#[test]
fn the_newest_wins_and_every_item_is_counted() {
    explore(|| {
        let lane = Arc::new(Lane::new(1));
        let feed = lane.attach();
        let track = {
            let lane = lane.clone();
            spawn(move || {
                (1..=3).for_each(|n| assert!(lane.put(feed, Item(n))));
                lane.enter(feed, TrackState::Ended, "", || {});
            })
        };
        let (items, _) = drain(&lane);
        track.join().expect("it ends");
        assert!(items.is_sorted() && items.last() == Some(&3), "{items:?}");
        let counts = lane.counts();
        assert_eq!((counts.offered, counts.taken, counts.waiting), (3, items.len() as u64, 0));
        assert_eq!(counts.overwritten, 3 - counts.taken);
    });
}

#[test]
fn two_who_take_share_what_came_and_both_hear_of_the_close() {
    explore(|| {
        let lane = Arc::new(Lane::new(2));
        let feed = lane.attach();
        let takers = [(), ()].map(|()| {
            let lane = lane.clone();
            spawn(move || drain(&lane).0.len() as u64)
        });
        assert!(lane.put(feed, Item(1)));
        lane.close();
        let taken: u64 = takers.into_iter().map(|taker| taker.join().expect("it ends")).sum();
        let counts = lane.counts();
        assert_eq!((counts.offered, counts.taken), (1, taken));
        assert_eq!(counts.overwritten, 1 - taken);
        assert!(!lane.put(feed, Item(2)), "nothing is taken in any more");
    });
}

#[test]
fn of_two_tracks_the_one_attached_last_feeds_it() {
    explore(|| {
        let lane = Arc::new(Lane::new(4));
        let old = lane.attach();
        let late = {
            let lane = lane.clone();
            spawn(move || {
                lane.put(old, Item(1));
                lane.enter(old, TrackState::Ended, "the old one", || {});
            })
        };
        let new = lane.attach();
        assert!(lane.put(new, Item(2)));
        lane.enter(new, TrackState::Ended, "the new one", || {});
        let (items, why) = drain(&lane);
        late.join().expect("it ends");
        assert!(items == [2] || items == [1, 2], "{items:?}");
        assert_eq!(why, "the new one");
    });
}

#[test]
fn a_lane_that_does_not_wake_is_noticed() {
    let bugs: [(&AtomicBool, fn()); 2] = [(&sync::MUTE_ONE, put_and_take), (&sync::MUTE_ALL, feed_and_take)];
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
    loom::model(move || {
        time::clock::reset();
        model();
    });
}
