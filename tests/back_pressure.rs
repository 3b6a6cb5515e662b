//! Framed messages over real channels: who does not take them, who calls them off, who takes turns with them,
//! and acknowledgements that lie.

mod common;

use common::relay::Relay;
use common::taker::{self, Stalled, Taker};
use common::watcher::PATIENCE;
use framewire::channel::{Channel, ChannelOptions, ChannelState, Unsent};
use framewire::error::Status;
use framewire::message::chunk::{CHUNK_SIZE, HEADER, Header};
use framewire::message::fair::AT_ONCE;
use framewire::message::reassemble::{Incoming, Limits, Reassembler};
use framewire::message::sender::Mode;
use framewire::peer::{Peer, PeerOptions};
use framewire::results::{Results, ResultsOptions};
use framewire::time::clock;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};
use std::{fs, thread};

const MEGABYTE: usize = 1 << 20;

#[test]
#[ignore = "the other side of the tests here"]
fn the_one_that_stalls() {
    taker::stall();
}

fn peer(probe_candidates: bool) -> Peer {
    let media_address = Some([127, 0, 0, 1].into());
    let options =
        PeerOptions { media_address, probe_candidates, accept_channels: true, ..PeerOptions::default() };
    Peer::new(options).expect("a peer")
}

fn labelled(label: &str) -> ChannelOptions {
    ChannelOptions { label: label.into(), ..ChannelOptions::default() }
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "{what}");
        thread::park_timeout(Duration::from_millis(2));
    }
}

fn open(channel: &Channel) {
    until("it opens", || channel.state() == ChannelState::Open);
}

/// A channel to somebody who reads nothing.
fn stalled() -> (Peer, Channel, Stalled) {
    let peer = peer(true);
    let channel = peer.channel(labelled("x")).expect("before the offer");
    let (stalled, answer) = Stalled::answering(&peer.offer(PATIENCE).expect("an offer"));
    peer.accept(&answer, PATIENCE).expect("it is accepted");
    open(&channel);
    (peer, channel, stalled)
}

/// What is left of a message that `end` ends once no more of it goes out.
fn ended_by(channel: &Channel, end: impl FnOnce()) -> Unsent {
    let sending = {
        let channel = channel.clone();
        thread::spawn(move || channel.send_framed(1, vec![7; 32 * MEGABYTE], 2 * PATIENCE))
    };
    // Whoever waits for room waits for somebody to read.
    until("it stalls", || channel.buffered() > 0 && channel.stats().bytes_sent > TRANSPORT as u64);
    end();
    sending.join().expect("no panic").expect_err("nobody takes it")
}

fn assert_some(unsent: &Unsent, status: Status, channel: &Channel) {
    assert_eq!(unsent.error.status(), status, "{unsent:?}");
    assert_eq!(u64::from(unsent.chunks), channel.stats().messages_sent);
    let whole = (32 * MEGABYTE).div_ceil(CHUNK_SIZE) as u32;
    assert!((1..whole).contains(&unsent.chunks), "{unsent:?} of {whole}");
}

#[test]
fn who_waits_in_vain_is_told_and_how_much_went_out() {
    let (_peer, channel, _stalled) = stalled();
    let message = vec![7; 32 * MEGABYTE];
    let unsent = channel.send_framed(1, message, Duration::from_millis(500)).expect_err("nobody takes it");
    assert_some(&unsent, Status::Timeout, &channel);
    assert!(channel.buffered() <= AT_ONCE + CHUNK_SIZE + HEADER);
    let unsent = channel.send_framed(2, *b"x", Duration::ZERO).expect_err("there is no room");
    assert_eq!((unsent.chunks, unsent.error.status()), (0, Status::Timeout));
}

#[test]
fn what_is_called_off_says_how_much_went_out_and_the_channel_lives_on() {
    let (_peer, channel, _stalled) = stalled();
    let unsent = ended_by(&channel, || channel.cancel());
    assert_some(&unsent, Status::Cancelled, &channel);
    assert_eq!(channel.state(), ChannelState::Open);
    // What was called off is over: it does not end the next.
    let unsent = channel.send_framed(2, *b"x", Duration::ZERO).expect_err("there is no room");
    assert_eq!(unsent.error.status(), Status::Timeout);
}

#[test]
fn an_end_of_the_channel_or_its_peer_says_how_much_went_out() {
    let (_peer, channel, _stalled) = stalled();
    let unsent = ended_by(&channel, || channel.close());
    assert_some(&unsent, Status::Closed, &channel);
    assert_eq!(unsent.error.sentence(), "it was closed");

    let (peer, channel, _stalled) = stalled();
    let unsent = ended_by(&channel, || peer.close());
    assert_some(&unsent, Status::Closed, &channel);
    assert_eq!(channel.send_framed(2, *b"x", PATIENCE).expect_err("over").chunks, 0);
}

#[test]
fn a_remote_that_closes_in_the_middle_is_no_timeout() {
    let (ours, theirs) = (peer(true), peer(true));
    let channel = ours.channel(labelled("x")).expect("before the offer");
    let answer = theirs.answer(&ours.offer(PATIENCE).expect("an offer"), PATIENCE).expect("an answer");
    ours.accept(&answer, PATIENCE).expect("it is accepted");
    open(&channel);
    // It keeps sixteen megabytes, then closes.
    let unsent = channel.send_framed(1, vec![7; 32 * MEGABYTE], PATIENCE).expect_err("it closes");
    assert_some(&unsent, Status::Closed, &channel);
    assert_eq!(unsent.error.sentence(), "the remote closed it");
}

#[test]
fn before_a_channel_is_open_nothing_is_sent() {
    let channel = peer(true).channel(labelled("x")).expect("before the offer");
    // The peer has gone with its last handle.
    assert_eq!(channel.send_framed(1, *b"x", PATIENCE).expect_err("closed").error.status(), Status::Closed);
    let peer = peer(true);
    let channel = peer.channel(labelled("x")).expect("before the offer");
    let unsent = channel.send_framed(1, *b"x", PATIENCE).expect_err("not open");
    assert_eq!((unsent.chunks, unsent.error.status()), (0, Status::InvalidState));
}

/// Somebody of another making who takes messages, and what came, in its order on the wire.
fn taker(peer: &Peer) -> (Taker, Receiver<(String, Vec<u8>)>) {
    let (out, came) = channel();
    let take =
        move |label: &str, message: &[u8]| out.send((label.to_owned(), message.to_vec())).unwrap_or(());
    let (taker, answer) = Taker::answering(&peer.offer(PATIENCE).expect("an offer"), Arc::new(take));
    peer.accept(&answer, PATIENCE).expect("it is accepted");
    (taker, came)
}

/// Different in each place.
fn content(of: u32, bytes: usize) -> Vec<u8> {
    (0..bytes as u32).map(|n| (n.wrapping_mul(of * 2 + 1) >> 7) as u8).collect()
}

#[test]
fn messages_of_several_threads_on_one_channel_all_come_whole() {
    let peer = peer(true);
    let channel = peer.channel(labelled("x")).expect("before the offer");
    let (_taker, came) = taker(&peer);
    open(&channel);
    let sizes = [0, 1, CHUNK_SIZE, CHUNK_SIZE + 1, 3 * MEGABYTE, 5 * MEGABYTE];
    thread::scope(|scope| {
        for (id, size) in (0..).zip(sizes) {
            let channel = &channel;
            let chunks = size.div_ceil(CHUNK_SIZE).max(1) as u32;
            scope.spawn(move || assert_eq!(channel.send_framed(id, content(id, size), PATIENCE), Ok(chunks)));
        }
        let (mut reassembler, mut whole) = (Reassembler::new(Limits::default()), 0);
        while whole < sizes.len() {
            let (_, chunk) = came.recv_timeout(PATIENCE).expect("a chunk");
            reassembler.push(&chunk, clock::now(), &mut |incoming| match incoming {
                Incoming::Message { id, data } => {
                    assert!(data == content(id, sizes[id as usize]), "message {id}");
                    whole += 1;
                }
                other => panic!("{other:?}"),
            });
        }
    });
}

/// A message that tells each time it is looked at, which is where a chunk of it is handed over.
struct Watched<F>(Vec<u8>, F);

impl<F: Fn()> AsRef<[u8]> for Watched<F> {
    fn as_ref(&self) -> &[u8] {
        (self.1)();
        &self.0
    }
}

/// Whether a thread of ours waits for something.
fn asleep(thread: &str) -> bool {
    let state = fs::read_to_string(format!("/proc/self/task/{thread}/stat")).expect("it lives");
    state.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('S'))
}

#[test]
fn a_small_message_is_handed_over_before_any_more_of_a_large_one() {
    let (ours, take) = (peer(false), Arc::new(|_: &str, _: &[u8]| ()));
    let [large, small] =
        ["large", "small"].map(|label| ours.channel(labelled(label)).expect("before the offer"));
    let (mut taker, offer) = Taker::offering(take);
    let (relay, answer) = Relay::between(&ours.answer(&offer, PATIENCE).expect("an answer"), 1);
    taker.accept(&answer);
    [&large, &small].into_iter().for_each(open);

    // Nothing passes: what goes out of the large one is what the transport can hold.
    relay.silence(true);
    let sending = {
        let large = large.clone();
        thread::spawn(move || large.send_framed(1, vec![7; 64 * MEGABYTE], 2 * PATIENCE))
    };
    until("it stalls", || large.buffered() > 0);
    let ahead = large.stats();
    assert!(ahead.bytes_sent <= (TRANSPORT + AT_ONCE + CHUNK_SIZE + HEADER) as u64, "{ahead:?}");
    let ((told, thread), (seen, before)) = (channel(), channel());
    let waiting = {
        let (small, large) = (small.clone(), large.clone());
        let look = move || seen.send(large.stats().messages_sent).expect("it is listened to");
        thread::spawn(move || {
            let own = fs::read_link("/proc/thread-self").expect("procfs");
            told.send(own.file_name().expect("a number").to_string_lossy().into_owned()).expect("it waits");
            small.send_framed(1, Watched(vec![7; 100], look), 2 * PATIENCE)
        })
    };
    let thread = thread.recv().expect("it begins");
    until("the small one waits", || asleep(&thread));
    assert_eq!(small.stats().messages_sent, 0, "the queue is full");
    relay.silence(false);
    assert_eq!(waiting.join().expect("no panic"), Ok(1));
    assert_eq!(before.iter().last(), Some(ahead.messages_sent));
    large.cancel();
    assert_eq!(sending.join().expect("no panic").expect_err("called off").error.status(), Status::Cancelled);
}

/// What SCTP holds that has not been acknowledged.
const TRANSPORT: usize = 256 << 10;

#[test]
fn acknowledgements_that_lie_move_nothing_and_are_counted() {
    let results = Results::new(ResultsOptions { mode: Mode::File, ..ResultsOptions::default() });
    let results = results.expect("a feed");
    let (sends, takes) = (peer(true), peer(true));
    sends.results(&results).expect("before the offer");
    let answer = takes.answer(&sends.offer(PATIENCE).expect("an offer"), PATIENCE).expect("an answer");
    sends.accept(&answer, PATIENCE).expect("it is accepted");
    let channel = takes.next_channel(Some(PATIENCE)).expect("it arrives");
    let next = || {
        let chunk = channel.next(Some(PATIENCE)).expect("a result").data;
        Header::read(&chunk).expect("a chunk").0.id
    };
    (1..=10).for_each(|id| results.send(id, vec![7]).expect("there is room"));
    assert!((1..=10).all(|id| next() == id), "nothing paces before the first acknowledgement");
    (11..=20).for_each(|id| results.send(id, vec![7]).expect("there is room"));
    assert!((11..=20).all(|id| next() == id));

    let bomb = "[".repeat(200_000);
    let deep = format!("{{\"ack\": {}1{}}}", "[".repeat(100), "]".repeat(100));
    let lies = [
        r#"{"ack": -1}"#,
        r#"{"ack": 1.5}"#,
        r#"{"ack": 1e300}"#,
        r#"{"ack": 1e2}"#,
        r#"{"ack": 18446744073709551616}"#,
        r#"{"ack": 4294967295}"#,
        r#"{"ack": 21}"#,
        r#"{"ack": "20"}"#,
        r#"{"ack": null}"#,
        r#"{"ack": true}"#,
        r#"{"ack": [20]}"#,
        r#"{"ack"#,
        r#"{"ok": 20}"#,
        "[20]",
        "20",
        "hello",
        "",
        &bomb,
        &deep,
    ];
    lies.iter().for_each(|lie| channel.send(lie.as_bytes(), true).expect("it is open"));
    channel.send(&[0xff; 20], false).expect("it is open");
    let lied = lies.len() as u64 + 1;
    until("each is counted", || results.stats().acks_ignored >= lied);
    assert_eq!(results.stats().acks_ignored, lied);

    // The window is where the truth has it: 20 and four more.
    channel.send(br#"{"ack": 20}"#, true).expect("it is open");
    // Again and again is no lie, and no more room either.
    (0..1_000).for_each(|_| channel.send(br#"{"ack": 20}"#, true).expect("it is open"));
    channel.send(br#"{"ack": 19}"#, true).expect("it is open");
    until("who goes back is counted", || results.stats().acks_ignored == lied + 1);
    (21..=30).for_each(|id| results.send(id, vec![7]).expect("there is room"));
    assert!((21..=24).all(|id| next() == id));
    let early = channel.next(Some(Duration::from_millis(200)));
    assert_eq!(early.expect_err("25 is beyond the window").status(), Status::Timeout);
    channel.send(br#"{"ack": 24}"#, true).expect("it is open");
    assert!((25..=28).all(|id| next() == id));

    let closed = ResultsOptions { window: 0, ..ResultsOptions::default() };
    assert_eq!(Results::new(closed).expect_err("nothing could be sent").status(), Status::InvalidArgument);
}
