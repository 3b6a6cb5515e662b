//! Messages may be packed by gzip (RFC 1952). Whether one is, its first two bytes tell.

use flate2::Compression;
use flate2::bufread::GzDecoder;
use flate2::write::GzEncoder;
use std::io::{self, Read, Write};

/// RFC 1952 section 2.3.1: ID1 and ID2.
const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// What gzip itself takes for a good middle.
const LEVEL: u32 = 6;

/// Why a message could not be unpacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unpack {
    /// It is not gzip, is cut, its checksum is wrong, or something follows it.
    Broken,
    /// It is larger than the limit.
    TooLarge,
}

/// Packs `message`. The same bytes give the same bytes: no name, no time.
pub fn pack(message: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(LEVEL));
    let packed = encoder.write_all(message).and_then(|()| encoder.finish());
    packed.expect("a Vec takes everything")
}

/// Whether `message` says that it is packed.
pub fn is_packed(message: &[u8]) -> bool {
    message.starts_with(&MAGIC)
}

/// Unpacks `message` to at most `limit` bytes. Never holds more, whatever it claims.
pub fn unpack(message: &[u8], limit: usize) -> Result<Vec<u8>, Unpack> {
    let mut unpacked = Vec::new();
    let mut decoder = GzDecoder::new(message);
    let read = io::copy(&mut (&mut decoder).take(limit as u64 + 1), &mut unpacked);
    if unpacked.len() > limit {
        return Err(Unpack::TooLarge);
    }
    match read {
        Ok(_) if decoder.into_inner().is_empty() => Ok(unpacked),
        _ => Err(Unpack::Broken),
    }
}
