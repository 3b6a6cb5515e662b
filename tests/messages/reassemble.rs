//! Messages come whole, or end; nothing is kept for ever, and never more than the budget.

use crate::ms;
use crate::rng::Rng;
use framewire::message::chunk::{Chunks, Header};
use framewire::message::gzip;
use framewire::message::reassemble::{Incoming, Limits, Loss, Reassembler};
use framewire::time::Time;
use std::time::Duration;

/// A reassembler and all that came of it.
struct Side {
    reassembler: Reassembler,
    incoming: Vec<Incoming>,
}

impl Side {
    fn new(limits: Limits) -> Side {
        Side { reassembler: Reassembler::new(limits), incoming: Vec::new() }
    }

    fn raw(&mut self, chunk: &[u8], now: Time) {
        self.reassembler.push(chunk, now, &mut |incoming| self.incoming.push(incoming));
    }

    fn chunk(&mut self, (id, index, total): (u32, u32, u32), payload: &[u8], now: Time) {
        self.raw(&[&Header { id, index, total }.to_bytes(), payload].concat(), now);
    }

    fn tick(&mut self, now: Time) {
        self.reassembler.tick(now, &mut |incoming| self.incoming.push(incoming));
    }

    fn take(&mut self) -> Vec<Incoming> {
        std::mem::take(&mut self.incoming)
    }
}

fn whole(id: u32, data: impl AsRef<[u8]>) -> Incoming {
    Incoming::Message { id, data: data.as_ref().to_vec() }
}

fn lost(id: u32, why: Loss) -> Incoming {
    Incoming::Lost { id: Some(id), why }
}

#[test]
fn shuffled_doubled_and_interleaved_messages_come_whole_and_once() {
    let mut rng = Rng(4);
    let messages: Vec<Vec<u8>> =
        (0..50).map(|n| (0..rng.next() % 5_000).map(|at| (at ^ n) as u8).collect()).collect();
    let mut wire = Vec::new();
    for (id, message) in messages.iter().enumerate() {
        for chunk in Chunks::new(id as u32, message, 100).expect("it can be cut") {
            let mut bytes = Vec::new();
            chunk.write(&mut bytes);
            // A message of one chunk is over with it, so a second one is a second message.
            let copies = if chunk.header.total > 1 { 1 + rng.next() % 2 } else { 1 };
            (0..copies).for_each(|n| wire.push((rng.next() + n, bytes.clone())));
        }
    }
    wire.sort();
    let mut side = Side::new(Limits::default());
    wire.iter().for_each(|(_, bytes)| side.raw(bytes, ms(0)));
    let mut came = Vec::new();
    for incoming in side.take() {
        let Incoming::Message { id, data } = incoming else { panic!("{incoming:?}") };
        assert_eq!(data, messages[id as usize]);
        came.push(id);
    }
    came.sort();
    assert_eq!(came, (0..50).collect::<Vec<_>>());
    let stats = side.reassembler.stats();
    assert!(stats.duplicates > 100 && stats.violations + stats.evicted == 0, "{stats:?}");
}

#[test]
fn chunks_that_had_come_before_change_nothing_and_cost_nothing() {
    let mut side = Side::new(Limits { together: 64 * 2, ..Limits::default() });
    side.chunk((1, 0, 3), b"a", ms(0));
    side.chunk((1, 2, 3), b"c", ms(0));
    for _ in 0..1_000 {
        side.chunk((1, 0, 3), b"xx", ms(0));
        side.chunk((1, 2, 3), b"yy", ms(0));
    }
    assert_eq!((side.take(), side.reassembler.kept()), (vec![], 2));
    side.chunk((1, 1, 3), b"b", ms(0));
    assert_eq!((side.take(), side.reassembler.stats().duplicates), (vec![whole(1, "abc")], 2_000));
}

#[test]
fn an_empty_message_comes() {
    let mut side = Side::new(Limits::default());
    side.chunk((3, 0, 1), b"", ms(0));
    assert_eq!(side.take(), [whole(3, "")]);
}

#[test]
fn each_violation_ends_its_message_and_no_other() {
    let broken = [
        ((7, 0, 0), Loss::NoChunks),
        ((7, 3, 3), Loss::Index),
        ((7, u32::MAX, 1), Loss::Index),
        ((7, 1, 4), Loss::Total),
    ];
    for (header, why) in broken {
        let mut side = Side::new(Limits::default());
        side.chunk((6, 0, 2), b"a", ms(0));
        side.chunk((7, 0, 3), b"x", ms(0));
        side.chunk(header, b"y", ms(0));
        assert_eq!(side.take(), [lost(7, why)]);
        assert_eq!(side.reassembler.kept(), 1);
        side.chunk((7, 1, 3), b"y", ms(0));
        side.chunk((7, 2, 3), b"z", ms(0));
        assert_eq!(side.reassembler.kept(), 1, "the rest of it is passed over");
        side.chunk((6, 1, 2), b"b", ms(0));
        (0..3).for_each(|index| side.chunk((7, index, 3), b"n", ms(0)));
        assert_eq!(side.take(), [whole(6, "ab"), whole(7, "nnn")], "it may begin anew");
        let stats = side.reassembler.stats();
        assert_eq!((stats.violations, stats.late, stats.messages), (1, 2, 2));
    }
}

#[test]
fn a_chunk_without_a_whole_header_is_nobodys() {
    let mut side = Side::new(Limits::default());
    (0..12).for_each(|len| side.raw(&vec![1; len], ms(0)));
    assert_eq!(side.take(), vec![Incoming::Lost { id: None, why: Loss::Short }; 12]);
}

#[test]
fn a_message_has_its_budget() {
    let mut side = Side::new(Limits { message: 10, ..Limits::default() });
    side.chunk((1, 0, 1), &[0; 10], ms(0));
    side.chunk((2, 0, 1), &[0; 11], ms(0));
    side.chunk((3, 0, 2), &[0; 5], ms(0));
    side.chunk((3, 1, 2), &[0; 6], ms(0));
    side.chunk((4, 1, 2), &[0; 11], ms(0));
    assert_eq!(
        side.take(),
        [whole(1, [0; 10]), lost(2, Loss::TooLarge), lost(3, Loss::TooLarge), lost(4, Loss::TooLarge)]
    );
    assert_eq!(side.reassembler.kept(), 0);
}

#[test]
fn all_together_have_a_budget_and_the_one_that_rests_longest_goes() {
    let limits = Limits { together: 1_000, ..Limits::default() };
    let mut side = Side::new(limits);
    side.chunk((1, 0, 2), &[1; 400], ms(0));
    side.chunk((2, 0, 2), &[2; 400], ms(1));
    side.chunk((1, 1, 3), &[1; 1], ms(2));
    assert_eq!(side.take(), [lost(1, Loss::Total)]);
    side.chunk((3, 0, 2), &[3; 400], ms(3));
    side.chunk((4, 0, 2), &[4; 400], ms(4));
    assert_eq!(side.take(), [lost(2, Loss::Crowded)]);
    side.chunk((3, 1, 2), b"", ms(5));
    assert_eq!(side.take(), [whole(3, [3; 400])]);
    side.chunk((5, 1, 2), &[5; 1_001], ms(6));
    assert_eq!(side.take(), [lost(4, Loss::Crowded), lost(5, Loss::Crowded)], "even alone it is too much");
    assert_eq!((side.reassembler.kept(), side.reassembler.stats().evicted), (0, 3));
}

#[test]
fn two_large_messages_at_once_do_not_push_each_other_out_for_ever() {
    let mut side = Side::new(Limits { together: 1_000, ..Limits::default() });
    for index in 0..8 {
        for id in [1, 2] {
            side.chunk((id, index, 8), &[0; 100], ms(u64::from(index)));
        }
    }
    assert_eq!(side.take().len(), 2, "one is lost, and one comes");
    assert_eq!((side.reassembler.stats().messages, side.reassembler.kept()), (1, 0));
}

#[test]
fn a_hundred_thousand_unfinished_messages_are_256() {
    let mut side = Side::new(Limits::default());
    for id in 0..100_000 {
        side.chunk((id, id % 2, 2), &[0; 100], ms(u64::from(id) / 10));
        assert!(side.reassembler.kept() <= 256 * 100);
    }
    assert_eq!(side.reassembler.stats().evicted, 100_000 - 256);
    assert_eq!(side.take()[0], lost(0, Loss::Crowded), "the oldest goes first");
    side.chunk((99_999, 0, 2), &[0; 100], ms(10_000));
    assert_eq!(side.take(), [whole(99_999, [0; 200])], "and the newest comes");
}

#[test]
fn whole_messages_push_no_unfinished_one_out() {
    let mut side = Side::new(Limits { unfinished: 1, together: 10, ..Limits::default() });
    side.chunk((1, 0, 2), b"0123456789", ms(0));
    side.chunk((2, 0, 1), b"0123456789", ms(0));
    side.chunk((1, 1, 2), b"", ms(0));
    assert_eq!(side.take(), [whole(2, "0123456789"), whole(1, "0123456789")]);
}

#[test]
fn empty_chunks_out_of_order_are_bounded_too() {
    let mut side = Side::new(Limits { together: 64 * 100, ..Limits::default() });
    (1..=100).for_each(|index| side.chunk((1, index, u32::MAX), b"", ms(0)));
    assert_eq!(side.take(), []);
    side.chunk((1, 101, u32::MAX), b"", ms(0));
    assert_eq!(side.take(), [lost(1, Loss::Crowded)]);
}

#[test]
fn an_unfinished_message_goes_when_its_chunks_stay_away() {
    let mut side = Side::new(Limits::default());
    assert_eq!(side.reassembler.deadline(), None);
    side.chunk((1, 0, 3), b"a", ms(0));
    side.chunk((1, 1, 3), b"b", ms(10_000));
    side.chunk((1, 1, 3), b"b", ms(20_000));
    side.tick(ms(39_999));
    assert_eq!(side.take(), []);
    let due = side.reassembler.deadline().expect("something is kept");
    assert!(due <= ms(40_000));
    side.tick(ms(40_000));
    assert_eq!(side.take(), [lost(1, Loss::Stale)], "a chunk that had come before puts nothing off");
    assert_eq!((side.reassembler.kept(), side.reassembler.deadline()), (0, None));
}

#[test]
fn a_message_that_drips_is_not_kept_for_ever() {
    let mut side = Side::new(Limits::default());
    let mut index = 0;
    while side.incoming.is_empty() {
        side.chunk((1, index, u32::MAX), b"", ms(u64::from(index) * 29_000));
        index += 1;
        assert!(index < 100, "it is kept for ever");
    }
    assert_eq!(side.take(), [lost(1, Loss::Stale)]);
    side.chunk((1, index, u32::MAX), b"", ms(u64::from(index) * 29_000));
    assert_eq!((side.reassembler.deadline(), side.reassembler.stats().late), (None, 2));
}

#[test]
fn packed_messages_are_unpacked_where_that_is_wanted() {
    let packed = gzip::pack(b"hello");
    let mut side = Side::new(Limits::default());
    side.chunk((1, 0, 1), &packed, ms(0));
    assert_eq!(side.take(), [whole(1, &packed)]);
    let mut side = Side::new(Limits { unpack: true, ..Limits::default() });
    side.chunk((1, 0, 2), &packed[..9], ms(0));
    side.chunk((1, 1, 2), &packed[9..], ms(0));
    side.chunk((2, 0, 1), b"plain", ms(0));
    assert_eq!(side.take(), [whole(1, "hello"), whole(2, "plain")]);
}

#[test]
fn what_says_gzip_and_is_not_or_swells_beyond_the_budget_ends() {
    let packed = gzip::pack(&[0; 1_000_000]);
    assert!(packed.len() < 2_000);
    let mut side = Side::new(Limits { unpack: true, message: 100_000, ..Limits::default() });
    side.chunk((1, 0, 1), &packed, ms(0));
    side.chunk((2, 0, 1), &[0x1f, 0x8b], ms(0));
    let good = gzip::pack(b"hello");
    side.chunk((3, 0, 1), &good[..good.len() - 1], ms(0));
    side.chunk((4, 0, 1), &[&good[..], b"!"].concat(), ms(0));
    let mut flipped = good.clone();
    flipped[12] ^= 1;
    side.chunk((5, 0, 1), &flipped, ms(0));
    assert_eq!(side.take()[0], lost(1, Loss::TooLarge));
    assert_eq!(side.reassembler.stats().violations, 5);
    assert_eq!(gzip::unpack(&packed, 1_000_000).map(|data| data.len()), Ok(1_000_000));
    assert_eq!(gzip::unpack(&packed, 999_999), Err(gzip::Unpack::TooLarge));
}

#[test]
fn idle_and_age_are_options() {
    let limits = Limits { idle: Duration::from_secs(1), age: Duration::from_secs(2), ..Limits::default() };
    let mut side = Side::new(limits);
    side.chunk((1, 0, 2), b"", ms(0));
    side.tick(ms(1_000));
    (0..4).for_each(|n| side.chunk((2, n, 9), b"", ms(1_000 + u64::from(n) * 600)));
    side.tick(ms(3_000));
    assert_eq!(side.take(), [lost(1, Loss::Stale), lost(2, Loss::Stale)]);
}
