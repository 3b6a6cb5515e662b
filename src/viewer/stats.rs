//! What is known of one viewer, counted by its sender thread and read by anyone.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! figures {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// The figures of one viewer where they are counted: by one thread, read by any.
        #[derive(Debug, Default)]
        pub struct ViewerCounters { $(pub(super) $name: AtomicU64,)* }

        /// Figures of one viewer: one source's picture or sound to one peer.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct ViewerStats { $($(#[$doc])* pub $name: u64,)* }

        impl ViewerCounters {
            /// The figures as they stand, without stopping anyone.
            pub fn snapshot(&self) -> ViewerStats {
                ViewerStats { $($name: self.$name.load(Ordering::Relaxed),)* }
            }
        }
    };
}

figures! {
    /// Frames sent.
    frames_sent,
    /// Frames not sent, because the viewer waits for a keyframe.
    frames_skipped,
    /// Keyframes among the frames sent; always 0 for sound.
    keyframes_sent,
    /// Times the source's frames were not contiguous.
    gaps,
    /// RTP packets sent, resends not included.
    packets_sent,
    /// Their bytes, RTP header to the last byte.
    bytes_sent,
    /// RTP packets sent again.
    packets_resent,
    /// Their bytes.
    bytes_resent,
    /// Packets the transport refused: the connection was ending.
    packets_refused,
    /// NACK messages received.
    nacks,
    /// Packets they asked for.
    packets_nacked,
    /// Of these, packets that were not sent again because a copy had left within the round trip.
    resends_too_soon,
    /// Of these, packets that were no longer there, or had been sent as often as is allowed.
    resends_too_late,
    /// PLI messages received.
    plis,
    /// FIR requests received, repeats included.
    firs,
    /// Of these, repeats.
    firs_repeated,
    /// REMB messages received.
    rembs,
    /// What the last REMB says the path can carry, in bits a second; 0 before the first.
    remb_bitrate,
    /// Report blocks received about this stream.
    reports,
    /// RTCP messages that did not parse.
    malformed,
    /// RTCP packets of this peer that were dropped unread, because too many waited.
    feedback_dropped,
    /// Packets lost since the start, as last reported; 0 if more came (twice) than were sent.
    packets_lost,
    /// Share of packets lost between the last two reports, of 256.
    fraction_lost,
    /// Interarrival jitter as last reported, in microseconds.
    jitter_us,
    /// Round trip as last measured, in microseconds; 0 before the first.
    round_trip_us,
    /// From connected to the first keyframe (first sound) sent, in microseconds; 0 before it.
    first_keyframe_us,
    /// 1 while nothing is sent for want of a keyframe.
    waiting_for_keyframe,
    /// Of the packets sent again, those in a stream of their own (RTX).
    packets_rtx,
}

impl ViewerCounters {
    /// One packet was not taken by the transport.
    pub fn refuse(&self) {
        add(&self.packets_refused, 1);
    }

    /// So many RTCP packets were dropped unread.
    pub fn drop_feedback(&self, packets: u64) {
        add(&self.feedback_dropped, packets as usize);
    }
}

pub(super) fn add(counter: &AtomicU64, n: usize) {
    counter.fetch_add(n as u64, Ordering::Relaxed);
}

pub(super) fn set(counter: &AtomicU64, value: u64) {
    counter.store(value, Ordering::Relaxed);
}
