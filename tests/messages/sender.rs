//! The framed sender of one channel, on virtual time.

use crate::ms;
use framewire::error::Status;
use framewire::message::chunk::{Header, Outgoing};
use framewire::message::sender::{End, Mode, Outcome, Sender, SenderOptions};
use framewire::time::Time;
use std::sync::Arc;
use std::time::Duration;

/// A sender, the outcomes, and a transport that keeps what it is given.
struct Side {
    sender: Sender,
    outcomes: Vec<Outcome>,
    wire: Vec<Vec<u8>>,
    buffered: usize,
}

const LINGER: Duration = Duration::from_secs(5);

impl Side {
    fn new(options: SenderOptions) -> Side {
        let sender = Sender::new(options, ms(0)).expect("good options");
        Side { sender, outcomes: Vec::new(), wire: Vec::new(), buffered: 0 }
    }

    fn push(&mut self, id: u32, len: usize, now: Time) -> Result<u64, Status> {
        let out = &mut |outcome| self.outcomes.push(outcome);
        self.sender.push(Outgoing::new(id, vec![id as u8; len]), now, out).map_err(|error| error.status())
    }

    /// Hands chunks to the transport until there are none, at most `most`. How many it were.
    fn run(&mut self, most: usize, now: Time) -> usize {
        for n in 0..most {
            let Some(chunk) = self.sender.next(self.buffered) else { return n };
            let mut wire = Vec::new();
            chunk.chunk().write(&mut wire);
            self.buffered += wire.len();
            self.wire.push(wire);
            self.sender.sent(now, &mut |outcome| self.outcomes.push(outcome));
        }
        most
    }

    fn ack(&mut self, n: u32) {
        let text = format!("{{\"ack\": {n}}}");
        self.sender.ack(text.as_bytes(), &mut |outcome| self.outcomes.push(outcome));
    }

    fn tick(&mut self, now: Time) {
        self.sender.tick(now, &mut |outcome| self.outcomes.push(outcome));
    }

    fn close(&mut self) {
        self.sender.close(&mut |outcome| self.outcomes.push(outcome));
    }

    fn cancel(&mut self, ticket: u64) {
        self.sender.cancel(ticket, &mut |outcome| self.outcomes.push(outcome));
    }

    fn finish(&mut self, id: u32, now: Time) -> Result<u64, Status> {
        self.sender.finish(Outgoing::new(id, b"last"), LINGER, now).map_err(|error| error.status())
    }

    /// Frame ids of the outcomes since the last call, with chunks and ends.
    fn ends(&mut self) -> Vec<(u32, u32, End)> {
        self.outcomes.drain(..).map(|outcome| (outcome.id, outcome.chunks, outcome.end)).collect()
    }

    /// Frame ids of the chunks on the wire since the last call.
    fn ids(&mut self) -> Vec<u32> {
        self.wire.drain(..).map(|chunk| Header::read(&chunk).expect("a header").0.id).collect()
    }
}

fn file() -> SenderOptions {
    SenderOptions { chunk_size: 100, ..SenderOptions::new(Mode::File) }
}

fn live() -> SenderOptions {
    SenderOptions { chunk_size: 100, ..SenderOptions::new(Mode::Live) }
}

#[test]
fn the_transport_never_has_more_than_the_high_water_mark_and_a_chunk() {
    let mut side = Side::new(SenderOptions { high_water: 1_000, ..file() });
    side.push(1, 100_000, ms(0)).expect("taken");
    let mut most = 0;
    while side.run(1, ms(0)) == 1 {
        most = most.max(side.buffered);
    }
    assert!((1_000..1_112).contains(&most), "{most}");
    side.buffered = 251;
    assert_eq!(side.run(1, ms(0)), 0, "it waits for the low-water mark");
    side.buffered = 250;
    assert_eq!(side.run(1, ms(0)), 1);
    side.buffered = 999;
    assert_eq!(side.run(10, ms(0)), 1, "and goes on to the high one");
}

#[test]
fn one_chunk_is_out_at_a_time_and_one_that_was_rejected_comes_again() {
    let mut side = Side::new(file());
    side.push(1, 150, ms(0)).expect("taken");
    let first = side.sender.next(0).expect("the first chunk");
    assert!(side.sender.next(0).is_none());
    side.sender.rejected(ms(0), &mut |_| panic!("nothing has ended"));
    let again = side.sender.next(0).expect("again");
    assert_eq!(first.chunk(), again.chunk());
    side.sender.rejected(ms(0), &mut |_| panic!("nothing has ended"));
    side.close();
    assert_eq!(side.ends(), [(1, 0, End::Closed)]);
}

#[test]
fn an_empty_message_is_sent() {
    let mut side = Side::new(file());
    side.push(9, 0, ms(0)).expect("taken");
    assert_eq!(side.run(5, ms(0)), 1);
    assert_eq!(side.wire, [crate::hex("09000000 00000000 01000000")]);
    assert_eq!(side.ends(), [(9, 1, End::Sent)]);
}

#[test]
fn timed_out_closed_and_cancelled_are_three_ends_and_each_tells_the_chunks() {
    let ends = [End::TimedOut, End::Closed, End::Cancelled].map(|end| {
        let mut side = Side::new(file());
        let ticket = side.push(1, 1_000, ms(0)).expect("taken");
        side.push(2, 10, ms(0)).expect("taken");
        side.run(3, ms(1_000));
        match end {
            End::TimedOut => {
                side.tick(ms(30_999));
                assert_eq!((side.ends(), side.sender.deadline()), (vec![], Some(ms(31_000))));
                side.tick(ms(31_000));
            }
            End::Closed => side.close(),
            _ => side.cancel(ticket),
        }
        (side.ends(), side.sender.stats())
    });
    let [(timed_out, a), (closed, b), (cancelled, c)] = ends;
    assert_eq!(timed_out, [(1, 3, End::TimedOut), (2, 0, End::TimedOut)]);
    assert_eq!(closed, [(1, 3, End::Closed), (2, 0, End::Closed)]);
    assert_eq!(cancelled, [(1, 3, End::Cancelled)]);
    assert_eq!((a.timed_out, b.closed, c.cancelled, a.chunks), (2, 2, 1, 3));
}

#[test]
fn what_ends_while_the_transport_holds_its_chunk_counts_that_chunk() {
    for sent in [true, false] {
        let mut side = Side::new(file());
        let ticket = side.push(1, 1_000, ms(0)).expect("taken");
        side.run(3, ms(0));
        side.sender.next(0).expect("the fourth");
        side.cancel(ticket);
        assert_eq!(side.ends(), []);
        let out = &mut |outcome| side.outcomes.push(outcome);
        if sent {
            side.sender.sent(ms(0), out)
        } else {
            side.sender.rejected(ms(0), out)
        };
        assert_eq!(side.ends(), [(1, if sent { 4 } else { 3 }, End::Cancelled)]);
    }
}

#[test]
fn a_slow_receiver_that_takes_something_does_not_time_out() {
    let mut side = Side::new(file());
    side.push(1, 1_000, ms(0)).expect("taken");
    side.push(2, 100, ms(0)).expect("taken");
    for n in 1..=11 {
        side.tick(ms(n * 29_000));
        assert_eq!(side.run(1, ms(n * 29_000)), 1);
    }
    assert_eq!(side.ends(), [(1, 10, End::Sent), (2, 1, End::Sent)]);
    assert_eq!(side.sender.deadline(), None);
}

#[test]
fn in_file_mode_the_receiver_paces_and_none_is_lost_or_out_of_order() {
    let mut side = Side::new(file());
    for id in 1..=12 {
        side.push(id, 250, ms(0)).expect("taken");
    }
    side.run(3, ms(0));
    side.ack(1);
    side.run(100, ms(0));
    assert_eq!(side.ids(), [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5], "ack 1, window 4: up to 5");
    side.ack(3);
    side.run(100, ms(0));
    assert_eq!(side.ids(), [6, 6, 6, 7, 7, 7]);
    side.ack(2);
    side.ack(8);
    assert_eq!((side.run(100, ms(0)), side.sender.stats().acks_ignored), (0, 2));
    side.tick(ms(30_000));
    assert_eq!(side.ends().last(), Some(&(12, 0, End::TimedOut)), "the wait has an end");
}

#[test]
fn a_message_is_not_acknowledged_before_its_last_chunk_went_out() {
    let mut side = Side::new(file());
    side.push(1, 250, ms(0)).expect("taken");
    side.run(2, ms(0));
    side.ack(1);
    assert_eq!(side.sender.stats().acks_ignored, 1);
}

#[test]
fn a_file_queue_is_bounded_in_number_and_bytes() {
    let mut side = Side::new(SenderOptions { queue: 3, max_message: 1_000, ..file() });
    assert_eq!(side.push(1, 1_001, ms(0)), Err(Status::Limit));
    side.push(1, 600, ms(0)).expect("taken");
    assert_eq!(side.push(2, 500, ms(0)), Err(Status::Again));
    side.push(2, 200, ms(0)).expect("taken");
    side.push(3, 200, ms(0)).expect("taken");
    assert_eq!(side.push(4, 0, ms(0)), Err(Status::Again));
    side.run(6, ms(0));
    side.push(4, 0, ms(0)).expect("there is room again");
}

#[test]
fn in_live_mode_the_newest_replaces_what_has_not_begun() {
    let mut side = Side::new(live());
    side.push(1, 250, ms(0)).expect("taken");
    side.run(1, ms(0));
    for id in 2..=5 {
        side.push(id, 250, ms(0)).expect("taken");
    }
    assert_eq!(side.ends(), [(2, 0, End::Replaced), (3, 0, End::Replaced), (4, 0, End::Replaced)]);
    side.run(100, ms(0));
    assert_eq!(side.ids(), [1, 1, 1, 5, 5, 5], "what has begun goes on");
    assert_eq!(side.sender.stats().replaced, 3);
    side.push(6, 10, ms(0)).expect("taken");
    side.sender.next(0).expect("a chunk");
    side.push(7, 10, ms(0)).expect("taken");
    side.sender.sent(ms(0), &mut |outcome| side.outcomes.push(outcome));
    side.run(1, ms(0));
    assert_eq!(
        side.ends()[2..],
        [(6, 1, End::Sent), (7, 1, End::Sent)],
        "nor is one that the transport holds"
    );
}

#[test]
fn in_live_mode_acknowledgements_do_not_pace() {
    let mut side = Side::new(live());
    for id in 1..=20 {
        side.push(id, 10, ms(0)).expect("taken");
        assert_eq!(side.run(9, ms(0)), 1);
        if id == 1 {
            side.ack(1);
        }
    }
}

#[test]
fn the_last_message_is_over_when_it_is_acknowledged() {
    for options in [file(), live()] {
        let mut side = Side::new(options);
        side.push(1, 10, ms(0)).expect("taken");
        let ticket = side.finish(2, ms(0)).expect("taken");
        assert_eq!(side.run(100, ms(10)), 2, "the last result goes before it");
        assert_eq!(side.ends(), [(1, 1, End::Sent)]);
        side.buffered = 0;
        side.tick(ms(20));
        side.ack(1);
        assert_eq!(side.ends(), [], "a buffer that is empty has not arrived");
        side.ack(2);
        assert_eq!(side.outcomes, [Outcome { ticket, id: 2, chunks: 1, end: End::Acknowledged }]);
        assert_eq!((side.push(3, 1, ms(30)), side.sender.deadline()), (Err(Status::Closed), None));
    }
}

#[test]
fn the_last_message_lingers_for_a_bounded_time() {
    let mut side = Side::new(live());
    side.finish(0, ms(0)).expect("nothing went before it");
    side.run(1, ms(1_000));
    assert_eq!(side.sender.deadline(), Some(ms(1_000) + LINGER));
    side.tick(ms(5_999));
    assert_eq!(side.ends(), []);
    side.tick(ms(6_000));
    assert_eq!(side.ends(), [(0, 1, End::Lingered)]);
    side.tick(ms(60_000));
    side.close();
    assert_eq!(side.ends(), [], "once");
}

#[test]
fn the_last_message_has_a_number_of_its_own_and_comes_once() {
    let mut side = Side::new(file());
    assert_eq!(side.push(u32::MAX, 1, ms(0)), Err(Status::InvalidArgument), "none is left after it");
    side.push(7, 1, ms(0)).expect("taken");
    assert_eq!((side.sender.highest(), side.finish(7, ms(0))), (Some(7), Err(Status::InvalidArgument)));
    side.finish(8, ms(0)).expect("taken");
    assert_eq!(side.finish(9, ms(0)), Err(Status::InvalidState));
    assert_eq!(side.push(9, 1, ms(0)), Err(Status::InvalidState));
}

#[test]
fn the_last_message_ends_like_any_other_if_it_cannot_go() {
    for end in [End::TimedOut, End::Closed, End::Cancelled] {
        for lingering in [true, false] {
            let mut side = Side::new(file());
            let ticket = side.finish(1, ms(0)).expect("taken");
            if lingering {
                side.run(1, ms(0));
            }
            match end {
                End::TimedOut => side.tick(ms(30_000)),
                End::Closed => side.close(),
                _ => side.cancel(ticket),
            }
            let expected = if lingering && end == End::TimedOut { End::Lingered } else { end };
            assert_eq!(side.ends(), [(1, u32::from(lingering), expected)]);
            assert_eq!(side.push(2, 1, ms(0)), Err(Status::Closed));
        }
    }
}

#[test]
fn a_close_while_the_transport_holds_the_last_chunk_is_a_close() {
    let mut side = Side::new(file());
    side.finish(1, ms(0)).expect("taken");
    side.sender.next(0).expect("its chunk");
    side.close();
    side.sender.sent(ms(0), &mut |outcome| side.outcomes.push(outcome));
    assert_eq!((side.ends(), side.sender.deadline()), (vec![(1, 1, End::Closed)], None));
}

#[test]
fn a_closed_channel_takes_and_gives_nothing() {
    let mut side = Side::new(file());
    side.close();
    assert_eq!(side.push(1, 1, ms(0)), Err(Status::Closed));
    assert_eq!((side.finish(1, ms(0)), side.run(1, ms(0))), (Err(Status::Closed), 0));
}

#[test]
fn options_that_could_never_send_are_refused() {
    let bad = [
        SenderOptions { window: 0, ..file() },
        SenderOptions { high_water: 0, ..file() },
        SenderOptions { chunk_size: 0, ..file() },
        SenderOptions { queue: 0, ..file() },
    ];
    for options in bad {
        let error = Sender::new(options, ms(0)).expect_err("refused");
        assert_eq!(error.status(), Status::InvalidArgument, "{}", error.sentence());
    }
    assert!(file().within(12).is_err());
    let chunk_size = |max| SenderOptions::new(Mode::File).within(max).expect("it fits").chunk_size;
    assert_eq!([13, 16_384, 65_536, 262_144].map(chunk_size), [1, 16_372, 49_152, 49_152]);
}

#[test]
fn many_senders_share_the_bytes_of_one_message() {
    let bytes = Arc::new(vec![7; 1_000]);
    let mut sides: Vec<Side> = (0..10).map(|_| Side::new(file())).collect();
    for side in &mut sides {
        let message = Outgoing { id: 1, bytes: bytes.clone() };
        side.sender.push(message, ms(0), &mut |_| ()).expect("taken");
    }
    assert_eq!(Arc::strong_count(&bytes), 11);
    sides.iter_mut().for_each(|side| assert_eq!(side.run(100, ms(0)), 10));
    assert_eq!(Arc::strong_count(&bytes), 1, "and let go of them");
}
