//! The ring of a peer's line under a model checker: whatever the order of its threads, the reader gets
//! every item, because whoever fills an unread ring wakes it. And a ring that forgets to is noticed.

#[path = "../src/sender/ring.rs"]
mod ring;
#[expect(dead_code, reason = "the mailbox needs more of it")]
#[path = "mailbox_model/sync.rs"]
mod sync;

use loom::thread;
use ring::Ring;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use sync::{Condvar, Mutex};

/// What the reader sleeps on: the ready list of a sender's inbox, in small.
struct Bell {
    rung: Mutex<bool>,
    changed: Condvar,
}

/// How the reader empties the ring.
type Take = fn(&Ring<u32>, &Mutex<()>, &mut VecDeque<u32>) -> u64;

fn explore(take: Take) {
    loom::model(move || {
        let ring = Arc::new(Ring::new(8));
        let bell = Arc::new(Bell { rung: Mutex::new(false), changed: Condvar::new() });
        let writers = [1, 2].map(|item| {
            let (ring, bell) = (ring.clone(), bell.clone());
            thread::spawn(move || {
                if ring.put(item, true) {
                    *bell.rung.lock() = true;
                    bell.changed.notify_one();
                }
            })
        });
        let (between, mut got, mut items) = (Mutex::new(()), 0, VecDeque::new());
        while got < 2 {
            let mut rung = bell.rung.lock();
            while !*rung {
                bell.changed.wait(&mut rung);
            }
            *rung = false;
            drop(rung);
            assert_eq!(take(&ring, &between, &mut items), 0, "nothing is dropped below the bound");
            got += items.drain(..).count();
        }
        for writer in writers {
            writer.join().expect("it ends");
        }
    });
}

#[test]
fn no_item_is_left_behind() {
    explore(|ring, _, items| ring.take(items));
}

#[test]
fn a_reader_that_takes_the_bell_down_too_late_is_noticed() {
    let late: Take = |ring, between, items| {
        let dropped = ring.take(items);
        drop(between.lock());
        // What comes here finds the bell up again, and is thrown away with it.
        dropped + ring.take(&mut VecDeque::new())
    };
    assert!(catch_unwind(AssertUnwindSafe(|| explore(late))).is_err(), "the model sees a lost item");
}

#[test]
fn what_may_be_dropped_is_dropped_and_counted_at_the_bound() {
    loom::model(|| {
        let ring = Ring::new(2);
        let rings: Vec<bool> = (0..4).map(|item| ring.put(item, true)).collect();
        assert_eq!(rings, [true, false, false, false]);
        assert!(!ring.put(4, false), "what must arrive is taken past the bound");
        let mut items = VecDeque::new();
        assert_eq!(ring.take(&mut items), 2);
        assert_eq!(items, [0, 1, 4]);
        assert!(ring.put(5, true), "after a look the reader is woken again");
    });
}
