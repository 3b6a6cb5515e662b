//! A path that loses, holds, doubles and turns around.

use crate::rng::Rng;
use framewire::time::Time;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Range;
use std::time::Duration;

#[derive(Clone)]
pub enum Loss {
    Uniform(f64),
    /// How often a burst begins, and how many packets it takes on average (Gilbert 1960).
    Bursts {
        begin: f64,
        mean: f64,
    },
}

#[derive(Clone)]
pub struct Weather {
    pub one_way: Duration,
    pub loss: Loss,
    /// Held for up to that much longer, each packet for itself.
    pub jitter: Duration,
    /// Share of packets that up to twenty later ones overtake.
    pub disorder: f64,
    pub duplicates: f64,
    /// When nothing comes through, in microseconds.
    pub outages: Vec<Range<u64>>,
}

impl Weather {
    pub fn of(one_way: Duration) -> Weather {
        Weather {
            one_way,
            loss: Loss::Uniform(0.0),
            jitter: Duration::ZERO,
            disorder: 0.0,
            duplicates: 0.0,
            outages: Vec::new(),
        }
    }
}

pub struct Path {
    weather: Weather,
    rng: Rng,
    in_burst: bool,
    /// Packets that wait until so many others were sent.
    held: Vec<(u64, Vec<u8>)>,
    under_way: BinaryHeap<Reverse<(Time, u64, Vec<u8>)>>,
    count: u64,
}

impl Path {
    pub fn new(weather: Weather, seed: u64) -> Path {
        Path {
            weather,
            rng: Rng(seed),
            in_burst: false,
            held: Vec::new(),
            under_way: BinaryHeap::new(),
            count: 0,
        }
    }

    pub fn send(&mut self, now: Time, bytes: &[u8]) {
        if self.loses(now) {
            return;
        }
        let mut copies = vec![bytes.to_vec()];
        if self.rng.chance(self.weather.duplicates) {
            copies.push(bytes.to_vec());
        }
        for copy in copies {
            if self.rng.chance(self.weather.disorder) {
                self.held.push((1 + self.rng.next() % 20, copy));
            } else {
                self.dispatch(now, copy);
            }
        }
        self.held.iter_mut().for_each(|(left, _)| *left = left.saturating_sub(1));
        while let Some(at) = self.held.iter().position(|(left, _)| *left == 0) {
            let (_, bytes) = self.held.remove(at);
            self.dispatch(now, bytes);
        }
    }

    pub fn next_at(&self) -> Option<Time> {
        self.under_way.peek().map(|Reverse((at, ..))| *at)
    }

    pub fn receive(&mut self, now: Time) -> Option<Vec<u8>> {
        self.next_at().filter(|at| *at <= now)?;
        self.under_way.pop().map(|Reverse((_, _, bytes))| bytes)
    }

    fn dispatch(&mut self, now: Time, bytes: Vec<u8>) {
        let jitter = self.rng.next() % (self.weather.jitter.as_micros() as u64 + 1);
        self.count += 1;
        let at = now + self.weather.one_way + Duration::from_micros(jitter);
        self.under_way.push(Reverse((at, self.count, bytes)));
    }

    fn loses(&mut self, now: Time) -> bool {
        let lost = match self.weather.loss {
            Loss::Uniform(share) => self.rng.chance(share),
            Loss::Bursts { begin, mean } => {
                let turns = if self.in_burst { 1.0 / mean } else { begin };
                self.in_burst ^= self.rng.chance(turns);
                self.in_burst
            }
        };
        lost || self.weather.outages.iter().any(|outage| outage.contains(&now.0))
    }
}
