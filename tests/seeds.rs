//! What the fuzzers start from, as ordinary tests: each seed is read as its name says.

#[path = "../fuzz/harness/ack.rs"]
mod ack;
#[path = "../fuzz/harness/chunk.rs"]
mod chunk;
#[path = "../fuzz/harness/image.rs"]
mod image;
#[path = "../fuzz/harness/ingest.rs"]
mod ingest;
#[path = "../fuzz/harness/receive.rs"]
mod receive;
#[path = "../fuzz/harness/rtcp.rs"]
mod rtcp;
#[path = "../fuzz/harness/rtp.rs"]
mod rtp;
#[path = "../fuzz/harness/upload.rs"]
mod upload;
#[path = "../fuzz/harness/vp8.rs"]
mod vp8;

use framewire::message::upload::UploadState;
use std::path::Path;

/// Every seed of a target: its name and what is in it.
fn seeds(target: &str) -> Vec<(String, Vec<u8>)> {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
    let read = seeds.read_dir().expect("the seeds are in the repository").map(|seed| {
        let path = seed.expect("readable").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("plain names");
        (name.to_owned(), std::fs::read(&path).expect("readable"))
    });
    let read: Vec<_> = read.collect();
    assert!(read.len() > 15, "{} seeds", read.len());
    read
}

#[test]
fn rtp() {
    for (name, packet) in seeds("rtp") {
        let read = rtp::run(&packet);
        assert_eq!(read.is_none(), name.starts_with("bad-"), "{name}");
        let payload = ["payload", "padding", "sources", "one", "two", "everything"];
        let kind = name.trim_start_matches("good-");
        if let Some((length, _)) = read.filter(|_| payload.iter().any(|p| kind.starts_with(p))) {
            assert_eq!(length, if kind == "padding-only" { 0 } else { 5 }, "{name}");
        }
        let found = match kind {
            "one-byte" => 3,
            "two-byte" => 2,
            "everything" => 1,
            _ => 0,
        };
        assert_eq!(read.map_or(0, |(_, elements)| elements), found, "{name}");
    }
}

#[test]
fn vp8() {
    for (name, payload) in seeds("vp8") {
        let read = vp8::run(&payload);
        assert_eq!(read.is_none(), name.starts_with("bad-"), "{name}");
        let Some(read) = read else { continue };
        let said = match name.trim_start_matches("good-") {
            "picture-7" | "picture-15" => read.picture.is_some(),
            "base-layer" => read.base_layer.is_some(),
            "layer" => read.layer == Some((3, true)),
            "key-index" => read.key_index == Some(31),
            "everything" => read.non_reference && read.layer.is_some() && read.key_index.is_some(),
            "partition" => !read.begins_frame(),
            _ => read.picture.is_none(),
        };
        assert!(said, "{name}: {read:?}");
    }
}

#[test]
fn receive() {
    for (name, script) in seeds("receive") {
        let stats = receive::run(&script);
        let happened = match name.split('-').next() {
            Some("healed") => stats.recovered + stats.reordered,
            Some("gap") => stats.gaps.min(stats.frames),
            Some("damaged") => stats.freezes,
            Some("full") => stats.dropped_queue_full.min(stats.dropped_before_keyframe),
            Some("goodbye" | "stopped") => stats.too_late,
            Some("waiting") => stats.dropped_before_keyframe.min(stats.plis_sent),
            Some("unknown") => stats.unknown,
            Some("refresh") => stats.plis_sent.saturating_sub(1),
            _ => stats.frames,
        };
        assert!(happened > 0, "{name}: {stats:?}");
    }
}

#[test]
fn rtcp() {
    for (name, compound) in seeds("rtcp") {
        let stats = rtcp::run(&compound);
        assert_eq!(stats.malformed > 0, name.starts_with("bad-"), "{name}: {stats:?}");
        let heard = match name.trim_start_matches("good-").split('-').next() {
            Some("nack") => stats.packets_resent,
            Some("pli") => stats.plis,
            Some("fir") => stats.firs,
            Some("remb") => stats.rembs,
            Some("report") => stats.round_trip_us,
            _ => 1,
        };
        assert!(heard > 0, "{name}: {stats:?}");
    }
}

#[test]
fn chunk() {
    for (name, script) in seeds("chunk") {
        let stats = chunk::run(&script);
        let happened = match name.split('-').next() {
            Some("broken") => stats.violations,
            Some("evicted") => stats.evicted,
            Some("duplicate") => stats.duplicates.min(stats.messages),
            Some("late") => stats.late,
            _ => stats.messages,
        };
        assert!(happened > 0, "{name}: {stats:?}");
    }
}

#[test]
fn upload() {
    for (name, script) in seeds("upload") {
        let state = upload::run(&script);
        let kind = match state {
            UploadState::Idle => "idle",
            UploadState::Receiving => "receiving",
            UploadState::Complete => "complete",
            UploadState::Taken => "taken",
            UploadState::Failed(_) => "failed",
        };
        assert_eq!(name.split('-').next(), Some(kind), "{name}: {state:?}");
    }
}

#[test]
fn ingest() {
    for (name, message) in seeds("ingest") {
        assert_eq!(name.split('-').next(), Some(ingest::run(&message).unwrap_or("bad")), "{name}");
    }
}

#[test]
fn image() {
    for (name, bytes) in seeds("image") {
        assert_eq!(image::run(&bytes).is_none(), name.starts_with("bad-"), "{name}");
    }
}

#[test]
fn ack() {
    for (name, texts) in seeds("ack") {
        let (acked, ignored) = ack::run(&texts);
        assert_eq!(
            (acked > Some(0), ignored > 0),
            (!name.starts_with("bad-"), !name.starts_with("good-")),
            "{name}"
        );
    }
}
