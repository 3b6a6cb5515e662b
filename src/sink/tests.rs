//! The lane, without threads.

use super::lane::{Lane, LaneCounts, Weigh};
use crate::error::Status;
use crate::native::eventfd::readable;
use crate::receive::TrackState;
use crate::time::Time;
use std::sync::Arc;
use std::thread;

impl Weigh for u32 {
    fn weight(&self) -> usize {
        1
    }
}

#[test]
fn the_newest_wins_and_the_rest_is_counted() {
    let lane = Lane::new(1);
    let feed = lane.attach();
    (1..=5).for_each(|n| assert!(lane.put(feed, n)));
    assert_eq!(lane.next(Some(Time(0))), Ok(5));
    assert_eq!(lane.next(Some(Time(0))).expect_err("empty").status(), Status::Timeout);
    let counts = LaneCounts { offered: 5, taken: 1, overwritten: 4, waiting: 0 };
    assert_eq!(lane.counts(), counts);
}

#[test]
fn a_longer_lane_keeps_order_and_loses_the_oldest() {
    let lane = Lane::new(3);
    let feed = lane.attach();
    (1..=5).for_each(|n| assert!(lane.put(feed, n)));
    let taken: Vec<_> = std::iter::from_fn(|| lane.next(Some(Time(0))).ok()).collect();
    assert_eq!(taken, [3, 4, 5]);
}

#[test]
fn the_end_of_a_track_is_told_after_what_it_brought_and_another_track_opens_it_again() {
    let lane = Lane::new(3);
    let first = lane.attach();
    assert!(lane.put(first, 1));
    lane.enter(first, TrackState::Ended, "it said goodbye", || {});
    assert_eq!(lane.next(None), Ok(1));
    let over = lane.next(None).expect_err("over");
    assert_eq!((over.status(), over.sentence()), (Status::Closed, "it said goodbye"));
    let second = lane.attach();
    assert!(!lane.put(first, 2), "the old track feeds it no more");
    lane.enter(first, TrackState::Failed, "late", || panic!("nor changes its state"));
    assert!(lane.put(second, 3));
    assert_eq!(lane.next(None), Ok(3));
}

#[test]
fn the_descriptor_is_readable_while_something_waits_and_at_the_end() {
    let lane = Lane::new(3);
    let feed = lane.attach();
    let fd = lane.descriptor().expect("there are descriptors left");
    assert!(!readable(fd));
    lane.put(feed, 1);
    assert!(readable(fd));
    assert_eq!(lane.next(None), Ok(1));
    assert!(!readable(fd));
    lane.enter(feed, TrackState::Ended, "", || {});
    assert!(readable(fd));
}

#[test]
fn closing_wakes_who_waits() {
    let lane = Arc::new(Lane::<u32>::new(1));
    let waiter = thread::spawn({
        let lane = lane.clone();
        move || lane.next(None)
    });
    lane.close();
    let ended = waiter.join().expect("no panic").expect_err("closed");
    assert_eq!(ended.status(), Status::Closed);
    assert!(!lane.put(0, 1));
}
