//! A reader and a writer of all the formats that shares no code with the library agrees with it both ways.

use crate::ms;
use crate::rng::Rng;
use framewire::message::ack;
use framewire::message::chunk::Chunks;
use framewire::message::envelope::{Envelope, Field, Fields, Metadata, Reason};
use framewire::message::gzip;
use framewire::message::ingest::Ingest;
use framewire::message::reassemble::{Incoming, Limits, Reassembler};
use framewire::message::upload::{Heard, TempFile, Upload, UploadLimits};
use std::io::Write;
use std::process::{Command, Stdio};

/// What the other one answers to `records`.
fn python(what: &str, records: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/messages.py");
    let mut python = Command::new("python3")
        .args(["-B", script, what])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is installed");
    let mut stdin = python.stdin.take().expect("piped");
    let wire: Vec<u8> = records
        .iter()
        .flat_map(|record| [&(record.len() as u32).to_le_bytes()[..], record].concat())
        .collect();
    let writer = std::thread::spawn(move || stdin.write_all(&wire));
    let output = python.wait_with_output().expect("it ends");
    writer.join().expect("no panic").expect("it reads all");
    assert!(output.status.success());
    let (mut rest, mut records) = (&output.stdout[..], Vec::new());
    while let Some((length, after)) = rest.split_first_chunk() {
        let (record, after) = after.split_at(u32::from_le_bytes(*length) as usize);
        records.push(record.to_vec());
        rest = after;
    }
    records
}

#[test]
fn chunks() {
    let mut rng = Rng(5);
    let sizes = [0, 1, 99, 100, 101, 1_000, 5_000, 123_456];
    let messages: Vec<Vec<u8>> =
        sizes.iter().map(|size| (0..*size).map(|at| (rng.next() % (1 + at % 9)) as u8).collect()).collect();
    let mut wire = Vec::new();
    for (id, message) in messages.iter().enumerate() {
        let packed = if id % 3 == 0 { gzip::pack(message) } else { message.clone() };
        for chunk in Chunks::new(id as u32, &packed, 100).expect("it can be cut") {
            let mut bytes = Vec::new();
            chunk.write(&mut bytes);
            wire.push(bytes);
        }
    }
    wire.sort_by_cached_key(|_| rng.next());
    let answer = python("chunks", &wire);
    let (read, written) = answer.split_at(messages.len() + 1);
    for (id, message) in messages.iter().enumerate() {
        assert_eq!(read[id], [&(id as u32).to_le_bytes()[..], message].concat());
    }
    let mut reassembler = Reassembler::new(Limits { unpack: true, ..Limits::default() });
    let mut came = Vec::new();
    for chunk in written {
        reassembler.push(chunk, ms(0), &mut |incoming| came.push(incoming));
    }
    let messages = messages.into_iter().enumerate();
    assert_eq!(
        came,
        messages.map(|(id, data)| Incoming::Message { id: id as u32, data }).collect::<Vec<_>>()
    );
}

#[test]
fn an_upload() {
    let file: Vec<u8> = (0..100_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let folder = env!("CARGO_TARGET_TMPDIR");
    let mut upload = Upload::new(TempFile::new(folder), UploadLimits::default());
    let chunks = python("upload", std::slice::from_ref(&file));
    let heard: Vec<Heard> = chunks.iter().map(|chunk| upload.message(chunk, ms(0))).collect();
    assert_eq!(heard.iter().filter(|heard| **heard == Heard::Chunk).count(), 128);
    assert_eq!(heard.last(), Some(&Heard::Complete));
    let path = upload.take().expect("complete").keep().expect("there is a file");
    let came = std::fs::read(&path).expect("it is there");
    std::fs::remove_file(path).expect("it is ours");
    assert!(came == file);
}

#[test]
fn acknowledgements() {
    let numbers = [0, 1, 17, u32::MAX];
    let texts = python("ack", &numbers.map(|n| n.to_string().into_bytes()));
    let read: Vec<Option<u64>> = texts.iter().map(|text| ack::parse(text)).collect();
    assert_eq!(read, numbers.map(|n| Some(u64::from(n))));
}

#[test]
fn ingest() {
    let messages = [&b"v\xff\xd8"[..], b"a\x01\x00\xff\xff\x00\x80\xff\x7f", b"a", b"\xff\xd8", b"A\0\0"];
    let read: Vec<String> = messages
        .iter()
        .map(|message| match Ingest::read(message, 100, 2) {
            Ok(Ingest::Image(image)) => {
                format!("image {}", image.iter().map(|b| format!("{b:02x}")).collect::<String>())
            }
            Ok(Ingest::Sound(pcm)) => {
                format!("sound {}", pcm.samples().map(|s| s.to_string()).collect::<Vec<_>>().join(" "))
            }
            Err(_) => "neither".into(),
        })
        .collect();
    let told = python("ingest", &messages.map(<[u8]>::to_vec));
    assert_eq!(told, read.into_iter().map(String::into_bytes).collect::<Vec<_>>());
}

#[test]
fn results() {
    let metadata = Metadata {
        frame_id: Some(3),
        time_base: Some(1.0 / 90_000.0),
        measured_fps: Some(f64::NAN),
        ..Metadata::default()
    };
    let output = [
        Field { name: "boxes", json: Ok("[[1, 2.5e3]]") },
        Field { name: "\u{e9}\"\\\u{1}", json: Ok("{") },
        Field { name: "socket", json: Err("no") },
    ];
    let named = Fields::named(&["boxes", "other"], &["boxes", "other"]).expect("they are there");
    let mut records = Vec::new();
    for fields in [Fields::None, Fields::All, named] {
        for complete in [None, Some(None), Some(Some(Reason::TimeoutReached)), Some(Some(Reason::Cancelled))]
        {
            let envelope =
                Envelope { output: &output, metadata: &metadata, errors: &["\u{1f980}\n"], complete };
            records.push(envelope.write(&fields).into_bytes());
        }
    }
    assert_eq!(python("result", &records), vec![b"ok".to_vec(); records.len()]);
}
