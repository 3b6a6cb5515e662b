//! The client against servers that say all sorts of things: redirects, refusals, nonsense, nothing.

mod common;

use common::air::Air;
use common::script::{Asked, Said, Script};
use common::stun::{SHOWN, Stun};
use common::watcher::PATIENCE;
use framewire::client::{Client, ClientOptions, ClientState, Purpose};
use framewire::error::Status;
use framewire::events::{EventKind, Events};
use framewire::peer::{Peer, PeerOptions};
use framewire::sink::{Sink, SinkOptions};
use std::sync::Arc;
use std::time::{Duration, Instant};

const SECOND: Duration = Duration::from_secs(1);

/// A client and what is told about it.
struct Told {
    client: Client,
    events: Arc<Events>,
}

impl Told {
    fn new(url: &str, change: impl FnOnce(&mut ClientOptions)) -> Told {
        let sink = Sink::new(SinkOptions::default()).expect("a sink");
        let events = Events::new(64).expect("a queue");
        let mut options = ClientOptions::new(url, Purpose::Take(sink));
        options.events = Some(events.clone());
        options.peer.media_address = Some([127, 0, 0, 1].into());
        change(&mut options);
        Told { client: Client::new(options).expect("a client"), events }
    }

    /// The next state and its reason.
    fn next(&self) -> (ClientState, String) {
        let event = self.events.next(PATIENCE).expect("an event");
        assert_eq!((event.kind, event.object), (EventKind::ClientState, self.client.id()));
        (state(event.value), event.text)
    }

    /// The reason of that state, which must be the next but for *connecting*.
    fn reach(&self, wanted: ClientState) -> String {
        loop {
            match self.next() {
                (state, why) if state == wanted => return why,
                (ClientState::Connecting, _) => {}
                other => panic!("{other:?} instead of {wanted:?}"),
            }
        }
    }
}

fn state(value: i64) -> ClientState {
    use ClientState::*;
    let all = [Connecting, Connected, Retrying, Ended, Failed];
    *all.iter().find(|s| **s as i64 == value).expect("a state of the list")
}

/// Answers offers with peers that live as long as it.
struct Remote {
    air: Air,
    peers: Vec<Peer>,
}

impl Remote {
    fn new() -> Remote {
        Remote { air: Air::with(30, 500_000, false), peers: Vec::new() }
    }

    fn answer(&mut self, asked: &Asked) -> String {
        let options = PeerOptions { media_address: Some([127, 0, 0, 1].into()), ..PeerOptions::default() };
        let peer = Peer::new(options).expect("a peer");
        peer.send(None, &self.air.source).expect("before the offer");
        let answer = peer.answer(&asked.body, PATIENCE).expect("an answer");
        self.peers.push(peer);
        answer
    }
}

#[test]
fn a_request_is_sent_on_with_its_method_and_body_and_the_token_stays_at_home() {
    let mut remote = Remote::new();
    let other = Script::new(move |asked| match asked.line.as_str() {
        "POST /there/x" => Said::status(301, "Location: y?key=1\r\n"),
        "POST /there/y?key=1" => Said::created("Location: sessions/1\r\n", &remote.answer(asked)),
        _ => Said::status(200, ""),
    });
    let there = other.url("/there/x");
    let home = Script::new(move |asked| match asked.line.as_str() {
        "POST /whep/x" => Said::status(307, "Location: /moved/x\r\n"),
        "POST /moved/x" => Said::status(302, "Location: ../again/x\r\n"),
        "POST /again/x" => Said::status(308, &format!("Location: {there}\r\n")),
        _ => Said::status(404, ""),
    });
    let told = Told::new(&home.url("/whep/x"), |options| options.token = Some("secret".into()));
    let first = home.asked();
    assert_eq!(first.header("Content-Type"), Some("application/sdp"));
    assert!(first.body.starts_with("v=0\r\n") && first.body.contains("a=recvonly"), "{}", first.body);
    let at_home = [first, home.asked(), home.asked()];
    let there = [other.asked(), other.asked()];
    for asked in at_home.iter().chain(&there) {
        assert!(asked.line.starts_with("POST ") && asked.body == at_home[0].body, "{}", asked.line);
    }
    assert!(at_home.iter().all(|asked| asked.header("Authorization") == Some("Bearer secret")));
    assert!(there.iter().all(|asked| asked.header("Authorization").is_none()));
    told.reach(ClientState::Connected);
    told.client.close();
    let ended = other.asked();
    assert_eq!((ended.line.as_str(), ended.header("Authorization")), ("DELETE /there/sessions/1", None));
    assert_eq!(told.next().0, ClientState::Ended);
    assert!(told.events.next(Duration::ZERO).is_err(), "nothing after the end");
}

#[test]
fn a_session_is_ended_where_its_location_says_with_the_token() {
    for (location, path) in
        [("/s/1", "/s/1"), ("2", "/whep/2"), ("?id=3", "/whep/x?id=3"), ("ABSOLUTE", "/s/4")]
    {
        let mut remote = Remote::new();
        let script = Script::new(move |asked| match asked.line.starts_with("POST ") {
            true => {
                let host = asked.header("Host").expect("a host");
                let location = location.replace("ABSOLUTE", &format!("http://{host}/s/4"));
                Said::created(&format!("Location: {location}\r\nETag: \"e\"\r\n"), &remote.answer(asked))
            }
            false => Said::status(200, ""),
        });
        let told = Told::new(&script.url("/whep/x"), |options| options.token = Some("secret".into()));
        script.asked();
        told.reach(ClientState::Connected);
        drop(told);
        let ended = script.asked();
        assert_eq!(
            (ended.line, ended.headers.iter().any(|(_, v)| v == "Bearer secret")),
            (format!("DELETE {path}"), true)
        );
    }
}

#[test]
fn what_stays_wrong_ends_it_with_the_reason_though_it_may_retry() {
    let loops: &str = "Location: /whep/x\r\n";
    let problem = || {
        let body = "{\"title\":\"no\",\"detail\":\"the token\\u0007 is of yesterday\"}".to_owned();
        Said::Response(401, "Content-Type: application/problem+json\r\n".into(), body)
    };
    let created = |headers: &str, body: &str| Said::created(&format!("Location: /s/1\r\n{headers}"), body);
    type Say = Box<dyn FnMut() -> Said + Send>;
    let cases: Vec<(Say, &str, bool)> = vec![
        (Box::new(problem), "401 Unauthorized: the token is of yesterday", false),
        (Box::new(|| Said::status(406, "")), "406", false),
        (Box::new(|| Said::status(303, loops)), "303", false),
        (Box::new(move || Said::status(307, loops)), "redirects more than 5 times", false),
        (Box::new(|| Said::status(307, "Location: ftp://h/\r\n")), "redirects to nowhere", false),
        (Box::new(|| Said::status(200, "Content-Type: application/sdp\r\n")), "200", false),
        (Box::new(move || created("", "v=0\r\nnonsense")), "the answer of the server: ", true),
        (Box::new(move || created("", "")), "the answer of the server: the answer is empty", true),
        (Box::new(|| Said::created("Location: ftp://h/\r\n", "v=0")), "the Location \"ftp://h/\"", false),
        (
            Box::new(|| {
                Said::Response(201, "Content-Type: text/html\r\nLocation: /s/1\r\n".into(), "hi".into())
            }),
            "\"text/html\" instead of application/sdp",
            true,
        ),
        (
            Box::new(|| {
                let head = "HTTP/1.1 201 Created\r\nContent-Type: application/sdp\r\nLocation: /s/1\r\n\r\n";
                Said::Endless(head.into())
            }),
            "more than 65536 bytes",
            true,
        ),
    ];
    for (mut say, why, deletes) in cases {
        let script = Script::new(move |asked| match asked.line.starts_with("POST ") {
            true => say(),
            false => Said::status(200, ""),
        });
        let told = Told::new(&script.url("/whep/x"), |options| options.retry = true);
        let reason = told.reach(ClientState::Failed);
        assert!(reason.contains(why), "{reason:?} does not say {why:?}");
        assert_eq!(told.client.state(), ClientState::Failed);
        told.client.close();
        assert!(told.events.next(Duration::ZERO).is_err(), "it was over");
        let deleted = script.rest().contains(&"DELETE /s/1".to_owned());
        assert_eq!(deleted, deletes, "{why}");
    }
}

#[test]
fn a_server_that_is_ill_is_asked_again_when_it_says() {
    let mut remote = Remote::new();
    let mut asked_before = None;
    let script = Script::new(move |asked| {
        if asked.line.starts_with("DELETE ") {
            return Said::status(200, "");
        }
        match asked_before.replace(Instant::now()) {
            None => Said::status(503, "Retry-After: 2\r\n"),
            Some(before) => {
                assert!(before.elapsed() >= 2 * SECOND, "{:?}", before.elapsed());
                Said::created("Location: /s/1\r\n", &remote.answer(asked))
            }
        }
    });
    let told = Told::new(&script.url("/whep/x"), |options| options.retry = true);
    assert!(told.reach(ClientState::Retrying).contains("503"));
    assert_eq!(told.client.state(), ClientState::Retrying);
    told.reach(ClientState::Connected);
    assert_eq!(told.client.state(), ClientState::Connected);
}

#[test]
fn without_retries_a_server_that_is_not_there_ends_it() {
    let nobody = Script::new(|_| Said::Nothing).url("/whep/x");
    let told = Told::new(&nobody, |_| {});
    assert!(told.reach(ClientState::Failed).contains(&nobody), "the reason names the place");
}

#[test]
fn a_server_that_speaks_no_tls_is_not_reached_by_https() {
    let script = Script::new(|_| Said::status(200, ""));
    let url = script.url("/whep/x").replace("http:", "https:");
    let told = Told::new(&url, |_| {});
    let why = told.reach(ClientState::Failed);
    assert!(why.starts_with(&format!("POST {url}: ")) && script.rest().is_empty(), "{why}");
}

#[test]
fn a_server_that_says_nothing_costs_the_time_out_and_a_close_does_not_wait_for_it() {
    let script = Script::new(|_| Said::Nothing);
    let begun = Instant::now();
    let told = Told::new(&script.url("/whep/x"), |options| options.request_timeout = SECOND / 2);
    script.asked();
    let why = told.reach(ClientState::Failed);
    assert!(why.contains("timeout") && begun.elapsed() < 5 * SECOND, "{why:?} after {:?}", begun.elapsed());

    let told = Told::new(&script.url("/whep/x"), |options| options.request_timeout = 2 * SECOND);
    script.asked();
    let begun = Instant::now();
    told.client.close();
    assert!(begun.elapsed() < SECOND, "{:?}", begun.elapsed());
    assert_eq!(told.next().0, ClientState::Connecting);
    assert_eq!(told.next().0, ClientState::Ended);
}

#[test]
fn a_session_that_is_made_while_the_client_is_closed_is_ended_too() {
    let mut remote = Remote::new();
    let (close, closed) = crossbeam_channel::bounded::<()>(0);
    let script = Script::new(move |asked| {
        if asked.line.starts_with("DELETE ") {
            return Said::status(200, "");
        }
        let _ = closed.recv();
        Said::created("Location: /s/1\r\n", &remote.answer(asked))
    });
    let told = Told::new(&script.url("/whep/x"), |_| {});
    let begun = script.asked().line;
    told.client.close();
    drop(close);
    assert_eq!([begun, script.asked().line], ["POST /whep/x", "DELETE /s/1"]);
}

#[test]
fn a_close_ends_a_wait_between_attempts() {
    let script = Script::new(|_| Said::status(503, "Retry-After: 200\r\n"));
    let told = Told::new(&script.url("/whep/x"), |options| options.retry = true);
    told.reach(ClientState::Retrying);
    let begun = Instant::now();
    told.client.close();
    assert!(begun.elapsed() < SECOND / 2, "{:?}", begun.elapsed());
    assert_eq!(told.next(), (ClientState::Ended, "it was closed".into()));
    assert_eq!(script.rest(), ["POST /whep/x"]);
}

#[test]
fn ice_servers_that_a_server_tells_before_the_offer_are_in_it() {
    let stun = Stun::prompt();
    let link = format!("Link: <{}>; rel=\"ice-server\"\r\n", stun.url());
    let mut remote = Remote::new();
    let script = Script::with_options(move |asked| match asked.line.split_once(' ') {
        Some(("OPTIONS", "/whep/x")) => Said::status(307, "Location: /there\r\n"),
        Some(("OPTIONS", _)) => Said::status(204, &link),
        Some(("POST", _)) => Said::created("Location: /s/1\r\n", &remote.answer(asked)),
        _ => Said::status(200, ""),
    });
    let told = Told::new(&script.url("/whep/x"), |options| options.token = Some("secret".into()));
    let asked = [script.asked(), script.asked(), script.asked()];
    assert_eq!(asked.each_ref().map(|a| &*a.line), ["OPTIONS /whep/x", "OPTIONS /there", "POST /whep/x"]);
    assert!(asked.iter().all(|asked| asked.header("Authorization") == Some("Bearer secret")));
    let shown = format!(" {} {} typ srflx", SHOWN.0, SHOWN.1);
    assert!(asked[2].body.contains(&shown), "{}", asked[2].body);
    told.reach(ClientState::Connected);
}

#[test]
fn a_server_that_does_not_answer_what_it_was_not_to_be_asked_is_offered_to_all_the_same() {
    let mut remote = Remote::new();
    let script = Script::with_options(move |asked| match asked.line.split_once(' ') {
        Some(("OPTIONS", _)) => Said::Nothing,
        Some(("POST", _)) => Said::created("Location: /s/1\r\n", &remote.answer(asked)),
        _ => Said::status(200, ""),
    });
    let told = Told::new(&script.url("/whep/x"), |_| {});
    told.reach(ClientState::Connected);
}

#[test]
fn ice_servers_that_come_with_the_answer_are_asked_at_the_next_attempt() {
    let stun = Stun::prompt();
    let link =
        format!("Link: <{}>; rel=\"ice-server\", <turns:t.example>; rel=\"ice-server\"\r\n", stun.url());
    // Its answers lead nowhere: the candidates are taken out, and it does not hear of ours.
    let mut remote = Remote::new();
    let script = Script::new(move |asked| match asked.line.starts_with("POST ") {
        true => {
            let answer = remote.answer(asked);
            remote.peers.clear();
            let kept = answer.lines().filter(|line| !line.starts_with("a=candidate"));
            let answer: String = kept.flat_map(|line| [line, "\r\n"]).collect();
            Said::created(&format!("{link}Location: /s/1\r\n"), &answer)
        }
        false => Said::status(200, ""),
    });
    let told = Told::new(&script.url("/whep/x"), |options| {
        options.retry = true;
        options.peer.connect_timeout = Some(SECOND / 5);
    });
    let offers = std::iter::repeat_with(|| script.asked()).filter(|asked| asked.line.starts_with("POST "));
    let shown = format!(" {} {} typ srflx", SHOWN.0, SHOWN.1);
    let offers: Vec<bool> = offers.map(|asked| asked.body.contains(&shown)).take(2).collect();
    assert_eq!(offers, [false, true]);
    // It did not connect in time, or was told in time that nobody is there any more.
    let why = told.reach(ClientState::Retrying);
    assert!(["it did not connect in time", "the publisher said goodbye"].contains(&why.as_str()), "{why}");
}

#[test]
fn what_cannot_be_a_client_is_refused_when_it_is_made() {
    let made = |url: &str, change: &dyn Fn(&mut ClientOptions)| {
        let sink = Sink::new(SinkOptions::default()).expect("a sink");
        let mut options = ClientOptions::new(url, Purpose::Take(sink));
        change(&mut options);
        Client::new(options).map(|client| client.close()).map_err(|error| error.status())
    };
    let wrong = Err(Status::InvalidArgument);
    for url in ["", "/whep/x", "ftp://h/", "https://user:password@h/whip"] {
        assert_eq!(made(url, &|_| {}), wrong, "{url}");
    }
    let url = "http://127.0.0.1:9/whep";
    assert_eq!(made(url, &|_| {}), Ok(()));
    for token in ["", "two words", "line\r\nHost: h", "é"] {
        assert_eq!(made(url, &|options| options.token = Some(token.into())), wrong, "{token:?}");
    }
    assert_eq!(made(url, &|options| options.request_timeout = Duration::ZERO), wrong);
    let turns = framewire::ice::IceServer { url: "turns:t".into(), ..Default::default() };
    let unsupported = made(url, &|options| options.peer.ice_servers = vec![turns.clone()]);
    assert_eq!(unsupported, Err(Status::Unsupported));
}
