//! Any bytes as typed ingest: what is read is all but the first byte.

use framewire::message::ingest::Ingest;

/// What `message` is by its first byte; `None` if it is turned down.
pub fn run(message: &[u8]) -> Option<&'static str> {
    match Ingest::read(message, 200, 2).ok()? {
        Ingest::Image(image) => {
            assert_eq!((message[0], image), (b'v', &message[1..]));
            Some("image")
        }
        Ingest::Sound(pcm) => {
            let bytes: Vec<u8> = pcm.samples().flat_map(i16::to_le_bytes).collect();
            assert_eq!((message[0], &bytes[..]), (b'a', &message[1..]));
            Some("sound")
        }
    }
}
