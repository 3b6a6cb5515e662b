//! WHEP from the POST to the end of the session, with real peers behind it.

mod common;
mod http_client;

use common::air::Air as Program;
use common::stun::{SHOWN, Stun};
use common::watcher::{Arrival, PATIENCE, Section, Watcher};
use framewire::events::{Event, EventKind, Events};
use framewire::server::{IceServer, Server, ServerOptions};
use framewire::source::{Source, SourceOptions};
use http_client::{Client, Response};
use std::sync::Arc;
use std::time::{Duration, Instant};

const SDP: &str = "Content-Type: application/sdp\r\n";
const CHROME: &str = include_str!("data/chrome-whep.sdp");
const FIREFOX: &str = include_str!("data/firefox-whep.sdp");

struct Air {
    server: Server,
    source: Source,
    events: Arc<Events>,
    client: Client,
}

/// A server that has "test" on the air.
fn air(options: ServerOptions) -> Air {
    let events = Events::new(256).expect("a queue");
    let server = Server::new(ServerOptions {
        bind: "127.0.0.1:0".into(),
        media_address: Some([127, 0, 0, 1].into()),
        events: Some(events.clone()),
        ..options
    });
    let server = server.expect("a server");
    let source = Source::new(SourceOptions::default()).expect("a source");
    server.publish("test", &source).expect("a free name");
    let client = Client::to(server.address());
    Air { server, source, events, client }
}

impl Air {
    fn post(&mut self, offer: &str) -> Response {
        self.client.ask("POST", "/whep/test", SDP, offer)
    }

    /// The next event, which must be of this kind.
    fn told(&self, kind: EventKind) -> Event {
        let event = self.events.next(PATIENCE).expect("an event");
        assert_eq!((event.kind, event.object), (kind, self.server.id()), "{event:?}");
        assert_eq!(event.stream.as_deref(), Some("test"));
        event
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
fn every_offer_of_a_browser_is_answered_whole() {
    let mut air = air(ServerOptions::default());
    for (name, offer, video, audio) in [("chrome", CHROME, 96, 111), ("firefox", FIREFOX, 120, 109)] {
        let created = air.post(offer);
        let answer = &created.body;
        assert_eq!(created.status, 201, "{name}: {answer}");
        assert!(answer.lines().count() > 20 && !answer.replace("\r\n", "").contains(['\r', '\n']), "{name}");
        let sections = sections(answer);
        assert_eq!(sections.len(), 2);
        let mut streams = vec![];
        for (section, payload_type) in sections.iter().zip(match sections[0][0].starts_with("m=video") {
            true => [video, audio],
            false => [audio, video],
        }) {
            let formats: Vec<_> = section[0].split(' ').skip(3).collect();
            assert_eq!(formats[0], payload_type.to_string(), "{name}: {}", section[0]);
            for line in ["a=sendonly", "a=rtcp-mux", "a=rtcp-mux-only"] {
                assert!(section.contains(&line), "{name}: {line} is missing in {section:#?}");
            }
            streams.extend(section.iter().filter_map(|l| l.strip_prefix("a=msid:")?.split(' ').next()));
        }
        // RFC 9143 section 10.1: the first section of the bundle holds the candidates of all.
        assert!(sections[0].iter().any(|line| line.starts_with("a=candidate:")), "{name}");
        assert!(sections[0].contains(&"a=end-of-candidates"), "{name}");
        assert!(streams.len() == 2 && streams[0] == streams[1], "one stream: {streams:?}");
        air.told(EventKind::SessionStarted);
    }
    assert_eq!(air.server.stats().sessions, 2);
}

#[test]
fn a_session_lives_from_post_to_delete() {
    let stun = Stun::prompt();
    let ice_servers = vec![
        IceServer { url: stun.url(), ..IceServer::default() },
        // Told, and not used: it is reached over TLS.
        IceServer {
            url: "turns:turn.example.org".into(),
            username: Some("user".into()),
            credential: Some("pass".into()),
        },
    ];
    let mut air = air(ServerOptions { ice_servers, ..ServerOptions::default() });
    let created = air.post(CHROME);
    assert_eq!((created.status, created.header("Content-Type")), (201, Some("application/sdp")));
    let links: Vec<_> = created.head.lines().filter(|line| line.starts_with("Link: ")).collect();
    assert_eq!(
        links,
        [
            &format!("Link: <{}>; rel=\"ice-server\"", stun.url()),
            "Link: <turns:turn.example.org>; rel=\"ice-server\"; username=\"user\"; credential=\"pass\"; credential-type=\"password\"",
        ]
    );
    let (ip, port) = SHOWN;
    assert!(created.body.contains(&format!(" {ip} {port} typ srflx")), "{}", created.body);
    let session = created.header("Location").expect("a location").to_owned();
    let etag = created.header("ETag").expect("an entity tag").to_owned();
    let started = air.told(EventKind::SessionStarted);
    assert!(session.ends_with(&started.text) && started.text.len() == 36);

    let patch = |client: &mut Client, tag: &str, body: &str| {
        let headers = format!("Content-Type: application/trickle-ice-sdpfrag\r\nIf-Match: {tag}\r\n");
        client.ask("PATCH", &session, &headers, body)
    };
    let credentials: String = CHROME.lines().filter(|l| l.starts_with("a=ice-ufrag:")).take(1).collect();
    for candidate in [
        "candidate:1 1 udp 2122260223 127.0.0.1 9 typ host generation 0",
        "candidate:2 1 udp 2122260223 0e7cf7b5-4b72-4a8c-8d7a-0f3b5d0c7a11.local 50000 typ host",
        "candidate:3 1 tcp 1518280447 127.0.0.1 9 typ host tcptype active",
        "candidate:nonsense",
    ] {
        let body = format!("{credentials}\r\nm=video 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\na={candidate}\r\n");
        let taken = patch(&mut air.client, &etag, &body);
        assert_eq!((taken.status, taken.header("ETag")), (204, None), "{candidate}");
    }
    let restart = "a=ice-ufrag:anew\r\na=ice-pwd:aPasswordThatIsLongEnough\r\n";
    assert_eq!(patch(&mut air.client, "*", restart).status, 422);
    assert_eq!(air.client.ask("HEAD", &session, "", "").header("ETag"), Some(&*etag));
    assert_eq!(air.server.stats().sessions, 1);

    assert_eq!(air.client.ask("DELETE", &session, "", "").status, 200);
    let ended = air.told(EventKind::SessionEnded);
    assert_eq!((&*ended.text, ended.value), ("ended by the viewer", started.value));
    assert_eq!(air.client.ask("DELETE", &session, "", "").status, 404);
    let stats = air.server.stats();
    assert_eq!((stats.sessions, stats.sessions_started), (0, 1));
}

#[test]
fn a_session_that_never_connects_is_freed() {
    let connect_timeout = Duration::from_millis(300);
    let mut air = air(ServerOptions { connect_timeout, max_sessions: 1, ..ServerOptions::default() });
    let start = Instant::now();
    let session = air.post(FIREFOX).header("Location").expect("a location").to_owned();
    let full = air.post(FIREFOX);
    assert_eq!((full.status, full.header("Retry-After")), (503, Some("2")));
    air.told(EventKind::SessionStarted);
    let ended = air.told(EventKind::SessionEnded);
    assert!(start.elapsed() >= connect_timeout, "{:?}", start.elapsed());
    assert!(!ended.text.is_empty());
    assert_eq!(air.client.ask("HEAD", &session, "", "").status, 404);
    assert_eq!(air.source.stats().viewers, 0);
    assert_eq!(air.post(FIREFOX).status, 201, "there is room again");
}

#[test]
fn bad_offers_are_refused_with_a_reason_and_leave_nothing() {
    let mut air = air(ServerOptions { posts_per_minute: 100_000, ..ServerOptions::default() });
    let without = |what: &str| -> String {
        CHROME.lines().filter(|line| !line.contains(what)).map(|line| format!("{line}\r\n")).collect()
    };
    let long = format!("v=0\r\n{}", "a=x\r\n".repeat(20_000));
    for (offer, status) in [
        ("", 400),
        ("\u{0}\u{1}\u{2}", 400),
        ("v=0", 400),
        (&CHROME[..CHROME.len() / 2 + 3], 0),
        (&without("a=fingerprint"), 400),
        (&without("a=ice-ufrag"), 400),
        (&CHROME.replace("VP8", "VP9").replace("opus", "pcma"), 422),
        (include_str!("data/chrome-dc.sdp"), 422),
        (include_str!("data/firefox-whip.sdp"), 422),
        (&long, 413),
    ] {
        let refused = Client::to(air.server.address()).ask("POST", "/whep/test", SDP, offer);
        let excerpt: String = offer.chars().take(40).collect();
        if status == 0 {
            assert!([201, 400, 422].contains(&refused.status), "{excerpt:?}: {refused:?}");
            continue;
        }
        assert_eq!(refused.status, status, "{excerpt:?}: {}", refused.body);
        assert_eq!(refused.header("Content-Type"), Some("application/problem+json"));
        let problem: serde_json::Value = serde_json::from_str(&refused.body).expect("JSON");
        assert!(problem["detail"].as_str().expect("a sentence").len() > 10, "{problem}");
    }
    // Cut anywhere: an error of the client's, or an offer that happens to be whole.
    for end in (0..CHROME.len()).step_by(61) {
        let response = air.post(&CHROME[..end]);
        assert!([201, 400, 422].contains(&response.status), "cut at {end}: {}", response.body);
        if let Some(session) = response.header("Location").map(str::to_owned) {
            assert_eq!(air.client.ask("DELETE", &session, "", "").status, 200);
        }
    }
}

#[test]
fn who_watches_is_told_of_the_end_and_nothing_is_told_after_it() {
    let mut air = air(ServerOptions::default());
    for offer in [CHROME, FIREFOX] {
        assert_eq!(air.post(offer).status, 201);
        air.told(EventKind::SessionStarted);
    }
    air.server.unpublish("test").expect("it was published");
    assert_eq!(air.told(EventKind::SessionEnded).text, "the stream was unpublished");
    assert_eq!(air.told(EventKind::SessionEnded).text, "the stream was unpublished");
    let nobody = air.post(CHROME);
    assert_eq!((nobody.status, nobody.header("Retry-After")), (409, Some("2")));

    air.server.publish("test", &air.source).expect("a free name");
    assert_eq!(air.post(CHROME).status, 201);
    air.told(EventKind::SessionStarted);
    let start = Instant::now();
    air.server.close();
    assert!(start.elapsed() < Duration::from_millis(250), "{:?}", start.elapsed());
    assert_eq!(air.told(EventKind::SessionEnded).text, "the server was closed");
    assert!(air.events.next(Duration::ZERO).is_err());
    assert_eq!(air.source.stats().viewers, 0);
    assert!(air.server.publish("other", &air.source).is_err());
}

#[test]
fn a_viewer_is_served_until_it_vanishes_and_then_its_session_ends() {
    let mut air = air(ServerOptions::default());
    let mut program = Program::new(30);
    air.server.unpublish("test").expect("it was published");
    air.server.publish("test", &program.source).expect("a free name");
    let mut watcher = Watcher::new(&[Section::video(), Section::audio()]);
    let created = air.post(&watcher.offer());
    assert_eq!(created.status, 201, "{}", created.body);
    watcher.accept(&created.body);
    air.told(EventKind::SessionStarted);
    let picture = |_: &mut Watcher, arrival| matches!(arrival, Arrival::Rtp { section: 0, .. });
    assert!(program.watch(&mut watcher, Instant::now() + PATIENCE, picture), "no picture came");
    // Long enough for a few of its reports: without them nobody knows how often it sends any.
    program.watch(&mut watcher, Instant::now() + Duration::from_millis(3500), |_, _| false);
    assert!(program.source.stats().viewers > 0);
    // It goes without a DELETE, as a browser does that is killed.
    drop(watcher);
    let ended = air.told(EventKind::SessionEnded);
    assert!(!ended.text.is_empty(), "a reason");
    assert_eq!(air.server.stats().sessions, 0);
    let session = created.header("Location").expect("a location");
    assert_eq!(air.client.ask("DELETE", session, "", "").status, 404);
    // The sender thread lets go of the source right after the end is told.
    let start = Instant::now();
    while program.source.stats().viewers > 0 {
        assert!(start.elapsed() < Duration::from_secs(1), "still a viewer of the source");
        assert_eq!(air.client.ask("HEAD", session, "", "").status, 404);
    }
}
