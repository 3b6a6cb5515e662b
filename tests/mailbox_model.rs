//! The mailbox under a model checker: every promise in every order of its threads, and every promise
//! seen to be broken by a mailbox with a planted bug.

#[path = "../src/mailbox.rs"]
mod mailbox;
#[path = "mailbox_model/model.rs"]
mod model;
#[path = "mailbox_model/mutants.rs"]
mod mutants;
#[path = "mailbox_model/sync.rs"]
mod sync;
#[path = "mailbox_model/time.rs"]
mod time;

#[test]
fn no_wakeup_is_lost() {
    keeps("no wake-up is lost");
}

#[test]
fn every_item_is_counted_and_closed_wins() {
    keeps("every item is counted and closed wins");
}

#[test]
fn close_wakes_every_waiter() {
    keeps("close wakes every waiter");
}

#[test]
fn the_newest_wins() {
    keeps("the newest wins");
}

#[test]
fn items_are_dropped_outside_the_lock() {
    keeps("items are dropped outside the lock");
}

#[test]
fn a_deadline_loses_nothing() {
    keeps("a deadline loses nothing");
}

#[test]
fn every_planted_bug_is_noticed() {
    let mutants = mutants::Mutants::build();
    assert_eq!(mutants::BUGS.map(|(promise, _)| promise), model::PROMISES.map(|(promise, _)| promise));
    let bugs = mutants::BUGS.iter().flat_map(|(promise, bugs)| bugs.iter().map(move |bug| (promise, bug)));
    let mut unnoticed = String::new();
    for (n, (promise, (bug, _, _, words))) in bugs.enumerate() {
        match mutants.complaint(n, promise) {
            None => unnoticed += &format!("\"{promise}\" does not notice that {bug}\n"),
            Some(complaint) if complaint.contains(words) => {}
            Some(other) => unnoticed += &format!("that {bug} makes \"{promise}\" say {other}\n"),
        }
    }
    assert!(unnoticed.is_empty(), "{unnoticed}");
}

fn keeps(promise: &str) {
    let (_, model) = model::PROMISES.into_iter().find(|(name, _)| *name == promise).expect("in the list");
    model();
}
