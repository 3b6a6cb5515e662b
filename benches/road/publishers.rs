//! Many publishers of 360p into one process, and what of it is libvpx: beside bare libvpx decoding as many
//! of the same streams in a process of its own.

use crate::common::vpx::Decoder;
use crate::cpu;
use crate::far::{self, Far, PATIENCE};
use crate::glass::{FPS, pace};
use crate::stream::stream;
use crate::table::{Row, row};
use crossbeam_channel::never;
use framewire::events::{Event, EventKind, Events};
use framewire::frame::Format;
use framewire::media::{EncodedFrame, Kind, MediaFrame, Stamps};
use framewire::peer::{Peer, PeerOptions, PeerState};
use framewire::rtp::vp8::Vp8Packetizer;
use framewire::sink::{Sink, SinkOptions, VideoOut};
use framewire::source::{Source, SourceOptions};
use framewire::time::clock;
use std::net::UdpSocket;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

const SPAN: Duration = Duration::from_secs(10);
const BITRATE: u32 = 800_000;
/// Two seconds, over and over: a decoder that joins late waits no longer.
const FRAMES: usize = 2 * FPS as usize;

pub fn publishers() -> Vec<Row> {
    let mut rows = Vec::new();
    for publishers in [1, 4, 16] {
        let [ours, alone] =
            ["ours", "alone"].map(|who| far::figures(&["takers", who, &publishers.to_string()]));
        let [cpu, decoders, memory, pictures]: [f64; 4] = ours;
        let name = |what: &str| format!("10 {what}, {publishers} × 360p30");
        rows.push(row(name("CPU each (bare: libvpx decoding)"), cpu, "CPU s/s", "").beside(alone[0]));
        rows.push(row(name("of it decoder threads"), decoders, "CPU s/s", "").beside(alone[0]));
        rows.push(row(name("memory each"), memory, "KiB", "").beside(alone[2]));
        let due = SPAN.as_secs() * u64::from(FPS) * publishers;
        eprintln!("  {publishers}: {pictures} of {due} pictures");
    }
    rows
}

/// The process that takes: prints its figures, those of each publisher.
pub fn takers(words: &[String]) {
    let publishers: usize = words[1].parse().expect("a number");
    let mut far = Far::start("publishers");
    let figures = match words[0].as_str() {
        "ours" => ours(publishers, &mut far),
        _ => alone(publishers, &mut far),
    };
    let Figures { cpu, decoders, memory, pictures } = figures;
    // Of a second's pictures, whatever was left out on the way.
    let [cpu, decoders] = [cpu, decoders].map(|seconds| seconds / pictures * f64::from(FPS));
    println!("{cpu} {decoders} {} {pictures}", memory / publishers as f64);
}

/// Of all publishers together.
struct Figures {
    cpu: f64,
    decoders: f64,
    memory: f64,
    pictures: f64,
}

fn ours(publishers: usize, far: &mut Far) -> Figures {
    let memory = cpu::memory();
    let join = |_| {
        let peer = Peer::new(options()).expect("a peer");
        let sink = Sink::new(SinkOptions {
            video: Some(VideoOut { format: Format::I420, queue: 1 }),
            audio: None,
            ..SinkOptions::default()
        });
        let sink = sink.expect("a sink");
        peer.receive(None, &sink).expect("before the offer");
        let answer = peer.answer(&far.ask("offer"), PATIENCE).expect("an answer");
        far.accept(&answer);
        (peer, sink)
    };
    let joined: Vec<(Peer, Sink)> = (0..publishers).map(join).collect();
    far.ask("go");
    for (_, sink) in &joined {
        sink.next_video(Some(PATIENCE)).expect("a picture");
        let sink = sink.clone();
        thread::spawn(move || while sink.next_video(None).is_ok() {});
    }
    let used = || [cpu::seconds(|_| false), cpu::seconds(|name| name != "fw-decode"), decoded(&joined)];
    let before = used();
    never::<()>().recv_timeout(SPAN).ok();
    let after = used();
    let [cpu, decoders, pictures] = [0, 1, 2].map(|n| after[n] - before[n]);
    Figures { cpu, decoders, memory: cpu::memory() - memory, pictures }
}

fn decoded(joined: &[(Peer, Sink)]) -> f64 {
    let decoded = |sink: &Sink| sink.stats(Kind::Video).expect("it takes pictures").decoder.decoded;
    joined.iter().map(|(_, sink)| decoded(sink)).sum::<u64>() as f64
}

fn alone(publishers: usize, far: &mut Far) -> Figures {
    let frames: Vec<Vec<u8>> = serde_json::from_str(&far.ask("frames")).expect("JSON");
    let memory = cpu::memory();
    let mut decoders: Vec<_> = (0..publishers).map(|_| Decoder::new()).collect();
    let (mut steps, before) = (0, cpu::seconds(|_| false));
    pace(SPAN, || {
        let frame = &frames[steps % frames.len()];
        assert!(decoders.iter_mut().all(|decoder| decoder.show(frame).is_some()));
        steps += 1;
    });
    let cpu = cpu::seconds(|_| false) - before;
    Figures { cpu, decoders: cpu, memory: cpu::memory() - memory, pictures: (steps * publishers) as f64 }
}

fn options() -> PeerOptions {
    let media_address = Some([127, 0, 0, 1].into());
    PeerOptions { media_address, probe_candidates: true, ..PeerOptions::default() }
}

/// Each from a port of its own, as machines of their own have it: two connections between one pair of ports
/// are not told apart.
fn publisher(events: &Arc<Events>) -> Peer {
    let free = UdpSocket::bind(("127.0.0.1", 0)).and_then(|socket| socket.local_addr());
    let media_port = Some(free.expect("a port that is free").port());
    Peer::new(PeerOptions { events: Some(events.clone()), media_port, ..options() }).expect("a peer")
}

/// The process that publishes: all peers send the one stream.
pub fn run() {
    let frames = Arc::new(stream(FRAMES, 2, BITRATE));
    let source = Source::new(SourceOptions { audio: None, ..SourceOptions::default() }).expect("a source");
    let events = Events::new(1_000).expect("events");
    let mut peers = Vec::new();
    far::answers(|ask| match ask {
        "frames" => {
            let frames: Vec<_> = frames.iter().map(|frame| &frame.data).collect();
            serde_json::to_string(&frames).expect("bytes")
        }
        "offer" => {
            let peer = publisher(&events);
            peer.send(None, &source).expect("before the offer");
            let offer = peer.offer(PATIENCE).expect("an offer");
            peers.push(peer);
            offer
        }
        "go" => {
            let (source, frames) = (source.clone(), frames.clone());
            thread::spawn(move || publish(&source, &frames));
            "going".into()
        }
        answer => {
            peers.last().expect("it offered").accept(answer, PATIENCE).expect("it is accepted");
            while !connects(&events.next(PATIENCE).expect("it connects")) {}
            "connected".into()
        }
    });
}

fn connects(event: &Event) -> bool {
    event.kind == EventKind::PeerState && event.value == PeerState::Connected as i64
}

/// Sends the stream over and over at its pace, until the process is ended.
fn publish(source: &Source, frames: &[EncodedFrame]) {
    let (mut packetizer, mut index) = (Vp8Packetizer::new(0), 0);
    pace(PATIENCE * 10, || {
        let frame = &frames[index as usize % frames.len()];
        let (data, ends) = packetizer.packetize(frame);
        let now = clock::now();
        let frame = MediaFrame {
            source: source.id(),
            kind: Kind::Video,
            index,
            keyframe: frame.keyframe,
            ntp: clock::anchor().ntp(now),
            rtp_time: index as u32 * (90_000 / FPS),
            stamps: Stamps::default(),
            data,
            ends,
        };
        source.fanout().deliver(&Arc::new(frame), now + Duration::from_secs(1));
        index += 1;
    });
}
