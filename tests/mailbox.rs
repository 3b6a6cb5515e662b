//! The mailbox with real locks, threads and clock; every order of its threads is in `mailbox_model.rs`.

use framewire::mailbox::{Counts, Mailbox, Pushed, Take};
use framewire::time::clock;
use std::thread;
use std::time::Duration;

#[test]
fn five_pushes_that_nobody_takes_are_four_evictions() {
    let mailbox = Mailbox::new();
    let pushed = [1, 2, 3, 4, 5].map(|n| mailbox.push(n).expect("open"));
    assert_eq!(pushed[0], Pushed::Stored);
    assert_eq!(pushed[1..], [Pushed::Evicted; 4]);
    assert_eq!(mailbox.counts(), Counts { pushed: 5, evicted: 4, waiting: 1, ..Counts::default() });
    assert_eq!(mailbox.take(None), Take::Item(5));
}

#[test]
fn the_end_comes_before_what_waits_and_a_signal_before_an_item() {
    let mailbox = Mailbox::new();
    mailbox.push(1).expect("open");
    mailbox.signal();
    assert_eq!([mailbox.take(None), mailbox.take(None)], [Take::Signal, Take::Item(1)]);
    mailbox.push(2).expect("open");
    mailbox.signal();
    mailbox.close();
    mailbox.close();
    assert_eq!((mailbox.take(None), mailbox.push(3)), (Take::Closed, Err(3)));
    let counts = Counts { pushed: 3, taken: 1, evicted: 1, refused: 1, waiting: 0 };
    assert_eq!(mailbox.counts(), counts);
}

#[test]
fn a_wait_ends_at_its_deadline_and_not_before() {
    let mailbox = Mailbox::<()>::new();
    let deadline = clock::now() + Duration::from_millis(3);
    assert_eq!(mailbox.take(Some(deadline)), Take::Timeout);
    assert!(clock::now() >= deadline);
    assert_eq!(mailbox.take(Some(deadline)), Take::Timeout, "at once");
}

#[test]
fn racing_producers_lose_nothing_uncounted() {
    let mailbox = Mailbox::new();
    let taken = thread::scope(|threads| {
        let taker = threads.spawn(|| {
            let mut taken = 0;
            loop {
                match mailbox.take(None) {
                    Take::Item(_) => taken += 1,
                    Take::Closed => return taken,
                    Take::Signal | Take::Timeout => {}
                }
            }
        });
        let push = || (0..10_000).filter(|n| mailbox.push(*n) == Ok(Pushed::Evicted)).count() as u64;
        let producers = [threads.spawn(push), threads.spawn(push)];
        let evicted: u64 = producers.map(|producer| producer.join().expect("no panic")).iter().sum();
        let counts = mailbox.counts();
        assert_eq!((counts.pushed, counts.evicted), (20_000, evicted));
        assert_eq!(counts.pushed, counts.taken + counts.evicted + counts.waiting);
        mailbox.close();
        taker.join().expect("no panic")
    });
    assert_eq!(mailbox.counts().taken, taken);
}
