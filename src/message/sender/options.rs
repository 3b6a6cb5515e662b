//! What can be chosen of a sender.

use crate::error::{Error, Result};
use crate::message::{MAX_MESSAGE, ack, chunk};
use std::time::Duration;

/// What matters more: that all arrive, or that the newest does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A result that has not begun is replaced by a newer one. Acknowledgements do not pace.
    Live,
    /// All of them, in order, as fast as the receiver acknowledges.
    File,
}

/// What can be chosen of a sender.
#[derive(Clone, Copy, Debug)]
pub struct SenderOptions {
    /// Live or file.
    pub mode: Mode,
    /// In file mode, how many messages may go past the acknowledged one; at least 1.
    pub window: u32,
    /// Bytes that the transport may buffer: at so many it gets no more until they are a quarter.
    pub high_water: usize,
    /// Bytes of the message in a chunk; header and all must fit the other side's maximum message size.
    pub chunk_size: usize,
    /// Bytes of the largest message, and in file mode of all that wait.
    pub max_message: usize,
    /// In file mode, how many messages may wait.
    pub queue: usize,
    /// How long a message waits while no chunk goes out.
    pub timeout: Duration,
}

impl SenderOptions {
    /// The defaults of a mode.
    pub fn new(mode: Mode) -> SenderOptions {
        SenderOptions {
            mode,
            window: ack::WINDOW,
            high_water: 1 << 20,
            chunk_size: chunk::CHUNK_SIZE,
            max_message: MAX_MESSAGE,
            queue: 16,
            timeout: Duration::from_secs(30),
        }
    }

    /// These, with chunks that the other side takes, which says how large a message it takes.
    pub fn within(self, max_message_size: usize) -> Result<SenderOptions> {
        match max_message_size.checked_sub(chunk::HEADER) {
            Some(room @ 1..) => Ok(SenderOptions { chunk_size: self.chunk_size.min(room), ..self }),
            _ => {
                let sentence =
                    format!("the other side takes messages of {max_message_size} bytes; a chunk needs 13");
                Err(Error::argument(sentence))
            }
        }
    }

    /// The mark at which a transport that was full gets more.
    pub fn low_water(&self) -> usize {
        self.high_water / 4
    }

    pub(super) fn check(&self) -> Result<()> {
        let zero = [("high_water", self.high_water), ("chunk_size", self.chunk_size), ("queue", self.queue)];
        match zero.into_iter().find(|(_, value)| *value == 0) {
            Some((name, _)) => Err(Error::argument(format!("{name} is 0; it must be at least 1"))),
            None => Ok(()),
        }
    }
}
