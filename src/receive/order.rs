//! Puts one stream's packets in order: what is complete goes on at once, what stands behind a
//! missing packet waits for it, a bounded time and in bounded number.

use super::missing::Missing;
use crate::time::Time;
use std::collections::VecDeque;

/// Packets that are remembered: those that wait, and whether those before them came.
const CAPACITY: u64 = 1_024;
/// A leap over so many is no loss that requests would heal in time, but an outage.
const OUTAGE: u64 = 128;

/// A packet, as far as order and media need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece<'a> {
    pub number: u64,
    pub timestamp: u32,
    pub marker: bool,
    pub arrived: Time,
    pub payload: &'a [u8],
}

/// What comes out, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item<'a> {
    Piece(Piece<'a>),
    /// So many packets were given up.
    Gap(u64),
}

/// What a packet was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    New,
    /// It was missing, and came by itself,
    Reordered,
    /// or because it was asked for.
    Recovered,
    /// It is here already.
    Duplicate,
    /// It was given up, or is from before the start.
    TooLate,
}

#[derive(Debug)]
pub(super) struct Order {
    /// The number of the next packet to come out.
    next: u64,
    /// Packets from `next` on. The first is missing if there are any, the last is not.
    waiting: VecDeque<Option<Stored>>,
    pub missing: Missing,
    seen: Seen,
}

#[derive(Debug)]
struct Stored {
    timestamp: u32,
    marker: bool,
    arrived: Time,
    payload: Vec<u8>,
}

impl Order {
    /// Begins at packet `first`. Missing ones are asked for, if `asks`.
    pub(super) fn new(first: u64, asks: bool) -> Order {
        Order { next: first, waiting: VecDeque::new(), missing: Missing::new(asks), seen: Seen::default() }
    }

    /// Whether packets wait for a missing one.
    pub(super) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Takes a packet, `resent` if that is known; what is complete comes out.
    pub(super) fn push(
        &mut self,
        piece: Piece<'_>,
        resent: bool,
        now: Time,
        deliver: &mut dyn FnMut(Item<'_>),
    ) -> Taken {
        let number = piece.number;
        if number < self.top() {
            return self.late(piece, resent, now, deliver);
        }
        if number - self.top() > OUTAGE {
            self.leap(number, deliver);
        } else if number - self.next >= CAPACITY {
            self.give_up_before(number - CAPACITY + 1, deliver);
        }
        for hole in self.top()..number {
            self.seen.clear(hole);
            self.missing.lost(hole, now);
            self.waiting.push_back(None);
        }
        self.seen.set(number);
        if self.waiting.is_empty() {
            self.next += 1;
            deliver(Item::Piece(piece));
        } else {
            self.waiting.push_back(Some(Stored::of(&piece)));
        }
        Taken::New
    }

    /// Stops waiting for packets below `number`: those that wait there come out, with gaps.
    pub(super) fn give_up_before(&mut self, number: u64, deliver: &mut dyn FnMut(Item<'_>)) {
        let mut gap = 0;
        while let Some(front) = self.waiting.front_mut() {
            match front.take() {
                Some(stored) => {
                    if gap > 0 {
                        deliver(Item::Gap(std::mem::take(&mut gap)));
                    }
                    deliver(Item::Piece(stored.piece(self.next)));
                }
                None if self.next < number => gap += 1,
                None => break,
            }
            self.waiting.pop_front();
            self.next += 1;
        }
        self.missing.forget_before(self.next);
        if gap > 0 {
            deliver(Item::Gap(gap));
        }
    }

    /// Stops waiting for what was waited for long enough.
    pub(super) fn tick(&mut self, now: Time, deliver: &mut dyn FnMut(Item<'_>)) {
        if let Some(number) = self.missing.given_up(now) {
            self.give_up_before(number, deliver);
        }
    }

    /// Stops waiting altogether.
    pub(super) fn flush(&mut self, deliver: &mut dyn FnMut(Item<'_>)) {
        self.give_up_before(self.top(), deliver);
    }

    /// The first packet that waits and whose payload is as wanted.
    pub(super) fn find(&self, wanted: impl Fn(&[u8]) -> bool) -> Option<u64> {
        let found = |stored: &Option<Stored>| stored.as_ref().is_some_and(|stored| wanted(&stored.payload));
        self.waiting.iter().position(found).map(|at| self.next + at as u64)
    }

    /// One above the highest number that came.
    fn top(&self) -> u64 {
        self.next + self.waiting.len() as u64
    }

    fn late(
        &mut self,
        piece: Piece<'_>,
        resent: bool,
        now: Time,
        deliver: &mut dyn FnMut(Item<'_>),
    ) -> Taken {
        let number = piece.number;
        if number + CAPACITY < self.top() {
            return Taken::TooLate;
        }
        if self.seen.set(number) {
            return Taken::Duplicate;
        }
        let Some(slot) = number.checked_sub(self.next).and_then(|at| self.waiting.get_mut(at as usize))
        else {
            return Taken::TooLate;
        };
        *slot = Some(Stored::of(&piece));
        let asked = self.missing.found(number, now, resent);
        self.give_up_before(self.next, deliver);
        if asked { Taken::Recovered } else { Taken::Reordered }
    }

    fn leap(&mut self, number: u64, deliver: &mut dyn FnMut(Item<'_>)) {
        self.flush(deliver);
        (number.saturating_sub(CAPACITY).max(self.next)..number).for_each(|hole| self.seen.clear(hole));
        deliver(Item::Gap(number - self.next));
        self.next = number;
    }
}

impl Stored {
    fn of(piece: &Piece<'_>) -> Stored {
        let &Piece { timestamp, marker, arrived, payload, .. } = piece;
        Stored { timestamp, marker, arrived, payload: payload.to_vec() }
    }

    fn piece(&self, number: u64) -> Piece<'_> {
        let &Stored { timestamp, marker, arrived, ref payload } = self;
        Piece { number, timestamp, marker, arrived, payload }
    }
}

/// Which of the last [`CAPACITY`] packets came, whether they went out or were too late.
#[derive(Debug, Default)]
struct Seen([u64; (CAPACITY / 64) as usize]);

impl Seen {
    /// Whether it was set before.
    fn set(&mut self, number: u64) -> bool {
        let (word, bit) = self.at(number);
        let before = *word & bit != 0;
        *word |= bit;
        before
    }

    fn clear(&mut self, number: u64) {
        let (word, bit) = self.at(number);
        *word &= !bit;
    }

    fn at(&mut self, number: u64) -> (&mut u64, u64) {
        let number = number % CAPACITY;
        (&mut self.0[(number / 64) as usize], 1 << (number % 64))
    }
}

#[cfg(test)]
mod tests;
