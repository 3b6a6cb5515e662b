//! The figures of a source.

use crate::encode::VideoSettings;
use crate::mailbox::Counts;
use crate::media::{EncodedFrame, Stamps};
use crate::stats::{Counter, Histogram, Percentiles};
use crate::time::Time;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Where a source stands. The numbers are the C ABI's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(i32)]
pub enum SourceState {
    /// It takes frames.
    #[default]
    Live = 0,
    /// Its encoder failed too often. It takes nothing more.
    Failed = 1,
    /// It was closed.
    Closed = 2,
}

/// Figures of one source, read without stopping it.
///
/// Each pushed frame is counted once: `video_pushed` = `video_evicted` + `video_refused` +
/// `video_taken` + the one that may be waiting.
#[derive(Clone, Copy, Debug, Default)]
pub struct SourceStats {
    /// Where it stands.
    pub state: SourceState,
    /// Peers that are being sent this source.
    pub viewers: u64,
    /// Columns of the encoder's picture; 0 before the first.
    pub width: u32,
    /// Rows of the encoder's picture; 0 before the first.
    pub height: u32,
    /// Target bits a second that the encoder is set to; 0 before the first picture.
    pub bitrate: u32,
    /// Pictures handed over.
    pub video_pushed: u64,
    /// Pictures that a newer one replaced before they were taken.
    pub video_evicted: u64,
    /// Pictures handed over after the end.
    pub video_refused: u64,
    /// Pictures the encoder thread took.
    pub video_taken: u64,
    /// Pictures replaced by a newer one while the encoder was backing off after an error.
    pub video_skipped: u64,
    /// Times rate control left a picture out.
    pub video_rate_dropped: u64,
    /// Encoded frames, those that were encoded again for a keyframe included.
    pub video_encoded: u64,
    /// Those that are keyframes.
    pub video_keyframes: u64,
    /// Bytes of encoded pictures.
    pub video_bytes: u64,
    /// Packets that encoded pictures were cut into.
    pub video_packets: u64,
    /// Encoded pictures a sender thread had no room for.
    pub video_undelivered: u64,
    /// Capture times that did not rise and were moved one tick forward.
    pub video_times_moved: u64,
    /// Times a keyframe came to be wanted; requests while one was are not counted again.
    pub keyframe_requests: u64,
    /// Errors of the picture's encoder.
    pub video_errors: u64,
    /// Sound handed over, in microseconds.
    pub audio_pushed_us: u64,
    /// Sound dropped because 200 ms waited already, in microseconds.
    pub audio_dropped_us: u64,
    /// Opus frames of 20 ms.
    pub audio_encoded: u64,
    /// Frames of 20 ms that discontinuous transmission left out.
    pub audio_silent: u64,
    /// Bytes of Opus frames.
    pub audio_bytes: u64,
    /// Opus frames a sender thread had no room for.
    pub audio_undelivered: u64,
    /// Pushes whose capture time went backwards; their sound follows on what came before.
    pub audio_times_moved: u64,
    /// Errors of the sound's encoder.
    pub audio_errors: u64,
    /// How long sound is held back for the pictures now, in microseconds.
    pub audio_held_us: u64,
    /// Picture: handed over to taken.
    pub push_to_take: Percentiles,
    /// Picture: taken to encoded.
    pub take_to_encoded: Percentiles,
    /// Picture: encoded to sent, once for each sender thread.
    pub encoded_to_sent: Percentiles,
    /// Picture: handed over to sent, once for each sender thread.
    pub push_to_sent: Percentiles,
}

#[derive(Debug, Default)]
pub(super) struct VideoFigures {
    pub skipped: Counter,
    pub rate_dropped: Counter,
    pub undelivered: Counter,
    pub keyframe_requests: Counter,
    pub errors: Counter,
    pub push_to_take: Histogram,
    pub take_to_encoded: Histogram,
    encoded: Counter,
    keyframes: Counter,
    bytes: Counter,
    packets: Counter,
    moved: Counter,
    encoded_to_sent: Histogram,
    push_to_sent: Histogram,
    /// Width and height, in one word so that they are read together.
    size: AtomicU64,
    bitrate: AtomicU64,
}

impl VideoFigures {
    pub fn configured(&self, settings: &VideoSettings) {
        self.size.store(u64::from(settings.width) << 32 | u64::from(settings.height), Relaxed);
        self.bitrate.store(u64::from(settings.bitrate), Relaxed);
    }

    pub fn encoded(&self, frame: &EncodedFrame, packets: usize, moved: bool) {
        self.encoded.add_one();
        self.keyframes.add(u64::from(frame.keyframe));
        self.bytes.add(frame.data.len() as u64);
        self.packets.add(packets as u64);
        self.moved.add(u64::from(moved));
    }

    pub fn sent(&self, stamps: &Stamps, now: Time) {
        self.encoded_to_sent.record(now.since(stamps.encoded));
        self.push_to_sent.record(now.since(stamps.pushed));
    }

    pub fn read(&self, mailbox: &Counts, stats: &mut SourceStats) {
        let size = self.size.load(Relaxed);
        (stats.width, stats.height) = ((size >> 32) as u32, size as u32);
        stats.bitrate = self.bitrate.load(Relaxed) as u32;
        stats.video_pushed = mailbox.pushed;
        stats.video_evicted = mailbox.evicted;
        stats.video_refused = mailbox.refused;
        stats.video_taken = mailbox.taken;
        stats.video_skipped = self.skipped.get();
        stats.video_rate_dropped = self.rate_dropped.get();
        stats.video_encoded = self.encoded.get();
        stats.video_keyframes = self.keyframes.get();
        stats.video_bytes = self.bytes.get();
        stats.video_packets = self.packets.get();
        stats.video_undelivered = self.undelivered.get();
        stats.video_times_moved = self.moved.get();
        stats.keyframe_requests = self.keyframe_requests.get();
        stats.video_errors = self.errors.get();
        stats.push_to_take = self.push_to_take.read();
        stats.take_to_encoded = self.take_to_encoded.read();
        stats.encoded_to_sent = self.encoded_to_sent.read();
        stats.push_to_sent = self.push_to_sent.read();
    }
}

#[derive(Debug, Default)]
pub(super) struct AudioFigures {
    /// Microseconds.
    pub pushed: Counter,
    /// Microseconds.
    pub dropped: Counter,
    pub encoded: Counter,
    pub silent: Counter,
    pub bytes: Counter,
    pub undelivered: Counter,
    pub moved: Counter,
    pub errors: Counter,
    /// Microseconds.
    pub held: AtomicU64,
}

impl AudioFigures {
    pub fn read(&self, stats: &mut SourceStats) {
        stats.audio_pushed_us = self.pushed.get();
        stats.audio_dropped_us = self.dropped.get();
        stats.audio_encoded = self.encoded.get();
        stats.audio_silent = self.silent.get();
        stats.audio_bytes = self.bytes.get();
        stats.audio_undelivered = self.undelivered.get();
        stats.audio_times_moved = self.moved.get();
        stats.audio_errors = self.errors.get();
        stats.audio_held_us = self.held.load(Relaxed);
    }
}
