//! What is neither a picture nor sound.

use framewire::error::Status;
use framewire::message::ingest::{Ingest, MAX_INGEST};

fn refused(message: &[u8]) -> (Status, String) {
    let error = Ingest::read(message, MAX_INGEST, 2).expect_err("it is refused");
    (error.status(), error.sentence().to_owned())
}

#[test]
fn an_image_without_its_byte_is_not_guessed() {
    for start in [&b"\xff\xd8\xff\xe0"[..], b"\x89PNG\r\n", b"RIFF", b"V", b"A", b"\0"] {
        let (status, sentence) = refused(start);
        assert_eq!(status, Status::Malformed);
        assert!(sentence.contains(&format!("0x{:02x}", start[0])), "{sentence}");
    }
}

#[test]
fn nothing_an_image_of_nothing_and_half_samples_are_malformed() {
    for message in [&b""[..], b"v", b"a\0", b"a\0\0", b"a\0\0\0\0\0\0"] {
        assert_eq!(refused(message).0, Status::Malformed, "{message:?}");
    }
    assert!(Ingest::read(b"a\0\0", 8, 1).is_ok(), "a whole sample of mono");
    assert!(Ingest::read(b"a", 8, 2).is_ok(), "no sound is no harm");
}

#[test]
fn a_message_may_be_eight_mebibytes_and_not_one_byte_more() {
    let mut message = vec![b'v'; MAX_INGEST];
    assert!(Ingest::read(&message, MAX_INGEST, 2).is_ok());
    message.push(0);
    assert_eq!(refused(&message).0, Status::Limit);
}
