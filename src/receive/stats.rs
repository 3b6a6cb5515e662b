//! What is known of one incoming track, counted where packets are taken and read by anyone.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! figures {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// The figures of one track where they are counted: by one thread, read by any.
        #[derive(Debug, Default)]
        pub struct TrackCounters { $(pub(super) $name: AtomicU64,)* }

        /// Figures of one incoming track.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct TrackStats { $($(#[$doc])* pub $name: u64,)* }

        impl TrackCounters {
            /// The figures as they stand, without stopping anyone.
            pub fn snapshot(&self) -> TrackStats {
                TrackStats { $($name: self.$name.load(Ordering::Relaxed),)* }
            }
        }
    };
}

figures! {
    /// RTP packets received, duplicates included, retransmissions by RTX not.
    packets,
    /// Their bytes, RTP header to the last byte.
    bytes,
    /// Bits a second, over the last second.
    bitrate,
    /// Packets given up.
    lost,
    /// Missing packets that came because they were asked for.
    recovered,
    /// Packets that came after one with a higher number, without having been asked for.
    reordered,
    /// Packets that came twice on the stream's own SSRC.
    duplicates,
    /// Packets that came after they had been given up, before the first or after the end.
    too_late,
    /// Packets that break their format: RTP (counted at a peer's first track), RTX or VP8.
    malformed,
    /// Packets of an SSRC or payload type nobody announced; at a peer's first track, if of none.
    unknown,
    /// Retransmissions received by RTX, empty ones (padding) included.
    rtx_packets,
    /// NACK messages sent.
    nacks_sent,
    /// Packets they asked for, repeats included.
    packets_nacked,
    /// PLI messages sent.
    plis_sent,
    /// FIR messages sent.
    firs_sent,
    /// Whole pictures (packets of sound) handed to the decoder.
    frames,
    /// Keyframes among them; always 0 for sound.
    keyframes,
    /// Pictures dropped because a part of them is missing or broken.
    dropped_incomplete,
    /// Whole pictures dropped because they follow one that is missing.
    dropped_before_keyframe,
    /// Whole pictures (packets of sound) dropped because the decoder's queue was full.
    dropped_queue_full,
    /// Times packets were given up.
    gaps,
    /// Times a picture that was live had to wait for a keyframe.
    freezes,
    /// 1 while nothing is decoded for want of a keyframe.
    waiting_for_keyframe,
    /// Since when, in microseconds of `CLOCK_MONOTONIC`; 0 while it does not wait.
    waiting_since_us,
    /// Interarrival jitter (RFC 3550 section 6.4.1), in microseconds.
    jitter_us,
    /// How long a packet that is missing is waited for at present, in microseconds.
    window_us,
    /// From the start to the first decoded keyframe (first packet of sound), in microseconds; 0 before it.
    first_frame_us,
    /// Packets of this peer, of any kind, that were dropped unread because too many waited.
    unread,
}

impl TrackCounters {
    /// A message came by another way than RTP: a packet of so many bytes, with something whole in it.
    pub fn message(&self, bytes: usize) {
        add(&self.packets, 1);
        add(&self.bytes, bytes as u64);
    }

    /// Something whole was handed to the decoder.
    pub fn handed(&self, keyframe: bool) {
        add(&self.frames, 1);
        add(&self.keyframes, keyframe.into());
    }

    /// So many whole pictures have given way before the decoder took them.
    pub fn gave_way(&self, pictures: u64) {
        self.dropped_queue_full.fetch_max(pictures, Ordering::Relaxed);
    }

    /// So many packets were dropped unread.
    pub fn drop_unread(&self, packets: u64) {
        add(&self.unread, packets);
    }
}

pub(super) fn add(counter: &AtomicU64, n: u64) {
    counter.fetch_add(n, Ordering::Relaxed);
}

pub(super) fn set(counter: &AtomicU64, value: u64) {
    counter.store(value, Ordering::Relaxed);
}
