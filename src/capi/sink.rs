//! The sink handle.

use super::events::{self, framewire_events};
use super::frame::{self, Content, framewire_frame};
use super::guard::{guard, guard_free, guard_number, required};
use super::registry::SINKS;
use super::sized::{self, plain, unused};
use super::stats::framewire_sink_stats;
use super::status::framewire_status;
use super::video;
use crate::error::{Error, Result};
use crate::events::Events;
use crate::frame::Format;
use crate::id::Id;
use crate::media::Kind;
use crate::sink::{AudioOut, SampleFormat, Sink, SinkOptions, VideoOut};
use std::sync::Arc;
use std::time::Duration;

/// Where media comes out that a peer sends: decoded pictures and sound, on one clock.
///
/// A sink is fed by one peer at a time, the one it was given to last. It never holds a peer up: the
/// newest picture takes the place of one that you did not take (or, with `video_queue`, of the
/// oldest of several), and both are counted.
///
/// Thread safety: every function may be called from any thread, also from callbacks; those that wait
/// hold up an event callback that calls them. Several threads may take from one sink: each frame goes
/// to one of them.
pub struct framewire_sink {
    _token: (),
}

/// Where a track stands: the picture, or the sound, that feeds a sink.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum framewire_track_state {
    /// Nothing has come yet.
    FRAMEWIRE_TRACK_WAITING = 0,
    /// Pictures come, but none that can be decoded: a keyframe has been asked for. The statistics say
    /// since when.
    FRAMEWIRE_TRACK_WAITING_FOR_KEYFRAME = 1,
    /// It is being decoded.
    FRAMEWIRE_TRACK_LIVE = 2,
    /// The sender left, or the connection ended. The next peer that feeds the sink begins anew; so does
    /// a sender that only paused its track, of which browsers say the same: it is WAITING again then.
    FRAMEWIRE_TRACK_ENDED = 3,
    /// Too much in a row could not be decoded.
    FRAMEWIRE_TRACK_FAILED = 4,
}

/// What a sink is made from. 0 is the default of every field but `size`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct framewire_sink_options {
    /// sizeof(framewire_sink_options).
    pub size: usize,
    /// Where the states of its tracks are told; NULL: nowhere. It stays yours.
    pub events: *mut framewire_events,
    /// What it takes: framewire_media, or'ed; 0: both.
    pub media: u32,
    /// How pixels are wanted, a framewire_format; 0: FRAMEWIRE_FORMAT_RGB24. RGB is full range; I420
    /// and NV12 are BT.601, limited range, as VP8 carries them: I420 costs the least.
    pub format: u32,
    /// How many pictures may wait for you, 1 to 1,000; 0: 1, the newest. More keep them in order for
    /// as long as you keep up; then the oldest goes.
    pub video_queue: u32,
    /// How samples are wanted, a framewire_sample_format; 0: FRAMEWIRE_SAMPLE_S16.
    pub sample_format: u32,
    /// Channels of the sound that comes out, 1 or 2, whatever comes in; 0: 2.
    pub audio_channels: u32,
    /// How much sound may wait for you, 20 to 60,000 milliseconds; 0: 1,000. Then the oldest goes.
    pub audio_queue_ms: u32,
    /// How many decode errors in a row, with nothing handed over between them, end a track; 0: 10.
    pub max_consecutive_errors: u32,
    /// 0.
    pub reserved: u32,
}
plain!(framewire_sink_options, first 48, {
    size, events, media, format, video_queue, sample_format, audio_channels, audio_queue_ms, max_consecutive_errors, reserved,
});

/// Makes a sink that nothing feeds yet. `options` may be NULL: all defaults.
///
/// On success `*sink` is yours until framewire_sink_free. INVALID_ARGUMENT: a NULL, a wrong size, a
/// number out of range. INVALID_HANDLE: `options->events` is no events handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_sink_new(
    options: *const framewire_sink_options,
    sink: *mut *mut framewire_sink,
) -> framewire_status {
    guard(|| {
        let (mut converted, mut events) = (SinkOptions::default(), None);
        if !options.is_null() {
            // SAFETY: the caller promises that `options` points to `options->size` readable bytes.
            let options = unsafe { sized::read(options, "options") }?;
            events = events::queue(options.events)?;
            converted = options.convert()?;
        }
        required(sink, "sink")?;
        let place = SINKS.reserve()?;
        converted.id = Some(place.id());
        converted.events.clone_from(&events);
        let entry = Entry { sink: Sink::new(converted)?, events };
        // SAFETY: `sink` is not NULL, and the caller promises that it is writable.
        unsafe { sink.write(place.fill(entry)) };
        Ok(())
    })
}

/// Ends a sink. NULL is fine. Who waits for a frame of it returns with CLOSED; its descriptors are
/// closed: take them out of your loop first. Peers that feed it go on without it, and frames that were
/// taken out live until they are let go of. Nothing about events is different from
/// framewire_source_free.
#[unsafe(no_mangle)]
pub extern "C" fn framewire_sink_free(sink: *mut framewire_sink) {
    guard_free(sink, || {
        let (id, entry): (Id, _) = SINKS.take(sink)?;
        entry.sink.close();
        if let Some(events) = &entry.events {
            events.forget(id);
        }
        Ok(())
    });
}

/// Takes the next picture, waiting for at most `timeout_ms` milliseconds: 0 does not wait, -1 waits
/// without end. On success `*frame` is yours until framewire_frame_unref.
///
/// TIMEOUT: none came, also when it did not wait. CLOSED: the track is over and all of it was taken,
/// or the sink was freed meanwhile; framewire_last_error() says why. A peer that feeds the sink anew,
/// or a sender that had paused, opens it again. INVALID_STATE: the sink takes no pictures.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_sink_next_video(
    sink: *mut framewire_sink,
    timeout_ms: i32,
    frame: *mut *mut framewire_frame,
) -> framewire_status {
    // SAFETY: as promised to us.
    unsafe { next(sink, timeout_ms, frame, |sink, wait| sink.next_video(wait).map(Content::Picture)) }
}

/// Takes the next piece of sound (20 milliseconds as a rule, 120 at most), like
/// framewire_sink_next_video. INVALID_STATE: the sink takes no sound.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_sink_next_audio(
    sink: *mut framewire_sink,
    timeout_ms: i32,
    frame: *mut *mut framewire_frame,
) -> framewire_status {
    // SAFETY: as promised to us.
    unsafe { next(sink, timeout_ms, frame, |sink, wait| sink.next_audio(wait).map(Content::Sound)) }
}

/// A descriptor for poll, select or epoll: readable exactly while a frame of `media` (one
/// framewire_media) waits, or its track is over. Only wait for it; do not read or close it. It is the
/// same one each time, and lives until framewire_sink_free.
///
/// A negative number is a framewire_status, and poll passes over it. INVALID_STATE: the sink takes no
/// such media. IO: the process has no descriptors left.
#[unsafe(no_mangle)]
pub extern "C" fn framewire_sink_fd(sink: *mut framewire_sink, media: u32) -> i32 {
    guard_number(|| SINKS.get(sink)?.sink.descriptor(kind(media)?))
}

/// Asks the sender for a keyframe now: at most one request in 500 milliseconds goes out, and it is
/// repeated until the keyframe is decoded. Nothing happens while no peer feeds the sink.
/// INVALID_STATE: the sink takes no pictures.
#[unsafe(no_mangle)]
pub extern "C" fn framewire_sink_request_keyframe(sink: *mut framewire_sink) -> framewire_status {
    guard(|| SINKS.get(sink)?.sink.request_keyframe())
}

/// Where the track of `media` (one framewire_media) stands: `*state` is a framewire_track_state.
/// INVALID_STATE: the sink takes no such media.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_sink_get_track(
    sink: *mut framewire_sink,
    media: u32,
    state: *mut i32,
) -> framewire_status {
    guard(|| {
        let entry = SINKS.get(sink)?;
        required(state, "state")?;
        let track = entry.sink.track(kind(media)?)?;
        // SAFETY: `state` is not NULL, and the caller promises that it is writable.
        unsafe { state.write(track as i32) };
        Ok(())
    })
}

/// The figures of `media` (one framewire_media) as they stand, without stopping anyone. `stats->size`
/// must be set. INVALID_STATE: the sink takes no such media.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_sink_get_stats(
    sink: *mut framewire_sink,
    media: u32,
    stats: *mut framewire_sink_stats,
) -> framewire_status {
    guard(|| {
        let entry = SINKS.get(sink)?;
        // SAFETY: the caller promises that `stats` is NULL or points to `stats->size` writable bytes.
        let out = unsafe { sized::out(stats, "stats") }?;
        let (track, stats) = (entry.sink.track(kind(media)?)?, entry.sink.stats(kind(media)?)?);
        out.write(framewire_sink_stats::new(track, &stats));
        Ok(())
    })
}

/// What a sink handle stands for.
pub struct Entry {
    pub(super) sink: Sink,
    events: Option<Arc<Events>>,
}

/// # Safety
/// `frame` is NULL or writable.
unsafe fn next(
    sink: *mut framewire_sink,
    timeout_ms: i32,
    frame: *mut *mut framewire_frame,
    take: impl FnOnce(&Sink, Option<Duration>) -> Result<Content>,
) -> framewire_status {
    guard(|| {
        // Not the entry: a free while we wait must find nobody who holds it.
        let sink = SINKS.get(sink)?.sink.clone();
        required(frame, "frame")?;
        let handle = frame::handle(take(&sink, sized::timeout(timeout_ms)?)?)?;
        // SAFETY: `frame` is not NULL, and it is writable, as promised to us.
        unsafe { frame.write(handle) };
        Ok(())
    })
}

pub(super) fn kind(media: u32) -> Result<Kind> {
    match media {
        1 => Ok(Kind::Video),
        2 => Ok(Kind::Audio),
        _ => Err(Error::argument(format!("media is {media} but must be one framewire_media"))),
    }
}

impl framewire_sink_options {
    fn convert(&self) -> Result<SinkOptions> {
        unused(self.reserved, "options.reserved")?;
        if self.media > 3 {
            return Err(Error::argument(format!("options.media is {} but 3 is all there is", self.media)));
        }
        let takes = |bit| self.media == 0 || self.media & bit != 0;
        let format = match self.format {
            0 => Format::Rgb24,
            format => video::format(format, "options.format")?,
        };
        let sample_format = match self.sample_format {
            0 | 1 => SampleFormat::S16,
            2 => SampleFormat::F32,
            format => {
                let sentence =
                    format!("options.sample_format is {format} but must be a framewire_sample_format");
                return Err(Error::argument(sentence));
            }
        };
        let or = |given: u32, default: u32| if given == 0 { default } else { given };
        Ok(SinkOptions {
            id: None,
            events: None,
            video: takes(1).then(|| VideoOut { format, queue: or(self.video_queue, 1) as usize }),
            audio: takes(2).then(|| AudioOut {
                format: sample_format,
                channels: or(self.audio_channels, 2),
                queue: Duration::from_millis(or(self.audio_queue_ms, 1_000).into()),
            }),
            max_consecutive_errors: or(self.max_consecutive_errors, 10),
        })
    }
}
