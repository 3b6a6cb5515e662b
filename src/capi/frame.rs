//! Frames that come out of a sink.

use super::guard::{guard, guard_free};
use super::registry::FRAMES;
use super::sized::{self, plain};
use super::status::framewire_status;
use super::video::{self, framewire_audio_frame, framewire_video_frame};
use crate::decode::opus::RATE;
use crate::error::{Error, Result, Status};
use crate::sink::{Pcm, Picture, Sound};
use std::sync::atomic::{AtomicU32, Ordering};

/// One decoded picture, or one piece of decoded sound, that came out of a sink. It is shared by
/// counting: framewire_frame_ref for each more who keeps it, framewire_frame_unref when one is done.
/// Its memory is used again for later frames when the last is done, so frames that you keep cost what
/// they hold, and those that you do not keep cost nothing.
///
/// Thread safety: every function may be called from any thread, also from callbacks.
pub struct framewire_frame {
    _token: (),
}

/// What is known of a frame beside its pixels or samples.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct framewire_frame_info {
    /// sizeof(framewire_frame_info).
    pub size: usize,
    /// Counts the pictures (the pieces of sound) that were decoded for the sink, from 1. A step over a
    /// number is frames that were not taken in time.
    pub number: u64,
    /// When it was captured: microseconds of this machine's CLOCK_MONOTONIC, one clock for picture and
    /// sound. Told by the sender's reports; until the first of them, by when it came.
    pub capture_time_us: u64,
    /// When its last packet came, likewise; 0 for sound.
    pub arrival_time_us: u64,
    /// When it was decoded, likewise; 0 for sound.
    pub decode_time_us: u64,
    /// Picture: the RTP timestamp, 90,000 a second, modulo 2^32. Sound: samples of a channel before its
    /// first; without a gap the next frame's is this one's and its samples.
    pub timestamp: u64,
    /// A framewire_media: what it is.
    pub media: u32,
    /// Picture: 1 if it was decodable by itself.
    pub keyframe: u32,
    /// Sound: 1 if it stands for what was lost, rebuilt from what came before or after.
    pub concealed: u32,
    /// Picture: degrees, clockwise, by which it is to be turned to stand upright: 0, 90, 180 or 270.
    /// Browsers turn what they send, so it is 0 from them.
    pub rotation: u32,
}
plain!(framewire_frame_info, first 64, {
    size, number, capture_time_us, arrival_time_us, decode_time_us, timestamp, media, keyframe, concealed, rotation,
});

/// The pixels of a picture, in the format that its sink was asked for, without padding. `view->size`
/// must be set. They can be read until the last framewire_frame_unref, and not be written: others may
/// read them too. The view can be handed to framewire_source_push_video as it is.
///
/// INVALID_STATE: it is sound.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_frame_view(
    frame: *mut framewire_frame,
    view: *mut framewire_video_frame,
) -> framewire_status {
    guard(|| {
        let entry = FRAMES.get(frame)?;
        // SAFETY: the caller promises that `view` is NULL or points to `view->size` writable bytes.
        let out = unsafe { sized::out(view, "view") }?;
        let Content::Picture(picture) = &entry.content else {
            return Err(Error::new(Status::InvalidState, "the frame is sound, it has no pixels"));
        };
        let pixels = picture.frame.view();
        out.write(framewire_video_frame {
            size: 0,
            format: video::number(pixels.format),
            width: pixels.width,
            height: pixels.height,
            reserved: 0,
            planes: [0, 1, 2].map(|n| match n < pixels.format.planes() {
                true => pixels.planes[n].as_ptr(),
                false => std::ptr::null(),
            }),
            strides: pixels.strides,
            capture_time_us: entry.capture_time_us(),
        });
        Ok(())
    })
}

/// The samples of sound, 48,000 a second, in the format and with the channels that its sink was asked
/// for. `view->size` must be set. For the rest see framewire_frame_view.
///
/// INVALID_STATE: it is a picture.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_frame_audio_view(
    frame: *mut framewire_frame,
    view: *mut framewire_audio_frame,
) -> framewire_status {
    guard(|| {
        let entry = FRAMES.get(frame)?;
        // SAFETY: the caller promises that `view` is NULL or points to `view->size` writable bytes.
        let out = unsafe { sized::out(view, "view") }?;
        let Content::Sound(sound) = &entry.content else {
            return Err(Error::new(Status::InvalidState, "the frame is a picture, it has no samples"));
        };
        let (format, samples) = match &sound.samples {
            Pcm::S16(samples) => (1, samples.as_ptr().cast()),
            Pcm::F32(samples) => (2, samples.as_ptr().cast()),
        };
        out.write(framewire_audio_frame {
            size: 0,
            samples,
            capture_time_us: entry.capture_time_us(),
            format,
            sample_rate: RATE,
            channels: sound.channels,
            frames: sound.frames() as u32,
        });
        Ok(())
    })
}

/// What is known of a frame beside its pixels or samples. `info->size` must be set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_frame_get_info(
    frame: *mut framewire_frame,
    info: *mut framewire_frame_info,
) -> framewire_status {
    guard(|| {
        let entry = FRAMES.get(frame)?;
        // SAFETY: the caller promises that `info` is NULL or points to `info->size` writable bytes.
        let out = unsafe { sized::out(info, "info") }?;
        out.write(entry.info());
        Ok(())
    })
}

/// One more keeps the frame.
#[unsafe(no_mangle)]
pub extern "C" fn framewire_frame_ref(frame: *mut framewire_frame) -> framewire_status {
    guard(|| FRAMES.get(frame)?.count(|n| (n > 0).then(|| n.checked_add(1)).flatten()).map(drop))
}

/// One is done with the frame; with the last its memory is used again. NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn framewire_frame_unref(frame: *mut framewire_frame) {
    guard_free(frame, || {
        if FRAMES.get(frame)?.count(|n| n.checked_sub(1))? == 1 {
            FRAMES.take(frame)?;
        }
        Ok(())
    });
}

/// What a frame handle stands for.
pub struct Entry {
    content: Content,
    references: AtomicU32,
}

/// What came out of a sink.
pub enum Content {
    /// A picture.
    Picture(Picture),
    /// Sound.
    Sound(Sound),
}

/// A handle of `content`, with one reference.
pub fn handle(content: Content) -> Result<*mut framewire_frame> {
    Ok(FRAMES.reserve()?.fill(Entry { content, references: AtomicU32::new(1) }))
}

impl Entry {
    /// Changes the number of references; what it was.
    fn count(&self, change: impl FnMut(u32) -> Option<u32>) -> Result<u32> {
        self.references.fetch_update(Ordering::AcqRel, Ordering::Acquire, change).map_err(|_| {
            Error::new(Status::InvalidHandle, "the frame has no references left, or 4 billion of them")
        })
    }

    fn capture_time_us(&self) -> u64 {
        match &self.content {
            Content::Picture(picture) => picture.frame.capture.unwrap_or_default().0,
            Content::Sound(sound) => sound.capture.0,
        }
    }

    fn info(&self) -> framewire_frame_info {
        let capture_time_us = self.capture_time_us();
        match &self.content {
            Content::Picture(picture) => framewire_frame_info {
                size: 0,
                number: picture.number,
                capture_time_us,
                arrival_time_us: picture.arrived.0,
                decode_time_us: picture.decoded.0,
                timestamp: picture.rtp_time.into(),
                media: 1,
                keyframe: picture.keyframe.into(),
                concealed: 0,
                rotation: 0,
            },
            Content::Sound(sound) => framewire_frame_info {
                size: 0,
                number: sound.number,
                capture_time_us,
                arrival_time_us: 0,
                decode_time_us: 0,
                timestamp: sound.timestamp,
                media: 2,
                keyframe: 0,
                concealed: sound.concealed.into(),
                rotation: 0,
            },
        }
    }
}
