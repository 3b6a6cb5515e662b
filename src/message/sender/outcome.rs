//! What became of messages.

/// How a message ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// All of it was handed to the transport.
    Sent,
    /// A newer one came before it had begun.
    Replaced,
    /// The receiver did not take more for too long.
    TimedOut,
    /// The channel closed.
    Closed,
    /// The program did not want it any more.
    Cancelled,
    /// The last message: the receiver has handled it.
    Acknowledged,
    /// The last message: handed to the transport, and not acknowledged in the time given.
    Lingered,
}

/// What became of one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The ticket that it got.
    pub ticket: u64,
    /// Its frame id.
    pub id: u32,
    /// How many of its chunks went out.
    pub chunks: u32,
    /// How it ended.
    pub end: End,
}

/// Figures of one sender.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SenderStats {
    /// Messages that went out whole.
    pub messages: u64,
    /// Chunks that went out.
    pub chunks: u64,
    /// Messages replaced by a newer one before they began.
    pub replaced: u64,
    /// Messages that timed out.
    pub timed_out: u64,
    /// Messages that ended with the channel.
    pub closed: u64,
    /// Messages that were cancelled.
    pub cancelled: u64,
    /// Acknowledgements that could not be true.
    pub acks_ignored: u64,
}

impl SenderStats {
    pub(super) fn count(&mut self, end: End) {
        match end {
            End::Replaced => self.replaced += 1,
            End::TimedOut => self.timed_out += 1,
            End::Closed => self.closed += 1,
            End::Cancelled => self.cancelled += 1,
            End::Sent | End::Acknowledged | End::Lingered => {}
        }
    }
}
