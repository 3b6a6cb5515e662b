//! The reassembler handle.

use super::guard::{guard, guard_free, required};
use super::registry::REASSEMBLERS;
use super::results::bytes;
use super::sized::{self, flag, millis, plain};
use super::status::framewire_status;
use crate::error::{Error, Result, Status};
use crate::message::reassemble::{Incoming, Limits, Loss, Reassembler};
use crate::time::clock;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::ffi::c_void;

/// Whole messages that may wait to be taken.
const MOST: usize = 16;

/// Puts messages together that come in chunks, as a feed of results and framewire_channel_send_framed send
/// them: for programs that are at the other end of one. Chunks may come in any order, and twice; a message
/// that breaks a rule ends, and the others go on; nothing is kept without end.
///
/// Thread safety: every function may be called from any thread, also from callbacks.
pub struct framewire_reassembler {
    _token: (),
}

/// What a reassembler is made from. 0 is the default of every field but `size`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct framewire_reassembler_options {
    /// sizeof(framewire_reassembler_options).
    pub size: usize,
    /// Bytes of the largest message, packed and unpacked; 0: 67,108,864. All that are unfinished have as many
    /// together, or 67,108,864.
    pub max_message: u32,
    /// Unfinished messages: for one more, the oldest goes; 0: 256.
    pub max_unfinished: u32,
    /// How long a message may go without a new chunk, in milliseconds; 0: 30,000. Looked at in each call.
    pub idle_timeout_ms: u32,
    /// 1: messages that are packed (gzip, told by 1f 8b) are unpacked.
    pub unpack: u32,
}
plain!(framewire_reassembler_options, first 24, { size, max_message, max_unfinished, idle_timeout_ms, unpack });

/// Figures of a reassembler.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct framewire_reassembler_stats {
    /// sizeof(framewire_reassembler_stats).
    pub size: usize,
    /// Messages that became whole.
    pub messages: u64,
    /// Chunks, of whatever sort.
    pub chunks: u64,
    /// Chunks that had come before.
    pub duplicates: u64,
    /// Chunks of messages that had ended unfinished.
    pub late: u64,
    /// Messages that ended because they broke a rule.
    pub violations: u64,
    /// Messages that ended because of their age, or for want of room.
    pub evicted: u64,
    /// Bytes of unfinished messages now.
    pub kept: u64,
    /// Whole messages that wait to be taken now.
    pub waiting: u64,
}
plain!(framewire_reassembler_stats, first 72, {
    size, messages, chunks, duplicates, late, violations, evicted, kept, waiting,
});

/// Makes a reassembler. `options` may be NULL: all defaults.
///
/// On success `*reassembler` is yours until framewire_reassembler_free.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_reassembler_new(
    options: *const framewire_reassembler_options,
    reassembler: *mut *mut framewire_reassembler,
) -> framewire_status {
    guard(|| {
        let mut limits = Limits::default();
        if !options.is_null() {
            // SAFETY: the caller promises that `options` points to `options->size` readable bytes.
            limits = unsafe { sized::read(options, "options") }?.convert(limits)?;
        }
        required(reassembler, "reassembler")?;
        let state = State { reassembler: Reassembler::new(limits), whole: VecDeque::new() };
        let handle = REASSEMBLERS.reserve()?.fill(Entry { state: Mutex::new(state) });
        // SAFETY: `reassembler` is not NULL, and the caller promises that it is writable.
        unsafe { reassembler.write(handle) };
        Ok(())
    })
}

/// Ends a reassembler, with what it keeps. NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn framewire_reassembler_free(reassembler: *mut framewire_reassembler) {
    guard_free(reassembler, || REASSEMBLERS.take(reassembler).map(drop));
}

/// Takes one chunk of `length` bytes, which is copied: a binary message of the channel as it came. If it
/// makes a message whole, framewire_reassembler_next hands that out.
///
/// MALFORMED, LIMIT: it broke a rule, which the sentence names, and its message has ended; the rest of that
/// is passed over. AGAIN: 16 whole messages wait; nothing was taken.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_reassembler_push(
    reassembler: *mut framewire_reassembler,
    chunk: *const c_void,
    length: usize,
) -> framewire_status {
    guard(|| {
        let entry = REASSEMBLERS.get(reassembler)?;
        // SAFETY: the caller promises that `chunk` has `length` readable bytes.
        entry.state.lock().push(unsafe { bytes(chunk, length, "chunk") }?)
    })
}

/// Takes the whole message that has waited longest, without waiting for one. `message` (with `capacity`
/// bytes) receives it, `*length` its length, `*frame_id` (may be NULL) its frame id.
///
/// AGAIN: none is whole. LIMIT: `capacity` is too small; the message stays, and `*length` is written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_reassembler_next(
    reassembler: *mut framewire_reassembler,
    message: *mut c_void,
    capacity: usize,
    length: *mut usize,
    frame_id: *mut u32,
) -> framewire_status {
    guard(|| {
        let entry = REASSEMBLERS.get(reassembler)?;
        required(length, "length")?;
        if message.is_null() && capacity > 0 {
            return Err(Error::argument(format!("message is NULL but capacity is {capacity}")));
        }
        let mut state = entry.state.lock();
        state.tick();
        let Some((id, data)) = state.whole.front() else {
            return Err(Error::new(Status::Again, "no message is whole"));
        };
        // SAFETY: `length` is not NULL, and the caller promises that it is writable.
        unsafe { length.write(data.len()) };
        if data.len() > capacity {
            return Err(Error::new(Status::Limit, format!("the message has {} bytes", data.len())));
        }
        // SAFETY: the caller promises that `message` has `capacity` writable bytes, which it fits into.
        unsafe { data.as_ptr().copy_to_nonoverlapping(message.cast(), data.len()) };
        if !frame_id.is_null() {
            // SAFETY: the caller promises that it is writable.
            unsafe { frame_id.write(*id) };
        }
        state.whole.pop_front();
        Ok(())
    })
}

/// The figures of a reassembler as they stand. `stats->size` must be set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_reassembler_get_stats(
    reassembler: *mut framewire_reassembler,
    stats: *mut framewire_reassembler_stats,
) -> framewire_status {
    guard(|| {
        let entry = REASSEMBLERS.get(reassembler)?;
        // SAFETY: the caller promises that `stats` is NULL or points to `stats->size` writable bytes.
        let out = unsafe { sized::out(stats, "stats") }?;
        let mut state = entry.state.lock();
        state.tick();
        let stats = state.reassembler.stats();
        out.write(framewire_reassembler_stats {
            size: 0,
            messages: stats.messages,
            chunks: stats.chunks,
            duplicates: stats.duplicates,
            late: stats.late,
            violations: stats.violations,
            evicted: stats.evicted,
            kept: state.reassembler.kept() as u64,
            waiting: state.whole.len() as u64,
        });
        Ok(())
    })
}

/// What a reassembler handle stands for.
pub struct Entry {
    // Held to put in or take out.
    state: Mutex<State>,
}

struct State {
    reassembler: Reassembler,
    whole: VecDeque<(u32, Vec<u8>)>,
}

impl State {
    fn push(&mut self, chunk: &[u8]) -> Result<()> {
        if self.whole.len() >= MOST {
            return Err(Error::new(Status::Again, format!("{MOST} whole messages wait to be taken")));
        }
        let id = chunk.first_chunk().map(|id| u32::from_le_bytes(*id));
        let (whole, mut broken) = (&mut self.whole, None);
        self.reassembler.push(chunk, clock::now(), &mut |incoming| match incoming {
            Incoming::Message { id, data } => whole.push_back((id, data)),
            // Others that are too old, or in the way, are counted.
            Incoming::Lost { id: lost, why } if (lost.is_none() || lost == id) && why != Loss::Stale => {
                broken = Some(why);
            }
            Incoming::Lost { .. } => {}
        });
        match broken {
            None => Ok(()),
            Some(why @ (Loss::TooLarge | Loss::Crowded)) => Err(Error::new(Status::Limit, why.to_string())),
            Some(why) => Err(Error::malformed(why.to_string())),
        }
    }

    fn tick(&mut self) {
        self.reassembler.tick(clock::now(), &mut |_| {});
    }
}

impl framewire_reassembler_options {
    fn convert(&self, default: Limits) -> Result<Limits> {
        let or = |given: u32, default: usize| if given == 0 { default } else { given as usize };
        Ok(Limits {
            message: or(self.max_message, default.message),
            together: default.together.max(self.max_message as usize),
            unfinished: or(self.max_unfinished, default.unfinished),
            idle: millis(self.idle_timeout_ms).unwrap_or(default.idle),
            unpack: flag(self.unpack, "options.unpack")?,
            ..default
        })
    }
}
