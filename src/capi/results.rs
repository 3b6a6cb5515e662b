//! The results handle.

use super::envelope::texts;
use super::guard::{guard, guard_free, required};
use super::peer::framewire_peer;
use super::registry::{PEERS, RESULTS, SERVERS, SOURCES};
use super::server::framewire_server;
use super::sized::{self, flag, millis, plain};
use super::source::framewire_source;
use super::status::framewire_status;
use super::text;
use crate::error::{Error, Result};
use crate::message::sender::Mode;
use crate::results::{Finished, Results, ResultsOptions};
use std::ffi::{c_char, c_void};
use std::slice;
use std::time::Duration;

/// A feed of results beside the video: each is compressed and cut once, and goes to every peer that the
/// feed was given to, at that peer's own pace.
///
/// On the wire a result is cut into binary messages of a data channel: frame id, number of the chunk, number
/// of chunks (uint32_t each, little-endian), then at most `chunk_size` bytes. A receiver acknowledges with
/// the text {"ack": id}.
///
/// Thread safety: every function may be called from any thread, also from callbacks;
/// framewire_results_finish holds up an event callback that calls it.
pub struct framewire_results {
    _token: (),
}

/// What matters of results.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum framewire_results_mode {
    /// The newest: one that has not begun gives way to a newer one, and is counted.
    FRAMEWIRE_RESULTS_LIVE = 1,
    /// All of them, in order, as fast as each receiver acknowledges.
    FRAMEWIRE_RESULTS_FILE = 2,
}

/// What a feed is made from. 0 is the default of every field but `size`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct framewire_results_options {
    /// sizeof(framewire_results_options).
    pub size: usize,
    /// The label of its data channels; NULL: "results". Copied.
    pub label: *const c_char,
    /// A framewire_results_mode; 0: FRAMEWIRE_RESULTS_LIVE.
    pub mode: u32,
    /// In file mode: how many results may go past the acknowledged one; 0: 4. It paces from the first
    /// acknowledgement on.
    pub window: u32,
    /// 1: results are compressed (gzip); receivers tell by the first two bytes, 1f 8b.
    pub gzip: u32,
    /// Bytes of a result in one message; 0: 49,152.
    pub chunk_size: u32,
    /// Bytes of the largest result; 0: 67,108,864.
    pub max_message: u32,
    /// How long a receiver may take nothing before a result for it is given up, in milliseconds; 0:
    /// 30,000.
    pub timeout_ms: u32,
    /// The names of the fields that its results can have, `field_count` of them, for
    /// framewire_results_set_fields. Copied. NULL if that is 0.
    pub fields: *const *const c_char,
    /// How many.
    pub field_count: usize,
}
plain!(framewire_results_options, first 40, {
    size, label, mode, window, gzip, chunk_size, max_message, timeout_ms, fields, field_count,
});

/// Figures of a feed, and how its last message went.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct framewire_results_stats {
    /// sizeof(framewire_results_stats).
    pub size: usize,
    /// Peers it goes to now.
    pub viewers: u64,
    /// Results given to it.
    pub results: u64,
    /// Results that a newer one replaced before anybody got any of them.
    pub replaced: u64,
    /// Results sent whole, a peer each.
    pub sent: u64,
    /// Results not sent whole, a peer each: a newer one came, the channel closed, or it took too long.
    pub dropped: u64,
    /// Acknowledgements that could not be true.
    pub acks_ignored: u64,
}
plain!(framewire_results_stats, first 56, { size, viewers, results, replaced, sent, dropped, acks_ignored });

/// Makes a feed that goes to nobody yet. `options` may be NULL: all defaults.
///
/// On success `*results` is yours until framewire_results_free. INVALID_ARGUMENT: a NULL, a wrong size, a
/// number out of range. IO: a thread could not be made.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_results_new(
    options: *const framewire_results_options,
    results: *mut *mut framewire_results,
) -> framewire_status {
    guard(|| {
        let mut converted = ResultsOptions::default();
        if !options.is_null() {
            // SAFETY: the caller promises that `options` points to `options->size` readable bytes.
            let options = unsafe { sized::read(options, "options") }?;
            // SAFETY: the caller promises that its text is a C string.
            converted = unsafe { options.convert() }?;
        }
        required(results, "results")?;
        let place = RESULTS.reserve()?;
        converted.id = Some(place.id());
        let entry = Entry { results: Results::new(converted)? };
        // SAFETY: `results` is not NULL, and the caller promises that it is writable.
        unsafe { results.write(place.fill(entry)) };
        Ok(())
    })
}

/// Ends a feed at once: its channels close, and what waits is not sent. NULL is fine. Call
/// framewire_results_finish first where the last word matters.
#[unsafe(no_mangle)]
pub extern "C" fn framewire_results_free(results: *mut framewire_results) {
    guard_free(results, || {
        RESULTS.take(results)?.1.results.close();
        Ok(())
    });
}

/// Sends the feed to `peer` on a data channel of its own. To be called before the offer comes or is made, or
/// at any time after data channels were negotiated. Either may be freed first. Errors as in
/// framewire_peer_channel.
#[unsafe(no_mangle)]
pub extern "C" fn framewire_peer_results(
    peer: *mut framewire_peer,
    results: *mut framewire_results,
) -> framewire_status {
    guard(|| {
        let (peer, results) = (PEERS.get(peer)?, RESULTS.get(results)?);
        peer.peer.results(&results.results)
    })
}

/// framewire_server_publish with a feed beside: who watches and offers data channels gets it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_server_publish_with_results(
    server: *mut framewire_server,
    name: *const c_char,
    source: *mut framewire_source,
    results: *mut framewire_results,
) -> framewire_status {
    guard(|| {
        let (entry, source) = (SERVERS.get(server)?, SOURCES.get(source)?);
        let results = RESULTS.get(results)?;
        // SAFETY: the caller promises that `name` is NULL or a C string.
        let name = unsafe { text::read(name, "name") }?;
        entry.server.publish_with_results(name, source.source(), &results.results)
    })
}

/// Sends one result of `length` bytes: JSON as a rule, but any bytes will do. `frame_id` is its frame's, and
/// never falls. It is copied; never blocks.
///
/// AGAIN (file mode): 16 results wait. LIMIT: it is longer than `max_message`. INVALID_STATE:
/// framewire_results_finish was called.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_results_send(
    results: *mut framewire_results,
    frame_id: u32,
    result: *const c_void,
    length: usize,
) -> framewire_status {
    guard(|| {
        let entry = RESULTS.get(results)?;
        // SAFETY: the caller promises that `result` has `length` readable bytes.
        entry.results.send(frame_id, unsafe { bytes(result, length, "result") }?.to_vec())
    })
}

/// Sends the last message, with the frame id after the highest and never compressed, after all that waits.
/// Waits until every receiver has acknowledged it, or for `linger_ms` milliseconds (1 to 600,000) after it
/// went out: that nothing is buffered any more does not mean that it arrived. Nothing can be sent afterwards.
///
/// `*acknowledged` (may be NULL) tells how many receivers did. TIMEOUT: some still take what was sent before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_results_finish(
    results: *mut framewire_results,
    last: *const c_void,
    length: usize,
    linger_ms: u32,
    acknowledged: *mut u64,
) -> framewire_status {
    guard(|| {
        // Not the entry: a free while we wait must find nobody who holds it.
        let results = RESULTS.get(results)?.results.clone();
        let linger = lingering(linger_ms)?;
        // SAFETY: the caller promises that `last` has `length` readable bytes.
        let last = unsafe { bytes(last, length, "last") }?.to_vec();
        let finished = results.finish(last, linger)?;
        // SAFETY: the caller promises that `acknowledged` is NULL or writable.
        unsafe { acknowledgements(acknowledged, finished) };
        Ok(())
    })
}

/// The figures of a feed as they stand. `stats->size` must be set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_results_get_stats(
    results: *mut framewire_results,
    stats: *mut framewire_results_stats,
) -> framewire_status {
    guard(|| {
        let entry = RESULTS.get(results)?;
        // SAFETY: the caller promises that `stats` is NULL or points to `stats->size` writable bytes.
        let out = unsafe { sized::out(stats, "stats") }?;
        let stats = entry.results.stats();
        out.write(framewire_results_stats {
            size: 0,
            viewers: stats.viewers,
            results: stats.results,
            replaced: stats.replaced,
            sent: stats.sent,
            dropped: stats.dropped,
            acks_ignored: stats.acks_ignored,
        });
        Ok(())
    })
}

/// What a results handle stands for.
pub struct Entry {
    results: Results,
}

impl Entry {
    /// The feed itself.
    pub(super) fn feed(&self) -> &Results {
        &self.results
    }
}

/// How long a last message is waited for.
pub(super) fn lingering(linger_ms: u32) -> Result<Duration> {
    match linger_ms {
        1..=600_000 => Ok(Duration::from_millis(linger_ms.into())),
        _ => Err(Error::argument(format!("linger_ms is {linger_ms} but must be 1 to 600000"))),
    }
}

/// # Safety
/// `to` is NULL or writable.
pub(super) unsafe fn acknowledgements(to: *mut u64, finished: Finished) {
    if !to.is_null() {
        // SAFETY: as promised to us.
        unsafe { to.write(finished.acknowledged) };
    }
}

/// # Safety
/// `from` is NULL, or has `length` readable bytes for `'a`.
pub(super) unsafe fn bytes<'a>(from: *const c_void, length: usize, name: &str) -> Result<&'a [u8]> {
    match (from.is_null(), length) {
        (_, 0) => Ok(&[]),
        (true, _) => Err(Error::argument(format!("{name} is NULL but length is {length}"))),
        (false, _) if isize::try_from(length).is_err() => {
            Err(Error::argument(format!("length is {length}, which no memory has")))
        }
        // SAFETY: as promised to us.
        (false, _) => Ok(unsafe { slice::from_raw_parts(from.cast::<u8>(), length) }),
    }
}

impl framewire_results_options {
    /// # Safety
    /// The label is NULL or a C string, and there are so many fields.
    unsafe fn convert(&self) -> Result<ResultsOptions> {
        // SAFETY: as promised to us.
        let label = unsafe { text::read_optional(self.label, "options.label") }?;
        // SAFETY: as promised to us.
        let fields = unsafe { texts(self.fields, self.field_count, "options.fields") }?;
        let default = ResultsOptions::default();
        let or = |given: u32, default: usize| if given == 0 { default } else { given as usize };
        Ok(ResultsOptions {
            id: None,
            label: label.map_or(default.label, str::to_owned),
            mode: match self.mode {
                0 | 1 => Mode::Live,
                2 => Mode::File,
                mode => {
                    let sentence = format!("options.mode is {mode} but must be a framewire_results_mode");
                    return Err(Error::argument(sentence));
                }
            },
            window: if self.window == 0 { default.window } else { self.window },
            gzip: flag(self.gzip, "options.gzip")?,
            chunk_size: or(self.chunk_size, default.chunk_size),
            max_message: or(self.max_message, default.max_message),
            timeout: millis(self.timeout_ms).unwrap_or(default.timeout),
            fields: fields.into_iter().map(str::to_owned).collect(),
        })
    }
}
