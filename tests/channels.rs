//! Data channels between two peers: beside media and alone, made by either side.

mod common;

use common::watcher::PATIENCE;
use framewire::channel::{Channel, ChannelOptions, ChannelState};
use framewire::error::Status;
use framewire::events::{EventKind, Events};
use framewire::peer::{Peer, PeerOptions};
use framewire::source::{Source, SourceOptions};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

fn peer(accept_channels: bool, events: Option<&Arc<Events>>) -> Peer {
    let loopback: IpAddr = [127, 0, 0, 1].into();
    Peer::new(PeerOptions {
        events: events.cloned(),
        media_address: Some(loopback),
        probe_candidates: true,
        accept_channels,
        ..PeerOptions::default()
    })
    .expect("a peer")
}

fn labelled(label: &str) -> ChannelOptions {
    ChannelOptions { label: label.into(), ..ChannelOptions::default() }
}

fn connect(offers: &Peer, answers: &Peer) -> (String, String) {
    let offer = offers.offer(PATIENCE).expect("an offer");
    let answer = answers.answer(&offer, PATIENCE).expect("an answer");
    offers.accept(&answer, PATIENCE).expect("it is accepted");
    (offer, answer)
}

/// A channel that `offers` makes, and what `answers` has of it.
fn pair(offers: &Peer, answers: &Peer) -> (Channel, Channel) {
    let ours = offers.channel(labelled("results")).expect("before the offer");
    connect(offers, answers);
    let theirs = answers.next_channel(Some(PATIENCE)).expect("it arrives");
    assert_eq!(theirs.label(), "results");
    (ours, theirs)
}

fn exchange(a: &Channel, b: &Channel) {
    let long = vec![7; 200_000];
    for (from, to) in [(a, b), (b, a)] {
        for (message, text) in [("héllo".as_bytes(), true), (b"", true), (b"", false), (&long, false)] {
            from.send(message, text).expect("it is open");
            let came = to.next(Some(PATIENCE)).expect("it comes");
            assert_eq!((&came.data[..], came.text), (message, text));
        }
    }
}

#[test]
fn messages_go_both_ways_without_any_media() {
    let (offers, answers) = (peer(false, None), peer(true, None));
    let (ours, theirs) = pair(&offers, &answers);
    // What the other side made is open when it arrives; ours may open a moment later.
    theirs.send(b"first", false).expect("it is open");
    assert_eq!(ours.next(Some(PATIENCE)).expect("it comes").data, b"first");
    assert_eq!(ours.state(), ChannelState::Open);
    exchange(&ours, &theirs);
}

#[test]
fn both_sides_make_channels_beside_media() {
    let source = Source::new(SourceOptions::default()).expect("a source");
    let (offers, answers) = (peer(true, None), peer(true, None));
    offers.send(None, &source).expect("before the offer");
    let sink = framewire::sink::Sink::new(Default::default()).expect("a sink");
    answers.receive(None, &sink).expect("before the offer");
    let theirs = answers.channel(labelled("from the answerer")).expect("before the offer");
    let mine = offers.channel(labelled("from the offerer")).expect("before the offer");
    let (offer, answer) = connect(&offers, &answers);
    for description in [&offer, &answer] {
        assert!(description.contains("m=application") && description.contains("a=sctp-port:5000"));
    }
    let mine_there = answers.next_channel(Some(PATIENCE)).expect("it arrives");
    let theirs_here = offers.next_channel(Some(PATIENCE)).expect("it arrives");
    assert_eq!(mine_there.label(), "from the offerer");
    assert_eq!(theirs_here.label(), "from the answerer");
    mine_there.send(b"open", false).expect("it is open");
    theirs_here.send(b"open", false).expect("it is open");
    assert_eq!(mine.next(Some(PATIENCE)).expect("it comes").data, b"open");
    assert_eq!(theirs.next(Some(PATIENCE)).expect("it comes").data, b"open");
    exchange(&mine, &mine_there);
    exchange(&theirs, &theirs_here);
    // And later, without another offer.
    let late = offers.channel(labelled("late")).expect("data channels were negotiated");
    let late_there = answers.next_channel(Some(PATIENCE)).expect("it arrives");
    late_there.send(b"open", false).expect("it is open");
    assert_eq!(late.next(Some(PATIENCE)).expect("it comes").data, b"open");
}

#[test]
fn what_is_made_on_a_connection_that_stands_opens_and_brings_its_first_message() {
    let (offers, answers) = (peer(false, None), peer(true, None));
    let _first = pair(&offers, &answers);
    for _ in 0..100 {
        // The remote may have answered before our side has it in hand.
        let ours = offers.channel(labelled("late")).expect("data channels were negotiated");
        let theirs = answers.next_channel(Some(PATIENCE)).expect("it arrives");
        theirs.send(b"first", false).expect("it is open");
        assert_eq!(ours.next(Some(PATIENCE)).expect("it comes").data, b"first");
        assert_eq!(ours.state(), ChannelState::Open);
    }
}

#[test]
fn what_the_remote_makes_is_refused_by_who_does_not_accept_it() {
    let (offers, answers) = (peer(false, None), peer(false, None));
    let ours = offers.channel(labelled("x")).expect("before the offer");
    let offer = offers.offer(PATIENCE).expect("an offer");
    assert_eq!(answers.answer(&offer, PATIENCE).expect_err("nothing is taken").status(), Status::NotOffered);
    assert_eq!(ours.send(b"x", false).expect_err("not open").status(), Status::InvalidState);
}

#[test]
fn an_end_is_told_to_both_sides_after_what_was_sent() {
    let events = Events::new(100).expect("events");
    let (offers, answers) = (peer(false, Some(&events)), peer(true, None));
    let (ours, theirs) = pair(&offers, &answers);
    theirs.send(b"last", true).expect("it is open");
    theirs.close();
    assert_eq!(ours.next(Some(PATIENCE)).expect("it comes").data, b"last");
    let over = ours.next(Some(PATIENCE)).expect_err("it is closed");
    assert_eq!((over.status(), over.sentence()), (Status::Closed, "the remote closed it"));
    assert_eq!(theirs.send(b"x", false).expect_err("closed").status(), Status::Closed);
    let mut told = Vec::new();
    while let Ok(event) = events.next(Duration::from_millis(500)) {
        if event.object == ours.id() {
            told.push(event.kind);
        }
    }
    let expected = [EventKind::ChannelOpen, EventKind::ChannelMessage, EventKind::ChannelClosed];
    assert_eq!(told, expected);

    let another = offers.channel(labelled("another")).expect("the peer lives");
    let there = answers.next_channel(Some(PATIENCE)).expect("it arrives");
    offers.close();
    assert_eq!(another.state(), ChannelState::Closed);
    assert_eq!(there.next(Some(PATIENCE)).expect_err("the peer is over").status(), Status::Closed);
    assert_eq!(offers.channel(labelled("late")).expect_err("the peer is over").status(), Status::Closed);
    assert_eq!(answers.next_channel(Some(PATIENCE)).expect_err("over").status(), Status::Closed);
}

#[test]
fn what_is_wrong_with_a_message_is_said() {
    let (offers, answers) = (peer(false, None), peer(true, None));
    let (_ours, theirs) = pair(&offers, &answers);
    let long = vec![0; 262_145];
    assert_eq!(theirs.send(&long, false).expect_err("too long").status(), Status::Limit);
    assert_eq!(theirs.send(b"a\0b", true).expect_err("a NUL").status(), Status::InvalidArgument);
    assert_eq!(theirs.send(b"\xff", true).expect_err("not UTF-8").status(), Status::InvalidArgument);
    let both = ChannelOptions {
        max_retransmits: Some(1),
        max_lifetime: Some(Duration::from_secs(1)),
        ..ChannelOptions::default()
    };
    assert_eq!(offers.channel(both).expect_err("both").status(), Status::InvalidArgument);
}

#[test]
fn what_nobody_takes_is_bounded_at_both_ends() {
    let (offers, answers) = (peer(false, None), peer(true, None));
    let (ours, theirs) = pair(&offers, &answers);
    let message = vec![1; 200_000];
    // The other side takes 16 MiB in, then closes; before that, ours says "again" at 16 MiB of its own.
    let (mut sent, mut again) = (0, 0);
    let end = loop {
        match theirs.send(&message, false) {
            Ok(()) => sent += message.len(),
            Err(error) if error.status() == Status::Again => {
                again += 1;
                assert!(theirs.buffered() <= 16 << 20);
                std::thread::park_timeout(Duration::from_millis(5));
            }
            Err(error) => break error,
        }
        assert!(sent < 200 << 20, "it grows and grows");
    };
    assert_eq!(end.status(), Status::Closed, "after {again} times \"again\"");
    let mut taken = 0;
    let over = loop {
        match ours.next(Some(PATIENCE)) {
            Ok(message) => taken += message.data.len(),
            Err(error) => break error,
        }
    };
    assert!(taken <= 16 << 20 && taken > 15 << 20, "{taken}");
    assert_eq!(over.sentence(), "the program did not take what came");
}

#[test]
fn many_connections_between_the_same_two_sides_are_kept_apart() {
    let pairs: Vec<_> = (0..6)
        .map(|n| {
            let (offers, answers) = (peer(false, None), peer(true, None));
            let ours = offers.channel(labelled(&n.to_string())).expect("before the offer");
            connect(&offers, &answers);
            (offers, answers, ours, n.to_string())
        })
        .collect();
    for (_offers, answers, ours, label) in &pairs {
        let theirs = answers.next_channel(Some(PATIENCE)).expect("it arrives");
        assert_eq!(theirs.label(), label);
        theirs.send(label.as_bytes(), true).expect("it is open");
        assert_eq!(ours.next(Some(PATIENCE)).expect("it comes").data, label.as_bytes());
    }
}
