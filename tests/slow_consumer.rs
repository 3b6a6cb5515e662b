//! A program that does not take what comes: its memory stays flat, and what it gets when it asks is new.

mod common;

use common::watcher::PATIENCE;
use framewire::frame::{Format, FrameView};
use framewire::media::Kind;
use framewire::peer::{Peer, PeerOptions};
use framewire::pool::Pool;
use framewire::sink::{Sink, SinkOptions};
use framewire::source::{Source, SourceOptions, VideoOptions};
use framewire::time::clock;
use std::net::IpAddr;
use std::thread;
use std::time::Duration;

const WIDTH: u32 = 320;
const HEIGHT: u32 = 180;
/// Pictures of a minute, at the thirty a second of a camera; they come faster here.
const MINUTE: u64 = 1_800;

fn peer() -> Peer {
    let loopback: IpAddr = [127, 0, 0, 1].into();
    let options =
        PeerOptions { media_address: Some(loopback), probe_candidates: true, ..PeerOptions::default() };
    Peer::new(options).expect("a peer")
}

/// What the process holds of real memory, in bytes.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("this is Linux");
    let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok());
    pages.expect("its second number") * 4_096
}

#[test]
fn a_sink_that_nobody_reads_for_a_minute_of_pictures_keeps_memory_flat_and_has_the_newest() {
    let video = VideoOptions { width: WIDTH, height: HEIGHT, fps: 200.0, ..VideoOptions::default() };
    let source = Source::new(SourceOptions { video: Some(video), audio: None, ..SourceOptions::default() })
        .expect("a source");
    let sink = Sink::new(SinkOptions { audio: None, ..SinkOptions::default() }).expect("a sink");
    let (sends, takes) = (peer(), peer());
    sends.send(None, &source).expect("before the offer");
    takes.receive(None, &sink).expect("before the offer");
    let offer = sends.offer(PATIENCE).expect("an offer");
    sends.accept(&takes.answer(&offer, PATIENCE).expect("an answer"), PATIENCE).expect("it is accepted");

    let (pool, mut pixels) = (Pool::new(2), vec![0; (WIDTH * HEIGHT * 4) as usize]);
    let (mut number, mut settled) = (0_u64, None);
    let decoded = || sink.stats(Kind::Video).expect("it takes pictures").decoder.decoded;
    let begun = clock::now();
    while decoded() < MINUTE {
        assert!(clock::now().since(begun) < Duration::from_secs(120), "{} decoded of {number}", decoded());
        pixels.iter_mut().step_by(97).for_each(|pixel| *pixel = (number * 7) as u8);
        let picture = FrameView {
            format: Format::Rgba,
            width: WIDTH,
            height: HEIGHT,
            strides: [WIDTH as usize * 4, 0, 0],
            planes: [&pixels, &[], &[]],
        };
        source.push_video(pool.copy(&picture, None).expect("a good frame")).expect("it is open");
        number += 1;
        // A camera's pace, sped up.
        thread::park_timeout(Duration::from_millis(5));
        if settled.is_none() && decoded() > MINUTE / 6 {
            settled = Some(resident());
        }
    }
    let (before, after) = (settled.expect("most of it is behind us"), resident());
    // AddressSanitizer keeps what is freed in quarantine: there LeakSanitizer decides.
    let sanitized = option_env!("FRAMEWIRE_CFLAGS").is_some();
    assert!(sanitized || after < before + (4 << 20), "{before} bytes, then {after}");
    let newest = sink.next_video(Some(Duration::ZERO)).expect("one waits");
    assert!(newest.number + 20 > decoded(), "picture {} of {}", newest.number, decoded());
    assert!(clock::now().since(newest.decoded) < Duration::from_secs(1));
    let lane = sink.stats(Kind::Video).expect("it takes pictures").lane;
    assert_eq!((lane.taken, lane.offered), (1, lane.taken + lane.overwritten + lane.waiting));
}
