//! Typed pictures and sound, from messages that the program receives itself.

use super::guard::{guard, guard_free, required};
use super::registry::{INGESTS, SINKS};
use super::sink::framewire_sink;
use super::sized::{self, plain, unused};
use super::status::framewire_status;
use crate::error::{Error, Result};
use crate::ingest::{IngestOptions, Ingester};
use crate::message::ingest::{Ingest, MAX_INGEST};
use crate::time::clock;
use std::ffi::c_void;
use std::slice;

/// Feeds a sink with typed messages that came over a WebSocket, or anything else, of the program's own. The
/// first byte of a message says what the rest is: 'v' (0x76) a JPEG, PNG or WebP, 'a' (0x61) PCM, signed
/// 16-bit little-endian, interleaved; nothing is guessed. The server does the same at /ws/NAME.
///
/// Thread safety: every function may be called from any thread, also from callbacks.
pub struct framewire_ingest {
    _token: (),
}

/// What a typed message holds.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum framewire_ingest_kind {
    /// An encoded image.
    FRAMEWIRE_INGEST_IMAGE = 1,
    /// PCM.
    FRAMEWIRE_INGEST_SOUND = 2,
}

/// What an ingest is made from. 0 is the default of every field but `size` and `sink`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct framewire_ingest_options {
    /// sizeof(framewire_ingest_options).
    pub size: usize,
    /// What it feeds, in the place of what fed it before. Must be set. It stays yours, and may be freed
    /// first.
    pub sink: *mut framewire_sink,
    /// Samples a second of a channel of the PCM, 8,000 to 192,000; 0: 48,000.
    pub sample_rate: u32,
    /// Its channels, 1 or 2; 0: 2.
    pub channels: u32,
    /// Bytes of a message, at most 67,108,864; 0: 8,388,608.
    pub max_message: u32,
    /// 0.
    pub reserved: u32,
}
plain!(framewire_ingest_options, first 32, { size, sink, sample_rate, channels, max_message, reserved });

/// Says what a message of at most 8 MiB holds, and no more: `*kind` is a framewire_ingest_kind, `*payload`
/// points into `message`, to `*length` bytes behind its first. `channels` (1 or 2) is what its sound has.
///
/// MALFORMED: it is empty, its first byte is neither 'v' nor 'a', an image of nothing, or PCM that ends
/// within a sample of its channels. LIMIT: it is longer than 8 MiB.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_ingest_read(
    message: *const c_void,
    message_length: usize,
    channels: u32,
    kind: *mut i32,
    payload: *mut *const c_void,
    length: *mut usize,
) -> framewire_status {
    guard(|| {
        // SAFETY: the caller promises that `message` has `message_length` readable bytes.
        let message = unsafe { bytes(message, message_length) }?;
        required(kind, "kind")?;
        required(payload, "payload")?;
        required(length, "length")?;
        if !(1..=2).contains(&channels) {
            return Err(Error::argument(format!("channels is {channels} but must be 1 or 2")));
        }
        let is = match Ingest::read(message, MAX_INGEST, channels as usize)? {
            Ingest::Image(_) => framewire_ingest_kind::FRAMEWIRE_INGEST_IMAGE,
            Ingest::Sound(_) => framewire_ingest_kind::FRAMEWIRE_INGEST_SOUND,
        };
        let behind = &message[1..];
        // SAFETY: none is NULL, and the caller promises that they are writable.
        unsafe {
            kind.write(is as i32);
            payload.write(behind.as_ptr().cast());
            length.write(behind.len());
        }
        Ok(())
    })
}

/// Makes an ingest that feeds `options->sink`.
///
/// On success `*ingest` is yours until framewire_ingest_free. INVALID_ARGUMENT: a NULL, a wrong size, a
/// number out of range. INVALID_HANDLE: `options->sink` is no sink handle. IO: there are no threads left.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_ingest_new(
    options: *const framewire_ingest_options,
    ingest: *mut *mut framewire_ingest,
) -> framewire_status {
    guard(|| {
        // SAFETY: the caller promises that `options` is NULL or points to `options->size` readable bytes.
        let options = unsafe { sized::read(options, "options") }?;
        let converted = options.convert()?;
        let sink = SINKS.get(options.sink)?;
        required(ingest, "ingest")?;
        let place = INGESTS.reserve()?;
        let entry = Entry { ingester: Ingester::new(&sink.sink, None, converted)? };
        // SAFETY: `ingest` is not NULL, and the caller promises that it is writable.
        unsafe { ingest.write(place.fill(entry)) };
        Ok(())
    })
}

/// Takes a message, which is copied. Its sound is in the sink when this returns. Its image is decoded on a
/// thread of ours, unless a newer one comes before: then it is dropped, which the sink counts as
/// `dropped_queue_full`. An image that cannot be decoded is counted there too (`errors`), and logged; after
/// as many in a row as the sink's `max_consecutive_errors` the track has failed. A picture's capture time is
/// when it came; so is that of the end of a message's sound, which then runs on sample by sample as long as
/// no more than 200 milliseconds are missing. Images have at most 16,777,216 pixels, and sides of 8,192.
///
/// MALFORMED, LIMIT: as framewire_ingest_read, and `max_message`. UNSUPPORTED: the sink does not take that
/// kind. CODEC: too many images could not be decoded. CLOSED: the sink was freed, or something else feeds
/// it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_ingest_push(
    ingest: *mut framewire_ingest,
    message: *const c_void,
    length: usize,
) -> framewire_status {
    guard(|| {
        let entry = INGESTS.get(ingest)?;
        // SAFETY: the caller promises that `message` has `length` readable bytes.
        entry.ingester.push(unsafe { bytes(message, length) }?, clock::now())
    })
}

/// Ends an ingest: the sink's tracks end after what waits. NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn framewire_ingest_free(ingest: *mut framewire_ingest) {
    guard_free(ingest, || {
        INGESTS.take(ingest)?.1.ingester.end("the ingest was freed");
        Ok(())
    });
}

/// What an ingest handle stands for.
pub struct Entry {
    ingester: Ingester,
}

impl framewire_ingest_options {
    fn convert(&self) -> Result<IngestOptions> {
        unused(self.reserved, "options.reserved")?;
        let or = |given: u32, default: u32| if given == 0 { default } else { given };
        let options = IngestOptions {
            sample_rate: or(self.sample_rate, 48_000),
            channels: or(self.channels, 2),
            max_message: or(self.max_message, MAX_INGEST as u32) as usize,
        };
        options.check()?;
        Ok(options)
    }
}

/// # Safety
/// `message` is NULL or has `length` bytes that can be read while the result lives.
unsafe fn bytes<'a>(message: *const c_void, length: usize) -> Result<&'a [u8]> {
    if message.is_null() {
        return Err(Error::argument("message is NULL"));
    }
    if length > isize::MAX as usize {
        return Err(Error::argument(format!("length is {length}: no message is so long")));
    }
    // SAFETY: as promised to us; it is not longer than anything can be.
    Ok(unsafe { slice::from_raw_parts(message.cast(), length) })
}
