//! The channels of one connection, by turns: a large message on one delays a small one on another by
//! little more than a chunk.

/// Bytes that all channels together may have in the transport's queue, and one chunk. A connection
/// has one queue: what is in it goes before all that comes later, on whichever channel. So it is short;
/// at 13 Mbit/s this and a chunk are 50 ms.
pub const AT_ONCE: usize = 32 << 10;

/// Whose turn it is.
///
/// The transport is to say when a channel's buffer has become *empty*: with a higher mark the buffers of
/// several channels could all be below it, together be too much, and nobody be woken.
#[derive(Debug)]
pub struct Turn {
    at_once: usize,
    next: usize,
}

impl Default for Turn {
    fn default() -> Turn {
        Turn::new(AT_ONCE)
    }
}

impl Turn {
    /// Turns while less than `at_once` bytes are buffered.
    pub fn new(at_once: usize) -> Turn {
        Turn { at_once, next: 0 }
    }

    /// Asks the `channels`, from the one after the last that had something, until one has something. `buffered` is
    /// what they have in the transport's queue together. Who has it, and what.
    pub fn next<T>(
        &mut self,
        channels: usize,
        buffered: usize,
        mut ask: impl FnMut(usize) -> Option<T>,
    ) -> Option<(usize, T)> {
        if buffered >= self.at_once {
            return None;
        }
        let mut order = (0..channels).map(|n| (self.next + n) % channels);
        let (channel, something) = order.find_map(|n| Some((n, ask(n)?)))?;
        self.next = channel + 1;
        Some((channel, something))
    }
}
