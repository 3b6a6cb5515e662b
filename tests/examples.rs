//! The C examples run to their end, and what they made is right.

mod common;
#[path = "c/harness.rs"]
mod harness;
mod http_client;

use common::camera::{Camera, HEIGHT, LOUDNESS, TONE, WIDTH};
use common::card::{self, Strip};
use common::watcher::PATIENCE;
use framewire::channel::ChannelOptions;
use framewire::message::chunk::Header;
use framewire::peer::{Peer, PeerOptions};
use framewire::sink::{Sink, SinkOptions};
use http_client::Client;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::{fs, iter, thread};

/// What `take_frames.c` writes.
const FPS: f64 = 30.0;
const RATE: f64 = 48_000.0;

/// `take_frames.c` at work.
struct Taking {
    child: Child,
    stdout: BufReader<ChildStdout>,
}

impl Taking {
    fn start(folder: &Path) -> Taking {
        let mut command = Command::new(harness::compile_example("take_frames"));
        command.arg(folder).env("FRAMEWIRE_BIND", "127.0.0.1:0").env("FRAMEWIRE_MEDIA_ADDRESS", "127.0.0.1");
        let mut child = command.stdout(Stdio::piped()).spawn().expect("it was compiled");
        let stdout = BufReader::new(child.stdout.take().expect("piped"));
        Taking { child, stdout }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        let length = self.stdout.read_line(&mut line).expect("it writes text");
        assert!(length > 0, "it ended: {:?}", self.child.wait());
        line.trim_end().to_owned()
    }
}

#[test]
fn every_viewer_gets_results_of_its_frames_and_the_last_word() {
    let mut command = Command::new(harness::compile_example("results"));
    command.env("FRAMEWIRE_BIND", "127.0.0.1:0").env("FRAMEWIRE_MEDIA_ADDRESS", "127.0.0.1");
    let mut child =
        command.env("FRAMEWIRE_SECONDS", "6").stdout(Stdio::piped()).spawn().expect("it was compiled");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let mut line = || lines.next().expect("a line").expect("text");
    let first = line();
    let address =
        first.strip_prefix("with results: http://").and_then(|rest| rest.strip_suffix("/watch/test"));
    let address = address.expect("where to watch").parse().expect("an address");
    let viewers = [0; 2].map(|_| {
        let options = PeerOptions {
            media_address: Some([127, 0, 0, 1].into()),
            accept_channels: true,
            ..PeerOptions::default()
        };
        let (peer, sink) =
            (Peer::new(options).expect("a peer"), Sink::new(SinkOptions::default()).expect("a sink"));
        peer.receive(None, &sink).expect("a new peer");
        // So that the offer has data channels.
        let channel = peer.channel(ChannelOptions::default()).expect("a new peer");
        let offer = peer.offer(PATIENCE).expect("an offer");
        let mut client = Client::to(address);
        let created = client.ask("POST", "/whep/test", "Content-Type: application/sdp\r\n", &offer);
        assert_eq!(created.status, 201, "{}", created.body);
        peer.accept(&created.body, PATIENCE).expect("an answer");
        (peer, sink, channel)
    });
    let ends = viewers
        .map(|(peer, sink, channel)| thread::spawn(move || (results_of(&peer), (peer, sink, channel))));
    let ends = ends.map(|end| end.join().expect("no panic"));
    assert_eq!(line(), "told 2 viewers that it is over");
    // They live until then: an acknowledgement goes no further than its peer.
    for ((complete, frames), _) in ends {
        assert_eq!(complete["termination_reason"], "timeout_reached");
        assert!(frames.len() >= 2 && frames.is_sorted(), "{frames:?}");
    }
    let status = child.wait().expect("it is our child");
    assert!(status.success(), "{status}");
}

/// The last word, and the frames that the results before it are about, each with a box.
fn results_of(peer: &Peer) -> (Value, Vec<u64>) {
    let channel = peer.next_channel(Some(PATIENCE)).expect("the server makes it");
    assert_eq!(channel.label(), "results");
    let mut frames = Vec::new();
    loop {
        let message = channel.next(Some(PATIENCE)).expect("a result");
        let chunk = Header::read(&message.data).expect("a chunk");
        let (Header { id, .. }, json) = chunk;
        let envelope: Value = serde_json::from_slice(json).expect("the envelope");
        let ack = format!("{{\"ack\": {id}}}");
        channel.send(ack.as_bytes(), true).expect("it is open");
        if envelope["processing_complete"] == true {
            return (envelope, frames);
        }
        let (output, metadata) = (&envelope["serialized_output_data"], &envelope["video_metadata"]);
        assert_eq!((&output["frame"], &metadata["frame_id"]), (&Value::from(id), &Value::from(id)));
        assert_eq!(metadata["time_base"], 1.0 / 90_000.0);
        assert!(metadata["pts"].as_u64().is_some_and(|pts| u32::try_from(pts).is_ok()), "{metadata}");
        assert!(output["boxes"][0]["width"].as_u64() == Some(68), "{output}");
        frames.push(u64::from(id));
    }
}

/// How a publisher leaves.
#[derive(Debug)]
enum Leaving {
    ByGoodbye,
    ByDelete,
}

#[test]
fn what_is_published_is_in_the_files_when_the_publisher_has_left() {
    for leaving in [Leaving::ByGoodbye, Leaving::ByDelete] {
        let folder = harness::scratch(&format!("taken-{leaving:?}"));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("the scratch folder is writable");
        take(&folder, &leaving);

        let pictures = y4m(&folder.join(format!("picture_1_{WIDTH}x{HEIGHT}.y4m")));
        let seconds = pictures.len() as f64 / FPS;
        assert!((1.8..6.0).contains(&seconds), "{leaving:?}: {seconds} s of pictures");
        // A file of constant rate, in which everything lies where it was captured. Sound may begin it, and
        // the first picture stands in for those before it.
        let second = pictures.iter().position(|strip| strip != &pictures[0]).expect("it moves");
        let late = |n: usize| {
            f64::from(pictures[n].millis.wrapping_sub(pictures[0].millis)) - n as f64 * 1_000.0 / FPS
        };
        let lates = || (second..pictures.len()).map(late);
        let (least, most) = (lates().fold(f64::MAX, f64::min), lates().fold(f64::MIN, f64::max));
        assert!(most - least < 150.0, "{leaving:?}: pictures lie within {} ms", most - least);
        assert!(pictures.is_sorted_by_key(|strip| strip.number), "{leaving:?}: {pictures:?}");

        let sound = wav(&folder.join("sound.wav"));
        let apart = sound.len() as f64 / RATE - seconds;
        assert!(apart.abs() < 0.4, "{leaving:?}: {apart} s more sound than pictures");
        // Not its first and its last tenth of a second: that is where Opus settles, and where it is cut.
        let middle = &sound[4_800..sound.len() - 4_800];
        let (loudness, waves) = (root_mean_square(middle), rises(middle) as f64 * RATE / middle.len() as f64);
        let wanted = LOUDNESS / 2f64.sqrt();
        assert!((wanted * 0.8..wanted * 1.2).contains(&loudness), "{leaving:?}: {loudness}");
        assert!((TONE - 5.0..TONE + 5.0).contains(&waves), "{leaving:?}: {waves} waves a second");
    }
}

/// Publishes two seconds and more into that folder.
fn take(folder: &Path, leaving: &Leaving) {
    let mut taking = Taking::start(folder);
    let line = taking.line();
    let address = line.strip_prefix("publish: http://").and_then(|rest| rest.strip_suffix("/publish/cam"));
    let mut client = Client::to(address.expect("where to publish").parse().expect("an address"));

    let camera = Camera::new();
    let options = PeerOptions { media_address: Some([127, 0, 0, 1].into()), ..PeerOptions::default() };
    let peer = Peer::new(options).expect("a peer");
    peer.send(None, &camera.source).expect("a new peer");
    let offer = peer.offer(PATIENCE).expect("an offer");
    let created = client.ask("POST", "/whip/cam", "Content-Type: application/sdp\r\n", &offer);
    assert_eq!(created.status, 201, "{}", created.body);
    peer.accept(&created.body, PATIENCE).expect("an answer");
    let mut files = [taking.line(), taking.line()];
    files.sort();
    assert_eq!(files, [format!("picture_1_{WIDTH}x{HEIGHT}.y4m"), "sound.wav".into()]);
    camera.pushes(110);
    match leaving {
        Leaving::ByGoodbye => peer.close(),
        Leaving::ByDelete => {
            let session = created.header("Location").expect("a session");
            assert_eq!(client.ask("DELETE", session, "", "").status, 200);
        }
    }
    assert!(taking.line().starts_with("the publisher left: "), "{leaving:?}");
    let status = taking.child.wait().expect("it is our child");
    assert!(status.success(), "{leaving:?}: {status}");
}

/// The strip of each picture of a Y4M file that is whole.
fn y4m(path: &Path) -> Vec<Strip> {
    let mut file = BufReader::new(fs::File::open(path).expect("pictures"));
    let mut head = String::new();
    file.read_line(&mut head).expect("a first line");
    assert_eq!(head, format!("YUV4MPEG2 W{WIDTH} H{HEIGHT} F30:1 Ip A1:1 C420jpeg\n"));
    let mut picture = vec![0; "FRAME\n".len() + WIDTH * HEIGHT * 3 / 2];
    let pictures = iter::from_fn(|| {
        if file.fill_buf().expect("it can be read").is_empty() {
            return None;
        }
        file.read_exact(&mut picture).expect("whole pictures");
        let luma = picture.strip_prefix(b"FRAME\n").expect("each begins so");
        Some(card::read(luma, WIDTH, WIDTH, HEIGHT).expect("a strip that reads"))
    });
    pictures.collect()
}

/// The left channel of a WAV file of 16 bits and two channels.
fn wav(path: &Path) -> Vec<i16> {
    let bytes = fs::read(path).expect("sound");
    let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
    let tags = [0, 8, 12, 36].map(|at| &bytes[at..at + 4]);
    assert_eq!(tags, [b"RIFF", b"WAVE", b"fmt ", b"data"]);
    assert_eq!([word(4), word(40)], [bytes.len() as u32 - 8, bytes.len() as u32 - 44]);
    // PCM (1) of two channels, samples and bytes a second, bytes a sample of both, bits.
    assert_eq!([16, 20, 24, 28, 32].map(word), [16, 2 << 16 | 1, 48_000, 192_000, 16 << 16 | 4]);
    let both = bytes[44..].chunks_exact(4);
    both.map(|both| {
        let [left, right] = [0, 2].map(|at| i16::from_le_bytes([both[at], both[at + 1]]));
        // Mono, twice; what the decoder makes up for lost sound differs by a hair.
        assert!(left.abs_diff(right) <= 16, "{left} and {right}");
        left
    })
    .collect()
}

fn root_mean_square(samples: &[i16]) -> f64 {
    let sum: f64 = samples.iter().map(|s| f64::from(*s).powi(2)).sum();
    (sum / samples.len() as f64).sqrt()
}

/// How often it goes from below zero to above.
fn rises(samples: &[i16]) -> usize {
    samples.windows(2).filter(|pair| pair[0] < 0 && pair[1] >= 0).count()
}
