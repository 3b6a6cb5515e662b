//! The receiving side of the tests, proved against a sender that is not the library.

mod common;

use common::bare::{Bare, Sending};
use common::card::{Card, STRIP_WIDTH, Strip};
use common::rtp::Packet;
use common::vp8::Depacketizer;
use common::watcher::{Arrival, PATIENCE, Section, Watcher};
use common::{order, rng::Rng, rtcp, vpx};
use std::time::{Duration, Instant};

const VIDEO: Sending<'static> =
    Sending { mid: "picture", kind: "video", rtpmap: "VP8/90000", payload_type: 103, ssrc: 1234 };

fn packet(sequence: u16, marker: bool, timestamp: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x80, 103 | u8::from(marker) << 7];
    bytes.extend(sequence.to_be_bytes());
    bytes.extend(timestamp.to_be_bytes());
    bytes.extend(VIDEO.ssrc.to_be_bytes());
    bytes.extend(payload);
    bytes
}

#[test]
fn a_watcher_receives_what_a_bare_connection_sends_and_is_heard() {
    let mut watcher = Watcher::new(&[Section::video(), Section::audio()]);
    let sound = Sending { mid: "sound", kind: "audio", rtpmap: "opus/48000/2", payload_type: 116, ssrc: 99 };
    let (bare, answer) = Bare::answer(&watcher.offer(), &[VIDEO, sound]);
    watcher.accept(&answer);
    watcher.connected();
    bare.connected(PATIENCE);

    assert!(bare.track(0).send(&packet(7, true, 3_000, b"\x10picture")));
    assert!(bare.track(0).send(&rtcp::receiver_report(VIDEO.ssrc, &[])));
    let deadline = Instant::now() + PATIENCE;
    let mut heard = (false, false);
    while heard != (true, true) {
        match watcher.next(deadline).expect("both packets") {
            Arrival::Rtp { section, packet } => {
                assert_eq!((section, packet.sequence, packet.marker), (0, 7, true));
                assert_eq!(packet.payload, b"\x10picture");
                heard.0 = true;
            }
            Arrival::Rtcp { .. } => heard.1 = true,
            Arrival::State(..) => {}
        }
    }
    let pli = rtcp::pli(1, VIDEO.ssrc);
    watcher.send(0, &pli);
    assert_eq!(bare.received().recv_timeout(PATIENCE), Ok(pli));
}

#[test]
fn a_strip_survives_vp8_and_reads_back() {
    let (width, height) = (STRIP_WIDTH, 64);
    let settings = vpx::Settings::like_the_library(width as u32, 64, 30, 500_000, 1);
    let (mut encoder, mut decoder) = (vpx::Encoder::new(settings), vpx::Decoder::new());
    let mut card = Card::new(width, height);
    for number in 0..30 {
        let strip = Strip { number, millis: 0xA5A5_0000 + number };
        let mut i420 = luma_of(card.draw(strip), width, height);
        let luma = decoder.decode(&encoder.encode(&mut i420, number == 0)).expect("it decodes");
        assert_eq!(luma.strip(), Some(strip));
    }
}

/// Green stands for luma: black and white come out as they are.
fn luma_of(rgba: &[u8], width: usize, height: usize) -> Vec<u8> {
    let mut i420: Vec<u8> = rgba.chunks_exact(4).map(|p| p[1]).collect();
    i420.resize(width * height * 3 / 2, 128);
    i420
}

#[test]
fn order_heals_holes_and_frames_with_holes_are_never_given_out() {
    let at = Instant::now();
    let make = |sequence: u16| {
        // Frames of three packets: start, middle, end.
        let (frame, part) = (sequence / 3, sequence % 3);
        let payload = [if part == 0 { 0x10 } else { 0 }, 0, part as u8];
        Packet::parse(&packet(sequence, part == 2, u32::from(frame), &payload), at).expect("RTP")
    };
    let policy = || order::Policy { retry: Duration::from_millis(10), give_up: Duration::from_millis(100) };
    let mut rng = Rng(7);
    let (mut healed, mut torn) = (order::Order::new(policy()), order::Order::new(policy()));
    let (mut whole, mut pieces) = (Depacketizer::default(), Depacketizer::default());
    let (mut frames, mut whole_frames) = (0, 0);
    for sequence in 0..3_000 {
        let lost = sequence > 0 && rng.chance(0.1);
        if !lost {
            healed.push(make(sequence));
            torn.push(make(sequence));
        }
        for again in healed.ask(at) {
            healed.push(make(again));
        }
        while let Some(packet) = healed.pop(at) {
            frames += u32::from(whole.push(&packet).is_some());
        }
        while let Some(packet) = torn.pop(at + Duration::from_secs(1)) {
            if let Some(frame) = pieces.push(&packet) {
                assert_eq!((frame.packets, &frame.data[..]), (3, &[0, 0, 0, 1, 0, 2][..]));
                whole_frames += 1;
            }
        }
    }
    assert!(frames >= 999, "{frames} frames after healing");
    assert!((600..900).contains(&whole_frames), "{whole_frames} frames without healing");
    assert_eq!(rtcp::nack(1, 2, &[10, 12, 26, 27])[12..], [0, 10, 0x80, 2, 0, 27, 0, 0]);
}
