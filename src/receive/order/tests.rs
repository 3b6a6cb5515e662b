use super::*;
use std::time::Duration;

/// What came out: packets, and gaps as negative numbers.
type Came = Vec<i64>;

struct Bench {
    order: Order,
    came: Came,
    now: Time,
}

impl Bench {
    fn new(asks: bool) -> Bench {
        Bench { order: Order::new(0, asks), came: Vec::new(), now: Time(0) }
    }

    fn push(&mut self, number: u64) -> Taken {
        let payload = number.to_be_bytes();
        let (timestamp, arrived) = (number as u32 * 3, Time(number));
        let piece = Piece { number, timestamp, marker: number.is_multiple_of(2), arrived, payload: &payload };
        let Bench { order, came, now } = self;
        order.push(piece, false, *now, &mut |item| came.push(read(item)))
    }

    fn push_all(&mut self, numbers: impl IntoIterator<Item = u64>) -> &mut Came {
        for number in numbers {
            self.push(number);
        }
        &mut self.came
    }

    /// As many milliseconds later.
    fn wait(&mut self, ms: u64) {
        self.now = self.now + Duration::from_millis(ms);
        let Bench { order, came, now } = self;
        order.tick(*now, &mut |item| came.push(read(item)));
    }
}

fn read(item: Item<'_>) -> i64 {
    match item {
        Item::Gap(packets) => -(packets as i64),
        Item::Piece(piece) => {
            assert_eq!(piece.payload, piece.number.to_be_bytes());
            assert_eq!((piece.timestamp, piece.arrived), (piece.number as u32 * 3, Time(piece.number)));
            assert_eq!(piece.marker, piece.number.is_multiple_of(2));
            piece.number as i64
        }
    }
}

#[test]
fn packets_in_order_go_out_at_once() {
    let mut bench = Bench::new(true);
    for number in 0..5_000 {
        assert_eq!(bench.push(number), Taken::New);
        assert_eq!(bench.came.pop(), Some(number as i64));
    }
    assert_eq!(bench.order.waiting.capacity(), 0, "nothing was stored");
}

#[test]
fn what_stands_behind_a_hole_waits_until_it_is_filled() {
    let mut bench = Bench::new(true);
    assert_eq!(*bench.push_all([0, 2, 4, 5]), [0]);
    assert_eq!(bench.push(1), Taken::Reordered);
    assert_eq!(bench.came, [0, 1, 2]);
    assert_eq!(bench.push(3), Taken::Reordered);
    assert_eq!(bench.came, [0, 1, 2, 3, 4, 5]);
}

#[test]
fn a_hole_is_given_up_when_it_was_waited_for_long_enough() {
    let mut bench = Bench::new(true);
    bench.push_all([0, 3]);
    bench.wait(150);
    bench.push_all([5]);
    bench.wait(49);
    assert_eq!(bench.came, [0]);
    bench.wait(1);
    assert_eq!(bench.came, [0, -2, 3]);
    bench.wait(150);
    assert_eq!(bench.came, [0, -2, 3, -1, 5]);
    assert_eq!((bench.push(1), bench.push(1)), (Taken::TooLate, Taken::Duplicate));
    assert!(!bench.order.is_waiting() && bench.order.missing.is_empty());
}

#[test]
fn whatever_comes_twice_comes_out_once() {
    let mut bench = Bench::new(true);
    bench.push_all([0, 1, 4]);
    for number in [0, 1, 4, 4] {
        assert_eq!(bench.push(number), Taken::Duplicate, "{number}");
    }
    bench.push(2);
    assert_eq!(bench.push(2), Taken::Duplicate);
    bench.push(3);
    assert_eq!(bench.came, [0, 1, 2, 3, 4]);
}

#[test]
fn a_packet_that_was_asked_for_is_told_from_one_that_was_late() {
    let mut bench = Bench::new(true);
    bench.push_all([0, 2, 4]);
    bench.order.missing.ask(bench.now, &mut Vec::new());
    bench.wait(10);
    assert_eq!(bench.push(1), Taken::Reordered, "too soon for an answer");
    bench.wait(60);
    assert_eq!(bench.push(3), Taken::Recovered);
}

#[test]
fn no_more_than_so_many_wait() {
    let mut bench = Bench::new(true);
    bench.push_all([0, 2]);
    for number in 3..3_000 {
        bench.push(number);
        assert!(bench.order.waiting.len() <= CAPACITY as usize);
    }
    assert_eq!(bench.came[..3], [0, -1, 2]);
    assert_eq!(bench.came.last(), Some(&2_999));
    // Every other one is missing: as many holes as packets.
    bench.push_all((3_001..9_000).step_by(2));
    assert!(bench.order.waiting.len() <= CAPACITY as usize);
}

#[test]
fn an_outage_is_not_waited_for() {
    let mut bench = Bench::new(true);
    bench.push_all([0, 2, 2 + OUTAGE + 2]);
    assert_eq!(bench.came, [0, -1, 2, -(OUTAGE as i64 + 1), OUTAGE as i64 + 4]);
    assert!(bench.order.missing.is_empty());
    assert_eq!((bench.push(50), bench.push(50)), (Taken::TooLate, Taken::Duplicate));
    assert_eq!(bench.push(OUTAGE + 5), Taken::New);
    assert_eq!(*bench.push_all([2 * OUTAGE + 5]), [0, -1, 2, -129, 132, 133], "one less is waited for");
}

#[test]
fn one_can_begin_again_further_on() {
    let mut bench = Bench::new(true);
    bench.push_all([0, 2, 4, 5, 7]);
    assert_eq!(bench.order.find(|payload| payload[7] > 3), Some(4));
    assert_eq!(bench.order.find(|payload| payload[7] == 6), None);
    let Bench { order, came, .. } = &mut bench;
    order.give_up_before(4, &mut |item| came.push(read(item)));
    assert_eq!(bench.came, [0, -1, 2, -1, 4, 5]);
    assert_eq!(bench.push(6), Taken::Reordered, "still waited for");
    assert_eq!(bench.came[6..], [6, 7]);
}

#[test]
fn it_can_be_emptied() {
    let mut bench = Bench::new(true);
    bench.push_all([0, 2, 5]);
    let Bench { order, came, .. } = &mut bench;
    order.flush(&mut |item| came.push(read(item)));
    assert_eq!(bench.came, [0, -1, 2, -2, 5]);
    order_is_empty(&bench.order);
}

fn order_is_empty(order: &Order) {
    assert!(!order.is_waiting() && order.missing.is_empty());
}

#[test]
fn any_order_within_the_window_comes_out_in_order() {
    // Blocks of twenty, each in an order of its own: multiplication by a number prime to twenty-one.
    let mut bench = Bench::new(true);
    for block in 0..200u64 {
        let factor = [2, 4, 5, 8, 10, 11, 13, 16, 17, 19, 20][block as usize % 11];
        bench.push_all((1..=20).map(|n| n * factor % 21).map(|n| block * 20 + n - 1));
        bench.wait(20);
    }
    assert!(bench.came.iter().copied().eq(0..4_000));
}
