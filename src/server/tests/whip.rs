//! The WHIP table, without sockets or peers; threads only where the program decides.

use super::*;
use crate::ingest::{IngestOptions, Ingester};
use crate::server::sessions::{Listed, Reception, Role};
use std::sync::Weak;

/// A reception whose answers are the test's, as those of a publication are.
impl Reception for Air {
    fn take(&self, stream: &Arc<str>, offer: &str) -> Result<Answered> {
        self.watch(stream, offer)
    }
    fn ingest(&self, stream: &Arc<str>, options: IngestOptions) -> Result<Ingester> {
        if let Some(failure) = self.failure.lock().clone() {
            return Err(failure);
        }
        let sink = crate::sink::Sink::new(crate::sink::SinkOptions::default())?;
        Ingester::new(&sink, Some(stream.clone()), options)
    }
}

const TYPE: &str = "Content-Type: application/sdp\r\n";

/// A station where "cam" may be published and "test" be watched.
pub fn station(take_over: bool, patience: Option<Duration>) -> Station {
    let mut station = Station::new();
    let told = Told { server: SERVER, events: Some(station.events.clone()) };
    let requests = Requests::new(patience, told.clone());
    let sessions = Arc::new(Sessions::new(2, take_over, requests, told));
    sessions.publish("test", station.air.clone()).expect("a free name");
    sessions.receive("cam", None, station.air.clone()).expect("a free name");
    station.router.sessions = sessions;
    station.router.posts = Mutex::new(Posts::new(1000));
    station
}

impl Station {
    fn offer(&self, path: &str, headers: &str) -> Response {
        self.ask("POST", path, &format!("{TYPE}{headers}"), OFFER)
    }

    /// A publisher of "cam": its path and entity tag.
    fn publisher(&self) -> (String, String) {
        let created = self.offer("/whip/cam", "");
        assert_eq!(created.status, 201, "{created:?}");
        let header = |name| created.header(name).expect(name).to_owned();
        (header("Location"), header("ETag"))
    }

    /// What was told, of whichever stream.
    pub fn news(&self) -> Vec<(EventKind, String, i64, String)> {
        let next = || self.events.next(Duration::ZERO).ok();
        let stream = |name: Option<Arc<str>>| name.expect("a stream").to_string();
        std::iter::from_fn(next).map(|e| (e.kind, stream(e.stream), e.value, e.text)).collect()
    }
}

fn status(response: &Response) -> (u16, &str) {
    (response.status, response.header("Retry-After").unwrap_or_default())
}

#[test]
fn a_publisher_gets_a_session_of_its_own_kind() {
    let station = station(false, None);
    let created = station.ask("POST", "/whip/c%61m", "Content-Type: application/SDP;x=y\r\n", OFFER);
    assert_eq!((created.status, created.text()), (201, "answer for cam"));
    assert_eq!(created.header("Content-Type"), Some("application/sdp"));
    let location = created.header("Location").expect("a location").to_owned();
    let id = location.strip_prefix("/whip/cam/").expect("a path");
    assert_eq!(uuid::Uuid::parse_str(id).expect("a UUID").get_version_num(), 4);
    let etag = created.header("ETag").expect("an entity tag").to_owned();
    assert!(etag.starts_with('"') && etag.ends_with('"') && etag.len() > 10, "{etag}");
    let wire = String::from_utf8(created.encode(true, false)).expect("text");
    assert_eq!(wire.matches("Link: <stun:").count(), 2);
    assert_eq!(station.news(), [(EventKind::PublishStarted, "cam".into(), 1, id.into())]);
    assert_eq!(station.router.sessions.count(), (1, 1, 1));

    // It is no viewer's, whatever the id.
    let as_viewer = format!("/whep/cam/{id}");
    for method in ["HEAD", "PATCH", "DELETE"] {
        assert_eq!(station.ask(method, &as_viewer, "", "").status, 404, "{method}");
    }
    assert_eq!(station.ask("HEAD", &location, "", "").header("ETag"), Some(&*etag));
    let fits = format!("If-Match: {etag}\r\n");
    assert_eq!(station.patch(&location, &fits, "a=candidate:1 x\r\n").status, 204);
    assert_eq!(station.patch(&location, "", "a=candidate:1 x\r\n").status, 428);
    assert_eq!(station.patch(&location, "If-Match: \"x\"\r\n", "a=candidate:1 x\r\n").status, 412);
    assert_eq!(station.patch(&location, "If-Match: *\r\n", "a=ice-ufrag:new\r\na=ice-pwd:x\r\n").status, 422);
    assert_eq!(*station.air.wires.lock()[0].candidates.lock(), ["- candidate:1 x"]);
    assert_eq!(station.ask("DELETE", &location, "If-Match: \"x\"\r\n", "").status, 200);
    assert!(station.air.wires.lock()[0].is_over());
    assert_eq!(station.ask("DELETE", &location, "", "").status, 404);
    let ended = (EventKind::PublishEnded, "cam".into(), 1, "ended by the publisher".into());
    assert_eq!(station.news(), [ended]);
    assert_eq!(station.router.sessions.count(), (0, 0, 1));
}

#[test]
fn an_offer_that_cannot_be_taken_is_refused_and_leaves_the_name_free() {
    let station = station(false, None);
    let typed = station.ask("POST", "/whip/cam", "Content-Type: text/plain\r\n", OFFER);
    assert_eq!((typed.status, typed.header("Accept-Post")), (415, Some("application/sdp")));
    for (failure, code) in [
        (Status::Malformed, 400),
        (Status::NotOffered, 422),
        (Status::Unsupported, 422),
        (Status::Limit, 422),
        (Status::Closed, 409),
        (Status::Timeout, 503),
    ] {
        *station.air.failure.lock() = Some(Error::new(failure, "two videos"));
        let refused = station.offer("/whip/cam", "");
        assert_eq!(refused.status, code, "{failure:?}");
        assert_eq!(refused.header("Content-Type"), Some("application/problem+json"));
        assert!(refused.text().contains("two videos"));
    }
    *station.air.failure.lock() = None;
    assert_eq!((station.news(), station.router.sessions.count()), (vec![], (0, 0, 0)));
    station.publisher();
}

#[test]
fn a_name_that_is_not_received_cannot_be_published() {
    let station = station(false, None);
    for name in ["other", "test"] {
        assert_eq!(status(&station.offer(&format!("/whip/{name}"), "")), (404, ""), "{name}");
    }
    // And one that is received is not thereby on the air.
    assert_eq!(status(&station.offer("/whep/cam", "")), (409, "2"));
    for method in ["GET", "HEAD"] {
        let endpoint = station.ask(method, "/whip/other", "", "");
        assert_eq!((endpoint.status, endpoint.text()), (200, ""));
    }
    let options = station.ask("OPTIONS", "/whip/other", "", "");
    assert_eq!((options.status, options.header("Accept-Post")), (204, Some("application/sdp")));
    let refused = station.ask("PUT", "/whip/cam", "", "");
    assert_eq!((refused.status, refused.header("Allow")), (405, Some("GET, HEAD, OPTIONS, POST")));
    assert_eq!(station.ask("POST", "/whip/a%2fb", TYPE, OFFER).status, 404);
}

#[test]
fn watching_and_publishing_one_name_are_two_things() {
    let station = station(false, None);
    let sessions = &station.router.sessions;
    sessions.publish("cam", station.air.clone()).expect("a free name");
    station.publisher();
    assert_eq!(station.offer("/whep/cam", "").status, 201);
    let cam = Listed { name: "cam".into(), viewers: Some(1), publishers: Some(1) };
    assert_eq!(sessions.list()[0], cam);
    assert_eq!(
        station.ask("GET", "/streams", "", "").text(),
        r#"[{"name":"cam","publishers":1,"viewers":1},{"name":"test","viewers":0}]"#
    );
    sessions.unpublish("cam").expect("it was published");
    assert!(!station.air.wires.lock()[0].is_over() && station.air.wires.lock()[1].is_over());
    sessions.publish("cam", station.air.clone()).expect("a free name");
    assert_eq!(station.offer("/whep/cam", "").status, 201);
    sessions.unreceive("cam").expect("it was received");
    assert!(station.air.wires.lock()[0].is_over() && !station.air.wires.lock()[2].is_over());
    sessions.unreceive("cam").expect_err("it is not any more");
    assert_eq!(station.offer("/whip/cam", "").status, 404);
    let ended = (EventKind::PublishEnded, "cam".into(), 1, "the stream is not received any more".into());
    assert_eq!(station.news().pop(), Some(ended));
}

#[test]
fn a_second_publisher_has_to_wait() {
    let station = station(false, None);
    let (first, _) = station.publisher();
    assert_eq!(status(&station.offer("/whip/cam", "")), (409, "2"));
    assert_eq!(station.ask("HEAD", &first, "", "").status, 200);
    station.router.sessions.receive("cam", None, station.air.clone()).expect_err("taken");
    station.router.sessions.connection_ended(Id(100), "silence");
    station.publisher();
}

#[test]
fn a_second_publisher_takes_over_where_the_option_says_so() {
    let station = station(true, None);
    let (first, _) = station.publisher();
    station.session();
    station.news();
    // There are two sessions at most, and there is room all the same: it needs none of its own.
    let (second, _) = station.publisher();
    assert_eq!(station.ask("HEAD", &first, "", "").status, 404);
    assert_eq!(station.ask("HEAD", &second, "", "").status, 200);
    assert!(station.air.wires.lock()[0].is_over());
    let ended = (EventKind::PublishEnded, "cam".into(), 1, "another publisher took over".into());
    let id = second.rsplit('/').next().expect("an id");
    assert_eq!(station.news(), [ended, (EventKind::PublishStarted, "cam".into(), 3, id.into())]);
    // Who says that it does not want to take over does not.
    assert_eq!(status(&station.offer("/whip/cam", "If-None-Match: *\r\n")), (412, "2"));
    assert_eq!(station.ask("HEAD", &second, "", "").status, 200);
    // An offer that cannot be answered takes nobody's place.
    *station.air.failure.lock() = Some(Error::new(Status::NotOffered, "no codec of ours"));
    assert_eq!(station.offer("/whip/cam", "").status, 422);
    assert_eq!(station.ask("HEAD", &second, "", "").status, 200);
    // Another name is another publisher, who finds no room.
    station.router.sessions.receive("more", None, station.air.clone()).expect("a free name");
    assert_eq!(status(&station.offer("/whip/more", "")), (503, "2"));
}

/// An offer for a name whose offer is being answered, on the only thread there is.
#[test]
fn two_publishers_that_come_at_once_are_one() {
    struct Twice(Mutex<Option<Arc<Sessions>>>, Arc<Air>);
    impl Reception for Twice {
        fn take(&self, stream: &Arc<str>, offer: &str) -> Result<Answered> {
            let sessions = self.0.lock().take(); // only the first time
            if let Some(sessions) = sessions {
                assert!(sessions.take(stream, "", false, offer).is_err());
            }
            Reception::take(&*self.1, stream, offer)
        }
    }
    let station = station(true, None);
    let sessions = station.router.sessions.clone();
    let twice = Twice(Mutex::new(Some(sessions.clone())), station.air.clone());
    sessions.receive("both", None, Arc::new(twice)).expect("a free name");
    assert_eq!(station.offer("/whip/both", "").status, 201);
    assert_eq!(sessions.count(), (1, 1, 1));
}

#[test]
fn a_reception_that_vanishes_or_panics_meanwhile_leaves_nothing() {
    struct Vanishing(Arc<Sessions>, Arc<Wire>);
    impl Reception for Vanishing {
        fn take(&self, stream: &Arc<str>, _: &str) -> Result<Answered> {
            self.0.unreceive(stream)?;
            Ok((self.1.clone(), String::new()))
        }
    }
    struct Broken;
    impl Reception for Broken {
        fn take(&self, _: &Arc<str>, _: &str) -> Result<Answered> {
            panic!("planted");
        }
    }
    let station = station(false, None);
    let sessions = station.router.sessions.clone();
    let wire = Arc::new(Wire::default());
    sessions.receive("gone", None, Arc::new(Vanishing(sessions.clone(), wire.clone()))).expect("free");
    assert_eq!(station.offer("/whip/gone", "").status, 404);
    assert!(wire.is_over());
    sessions.receive("broken", None, Arc::new(Broken)).expect("free");
    for _ in 0..3 {
        let post = || station.offer("/whip/broken", "");
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(post)).is_err());
    }
    assert_eq!((sessions.count(), station.news()), ((0, 0, 0), vec![]));
    station.publisher();
}

#[test]
fn a_publisher_brings_the_token_of_its_stream_or_else_the_servers() {
    let mut station = station(false, None);
    station.router.token = Some("watch".into());
    station.router.publish_token = Some("publish".into());
    station.router.sessions.receive("own", Some("mine"), station.air.clone()).expect("a free name");
    for (name, right) in [("cam", "publish"), ("own", "mine")] {
        let path = format!("/whip/{name}");
        for wrong in ["", "Bearer", "Bearer watch", "Bearer publisH", "Bearer min", "Basic mine"] {
            let refused = station.offer(&path, &format!("Authorization: {wrong}\r\n"));
            assert_eq!(refused.status, 401, "{name} {wrong:?}");
            assert!(refused.header("WWW-Authenticate").expect("a challenge").starts_with("Bearer "));
            assert_eq!(station.ask("HEAD", &path, &format!("Authorization: {wrong}\r\n"), "").status, 401);
        }
        assert_eq!(station.ask("OPTIONS", &path, "", "").status, 204, "a preflight carries none");
        let brings = format!("Authorization: bearer {right}\r\n");
        let created = station.offer(&path, &brings);
        let session = created.header("Location").expect("a location");
        for method in ["HEAD", "PATCH", "DELETE"] {
            assert_eq!(station.ask(method, session, "", "").status, 401, "{method}");
            let watching = "Authorization: Bearer watch\r\n";
            assert_eq!(station.ask(method, session, watching, "").status, 401, "{method}");
        }
        assert_eq!(station.ask("DELETE", session, &brings, "").status, 200);
    }
    let unknown = "Authorization: Bearer publish\r\n";
    assert_eq!(station.offer("/whip/other", unknown).status, 404);
    assert_eq!(station.offer("/mirror/own", unknown).status, 401);
    assert_eq!(station.ask("GET", "/mirror/own", "", "").status, 200);
    assert_eq!(station.offer("/mirror/own", "Authorization: Bearer mine\r\n").status, 201);
    assert_eq!(station.ask("GET", "/publish/cam", "", "").status, 200);
}

/// A token changed while a session is on goes for the next one.
#[test]
fn a_session_keeps_the_token_it_came_with() {
    let station = station(false, None);
    let sessions = &station.router.sessions;
    sessions.receive("own", Some("mine"), station.air.clone()).expect("a free name");
    let created = station.offer("/whip/own", "Authorization: Bearer mine\r\n");
    let session = created.header("Location").expect("a location");
    assert_eq!(sessions.token("own", session.rsplit('/').next()).as_deref(), Some("mine"));
    assert_eq!(station.ask("DELETE", session, "Authorization: Bearer other\r\n", "").status, 401);
    assert_eq!(station.ask("DELETE", session, "Authorization: Bearer mine\r\n", "").status, 200);
}

/// Decides about requests as they are told, on a thread of the queue's.
fn deciding(decide: impl Fn(&Sessions, crate::events::Event) + Send + Sync + 'static) -> Station {
    let sessions = Arc::new(Mutex::new(Weak::<Sessions>::new()));
    let told = sessions.clone();
    let decides = Events::with_callback(64, move |event| {
        let sessions = told.lock().upgrade().expect("asked by somebody");
        decide(&sessions, event);
    });
    let told = Told { server: SERVER, events: Some(decides.expect("a queue")) };
    let requests = Requests::new(Some(Duration::from_secs(30)), told);
    let mut station = Station::new();
    let told = Told { server: SERVER, events: Some(station.events.clone()) };
    let made = Arc::new(Sessions::new(2, true, requests, told));
    *sessions.lock() = Arc::downgrade(&made);
    station.router.sessions = made;
    station
}

#[test]
fn the_program_decides_about_names_that_nobody_registered() {
    let air = Station::new().air;
    let decides = air.clone();
    let station = deciding(move |sessions, event| {
        assert_eq!((event.kind, event.object), (EventKind::PublishRequest, SERVER));
        let decision = match &*event.text {
            "s3cret" => Ok(decides.clone() as Arc<dyn Reception>),
            other => Err(format!("{other:?} is no token for {}", event.stream.expect("a stream"))),
        };
        let request = event.value as u64;
        sessions.requests.decide(request, decision).expect("it waits");
        sessions.requests.decide(request, Err("again".into())).expect_err("it does not any more");
    });
    let refused = station.offer("/whip/new", "");
    assert_eq!(refused.status, 403);
    assert!(refused.text().contains(r#"\"\" is no token for new"#), "{}", refused.text());
    let right = "Authorization: Bearer s3cret\r\n";
    let created = station.offer("/whip/new", right);
    assert_eq!((created.status, created.text()), (201, "answer for new"));
    let session = created.header("Location").expect("a location");
    assert_eq!(station.ask("DELETE", session, "", "").status, 401, "it takes the token it came with");
    // The program is asked who may take over, too.
    assert_eq!(station.offer("/whip/new", "").status, 403);
    assert_eq!(station.ask("HEAD", session, right, "").status, 200);
    assert_eq!(station.router.sessions.list()[0].publishers, Some(1));
    station.router.sessions.unreceive("new").expect("it is being published");
    assert_eq!(station.ask("HEAD", session, right, "").status, 404);
    station.news();

    // One that was accepted and cannot be answered is told as an end: somebody waits for it.
    *air.failure.lock() = Some(Error::new(Status::NotOffered, "no codec of ours"));
    assert_eq!(station.offer("/whip/new", right).status, 422);
    assert_eq!(station.news(), [(EventKind::PublishEnded, "new".into(), 0, "no codec of ours".into())]);
}

#[test]
fn a_request_that_nobody_decides_is_refused_in_time() {
    let station = station(false, Some(Duration::from_millis(1)));
    assert_eq!(station.offer("/whip/new", "Authorization: Bearer x\r\n").status, 403);
    assert_eq!(station.news(), [(EventKind::PublishRequest, "new".into(), 1, "x".into())]);
    station.router.sessions.requests.decide(1, Err(String::new())).expect_err("it is over");
    station.router.sessions.requests.decide(9, Err(String::new())).expect_err("there was none");
    // A name that is received needs nobody's decision.
    station.publisher();
}

#[test]
fn a_close_refuses_the_requests_that_wait() {
    let station = deciding(|sessions, _| sessions.close());
    assert_eq!(station.offer("/whip/new", "").status, 403);
    assert_eq!(station.offer("/whip/new", "").status, 404);
}

#[test]
fn a_viewer_and_a_publisher_share_the_limit() {
    let station = station(false, None);
    station.session();
    station.session();
    assert_eq!(status(&station.offer("/whip/cam", "")), (503, "2"));
    assert!(station.router.sessions.etag(Role::Publisher, "cam", "").is_none());
}
