//! The other way round: the library offers, the remote answers.

mod common;

use common::air::{Air, Viewer};
use common::vp8::Depacketizer;
use common::watcher::{Arrival, PATIENCE, Section, Watcher};
use framewire::error::Status;
use framewire::peer::PeerState::{Connected, Failed};
use std::time::{Duration, Instant};

/// The sections of an offer as the remote would take them: VP8 and Opus under the offer's numbers.
fn taken(offer: &str) -> Vec<Section> {
    let sections = offer.split("\r\nm=").skip(1).map(|text| {
        let value = |prefix: &str| text.lines().find_map(|line| line.strip_prefix(prefix));
        let number = value("a=rtpmap:").and_then(|map| map.split(' ').next());
        Section {
            mid: ["0", "1"].into_iter().find(|mid| value("a=mid:") == Some(mid)).expect("a mid"),
            payload_type: number.expect("a codec").parse().expect("a number"),
            extensions: Vec::new(),
            video: text.starts_with("video"),
        }
    });
    sections.collect()
}

/// libdatachannel as the active side of an answer starts DTLS before we have that answer, and its
/// first flight comes again after a second. A remote that chooses passive, as WHIP and WHEP have
/// it, waits for ours.
#[test]
fn an_offer_of_ours_is_answered_and_watched_whichever_role_the_remote_takes() {
    answered("actpass", Duration::from_secs(5));
    answered("active", Duration::from_millis(900));
}

/// `role`: what the remote reads in our offer, which leaves it the other one.
fn answered(role: &str, patience: Duration) {
    let mut air = Air::new(30);
    let mut viewer = Viewer::alone();
    viewer.peer.send(None, &air.source).expect("before the offer");
    let offer = viewer.peer.offer(PATIENCE).expect("an offer");
    assert_eq!(offer.matches('\n').count(), offer.matches("\r\n").count(), "CRLF");
    assert!(offer.contains("a=setup:actpass") && !offer.contains("ice2,trickle"), "{offer}");
    let offer = offer.replace("a=setup:actpass", &format!("a=setup:{role}"));
    let sections = taken(&offer);
    assert_eq!(sections.iter().map(|s| s.video).collect::<Vec<_>>(), [true, false]);
    let begun = Instant::now();
    let (watcher, answer) = Watcher::answering(&offer, &sections);
    viewer.watcher = watcher;
    viewer.peer.accept(&answer, PATIENCE).expect("an answer that fits");
    let connected = viewer.watcher.connected() - begun;
    viewer.reach(Connected, PATIENCE);
    assert!(connected < patience, "{role}: {connected:?}");

    let (mut depacketizer, mut seen) = (Depacketizer::default(), [0, 0]);
    let enough = air.watch(&mut viewer.watcher, Instant::now() + PATIENCE, |_, arrival| {
        let Arrival::Rtp { section, packet } = arrival else { return false };
        assert_eq!(packet.payload_type, sections[section].payload_type);
        seen[section] += match section {
            0 => usize::from(depacketizer.push(&packet).is_some()),
            _ => 1,
        };
        seen[0] > 10 && seen[1] > 10
    });
    assert!(enough, "{seen:?} frames and packets");
}

#[test]
fn an_answer_that_does_not_fit_is_an_error() {
    let air = Air::new(30);
    let viewer = Viewer::alone();
    let early = viewer.peer.accept("v=0\r\n", PATIENCE).expect_err("there is no offer");
    assert_eq!(early.status(), Status::InvalidState);
    viewer.peer.send(None, &air.source).expect("before the offer");
    let offer = viewer.peer.offer(PATIENCE).expect("an offer");
    let error = viewer.peer.accept(&offer[..offer.len() / 2], PATIENCE).expect_err("half of it");
    assert!(error.sentence().len() > 10, "{error}");
    assert_eq!(viewer.peer.state(), Failed);
    assert_eq!(air.source.stats().viewers, 0);
}
