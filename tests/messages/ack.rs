//! Acknowledgements are never trusted, and never an exception.

use framewire::error::Status;
use framewire::message::ack::{self, Window};

/// A window of four, with messages up to `sent` gone out.
fn window(sent: u32) -> Window {
    let mut window = Window::new(4).expect("at least 1");
    window.sent(sent);
    window
}

fn text(n: impl std::fmt::Display) -> String {
    format!("{{\"ack\": {n}}}")
}

#[test]
fn a_window_of_nothing_is_refused() {
    assert_eq!(Window::new(0).expect_err("a deadlock").status(), Status::InvalidArgument);
}

#[test]
fn pacing_is_off_until_the_first_positive_acknowledgement() {
    let mut window = window(10);
    assert!(window.allows(1_000));
    assert!(!window.ack(text(0).as_bytes()));
    assert!(window.allows(1_000));
    assert!(window.ack(text(1).as_bytes()));
    assert!(window.allows(5) && !window.allows(6));
    assert_eq!(window.ignored(), 0);
}

#[test]
fn acknowledgements_are_cumulative() {
    let mut window = window(10);
    assert!(window.ack(text(3).as_bytes()) && window.ack(text(9).as_bytes()));
    assert!(window.allows(13) && !window.allows(14));
    assert!(!window.ack(text(9).as_bytes()), "said again, it says nothing new");
    assert_eq!((window.acked(), window.ignored()), (Some(9), 0));
}

#[test]
fn what_cannot_be_true_is_ignored_and_counted() {
    let mut window = window(10);
    assert!(window.ack(text(5).as_bytes()));
    let bomb = "[".repeat(100_000);
    let deep = format!("{{\"ack\":{}", "[".repeat(200));
    let long = format!("{{\"ack\": 6{}}}", " ".repeat(1_000));
    let numbers = [
        "-1",
        "-0",
        "5.5",
        "6.0",
        "1e1",
        "11",
        "4",
        "0",
        "4294967296",
        "99999999999999999999",
        "1e999",
        "NaN",
    ];
    let others = ["\"6\"", "null", "true", "[6]", "{\"ack\":6}", "06", "+6", "6,"];
    let numbers = numbers.iter().chain(&others).map(text);
    let texts = [
        "",
        " ",
        "6",
        "ack",
        "{}",
        "[]",
        "{\"Ack\": 6}",
        "{\"ack\" 6}",
        "{\"ack\": 6",
        "\u{feff}{\"ack\": 6}",
    ];
    let all = numbers.chain(texts.map(String::from)).chain([bomb, deep, long]);
    let mut count = 0;
    for text in all {
        count += 1;
        assert!(!window.ack(text.as_bytes()), "{:.40}", text);
        assert_eq!((window.acked(), window.ignored()), (Some(5), count), "{:.40}", text);
    }
    window.ack(b"{\"ack\": \xff}");
    assert_eq!(window.ignored(), count + 1);
}

#[test]
fn nothing_is_acknowledged_before_anything_was_sent() {
    let mut window = Window::new(4).expect("at least 1");
    assert!(!window.ack(text(1).as_bytes()));
    assert_eq!((window.acked(), window.ignored()), (None, 1));
}

#[test]
fn a_window_at_the_end_of_the_numbers_does_not_wrap() {
    let mut window = window(u32::MAX);
    assert!(window.ack(text(u32::MAX - 1).as_bytes()));
    assert!(window.allows(u32::MAX));
    assert_eq!(ack::parse(text(u64::MAX).as_bytes()), Some(u64::MAX));
}
