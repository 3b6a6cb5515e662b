//! WHIP from the POST to the end of the session, with real peers behind it.

mod common;
mod http_client;

use common::air::{Air as Program, HEIGHT, WIDTH};
use common::watcher::PATIENCE;
use framewire::error::Status;
use framewire::events::{Event, EventKind, Events};
use framewire::media::Kind;
use framewire::peer::{Peer, PeerOptions, PeerState};
use framewire::server::{IceServer, Server, ServerOptions};
use framewire::sink::{Picture, Sink, SinkOptions};
use http_client::{Client, Response};
use std::sync::Arc;
use std::time::{Duration, Instant};

const TYPE: &str = "Content-Type: application/sdp\r\n";
const CHROME: &str = include_str!("data/chrome-whip.sdp");
const FIREFOX: &str = include_str!("data/firefox-whip.sdp");
/// Shaped as Pion and GStreamer shape theirs, and without SSRCs: spaces at the ends of lines, one
/// fingerprint for all, sections whose port is that of another.
const PION: &str = include_str!("data/others/pion-whip.sdp");
const GSTREAMER: &str = include_str!("data/others/gstreamer-whip.sdp");

struct Studio {
    server: Server,
    sink: Sink,
    events: Arc<Events>,
    client: Client,
}

/// A server where "cam" may be published.
fn studio(options: ServerOptions) -> Studio {
    let events = Events::new(256).expect("a queue");
    let server = Server::new(ServerOptions {
        bind: "127.0.0.1:0".into(),
        media_address: Some([127, 0, 0, 1].into()),
        events: Some(events.clone()),
        ..options
    });
    let server = server.expect("a server");
    let sink = Sink::new(SinkOptions::default()).expect("a sink");
    server.receive("cam", None, &sink).expect("a free name");
    let client = Client::to(server.address());
    Studio { server, sink, events, client }
}

impl Studio {
    fn post(&mut self, offer: &str) -> Response {
        self.client.ask("POST", "/whip/cam", TYPE, offer)
    }

    /// The next event, which must be of this kind.
    fn told(&self, kind: EventKind) -> Event {
        let event = self.events.next(PATIENCE).expect("an event");
        assert_eq!((event.kind, event.object), (kind, self.server.id()), "{event:?}");
        event
    }
}

/// A peer of ours on the other side, which publishes what a program makes.
struct Publisher {
    peer: Peer,
    events: Arc<Events>,
    program: Program,
}

impl Publisher {
    fn new() -> Publisher {
        let (program, events) = (Program::new(30), Events::new(64).expect("a queue"));
        let options = PeerOptions {
            events: Some(events.clone()),
            media_address: Some([127, 0, 0, 1].into()),
            ..PeerOptions::default()
        };
        let peer = Peer::new(options).expect("a peer");
        peer.send(None, &program.source).expect("a new peer");
        Publisher { peer, events, program }
    }

    fn offer(&self) -> String {
        self.peer.offer(PATIENCE).expect("an offer")
    }

    /// Stays on the air until a picture of it comes out of `sink`.
    fn picture(&mut self, sink: &Sink) -> Picture {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            let due = self.program.tick();
            if let Ok(picture) = sink.next_video(Some(due.saturating_duration_since(Instant::now()))) {
                return picture;
            }
        }
        panic!("no picture came out: {:?}", sink.stats(Kind::Video));
    }

    fn wait(&self, state: PeerState) {
        while self.events.next(PATIENCE).expect("an event").value != state as i64 {}
    }

    /// Publishes to a session of its own, whose path it answers, and is connected.
    fn publish(&self, studio: &mut Studio) -> String {
        let created = studio.post(&self.offer());
        assert_eq!(created.status, 201, "{}", created.body);
        self.peer.accept(&created.body, PATIENCE).expect("an answer");
        self.wait(PeerState::Connected);
        created.header("Location").expect("a location").to_owned()
    }
}

/// The media sections of a description.
fn sections(sdp: &str) -> Vec<Vec<&str>> {
    let mut sections = vec![vec![]];
    for line in sdp.lines() {
        if line.starts_with("m=") {
            sections.push(vec![]);
        }
        sections.last_mut().expect("one at least").push(line);
    }
    sections.split_off(1)
}

#[test]
fn every_offer_of_a_browser_or_another_stack_is_answered_whole() {
    let ice_servers = vec![IceServer { url: "stuns:stun.example.org".into(), ..IceServer::default() }];
    let mut studio = studio(ServerOptions { take_over: true, ice_servers, ..ServerOptions::default() });
    let offers = [
        ("chrome", CHROME, "96", "111"),
        ("firefox", FIREFOX, "120", "109"),
        ("pion", PION, "96", "111"),
        ("gstreamer", GSTREAMER, "96", "98"),
    ];
    for (name, offer, video, audio) in offers {
        let created = studio.post(offer);
        let answer = &created.body;
        assert_eq!(created.status, 201, "{name}: {answer}");
        assert_eq!(created.header("Content-Type"), Some("application/sdp"));
        assert_eq!(created.header("Link"), Some("<stuns:stun.example.org>; rel=\"ice-server\""));
        assert!(answer.lines().count() > 20 && !answer.replace("\r\n", "").contains(['\r', '\n']), "{name}");
        let sections = sections(answer);
        assert_eq!(sections.len(), 2);
        for section in &sections {
            let payload_type = section[0].split(' ').nth(3).expect("a format");
            assert_eq!(payload_type, if section[0].starts_with("m=video") { video } else { audio });
            assert!(!section[0].starts_with("m=video 0 ") && !section[0].starts_with("m=audio 0 "));
            for line in ["a=recvonly", "a=rtcp-mux", "a=rtcp-mux-only"] {
                assert!(section.contains(&line), "{name}: {line} is missing in {section:#?}");
            }
            assert!(!section.iter().any(|line| line.starts_with("a=msid") || line.starts_with("a=ssrc")));
        }
        assert!(sections[0].iter().any(|line| line.starts_with("a=candidate:")), "{name}");
        assert!(sections[0].contains(&"a=end-of-candidates"), "{name}");
    }
    let kinds: Vec<_> = (0..7).map(|_| studio.events.next(PATIENCE).expect("an event").kind).collect();
    use EventKind::{PublishEnded, PublishStarted};
    let (started, ended) = (PublishStarted, PublishEnded);
    assert_eq!(kinds, [started, ended, started, ended, started, ended, started]);
    let stats = studio.server.stats();
    assert_eq!((stats.sessions, stats.publishers, stats.sessions_started), (1, 1, 4));
}

/// An offer of which a part would be refused is refused: RFC 9725 section 4.4.3.
#[test]
fn an_offer_that_cannot_be_served_whole_is_422_and_leaves_nothing() {
    let mut studio = studio(ServerOptions { posts_per_minute: 100_000, ..ServerOptions::default() });
    let (first, second) = CHROME.split_at(CHROME.rfind("m=").expect("sections"));
    let video = if second.starts_with("m=video") { second } else { &first[first.find("m=").expect("two")..] };
    let twice = format!("{CHROME}{}", video.replace("a=mid:", "a=mid:x"));
    let silent = |sdp: &str| sdp.replace("a=sendonly", "a=recvonly");
    for (what, offer, reason) in [
        ("two videos", twice, "two video sections"),
        ("no video codec of ours", CHROME.replace("VP8", "VP9"), "VP8"),
        ("no sound codec of ours", CHROME.replace("opus", "pcma"), "opus"),
        ("data channels only", include_str!("data/chrome-dc.sdp").into(), "neither video nor audio"),
        ("nothing sent", silent(CHROME), "neither video nor audio"),
        ("a viewer's", include_str!("data/firefox-whep.sdp").into(), "neither video nor audio"),
    ] {
        let refused = studio.post(&offer);
        assert_eq!(refused.status, 422, "{what}: {}", refused.body);
        assert_eq!(refused.header("Content-Type"), Some("application/problem+json"));
        assert!(refused.body.contains(reason), "{what}: {}", refused.body);
    }
    for offer in ["", "v=0", "\u{0}\u{1}", &CHROME.replace("a=fingerprint", "a=x")] {
        assert_eq!(studio.post(offer).status, 400, "{offer:.40}");
    }
    assert_eq!(studio.post(&format!("v=0\r\n{}", "a=x\r\n".repeat(20_000))).status, 413);
    studio.client = Client::to(studio.server.address());
    let pictures = Sink::new(SinkOptions { audio: None, ..SinkOptions::default() }).expect("a sink");
    studio.server.receive("silent", None, &pictures).expect("a free name");
    let refused = studio.client.ask("POST", "/whip/silent", TYPE, CHROME);
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("audio, which this stream does not take"), "{}", refused.body);
    assert_eq!(studio.server.stats().sessions_started, 0);
    // A data channel beside the media is refused by itself, as long as there are none.
    assert_eq!(studio.post(include_str!("data/firefox-whip-dc.sdp")).status, 201);
}

#[test]
fn a_publisher_is_served_from_post_to_delete() {
    let mut studio = studio(ServerOptions::default());
    let mut publisher = Publisher::new();
    let session = publisher.publish(&mut studio);
    let picture = publisher.picture(&studio.sink).frame;
    assert_eq!((picture.width as usize, picture.height as usize), (WIDTH, HEIGHT));
    let started = studio.told(EventKind::PublishStarted);
    assert!(session.starts_with("/whip/cam/") && session.ends_with(&started.text), "{session}");
    let taken = studio.post(CHROME);
    assert_eq!((taken.status, taken.header("Retry-After")), (409, Some("2")));
    assert_eq!(studio.client.ask("HEAD", &session, "", "").status, 200);
    assert_eq!(studio.client.ask("DELETE", &session, "", "").status, 200);
    let ended = studio.told(EventKind::PublishEnded);
    assert_eq!((&*ended.text, ended.value), ("ended by the publisher", started.value));
    assert_eq!(studio.client.ask("DELETE", &session, "", "").status, 404);
}

#[test]
fn a_publisher_that_goes_without_a_word_makes_room() {
    let mut studio = studio(ServerOptions::default());
    let mut publisher = Publisher::new();
    publisher.publish(&mut studio);
    publisher.picture(&studio.sink);
    studio.told(EventKind::PublishStarted);
    drop(publisher);
    let ended = studio.told(EventKind::PublishEnded);
    assert!(!ended.text.is_empty(), "a reason");
    assert_eq!(studio.server.stats().publishers, 0);
    assert_eq!(studio.post(CHROME).status, 201);
}

#[test]
fn a_publisher_that_never_connects_is_freed() {
    let connect_timeout = Duration::from_millis(300);
    let mut studio = studio(ServerOptions { connect_timeout, ..ServerOptions::default() });
    let start = Instant::now();
    assert_eq!(studio.post(FIREFOX).status, 201);
    studio.told(EventKind::PublishStarted);
    studio.told(EventKind::PublishEnded);
    assert!(start.elapsed() >= connect_timeout, "{:?}", start.elapsed());
    assert_eq!(studio.post(FIREFOX).status, 201, "the name is free again");
}

#[test]
fn who_takes_over_is_connected_and_the_one_before_is_told() {
    let mut studio = studio(ServerOptions { take_over: true, ..ServerOptions::default() });
    let (mut first, mut second) = (Publisher::new(), Publisher::new());
    first.publish(&mut studio);
    first.picture(&studio.sink);
    second.publish(&mut studio);
    // The same sink goes on with the new one: nobody who reads it saw an end.
    let before = second.picture(&studio.sink).number;
    assert!(second.picture(&studio.sink).number > before);
    studio.told(EventKind::PublishStarted);
    assert_eq!(studio.told(EventKind::PublishEnded).text, "another publisher took over");
    studio.told(EventKind::PublishStarted);
    assert_eq!(studio.server.stats().publishers, 1);
    let start = Instant::now();
    studio.server.close();
    assert!(start.elapsed() < Duration::from_millis(250), "{:?}", start.elapsed());
    assert_eq!(studio.told(EventKind::PublishEnded).text, "the server was closed");
    assert!(studio.events.next(Duration::ZERO).is_err());
    let closed = studio.server.receive("more", None, &studio.sink).expect_err("closed");
    assert_eq!(closed.status(), Status::Closed);
}

/// The program answers requests on a thread of its own, as one does that reads its events.
#[test]
fn the_program_lets_in_whom_it_wants() {
    let mut studio = studio(ServerOptions { publish_requests: true, ..ServerOptions::default() });
    let (server, sink, events) = (studio.server.clone(), studio.sink.clone(), studio.events.clone());
    let program = std::thread::spawn(move || {
        for right in ["", "s3cret"] {
            let asked = events.next(PATIENCE).expect("a request");
            assert_eq!((asked.kind, asked.stream.as_deref()), (EventKind::PublishRequest, Some("new")));
            assert_eq!(asked.text, right);
            let request = asked.value as u64;
            match right {
                "" => server.refuse(request, "you are not known here"),
                _ => server.accept(request, &sink),
            }
            .expect("it waits");
            server.accept(request, &sink).expect_err("it was answered");
        }
    });
    let refused = studio.client.ask("POST", "/whip/new", TYPE, CHROME);
    assert_eq!(refused.status, 403);
    assert!(refused.body.contains("you are not known here"), "{}", refused.body);
    let bearer = format!("{TYPE}Authorization: Bearer s3cret\r\n");
    let mut publisher = Publisher::new();
    let created = studio.client.ask("POST", "/whip/new", &bearer, &publisher.offer());
    assert_eq!(created.status, 201, "{}", created.body);
    program.join().expect("the program did as it should");
    studio.told(EventKind::PublishStarted);
    publisher.peer.accept(&created.body, PATIENCE).expect("an answer");
    publisher.wait(PeerState::Connected);
    publisher.picture(&studio.sink);
    studio.server.unreceive("new").expect("it is being published");
    assert_eq!(studio.told(EventKind::PublishEnded).text, "the stream is not received any more");
    assert_eq!(studio.server.stats().sessions, 0);
}

#[test]
fn what_cannot_be_meant_is_an_error_that_names_it() {
    let options = || ServerOptions { bind: "127.0.0.1:0".into(), ..ServerOptions::default() };
    let refused = |options| Server::new(options).err().expect("refused").to_string();
    assert!(refused(ServerOptions { publish_requests: true, ..options() }).contains("options.events"));
    let timeout = ServerOptions { publish_timeout: Duration::ZERO, ..options() };
    assert!(refused(timeout).contains("options.publish_timeout"));
    let token = ServerOptions { publish_token: Some("a b".into()), ..options() };
    assert!(refused(token).contains("options.publish_token"));

    let Studio { server, sink, .. } = studio(ServerOptions::default());
    let status = |result: framewire::error::Result<()>| result.expect_err("refused").status();
    assert_eq!(status(server.receive("cam", None, &sink)), Status::InvalidState);
    assert_eq!(status(server.receive("a/b", None, &sink)), Status::InvalidArgument);
    assert_eq!(status(server.receive("x", Some("a b"), &sink)), Status::InvalidArgument);
    assert_eq!(status(server.unreceive("x")), Status::InvalidState);
    assert_eq!(status(server.accept(1, &sink)), Status::InvalidState);
    assert_eq!(status(server.refuse(1, "")), Status::InvalidState);
    assert!(sink.track(Kind::Video).is_ok());
}
