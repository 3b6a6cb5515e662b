mod model;
#[expect(dead_code, reason = "the other tests need more of it")]
#[path = "../../tests/common/rng.rs"]
mod rng;
mod threads;

use super::book::Book;
use super::{Arrival, Key, Outcome, TrackType};
use crate::time::Time;
use TrackType::{Audio, ScreenShare, Video};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
const TTL: Duration = Duration::from_secs(60);

/// A book with its clock; each resolve has a number.
struct Desk {
    book: Book<u32>,
    now: Time,
    asked: u32,
}

fn desk() -> Desk {
    Desk { book: Book::new(TTL, 1_000), now: Time(1_000_000), asked: 0 }
}

fn arrival(track: &str, user: Option<&str>, session: Option<&str>, track_type: TrackType) -> Arrival {
    let (user, session) = (user.map(Into::into), session.map(Into::into));
    Arrival { track: track.into(), user, session, kind: track_type.kind(), labels: Vec::new() }
}

impl Desk {
    fn register(&mut self, track: &str, user: Option<&str>, session: Option<&str>, track_type: TrackType) {
        self.book.register(arrival(track, user, session, track_type), self.now);
    }

    fn labelled(&mut self, track: &str, owner: Option<(&str, &str)>, label: &str) {
        let (user, session) = owner.unzip();
        let labels = vec![label.into()];
        self.book.register(Arrival { labels, ..arrival(track, user, session, Video) }, self.now);
    }

    fn ask(&mut self, user: &str, session: &str, track_type: TrackType, timeout: Duration) -> u32 {
        self.hinted(user, session, track_type, None, timeout)
    }

    fn hinted(
        &mut self,
        user: &str,
        session: &str,
        of: TrackType,
        hint: Option<&str>,
        timeout: Duration,
    ) -> u32 {
        self.asked += 1;
        let hint = hint.map(Into::into);
        self.book.resolve(Key::new(user, session, of), hint, timeout, self.asked, self.now);
        self.asked
    }

    /// What is there at once.
    fn get(&mut self, user: &str, session: &str, track_type: TrackType) -> Option<String> {
        let asked = self.ask(user, session, track_type, Duration::ZERO);
        match self.done().pop() {
            Some((who, found)) if who == asked => found,
            other => panic!("{other:?}"),
        }
    }

    /// Who is done, and with which track.
    fn done(&mut self) -> Vec<(u32, Option<String>)> {
        let track = |outcome| match outcome {
            Outcome::Track(track) => Some(track.to_string()),
            _ => None,
        };
        self.book.take_done().into_iter().map(|(asked, outcome)| (asked, track(outcome))).collect()
    }

    /// Lets time pass, with a look whenever it matters.
    fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(due) = self.book.deadline().filter(|due| *due <= until) {
            self.now = self.now.max(due);
            self.book.tick(self.now);
        }
        self.now = until;
    }
}

fn to(asked: u32, track: &str) -> (u32, Option<String>) {
    (asked, Some(track.into()))
}

#[test]
fn a_track_and_its_owner_find_one_another_in_either_order() {
    let mut desk = desk();
    desk.register("t1", Some("ann"), Some("a"), Video);
    assert_eq!(desk.get("ann", "a", Video).as_deref(), Some("t1"));
    let asked = desk.ask("ann", "a", Audio, 10 * SECOND);
    assert_eq!(desk.done(), []);
    desk.register("t2", Some("ann"), Some("a"), Audio);
    assert_eq!(desk.done(), [to(asked, "t2")]);
}

#[test]
fn a_known_key_is_told_again_also_after_unpublish() {
    let mut desk = desk();
    desk.register("t1", Some("ann"), Some("a"), Video);
    assert_eq!(desk.get("ann", "a", Video).as_deref(), Some("t1"));
    let key = Key::new("ann", "a", Video);
    assert_eq!(desk.book.unpublish(&key, desk.now).as_deref(), Some("t1"));
    assert_eq!(desk.get("ann", "a", Video).as_deref(), Some("t1"));
    assert_eq!(desk.book.unpublish(&Key::new("bob", "a", Video), desk.now), None);
}

#[test]
fn a_second_session_takes_the_first_ones_track_after_a_grace_and_the_old_key_is_gone() {
    let mut desk = desk();
    desk.register("t1", Some("ann"), Some("a"), Video);
    desk.get("ann", "a", Video);
    let asked = desk.ask("ann", "b", Video, 10 * SECOND);
    desk.pass(SECOND - Duration::from_micros(1));
    assert_eq!(desk.done(), [], "its own may be on its way");
    desk.pass(Duration::from_micros(1));
    assert_eq!(desk.done(), [to(asked, "t1")]);
    assert_eq!(desk.get("ann", "a", Video), None);
    let hurried = desk.ask("ann", "c", Video, SECOND);
    desk.pass(SECOND / 2);
    assert_eq!(desk.done(), [to(hurried, "t1")], "half of a short time-out");
}

#[test]
fn an_unpublished_track_goes_to_the_second_session_at_once() {
    let mut desk = desk();
    desk.register("t1", Some("ann"), Some("a"), Video);
    desk.get("ann", "a", Video);
    let asked = desk.ask("ann", "b", Video, 10 * SECOND);
    desk.book.unpublish(&Key::new("ann", "a", Video), desk.now);
    assert_eq!(desk.done(), [to(asked, "t1")]);
}

#[test]
fn two_devices_of_one_user_each_get_their_own() {
    let mut desk = desk();
    desk.register("t1", Some("ann"), Some("a"), Video);
    assert_eq!(desk.get("ann", "a", Video).as_deref(), Some("t1"));
    let asked = desk.ask("ann", "b", Video, 10 * SECOND);
    desk.pass(SECOND / 2);
    desk.register("t2", Some("ann"), Some("b"), Video);
    assert_eq!(desk.done(), [to(asked, "t2")]);
    assert_eq!(desk.get("ann", "a", Video).as_deref(), Some("t1"));
    assert_eq!(desk.get("ann", "c", Video), None, "two candidates are none");
}

#[test]
fn what_was_just_taken_over_is_not_taken_over_again_at_once() {
    let mut desk = desk();
    desk.register("t1", Some("ann"), Some("a"), Video);
    desk.get("ann", "a", Video);
    let (first, second) = (desk.ask("ann", "b", Video, 4 * SECOND), desk.ask("ann", "c", Video, 4 * SECOND));
    desk.pass(SECOND);
    assert_eq!(desk.done(), [to(first, "t1")]);
    desk.pass(SECOND);
    assert_eq!(desk.done(), [to(second, "t1")]);
}

#[test]
fn one_nameless_track_matches_and_two_are_ambiguous() {
    let mut desk = desk();
    desk.register("t1", None, None, Video);
    desk.register("t2", None, None, Audio);
    assert_eq!(desk.get("ann", "a", Video).as_deref(), Some("t1"));
    desk.register("t3", None, None, Video);
    desk.register("t4", None, None, Video);
    let asked = desk.ask("bob", "b", Video, 10 * SECOND);
    desk.pass(9 * SECOND);
    assert_eq!(desk.done(), []);
    desk.pass(SECOND);
    assert_eq!(desk.done(), [(asked, None)]);
}

#[test]
fn nothing_is_a_time_out_that_says_what_there_was() {
    let mut desk = desk();
    desk.register("t1", Some("bob"), Some("b"), Video);
    desk.register("t2", None, None, Audio);
    desk.get("bob", "b", Video);
    desk.ask("ann", "a", Video, SECOND);
    desk.pass(SECOND);
    let (_, outcome) = desk.book.take_done().pop().expect("it timed out");
    let sentence =
        "no track for (ann, a, Video) came in time; pending: t2 (?, ?, Audio); known: (bob, b, Video)";
    assert_eq!(outcome, Outcome::TimedOut(sentence.into()));
}

#[test]
fn a_cancel_ends_every_resolve_of_the_participant_and_is_not_remembered() {
    let mut desk = desk();
    desk.book.cancel("ann", "a", desk.now);
    let asked = [Video, Audio, Video].map(|of| desk.ask("ann", "a", of, 10 * SECOND));
    let other = desk.ask("ann", "b", Video, 10 * SECOND);
    desk.book.cancel("ann", "a", desk.now);
    assert_eq!(desk.book.take_done(), asked.map(|asked| (asked, Outcome::Cancelled)));
    desk.register("t1", Some("ann"), Some("b"), Video);
    assert_eq!(desk.done(), [to(other, "t1")]);
    desk.register("t2", Some("ann"), Some("a"), Video);
    desk.book.cancel("ann", "a", desk.now);
    assert_eq!(desk.get("ann", "a", Video), None, "the named pending went with it");
}

#[test]
fn a_stale_pending_does_not_make_a_fresh_one_ambiguous() {
    let mut desk = desk();
    desk.register("t1", None, None, Video);
    desk.pass(TTL - SECOND);
    desk.register("t2", None, None, Video);
    let asked = desk.ask("ann", "a", Video, 10 * SECOND);
    assert_eq!(desk.done(), []);
    desk.pass(SECOND);
    assert_eq!(desk.done(), [to(asked, "t2")], "as soon as the first is stale");
}

#[test]
fn a_register_again_keeps_a_pending_fresh() {
    let mut desk = desk();
    desk.register("t1", Some("ann"), None, Video);
    desk.pass(TTL - SECOND);
    desk.register("t1", None, Some("a"), Video);
    desk.pass(TTL - SECOND);
    assert_eq!(desk.get("bob", "a", Video), None, "what was known of it stays known");
    assert_eq!(desk.get("ann", "a", Video).as_deref(), Some("t1"));
}

#[test]
fn two_resolves_of_one_key_both_get_the_track() {
    let mut desk = desk();
    let asked = [desk.ask("ann", "a", Video, SECOND), desk.ask("ann", "a", Video, SECOND)];
    desk.register("t1", Some("ann"), Some("a"), Video);
    assert_eq!(desk.done(), asked.map(|asked| to(asked, "t1")));
}

#[test]
fn who_comes_back_or_publishes_again_has_a_new_track() {
    let mut desk = desk();
    desk.register("t1", Some("ann"), Some("a"), Video);
    desk.get("ann", "a", Video);
    desk.register("t2", Some("ann"), Some("a"), Video);
    assert_eq!(desk.get("ann", "a", Video).as_deref(), Some("t2"), "a republish");
    desk.book.forget("ann", "a", desk.now);
    assert_eq!(desk.get("ann", "a", Video), None);
    desk.register("t3", Some("ann"), Some("a"), Video);
    assert_eq!(desk.get("ann", "a", Video).as_deref(), Some("t3"), "a rejoin");
}

#[test]
fn camera_and_screen_are_told_apart_by_a_hint_else_by_their_order() {
    let mut desk = desk();
    desk.labelled("t1", Some(("ann", "a")), "mid-1");
    desk.labelled("t2", Some(("ann", "a")), "mid-2");
    let camera = desk.hinted("ann", "a", Video, Some("mid-2"), SECOND);
    assert_eq!(desk.done(), [to(camera, "t2")]);
    assert_eq!(desk.get("ann", "a", ScreenShare).as_deref(), Some("t1"));

    desk.register("t3", Some("bob"), Some("b"), Video);
    desk.register("t4", Some("bob"), Some("b"), Video);
    assert_eq!(desk.get("bob", "b", Video).as_deref(), Some("t3"));
    assert_eq!(desk.get("bob", "b", ScreenShare).as_deref(), Some("t4"));
}

#[test]
fn what_another_has_a_hint_to_is_left_to_it() {
    let mut desk = desk();
    let screen = desk.hinted("ann", "a", ScreenShare, Some("screen"), 10 * SECOND);
    let camera = desk.ask("ann", "a", Video, 10 * SECOND);
    desk.labelled("t1", Some(("ann", "a")), "screen");
    assert_eq!(desk.done(), [to(screen, "t1")]);
    desk.labelled("t2", Some(("ann", "a")), "camera");
    assert_eq!(desk.done(), [to(camera, "t2")]);

    let waits = desk.hinted("bob", "b", Video, Some("x"), SECOND);
    desk.labelled("t3", Some(("bob", "b")), "y");
    desk.pass(SECOND);
    assert_eq!(desk.done(), [(waits, None)], "it bears another label");
}

#[test]
fn a_hint_finds_a_nameless_track_among_many() {
    let mut desk = desk();
    for n in 1..4 {
        desk.labelled(&format!("t{n}"), None, &format!("mid-{n}"));
    }
    desk.hinted("ann", "a", Video, Some("mid-2"), Duration::ZERO);
    desk.hinted("bob", "b", Video, Some("t3"), Duration::ZERO);
    assert_eq!(desk.done(), [to(1, "t2"), to(2, "t3")]);
    assert_eq!(desk.get("eve", "e", Video).as_deref(), Some("t1"), "the only one left");
}

#[test]
fn a_half_known_track_matches_whom_it_does_not_contradict() {
    let mut desk = desk();
    desk.register("t1", Some("ann"), None, Video);
    desk.register("t2", None, Some("b"), Video);
    assert_eq!(desk.get("bob", "c", Video), None);
    assert_eq!(desk.get("bob", "b", Video).as_deref(), Some("t2"));
    assert_eq!(desk.get("ann", "a", Video).as_deref(), Some("t1"));
    desk.register("t3", Some("eve"), None, Video);
    desk.register("t4", None, Some("e"), Video);
    assert_eq!(desk.get("eve", "e", Video), None, "two may be it");
}

#[test]
fn a_track_that_turns_out_to_be_anothers_changes_hands() {
    let mut desk = desk();
    desk.register("t1", None, None, Video);
    assert_eq!(desk.get("ann", "a", Video).as_deref(), Some("t1"));
    let asked = desk.ask("bob", "b", Video, SECOND);
    desk.register("t1", Some("bob"), Some("b"), Video);
    assert_eq!(desk.done(), [to(asked, "t1")]);
    assert_eq!(desk.get("ann", "a", Video), None, "never two owners");
}

#[test]
fn a_track_that_is_gone_is_nobodys() {
    let mut desk = desk();
    desk.register("t1", Some("ann"), Some("a"), Video);
    desk.register("t2", Some("bob"), Some("b"), Video);
    desk.get("ann", "a", Video);
    assert!(!desk.book.withdraw("t1", desk.now) && desk.book.withdraw("t2", desk.now));
    assert!(!desk.book.withdraw("t3", desk.now));
    assert_eq!((desk.get("ann", "a", Video), desk.get("bob", "b", Video)), (None, None));
}

#[test]
fn nothing_is_kept_without_end() {
    let mut desk = desk();
    for n in 0..1_500 {
        desk.register(&format!("t{n}"), None, None, Video);
    }
    assert_eq!((desk.book.stats().pending, desk.book.stats().dropped), (1_000, 500));
    for n in 0..1_500 {
        let user = format!("u{n}");
        desk.register(&format!("k{n}"), Some(&user), Some("s"), Audio);
        desk.get(&user, "s", Audio);
    }
    assert_eq!(desk.book.stats().known, 1_000);
    assert_eq!(desk.get("u0", "s", Audio), None, "the oldest went");
    desk.pass(TTL);
    desk.book.tick(desk.now);
    assert_eq!(desk.book.stats().pending, 0);
}
