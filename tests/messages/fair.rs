//! Several senders of one connection take turns.

use crate::ms;
use framewire::message::chunk::Outgoing;
use framewire::message::fair::{AT_ONCE, Turn};
use framewire::message::sender::{Mode, Sender, SenderOptions};
use framewire::time::Time;
use std::collections::VecDeque;
use std::time::Duration;

/// A connection: senders, and one queue that drains at a rate.
struct Link {
    senders: Vec<Sender>,
    turn: Turn,
    queue: VecDeque<(usize, usize)>,
    now: Time,
    bits_a_second: u64,
    /// Which channel's chunk left when.
    left: Vec<(usize, Time)>,
}

impl Link {
    fn new(channels: usize, bits_a_second: u64) -> Link {
        let options = SenderOptions::new(Mode::File);
        let senders = (0..channels).map(|_| Sender::new(options, ms(0)).expect("good options")).collect();
        Link {
            senders,
            turn: Turn::default(),
            queue: VecDeque::new(),
            now: ms(0),
            bits_a_second,
            left: Vec::new(),
        }
    }

    fn push(&mut self, channel: usize, id: u32, len: usize) {
        let message = Outgoing::new(id, vec![0; len]);
        self.senders[channel].push(message, self.now, &mut |_| ()).expect("taken");
    }

    /// Hands over what may be, then lets one chunk leave. False if there is none.
    fn step(&mut self) -> bool {
        loop {
            let together = self.queue.iter().map(|(_, len)| len).sum();
            let Link { senders, turn, queue, .. } = self;
            let buffered =
                |n: usize| queue.iter().filter(|(channel, _)| *channel == n).map(|(_, len)| len).sum();
            let next = turn.next(senders.len(), together, |n| senders[n].next(buffered(n)));
            let Some((channel, chunk)) = next else { break };
            let mut wire = Vec::new();
            chunk.chunk().write(&mut wire);
            self.queue.push_back((channel, wire.len()));
            self.senders[channel].sent(self.now, &mut |_| ());
            assert!(together < AT_ONCE);
        }
        let Some((channel, len)) = self.queue.pop_front() else { return false };
        self.now = self.now + Duration::from_micros(len as u64 * 8_000_000 / self.bits_a_second);
        self.left.push((channel, self.now));
        true
    }
}

#[test]
fn a_huge_message_delays_a_small_one_by_no_more_than_fifty_milliseconds() {
    // The sum of all that can be before it: what the transport holds, and the rest of the chunk on its way.
    let mut link = Link::new(2, 20_000_000);
    link.push(0, 1, 64 << 20);
    for id in 0..100 {
        (0..7 + id % 5).for_each(|_| assert!(link.step()));
        link.left.clear();
        let pushed = link.now;
        link.push(1, id, 100);
        while link.left.iter().all(|(channel, _)| *channel != 1) {
            assert!(link.step());
        }
        let (_, left) = link.left.last().expect("it left");
        assert!(left.since(pushed) <= Duration::from_millis(50), "{:?}", left.since(pushed));
    }
}

#[test]
fn equal_channels_get_equal_shares() {
    let mut link = Link::new(5, 1_000_000_000);
    (0..5).for_each(|channel| link.push(channel, 1, 10 << 20));
    (0..500).for_each(|_| assert!(link.step()));
    for channel in 0..5 {
        assert_eq!(link.left.iter().filter(|(who, _)| *who == channel).count(), 100);
    }
}

#[test]
fn a_turn_passes_over_who_has_nothing_and_comes_back() {
    let mut turn = Turn::default();
    let mut asked = Vec::new();
    let mut next = |has: [bool; 3]| {
        asked.clear();
        let next = turn.next(3, 0, |n| {
            asked.push(n);
            has[n].then_some(())
        });
        (next.map(|(n, ())| n), asked.clone())
    };
    assert_eq!(next([true, false, true]), (Some(0), vec![0]));
    assert_eq!(next([true, false, true]), (Some(2), vec![1, 2]));
    assert_eq!(next([true, false, true]), (Some(0), vec![0]));
    assert_eq!(next([false; 3]), (None, vec![1, 2, 0]));
    assert_eq!(turn.next(0, 0, |_| Some(())), None);
    assert_eq!(turn.next(3, AT_ONCE, |_| Some(())), None, "enough is on its way");
}
