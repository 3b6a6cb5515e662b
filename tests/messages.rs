//! Messages beside the media, on virtual time: the wire formats byte by byte, and what breaks them.

#[path = "common/rng.rs"]
#[expect(dead_code, reason = "only its numbers are wanted here")]
mod rng;

#[path = "messages/ack.rs"]
mod ack;
#[path = "messages/envelope.rs"]
mod envelope;
#[path = "messages/fair.rs"]
mod fair;
#[path = "messages/ingest.rs"]
mod ingest;
#[path = "messages/python.rs"]
mod python;
#[path = "messages/reassemble.rs"]
mod reassemble;
#[path = "messages/sender.rs"]
mod sender;
#[path = "messages/upload.rs"]
mod upload;
#[path = "messages/vectors.rs"]
mod vectors;

use framewire::time::Time;
use std::time::Duration;

/// That many milliseconds into the test.
fn ms(millis: u64) -> Time {
    Time(1_000_000) + Duration::from_millis(millis)
}

/// The bytes that hexadecimal digits say.
fn hex(digits: &str) -> Vec<u8> {
    let digits: Vec<u8> = digits.bytes().filter(|digit| !digit.is_ascii_whitespace()).collect();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).expect("ASCII"), 16).expect("hex");
    digits.chunks(2).map(byte).collect()
}
