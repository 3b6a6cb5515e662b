//! Files that come over real channels: whole to one taker, or with a reason and without a trace.

mod common;
mod http_client;

use common::uploader::{Folder, Sending, Uploader, browser, chunk, labelled, wait_open};
use common::watcher::PATIENCE;
use crossbeam_channel::bounded;
use framewire::channel::Message;
use framewire::error::Status;
use framewire::events::{Event, EventKind, Events};
use framewire::message::upload::{UploadLimits, UploadState};
use framewire::peer::Peer;
use framewire::server::{Server, ServerOptions};
use framewire::sink::Sink;
use framewire::source::{Source, SourceOptions};
use framewire::uploads::{Taken, Uploads, UploadsOptions};
use std::fs;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A receiver and what it tells.
fn receiver(options: UploadsOptions) -> (Uploads, Arc<Events>) {
    let events = Events::new(10_000).expect("events");
    let uploads = Uploads::new(UploadsOptions { events: Some(events.clone()), ..options });
    (uploads.expect("a receiver"), events)
}

/// Bytes that tell their places.
fn file(length: usize) -> Vec<u8> {
    (0..length as u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

fn event(events: &Events) -> (EventKind, i64, String) {
    let Event { kind, value, text, stream, .. } = events.next(PATIENCE).expect("an event");
    assert_eq!(stream.as_deref(), Some("camera"));
    (kind, value, text)
}

fn take(uploads: &Uploads) -> Taken {
    uploads.next(Some(PATIENCE)).expect("a file is whole")
}

#[test]
fn a_file_comes_whole_and_exactly_one_taker_gets_it() {
    let folder = Folder::new("uploads-whole");
    let (uploads, events) = receiver(folder.options());
    assert_eq!(uploads.progress(None).expect("none yet").state, UploadState::Idle);
    let uploader = Uploader::of(&uploads);
    let (tell, outcomes) = bounded(4);
    for _ in 0..4 {
        let (uploads, tell) = (uploads.clone(), tell.clone());
        std::thread::spawn(move || tell.send(uploads.next(None)));
    }
    let outcome = || outcomes.recv_timeout(PATIENCE).expect("nobody waits for ever");
    let (sending, file) = (uploader.channel(), file(1_000_000));
    assert_eq!(folder.files(), 0, "nothing has come");
    sending.chunk(0, 21, &file[..49_152]);
    sending.keep_alive();
    let progress = uploads.progress(Some(1)).expect("it has begun");
    assert_eq!((progress.number, progress.peer), (1, uploader.program.id()));
    assert_eq!(
        (progress.received, progress.chunks, progress.state),
        (49_152, (1, 21), UploadState::Receiving)
    );
    sending.file(&file, 49_152);
    assert_eq!(sending.told(), r#"{"upload":"complete","bytes":1000000}"#);
    assert_eq!(event(&events), (EventKind::UploadStarted, 1, String::new()));
    assert_eq!(event(&events), (EventKind::UploadComplete, 1, String::new()));
    let taken = outcome().expect("the first gets it");
    uploads.close();
    for _ in 0..3 {
        assert_eq!(outcome().expect_err("there was one file").status(), Status::Closed);
    }
    assert_eq!((taken.number, taken.size), (1, 1_000_000));
    assert_eq!(fs::read(&taken.path).expect("it is the taker's"), file);
    assert_eq!(uploads.progress(Some(1)).expect("remembered").state, UploadState::Taken);
    assert_eq!(folder.files(), 1, "that file, and nothing else");
    assert_eq!(events.next(Duration::ZERO).expect_err("nothing more happened").status(), Status::Timeout);
}

#[test]
fn chunks_come_in_any_order_and_twice_and_keep_alives_go_back_as_they_came() {
    let folder = Folder::new("uploads-order");
    let (uploads, _) = receiver(folder.options());
    let uploader = Uploader::of(&uploads);
    let (sending, file) = (uploader.channel(), file(10_000));
    let total = 10_000_u32.div_ceil(777);
    for keep_alive in [(&b""[..], false), (b"", true), (b"x", false), (b"x", true)] {
        sending.channel.send(keep_alive.0, keep_alive.1).expect("it is open");
        let echo = sending.channel.next(Some(PATIENCE)).expect("it comes back");
        assert_eq!(echo, Message { data: keep_alive.0.to_vec(), text: keep_alive.1 });
    }
    assert_eq!(uploads.progress(None).expect("none yet").number, 0, "a keep-alive begins nothing");
    for index in (0..total).rev().chain([3, total - 1]).filter(|index| *index != 7) {
        let bytes = file.chunks(777).nth(index as usize).expect("it is one");
        (0..2).for_each(|_| sending.chunk(index, total, bytes));
    }
    sending.keep_alive();
    let progress = uploads.progress(None).expect("it has begun");
    assert_eq!((progress.received, progress.chunks), (10_000 - 777, (total - 1, total)));
    sending.chunk(7, total, &file[7 * 777..8 * 777]);
    assert_eq!(sending.told(), r#"{"upload":"complete","bytes":10000}"#);
    assert_eq!(fs::read(take(&uploads).path).expect("it is there"), file);

    // Many at once, which take several turns.
    let small = uploader.channel();
    small.file(&file[..5_000], 1);
    assert_eq!(small.told(), r#"{"upload":"complete","bytes":5000}"#);
    assert_eq!(fs::read(take(&uploads).path).expect("it is there"), file[..5_000]);

    // And an empty one, which is one chunk without bytes.
    let empty = uploader.channel();
    empty.chunk(0, 1, b"");
    assert_eq!(empty.told(), r#"{"upload":"complete","bytes":0}"#);
    let taken = take(&uploads);
    assert_eq!((fs::read(taken.path).expect("it is there"), taken.number), (Vec::new(), 3));
}

#[test]
fn each_broken_rule_is_told_to_both_sides_and_leaves_nothing_behind() {
    let folder = Folder::new("uploads-broken");
    let limits = UploadLimits { size: 10, ..UploadLimits::default() };
    let (uploads, events) = receiver(UploadsOptions { limits, ..folder.options() });
    let uploader = Uploader::of(&uploads);
    let first = || chunk(0, 4, b"ab");
    let broken = [
        (vec![first(), chunk(1, 5, b"cd")], "the total changed from 4 to 5"),
        (vec![first(), chunk(4, 4, b"cd")], "chunk 4 of 4: the index is out of range"),
        (vec![chunk(0, 0, b"")], "chunk 0 of 0: the index is out of range"),
        (vec![first(), chunk(1, 4, b"")], "chunk 1 of 4 is empty, and not the last"),
        (
            vec![first(), chunk(2, 4, b"c")],
            "chunks that come out of order must be equally large, all but the last",
        ),
        (vec![first(), b"1234567".to_vec()], "a message of 7 bytes is neither a chunk nor a keep-alive"),
        (vec![b"12".to_vec()], "a message of 2 bytes is neither a chunk nor a keep-alive"),
        (vec![chunk(0, 1, b"a"), chunk(0, 1, b"b")], "a second upload"),
        (vec![chunk(0, 1, b"12345678901")], "the file is larger than 10 bytes"),
        (vec![chunk(0, u32::MAX, b"1")], "the file is larger than 10 bytes"),
    ];
    for (n, (messages, why)) in broken.iter().enumerate() {
        let sending = uploader.channel();
        messages.iter().for_each(|message| sending.raw(message));
        if *why == "a second upload" {
            assert_eq!(sending.told(), r#"{"upload":"complete","bytes":1}"#);
        }
        assert_eq!(sending.failure(), *why);
        let told = loop {
            let (kind, number, text) = event(&events);
            assert_eq!(number, n as i64 + 1);
            if kind == EventKind::UploadFailed {
                break text;
            }
        };
        assert_eq!(told, *why);
        assert_eq!(uploads.progress(None).expect("it began").state, UploadState::Failed(told));
        assert_eq!(folder.files(), 0, "{why}");
    }
    let text = uploader.channel();
    text.channel.send(br#"{"ack": 1}"#, true).expect("it is open");
    assert_eq!(text.failure(), "a text is neither a chunk nor a keep-alive");
    let stats = uploads.stats();
    assert_eq!((stats.failed, stats.receiving, stats.waiting), (broken.len() as u64 + 1, 0, 0));
    assert_eq!(uploads.next(Some(Duration::ZERO)).expect_err("nothing is whole").status(), Status::Timeout);
}

#[test]
fn what_was_taken_stays_when_a_second_file_comes_on_its_channel() {
    let folder = Folder::new("uploads-second");
    let (uploads, events) = receiver(folder.options());
    let uploader = Uploader::of(&uploads);
    let sending = uploader.channel();
    sending.file(b"first", 2);
    sending.told();
    let taken = take(&uploads);
    sending.file(b"second", 6);
    assert_eq!(sending.failure(), "a second upload");
    assert_eq!(fs::read(taken.path).expect("it stays"), b"first");
    assert_eq!(event(&events).0, EventKind::UploadStarted);
    assert_eq!(event(&events).0, EventKind::UploadComplete);
    assert_eq!((uploads.stats().failed, folder.files()), (0, 1));
}

#[test]
fn of_two_at_once_on_one_connection_the_second_is_refused_and_the_first_completes() {
    let folder = Folder::new("uploads-two");
    let (uploads, _) = receiver(UploadsOptions { most: 2, ..folder.options() });
    let [one, other, third] = [(); 3].map(|()| Uploader::of(&uploads));
    let [first, second] = [one.channel(), one.channel()];
    first.chunk(0, 2, b"ab");
    first.keep_alive();
    second.chunk(0, 2, b"xy");
    assert_eq!(second.failure(), "a second upload of this connection at once");
    // Another connection's is nobody's second; but there is room for two.
    let elsewhere = other.channel();
    elsewhere.chunk(0, 2, b"12");
    elsewhere.keep_alive();
    let refused = third.channel();
    refused.chunk(0, 1, b"");
    assert_eq!(refused.failure(), "2 files come or wait to be taken already");
    first.chunk(1, 2, b"c");
    assert_eq!(first.told(), r#"{"upload":"complete","bytes":3}"#);
    elsewhere.chunk(1, 2, b"3");
    assert_eq!(elsewhere.told(), r#"{"upload":"complete","bytes":3}"#);
    let refused = third.channel();
    refused.chunk(0, 1, b"");
    assert_eq!(refused.failure(), "2 files come or wait to be taken already");
    let files = [take(&uploads), take(&uploads)].map(|taken| fs::read(taken.path).expect("it is there"));
    assert_eq!(files, [b"abc", b"123"]);
    let third = third.channel();
    third.chunk(0, 1, b"");
    assert_eq!(third.told(), r#"{"upload":"complete","bytes":0}"#);
}

#[test]
fn a_client_that_goes_in_the_middle_leaves_nothing_behind() {
    let folder = Folder::new("uploads-gone");
    let (uploads, events) = receiver(folder.options());
    let begin = |uploader: &Uploader| {
        let sending = uploader.channel();
        sending.chunk(0, 2, b"a");
        sending.keep_alive();
        assert_eq!((event(&events).0, folder.files()), (EventKind::UploadStarted, 1));
        sending
    };
    let uploader = Uploader::of(&uploads);
    begin(&uploader).channel.close();
    assert_eq!(event(&events), (EventKind::UploadFailed, 1, "the remote closed it".into()));
    assert_eq!(folder.files(), 0);

    let _sending = begin(&uploader);
    uploader.sends.close();
    let (kind, number, _) = event(&events);
    assert_eq!((kind, number, folder.files()), (EventKind::UploadFailed, 2, 0));

    let uploader = Uploader::of(&uploads);
    let _sending = begin(&uploader);
    uploader.program.close();
    assert_eq!(event(&events), (EventKind::UploadFailed, 3, "it was closed".into()));
    assert_eq!(folder.files(), 0);

    // What was whole before its client went waits on.
    let uploader = Uploader::of(&uploads);
    let sending = uploader.channel();
    sending.file(b"whole", 5);
    sending.told();
    drop((sending, uploader));
    assert_eq!(fs::read(take(&uploads).path).expect("it is there"), b"whole");
}

#[test]
fn keep_alives_and_repeated_chunks_do_not_keep_an_idle_upload() {
    let folder = Folder::new("uploads-idle");
    let limits = UploadLimits { idle: Duration::from_millis(300), ..UploadLimits::default() };
    let (uploads, _) = receiver(UploadsOptions { limits, ..folder.options() });
    let uploader = Uploader::of(&uploads);
    // A channel on which nothing has begun may wait for as long as it likes.
    let (waits, sending) = (uploader.channel(), uploader.channel());
    sending.chunk(0, 2, b"a");
    let until = Instant::now() + PATIENCE;
    let why = loop {
        assert!(Instant::now() < until, "it never fails");
        // Each repeat follows on an echo of the one before: they never cease.
        let _ = sending.channel.send(&chunk(0, 2, b"a"), false);
        let _ = sending.channel.send(b"k", false);
        let message = sending.channel.next(Some(PATIENCE)).expect("an echo, or the end");
        if message.text {
            break String::from_utf8(message.data).expect("text is UTF-8");
        }
    };
    assert_eq!(why, r#"{"upload":"failed","reason":"nothing new came for 0.3 s"}"#);
    assert_eq!(folder.files(), 0);
    waits.keep_alive();
    waits.file(b"late", 4);
    assert_eq!(waits.told(), r#"{"upload":"complete","bytes":4}"#);
}

#[test]
fn an_end_of_the_receiver_is_told_and_leaves_only_what_was_taken() {
    let folder = Folder::new("uploads-end");
    let (uploads, _) = receiver(folder.options());
    let [one, other] = [(); 2].map(|()| Uploader::of(&uploads));
    let [taken, whole, unfinished] = [one.channel(), one.channel(), other.channel()];
    taken.file(b"taken", 5);
    taken.told();
    let path = take(&uploads).path;
    whole.file(b"whole", 5);
    whole.told();
    unfinished.chunk(0, 2, b"a");
    unfinished.keep_alive();
    assert_eq!(folder.files(), 3);
    uploads.close();
    assert_eq!(folder.files(), 1, "when it returns");
    assert_eq!(unfinished.failure(), "the program takes no more files");
    assert_eq!(fs::read(path).expect("it is the program's"), b"taken");
    assert_eq!(uploads.next(None).expect_err("it is over").status(), Status::Closed);
    // Who comes later is connected, and refused.
    let late = Uploader::unopened(&uploads);
    let late = late.channel().channel.next(Some(PATIENCE));
    assert_eq!(late.expect_err("it is closed").sentence(), "the remote closed it");
}

#[test]
fn one_label_has_one_receiver_and_others_are_not_touched() {
    let folder = Folder::new("uploads-label");
    let (uploads, _) = receiver(folder.options());
    let (again, _) = receiver(folder.options());
    let (pictures, _) = receiver(UploadsOptions { label: "pictures".into(), ..folder.options() });
    let uploader = Uploader::of(&uploads);
    assert_eq!(uploader.program.upload(&again).expect_err("it is taken").status(), Status::InvalidState);
    uploader.program.upload(&pictures).expect("after the negotiation, too");
    let sends = &uploader.sends;
    let picture = sends.channel(labelled("pictures")).expect("the peer lives");
    let stranger = sends.channel(labelled("anything")).expect("the peer lives");
    let over = stranger.next(Some(PATIENCE)).expect_err("nobody accepts it");
    assert_eq!(over.status(), Status::Closed);
    wait_open(std::slice::from_ref(&picture), &uploader.events);
    picture.send(&chunk(0, 1, b"p"), false).expect("it is open");
    assert_eq!(fs::read(take(&pictures).path).expect("it is there"), b"p");
    assert_eq!(uploads.stats().completed, 0);
}

/// The environment variable that names the folder with no room.
const FULL: &str = "FRAMEWIRE_TEST_FULL";

#[test]
fn a_full_disk_fails_the_upload_and_is_told() {
    // A disk of a megabyte where a mount is allowed, and otherwise files that may not grow beyond it.
    let folder = Folder::new("uploads-full");
    let script = r#"unshare --mount --map-root-user sh -c 'mount -t tmpfs -o size=1m none "$0" && exec "$@"' "$@" ||
        { test -e "$1/ran" && exit 1; trap "" XFSZ; ulimit -f 2048; shift; exec "$@"; }"#;
    let status = Command::new("sh")
        .args(["-c", script, "sh"])
        .arg(folder.path())
        .arg(std::env::current_exe().expect("a test knows where it is"))
        .args(["--exact", "on_a_disk_with_a_megabyte", "--ignored", "--nocapture"])
        .env(FULL, folder.path())
        .status();
    assert!(status.expect("there is a shell").success());
}

#[test]
#[ignore = "needs a disk that is full, which another test gives it"]
fn on_a_disk_with_a_megabyte() {
    let Some(path) = std::env::var_os(FULL) else { return };
    let options = UploadsOptions { folder: path.clone().into(), ..UploadsOptions::default() };
    let (uploads, events) = receiver(options);
    let uploader = Uploader::of(&uploads);
    let sending = uploader.channel();
    sending.file(&file(2 << 20), 65_536);
    let why = sending.failure();
    assert!(why.starts_with("the file cannot be written: "), "{why}");
    assert_eq!(event(&events).0, EventKind::UploadStarted);
    assert_eq!(event(&events), (EventKind::UploadFailed, 1, why));
    assert_eq!(fs::read_dir(&path).expect("it is there").count(), 0);
    // There is room again.
    let sending = uploader.channel();
    sending.file(&file(500_000), 65_536);
    assert_eq!(sending.told(), r#"{"upload":"complete","bytes":500000}"#);
}

/// Sends a file as a viewer or a publisher of `stream` does.
fn post(server: &Server, path: &str, attach: impl FnOnce(&Peer)) -> (Peer, Sending) {
    let (peer, events) = browser();
    attach(&peer);
    let channel = peer.channel(labelled("video_upload")).expect("before the offer");
    let offer = peer.offer(PATIENCE).expect("an offer");
    let mut client = http_client::Client::to(server.address());
    let response = client.ask("POST", path, "Content-Type: application/sdp\r\n", &offer);
    assert_eq!(response.status, 201, "{response:?}");
    peer.accept(&response.body, PATIENCE).expect("it is accepted");
    wait_open(std::slice::from_ref(&channel), &events);
    (peer, Sending { channel })
}

#[test]
fn viewers_and_publishers_of_a_server_send_files() {
    let folder = Folder::new("uploads-server");
    let (uploads, events) = receiver(folder.options());
    let server = Server::new(ServerOptions {
        bind: "127.0.0.1:0".into(),
        media_address: Some([127, 0, 0, 1].into()),
        ..ServerOptions::default()
    })
    .expect("a server");
    let source = Source::new(SourceOptions::default()).expect("a source");
    let [theirs, sink] = [(); 2].map(|()| Sink::new(Default::default()).expect("a sink"));
    server.publish("camera", &source).expect("a free name");
    server.receive("camera", None, &sink).expect("a free name");
    server.upload(Some("camera"), &uploads).expect("nobody has it");
    let (again, _) = receiver(folder.options());
    for name in [None, Some("camera")] {
        assert_eq!(server.upload(name, &again).expect_err("taken").status(), Status::InvalidState);
    }
    assert_eq!(server.upload(Some("a/b"), &again).expect_err("no name").status(), Status::InvalidArgument);
    server.upload(Some("another"), &again).expect("nobody has it there");

    let viewer = post(&server, "/whep/camera", |peer| peer.receive(None, &theirs).expect("before the offer"));
    let publisher = post(&server, "/whip/camera", |peer| peer.send(None, &source).expect("before the offer"));
    for (n, (_, sending)) in [&viewer, &publisher].into_iter().enumerate() {
        sending.file(&[n as u8; 3], 2);
        assert_eq!(sending.told(), r#"{"upload":"complete","bytes":3}"#);
        assert_eq!(fs::read(take(&uploads).path).expect("it is there"), [n as u8; 3]);
        assert_eq!(event(&events), (EventKind::UploadStarted, n as i64 + 1, String::new()));
        assert_eq!(event(&events).0, EventKind::UploadComplete);
    }
    // A receiver that is over gives its label back.
    uploads.close();
    server.upload(Some("camera"), &again).expect("nobody has it any more");
    assert_eq!(again.stats().completed, 0);
    let (_peer, sending) =
        post(&server, "/whep/camera", |peer| peer.receive(None, &theirs).expect("before the offer"));
    sending.file(b"abc", 3);
    sending.told();
    assert_eq!(again.stats().completed, 1);
}
