//! STUN and TURN servers: what they say, what it costs when they say nothing, and what comes late.

mod common;

use common::air::{Air, Viewer};
use common::stun::{SHOWN, Stun};
use common::turn::{self, Turn};
use common::watcher::{Arrival, PATIENCE, Section, Watcher};
use framewire::error::Status;
use framewire::events::EventKind;
use framewire::ice::IceServer;
use framewire::peer::{Peer, PeerOptions, PeerState};
use std::time::{Duration, Instant};

fn server(url: &str) -> IceServer {
    IceServer { url: url.into(), ..IceServer::default() }
}

fn viewer(url: &str, gather_timeout: Option<Duration>) -> Viewer {
    Viewer::alone_with(|options| {
        options.ice_servers = vec![server(url)];
        options.gather_timeout = gather_timeout;
    })
}

/// The candidates of that type.
fn candidates<'a>(sdp: &'a str, typ: &str) -> Vec<&'a str> {
    let typ = format!(" typ {typ}");
    sdp.lines().filter(|line| line.starts_with("a=candidate:") && line.contains(&typ)).collect()
}

fn shown() -> String {
    format!(" {} {} typ srflx", SHOWN.0, SHOWN.1)
}

#[test]
fn what_a_stun_server_shows_stands_in_answers_and_offers() {
    let air = Air::with(30, 500_000, false);
    let stun = Stun::prompt();
    for offers in [false, true] {
        let viewer = viewer(&stun.url(), None);
        viewer.peer.send(None, &air.source).expect("before the offer");
        let begun = Instant::now();
        let sdp = match offers {
            true => viewer.peer.offer(PATIENCE).expect("an offer"),
            false => {
                viewer.peer.answer(&Watcher::new(&[Section::video()]).offer(), PATIENCE).expect("an answer")
            }
        };
        assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
        let reflexive = candidates(&sdp, "srflx");
        assert!(reflexive.len() == 1 && reflexive[0].contains(&shown()), "{sdp}");
        assert!(!candidates(&sdp, "host").is_empty() && sdp.contains("a=end-of-candidates"), "{sdp}");
    }
}

#[test]
fn a_stun_server_is_asked_from_the_port_that_all_share_and_media_flows_there() {
    let mut air = Air::with(30, 500_000, false);
    let stun = Stun::prompt();
    let ports: Vec<String> = (0..2)
        .map(|_| {
            let mut viewer = viewer(&stun.url(), None);
            viewer.peer.send(None, &air.source).expect("before the offer");
            let mut watcher = Watcher::new(&[Section::video()]);
            let answer = viewer.peer.answer(&watcher.offer(), PATIENCE).expect("an answer");
            watcher.accept(&answer);
            viewer.watcher = watcher;
            let arrived = |_: &mut Watcher, arrival| matches!(arrival, Arrival::Rtp { .. });
            assert!(air.watch(&mut viewer.watcher, Instant::now() + PATIENCE, arrived), "no packet came");
            let host = candidates(&answer, "host")[0];
            host.split(' ').nth(5).expect("a port").to_owned()
        })
        .collect();
    assert_eq!(ports[0], ports[1]);
}

#[test]
fn a_server_that_never_answers_costs_no_more_than_the_bound() {
    let air = Air::with(30, 500_000, false);
    let stun = Stun::held();
    for (bound, least) in [(Some(Duration::from_millis(300)), 300), (None, 2_000)] {
        let viewer = viewer(&stun.url(), bound);
        viewer.peer.send(None, &air.source).expect("before the offer");
        let offer = Watcher::new(&[Section::video()]).offer();
        let begun = Instant::now();
        let answer = viewer.peer.answer(&offer, PATIENCE).expect("an answer");
        let took = begun.elapsed().as_millis();
        assert!((least..least + 1_500).contains(&took), "{took} ms");
        assert!(candidates(&answer, "srflx").is_empty() && !candidates(&answer, "host").is_empty());
        assert!(!answer.contains("end-of-candidates"), "there may be more: {answer}");
    }
}

#[test]
fn a_candidate_that_comes_after_the_bound_is_told_and_so_is_the_last() {
    let mut stun = Stun::held();
    let air = Air::with(30, 500_000, false);
    let viewer = viewer(&stun.url(), Some(Duration::from_millis(50)));
    viewer.peer.send(None, &air.source).expect("before the offer");
    let answer = viewer.peer.answer(&Watcher::new(&[Section::video()]).offer(), PATIENCE).expect("an answer");
    assert!(candidates(&answer, "srflx").is_empty());
    stun.release();
    let mut told = Vec::new();
    while told.last().is_none_or(|last: &String| !last.is_empty()) {
        let event = viewer.events.next(PATIENCE).expect("an event");
        if event.kind == EventKind::Candidate {
            assert_eq!(event.object, viewer.peer.id());
            told.push(event.text);
        }
    }
    assert!(told.len() == 2 && told[0].starts_with("candidate:") && told[0].contains(&shown()), "{told:?}");
}

#[test]
fn closing_a_peer_ends_its_wait() {
    let stun = Stun::held();
    let air = Air::with(30, 500_000, false);
    let viewer = viewer(&stun.url(), Some(Duration::from_secs(60)));
    viewer.peer.send(None, &air.source).expect("before the offer");
    let offer = Watcher::new(&[Section::video()]).offer();
    std::thread::scope(|scope| {
        let answer = scope.spawn(|| viewer.peer.answer(&offer, Duration::from_secs(60)));
        stun.asked();
        let begun = Instant::now();
        viewer.peer.close();
        let error = answer.join().expect("no panic").expect_err("nothing to answer with");
        assert_eq!(error.status(), Status::Closed);
        assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    });
    assert_eq!(viewer.peer.state(), PeerState::Closed);
}

#[test]
fn peers_that_wait_for_a_server_hold_up_nobody_else() {
    let stun = Stun::held();
    let air = Air::with(30, 500_000, false);
    let offer = Watcher::new(&[Section::video()]).offer();
    let waiting: Vec<Viewer> = (0..8)
        .map(|_| {
            let viewer = viewer(&stun.url(), Some(Duration::from_secs(60)));
            viewer.peer.send(None, &air.source).expect("before the offer");
            viewer.peer.answer_async(&offer).expect("it has events");
            viewer
        })
        .collect();
    stun.asked();
    let begun = Instant::now();
    let other = Viewer::alone();
    other.peer.send(None, &air.source).expect("before the offer");
    other.peer.answer(&offer, PATIENCE).expect("an answer");
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    drop(waiting);
}

#[test]
fn what_cannot_be_used_is_refused_when_the_peer_is_made() {
    let made = |url: &str, media_port| {
        let turn =
            IceServer { url: url.into(), username: Some("user".into()), credential: Some("password".into()) };
        Peer::new(PeerOptions { ice_servers: vec![turn], media_port, ..PeerOptions::default() })
            .map(drop)
            .map_err(|error| error.status())
    };
    assert_eq!(made("turn:turn.example", None), Ok(()));
    assert_eq!(made("turn:turn.example", Some(5_000)), Err(Status::Unsupported));
    assert_eq!(made("stun:stun.example", Some(5_000)), Ok(()));
    assert_eq!(made("turns:turn.example", None), Err(Status::Unsupported));
    assert_eq!(made("turn:turn.example?transport=tcp", None), Err(Status::Unsupported));
    assert_eq!(made("http://turn.example", None), Err(Status::InvalidArgument));
}

/// The remote knows nothing but the relayed address, and the peer no address of the remote that is
/// right: they find each other through the server or not at all.
#[test]
fn a_peer_is_found_through_a_turn_server() {
    let turn = Turn::new();
    let mut air = Air::with(30, 500_000, false);
    let mut viewer = Viewer::alone_with(|options| {
        options.ice_servers = vec![IceServer {
            url: turn.url(),
            username: Some(turn::USERNAME.into()),
            credential: Some(turn::PASSWORD.into()),
        }];
    });
    viewer.peer.send(None, &air.source).expect("before the offer");
    let mut watcher = Watcher::new(&[Section::video()]);
    let mut offer = watcher.offer();
    offer.retain(|c| c != '\r');
    let offer: String = offer
        .lines()
        .filter(|line| !line.starts_with("a=candidate") && !line.starts_with("a=end-of"))
        .flat_map(|line| [line, "\r\n"])
        .chain(["a=candidate:1 1 UDP 2122317823 127.0.0.1 9 typ host\r\n"])
        .collect();
    let answer = viewer.peer.answer(&offer, PATIENCE).expect("an answer");
    assert_eq!(candidates(&answer, "relay").len(), 1, "{answer}");
    let kept = |line: &&str| !line.starts_with("a=candidate") || line.contains(" typ relay");
    let answer: String = answer.lines().filter(kept).flat_map(|line| [line, "\r\n"]).collect();
    watcher.accept(&answer);
    viewer.watcher = watcher;
    let arrived = |_: &mut Watcher, arrival| matches!(arrival, Arrival::Rtp { .. });
    assert!(air.watch(&mut viewer.watcher, Instant::now() + PATIENCE, arrived), "no packet came");
    viewer.reach(PeerState::Connected, PATIENCE);
    viewer.peer.close();
    // One that hangs at its end holds up none that has no such server.
    let threads = std::fs::read_dir("/proc/self/task").expect("Linux");
    let names = threads.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok());
    assert!(names.into_iter().any(|name| name.trim() == "fw-reaper-turn"));
}
