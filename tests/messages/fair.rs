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
    turn: Turn<usize>,
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
            let together: usize = self.queue.iter().map(|(_, len)| len).sum();
            let Link { senders, turn, queue, .. } = self;
            let wants = |n: &usize| !senders[*n].is_idle();
            let asked: Vec<usize> = (0..senders.len()).filter(wants).filter(|n| turn.ask(*n)).collect();
            if together >= AT_ONCE {
                break;
            }
            // The first of these is whoever's thread is quickest: here always the same.
            let Some(&channel) = asked.iter().find(|n| turn.ask(**n)) else { break };
            let buffered = queue.iter().filter(|(who, _)| *who == channel).map(|(_, len)| len).sum();
            let next = senders[channel].next(buffered);
            turn.pass(channel, next.is_some());
            let Some(chunk) = next else { continue };
            let mut wire = Vec::new();
            chunk.chunk().write(&mut wire);
            self.queue.push_back((channel, wire.len()));
            self.senders[channel].sent(self.now, &mut |_| ());
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
fn two_channels_get_equal_shares_whoever_is_quicker() {
    let mut link = Link::new(2, 1_000_000_000);
    (0..2).for_each(|channel| link.push(channel, 1, 10 << 20));
    (0..400).for_each(|_| assert!(link.step()));
    let order: Vec<usize> = link.left.iter().map(|(who, _)| *who).collect();
    assert!(order.windows(2).all(|pair| pair[0] != pair[1]), "{order:?}");
}

#[test]
fn nobody_goes_twice_while_another_waits_and_alone_one_goes_as_often_as_it_likes() {
    let mut turn = Turn::default();
    assert!(turn.ask('a') && turn.pass('a', true).is_empty());
    assert!(turn.ask('a') && turn.pass('a', true).is_empty());
    assert!(turn.ask('b'), "it has not gone last");
    assert!(!turn.ask('a'), "it has, and another waits");
    assert_eq!(turn.waiting(), ['b', 'a']);
    assert_eq!(turn.pass('b', false), ['a'], "who gave up must not hold it up");
    assert!(turn.ask('a'));
    assert!(turn.ask('c') && turn.ask('d'));
    assert_eq!(turn.pass('c', true), ['a', 'd']);
    assert!(!turn.ask('c') && turn.ask('d') && turn.ask('a'));
}
