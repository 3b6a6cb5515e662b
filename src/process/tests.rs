//! Frames through a heart on virtual time, with workers that take as long as they are told.

use super::heart::{Counts, End, Heart, Left, Pace};
use crate::time::Time;
use std::time::Duration;

const MS: u64 = 1_000;

/// A frame that says when it came; what is kept and what comes of it say the same.
type Frames = Heart<Time, Time, Time>;

fn pace() -> Pace {
    Pace { max_in_flight: 4, as_finished: false, deadline: None }
}

/// What left, and when.
struct Seen {
    at: Time,
    left: Left<Time, Time>,
}

/// A heart and its workers.
struct World {
    heart: Frames,
    now: Time,
    /// When a worker is done, with which frame.
    busy: Vec<Option<(Time, u32, Time)>>,
    seen: Vec<Seen>,
}

impl World {
    fn new(pace: Pace, workers: usize) -> World {
        World { heart: Heart::new(pace), now: Time(0), busy: vec![None; workers], seen: Vec::new() }
    }

    /// Lets frames come every `interval` until `end`, each processed for as long as `takes` says.
    fn run(&mut self, interval: u64, end: u64, mut takes: impl FnMut(u32) -> u64) {
        let mut next = 0;
        loop {
            let done = self.busy.iter().flatten().map(|(at, ..)| *at).min();
            let timer = self.heart.deadline();
            self.now = [Some(Time(next)), done, timer].into_iter().flatten().min().expect("a frame comes");
            if self.now >= Time(end) {
                return;
            }
            if self.now == Time(next) {
                let arrived = self.heart.arrive(self.now, self.now);
                arrived.expect("it has not ended");
                next += interval;
            }
            self.settle(&mut takes);
        }
    }

    /// Everything that can happen at this moment.
    fn settle(&mut self, takes: &mut impl FnMut(u32) -> u64) {
        for worker in &mut self.busy {
            if let Some((at, id, came)) = *worker
                && at <= self.now
            {
                let _ = self.heart.finish(id, End::Done(came));
                *worker = None;
            }
        }
        self.heart.tick(self.now);
        while let Some(left) = self.heart.next() {
            self.seen.push(Seen { at: self.now, left });
        }
        for worker in &mut self.busy {
            if worker.is_none()
                && let Some((id, item, _)) = self.heart.take(self.now, |item| *item)
            {
                *worker = Some((Time(self.now.0 + takes(id)), id, item));
            }
        }
        assert_all_counted(&self.heart);
    }

    fn ids(&self) -> Vec<u32> {
        self.seen
            .iter()
            .filter(|seen| matches!(seen.left.end, End::Done(_)))
            .map(|seen| seen.left.id)
            .collect()
    }
}

fn assert_all_counted(heart: &Frames) {
    let Counts { received, processed, failed, newer, late, overtaken, ended, in_flight, waiting, .. } =
        heart.counts();
    assert_eq!(received, processed + failed + newer + late + overtaken + ended + in_flight + waiting);
}

/// xorshift64.
struct Rng(u64);

impl Rng {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

#[test]
fn a_function_of_100_ms_keeps_up_with_four_workers_and_stays_fresh_with_one() {
    const INTERVAL: u64 = 33_333;
    for (workers, rate) in [(4, 27..=33), (1, 9..=11)] {
        let mut world = World::new(pace(), workers);
        world.run(INTERVAL, 10_000 * MS, |_| 100 * MS);
        let count = world.seen.len() as u64 / 10;
        assert!(rate.contains(&count), "{count} a second with {workers} workers");
        for Seen { at, left } in &world.seen {
            let age = at.0 - left.kept.0;
            assert!(age <= 100 * MS + 2 * INTERVAL, "frame {} left at the age of {age}", left.id);
        }
        assert_eq!(world.heart.measured_fps().map(f64::round), Some(30.0));
    }
}

#[test]
fn whatever_workers_take_results_leave_in_the_order_of_their_frames() {
    for seed in 1..=200 {
        let mut rng = Rng(seed);
        let max_in_flight = 1 + rng.below(8) as usize;
        let mut world = World::new(Pace { max_in_flight, ..pace() }, 1 + rng.below(8) as usize);
        world.run(10 * MS, 5_000 * MS, |_| rng.below(200) * MS);
        let ids = world.ids();
        assert!(ids.len() > 20 && ids.iter().copied().eq(1..=ids.len() as u32), "seed {seed}: {ids:?}");
        assert!(world.heart.counts().in_flight <= max_in_flight as u64);
        let captures: Vec<Time> = world.seen.iter().map(|seen| seen.left.kept).collect();
        assert!(captures.is_sorted(), "seed {seed}");
    }
}

#[test]
fn results_that_leave_as_they_are_finished_never_go_back() {
    let mut overtaken = 0;
    for seed in 1..=200 {
        let mut rng = Rng(seed);
        let mut world = World::new(Pace { as_finished: true, ..pace() }, 4);
        world.run(10 * MS, 5_000 * MS, |_| rng.below(200) * MS);
        let ids = world.ids();
        assert!(ids.len() > 20 && ids.is_sorted_by(|a, b| a < b), "seed {seed}: {ids:?}");
        let counts = world.heart.counts();
        assert_eq!(counts.overtaken + counts.processed, world.seen.len() as u64);
        overtaken += counts.overtaken;
    }
    assert!(overtaken > 0, "some were");
}

#[test]
fn one_that_takes_too_long_is_skipped_and_its_late_result_thrown_away() {
    let deadline = Some(Duration::from_millis(50));
    let mut world = World::new(Pace { deadline, ..pace() }, 2);
    // Every fifth takes longer, but returns.
    world.run(10 * MS, 2_000 * MS, |id| if id % 5 == 0 { 70 * MS } else { 5 * MS });
    let counts = world.heart.counts();
    assert!(counts.late > 10 && counts.late.abs_diff(counts.thrown_away) <= 1, "{counts:?}");
    for Seen { left, .. } in &world.seen {
        assert_eq!(left.end == End::Late, left.id % 5 == 0, "frame {}", left.id);
    }
    assert!(world.seen.iter().map(|seen| seen.left.id).eq(1..=world.seen.len() as u32));
}

#[test]
fn one_that_never_returns_holds_up_only_as_many_as_may_be_in_flight() {
    let mut world = World::new(pace(), 8);
    world.run(10 * MS, 1_000 * MS, |id| if id == 3 { 1 << 40 } else { 5 * MS });
    assert_eq!(world.ids(), [1, 2]);
    let counts = world.heart.counts();
    assert_eq!((counts.in_flight, counts.waiting, counts.newer), (4, 1, 100 - 2 - 4 - 1));
}

#[test]
fn a_frame_that_waits_is_replaced_and_given_back() {
    let mut heart = Frames::new(pace());
    assert_eq!(heart.arrive(Time(1), Time(1)), Ok(None));
    assert!(!heart.has_room());
    assert_eq!(heart.arrive(Time(2), Time(2)), Ok(Some(Time(1))));
    assert_eq!(heart.take(Time(3), |item| *item), Some((1, Time(2), Time(2))));
    assert!(heart.has_room() && heart.take(Time(3), |item| *item).is_none());
    assert_eq!(heart.finish(1, End::Failed("no".into())), Ok(()));
    assert_eq!(heart.finish(1, End::Done(Time(2))), Err(End::Done(Time(2))), "once");
    assert_eq!(heart.next(), Some(Left { id: 1, kept: Time(2), end: End::Failed("no".into()) }));
    let counts = heart.counts();
    assert_eq!((counts.received, counts.newer, counts.failed, counts.thrown_away), (2, 1, 1, 1));
}

#[test]
fn an_end_waits_for_what_is_processed_for_a_bounded_time_and_counts_the_rest() {
    for drain in [true, false] {
        let mut heart = Frames::new(pace());
        for n in 1..=3 {
            assert!(heart.arrive(Time(n), Time(n)).is_ok());
            if n < 3 {
                assert!(heart.take(Time(n), |item| *item).is_some());
            }
        }
        let dropped = heart.end(drain, Time(100));
        assert_eq!(dropped, (!drain).then_some(Time(3)));
        assert_eq!(heart.arrive(Time(4), Time(4)), Err(Time(4)), "nothing comes in any more");
        assert_eq!(heart.finish(1, End::Done(Time(1))), Ok(()));
        assert!(matches!(heart.next(), Some(Left { id: 1, end: End::Done(_), .. })));
        assert_eq!((heart.deadline(), heart.is_over()), (Some(Time(100)), false));
        assert_eq!(heart.tick(Time(99)), None);
        assert_eq!(heart.next(), None);
        assert_eq!(heart.tick(Time(100)), drain.then_some(Time(3)));
        assert!(matches!(heart.next(), Some(Left { id: 2, end: End::Abandoned, .. })));
        assert!(heart.is_over() && heart.deadline().is_none());
        let counts = heart.counts();
        assert_eq!((counts.received, counts.processed, counts.ended), (3, 1, 2));
        assert_all_counted(&heart);
    }
}

#[test]
fn the_last_number_is_left_for_the_last_message() {
    let mut heart = Frames::new(pace());
    heart.next_id = u32::MAX - 2;
    for _ in 0..3 {
        assert!(heart.arrive(Time(1), Time(1)).is_ok());
        let (id, ..) = heart.take(Time(1), |item| *item).expect("it waits");
        assert!(id < u32::MAX);
        assert!(heart.finish(id, End::Done(Time(1))).is_ok() && heart.next().is_some());
    }
}
