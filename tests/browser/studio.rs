//! Where the browser tests publish to: "cam" may be published and taken over, other names are asked
//! for. Prints its address, then what happens and, each second, what came, as lines of JSON.

use framewire::events::{EventKind, Events};
use framewire::media::Kind;
use framewire::receive::TrackState;
use framewire::server::{Server, ServerOptions};
use framewire::sink::{Pcm, Sink, SinkOptions};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

/// A track's state in an event.
const LIVE: i64 = TrackState::Live as i64;

/// What came out of the sink so far.
#[derive(Default)]
struct Seen {
    pictures: AtomicU64,
    size: [AtomicU64; 2],
    samples: AtomicU64,
    /// Sum of the squares, of full scale 2^15.
    energy: AtomicU64,
}

fn main() {
    let events = Events::new(1024).expect("a queue");
    let server = Server::new(ServerOptions {
        bind: "127.0.0.1:0".into(),
        media_address: Some([127, 0, 0, 1].into()),
        events: Some(events.clone()),
        publish_requests: true,
        take_over: true,
        ..ServerOptions::default()
    });
    let server = server.expect("a server");
    let options = SinkOptions { events: Some(events.clone()), ..SinkOptions::default() };
    let sink = Sink::new(options).expect("a sink");
    server.receive("cam", None, &sink).expect("a free name");
    println!("http://{}", server.address());

    let seen = Arc::new(Seen::default());
    let (video, video_live) = channel();
    let (audio, audio_live) = channel();
    take(&sink, &seen, video_live, audio_live);
    let mut due = Instant::now();
    loop {
        match events.next(due.saturating_duration_since(Instant::now())) {
            Ok(event) => {
                let stream = event.stream.as_deref().unwrap_or_default();
                println!(
                    "{}",
                    json!({ "event": format!("{:?}", event.kind), "stream": stream, "value": event.value, "text": event.text })
                );
                match event.kind {
                    EventKind::PublishRequest => decide(&server, event.value as u64, &event.text, &sink),
                    EventKind::VideoTrack if event.value == LIVE => video.send(()).expect("it takes on"),
                    EventKind::AudioTrack if event.value == LIVE => audio.send(()).expect("it takes on"),
                    _ => {}
                }
            }
            Err(_) => {
                due += Duration::from_secs(1);
                println!("{}", report(&server, &sink, &seen));
            }
        }
    }
}

fn report(server: &Server, sink: &Sink, seen: &Seen) -> serde_json::Value {
    let track = |kind| format!("{:?}", sink.track(kind).expect("a sink of both kinds"));
    json!({
        "publishers": server.stats().publishers,
        "video": track(Kind::Video),
        "audio": track(Kind::Audio),
        "pictures": seen.pictures.load(Relaxed),
        "width": seen.size[0].load(Relaxed),
        "height": seen.size[1].load(Relaxed),
        "samples": seen.samples.load(Relaxed),
        "energy": seen.energy.load(Relaxed) as f64 / f64::from(1 << 30),
    })
}

/// The browser that is refused is told so; one that is gone meanwhile is no matter.
fn decide(server: &Server, request: u64, token: &str, sink: &Sink) {
    let _ = match token {
        "s3cret" => server.accept(request, sink),
        _ => server.refuse(request, "that is not known here"),
    };
}

/// Counts what comes. A track that is over is waited for until it is live again.
fn take(sink: &Sink, seen: &Arc<Seen>, video: Receiver<()>, audio: Receiver<()>) {
    let (from, into) = (sink.clone(), seen.clone());
    thread::spawn(move || {
        while video.recv().is_ok() {
            while let Ok(picture) = from.next_video(None) {
                into.pictures.fetch_add(1, Relaxed);
                into.size[0].store(picture.frame.width.into(), Relaxed);
                into.size[1].store(picture.frame.height.into(), Relaxed);
            }
        }
    });
    let (from, into) = (sink.clone(), seen.clone());
    thread::spawn(move || {
        while audio.recv().is_ok() {
            while let Ok(sound) = from.next_audio(None) {
                let Pcm::S16(samples) = &sound.samples else { unreachable!("the default is 16 bit") };
                let energy: f64 = samples.iter().map(|s| f64::from(*s) * f64::from(*s)).sum();
                into.energy.fetch_add(energy as u64, Relaxed);
                into.samples.fetch_add(samples.len() as u64, Relaxed);
            }
        }
    });
}
