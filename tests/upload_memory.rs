//! A file of a gibibyte comes through real channels, and no more than the same few megabytes are held of it.
//! Alone in its process, whose memory is looked at.

mod common;

use common::uploader::{Folder, Uploader};
use common::watcher::PATIENCE;
use framewire::message::upload::UploadLimits;
use framewire::uploads::{Uploads, UploadsOptions};
use std::fs::{self, File};
use std::io::Read;

const SIZE: usize = 1 << 30;
/// What a browser's `send` takes at most.
const CHUNK: usize = 262_144 - 8;
/// Chunks that are on their way at most.
const AHEAD: u32 = 8;

/// Bytes of this process in memory.
fn resident() -> usize {
    let status = fs::read_to_string("/proc/self/status").expect("Linux has it");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("and says so");
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<usize>().ok()).expect("a number") << 10
}

#[test]
fn a_gibibyte_comes_at_constant_memory() {
    let folder = Folder::new("upload-memory");
    let limits = UploadLimits { size: SIZE as u64, ..UploadLimits::default() };
    let uploads = Uploads::new(UploadsOptions { limits, ..folder.options() }).expect("a receiver");
    let uploader = Uploader::of(&uploads);
    let sending = uploader.channel();
    let total = SIZE.div_ceil(CHUNK) as u32;
    let mut bytes = vec![0; CHUNK];
    let (mut early, mut most) = (0, 0);
    for index in 0..total {
        let length = CHUNK.min(SIZE - index as usize * CHUNK);
        bytes[..4].copy_from_slice(&index.to_le_bytes());
        sending.chunk(index, total, &bytes[..length]);
        if index % AHEAD == AHEAD - 1 {
            // The echo comes when all before it was written.
            sending.keep_alive();
            most = most.max(resident());
        }
        // Whatever grows once, the transport's windows say, has grown by a sixteenth.
        if index == total / 16 {
            early = most;
        }
    }
    assert_eq!(sending.told(), format!(r#"{{"upload":"complete","bytes":{SIZE}}}"#));
    println!("{} MiB after a sixteenth, {} MiB at most", early >> 20, most >> 20);
    assert!(most < early + (16 << 20), "{early} bytes after a sixteenth, {most} at most");
    assert_eq!((uploads.stats().bytes, uploads.stats().echoes_dropped), (SIZE as u64, 0));

    // Each chunk is where it belongs: it begins with its number.
    let mut file = File::open(uploads.next(Some(PATIENCE)).expect("it is whole").path).expect("it is there");
    for index in 0..total {
        let length = CHUNK.min(SIZE - index as usize * CHUNK);
        file.read_exact(&mut bytes[..length]).expect("it is as long as it was");
        assert_eq!(bytes[..4], index.to_le_bytes());
    }
    assert_eq!(file.read(&mut bytes).expect("it can be read"), 0);
}
