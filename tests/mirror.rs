//! One connection both ways through a server: a program that lets in who comes with a peer of its own, and the
//! mirror in C.

#[path = "c/harness.rs"]
mod harness;
mod common;
mod http_client;

use common::camera::Camera;
use common::watcher::PATIENCE;
use framewire::channel::{Channel, ChannelOptions};
use framewire::error::Status;
use framewire::events::{Event, EventKind, Events};
use framewire::message::reassemble::{Incoming, Limits, Reassembler};
use framewire::peer::{Peer, PeerOptions, PeerState};
use framewire::server::{Server, ServerOptions};
use framewire::sink::{Sink, SinkOptions};
use framewire::time::clock;
use http_client::{Client, Response};
use serde_json::Value;
use std::collections::HashSet;
use std::io::{BufRead, BufReader, Lines};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Instant;

const TYPE: &str = "Content-Type: application/sdp\r\n";

fn peer(accept_channels: bool) -> Peer {
    let media_address = Some([127, 0, 0, 1].into());
    Peer::new(PeerOptions { media_address, accept_channels, ..PeerOptions::default() }).expect("a peer")
}

fn sink() -> Sink {
    Sink::new(SinkOptions::default()).expect("a sink")
}

/// What the page does: its camera goes out and something comes back on the same connection.
struct Page {
    /// Pushes as long as it lives.
    _camera: Camera,
    peer: Peer,
    back: Sink,
    slow: Channel,
}

impl Page {
    fn new() -> Page {
        let (camera, peer, back) = (Camera::new(), peer(true), sink());
        peer.send(None, &camera.source).expect("a new peer");
        peer.receive(None, &back).expect("a new peer");
        let slow =
            ChannelOptions { label: "slow".into(), negotiated: Some(201), ..ChannelOptions::default() };
        let slow = peer.channel(slow).expect("a new peer");
        Page { _camera: camera, peer, back, slow }
    }

    fn offer(&self, to: SocketAddr, path: &str) -> Response {
        let offer = self.peer.offer(PATIENCE).expect("an offer");
        Client::to(to).ask("POST", path, TYPE, &offer)
    }

    /// Answers its session.
    fn look(&self, to: SocketAddr, path: &str) -> String {
        let created = self.offer(to, path);
        assert_eq!(created.status, 201, "{}", created.body);
        self.peer.accept(&created.body, PATIENCE).expect("an answer");
        created.header("Location").expect("a location").to_owned()
    }
}

/// A server whose program has a camera too.
struct Program {
    server: Server,
    events: Arc<Events>,
    camera: Camera,
    sink: Sink,
}

impl Program {
    fn new() -> Program {
        let events = Events::new(256).expect("a queue");
        let server = Server::new(ServerOptions {
            bind: "127.0.0.1:0".into(),
            media_address: Some([127, 0, 0, 1].into()),
            events: Some(events.clone()),
            publish_requests: true,
            ..ServerOptions::default()
        });
        Program { server: server.expect("a server"), events, camera: Camera::new(), sink: sink() }
    }

    fn told(&self, kind: EventKind) -> Event {
        let event = self.events.next(PATIENCE).expect("an event");
        assert_eq!(event.kind, kind, "{event:?}");
        event
    }

    fn peer(&self) -> Peer {
        let peer = peer(false);
        peer.receive(None, &self.sink).expect("a new peer");
        peer.send(None, &self.camera.source).expect("a new peer");
        peer
    }

    /// Lets in the one who comes, with this peer.
    fn accept(&self, peer: &Peer) {
        let asked = self.told(EventKind::PublishRequest);
        assert_eq!(asked.stream.as_deref(), Some("me"));
        self.server.accept_peer(asked.value as u64, peer).expect("it waits");
    }
}

#[test]
fn who_is_let_in_with_a_peer_sends_and_gets_on_one_connection_until_either_ends_it() {
    let program = Program::new();
    let address = program.server.address();
    for by_client in [true, false] {
        let (page, peer) = (Page::new(), program.peer());
        let session = thread::scope(|scope| {
            scope.spawn(|| program.accept(&peer));
            page.look(address, "/mirror/me")
        });
        let started = program.told(EventKind::PublishStarted);
        assert!(session.starts_with("/whip/me/") && session.ends_with(&started.text), "{session}");
        page.back.next_video(Some(PATIENCE)).expect("the program's picture");
        page.back.next_audio(Some(PATIENCE)).expect("the program's sound");
        program.sink.next_video(Some(PATIENCE)).expect("the page's picture");
        assert_eq!(program.server.stats().publishers, 1);
        match by_client {
            true => assert_eq!(Client::to(address).ask("DELETE", &session, "", "").status, 200),
            false => peer.close(),
        }
        assert_eq!(program.told(EventKind::PublishEnded).value, started.value);
        assert_eq!(peer.state(), PeerState::Closed);
        assert_eq!(Client::to(address).ask("HEAD", &session, "", "").status, 404);
        assert_eq!(program.server.stats().sessions, 0);
    }
}

#[test]
fn a_peer_that_does_not_fit_is_an_error_of_who_gives_it_or_of_who_offers() {
    let program = Program::new();
    let status = |result: framewire::error::Result<()>| result.expect_err("refused").status();
    assert_eq!(status(program.server.accept_peer(1, &peer(false))), Status::InvalidState);
    let (used, over) = (program.peer(), peer(false));
    used.offer(PATIENCE).expect("an offer");
    over.close();
    let malformed = thread::scope(|scope| {
        scope.spawn(|| {
            let request = program.told(EventKind::PublishRequest).value as u64;
            assert_eq!(status(program.server.accept_peer(request, &used)), Status::InvalidState);
            assert_eq!(status(program.server.accept_peer(request, &over)), Status::Closed);
            program.server.accept_peer(request, &program.peer()).expect("it still waits");
        });
        Client::to(program.server.address()).ask("POST", "/mirror/me", TYPE, "v=0")
    });
    assert_eq!(malformed.status, 400, "{}", malformed.body);
    assert_eq!(program.told(EventKind::PublishEnded).value, 0);
    assert_eq!(program.server.stats().sessions_started, 0);
}

#[test]
fn who_offers_to_send_only_is_sent_nothing() {
    let (program, camera, sends) = (Program::new(), Camera::new(), peer(false));
    sends.send(None, &camera.source).expect("a new peer");
    let offer = sends.offer(PATIENCE).expect("an offer");
    assert!(offer.contains("a=sendonly"), "{offer}");
    let taken = thread::scope(|scope| {
        scope.spawn(|| program.accept(&program.peer()));
        Client::to(program.server.address()).ask("POST", "/whip/me", TYPE, &offer)
    });
    assert_eq!(taken.status, 201, "{}", taken.body);
    let directions = |direction: &str| taken.body.matches(direction).count();
    assert_eq!(["a=recvonly", "a=sendrecv", "a=sendonly"].map(directions), [2, 0, 0], "{}", taken.body);
}

/// `mirror.c` at work.
struct Mirror {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    address: SocketAddr,
}

impl Mirror {
    fn start() -> Mirror {
        let mut command = Command::new(harness::compile_example("mirror"));
        command.env("FRAMEWIRE_BIND", "127.0.0.1:0").env("FRAMEWIRE_MEDIA_ADDRESS", "127.0.0.1");
        let mut child = command.stdout(Stdio::piped()).spawn().expect("it was compiled");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let first = lines.next().expect("a line").expect("text");
        let address = first.strip_prefix("a mirror: http://").and_then(|rest| rest.strip_suffix("/mirror"));
        Mirror { child, lines, address: address.expect("where it is").parse().expect("an address") }
    }

    /// What it says of one that ended: its name, and its figures.
    fn ended(&mut self) -> (String, [u64; 4]) {
        let line = self.lines.next().expect("a line").expect("text");
        let words: Vec<_> = line.split_whitespace().collect();
        assert_eq!((words[0], words[2]), ("mirror", "ended:"), "{line}");
        (words[1].to_owned(), [4, 6, 8, 10].map(|at| words[at].parse().expect("a number")))
    }
}

impl Drop for Mirror {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

/// The results of a page.
struct Told {
    channel: Channel,
    reassembler: Reassembler,
}

impl Told {
    fn to(page: &Page) -> Told {
        let channel = page.peer.next_channel(Some(PATIENCE)).expect("the program makes it");
        assert_eq!(channel.label(), "results");
        Told { channel, reassembler: Reassembler::new(Limits::default()) }
    }

    fn next(&mut self) -> Value {
        loop {
            let chunk = self.channel.next(Some(PATIENCE)).expect("a result");
            let mut whole = None;
            self.reassembler.push(&chunk.data, clock::now(), &mut |incoming| match incoming {
                Incoming::Message { id, data } => whole = Some((id, serde_json::from_slice(&data))),
                other => panic!("{other:?}"),
            });
            if let Some((id, result)) = whole {
                let ack = format!("{{\"ack\": {id}}}");
                self.channel.send(ack.as_bytes(), true).expect("it is open");
                return result.expect("the envelope");
            }
        }
    }
}

#[test]
fn the_mirror_gives_each_page_its_own_picture_with_boxes_by_its_timestamp_and_a_last_word() {
    let mut mirror = Mirror::start();
    let address = mirror.address;
    let pages = [0; 2].map(|_| {
        let own = Client::to(address).ask("GET", "/mirror", "", "");
        assert_eq!(own.status, 307);
        let path = format!("/{}", own.header("Location").expect("a page of one's own"));
        assert_eq!(Client::to(address).ask("GET", &path, "", "").status, 200);
        let page = Page::new();
        let session = page.look(address, &path);
        let mut told = Told::to(&page);
        page.back.next_audio(Some(PATIENCE)).expect("its sound");

        // Pictures come back, and results name them; what moves is boxed.
        let (mut seen, mut named, mut boxes) = (HashSet::new(), HashSet::new(), 0);
        let until = Instant::now() + 2 * PATIENCE;
        while seen.intersection(&named).count() < 10 || boxes == 0 {
            assert!(Instant::now() < until, "{seen:?} were seen, {named:?} named, {boxes} boxes");
            seen.insert(page.back.next_video(Some(PATIENCE)).expect("a picture").rtp_time);
            let result = told.next();
            let metadata = &result["video_metadata"];
            assert_eq!(metadata["time_base"], 1.0 / 90_000.0);
            named.insert(metadata["pts"].as_u64().expect("a timestamp") as u32);
            let found = result["serialized_output_data"]["boxes"].as_array().expect("boxes");
            boxes += found.len();
            for edge in found.iter().map(|found| found["x"].as_u64().zip(found["width"].as_u64())) {
                assert!(edge.is_some_and(|(x, width)| x + width <= 1_024), "{found:?}");
            }
        }
        (path, session, page, told)
    });
    let [(path, session, page, mut told), (other, _, left, mut last)] = pages;
    assert_ne!(path, other);

    // A function that takes a second for each picture, on four threads: the newest are processed.
    page.slow.send(b"1000", true).expect("it is open");
    while told.next()["serialized_output_data"]["slow_ms"] != 1_000 {}
    for _ in 0..8 {
        told.next();
    }
    assert_eq!(Client::to(address).ask("DELETE", &session, "", "").status, 200);
    let (name, [received, processed, skipped, pictures]) = mirror.ended();
    assert_eq!(format!("/mirror/{name}"), path);
    assert!(skipped > 0 && processed > 8 && pictures <= processed, "{processed} and {skipped} skipped");
    let room = 1 + 4; // waiting, and in flight
    assert!((processed + skipped..=processed + skipped + room).contains(&received), "{received}");

    // Whoever still looks hears that it is over.
    let id = mirror.child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().expect("a shell's command").success());
    let word = loop {
        let result = last.next();
        if result["processing_complete"] == true {
            break result;
        }
    };
    assert_eq!(word["termination_reason"], "cancelled");
    assert_eq!(format!("/mirror/{}", mirror.ended().0), other);
    let status = mirror.child.wait().expect("it is our child");
    assert!(status.success(), "{status}");
    drop(left);
}
