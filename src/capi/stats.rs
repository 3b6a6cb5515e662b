//! Figures.

use super::sized::plain;
use crate::receive::TrackState;
use crate::server::ServerStats;
use crate::sink::SinkStats;
use crate::source::SourceStats;
use crate::stats::Percentiles;
use crate::viewer::ViewerStats;

/// Where a source stands.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum framewire_source_state {
    /// It takes frames.
    FRAMEWIRE_SOURCE_LIVE = 0,
    /// Its encoder failed too often. It takes nothing more.
    FRAMEWIRE_SOURCE_FAILED = 1,
}

/// How long something took, in microseconds: half of all took at most p50, and so on.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct framewire_percentiles {
    /// How many were counted.
    pub count: u64,
    /// Of 50 in 100, the longest.
    pub p50_us: u64,
    /// Of 95 in 100.
    pub p95_us: u64,
    /// Of 99 in 100.
    pub p99_us: u64,
    /// Of all.
    pub max_us: u64,
}

/// Figures of one source since it was made.
///
/// Each pushed picture is counted once: video_pushed = video_evicted + video_refused + video_taken +
/// the one that may be waiting.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct framewire_source_stats {
    /// sizeof(framewire_source_stats).
    pub size: usize,
    /// Peers that are being sent this source.
    pub viewers: u64,
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
    /// Pictures that rate control left out.
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
    /// Bytes of Opus frames.
    pub audio_bytes: u64,
    /// Opus frames a sender thread had no room for.
    pub audio_undelivered: u64,
    /// Pushes whose capture time went backwards; their sound follows on what came before.
    pub audio_times_moved: u64,
    /// Errors of the sound's encoder.
    pub audio_errors: u64,
    /// Picture: handed over to taken.
    pub push_to_take: framewire_percentiles,
    /// Picture: taken to encoded.
    pub take_to_encoded: framewire_percentiles,
    /// Picture: encoded to sent, once for each sender thread.
    pub encoded_to_sent: framewire_percentiles,
    /// Picture: handed over to sent, once for each sender thread.
    pub push_to_sent: framewire_percentiles,
    /// A framewire_source_state: where it stands.
    pub state: i32,
    /// Columns of the encoder's picture; 0 before the first.
    pub width: u32,
    /// Rows of the encoder's picture; 0 before the first.
    pub height: u32,
    /// Target bits a second that the encoder is set to; 0 before the first picture.
    pub bitrate: u32,
    /// How long sound is held back for the pictures now, in microseconds (sound_follows_picture).
    pub audio_held_us: u64,
}
plain!(framewire_source_stats, first 360, { size, viewers, video_pushed, video_evicted, video_refused, video_taken, video_skipped, video_rate_dropped, video_encoded, video_keyframes, video_bytes, video_packets, video_undelivered, video_times_moved, keyframe_requests, video_errors, audio_pushed_us, audio_dropped_us, audio_encoded, audio_bytes, audio_undelivered, audio_times_moved, audio_errors, push_to_take, take_to_encoded, encoded_to_sent, push_to_sent, state, width, height, bitrate, audio_held_us });

/// Figures of one viewer: one source's picture or sound to one peer.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct framewire_viewer_stats {
    /// sizeof(framewire_viewer_stats).
    pub size: usize,
    /// Frames sent.
    pub frames_sent: u64,
    /// Frames not sent, because the viewer waits for a keyframe.
    pub frames_skipped: u64,
    /// Keyframes among the frames sent; always 0 for sound.
    pub keyframes_sent: u64,
    /// Times the source's frames were not contiguous.
    pub gaps: u64,
    /// RTP packets sent, resends not included.
    pub packets_sent: u64,
    /// Their bytes, RTP header to the last byte.
    pub bytes_sent: u64,
    /// RTP packets sent again.
    pub packets_resent: u64,
    /// Their bytes.
    pub bytes_resent: u64,
    /// Packets the transport refused: the connection was ending.
    pub packets_refused: u64,
    /// NACK messages received.
    pub nacks: u64,
    /// Packets they asked for.
    pub packets_nacked: u64,
    /// Of these, packets that were not sent again because a copy had left within the round trip.
    pub resends_too_soon: u64,
    /// Of these, packets that were no longer there, or had been sent as often as is allowed.
    pub resends_too_late: u64,
    /// PLI messages received.
    pub plis: u64,
    /// FIR requests received, repeats included.
    pub firs: u64,
    /// Of these, repeats.
    pub firs_repeated: u64,
    /// REMB messages received.
    pub rembs: u64,
    /// What the last REMB says the path can carry, in bits a second; 0 before the first.
    pub remb_bitrate: u64,
    /// Report blocks received about this stream.
    pub reports: u64,
    /// RTCP messages that did not parse.
    pub malformed: u64,
    /// RTCP packets of this peer that were dropped unread, because too many waited.
    pub feedback_dropped: u64,
    /// Packets lost since the start, as last reported; 0 if more came (twice) than were sent.
    pub packets_lost: u64,
    /// Share of packets lost between the last two reports, of 256.
    pub fraction_lost: u64,
    /// Interarrival jitter as last reported, in microseconds.
    pub jitter_us: u64,
    /// Round trip as last measured, in microseconds; 0 before the first.
    pub round_trip_us: u64,
    /// From connected to the first keyframe (first sound) sent, in microseconds; 0 before it.
    pub first_keyframe_us: u64,
    /// 1 while nothing is sent for want of a keyframe.
    pub waiting_for_keyframe: u64,
    /// Of the packets sent again, those in a stream of their own (RTX).
    pub packets_rtx: u64,
}
plain!(framewire_viewer_stats, first 224, { size, frames_sent, frames_skipped, keyframes_sent, gaps, packets_sent, bytes_sent, packets_resent, bytes_resent, packets_refused, nacks, packets_nacked, resends_too_soon, resends_too_late, plis, firs, firs_repeated, rembs, remb_bitrate, reports, malformed, feedback_dropped, packets_lost, fraction_lost, jitter_us, round_trip_us, first_keyframe_us, waiting_for_keyframe, packets_rtx });

/// Figures of one server since it was made.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct framewire_server_stats {
    /// sizeof(framewire_server_stats).
    pub size: usize,
    /// Sessions, now.
    pub sessions: u64,
    /// Those of them that publish.
    pub publishers: u64,
    /// Sessions begun.
    pub sessions_started: u64,
    /// HTTP connections, now.
    pub connections: u64,
    /// HTTP connections that found no room.
    pub connections_refused: u64,
    /// Requests answered.
    pub requests: u64,
    /// Requests that were not HTTP, or longer than the limits.
    pub requests_refused: u64,
    /// Requests that took too long.
    pub requests_timed_out: u64,
    /// Publishers by WebSocket, now; they count as publishers too.
    pub ingesters: u64,
    /// Messages taken from them.
    pub ingest_messages: u64,
    /// Those of them that were closed because they broke a rule: 1002, 1003, 1007, 1009.
    pub ingesters_refused: u64,
    /// Those of them that were closed because they were quiet for too long, or answered no ping.
    pub ingesters_timed_out: u64,
}
plain!(framewire_server_stats, first 72, {
    size, sessions, publishers, sessions_started, connections, connections_refused, requests, requests_refused,
    requests_timed_out, ingesters, ingest_messages, ingesters_refused, ingesters_timed_out,
});

/// Figures of one track that feeds a sink, of its decoder, and of what was taken.
///
/// Each decoded frame is counted once: decoded = taken + overwritten + waiting.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct framewire_sink_stats {
    /// sizeof(framewire_sink_stats).
    pub size: usize,
    /// RTP packets received, duplicates included, retransmissions by RTX not.
    pub packets: u64,
    /// Their bytes, RTP header to the last byte.
    pub bytes: u64,
    /// Bits a second, over the last second.
    pub bitrate: u64,
    /// Packets given up.
    pub lost: u64,
    /// Missing packets that came because they were asked for.
    pub recovered: u64,
    /// Packets that came after one with a higher number, without having been asked for.
    pub reordered: u64,
    /// Packets that came twice on the stream's own SSRC.
    pub duplicates: u64,
    /// Packets that came after they had been given up, or from before the start.
    pub too_late: u64,
    /// Packets that break their format: RTP (counted at a peer's first track), RTX or VP8.
    pub malformed: u64,
    /// Packets of an SSRC or payload type nobody announced; at a peer's first track, if of none.
    pub unknown: u64,
    /// Retransmissions received by RTX, empty ones (padding) included.
    pub rtx_packets: u64,
    /// NACK messages sent.
    pub nacks_sent: u64,
    /// Packets they asked for, repeats included.
    pub packets_nacked: u64,
    /// PLI messages sent.
    pub plis_sent: u64,
    /// FIR messages sent.
    pub firs_sent: u64,
    /// Whole pictures (packets of sound) handed to the decoder.
    pub frames: u64,
    /// Keyframes among them; always 0 for sound.
    pub keyframes: u64,
    /// Pictures dropped because a part of them is missing or broken.
    pub dropped_incomplete: u64,
    /// Whole pictures dropped because they follow one that is missing.
    pub dropped_before_keyframe: u64,
    /// Whole pictures (packets of sound) dropped because the decoder's queue was full.
    pub dropped_queue_full: u64,
    /// Times packets were given up.
    pub gaps: u64,
    /// Times a picture that was live had to wait for a keyframe.
    pub freezes: u64,
    /// 1 while nothing is decoded for want of a keyframe.
    pub waiting_for_keyframe: u64,
    /// Since when, in microseconds of `CLOCK_MONOTONIC`; 0 while it does not wait.
    pub waiting_since_us: u64,
    /// Interarrival jitter (RFC 3550 section 6.4.1), in microseconds.
    pub jitter_us: u64,
    /// How long a packet that is missing is waited for at present, in microseconds.
    pub window_us: u64,
    /// From the start to the first decoded keyframe (first packet of sound), in microseconds; 0 before it.
    pub first_frame_us: u64,
    /// Packets of this peer, of any kind, that were dropped unread because too many waited.
    pub unread: u64,
    /// Pictures, or pieces of sound, decoded and handed over, since the sink was made.
    pub decoded: u64,
    /// Keyframes among the pictures.
    pub decoded_keyframes: u64,
    /// What could not be decoded or handed over.
    pub decode_errors: u64,
    /// Pictures that were not decoded, because a keyframe had to come first.
    pub decode_skipped: u64,
    /// Samples of a channel that were lost and came again in the next packet (Opus FEC).
    pub recovered_samples: u64,
    /// Samples of a channel that were lost, or not sent, and concealed.
    pub concealed_samples: u64,
    /// Frames taken out.
    pub taken: u64,
    /// Frames dropped untaken, because newer ones came.
    pub overwritten: u64,
    /// Frames that wait to be taken.
    pub waiting: u64,
    /// From the last packet to the start of the decoder.
    pub queued: framewire_percentiles,
    /// The decoder, and the conversion to the format that was asked for.
    pub decode: framewire_percentiles,
    /// Picture: from decoded to taken.
    pub waited: framewire_percentiles,
    /// A framewire_track_state: where the track stands.
    pub state: i32,
    /// 0.
    pub reserved: u32,
}
plain!(framewire_sink_stats, first 432, { size, packets, bytes, bitrate, lost, recovered, reordered, duplicates, too_late, malformed, unknown, rtx_packets, nacks_sent, packets_nacked, plis_sent, firs_sent, frames, keyframes, dropped_incomplete, dropped_before_keyframe, dropped_queue_full, gaps, freezes, waiting_for_keyframe, waiting_since_us, jitter_us, window_us, first_frame_us, unread, decoded, decoded_keyframes, decode_errors, decode_skipped, recovered_samples, concealed_samples, taken, overwritten, waiting, queued, decode, waited, state, reserved });

impl From<SourceStats> for framewire_source_stats {
    fn from(stats: SourceStats) -> Self {
        framewire_source_stats {
            size: size_of::<Self>(),
            viewers: stats.viewers,
            video_pushed: stats.video_pushed,
            video_evicted: stats.video_evicted,
            video_refused: stats.video_refused,
            video_taken: stats.video_taken,
            video_skipped: stats.video_skipped,
            video_rate_dropped: stats.video_rate_dropped,
            video_encoded: stats.video_encoded,
            video_keyframes: stats.video_keyframes,
            video_bytes: stats.video_bytes,
            video_packets: stats.video_packets,
            video_undelivered: stats.video_undelivered,
            video_times_moved: stats.video_times_moved,
            keyframe_requests: stats.keyframe_requests,
            video_errors: stats.video_errors,
            audio_pushed_us: stats.audio_pushed_us,
            audio_dropped_us: stats.audio_dropped_us,
            audio_encoded: stats.audio_encoded,
            audio_bytes: stats.audio_bytes,
            audio_undelivered: stats.audio_undelivered,
            audio_times_moved: stats.audio_times_moved,
            audio_errors: stats.audio_errors,
            push_to_take: stats.push_to_take.into(),
            take_to_encoded: stats.take_to_encoded.into(),
            encoded_to_sent: stats.encoded_to_sent.into(),
            push_to_sent: stats.push_to_sent.into(),
            state: stats.state as i32,
            width: stats.width,
            height: stats.height,
            bitrate: stats.bitrate,
            audio_held_us: stats.audio_held_us,
        }
    }
}

impl From<Percentiles> for framewire_percentiles {
    fn from(of: Percentiles) -> Self {
        // Microseconds of 2⁶⁴ are half a million years.
        let us = |time: std::time::Duration| time.as_micros() as u64;
        framewire_percentiles {
            count: of.count,
            p50_us: us(of.p50),
            p95_us: us(of.p95),
            p99_us: us(of.p99),
            max_us: us(of.max),
        }
    }
}

impl From<ViewerStats> for framewire_viewer_stats {
    fn from(stats: ViewerStats) -> Self {
        framewire_viewer_stats {
            size: size_of::<Self>(),
            frames_sent: stats.frames_sent,
            frames_skipped: stats.frames_skipped,
            keyframes_sent: stats.keyframes_sent,
            gaps: stats.gaps,
            packets_sent: stats.packets_sent,
            bytes_sent: stats.bytes_sent,
            packets_resent: stats.packets_resent,
            packets_refused: stats.packets_refused,
            feedback_dropped: stats.feedback_dropped,
            bytes_resent: stats.bytes_resent,
            nacks: stats.nacks,
            packets_nacked: stats.packets_nacked,
            resends_too_soon: stats.resends_too_soon,
            resends_too_late: stats.resends_too_late,
            plis: stats.plis,
            firs: stats.firs,
            firs_repeated: stats.firs_repeated,
            rembs: stats.rembs,
            remb_bitrate: stats.remb_bitrate,
            reports: stats.reports,
            malformed: stats.malformed,
            packets_lost: stats.packets_lost,
            fraction_lost: stats.fraction_lost,
            jitter_us: stats.jitter_us,
            round_trip_us: stats.round_trip_us,
            first_keyframe_us: stats.first_keyframe_us,
            waiting_for_keyframe: stats.waiting_for_keyframe,
            packets_rtx: stats.packets_rtx,
        }
    }
}

impl From<ServerStats> for framewire_server_stats {
    fn from(stats: ServerStats) -> Self {
        framewire_server_stats {
            size: size_of::<Self>(),
            sessions: stats.sessions,
            publishers: stats.publishers,
            sessions_started: stats.sessions_started,
            connections: stats.connections,
            connections_refused: stats.connections_refused,
            requests: stats.requests,
            requests_refused: stats.requests_refused,
            requests_timed_out: stats.requests_timed_out,
            ingesters: stats.ingesters,
            ingest_messages: stats.ingest_messages,
            ingesters_refused: stats.ingesters_refused,
            ingesters_timed_out: stats.ingesters_timed_out,
        }
    }
}

impl framewire_sink_stats {
    /// The figures as C sees them.
    pub fn new(state: TrackState, stats: &SinkStats) -> framewire_sink_stats {
        let SinkStats { track, decoder, lane } = stats;
        framewire_sink_stats {
            size: 0,
            packets: track.packets,
            bytes: track.bytes,
            bitrate: track.bitrate,
            lost: track.lost,
            recovered: track.recovered,
            reordered: track.reordered,
            duplicates: track.duplicates,
            too_late: track.too_late,
            malformed: track.malformed,
            unknown: track.unknown,
            rtx_packets: track.rtx_packets,
            nacks_sent: track.nacks_sent,
            packets_nacked: track.packets_nacked,
            plis_sent: track.plis_sent,
            firs_sent: track.firs_sent,
            frames: track.frames,
            keyframes: track.keyframes,
            dropped_incomplete: track.dropped_incomplete,
            dropped_before_keyframe: track.dropped_before_keyframe,
            dropped_queue_full: track.dropped_queue_full,
            gaps: track.gaps,
            freezes: track.freezes,
            waiting_for_keyframe: track.waiting_for_keyframe,
            waiting_since_us: track.waiting_since_us,
            jitter_us: track.jitter_us,
            window_us: track.window_us,
            first_frame_us: track.first_frame_us,
            unread: track.unread,
            decoded: decoder.decoded,
            decoded_keyframes: decoder.keyframes,
            decode_errors: decoder.errors,
            decode_skipped: decoder.skipped,
            recovered_samples: decoder.recovered_samples,
            concealed_samples: decoder.concealed_samples,
            taken: lane.taken,
            overwritten: lane.overwritten,
            waiting: lane.waiting,
            queued: decoder.queued.into(),
            decode: decoder.decode.into(),
            waited: decoder.waited.into(),
            state: state as i32,
            reserved: 0,
        }
    }
}
