//! Who may bring messages, and how it is asked: RFC 6455 section 4, without sockets.

use super::whip::station;
use super::*;

/// What a browser sends; the key is that of RFC 6455 section 1.3.
const ASK: &str = "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";

impl Station {
    fn open(&self, path: &str, headers: &str) -> Response {
        self.ask("GET", path, &format!("{ASK}{headers}"), "")
    }
}

#[test]
fn the_handshake_is_answered_as_the_standard_has_it_and_whatever_the_origin() {
    let station = station(false, None);
    let opened = station.open("/ws/c%61m", "Origin: https://elsewhere.example\r\n");
    assert_eq!(opened.status, 101);
    assert!(opened.upgrade.is_some());
    let wire = String::from_utf8(opened.encode(true, false)).expect("text");
    for line in [
        "HTTP/1.1 101 Switching Protocols\r\n",
        "\r\nUpgrade: websocket\r\n",
        "\r\nConnection: Upgrade\r\n",
        "\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n",
    ] {
        assert!(wire.contains(line), "{wire}");
    }
    assert!(!wire.contains("Content-Length") && !wire.contains("Sec-WebSocket-Protocol"), "{wire}");
    assert_eq!(station.router.sessions.count(), (1, 1, 1));
}

#[test]
fn what_is_no_handshake_is_told_what_one_is() {
    let station = station(false, None);
    let without = |name: &str| {
        let kept = ASK.split_inclusive("\r\n").filter(|line| !line.starts_with(name));
        station.ask("GET", "/ws/cam", &kept.collect::<String>(), "")
    };
    assert_eq!((without("Upgrade").status, without("Connection").status), (426, 426));
    let version = without("Sec-WebSocket-Version");
    assert_eq!((version.status, version.header("Sec-WebSocket-Version")), (426, Some("13")));
    assert_eq!(without("Sec-WebSocket-Key").status, 400);
    for key in ["", "dGhlIHNhbXBsZSBub25jZ==", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25j?Q=="] {
        let asked = ASK.replace("dGhlIHNhbXBsZSBub25jZQ==", key);
        assert_eq!(station.ask("GET", "/ws/cam", &asked, "").status, 400, "{key}");
    }
    for method in ["POST", "HEAD", "DELETE"] {
        let refused = station.ask(method, "/ws/cam", ASK, "");
        assert_eq!((refused.status, refused.header("Allow")), (405, Some("GET, OPTIONS")), "{method}");
    }
    assert_eq!(station.ask("OPTIONS", "/ws/cam", "", "").status, 204);
    assert_eq!(station.open("/ws/cam/x", "").status, 404);
    assert_eq!(station.open("/ws/none", "").status, 404, "nobody receives it");
    assert_eq!(station.open("/ws/cam", "Sec-WebSocket-Protocol: chat\r\n").status, 400);
    assert_eq!(station.router.sessions.count(), (0, 0, 0), "none of these was a session");
}

#[test]
fn a_token_comes_in_its_header_or_as_a_subprotocol() {
    let mut station = station(false, None);
    station.router.publish_token = Some("s3(ret/=".into());
    let refused = station.open("/ws/cam", "");
    assert_eq!((refused.status, refused.header("WWW-Authenticate").is_some()), (401, true));
    for wrong in [
        "Authorization: Bearer other\r\n",
        "Sec-WebSocket-Protocol: framewire, bearer.other\r\n",
        "Sec-WebSocket-Protocol: framewire, s3%28ret%2F%3D\r\n",
        "Sec-WebSocket-Protocol: framewire, bearer.%zz\r\n",
        // The header says it, whatever else does.
        "Authorization: Bearer other\r\nSec-WebSocket-Protocol: framewire, bearer.s3%28ret%2F%3D\r\n",
    ] {
        assert_eq!(station.open("/ws/cam", wrong).status, 401, "{wrong}");
    }
    assert_eq!(station.open("/ws/cam?token=s3(ret/=", "").status, 401, "an address is in every log");
    let opened = station.open("/ws/cam", "Sec-WebSocket-Protocol: framewire, bearer.s3%28ret%2F%3D\r\n");
    assert_eq!((opened.status, opened.header("Sec-WebSocket-Protocol")), (101, Some("framewire")));
    drop(opened);
    assert_eq!(station.open("/ws/cam", "Authorization: Bearer s3(ret/=\r\n").status, 101);
    let own = station.air.clone();
    station.router.sessions.receive("own", Some("mine"), own).expect("a free name");
    assert_eq!(station.open("/ws/own", "Authorization: Bearer s3(ret/=\r\n").status, 401);
    assert_eq!(station.open("/ws/own", "Authorization: Bearer mine\r\n").status, 101);
}

#[test]
fn one_publishes_at_a_time_whichever_way_it_came() {
    let station = station(false, None);
    let first = station.open("/ws/cam", "");
    assert_eq!((first.status, station.open("/ws/cam", "").status), (101, 409));
    assert_eq!(station.ask("POST", "/whip/cam", "Content-Type: application/sdp\r\n", OFFER).status, 409);
    assert_eq!(station.open("/ws/cam", "If-None-Match: *\r\n").status, 412);
    drop(first);
    let told: Vec<_> = station.news().into_iter().map(|(kind, _, value, text)| (kind, value, text)).collect();
    assert_eq!((told[0].0, told[0].1), (EventKind::PublishStarted, 1));
    assert_eq!(told[1], (EventKind::PublishEnded, 1, "the connection was lost".into()));
    let whip = station.ask("POST", "/whip/cam", "Content-Type: application/sdp\r\n", OFFER);
    assert_eq!((whip.status, station.open("/ws/cam", "").status), (201, 409));
}

#[test]
fn who_takes_over_ends_the_one_before() {
    let station = station(true, None);
    let first = station.open("/ws/cam", "");
    let second = station.open("/ws/cam", "");
    assert_eq!((first.status, second.status, station.router.sessions.count().1), (101, 101, 1));
    assert_eq!(station.open("/ws/cam", "If-None-Match: *\r\n").status, 412, "this one would not");
    drop(first);
    let kinds = [EventKind::PublishStarted, EventKind::PublishEnded, EventKind::PublishStarted];
    let told = station.news();
    assert_eq!(told.iter().map(|(kind, ..)| *kind).collect::<Vec<_>>(), kinds, "it ends once");
    assert_eq!(told[1].3, "another publisher took over");
}

#[test]
fn the_address_says_what_the_sound_is_like() {
    let station = station(true, None);
    for (query, status) in [
        ("", 101),
        ("?rate=16000&channels=1&v=2", 101),
        ("?rate=7999", 400),
        ("?rate=x", 400),
        ("?channels=3", 400),
        ("?channels=-1", 400),
    ] {
        assert_eq!(station.open(&format!("/ws/cam{query}"), "").status, status, "{query}");
    }
}

#[test]
fn they_count_as_posts_and_a_full_server_and_a_sink_that_is_gone_refuse_them() {
    let mut station = station(false, None);
    station.router.posts = Mutex::new(Posts::new(2));
    *station.air.failure.lock() = Some(Error::new(Status::Closed, "the sink is closed"));
    assert_eq!(station.open("/ws/cam", "").status, 409);
    *station.air.failure.lock() = None;
    assert_eq!(station.open("/ws/cam", "").status, 101);
    let limited = station.open("/ws/cam", "");
    assert_eq!((limited.status, limited.header("Retry-After")), (429, Some("30")));

    station.router.posts = Mutex::new(Posts::new(100));
    let viewers: Vec<_> = (0..2).map(|_| station.ask("POST", "/whep/test", TYPE, OFFER).status).collect();
    assert_eq!(viewers, [201, 201]);
    assert_eq!(station.open("/ws/cam", "").status, 503);
}

const TYPE: &str = "Content-Type: application/sdp\r\n";

#[test]
fn for_a_name_that_nobody_registered_the_program_is_asked() {
    let station = station(false, Some(Duration::from_secs(30)));
    std::thread::scope(|scope| {
        let opened = scope.spawn(|| station.open("/ws/new", "Authorization: Bearer who\r\n"));
        let asked = station.events.next(Duration::from_secs(30)).expect("it is asked");
        assert_eq!((asked.kind, &*asked.text), (EventKind::PublishRequest, "who"));
        station
            .router
            .sessions
            .requests
            .decide(asked.value as u64, Ok(station.air.clone()))
            .expect("it waits");
        assert_eq!(opened.join().expect("no panic").status, 101);
        let opened = scope.spawn(|| station.open("/ws/other", ""));
        let asked = std::iter::from_fn(|| station.events.next(Duration::from_secs(30)).ok())
            .find(|event| event.kind == EventKind::PublishRequest)
            .expect("it is asked");
        station.router.sessions.requests.decide(asked.value as u64, Err("no".into())).expect("it waits");
        assert_eq!(opened.join().expect("no panic").status, 403);
    });
}
