//! Puts packets in order, says which are missing, and gives up on those that stay away.

use super::rtp::{Extend, Packet};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How a browser asks again: at once, then no faster than a round trip.
pub struct Policy {
    pub retry: Duration,
    pub give_up: Duration,
}

pub struct Order {
    policy: Policy,
    extend: Extend,
    next: Option<u64>,
    waiting: BTreeMap<u64, Packet>,
    missing: BTreeMap<u64, (Instant, Option<Instant>)>,
    /// Packets that came after another with a higher number, or twice.
    pub late: u64,
    pub repeated: u64,
    pub given_up: u64,
}

impl Order {
    pub fn new(policy: Policy) -> Order {
        Order {
            policy,
            extend: Extend::default(),
            next: None,
            waiting: BTreeMap::new(),
            missing: BTreeMap::new(),
            late: 0,
            repeated: 0,
            given_up: 0,
        }
    }

    pub fn push(&mut self, packet: Packet) {
        let number = self.extend.extend(packet.sequence);
        let next = *self.next.get_or_insert(number);
        if number < next || self.waiting.contains_key(&number) {
            self.repeated += 1;
            return;
        }
        self.late += u64::from(self.missing.remove(&number).is_some());
        let known = self.waiting.last_key_value().map_or(next, |(last, _)| last + 1);
        for hole in known..number {
            self.missing.insert(hole, (packet.at, None));
        }
        self.waiting.insert(number, packet);
    }

    /// The next packet in order.
    pub fn pop(&mut self, now: Instant) -> Option<Packet> {
        let mut next = self.next?;
        while let Some((&hole, &(since, _))) = self.missing.first_key_value() {
            if hole != next || now < since + self.policy.give_up {
                break;
            }
            self.missing.remove(&hole);
            self.given_up += 1;
            next += 1;
        }
        self.next = Some(next);
        let packet = self.waiting.remove(&next)?;
        self.next = Some(next + 1);
        Some(packet)
    }

    /// What to ask for now.
    pub fn ask(&mut self, now: Instant) -> Vec<u16> {
        let retry = self.policy.retry;
        let due = |asked: &Option<Instant>| asked.is_none_or(|at| now >= at + retry);
        let lost = self.missing.iter_mut().filter(|(_, (_, asked))| due(asked));
        lost.map(|(&number, (_, asked))| {
            *asked = Some(now);
            number as u16
        })
        .collect()
    }

    /// When [`Order::ask`] or [`Order::pop`] has something new without a packet coming.
    pub fn deadline(&self) -> Option<Instant> {
        let moments = self.missing.values().map(|(since, asked)| {
            let give_up = *since + self.policy.give_up;
            asked.map_or(*since, |at| at + self.policy.retry).min(give_up)
        });
        moments.min()
    }
}
