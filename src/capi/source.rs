//! The source handle.

use super::events::{self, framewire_events};
use super::guard::{guard, guard_free, required};
use super::registry::SOURCES;
use super::sized::{self, flag, millis, plain, unused};
use super::stats::framewire_source_stats;
use super::status::framewire_status;
use super::video::{framewire_audio_frame, framewire_release, framewire_video_frame};
use crate::error::{Error, Result};
use crate::events::Events;
use crate::frame::{Matrix, Range};
use crate::id::Id;
use crate::mailbox::Pushed;
use crate::pool::Pool;
use crate::source::{AudioOptions, Source, SourceOptions, VideoOptions};
use crate::time::Time;
use std::sync::Arc;

/// What you publish: raw pictures and sound, encoded once, sent to every peer that watches.
///
/// Thread safety: every function may be called from any thread, also from callbacks. Frames that
/// several threads push at once come in some order.
pub struct framewire_source {
    _token: (),
}

/// What a source has.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum framewire_media {
    /// Pictures, sent as VP8.
    FRAMEWIRE_MEDIA_VIDEO = 1,
    /// Sound, sent as Opus.
    FRAMEWIRE_MEDIA_AUDIO = 2,
}

/// Which brightness and colour the YUV values you push stand for.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum framewire_matrix {
    /// ITU-R BT.601, what VP8 carries.
    FRAMEWIRE_MATRIX_BT601 = 1,
    /// ITU-R BT.709.
    FRAMEWIRE_MATRIX_BT709 = 2,
}

/// Which values black and white have in the pixels you push.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum framewire_range {
    /// 16 to 235 (chroma to 240).
    FRAMEWIRE_RANGE_LIMITED = 1,
    /// 0 to 255.
    FRAMEWIRE_RANGE_FULL = 2,
}

/// What a source is made from. 0 is the default of every field but `size`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct framewire_source_options {
    /// sizeof(framewire_source_options).
    pub size: usize,
    /// Where its failures are told; NULL: nowhere. It stays yours.
    pub events: *mut framewire_events,
    /// Expected frames a second, for rate control: above 0, at most 240; 0: 30.
    pub fps: f64,
    /// What it has: framewire_media, or'ed; 0: both.
    pub media: u32,
    /// Expected columns, 1 to 16,383; 0: 1,280. A frame of another size is fine.
    pub width: u32,
    /// Expected rows, 1 to 16,383; 0: 720.
    pub height: u32,
    /// Target bits a second of the picture, 1,000 to 1,000,000,000; 0: 2,000,000.
    pub video_bitrate: u32,
    /// Longest distance between keyframes, in milliseconds; 0: only when a viewer needs one.
    pub keyframe_interval_ms: u32,
    /// At most one keyframe that viewers ask for in this many milliseconds; 0: 500.
    pub keyframe_window_ms: u32,
    /// A framewire_matrix; 0: FRAMEWIRE_MATRIX_BT601. RGB has none.
    pub matrix: u32,
    /// A framewire_range; 0: full for RGB, limited for YUV.
    pub range: u32,
    /// Target bits a second of the sound, 6,000 to 510,000; 0: 64,000.
    pub audio_bitrate: u32,
    /// Channels that are sent, 1 or 2; 0: 2. What you push may have another number.
    pub audio_channels: u32,
    /// Opus complexity, 1 to 10; 0: 9.
    pub audio_complexity: u32,
    /// 1: silence is hardly sent at all (Opus DTX); 0: it is.
    pub audio_dtx: u32,
    /// 1: sound waits until it is as old as pictures are when they are sent, for a program that works long on
    /// pictures (a processor) and not on sound; both must be pushed with their capture times. Receivers play
    /// together what was captured together in any case, as far as they can; this leaves them less to do, so
    /// that it holds sooner and closer. Capture times and samples stay as they are. Sound waits for 2 s at
    /// most, how long follows the median of the last pictures by 1 ms a frame of sound, and the first sound
    /// waits for the first picture for half a second. 0: sound is sent at once. INVALID_ARGUMENT where
    /// the source has only one of both.
    pub sound_follows_picture: u32,
    /// 0.
    pub reserved: u32,
}
plain!(framewire_source_options, first 72, {
    size, events, fps, media, width, height, video_bitrate, keyframe_interval_ms, keyframe_window_ms, matrix,
    range, audio_bitrate, audio_channels, audio_complexity, audio_dtx, sound_follows_picture, reserved,
});

/// Makes a source and starts its encoder threads; they sleep until something is pushed and watched.
///
/// On success `*source` is yours until framewire_source_free. INVALID_ARGUMENT: a NULL, a wrong
/// size, a number out of range. INVALID_HANDLE: `options->events` is no events handle. CODEC, IO: an
/// encoder or a thread could not be made.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_source_new(
    options: *const framewire_source_options,
    source: *mut *mut framewire_source,
) -> framewire_status {
    guard(|| {
        // SAFETY: the caller promises that `options` is NULL or points to `options->size` readable bytes.
        let options = unsafe { sized::read(options, "options") }?;
        required(source, "source")?;
        let events = events::queue(options.events)?;
        let place = SOURCES.reserve()?;
        let made = Source::new(options.convert(place.id(), events.clone())?)?;
        let entry = Entry { source: made, events, pool: Pool::new(SPARE_COPIES) };
        // SAFETY: `source` is not NULL, and the caller promises that it is writable.
        unsafe { source.write(place.fill(entry)) };
        Ok(())
    })
}

/// Ends a source: its viewers see no more of it, and its encoder threads end. NULL is fine. Returns
/// within 100 ms, also in the middle of an encode. Peers and servers that send it need not be freed
/// before it.
///
/// No event about it comes afterwards, and an event callback about it is not running (one that does
/// not return is waited for one second at most; inside it, free returns at once). A buffer that was
/// pushed with framewire_source_push_video_owned and is being encoded at this moment is released as
/// soon as that is over.
#[unsafe(no_mangle)]
pub extern "C" fn framewire_source_free(source: *mut framewire_source) {
    guard_free(source, || {
        let (id, entry) = SOURCES.take(source)?;
        entry.source.close();
        if let Some(events) = &entry.events {
            events.forget(id);
        }
        Ok(())
    });
}

/// Queues one picture. Its planes are copied: they are yours again when the call returns. Never
/// blocks, whatever the encoder does: one picture waits for it, and a newer one takes its place.
///
/// `evicted` (may be NULL) tells whether it took the place of one that was still waiting.
///
/// INVALID_ARGUMENT: what is wrong with the frame; it is not taken. INVALID_STATE: the source has
/// no pictures. CLOSED: the source has failed. LIMIT: no memory for the copy.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_source_push_video(
    source: *mut framewire_source,
    frame: *const framewire_video_frame,
    evicted: *mut bool,
) -> framewire_status {
    guard(|| {
        let entry = SOURCES.get(source)?;
        // SAFETY: the caller promises that `frame` is NULL or points to `frame->size` readable bytes.
        let frame = unsafe { sized::read(frame, "frame") }?;
        // SAFETY: the caller promises that its planes are readable until the call returns.
        let copy = entry.pool.copy(&unsafe { frame.view() }?, frame.capture())?;
        let pushed = entry.source.push_video(copy)?;
        // SAFETY: the caller promises that `evicted` is NULL or writable.
        unsafe { tell(pushed, evicted) };
        Ok(())
    })
}

/// Queues one picture without copying it: the planes are the library's, and must not change, until
/// `release` is called. That happens exactly once, whatever this call returns: on failure before it
/// returns, else when the picture has been encoded or another took its place, or with
/// framewire_source_free.
///
/// `release.call` must be set; one that has nothing to do may return at once. For the rest see
/// framewire_source_push_video.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_source_push_video_owned(
    source: *mut framewire_source,
    frame: *const framewire_video_frame,
    release: framewire_release,
    evicted: *mut bool,
) -> framewire_status {
    let release = release.own();
    guard(|| {
        let entry = SOURCES.get(source)?;
        // SAFETY: the caller promises that `frame` is NULL or points to `frame->size` readable bytes.
        let frame = unsafe { sized::read(frame, "frame") }?;
        // SAFETY: the caller promises that its planes stay until `release` is called.
        let pushed = entry.source.push_video(unsafe { release.frame(&frame) }?)?;
        // SAFETY: the caller promises that `evicted` is NULL or writable.
        unsafe { tell(pushed, evicted) };
        Ok(())
    })
}

/// Queues sound. It is copied. Never blocks: at most 200 ms wait for the encoder, then the oldest
/// are dropped and counted. Digital silence is sound; an empty frame is fine. The rate and the
/// number of channels may change from call to call.
///
/// INVALID_ARGUMENT: what is wrong with the frame; nothing of it is taken. INVALID_STATE: the source
/// has no sound. CLOSED: the source has failed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_source_push_audio(
    source: *mut framewire_source,
    frame: *const framewire_audio_frame,
) -> framewire_status {
    guard(|| {
        let entry = SOURCES.get(source)?;
        // SAFETY: the caller promises that `frame` is NULL or points to `frame->size` readable bytes.
        let frame = unsafe { sized::read(frame, "frame") }?;
        // SAFETY: the caller promises that its samples are readable until the call returns.
        entry.source.push_audio(&unsafe { frame.view() }?)
    })
}

/// The RTP timestamp that the picture with that capture time has, for every viewer: what is sent beside the
/// video can name its picture so, as `pts` in units of 1/90,000 s (framewire_result). Before or after the
/// picture is pushed. It holds while capture times rise; one that does not rise is moved, and a picture that
/// is sent once more, because a viewer needs a keyframe and none follows, has a later one.
///
/// `capture_time_us` is as in the frame, but 0 names no picture: INVALID_ARGUMENT. INVALID_STATE: the source
/// has no pictures.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_source_rtp_timestamp(
    source: *mut framewire_source,
    capture_time_us: u64,
    timestamp: *mut u32,
) -> framewire_status {
    guard(|| {
        let entry = SOURCES.get(source)?;
        required(timestamp, "timestamp")?;
        if capture_time_us == 0 {
            return Err(Error::argument("capture_time_us is 0, which is no picture's"));
        }
        let found = entry.source.rtp_timestamp(Time(capture_time_us))?;
        // SAFETY: `timestamp` is not NULL, and the caller promises that it is writable.
        unsafe { timestamp.write(found) };
        Ok(())
    })
}

/// Asks for a keyframe, which viewers do by themselves when they need one. Requests are coalesced:
/// at most one keyframe in `keyframe_window_ms`, and none is forgotten. Returns at once.
#[unsafe(no_mangle)]
pub extern "C" fn framewire_source_request_keyframe(source: *mut framewire_source) -> framewire_status {
    guard(|| {
        SOURCES.get(source)?.source.request_keyframe();
        Ok(())
    })
}

/// A new target for the picture, in bits a second, from the next frame on. Returns at once, also
/// while nothing is pushed. INVALID_ARGUMENT: not 1,000 to 1,000,000,000. INVALID_STATE: the source
/// has no pictures.
#[unsafe(no_mangle)]
pub extern "C" fn framewire_source_set_video_bitrate(
    source: *mut framewire_source,
    bits_per_second: u32,
) -> framewire_status {
    guard(|| SOURCES.get(source)?.source.set_video_bitrate(bits_per_second))
}

/// Another number of expected frames a second, for rate control; as framewire_source_set_video_bitrate.
/// INVALID_ARGUMENT: not above 0 and at most 240.
#[unsafe(no_mangle)]
pub extern "C" fn framewire_source_set_frame_rate(
    source: *mut framewire_source,
    fps: f64,
) -> framewire_status {
    guard(|| SOURCES.get(source)?.source.set_frame_rate(fps))
}

/// Prepares the encoder for pictures of another size, so that the first of them does not wait for
/// it; as framewire_source_set_video_bitrate. Not needed: a frame of another size does the same.
/// INVALID_ARGUMENT: a side is not 1 to 16,383.
#[unsafe(no_mangle)]
pub extern "C" fn framewire_source_set_video_size(
    source: *mut framewire_source,
    width: u32,
    height: u32,
) -> framewire_status {
    guard(|| SOURCES.get(source)?.source.set_video_size(width, height))
}

/// The figures of a source as they stand, without stopping anyone. `stats->size` must be set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_source_get_stats(
    source: *mut framewire_source,
    stats: *mut framewire_source_stats,
) -> framewire_status {
    guard(|| {
        let entry = SOURCES.get(source)?;
        // SAFETY: the caller promises that `stats` is NULL or points to `stats->size` writable bytes.
        let out = unsafe { sized::out(stats, "stats") }?;
        out.write(framewire_source_stats::from(entry.source.stats()));
        Ok(())
    })
}

/// What a source handle stands for.
pub struct Entry {
    source: Source,
    events: Option<Arc<Events>>,
    pool: Arc<Pool>,
}

impl Entry {
    /// The source itself.
    pub fn source(&self) -> &Source {
        &self.source
    }
}

/// Buffers that are kept for the next push: one waits, one is encoded, one is being filled.
const SPARE_COPIES: usize = 3;

impl framewire_source_options {
    fn convert(&self, id: Id, events: Option<Arc<Events>>) -> Result<SourceOptions> {
        unused(self.reserved, "options.reserved")?;
        let sound_follows_picture = flag(self.sound_follows_picture, "options.sound_follows_picture")?;
        if self.media > 3 {
            let sentence = format!("options.media is {} but must be framewire_media, or'ed", self.media);
            return Err(Error::argument(sentence));
        }
        let has = |media: framewire_media| self.media == 0 || self.media & media as u32 != 0;
        let video = has(framewire_media::FRAMEWIRE_MEDIA_VIDEO).then(|| self.video()).transpose()?;
        let audio = has(framewire_media::FRAMEWIRE_MEDIA_AUDIO).then(|| self.audio()).transpose()?;
        Ok(SourceOptions { id: Some(id), events, video, audio, sound_follows_picture })
    }

    fn video(&self) -> Result<VideoOptions> {
        let default = VideoOptions::default();
        let matrix = match self.matrix {
            0 | 1 => Matrix::Bt601,
            2 => Matrix::Bt709,
            n => {
                return Err(Error::argument(format!("options.matrix is {n} but must be a framewire_matrix")));
            }
        };
        let range = match self.range {
            0 => None,
            1 => Some(Range::Limited),
            2 => Some(Range::Full),
            n => return Err(Error::argument(format!("options.range is {n} but must be a framewire_range"))),
        };
        Ok(VideoOptions {
            width: or(self.width, default.width),
            height: or(self.height, default.height),
            fps: if self.fps == 0.0 { default.fps } else { self.fps },
            bitrate: or(self.video_bitrate, default.bitrate),
            keyframe_interval: millis(self.keyframe_interval_ms).or(default.keyframe_interval),
            keyframe_window: millis(self.keyframe_window_ms).unwrap_or(default.keyframe_window),
            matrix,
            range,
        })
    }

    fn audio(&self) -> Result<AudioOptions> {
        let default = AudioOptions::default();
        Ok(AudioOptions {
            bitrate: or(self.audio_bitrate, default.bitrate),
            channels: or(self.audio_channels, default.channels),
            complexity: or(self.audio_complexity, default.complexity),
            dtx: flag(self.audio_dtx, "options.audio_dtx")?,
        })
    }
}

fn or(given: u32, default: u32) -> u32 {
    if given == 0 { default } else { given }
}

/// # Safety
/// `evicted` is NULL or writable.
unsafe fn tell(pushed: Pushed, evicted: *mut bool) {
    if !evicted.is_null() {
        // SAFETY: as promised to us.
        unsafe { evicted.write(pushed == Pushed::Evicted) };
    }
}
