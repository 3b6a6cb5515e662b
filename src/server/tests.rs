//! The WHEP table, without sockets, threads or peers.

mod ingest;
mod whip;

use super::http::request::{Limits, Parser, Request, Step};
use super::http::response::Response;
use super::options::ServerOptions;
use super::posts::Posts;
use super::router::Router;
use super::sessions::{Answered, Connection, Publication, Requests, Sessions, Told};
use crate::error::{Error, Result, Status};
use crate::events::{EventKind, Events};
use crate::id::Id;
use crate::time::Time;
use parking_lot::Mutex;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const SERVER: Id = Id(7);

/// A connection that remembers what it was told.
#[derive(Default)]
struct Wire {
    id: u64,
    over: AtomicBool,
    candidates: Mutex<Vec<String>>,
}

impl Connection for Wire {
    fn id(&self) -> Id {
        Id(self.id)
    }
    fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }
    fn candidate(&self, candidate: &str, mid: Option<&str>) {
        self.candidates.lock().push(format!("{} {candidate}", mid.unwrap_or("-")));
    }
    fn close(&self, _: &str) {
        self.over.store(true, Ordering::Relaxed);
    }
}

/// A publication whose answers are the test's.
struct Air {
    wires: Mutex<Vec<Arc<Wire>>>,
    failure: Mutex<Option<Error>>,
    stillborn: AtomicBool,
}

impl Publication for Air {
    fn watch(&self, stream: &Arc<str>, _: &str) -> Result<Answered> {
        if let Some(failure) = self.failure.lock().clone() {
            return Err(failure);
        }
        let mut wires = self.wires.lock();
        let wire = Arc::new(Wire { id: 100 + wires.len() as u64, ..Wire::default() });
        wire.over.store(self.stillborn.load(Ordering::Relaxed), Ordering::Relaxed);
        wires.push(wire.clone());
        Ok((wire, format!("answer for {stream}")))
    }
}

struct Station {
    router: Router,
    air: Arc<Air>,
    events: Arc<Events>,
}

impl Station {
    fn new() -> Station {
        let events = Events::new(64).expect("a queue");
        let told = Told { server: SERVER, events: Some(events.clone()) };
        let sessions = Sessions::new(2, false, Requests::new(None, told.clone()), told);
        let air = Arc::new(Air {
            wires: Mutex::default(),
            failure: Mutex::default(),
            stillborn: AtomicBool::new(false),
        });
        sessions.publish("test", air.clone()).expect("a free name");
        let posts = Mutex::new(Posts::new(6));
        let links = vec!["<stun:a>; rel=\"ice-server\"".into(), "<stun:b>; rel=\"ice-server\"".into()];
        let sessions = Arc::new(sessions);
        let ingest = ServerOptions::default().ingest();
        let (token, publish_token, ingested) = (None, None, Arc::default());
        let router = Router { sessions, token, publish_token, links, posts, ingest, ingested };
        Station { router, air, events }
    }

    fn ask(&self, method: &str, path: &str, headers: &str, body: &str) -> Response {
        self.ask_at(Time(0), method, path, headers, body)
    }

    fn ask_at(&self, now: Time, method: &str, path: &str, headers: &str, body: &str) -> Response {
        let length = body.len();
        let text =
            format!("{method} {path} HTTP/1.1\r\nHost: h\r\n{headers}Content-Length: {length}\r\n\r\n{body}");
        self.router.answer(&request(&text), HERE, now)
    }

    fn post(&self) -> Response {
        self.ask("POST", "/whep/test", "Content-Type: application/sdp\r\n", OFFER)
    }

    /// A session: its path and entity tag.
    fn session(&self) -> (String, String) {
        let created = self.post();
        assert_eq!(created.status, 201, "{created:?}");
        let header = |name| created.header(name).expect(name).to_owned();
        (header("Location"), header("ETag"))
    }

    fn patch(&self, path: &str, headers: &str, body: &str) -> Response {
        let headers = format!("Content-Type: application/trickle-ice-sdpfrag\r\n{headers}");
        self.ask("PATCH", path, &headers, body)
    }

    fn told(&self) -> Vec<(EventKind, String)> {
        let next = || self.events.next(Duration::ZERO).ok();
        std::iter::from_fn(next)
            .map(|event| {
                assert_eq!((event.object, event.stream.as_deref()), (SERVER, Some("test")));
                (event.kind, event.text)
            })
            .collect()
    }
}

const OFFER: &str = "v=0\r\na=ice-ufrag:here\r\na=ice-pwd:secret\r\n";

fn request(text: &str) -> Request {
    let mut parser = Parser::new(Limits { head: 4096, body: 4096 });
    parser.push(text.as_bytes());
    match parser.next() {
        Ok(Step::Request(request)) => request,
        other => panic!("{text:?} is no request: {other:?}"),
    }
}

#[test]
fn a_post_makes_a_session_and_says_everything_about_it() {
    let station = Station::new();
    let created =
        station.ask("POST", "/whep/t%65st?a=b", "Content-Type: Application/SDP; charset=utf-8\r\n", OFFER);
    assert_eq!((created.status, created.text()), (201, "answer for test"));
    assert_eq!(created.header("Content-Type"), Some("application/sdp"));
    let id = created.header("Location").expect("a location").strip_prefix("/whep/test/").expect("a path");
    assert_eq!(uuid::Uuid::parse_str(id).expect("a UUID").get_version_num(), 4);
    let etag = created.header("ETag").expect("an entity tag");
    assert!(etag.len() > 10 && etag.starts_with('"') && etag.ends_with('"'), "{etag}");
    let wire = String::from_utf8(created.encode(true, false)).expect("text");
    assert_eq!(wire.matches("Link: <stun:").count(), 2);
    assert_eq!(station.told(), [(EventKind::SessionStarted, id.to_owned())]);
    assert_eq!(station.router.sessions.count(), (1, 0, 1));
}

#[test]
fn what_is_no_offer_is_refused() {
    let station = Station::new();
    for kind in ["", "Content-Type: application/sdpx\r\n", "Content-Type: text/plain\r\n"] {
        let refused = station.ask("POST", "/whep/test", kind, OFFER);
        assert_eq!((refused.status, refused.header("Accept-Post")), (415, Some("application/sdp")));
        assert_eq!(refused.header("Content-Type"), Some("application/problem+json"));
    }
    let refusals = [
        (Status::Malformed, 400),
        (Status::NotOffered, 422),
        (Status::Unsupported, 422),
        (Status::Limit, 422),
        (Status::Closed, 409),
        (Status::Timeout, 503),
        (Status::Transport, 500),
    ];
    for (minute, (status, code)) in refusals.into_iter().enumerate() {
        *station.air.failure.lock() = Some(Error::new(status, "line 3 is no line"));
        let now = Time(minute as u64 * 60_000_000);
        let refused = station.ask_at(now, "POST", "/whep/test", "Content-Type: application/sdp\r\n", "x");
        assert_eq!(refused.status, code, "{status:?}");
        assert!(refused.text().contains("line 3 is no line"));
        assert_eq!(refused.header("Retry-After").is_some(), matches!(code, 409 | 503));
    }
    assert_eq!(station.router.sessions.count(), (0, 0, 0));
    assert_eq!(station.told(), []);
}

#[test]
fn who_has_to_wait_is_told_how_long() {
    let station = Station::new();
    let nobody = station.ask("POST", "/whep/other", "Content-Type: application/sdp\r\n", OFFER);
    assert_eq!((nobody.status, nobody.header("Retry-After")), (409, Some("2")));
    let (first, _) = station.session();
    station.session();
    let full = station.post();
    assert_eq!((full.status, full.header("Retry-After")), (503, Some("2")));
    assert_eq!(station.ask("DELETE", &first, "", "").status, 200);
    station.session();
    assert_eq!(station.post().status, 503);
    let often = station.post();
    assert_eq!((often.status, often.header("Retry-After")), (429, Some("10")));
}

#[test]
fn a_session_ends_once_by_delete_whatever_its_etag() {
    let station = Station::new();
    let (path, _) = station.session();
    assert_eq!(station.ask("DELETE", &path.replace("test", "other"), "", "").status, 404);
    assert_eq!(station.ask("DELETE", "/whep/test/nobody", "", "").status, 404);
    assert_eq!(station.ask("DELETE", &path, "If-Match: \"wrong\"\r\n", "").status, 200);
    assert!(station.air.wires.lock()[0].is_over());
    assert_eq!(station.ask("DELETE", &path, "", "").status, 404);
    assert_eq!(station.told()[1..], [(EventKind::SessionEnded, "ended by the viewer".into())]);
    assert_eq!(station.router.sessions.count(), (0, 0, 1));
}

#[test]
fn candidates_trickle_in_as_far_as_they_can_be_used() {
    let station = Station::new();
    let (path, etag) = station.session();
    let fits = format!("If-Match: {etag}\r\n");
    let body = "a=ice-ufrag:here\r\na=ice-pwd:secret\r\nm=video 9 X 0\r\na=mid:1\r\na=candidate:1 x\r\n";
    let taken = station.patch(&path, &fits, body);
    assert_eq!((taken.status, taken.header("ETag")), (204, None));
    assert_eq!(*station.air.wires.lock()[0].candidates.lock(), ["1 candidate:1 x"]);
    // More than anybody has are passed over.
    assert_eq!(station.patch(&path, &fits, &"a=candidate:2 y\n".repeat(100)).status, 204);
    assert_eq!(station.air.wires.lock()[0].candidates.lock().len(), 32);
}

#[test]
fn a_patch_must_match_be_of_its_type_and_parse() {
    let station = Station::new();
    let (path, etag) = station.session();
    let fits = format!("If-Match: \"x\", {etag}\r\n");
    let body = "a=candidate:1 x\r\n";
    assert_eq!(station.patch(&path, "", body).status, 428);
    assert_eq!(station.patch(&path, "If-Match: \"x\"\r\n", body).status, 412);
    assert_eq!(station.patch(&path, &format!("If-Match: W/{etag}\r\n"), body).status, 412);
    let typed = station.ask("PATCH", &path, &format!("Content-Type: application/sdp\r\n{fits}"), body);
    assert_eq!(typed.status, 415);
    assert_eq!(station.patch(&path, &fits, "").status, 400);
    assert_eq!(station.patch(&path, &fits, "hello").status, 400);
    assert_eq!(station.patch("/whep/test/nobody", &fits, body).status, 404);
    assert_eq!(station.patch("/whep/test", &fits, body).status, 405);
    assert!(station.air.wires.lock()[0].candidates.lock().is_empty());
    assert_eq!(station.patch(&path, &fits, body).status, 204);
}

#[test]
fn an_ice_restart_is_refused_and_the_session_lives_on() {
    let station = Station::new();
    let (path, etag) = station.session();
    let restart = "a=ice-ufrag:new\r\na=ice-pwd:other\r\na=candidate:1 x\r\n";
    assert_eq!(station.patch(&path, "If-Match: *\r\n", restart).status, 422);
    assert_eq!(station.patch(&path, &format!("If-Match: {etag}\r\n"), restart).status, 422);
    assert!(station.air.wires.lock()[0].candidates.lock().is_empty());
    assert_eq!(station.ask("HEAD", &path, "", "").header("ETag"), Some(&*etag));
    assert!(!station.air.wires.lock()[0].is_over());
}

#[test]
fn get_head_and_options_need_no_stream() {
    let station = Station::new();
    let (session, etag) = station.session();
    for method in ["GET", "HEAD"] {
        let endpoint = station.ask(method, "/whep/other", "", "");
        assert_eq!((endpoint.status, endpoint.text()), (200, ""));
        assert_eq!(endpoint.header("Content-Type"), Some("application/sdp"));
        let resource = station.ask(method, &session, "", "");
        assert_eq!((resource.status, resource.text(), resource.header("ETag")), (200, "", Some(&*etag)));
        assert_eq!(station.ask(method, "/whep/test/nobody", "", "").status, 404);
    }
    for (path, allow) in [
        ("/whep/test", "GET, HEAD, OPTIONS, POST"),
        (&*session, "DELETE, GET, HEAD, OPTIONS, PATCH"),
        ("/", "GET, HEAD, OPTIONS"),
    ] {
        let options = station.ask("OPTIONS", path, "", "");
        assert_eq!((options.status, options.header("Allow")), (204, Some(allow)));
        for method in ["PUT", "TRACE", "post"] {
            let refused = station.ask(method, path, "", "");
            assert_eq!((refused.status, refused.header("Allow")), (405, Some(allow)), "{method} {path}");
        }
    }
    assert_eq!(station.ask("OPTIONS", "/whep/test", "", "").header("Accept-Post"), Some("application/sdp"));
    assert_eq!(station.ask("OPTIONS", "*", "", "").status, 204);
}

#[test]
fn ice_servers_are_told_beforehand_to_whom_a_post_would_tell_them() {
    let mut station = Station::new();
    let told = |station: &Station, headers: &str| {
        let response = station.ask("OPTIONS", "/whep/test", headers, "");
        assert_eq!(response.status, 204);
        response.header("Link").is_some()
    };
    assert!(told(&station, "Origin: https://a.example\r\n"));
    assert!(!told(&station, "Access-Control-Request-Method: POST\r\n"), "a preflight");
    station.router.token = Some("s3cret".into());
    assert!(!told(&station, "") && !told(&station, "Authorization: Bearer other\r\n"));
    assert!(told(&station, "Authorization: Bearer s3cret\r\n"));
    assert_eq!(station.ask("OPTIONS", "/", "", "").header("Link"), None);
    let unknown = station.ask("OPTIONS", "/whip/other", "", "");
    assert_eq!(unknown.header("Link"), None, "who may publish that is for the program to say");
}

#[test]
fn a_token_guards_all_but_the_pages_and_the_preflight() {
    let mut station = Station::new();
    let (session, _) = station.session();
    station.router.token = Some("s3cret".into());
    for (method, path) in [
        ("POST", "/whep/test"),
        ("HEAD", "/whep/test"),
        ("DELETE", &session),
        ("PATCH", &session),
        ("GET", "/streams"),
    ] {
        for wrong in
            ["", "Bearer", "Bearer ", "Bearer s3cres", "Bearer s3cret1", "Bearer s3cre", "Basic s3cret"]
        {
            let headers = format!("Authorization: {wrong}\r\nContent-Type: application/sdp\r\n");
            let refused = station.ask(method, path, &headers, OFFER);
            assert_eq!(refused.status, 401, "{method} {path} {wrong:?}");
            assert!(refused.header("WWW-Authenticate").expect("a challenge").starts_with("Bearer "));
        }
    }
    assert_eq!(station.ask("OPTIONS", "/whep/test", "", "").status, 204);
    assert_eq!(station.ask("GET", "/watch/test", "", "").status, 200);
    let headers = "Authorization: bearer s3cret\r\nContent-Type: application/sdp\r\n";
    assert_eq!(station.ask("POST", "/whep/test", headers, OFFER).status, 201);
}

#[test]
fn who_comes_to_the_mirror_gets_a_name_that_nobody_else_has() {
    let station = Station::new();
    let names = [0; 2].map(|_| {
        let own = station.ask("GET", "/mirror", "", "");
        assert_eq!((own.status, own.header("Cache-Control")), (307, Some("no-store")));
        format!("/{}", own.header("Location").expect("an address"))
    });
    assert_ne!(names[0], names[1]);
    assert_eq!(station.ask("GET", &names[0], "", "").status, 200);
    assert_eq!(station.ask("POST", "/mirror", "", "").status, 405);
    assert_eq!(station.ask("DELETE", &names[0], "", "").status, 405);
    assert_eq!(station.ask("GET", "/mirror/a%2fb", "", "").status, 404);
}

#[test]
fn a_path_that_names_no_stream_is_nothing() {
    let station = Station::new();
    let long = format!("/whep/{}", "x".repeat(65));
    for path in [
        "/whep",
        "/whep/",
        "/whep/a%2fb",
        "/whep/a%0d%0aX:1",
        "/whep/%ff",
        "/whep/%zz",
        "/whep/..",
        "/x",
        "/watch/",
        &long,
    ] {
        let missing = station.ask("POST", path, "Content-Type: application/sdp\r\n", OFFER);
        assert_eq!(missing.status, 404, "{path}");
        assert!(!String::from_utf8_lossy(&missing.encode(true, false)).contains("X:1"));
    }
}

#[test]
fn a_location_leads_back_to_streams_of_any_name() {
    let station = Station::new();
    station.router.sessions.publish("Kamera 1/2", station.air.clone()).expect_err("a slash");
    station.router.sessions.publish("Übung 100%", station.air.clone()).expect("a free name");
    station.router.sessions.publish("test", station.air.clone()).expect_err("taken");
    let created =
        station.ask("POST", "/whep/%C3%9Cbung%20100%25", "Content-Type: application/sdp\r\n", OFFER);
    let location = created.header("Location").expect("a location").to_owned();
    assert!(location.starts_with("/whep/%C3%9Cbung%20100%25/"), "{location}");
    assert_eq!(station.ask("DELETE", &location, "", "").status, 200);
    assert_eq!(
        station.ask("GET", "/streams", "", "").text(),
        r#"[{"name":"test","viewers":0},{"name":"Übung 100%","viewers":0}]"#
    );
}

#[test]
fn a_connection_that_ends_takes_its_session_with_it() {
    let station = Station::new();
    let (first, _) = station.session();
    let (second, _) = station.session();
    station.router.sessions.connection_ended(Id(100), "no path");
    station.router.sessions.connection_ended(Id(100), "again");
    assert_eq!(station.ask("HEAD", &first, "", "").status, 404);
    assert_eq!(station.ask("HEAD", &second, "", "").status, 200);
    assert_eq!(station.told()[2..], [(EventKind::SessionEnded, "no path".into())]);
    // One that is over before its session stands in the table.
    station.air.stillborn.store(true, Ordering::Relaxed);
    let (third, _) = station.session();
    assert_eq!(station.ask("HEAD", &third, "", "").status, 404);
}

#[test]
fn unpublishing_and_closing_end_sessions_and_are_told_once() {
    let station = Station::new();
    station.session();
    station.router.sessions.unpublish("test").expect("it was published");
    station.router.sessions.unpublish("test").expect_err("it is not any more");
    assert_eq!(station.post().status, 409);
    assert_eq!(station.told()[1..], [(EventKind::SessionEnded, "the stream was unpublished".into())]);
    station.router.sessions.publish("test", station.air.clone()).expect("a free name");
    station.session();
    station.router.sessions.close();
    assert_eq!(station.told()[1..], [(EventKind::SessionEnded, "the server was closed".into())]);
    assert!(station.air.wires.lock().iter().all(|wire| wire.is_over()));
    assert_eq!(
        station.router.sessions.publish("x", station.air.clone()).expect_err("closed").status(),
        Status::Closed
    );
    assert_eq!(station.post().status, 409);
    assert_eq!(station.told(), []);
}

/// The stream is taken away while an offer to watch it is being answered.
#[test]
fn a_session_that_lost_its_stream_meanwhile_is_not_begun() {
    struct Vanishing(Mutex<Option<Arc<Sessions>>>, Arc<Wire>);
    impl Publication for Vanishing {
        fn watch(&self, stream: &Arc<str>, _: &str) -> Result<Answered> {
            if let Some(sessions) = self.0.lock().take() {
                sessions.unpublish(stream)?;
            }
            Ok((self.1.clone(), String::new()))
        }
    }
    let station = Station::new();
    let sessions = station.router.sessions.clone();
    let wire = Arc::new(Wire::default());
    sessions
        .publish("gone", Arc::new(Vanishing(Mutex::new(Some(sessions.clone())), wire.clone())))
        .expect("free");
    assert_eq!(station.ask("POST", "/whep/gone", "Content-Type: application/sdp\r\n", OFFER).status, 409);
    assert!(wire.is_over());
    assert_eq!((sessions.count(), station.told()), ((0, 0, 0), vec![]));
}

#[test]
fn an_answer_that_panics_gives_its_place_back() {
    struct Broken;
    impl Publication for Broken {
        fn watch(&self, _: &Arc<str>, _: &str) -> Result<Answered> {
            panic!("planted");
        }
    }
    let station = Station::new();
    station.router.sessions.publish("broken", Arc::new(Broken)).expect("free");
    for _ in 0..3 {
        let post = || station.ask("POST", "/whep/broken", "Content-Type: application/sdp\r\n", OFFER);
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(post)).is_err());
    }
    station.session();
}

#[test]
fn the_pages_hang_together() {
    let station = Station::new();
    let mut seen = vec![];
    for path in ["/", "/watch/test", "/publish/test", "/mirror/test"] {
        let page = station.ask("GET", path, "", "");
        assert_eq!((page.status, page.header("Content-Type")), (200, Some("text/html; charset=utf-8")));
        assert!(page.header("Content-Security-Policy").expect("a policy").contains("default-src 'self'"));
        assert!(!page.text().contains("//"), "nothing from another address");
        for link in page.text().split(['"']).filter(|link| link.contains("page/")) {
            seen.push(format!("/{}", link.trim_start_matches("../")));
        }
    }
    assert!(seen.len() >= 16, "{seen:?}");
    let module = station.ask("GET", "/framewire.js", "", "");
    assert_eq!(module.header("Content-Type"), Some("text/javascript; charset=utf-8"));
    assert!(!module.text().lines().any(|line| line.starts_with("import")), "it needs nothing else");
    for path in seen.iter().map(String::as_str).chain(["/favicon.ico"]) {
        assert_eq!(station.ask("GET", path, "", "").status, 200, "{path}");
    }
}
