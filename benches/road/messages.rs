//! Messages beside bare libdatachannel: how fast large ones go, what small ones to many cost and how old they
//! are, what a large one does to others, and what somebody who does not read costs.

use crate::common::taker::{Giver, Stalled, Taker, stall};
use crate::cpu;
use crate::far::{self, Far, PATIENCE};
use crate::glass::{Camera, options};
use crate::table::{Row, percentile, row};
use framewire::channel::{Channel, ChannelOptions, ChannelState};
use framewire::frame::Format;
use framewire::message::chunk::{CHUNK_SIZE, Chunks, Header};
use framewire::message::gzip;
use framewire::peer::{Peer, PeerOptions};
use framewire::results::{Results, ResultsOptions};
use framewire::sink::{Sink, SinkOptions, VideoOut};
use framewire::source::Source;
use framewire::time::{Time, clock};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

const LARGE: usize = 64 << 20;
const LARGE_ONES: usize = 8;
/// What a program keeps queued that has nothing but libdatachannel.
const HIGH_WATER: usize = 1 << 20;
const SMALL: usize = 1_024;
const SMALL_ONES: u32 = 300;
const PACE: Duration = Duration::from_millis(33);
/// Seconds somebody does not read, unless FRAMEWIRE_STALL says otherwise.
const STALL: u64 = 30;

pub fn messages() -> Vec<Row> {
    let [ours, bare] = ["ours", "bare"].map(|who| far::figures::<2>(&["message-givers", who, "large"]));
    let mut rows = vec![
        row("12 64 MiB messages, loopback", ours[0], "MB/s", "≥ 0.95×").beside(bare[0]),
        row("12 CPU a gigabyte sent", ours[1], "s", "≤ 1.1×").beside(bare[1]),
    ];
    for viewers in [1, 10, 100] {
        let [ours, bare] =
            ["ours", "bare"].map(|who| far::figures::<3>(&["message-givers", who, &viewers.to_string()]));
        let name = |what| format!("13 1 KiB at 30/s to {viewers}, {what}");
        rows.push(row(name("CPU a message"), ours[0], "µs", "").beside(bare[0]));
        rows.push(row(name("age p50"), ours[1], "ms", "").beside(bare[1]));
        rows.push(row(name("age p99"), ours[2], "ms", "").beside(bare[2]));
    }
    rows
}

/// What a 64 MiB message on one channel does to everything else (bare: without it).
pub fn fair() -> Vec<Row> {
    let [without, with] = ["alone", "beside"].map(|how| far::figures::<6>(&["message-givers", how]));
    let names = ["100 bytes, age p50", "100 bytes, age p99", "100 bytes, age at most"];
    let mut rows: Vec<Row> = (0..3)
        .map(|n| {
            let goal = if n == 2 { "≤ 50 ms more" } else { "" };
            row(format!("14 {} (bare: alone)", names[n]), with[n], "ms", goal).beside(without[n])
        })
        .collect();
    let names = ["picture, pushed → taken, p50", "picture, pushed → taken, p99", "pictures taken"];
    rows.extend((0..3).map(|n| {
        let unit = if n == 2 { "" } else { "ms" };
        row(format!("14 {} (bare: alone)", names[n]), with[n + 3], unit, "1×").beside(without[n + 3])
    }));
    rows
}

pub fn stalled() -> Vec<Row> {
    let seconds = std::env::var("FRAMEWIRE_STALL").ok().and_then(|text| text.parse().ok()).unwrap_or(STALL);
    let [grown, used] = far::figures(&["message-givers", "stalled", &seconds.to_string()]);
    vec![
        row(format!("15 memory more after {seconds} s of somebody who reads nothing"), grown, "KiB", "flat"),
        row("15 CPU meanwhile, of one core", used * 100.0, "%", ""),
    ]
}

/// The process that sends: prints its figures.
pub fn run(words: &[String]) {
    let figures = match (words[0].as_str(), words.get(1).map(String::as_str)) {
        ("ours", Some("large")) => large(ours),
        ("bare", Some("large")) => large(bare),
        ("ours", Some(viewers)) => small(viewers.parse().expect("a number"), ours_small),
        ("bare", Some(viewers)) => small(viewers.parse().expect("a number"), bare_small),
        ("stalled", Some(seconds)) => stand_still(seconds.parse().expect("a number")),
        (how, _) => beside(how == "beside"),
    };
    figures.iter().for_each(|figure| print!("{figure} "));
}

/// The process that does not read.
pub fn stalls() {
    stall();
}

fn peer() -> Peer {
    let options = PeerOptions { media_address: Some([127, 0, 0, 1].into()), ..PeerOptions::default() };
    Peer::new(options).expect("a peer")
}

fn labelled(label: &str) -> ChannelOptions {
    ChannelOptions { label: label.into(), ..ChannelOptions::default() }
}

fn open(channel: &Channel) {
    let until = Instant::now() + PATIENCE;
    while channel.state() != ChannelState::Open {
        assert!(Instant::now() < until, "it does not open");
        thread::park_timeout(Duration::from_millis(1));
    }
}

/// Sends one message of that number.
type Sends = Box<dyn FnMut(u32)>;

/// Megabytes a second, and seconds of CPU a gigabyte, of a way to send large messages.
fn large(way: fn(&mut Far) -> Sends) -> Vec<f64> {
    let mut far = Far::start("message-takers");
    let mut send = way(&mut far);
    let sent = |count: usize| {
        count * (LARGE + LARGE.div_ceil(CHUNK_SIZE) * Header { id: 0, index: 0, total: 0 }.to_bytes().len())
    };
    // The first opens the congestion window.
    send(0);
    far.ask(&format!("until {}", sent(1)));
    let (used, begun) = (cpu::seconds(|_| false), Instant::now());
    (1..=LARGE_ONES).for_each(|id| send(id as u32));
    far.ask(&format!("until {}", sent(1 + LARGE_ONES)));
    let (took, used) = (begun.elapsed().as_secs_f64(), cpu::seconds(|_| false) - used);
    let megabytes = (LARGE_ONES * LARGE) as f64 / 1e6;
    vec![megabytes / took, used * 1e3 / megabytes]
}

fn ours(far: &mut Far) -> Sends {
    let peer = peer();
    let channel = peer.channel(labelled("results")).expect("before the offer");
    let answer = peer.answer(&far.ask("offer"), PATIENCE).expect("an answer");
    far.accept(&answer);
    open(&channel);
    let message: Arc<[u8]> = vec![7; LARGE].into();
    Box::new(move |id| {
        let _ = &peer;
        channel.send_framed(id, message.clone(), PATIENCE).expect("it is taken");
    })
}

fn bare(far: &mut Far) -> Sends {
    let (taker, mut giver) = bare_giver(far);
    giver.open(HIGH_WATER);
    let message = vec![7; LARGE];
    let mut wire = Vec::new();
    Box::new(move |id| {
        let _ = &taker;
        for chunk in Chunks::new(id, &message, CHUNK_SIZE).expect("chunks") {
            chunk.write(&mut wire);
            giver.send(&wire, HIGH_WATER);
        }
    })
}

fn bare_giver(far: &mut Far) -> (Taker, Giver) {
    // As the library does: the offer's candidates would start DTLS too early.
    let offer: String = far
        .ask("offer")
        .lines()
        .filter(|line| !line.contains("candidate"))
        .flat_map(|line| [line, "\r\n"])
        .collect();
    let (mut taker, answer) = Taker::answering(&offer, Arc::new(|_: &str, _: &[u8]| ()));
    let giver = taker.giver("results");
    far.accept(&answer);
    (taker, giver)
}

/// Sends one of small messages, or says how many went out, to all together.
type Small = Box<dyn FnMut(Option<(u32, Vec<u8>)>) -> usize>;

/// Microseconds of CPU a message and viewer, and ages in milliseconds, of a way to send small ones.
fn small(viewers: usize, way: fn(usize, &mut Far) -> Small) -> Vec<f64> {
    let mut far = Far::start("message-takers");
    let mut send = way(viewers, &mut far);
    let timer = crossbeam_channel::tick(PACE);
    let mut run = |send: &mut Small, ids: std::ops::Range<u32>| {
        for id in ids {
            timer.recv().expect("a timer never ends");
            let mut message = clock::now().0.to_le_bytes().to_vec();
            message.resize(SMALL, 7);
            send(Some((id, message)));
        }
        let sent = send(None);
        far.ask(&format!("until {}", sent * (SMALL + 12)));
        sent
    };
    let before = run(&mut send, 0..30);
    let used = cpu::seconds(|_| false);
    let sent = run(&mut send, 30..30 + SMALL_ONES) - before;
    let used = (cpu::seconds(|_| false) - used) / sent as f64 * 1e6;
    let ages = far.ask("ages");
    let mut ages = ages.split(' ').map(|age| age.parse().expect("a number"));
    vec![used, ages.next().expect("p50"), ages.next().expect("p99")]
}

fn ours_small(viewers: usize, far: &mut Far) -> Small {
    let results = Results::new(ResultsOptions::default()).expect("a feed");
    let joined: Vec<(Peer, Channel)> = (0..viewers)
        .map(|_| {
            let peer = peer();
            let channel = peer.channel(labelled("results")).expect("before the offer");
            let answer = peer.answer(&far.ask("offer"), PATIENCE).expect("an answer");
            far.accept(&answer);
            results.attach(channel.clone()).expect("it has not ended");
            (peer, channel)
        })
        .collect();
    joined.iter().for_each(|(_, channel)| open(channel));
    Box::new(move |message| {
        let _ = &joined;
        if let Some((id, message)) = message {
            results.send(id, message).expect("it is taken");
            return 0;
        }
        loop {
            let stats = results.stats();
            let ended = stats.sent + stats.dropped + stats.replaced * stats.viewers;
            if ended == stats.results * stats.viewers {
                return stats.sent as usize;
            }
            thread::park_timeout(Duration::from_millis(1));
        }
    })
}

fn bare_small(viewers: usize, far: &mut Far) -> Small {
    let mut givers: Vec<_> = (0..viewers).map(|_| bare_giver(far)).collect();
    givers.iter_mut().for_each(|(_, giver)| giver.open(HIGH_WATER));
    let (mut wire, mut sent) = (Vec::new(), 0);
    Box::new(move |message| {
        let Some((id, message)) = message else { return sent };
        for (_, giver) in &mut givers {
            for chunk in Chunks::new(id, &message, CHUNK_SIZE).expect("chunks") {
                chunk.write(&mut wire);
                giver.send(&wire, HIGH_WATER);
                sent += 1;
            }
        }
        0
    })
}

/// The process that takes messages, and says how many bytes came and how old they were.
pub fn takers() {
    let (state, came) = (Arc::new((Mutex::new((0, Vec::new())), Condvar::new())), PATIENCE);
    let mut takers = Vec::new();
    far::answers(|ask| {
        let (lock, changed) = &*state;
        match ask.split_once(' ') {
            _ if ask == "offer" => {
                let state = state.clone();
                let take = move |_: &str, chunk: &[u8]| {
                    let now = clock::now();
                    let mut state_of = state.0.lock().expect("no panic");
                    state_of.0 += chunk.len();
                    if chunk.len() == SMALL + 12 || chunk.len() == 112 {
                        let sent = Time(u64::from_le_bytes(chunk[12..20].try_into().expect("eight bytes")));
                        state_of.1.push(now.since(sent));
                    }
                    state.1.notify_all();
                };
                let (taker, offer) = Taker::offering(Arc::new(take));
                takers.push(taker);
                offer
            }
            _ if ask == "ages" => {
                let ages = &mut lock.lock().expect("no panic").1;
                let most = percentile(ages, 1.0);
                let figures = format!("{} {} {most}", percentile(ages, 0.5), percentile(ages, 0.99));
                ages.clear();
                figures
            }
            Some(("until", bytes)) => {
                let bytes: usize = bytes.parse().expect("a number");
                let came =
                    changed.wait_timeout_while(lock.lock().expect("no panic"), came, |state| state.0 < bytes);
                came.expect("no panic").0.0.to_string()
            }
            _ => {
                takers.last_mut().expect("it offered").accept(ask);
                "connected".into()
            }
        }
    });
}

/// Small messages at the pace of pictures, and pictures, with or without a large message on the same connection.
fn beside(with: bool) -> Vec<f64> {
    const SPAN: Duration = Duration::from_secs(10);
    let source = Source::new(options()).expect("a source");
    let sink = Sink::new(SinkOptions {
        video: Some(VideoOut { format: Format::I420, queue: 1 }),
        audio: None,
        ..SinkOptions::default()
    });
    let sink = sink.expect("a sink");
    let loopback = Some([127, 0, 0, 1].into());
    let [sends, takes] = [false, true].map(|accept_channels| {
        let options = PeerOptions {
            media_address: loopback,
            probe_candidates: true,
            accept_channels,
            ..PeerOptions::default()
        };
        Peer::new(options).expect("a peer")
    });
    let [large, small] =
        ["large", "small"].map(|label| sends.channel(labelled(label)).expect("before the offer"));
    sends.send(None, &source).expect("before the offer");
    takes.receive(None, &sink).expect("before the offer");
    let answer = takes.answer(&sends.offer(PATIENCE).expect("an offer"), PATIENCE).expect("an answer");
    sends.accept(&answer, PATIENCE).expect("it is accepted");
    [&large, &small].into_iter().for_each(open);
    let (mut ages, mut pictures) = (Vec::new(), Vec::new());
    thread::scope(|scope| {
        let theirs: Vec<Channel> =
            (0..2).map(|_| takes.next_channel(Some(PATIENCE)).expect("it arrives")).collect();
        let [large_there, small_there] = ["large", "small"]
            .map(|label| theirs.iter().find(|channel| channel.label() == label).expect("both").clone());
        scope.spawn(move || while large_there.next(Some(PATIENCE)).is_ok() {});
        if with {
            let large = &large;
            scope.spawn(move || {
                let message: Arc<[u8]> = vec![7; LARGE].into();
                // Until the channel is closed.
                for id in 0.. {
                    if large.send_framed(id, message.clone(), PATIENCE).is_err() {
                        return;
                    }
                }
            });
        }
        let ages = &mut ages;
        let taking = scope.spawn(move || {
            while let Ok(message) = small_there.next(Some(PATIENCE)) {
                let sent = Time(u64::from_le_bytes(message.data[12..20].try_into().expect("eight bytes")));
                ages.push(clock::now().since(sent));
            }
        });
        scope.spawn(|| {
            let mut id = 0;
            Camera::new().run(&source, SPAN, |_, _| {
                let mut message = clock::now().0.to_le_bytes().to_vec();
                message.resize(100, 7);
                small.send_framed(id, message, PATIENCE).expect("it is taken");
                id += 1;
            });
            source.close();
            large.close();
            small.close();
        });
        let pictures = &mut pictures;
        scope.spawn(move || {
            let mut patience = PATIENCE;
            while let Ok(picture) =
                sink.next_video(Some(std::mem::replace(&mut patience, Duration::from_secs(2))))
            {
                pictures.push(clock::now().since(picture.arrived));
            }
        });
        taking.join().expect("no panic");
    });
    let share = |times: &mut [Duration], share| percentile(times, share);
    vec![
        share(&mut ages, 0.5),
        share(&mut ages, 0.99),
        share(&mut ages, 1.0),
        share(&mut pictures, 0.5),
        share(&mut pictures, 0.99),
        pictures.len() as f64,
    ]
}

/// KiB that the process grew by, and the share of a core that it used, while somebody reads nothing of a
/// feed of 1 MiB results at 30 a second. They are compressed, so that all stages take part.
fn stand_still(seconds: u64) -> Vec<f64> {
    let options = PeerOptions {
        media_address: Some([127, 0, 0, 1].into()),
        probe_candidates: true,
        ..PeerOptions::default()
    };
    let peer = Peer::new(options).expect("a peer");
    let results = Results::new(ResultsOptions::default()).expect("a feed");
    peer.results(&results).expect("before the offer");
    let (_stalled, answer) = Stalled::running(&["message-stalls"], &peer.offer(PATIENCE).expect("an offer"));
    peer.accept(&answer, PATIENCE).expect("it is accepted");
    let noise: Vec<u8> = (0..1u32 << 20).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let noise = gzip::pack(&noise);
    let timer = crossbeam_channel::tick(PACE);
    let mut id = 0;
    let mut run = |seconds: u64| {
        let end = Instant::now() + Duration::from_secs(seconds);
        while Instant::now() < end {
            timer.recv().expect("a timer never ends");
            results.send(id, noise.clone()).expect("live results are always taken");
            id += 1;
        }
    };
    // It fills what there is to fill.
    run(5);
    let (memory, used) = (cpu::memory(), cpu::seconds(|_| false));
    run(seconds);
    vec![cpu::memory() - memory, (cpu::seconds(|_| false) - used) / seconds as f64]
}
