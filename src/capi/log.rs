//! The log handle.

use super::callback::Callback;
use super::guard::{c_string, guard, guard_free, required};
use super::registry::LOGS;
use super::sized::{self, plain, unused};
use super::status::framewire_status;
use crate::error::{Error, Result};
use crate::log::{Level, Line, Tap};
use std::ffi::{c_char, c_void};
use std::sync::Arc;

/// A tap on what the library says about itself. Without one it says nothing, anywhere.
///
/// Thread safety: every function may be called from any thread, also from log callbacks.
pub struct framewire_log {
    _token: (),
}

/// How much a line matters.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum framewire_log_level {
    /// Something failed.
    FRAMEWIRE_LOG_ERROR = 1,
    /// Something is not as it should be.
    FRAMEWIRE_LOG_WARN = 2,
    /// Life and death of the larger objects.
    FRAMEWIRE_LOG_INFO = 3,
    /// What a maintainer wants to see.
    FRAMEWIRE_LOG_DEBUG = 4,
    /// Everything.
    FRAMEWIRE_LOG_TRACE = 5,
}

/// One line of the log.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct framewire_log_line {
    /// sizeof(framewire_log_line) of the library.
    pub size: usize,
    /// One of framewire_log_level.
    pub level: i32,
    /// Lines that were lost before this one because the callback was too slow.
    pub lost: u32,
    /// The part of the library that speaks, like "framewire::peer".
    pub target: *const c_char,
    /// What it says, without a line end.
    pub text: *const c_char,
}
plain!(framewire_log_line, first 32, { size, level, lost, target, text });

/// Where log lines go.
///
/// Which thread: one of the library's own, one line at a time. It may block: 1,024 lines wait for
/// it, then the oldest are lost. It may call every function of the library. `line` and its texts
/// live until it returns.
///
/// It is the library's from the call of framewire_log_new on, also if that fails: `drop` (NULL:
/// nothing to do) is called exactly once, after the last `call`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct framewire_log_callback {
    /// Called for each line.
    pub call: Option<unsafe extern "C" fn(context: *mut c_void, line: *const framewire_log_line)>,
    /// Called when `context` is no longer needed.
    pub drop: Option<unsafe extern "C" fn(context: *mut c_void)>,
    /// Passed to both.
    pub context: *mut c_void,
}

/// What a log tap is made from.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct framewire_log_options {
    /// sizeof(framewire_log_options).
    pub size: usize,
    /// Where the lines go. `call` must be set.
    pub callback: framewire_log_callback,
    /// The least grave framewire_log_level that is wanted; 0: FRAMEWIRE_LOG_INFO.
    pub level: u32,
    /// 0.
    pub reserved: u32,
}
plain!(framewire_log_options, first 40, { size, callback, level, reserved });

/// Starts to listen. Any number of taps may be open, each with a level and a thread of its own.
///
/// On success `*log` is yours until framewire_log_free. INVALID_ARGUMENT: a NULL, a wrong size or an
/// unknown level. INVALID_STATE: a Rust program around the library has a logger of its own.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_log_new(
    options: *const framewire_log_options,
    log: *mut *mut framewire_log,
) -> framewire_status {
    // SAFETY: the caller promises that `options` is NULL or points to `options->size` readable bytes.
    let options = unsafe { sized::read(options, "options") }.map(|o| (o.callback.own(), o.level, o.reserved));
    guard(|| {
        let (callback, level, reserved) = options?;
        required(log, "log")?;
        if callback.call.is_none() {
            return Err(Error::argument("options.callback.call is NULL"));
        }
        unused(reserved, "options.reserved")?;
        let level = level_of(level)?;
        let place = LOGS.reserve()?;
        let tap = Tap::open(level, move |line, lost| deliver(&callback, &line, lost))?;
        // SAFETY: `log` is not NULL, and the caller promises that it is writable.
        unsafe { log.write(place.fill(Entry { tap })) };
        Ok(())
    })
}

/// Ends a tap. NULL is fine. When it returns, `call` is not running and will not be called again,
/// and `drop` has been called; inside the tap's own callback, `drop` follows after that returns. A
/// callback that does not return is waited for one second at most.
#[unsafe(no_mangle)]
pub extern "C" fn framewire_log_free(log: *mut framewire_log) {
    guard_free(log, || {
        let (_, entry) = LOGS.take(log)?;
        entry.tap.close();
        Ok(())
    });
}

/// What a log handle stands for.
pub struct Entry {
    tap: Arc<Tap>,
}

impl framewire_log_callback {
    fn own(self) -> Callback<framewire_log_line> {
        Callback { call: self.call, drop: self.drop, context: self.context }
    }
}

fn deliver(callback: &Callback<framewire_log_line>, line: &Line, lost: u64) {
    let (target, text) = (c_string(&line.target), c_string(&line.text));
    callback.call(&framewire_log_line {
        size: size_of::<framewire_log_line>(),
        level: line.level as i32,
        lost: u32::try_from(lost).unwrap_or(u32::MAX),
        target: target.as_ptr(),
        text: text.as_ptr(),
    });
}

fn level_of(level: u32) -> Result<Level> {
    match level {
        1 => Ok(Level::Error),
        2 => Ok(Level::Warn),
        0 | 3 => Ok(Level::Info),
        4 => Ok(Level::Debug),
        5 => Ok(Level::Trace),
        _ => {
            Err(Error::argument(format!("options.level is {level} but must be a framewire_log_level, or 0")))
        }
    }
}
