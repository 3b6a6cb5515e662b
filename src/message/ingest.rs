//! Typed pictures and sound in one stream of messages: the first byte says which. Nothing is guessed.

use crate::error::{Error, Result, Status};

/// No message is larger, unless an option says so.
pub const MAX_INGEST: usize = 8 << 20;

/// One message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ingest<'a> {
    /// `v`: an encoded image.
    Image(&'a [u8]),
    /// `a`: PCM.
    Sound(Pcm<'a>),
}

/// Samples as they came: s16le, interleaved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pcm<'a>(&'a [u8]);

impl<'a> Ingest<'a> {
    /// What `message` of at most `limit` bytes is; `channels` is how many its sound has.
    pub fn read(message: &'a [u8], limit: usize, channels: usize) -> Result<Ingest<'a>> {
        if message.len() > limit {
            let sentence = format!("a message of {} bytes; at most {limit} are taken", message.len());
            return Err(Error::new(Status::Limit, sentence));
        }
        match message.split_first() {
            None => Err(Error::malformed("the message is empty: its first byte says what it is")),
            Some((b'v', [])) => Err(Error::malformed("a 'v' message without an image")),
            Some((b'v', image)) => Ok(Ingest::Image(image)),
            Some((b'a', samples)) => {
                let frame = 2 * channels.max(1);
                if samples.len() % frame != 0 {
                    let len = samples.len();
                    let sentence = format!("{len} bytes of PCM are not a multiple of {frame}");
                    return Err(Error::malformed(sentence));
                }
                Ok(Ingest::Sound(Pcm(samples)))
            }
            Some((kind, _)) => {
                let sentence = format!("the message's first byte is 0x{kind:02x}; it must be 'v' or 'a'");
                Err(Error::malformed(sentence))
            }
        }
    }
}

impl<'a> Pcm<'a> {
    /// The samples, of all channels.
    pub fn samples(self) -> impl ExactSizeIterator<Item = i16> + use<'a> {
        self.0.chunks_exact(2).map(|sample| i16::from_le_bytes([sample[0], sample[1]]))
    }
}
