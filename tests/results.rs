//! A feed of results to several peers over real channels, each at its own pace.

mod common;

use common::watcher::PATIENCE;
use framewire::channel::Channel;
use framewire::error::Status;
use framewire::message::reassemble::{Incoming, Limits, Reassembler};
use framewire::message::sender::Mode;
use framewire::peer::{Peer, PeerOptions};
use framewire::results::{Finished, Results, ResultsOptions};
use framewire::time::clock;
use std::net::IpAddr;
use std::time::{Duration, Instant};

fn peer(accept_channels: bool) -> Peer {
    let loopback: IpAddr = [127, 0, 0, 1].into();
    let options = PeerOptions {
        media_address: Some(loopback),
        probe_candidates: true,
        accept_channels,
        ..PeerOptions::default()
    };
    Peer::new(options).expect("a peer")
}

/// One who gets results.
struct Viewer {
    _peers: [Peer; 2],
    channel: Channel,
    reassembler: Reassembler,
    got: Vec<(u32, Vec<u8>)>,
}

impl Viewer {
    fn of(results: &Results) -> Viewer {
        let (sends, takes) = (peer(false), peer(true));
        sends.results(results).expect("before the offer");
        let offer = sends.offer(PATIENCE).expect("an offer");
        sends.accept(&takes.answer(&offer, PATIENCE).expect("an answer"), PATIENCE).expect("it is accepted");
        let channel = takes.next_channel(Some(PATIENCE)).expect("it arrives");
        assert_eq!(channel.label(), "results");
        let reassembler = Reassembler::new(Limits::default());
        Viewer { _peers: [sends, takes], channel, reassembler, got: Vec::new() }
    }

    /// Takes chunks until `count` messages have come.
    fn take(&mut self, count: usize) {
        while self.got.len() < count {
            let chunk = self.channel.next(Some(PATIENCE)).expect("a chunk");
            assert!(!chunk.text);
            let got = &mut self.got;
            self.reassembler.push(&chunk.data, clock::now(), &mut |incoming| match incoming {
                Incoming::Message { id, data } => got.push((id, data)),
                other => panic!("{other:?}"),
            });
        }
    }

    fn ack(&self, id: u32) {
        self.channel.send(format!("{{\"ack\": {id}}}").as_bytes(), true).expect("it is open");
    }
}

fn results(mode: Mode) -> Results {
    Results::new(ResultsOptions { mode, ..ResultsOptions::default() }).expect("a feed")
}

/// A result that says which it is, long enough for several chunks.
fn result(id: u32) -> Vec<u8> {
    (0..120_000u32).map(|n| (n.wrapping_mul(id + 1) >> 3) as u8).collect()
}

/// Gives a result once there is room.
fn give(results: &Results, id: u32) {
    let until = Instant::now() + PATIENCE;
    loop {
        match results.send(id, result(id)) {
            Err(error) if error.status() == Status::Again && Instant::now() < until => {
                std::thread::park_timeout(Duration::from_millis(1));
            }
            given => return given.expect("it is taken"),
        }
    }
}

#[test]
fn in_file_mode_every_result_comes_whole_and_in_order_at_the_pace_of_the_acknowledgements() {
    let results = results(Mode::File);
    let mut viewer = Viewer::of(&results);
    // The channel must be open on this side before the first goes out.
    while results.stats().viewers == 0 {
        std::thread::yield_now();
    }
    let giver = std::thread::spawn({
        let results = results.clone();
        move || {
            // A feed has no memory: what is sent before anybody is there goes to nobody.
            (1..=50).for_each(|id| give(&results, id));
            results.finish(b"that was it".to_vec(), PATIENCE).expect("it goes out")
        }
    });
    for n in 1..=50 {
        viewer.take(n);
        let (id, bytes) = &viewer.got[n - 1];
        assert_eq!(bytes, &result(*id));
        viewer.ack(*id);
    }
    viewer.take(51);
    assert_eq!(viewer.got[50], (51, b"that was it".to_vec()));
    viewer.ack(51);
    let finished = giver.join().expect("no panic");
    assert_eq!(finished, Finished { acknowledged: 1, ..Finished::default() });
    let ids: Vec<u32> = viewer.got.iter().map(|(id, _)| *id).collect();
    assert_eq!(ids, (1..=51).collect::<Vec<u32>>());
    assert_eq!(results.send(60, vec![]).expect_err("it was the last").status(), Status::InvalidState);
}

#[test]
fn in_live_mode_who_is_slow_gets_fewer_and_the_newest_while_others_get_all() {
    let results = results(Mode::Live);
    let (mut quick, mut slow) = (Viewer::of(&results), Viewer::of(&results));
    for id in 1..=40 {
        results.send(id, result(id)).expect("it is open");
        // The quick one has each before the next is given; the slow one does not look.
        quick.take(id as usize);
    }
    assert!(quick.got.iter().map(|(id, _)| *id).eq(1..=40));
    let finished = {
        let results = results.clone();
        std::thread::spawn(move || results.finish(b"last".to_vec(), Duration::from_millis(500)))
    };
    quick.take(41);
    quick.ack(41);
    while slow.got.last().is_none_or(|(_, bytes)| bytes != b"last") {
        let count = slow.got.len() + 1;
        slow.take(count);
    }
    assert!(slow.got.is_sorted_by(|a, b| a.0 < b.0));
    assert_eq!(slow.got.last().map(|(id, _)| *id), Some(41));
    let finished = finished.join().expect("no panic").expect("it went out");
    assert_eq!((finished.acknowledged, finished.lingered, finished.failed), (1, 1, 0));
}

#[test]
fn compressed_results_come_out_as_they_were() {
    let results = Results::new(ResultsOptions { gzip: true, ..ResultsOptions::default() }).expect("a feed");
    let mut viewer = Viewer::of(&results);
    let text = "{\"boxes\":[]}".repeat(1_000).into_bytes();
    let until = Instant::now() + PATIENCE;
    // Until the channel is open on this side, a result goes to nobody.
    let mut id = 0;
    while viewer.got.is_empty() {
        id += 1;
        results.send(id, text.clone()).expect("it is open");
        if let Ok(chunk) = viewer.channel.next(Some(Duration::from_millis(100))) {
            let got = &mut viewer.got;
            viewer.reassembler.push(&chunk.data, clock::now(), &mut |incoming| {
                if let Incoming::Message { id, data } = incoming {
                    got.push((id, data));
                }
            });
        }
        assert!(Instant::now() < until);
    }
    let (_, bytes) = &viewer.got[0];
    let plain = framewire::message::gzip::unpack(bytes, 1 << 20).unwrap_or_else(|_| bytes.clone());
    assert_eq!(plain, text);
}

#[test]
fn an_end_of_a_peer_or_of_the_feed_leaves_nobody_waiting() {
    let results = results(Mode::Live);
    let (gone, stays) = (Viewer::of(&results), Viewer::of(&results));
    let channel = gone.channel.clone();
    drop(gone);
    let until = Instant::now() + PATIENCE;
    while results.stats().viewers > 1 {
        assert!(Instant::now() < until, "{:?}", results.stats());
        results.send(1, vec![1]).expect("it is open");
        std::thread::park_timeout(Duration::from_millis(5));
    }
    assert_eq!(channel.send(b"x", false).expect_err("closed").status(), Status::Closed);
    results.close();
    assert_eq!(results.send(2, vec![1]).expect_err("closed").status(), Status::Closed);
    while stays.channel.next(Some(PATIENCE)).is_ok() {}
}
