//! Peers tell a resolver of the tracks that come.

mod common;

use common::camera::Camera;
use common::watcher::PATIENCE;
use framewire::peer::{Peer, PeerOptions};
use framewire::resolve::{Key, Resolver, ResolverOptions, TrackType};
use framewire::sink::{Sink, SinkOptions};
use std::time::Duration;

fn peer() -> Peer {
    Peer::new(PeerOptions {
        media_address: Some([127, 0, 0, 1].into()),
        probe_candidates: true,
        ..PeerOptions::default()
    })
    .expect("a peer")
}

/// A publisher, and who takes its picture and sound; what was offered.
fn publish(camera: &Camera, takes: &Peer) -> (Peer, String) {
    let sends = peer();
    sends.send(None, &camera.source).expect("before the offer");
    let offer = sends.offer(PATIENCE).expect("an offer");
    let answer = takes.answer(&offer, PATIENCE).expect("an answer");
    sends.accept(&answer, PATIENCE).expect("it is accepted");
    (sends, offer)
}

#[test]
fn a_track_that_is_negotiated_is_there_under_all_its_names_until_its_peer_is_over() {
    let (camera, resolver) = (Camera::new(), Resolver::new(ResolverOptions::default()));
    let sink = Sink::new(SinkOptions::default()).expect("a sink");
    let takes = peer();
    takes.receive(None, &sink).expect("before the offer");
    takes.announce(&resolver, Some("ann"), None).expect("before the offer");
    let waiting = {
        let resolver = resolver.clone();
        let key = Key::new("ann", "a", TrackType::Audio);
        std::thread::spawn(move || resolver.resolve(key, None, PATIENCE))
    };
    let (sends, offer) = publish(&camera, &takes);
    assert!(takes.announce(&resolver, None, None).is_err(), "after the offer");

    let sound = waiting.join().expect("no panic").expect("it is the only sound of ann's");
    assert_eq!(*sound, *Peer::track_id(takes.id(), "1"));
    let ssrc = offer.split_once("a=ssrc:").and_then(|(_, rest)| rest.split_once(' ')).expect("it has one").0;
    let stream =
        offer.split_once("a=msid:").and_then(|(_, rest)| rest.split_once(' ')).expect("it has one").0;
    let picture = Peer::track_id(takes.id(), "0");
    for hint in ["0", ssrc, stream, &picture] {
        let key = Key::new("ann", "a", TrackType::ScreenShare);
        let found = resolver.resolve(key, Some(hint), Duration::ZERO).expect(hint);
        assert_eq!(*found, *picture);
        resolver.forget("ann", "a");
        resolver.register(framewire::resolve::Arrival {
            track: picture.as_str().into(),
            user: Some("ann".into()),
            session: None,
            kind: framewire::media::Kind::Video,
            labels: vec!["0".into(), ssrc.into(), stream.into()],
        });
    }
    assert_eq!(resolver.stats().pending, 1);
    drop(sends);
    takes.close();
    let stats = resolver.stats();
    assert_eq!((stats.pending, stats.known), (0, 0), "{stats:?}");
}
