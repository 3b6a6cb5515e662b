//! Each wire format, byte by byte.

use crate::hex;
use framewire::error::Status;
use framewire::message::ack;
use framewire::message::chunk::{Chunks, Header};
use framewire::message::gzip;
use framewire::message::ingest::Ingest;

fn cut(id: u32, message: &[u8], chunk_size: usize) -> Vec<Vec<u8>> {
    let mut wire = Vec::new();
    let chunks = Chunks::new(id, message, chunk_size).expect("it can be cut");
    chunks.map(|chunk| (chunk.write(&mut wire), wire.clone()).1).collect()
}

#[test]
fn a_message_is_cut_into_slices_behind_twelve_bytes_little_endian() {
    let wire = cut(0x0403_0201, b"abcde", 2);
    assert_eq!(
        wire,
        [
            hex("01020304 00000000 03000000 6162"),
            hex("01020304 01000000 03000000 6364"),
            hex("01020304 02000000 03000000 65"),
        ]
    );
}

#[test]
fn an_empty_message_is_one_chunk_of_no_bytes() {
    assert_eq!(cut(7, b"", 49_152), [hex("07000000 00000000 01000000")]);
}

#[test]
fn a_message_of_whole_chunks_has_no_empty_rest() {
    assert_eq!(cut(1, b"abcd", 2).len(), 2);
    assert_eq!(cut(1, &[0; 49_152], 49_152).len(), 1);
    assert_eq!(cut(1, &[0; 49_153], 49_152).iter().map(Vec::len).collect::<Vec<_>>(), [49_164, 13]);
}

#[test]
fn chunks_of_no_bytes_are_refused() {
    let error = Chunks::new(1, b"abc", 0).expect_err("no end of chunks");
    assert_eq!(error.status(), Status::InvalidArgument);
}

#[test]
fn a_header_is_read_as_it_is_written() {
    let wire = hex("ffffffff 00010000 01010000 00");
    let (header, payload) = Header::read(&wire).expect("long enough");
    assert_eq!(header, Header { id: u32::MAX, index: 256, total: 257 });
    assert_eq!((payload, &header.to_bytes()[..]), (&[0][..], &wire[..12]));
    assert_eq!(Header::read(&wire[..11]), None);
}

#[test]
fn an_acknowledgement_is_an_object_with_a_number() {
    assert_eq!(ack::parse(br#"{"ack": 17}"#), Some(17));
    assert_eq!(ack::parse(br#"{"more":[1],"ack":0}"#), Some(0));
}

#[test]
fn gzip_is_told_by_its_first_two_bytes_and_leaves_no_name_and_no_time() {
    let packed = gzip::pack(b"aaaaaaaaaaaaaaaa");
    assert_eq!(packed[..9], hex("1f8b 08 00 00000000 00"));
    assert!(gzip::is_packed(&packed) && !gzip::is_packed(b"{}") && !gzip::is_packed(&[0x1f]));
    assert_eq!(gzip::unpack(&packed, 16), Ok(b"aaaaaaaaaaaaaaaa".to_vec()));
}

#[test]
fn ingest_is_told_by_its_first_byte() {
    let read = |message| Ingest::read(message, 16, 2).expect("good");
    let (image, sound) = (hex("76 ffd8ff"), hex("61 0100 ffff 0080 ff7f"));
    assert_eq!(read(&image), Ingest::Image(&[0xff, 0xd8, 0xff]));
    let Ingest::Sound(pcm) = read(&sound) else { panic!("it is sound") };
    assert_eq!(pcm.samples().collect::<Vec<_>>(), [1, -1, i16::MIN, i16::MAX]);
}
