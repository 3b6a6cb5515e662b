use super::*;
use crate::error::Status;
use std::sync::mpsc;
use std::thread;

fn about(object: u64) -> Event {
    Event { kind: EventKind::PeerState, object: Id(object), stream: None, value: 0, text: String::new() }
}

fn readable(events: &Events) -> bool {
    crate::native::eventfd::readable(events.descriptor().expect("a queue without callback has one"))
}

#[test]
fn the_oldest_goes_when_it_is_full_and_is_counted() {
    let events = Events::new(2).expect("there");
    (1..=5).for_each(|n| events.post(about(n)));
    let (first, lost) = events.next_counted(Some(Duration::ZERO)).expect("there");
    assert_eq!((first.object, lost), (Id(4), 3));
    let (second, lost) = events.next_counted(None).expect("there");
    assert_eq!((second.object, lost), (Id(5), 0));
    assert_eq!(events.next(Duration::ZERO).expect_err("refused").status(), Status::Timeout);
}

#[test]
fn the_descriptor_is_readable_exactly_while_something_waits() {
    let events = Events::new(8).expect("there");
    events.post(about(1));
    assert!(readable(&events), "asked for after the first event");
    events.post(about(2));
    events.next(Duration::ZERO).expect("there");
    assert!(readable(&events));
    events.next(Duration::ZERO).expect("there");
    assert!(!readable(&events));
    events.post(about(3));
    assert!(readable(&events));
    events.forget(Id(3));
    assert!(!readable(&events));
}

#[test]
fn a_waiter_wakes_for_an_event_and_for_the_end() {
    let events = Events::new(8).expect("there");
    let waiter = {
        let events = events.clone();
        thread::spawn(move || [events.next(Duration::MAX), events.next(Duration::MAX)])
    };
    events.post(about(7));
    while events.queue.waits() {
        thread::yield_now();
    }
    events.close();
    let [first, second] = waiter.join().expect("there");
    assert_eq!(first.expect("there").object, Id(7));
    assert_eq!(second.expect_err("refused").status(), Status::Closed);
    events.post(about(8));
    assert_eq!(events.next(Duration::ZERO).expect_err("refused").status(), Status::Closed);
}

#[test]
fn forget_waits_for_the_running_call_and_nothing_comes_after_it() {
    const LEFT: Id = Id(100);
    const FORGOTTEN: Id = Id(200);
    let (entered, on_entry) = mpsc::channel();
    let (leave, may_leave) = mpsc::channel::<()>();
    let forgotten = entered.clone();
    let events = Events::with_callback(8, move |event| {
        entered.send(event.object).expect("there");
        may_leave.recv().expect("there");
        entered.send(LEFT).expect("there");
    })
    .expect("there");
    [1, 3, 2].into_iter().for_each(|object| events.post(about(object)));
    assert_eq!(on_entry.recv(), Ok(Id(1)));
    let forgetter = {
        let events = events.clone();
        thread::spawn(move || {
            events.forget(Id(1));
            forgotten.send(FORGOTTEN).expect("there");
        })
    };
    // News of another object, which only waits, goes without waiting for the call.
    events.forget(Id(3));
    leave.send(()).expect("there");
    leave.send(()).expect("there");
    forgetter.join().expect("there");
    let told: Vec<Id> = on_entry.iter().take(4).collect();
    let at = |id| told.iter().position(|told| *told == id).expect("told");
    assert!(at(LEFT) < at(FORGOTTEN), "forget has waited: {told:?}");
    assert!(at(Id(2)) > at(LEFT) && !told.contains(&Id(3)), "what waited about 3 is gone: {told:?}");
}

#[test]
fn a_callback_that_does_not_return_is_waited_for_one_second() {
    let (entered, on_entry) = mpsc::channel();
    let (leave, may_leave) = mpsc::channel::<()>();
    let events = Events::with_callback(8, move |_| {
        entered.send(()).expect("there");
        let _ = may_leave.recv();
    })
    .expect("there");
    events.post(about(1));
    on_entry.recv().expect("there");
    let start = std::time::Instant::now();
    events.forget(Id(1));
    let took = start.elapsed();
    assert!(took >= Duration::from_secs(1) && took < Duration::from_millis(1500), "{took:?}");
    drop(leave);
}

#[test]
fn ending_it_inside_its_callback_drops_the_callback_after_the_call() {
    struct Told(mpsc::Sender<&'static str>);
    impl Drop for Told {
        fn drop(&mut self) {
            self.0.send("dropped").expect("there");
        }
    }
    let (tell, told) = mpsc::channel();
    let slot = Arc::new(std::sync::OnceLock::<Arc<Events>>::new());
    let (inner, guard) = (slot.clone(), Told(tell));
    let events = Events::with_callback(8, move |event| {
        let events = inner.get().expect("set before the post");
        events.forget(event.object);
        events.close();
        guard.0.send("called").expect("there");
    })
    .expect("there");
    assert!(slot.set(events.clone()).is_ok());
    [1, 2].into_iter().for_each(|object| events.post(about(object)));
    assert_eq!([told.recv(), told.recv()], [Ok("called"), Ok("dropped")]);
    assert!(told.recv().is_err(), "called once, dropped once");
}

#[test]
fn close_returns_after_the_callback_is_dropped() {
    let witness = Arc::new(());
    let held = witness.clone();
    let events = Events::with_callback(8, move |_| drop(held.clone())).expect("there");
    events.post(about(1));
    events.close();
    assert_eq!(Arc::strong_count(&witness), 1);
}

#[test]
fn who_is_not_alive_is_not_heard_of() {
    let events = Events::about(8, |id| id != Id(1));
    [1, 2].into_iter().for_each(|object| events.post(about(object)));
    assert_eq!(events.next(Duration::ZERO).expect("there").object, Id(2));
    assert!(events.next(Duration::ZERO).is_err());
}
