//! What one peer of the library sends, another takes: pictures and sound, with their times.

mod common;

use common::camera::Camera;
use common::card::{self, Strip};
use common::watcher::PATIENCE;
use framewire::error::Status;
use framewire::events::{EventKind, Events};
use framewire::frame::Format;
use framewire::media::Kind;
use framewire::peer::{Peer, PeerOptions, PeerState};
use framewire::receive::TrackState;
use framewire::sink::{AudioOut, Pcm, Picture, SampleFormat, Sink, SinkOptions, VideoOut};
use framewire::time::clock;
use std::net::IpAddr;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

fn peer(events: Option<&Arc<Events>>) -> Peer {
    let loopback: IpAddr = [127, 0, 0, 1].into();
    Peer::new(PeerOptions {
        events: events.cloned(),
        media_address: Some(loopback),
        probe_candidates: true,
        stream: Some("cam".into()),
        ..PeerOptions::default()
    })
    .expect("a peer")
}

/// A sink that keeps everything, and where it tells.
fn sink() -> (Sink, Arc<Events>) {
    let events = Events::new(1_000).expect("events");
    let sink = Sink::new(SinkOptions {
        events: Some(events.clone()),
        video: Some(VideoOut { format: Format::I420, queue: 1_000 }),
        audio: Some(AudioOut { format: SampleFormat::S16, channels: 1, queue: Duration::from_secs(60) }),
        ..SinkOptions::default()
    });
    (sink.expect("a sink"), events)
}

/// Connects what sends to what takes.
fn connect(sends: &Peer, takes: &Peer) {
    let offer = sends.offer(PATIENCE).expect("an offer");
    let answer = takes.answer(&offer, PATIENCE).expect("an answer");
    assert!(answer.contains("a=recvonly"), "{answer}");
    sends.accept(&answer, PATIENCE).expect("it is accepted");
}

fn strip(picture: &Picture) -> Option<Strip> {
    let view = picture.frame.view();
    card::read(view.planes[0], view.strides[0], view.width as usize, view.height as usize)
}

fn pictures(sink: &Sink, count: usize) -> Vec<Picture> {
    (0..count).map(|_| sink.next_video(Some(PATIENCE)).expect("a picture")).collect()
}

#[test]
fn every_picture_comes_out_in_order_with_its_capture_time() {
    let (camera, (sink, _)) = (Camera::new(), sink());
    let (sends, takes) = (peer(None), peer(None));
    sends.send(None, &camera.source).expect("before the offer");
    takes.receive(None, &sink).expect("before the offer");
    connect(&sends, &takes);

    let pictures = pictures(&sink, 100);
    assert!(pictures[0].keyframe);
    let strips: Vec<_> = pictures.iter().map(|p| strip(p).expect("a strip that reads")).collect();
    for (n, pair) in strips.windows(2).enumerate() {
        // A picture that is needed as a keyframe may be encoded twice.
        assert!(pair[1].number >= pair[0].number, "picture {n}: {pair:?}");
    }
    assert!(pictures.windows(2).all(|pair| pair[1].number == pair[0].number + 1));
    // Both ends read one clock: what is mapped by the sender's reports is what was captured, less the
    // way. Before the first report it is when it came.
    let off = |n: usize| {
        let mapped = pictures[n].frame.capture.expect("it is known").0 / 1_000;
        mapped as i64 - i64::from(strips[n].millis) - ((mapped >> 32) << 32) as i64
    };
    assert!((0..250).contains(&off(99)), "{} ms", off(99));
    let stats = sink.stats(Kind::Video).expect("it takes pictures");
    assert_eq!((stats.decoder.errors, stats.track.malformed, stats.track.lost), (0, 0, 0));
    assert!(stats.track.keyframes >= 1 && stats.decoder.decoded >= 100, "{stats:?}");
}

#[test]
fn sound_comes_out_gapless_and_on_the_pictures_clock() {
    let (camera, (sink, _)) = (Camera::new(), sink());
    let (sends, takes) = (peer(None), peer(None));
    sends.send(None, &camera.source).expect("before the offer");
    takes.receive(None, &sink).expect("before the offer");
    connect(&sends, &takes);

    let sounds: Vec<_> = (0..100).map(|_| sink.next_audio(Some(PATIENCE)).expect("sound")).collect();
    let mut next = sounds[0].timestamp;
    let (mut energy, mut samples) = (0.0, 0);
    for sound in &sounds {
        assert_eq!(sound.timestamp, next);
        next += sound.frames() as u64;
        let Pcm::S16(pcm) = &sound.samples else { panic!("asked for as 16-bit") };
        energy += pcm.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>();
        samples += pcm.len();
    }
    let loudness = (energy / samples as f64).sqrt();
    assert!((6_000.0..11_000.0).contains(&loudness), "a tone of 12,000: {loudness}");
    // The last of each that waits was captured at about the same time.
    let mut picture = sink.next_video(Some(PATIENCE)).expect("a picture");
    while let Ok(next) = sink.next_video(Some(Duration::ZERO)) {
        picture = next;
    }
    let (picture, sound) = (picture.frame.capture.expect("it is known"), sounds[99].capture);
    let apart = picture.since(sound).max(sound.since(picture));
    assert!(apart < Duration::from_secs(3), "{apart:?}");
}

#[test]
fn states_are_told_and_the_end_comes_after_the_last_picture() {
    let (camera, (sink, events)) = (Camera::new(), sink());
    let (sends, takes) = (peer(None), peer(None));
    sends.send(None, &camera.source).expect("before the offer");
    takes.receive(None, &sink).expect("before the offer");
    connect(&sends, &takes);
    pictures(&sink, 5);
    let mut told = Vec::new();
    while !told.contains(&(EventKind::VideoTrack, TrackState::Live as i64)) {
        let event = events.next(PATIENCE).expect("it is told");
        told.push((event.kind, event.value));
    }
    assert_eq!(sink.track(Kind::Video).expect("it takes pictures"), TrackState::Live);
    let begun = Instant::now();
    sends.close();
    let ended = loop {
        match sink.next_video(Some(PATIENCE)) {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert_eq!(ended.status(), Status::Closed, "{ended}");
    assert!(begun.elapsed() < Duration::from_secs(2), "a goodbye is heard at once");
    while let Ok(event) = events.next(Duration::from_millis(200)) {
        assert_eq!(event.object, sink.id());
        assert_eq!(event.stream.as_deref(), Some("cam"));
        told.push((event.kind, event.value));
    }
    let video: Vec<_> = told.iter().filter(|(k, _)| *k == EventKind::VideoTrack).map(|(_, v)| *v).collect();
    assert_eq!(video.last(), Some(&(TrackState::Ended as i64)), "{told:?}");
    assert!(video.contains(&(TrackState::Live as i64)), "{told:?}");
    assert_eq!(told.iter().filter(|(kind, _)| *kind == EventKind::FirstFrame).count(), 2, "{told:?}");
}

#[test]
fn a_sink_that_nobody_reads_has_the_newest_picture_and_counts_the_others() {
    let camera = Camera::new();
    let sink = Sink::new(SinkOptions::default()).expect("a sink");
    let (sends, takes) = (peer(None), peer(None));
    sends.send(None, &camera.source).expect("before the offer");
    takes.receive(None, &sink).expect("before the offer");
    connect(&sends, &takes);
    let first = sink.next_video(Some(PATIENCE)).expect("a picture");
    // A hundred pictures are decoded that nobody takes.
    let until = Instant::now() + PATIENCE;
    let events = loop {
        let stats = sink.stats(Kind::Video).expect("it takes pictures");
        if stats.decoder.decoded >= first.number + 100 {
            break stats;
        }
        assert!(Instant::now() < until, "{stats:?}");
        // What waits for a picture waits for time: the sink is not to be read.
        thread::park_timeout(Duration::from_millis(20));
    };
    assert_eq!(events.lane.waiting, 1);
    let asked = clock::now();
    let newest = sink.next_video(Some(Duration::ZERO)).expect("the newest");
    assert!(newest.number >= first.number + 100, "{} after {}", newest.number, first.number);
    assert!(asked.since(newest.decoded) < Duration::from_millis(500), "{:?}", asked.since(newest.decoded));
    let lane = sink.stats(Kind::Video).expect("it takes pictures").lane;
    assert_eq!(lane.offered, lane.taken + lane.overwritten + lane.waiting);
    assert!(lane.overwritten >= 99, "{lane:?}");
}

#[test]
fn another_publisher_feeds_the_same_sink() {
    let (camera, (sink, _)) = (Camera::new(), sink());
    for _ in 0..2 {
        let (sends, takes) = (peer(None), peer(None));
        sends.send(None, &camera.source).expect("before the offer");
        takes.receive(None, &sink).expect("before the offer");
        connect(&sends, &takes);
        pictures(&sink, 5);
        sends.close();
        while sink.next_video(Some(PATIENCE)).is_ok() {}
        assert!(sink.track(Kind::Video).expect("it takes pictures").is_over());
    }
}

/// As stacks offer that tell their SSRCs by nothing but the packets; and as some that do not even number the
/// sections in them.
#[test]
fn streams_whose_ssrcs_are_not_in_the_offer_find_their_sections() {
    for dropped in [&["a=ssrc", "a=msid"][..], &["a=ssrc", "a=msid", "a=extmap"]] {
        let (camera, (sink, _)) = (Camera::new(), sink());
        let (sends, takes) = (peer(None), peer(None));
        sends.send(None, &camera.source).expect("before the offer");
        takes.receive(None, &sink).expect("before the offer");
        let offer = sends.offer(PATIENCE).expect("an offer");
        assert!(dropped.iter().all(|start| offer.contains(&format!("\r\n{start}"))), "{offer}");
        let kept = offer.split_inclusive('\n').filter(|l| !dropped.iter().any(|start| l.starts_with(start)));
        let answer = takes.answer(&kept.collect::<String>(), PATIENCE).expect("an answer");
        sends.accept(&answer, PATIENCE).expect("it is accepted");
        assert!(pictures(&sink, 20).iter().all(|picture| strip(picture).is_some()));
        (0..20).for_each(|_| drop(sink.next_audio(Some(PATIENCE)).expect("sound")));
        for kind in [Kind::Video, Kind::Audio] {
            let track = sink.stats(kind).expect("it takes both").track;
            assert_eq!((track.unknown, track.malformed, track.lost), (0, 0, 0), "{kind:?}: {track:?}");
        }
    }
}

#[test]
fn a_sink_or_a_peer_may_end_first() {
    let camera = Camera::new();
    for sink_first in [true, false] {
        let (sink, _events) = sink();
        let (sends, takes) = (peer(None), peer(None));
        sends.send(None, &camera.source).expect("before the offer");
        takes.receive(None, &sink).expect("before the offer");
        connect(&sends, &takes);
        pictures(&sink, 2);
        if sink_first {
            sink.close();
            assert_eq!(sink.next_video(None).expect_err("closed").status(), Status::Closed);
            assert_eq!(takes.state(), PeerState::Connected, "the peer goes on");
        } else {
            takes.close();
            while sink.next_video(Some(PATIENCE)).is_ok() {}
            assert_eq!(sink.track(Kind::Video).expect("it takes pictures"), TrackState::Ended);
        }
    }
}

#[test]
fn who_sends_learns_that_nobody_takes_any_more() {
    let (camera, (sink, _)) = (Camera::new(), sink());
    let events = Events::new(100).expect("events");
    let (sends, takes) = (peer(Some(&events)), peer(None));
    sends.send(None, &camera.source).expect("before the offer");
    takes.receive(None, &sink).expect("before the offer");
    connect(&sends, &takes);
    pictures(&sink, 60);
    takes.close();
    let begun = Instant::now();
    let over = loop {
        let event = events.next(PATIENCE).expect("it is told");
        if event.kind == EventKind::PeerState && event.value >= PeerState::Failed as i64 {
            break event;
        }
    };
    assert!(begun.elapsed() < Duration::from_secs(7), "{:?}: {over:?}", begun.elapsed());
}
