//! The channels of one connection, by turns: a large message on one delays a small one on another by
//! little more than a chunk.

/// Bytes that all channels together may have in the transport's queue, and one chunk. A connection
/// has one queue: what is in it goes before all that comes later, on whichever channel. So it is short;
/// at 13 Mbit/s this and a chunk are 50 ms.
pub const AT_ONCE: usize = 32 << 10;

/// Whose turn it is: nobody hands over two chunks in a row while another waits.
///
/// Nothing stricter, because each sender comes on a thread of its own: in a fixed order all would wait for
/// the slowest thread.
///
/// It decides what goes into the transport, and SCTP what comes out: usrsctp goes on with the stream of a
/// message that takes several packets until that stream has run dry, because its scheduler
/// (`sctp_ss_default_scheduled`) looks before the message is taken off. Its buffer is therefore kept short,
/// which lets streams run dry while the congestion window is larger; while it is smaller, who has a lot to send
/// keeps others waiting.
///
/// The transport is to say when a channel's buffer has become *empty*: with a higher mark the buffers of
/// several channels could all be below it, together be too much, and nobody be woken.
#[derive(Debug)]
pub struct Turn<T> {
    waiting: Vec<T>,
    last: Option<T>,
}

impl<T> Default for Turn<T> {
    fn default() -> Turn<T> {
        Turn { waiting: Vec::new(), last: None }
    }
}

impl<T: Copy + PartialEq> Turn<T> {
    /// `who` has a chunk. Whether it may hand it over, if less than [`AT_ONCE`] is buffered: to be looked
    /// up after this, so that the end of a full queue finds it among those who wait.
    pub fn ask(&mut self, who: T) -> bool {
        if !self.waiting.contains(&who) {
            self.waiting.push(who);
        }
        self.last != Some(who) || self.waiting.len() == 1
    }

    /// `who` has handed a chunk over, or else has none. Who waits is to ask again.
    pub fn pass(&mut self, who: T, handed_over: bool) -> &[T] {
        self.waiting.retain(|waiting| *waiting != who);
        if handed_over {
            self.last = Some(who);
        }
        &self.waiting
    }

    /// Who has asked, and not passed since.
    pub fn waiting(&self) -> &[T] {
        &self.waiting
    }
}
