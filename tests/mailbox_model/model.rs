//! What a mailbox promises, tried in every order that its threads can take. A lost wake-up shows as a
//! deadlock, which loom reports.

use super::mailbox::{Counts, Mailbox, Pushed, Take};
use crate::time::{Time, clock};
use loom::sync::atomic::AtomicBool;
use loom::thread::{JoinHandle, spawn};
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Weak};

/// Each promise and the model that tries it.
pub const PROMISES: [(&str, fn()); 6] = [
    ("no wake-up is lost", no_wakeup_is_lost),
    ("every item is counted and closed wins", every_item_is_counted_and_closed_wins),
    ("close wakes every waiter", close_wakes_every_waiter),
    ("the newest wins", the_newest_wins),
    ("items are dropped outside the lock", items_are_dropped_outside_the_lock),
    ("a deadline loses nothing", a_deadline_loses_nothing),
];

/// What a thread beside the taker does, in turn.
type Script = &'static [Act];

#[derive(Clone, Copy)]
enum Act {
    Push,
    Signal,
    Close,
}
use Act::{Close, Push, Signal};

fn no_wakeup_is_lost() {
    const SCRIPTS: [&[Script]; 2] = [&[&[Push], &[Push], &[Signal]], &[&[Push, Signal], &[Push]]];
    play(&SCRIPTS, |stage| {
        let mut signals = 0;
        while stage.told.taken.load(SeqCst) == 0 || signals == 0 {
            match stage.take() {
                Take::Item(_) => {}
                Take::Signal => {
                    signals += 1;
                    assert_eq!(signals, 1, "a signal is told once");
                }
                other => panic!("{other:?}, but nobody closed it and there is no deadline"),
            }
        }
    });
}

fn every_item_is_counted_and_closed_wins() {
    const SCRIPTS: [&[Script]; 3] = [
        &[&[Push], &[Close, Push]],
        &[&[Push], &[Push], &[Close]],
        &[&[Push, Push], &[Push, Signal, Close, Close]],
    ];
    play(&SCRIPTS, |stage| while !matches!(stage.take(), Take::Closed) {});
}

fn close_wakes_every_waiter() {
    explore(true, || {
        let stage = Stage::<Item>::default();
        let take = |mailbox: &Mailbox<Item>| assert!(matches!(mailbox.take(None), Take::Closed));
        let waiters = [stage.with(take), stage.with(take)];
        stage.mailbox.close();
        join(waiters);
    });
}

fn the_newest_wins() {
    explore(true, || {
        let stage = Stage::<u32>::default();
        let producer = stage.with(|mailbox| (1..=3).for_each(|n| _ = mailbox.push(n).expect("open")));
        let mut last = 0;
        while last != 3 {
            let Take::Item(item) = stage.mailbox.take(None) else { panic!("only items") };
            assert!(item > last, "{item} after {last}");
            last = item;
        }
        join([producer]);
    });
}

fn items_are_dropped_outside_the_lock() {
    /// What an application's release callback may do.
    struct Calls(Weak<Mailbox<Calls>>);
    impl Drop for Calls {
        fn drop(&mut self) {
            self.0.upgrade().map(|mailbox| mailbox.counts());
        }
    }
    explore(true, || {
        let stage = Stage::<Calls>::default();
        let push = || {
            let weak = Arc::downgrade(&stage.mailbox);
            stage.with(|mailbox| drop(mailbox.push(Calls(weak))))
        };
        let producers = [push(), push()];
        stage.mailbox.close();
        join(producers);
    });
}

fn a_deadline_loses_nothing() {
    const DEADLINE: u64 = 2;
    explore(true, || {
        clock::reset();
        let stage = Stage::<u32>::default();
        let done_at = Arc::new([0, 1].map(|_| AtomicU64::new(u64::MAX)));
        let act = |n: usize, act: fn(&Mailbox<u32>)| {
            let done_at = done_at.clone();
            stage.with(move |mailbox| {
                act(mailbox);
                done_at[n].store(clock::now(), SeqCst);
            })
        };
        let others = [act(0, |mailbox| _ = mailbox.push(1).expect("open")), act(1, Mailbox::signal)];
        let first = stage.mailbox.take(Some(Time(DEADLINE)));
        if first == Take::Timeout {
            let in_time = done_at.iter().any(|done| done.load(SeqCst) < DEADLINE);
            assert!(!in_time, "what came before the deadline is told before the time-out");
        }
        join(others);
        let rest = [(); 2].map(|()| stage.mailbox.take(Some(Time(0))));
        let all: Vec<_> = [first].into_iter().chain(rest).filter(|take| *take != Take::Timeout).collect();
        assert!(
            all.len() == 2 && all.contains(&Take::Item(1)) && all.contains(&Take::Signal),
            "both are told: {all:?}"
        );
    });
}

/// Each of `scripts` with `taker`, then what holds after every one of them.
fn play(scripts: &'static [&[Script]], taker: fn(&Stage<Item>)) {
    for scripts in scripts {
        let every_order = scripts.len() == 2 && scripts.concat().len() <= 3;
        explore(every_order, move || {
            let stage = Stage::<Item>::default();
            let actors = scripts.iter().map(|script| stage.play(script)).collect::<Vec<_>>();
            taker(&stage);
            join(actors);

            let Counts { pushed, taken, evicted, refused, waiting } = stage.mailbox.counts();
            let [were_taken, were_evicted, were_refused, alive] = stage.told.figures();
            assert_eq!(pushed, taken + evicted + refused + waiting, "every item is counted");
            assert_eq!((taken, refused), (were_taken, were_refused), "each in the right place");
            assert_eq!(waiting, alive, "what does not wait is released");
            if stage.told.closed.load(SeqCst) {
                assert!(evicted - were_evicted <= 1, "close releases one at most, and who evicts is told");
                assert!(matches!(stage.mailbox.take(None), Take::Closed), "closed is for ever");
                assert_eq!(waiting, 0, "nothing waits in a closed mailbox");
            } else {
                assert_eq!(evicted, were_evicted, "who evicts is told");
            }
        });
    }
}

/// Every order, or where there are millions those with up to three preemptions
/// (`LOOM_MAX_PREEMPTIONS` says otherwise).
fn explore(every_order: bool, model: impl Fn() + Send + Sync + 'static) {
    let mut orders = loom::model::Builder::new();
    if !every_order {
        orders.preemption_bound = orders.preemption_bound.or(Some(3));
    }
    orders.check(model);
}

fn join(threads: impl IntoIterator<Item = JoinHandle<()>>) {
    threads.into_iter().for_each(|thread| thread.join().expect("a panic ends the model"));
}

/// A mailbox, and what those who play on it were told.
struct Stage<T> {
    mailbox: Arc<Mailbox<T>>,
    told: Arc<Told>,
}

#[derive(Default)]
struct Told {
    taken: AtomicU64,
    evicted: AtomicU64,
    refused: AtomicU64,
    /// Known to the model, which tries every order around it.
    closed: AtomicBool,
    alive: Arc<AtomicU64>,
}

impl<T> Default for Stage<T> {
    fn default() -> Self {
        Stage { mailbox: Arc::default(), told: Arc::default() }
    }
}

impl<T: 'static> Stage<T> {
    fn with(&self, act: impl FnOnce(&Mailbox<T>) + 'static) -> JoinHandle<()> {
        let mailbox = self.mailbox.clone();
        spawn(move || act(&mailbox))
    }
}

impl Stage<Item> {
    fn take(&self) -> Take<Item> {
        let closed = self.told.closed.load(SeqCst);
        let take = self.mailbox.take(None);
        assert!(!closed || matches!(take, Take::Closed), "{take:?}, but closed wins");
        self.told.taken.fetch_add(u64::from(matches!(take, Take::Item(_))), SeqCst);
        take
    }

    fn play(&self, script: Script) -> JoinHandle<()> {
        let told = self.told.clone();
        self.with(move |mailbox| script.iter().for_each(|act| told.play(*act, mailbox)))
    }
}

impl Told {
    fn figures(&self) -> [u64; 4] {
        [&self.taken, &self.evicted, &self.refused, &*self.alive].map(|figure| figure.load(SeqCst))
    }

    fn play(&self, act: Act, mailbox: &Mailbox<Item>) {
        match act {
            Signal => mailbox.signal(),
            Close => {
                mailbox.close();
                self.closed.store(true, SeqCst);
            }
            Push => {
                let closed = self.closed.load(SeqCst);
                self.alive.fetch_add(1, SeqCst);
                match mailbox.push(Item(self.alive.clone())) {
                    Ok(_) if closed => panic!("stored, but closed wins"),
                    Ok(Pushed::Stored) => {}
                    Ok(Pushed::Evicted) => _ = self.evicted.fetch_add(1, SeqCst),
                    Err(_) => _ = self.refused.fetch_add(1, SeqCst),
                }
            }
        }
    }
}

#[derive(Debug)]
struct Item(Arc<AtomicU64>);

impl Drop for Item {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}
