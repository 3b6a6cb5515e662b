//! Which frame is processed next, and which result leaves next: newest in, in order out, each frame counted
//! once. No threads, no clock.

use crate::time::Time;
use std::collections::VecDeque;
use std::time::Duration;

/// How frames are let in, and how their results leave.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Frames that were taken and whose result has not left, at most.
    pub max_in_flight: usize,
    /// Whether results leave as they are finished, and what is older than the last is dropped. Otherwise
    /// they leave in the order of their frames.
    pub as_finished: bool,
    /// How long one frame may take before it is skipped.
    pub deadline: Option<Duration>,
}

/// Frames of type `I`, of which `K` is kept here while they are processed into `O`.
#[derive(Debug)]
pub struct Heart<I, K, O> {
    pace: Pace,
    waiting: Option<(I, Time)>,
    /// Those that were taken, oldest first.
    flights: VecDeque<Flight<K, O>>,
    pub(super) next_id: u32,
    /// The highest id whose result has left.
    left: u32,
    /// From when on nothing comes in: until then what was taken may be finished.
    ending: Option<Time>,
    counts: Counts,
    arrivals: VecDeque<Time>,
}

#[derive(Debug)]
struct Flight<K, O> {
    id: u32,
    kept: K,
    deadline: Option<Time>,
    /// `None`: it is being processed.
    end: Option<End<O>>,
}

/// How a frame ended.
#[derive(Debug, PartialEq, Eq)]
pub enum End<O> {
    /// With a result,
    Done(O),
    /// with an error of the function's,
    Failed(String),
    /// without either, in the time that one frame may take,
    Late,
    /// finished after a later one had left,
    Overtaken,
    /// or not before the end of everything.
    Abandoned,
}

/// A frame that leaves.
#[derive(Debug, PartialEq, Eq)]
pub struct Left<K, O> {
    /// Counts the frames that were taken, from 1.
    pub id: u32,
    /// What was kept of it.
    pub kept: K,
    /// How it ended.
    pub end: End<O>,
}

/// Where every frame went. At every moment `received` is the sum of `processed`, `failed`, what was skipped
/// (`newer`, `late`, `overtaken`, `ended`), `in_flight` and `waiting`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Frames that came.
    pub received: u64,
    /// Frames whose result left.
    pub processed: u64,
    /// Frames on which the function failed.
    pub failed: u64,
    /// Skipped: a newer one came before they were taken.
    pub newer: u64,
    /// Skipped: they took longer than one frame may.
    pub late: u64,
    /// Skipped: the result of a later one had left.
    pub overtaken: u64,
    /// Skipped: it all ended before.
    pub ended: u64,
    /// Taken, and their result has not left.
    pub in_flight: u64,
    /// Waiting to be taken: 0 or 1.
    pub waiting: u64,
    /// Results that came after their frame had been skipped. Their frames are counted there.
    pub thrown_away: u64,
}

/// Arrivals that the measured rate is taken over.
const ARRIVALS: usize = 33;

impl<I, K, O> Heart<I, K, O> {
    /// An empty one.
    pub fn new(pace: Pace) -> Heart<I, K, O> {
        Heart {
            pace,
            waiting: None,
            flights: VecDeque::new(),
            next_id: 1,
            left: 0,
            ending: None,
            counts: Counts::default(),
            arrivals: VecDeque::new(),
        }
    }

    /// A frame comes, and takes the place of one that waits, which is given back. `Err`: it has ended.
    pub fn arrive(&mut self, item: I, now: Time) -> Result<Option<I>, I> {
        if self.ending.is_some() {
            return Err(item);
        }
        if self.arrivals.len() == ARRIVALS {
            self.arrivals.pop_front();
        }
        self.arrivals.push_back(now);
        self.counts.received += 1;
        let before = self.waiting.replace((item, now));
        self.counts.newer += u64::from(before.is_some());
        Ok(before.map(|(item, _)| item))
    }

    /// Whether a frame may come without taking the place of another.
    pub fn has_room(&self) -> bool {
        self.waiting.is_none()
    }

    /// Whether [`Heart::take`] would give one.
    pub fn can_take(&self) -> bool {
        self.waiting.is_some() && self.flights.len() < self.pace.max_in_flight
    }

    /// Takes the frame that waits, to be processed: its id, and when it came. `keep` tells what stays here.
    pub fn take(&mut self, now: Time, keep: impl FnOnce(&I) -> K) -> Option<(u32, I, Time)> {
        if !self.can_take() {
            return None;
        }
        let (item, came) = self.waiting.take()?;
        let id = self.next_id;
        // The last number is for the message after the last frame.
        self.next_id = (id + 1).min(u32::MAX - 1);
        let deadline = self.pace.deadline.map(|deadline| now + deadline);
        self.flights.push_back(Flight { id, kept: keep(&item), deadline, end: None });
        Some((id, item, came))
    }

    /// What became of a frame that was taken. It is given back where that does not matter any more.
    pub fn finish(&mut self, id: u32, end: End<O>) -> Result<(), End<O>> {
        match self.flights.iter_mut().find(|flight| flight.id == id && flight.end.is_none()) {
            Some(flight) => {
                flight.end = Some(end);
                Ok(())
            }
            None => {
                self.counts.thrown_away += 1;
                Err(end)
            }
        }
    }

    /// Lets time pass: what takes too long is over. What waits while it all ends is given back.
    pub fn tick(&mut self, now: Time) -> Option<I> {
        let abandoned = self.ending.is_some_and(|ending| ending <= now);
        for flight in self.flights.iter_mut().filter(|flight| flight.end.is_none()) {
            if abandoned {
                flight.end = Some(End::Abandoned);
            } else if flight.deadline.is_some_and(|deadline| deadline <= now) {
                flight.end = Some(End::Late);
            }
        }
        if abandoned { self.drop_waiting() } else { None }
    }

    /// When [`Heart::tick`] has something to do.
    pub fn deadline(&self) -> Option<Time> {
        let busy = self.flights.iter().filter(|flight| flight.end.is_none());
        let ending = self.ending.filter(|_| !self.is_over());
        busy.filter_map(|flight| flight.deadline).chain(ending).min()
    }

    /// The next frame that leaves.
    pub fn next(&mut self) -> Option<Left<K, O>> {
        let at = match self.pace.as_finished {
            true => self.flights.iter().position(|flight| flight.end.is_some())?,
            false => 0,
        };
        self.flights.get(at)?.end.as_ref()?;
        let Flight { id, kept, end, .. } = self.flights.remove(at)?;
        let end = match end? {
            End::Done(_) | End::Failed(_) if id < self.left => End::Overtaken,
            end => end,
        };
        let counts = &mut self.counts;
        *match end {
            End::Done(_) => &mut counts.processed,
            End::Failed(_) => &mut counts.failed,
            End::Late => &mut counts.late,
            End::Overtaken => &mut counts.overtaken,
            End::Abandoned => &mut counts.ended,
        } += 1;
        self.left = self.left.max(id);
        Some(Left { id, kept, end })
    }

    /// Begins the end: nothing comes in any more, and what was taken may be finished until `by`. What waits
    /// is still to be taken if `drain` says so; otherwise it is given back.
    pub fn end(&mut self, drain: bool, by: Time) -> Option<I> {
        self.ending = Some(self.ending.map_or(by, |before| before.min(by)));
        if drain { None } else { self.drop_waiting() }
    }

    /// Whether the end has begun.
    pub fn is_ending(&self) -> bool {
        self.ending.is_some()
    }

    /// Whether nothing more can be taken, ever.
    pub fn is_drained(&self) -> bool {
        self.ending.is_some() && self.waiting.is_none()
    }

    /// Whether all has left, and nothing more comes.
    pub fn is_over(&self) -> bool {
        self.is_drained() && self.flights.is_empty()
    }

    /// Where every frame went.
    pub fn counts(&self) -> Counts {
        let (in_flight, waiting) = (self.flights.len() as u64, u64::from(self.waiting.is_some()));
        Counts { in_flight, waiting, ..self.counts }
    }

    /// Frames a second that came lately.
    pub fn measured_fps(&self) -> Option<f64> {
        let took = self.arrivals.back()?.since(*self.arrivals.front()?);
        let steps = (self.arrivals.len() - 1) as f64;
        (!took.is_zero()).then(|| steps / took.as_secs_f64())
    }

    fn drop_waiting(&mut self) -> Option<I> {
        let (item, _) = self.waiting.take()?;
        self.counts.ended += 1;
        Some(item)
    }
}
