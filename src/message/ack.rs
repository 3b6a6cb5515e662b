//! The receiver's say in the pace: `{"ack": n}`, everything up to n is fully handled.

use crate::error::{Error, Result};

/// Unless an option says otherwise, so many messages may be on their way to be handled.
pub const WINDOW: u32 = 4;

/// No acknowledgement is longer. It also bounds how deep JSON in it can nest.
const MAX_TEXT: usize = 256;

/// How far a sender may go before it hears that its receiver has caught up.
#[derive(Debug)]
pub struct Window {
    size: u32,
    acked: Option<u32>,
    sent: Option<u32>,
    ignored: u64,
}

/// The number that `text` acknowledges: a JSON object whose `ack` is a whole number, not negative.
pub fn parse(text: &[u8]) -> Option<u64> {
    if text.len() > MAX_TEXT {
        return None;
    }
    let value: serde_json::Value = serde_json::from_slice(text).ok()?;
    value.as_object()?.get("ack")?.as_u64()
}

impl Window {
    /// A window of `size` messages, at least 1: of 0 nothing would ever be sent.
    pub fn new(size: u32) -> Result<Window> {
        if size == 0 {
            return Err(Error::argument("window is 0; with less than 1 nothing could ever be sent"));
        }
        Ok(Window { size, acked: None, sent: None, ignored: 0 })
    }

    /// Takes an acknowledgement. What cannot be true is ignored and counted. True if there is news.
    pub fn ack(&mut self, text: &[u8]) -> bool {
        let ack = parse(text).and_then(|ack| u32::try_from(ack).ok());
        let possible = |ack: &u32| *ack == 0 || self.sent.is_some_and(|sent| *ack <= sent);
        match ack.filter(possible) {
            // Pacing begins with the first positive one, so this one says nothing yet.
            Some(0) if self.acked.is_none() => false,
            Some(ack) if self.acked.is_none_or(|before| before <= ack) => {
                self.acked.replace(ack) != Some(ack)
            }
            _ => {
                self.ignored += 1;
                false
            }
        }
    }

    /// Whether message `id` may be sent: up to the window past the acknowledged one, and always
    /// before the first acknowledgement.
    pub fn allows(&self, id: u32) -> bool {
        self.acked.is_none_or(|acked| id <= acked.saturating_add(self.size))
    }

    /// Message `id` has been sent whole.
    pub fn sent(&mut self, id: u32) {
        self.sent = self.sent.max(Some(id));
    }

    /// The highest acknowledged so far.
    pub fn acked(&self) -> Option<u32> {
        self.acked
    }

    /// Acknowledgements that were ignored.
    pub fn ignored(&self) -> u64 {
        self.ignored
    }
}
