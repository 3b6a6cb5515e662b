//! Packets to many viewers, beside a bare loop of `rtcSendMessage` over the same packets; to one viewer
//! also beside a loop that is handed them frame by frame, because that is most of what ours costs more.
//!
//! Sender and receivers are processes of their own: the receivers' CPU must not count, and memory
//! that one run gave back must not hide what the next takes.

use crate::common::bare::{Bare, Sending};
use crate::common::watcher::{Section, Watcher};
use crate::cpu;
use crate::far::{self, Far, PATIENCE};
use crate::table::{Row, row};
use framewire::media::{Kind, MediaFrame, Stamps};
use framewire::peer::{Peer, PeerOptions};
use framewire::source::{Source, SourceOptions};
use framewire::time::clock;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// A frame of 2 Mbit/s at 30 frames a second: seven packets.
const PACKETS: usize = 7;
const PAYLOAD: usize = 1_150;
/// Packets of one run, all viewers together. Their frames wait in memory, and few viewers need many.
fn total(viewers: usize) -> usize {
    if viewers < 100 { 35_000 } else { 140_000 }
}

pub fn fanout() -> Vec<Row> {
    let mut rows = Vec::new();
    for viewers in [1, 10, 100, 500] {
        let [ours, bare] = ["ours", "bare"].map(|who| run(who, viewers));
        let goal = "≤ 1.25×, flat";
        rows.push(row(format!("3 CPU a packet, {viewers} viewers"), ours[0], "µs", goal).beside(bare[0]));
        if viewers == 1 {
            // What it costs to wake a thread for each frame, whoever sends.
            let handed = run("handed", viewers)[0];
            let name = "3 the same beside a bare loop on another thread";
            rows.push(row(name, ours[0], "µs", "").beside(handed));
        }
        if viewers >= 100 {
            let name = format!("3 memory a viewer, {viewers} viewers");
            rows.push(row(name, ours[1], "KiB", "≤ 300").beside(bare[1]));
        }
        eprintln!("  {viewers}: {} and {} of {} received", ours[2], bare[2], total(viewers));
    }
    rows
}

/// Runs one sender process: µs a packet, KiB a viewer, packets received.
fn run(who: &str, viewers: usize) -> [f64; 3] {
    far::figures(&["senders", who, &viewers.to_string()])
}

/// The process that sends: prints its figures.
pub fn senders(words: &[String]) {
    let viewers: usize = words[1].parse().expect("a number");
    let mut far = Far::start("receivers");
    let figures = match words[0].as_str() {
        "ours" => ours(viewers, &mut far),
        who => bare(viewers, who == "handed", &mut far),
    };
    println!("{} {} {}", figures[0], figures[1], figures[2]);
}

fn ours(viewers: usize, far: &mut Far) -> [f64; 3] {
    let source = Source::new(SourceOptions { audio: None, ..SourceOptions::default() });
    let source = source.expect("a source");
    let join = |far: &mut Far| {
        let options = PeerOptions { media_address: Some([127, 0, 0, 1].into()), ..PeerOptions::default() };
        let peer = Peer::new(options).expect("a peer");
        peer.send(None, &source).expect("before the offer");
        let answer = peer.answer(&far.ask("offer"), PATIENCE).expect("an answer");
        far.accept(&answer);
        peer
    };
    // The first one pays for what there is once a process.
    let mut peers = vec![join(far)];
    let before = cpu::memory();
    peers.extend((1..viewers).map(|_| join(far)));
    // Every frame is a keyframe, so that a viewer whose track opens late is not left out for good.
    let frame = |index: u64, packets: usize| {
        let payload = |n: usize| {
            let start = if n == 0 { 0x90 } else { 0x80 };
            let mut payload = vec![start, 0x80, 0x80 | (index >> 8) as u8 & 0x7f, index as u8];
            payload.resize(PAYLOAD, 0);
            payload
        };
        Arc::new(MediaFrame {
            source: source.id(),
            kind: Kind::Video,
            index,
            keyframe: true,
            ntp: 0,
            rtp_time: index as u32 * 3_000,
            stamps: Stamps::default(),
            data: (0..packets).flat_map(payload).collect(),
            ends: (1..=packets).map(|n| (n * PAYLOAD) as u32).collect(),
        })
    };
    let count = total(viewers).div_ceil(PACKETS * viewers) as u64;
    let mut frames: Vec<_> = (0..count).map(|index| frame(index, PACKETS)).collect();
    // One frame waits at most: the second of these finds room when the first is taken, and that is
    // when all before it have left.
    frames.extend([frame(count, 1), frame(count + 1, 1)]);
    let used = cpu::seconds(|_| false);
    for frame in &frames {
        source.fanout().deliver(frame, clock::now() + PATIENCE);
    }
    let used = cpu::seconds(|_| false) - used;
    let memory = (cpu::memory() - before) / (viewers - 1).max(1) as f64;
    [used / sent(&peers) as f64 * 1e6, memory, far.ask("count").parse().expect("a number")]
}

fn sent(peers: &[Peer]) -> u64 {
    peers.iter().flat_map(Peer::stats).map(|(_, stats)| stats.packets_sent).sum()
}

fn bare(viewers: usize, handed_over: bool, far: &mut Far) -> [f64; 3] {
    let join = |far: &mut Far| {
        let Section { mid, payload_type, .. } = Section::video();
        let sending = Sending { mid, kind: "video", rtpmap: "VP8/90000", payload_type, ssrc: 1 };
        let (connection, answer) = Bare::answer(&far.ask("offer"), &[sending]);
        far.accept(&answer);
        connection.connected(PATIENCE);
        connection
    };
    let mut connections = vec![join(far)];
    let before = cpu::memory();
    connections.extend((1..viewers).map(|_| join(far)));
    let packet = |sequence: usize| {
        let mut packet = vec![0; 12 + 8 + PAYLOAD];
        packet[..2].copy_from_slice(&[0x80, Section::video().payload_type]);
        packet[2..4].copy_from_slice(&(sequence as u16).to_be_bytes());
        packet[11] = 1;
        packet
    };
    // As many as ours are, so that they come out of memory and not out of a cache.
    let frames = total(viewers).div_ceil(PACKETS * viewers);
    let packets: Vec<_> = (0..frames * PACKETS).map(packet).collect();
    // Frames come one by one from another thread, as ours do from the encoder's; or they are just there.
    let (hand, handed) = crossbeam_channel::bounded(1);
    let each = move || (0..frames).for_each(|frame| hand.send(frame).expect("somebody takes it"));
    let used = cpu::seconds(|_| false);
    let send = |frame: usize| {
        for connection in &connections {
            let packets = &packets[frame * PACKETS..][..PACKETS];
            packets.iter().for_each(|packet| _ = connection.track(0).send(packet));
        }
    };
    let feeder = handed_over.then(|| std::thread::spawn(each));
    match &feeder {
        Some(_) => handed.iter().for_each(send),
        None => (0..frames).for_each(send),
    }
    let used = cpu::seconds(|_| false) - used;
    let count = packets.len() * viewers;
    let memory = (cpu::memory() - before) / (viewers - 1).max(1) as f64;
    [used / count as f64 * 1e6, memory, far.ask("count").parse().expect("a number")]
}

/// The process that receives and counts.
pub fn receivers() {
    let mut watchers: Vec<Watcher> = Vec::new();
    far::answers(|ask| match ask {
        "offer" => {
            watchers.push(Watcher::with_room(&[Section::video()], 16));
            watchers.last_mut().expect("just pushed").offer()
        }
        "count" => {
            let count = |watcher: &Watcher| watcher.received.load(Relaxed);
            watchers.iter().map(count).sum::<u64>().to_string()
        }
        answer => {
            let watcher = watchers.last_mut().expect("it offered");
            watcher.accept(answer);
            watcher.connected();
            "connected".into()
        }
    });
}
