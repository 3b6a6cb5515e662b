//! The outcome of a call, and its sentence.

use crate::error::Status;
use std::ffi::c_char;

/// What became of a call: 0 is success, positive is "not now", negative is failure.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum framewire_status {
    /// Done.
    FRAMEWIRE_OK = 0,
    /// Nothing can be taken or given at this moment; try again.
    FRAMEWIRE_AGAIN = 1,
    /// The object has ended: no more will come, and nothing more is taken.
    FRAMEWIRE_CLOSED = 2,
    /// The time given for the wait is over.
    FRAMEWIRE_TIMEOUT = 3,
    /// Somebody ended the wait.
    FRAMEWIRE_CANCELLED = 4,
    /// An argument breaks a rule; framewire_last_error names both.
    FRAMEWIRE_INVALID_ARGUMENT = -1,
    /// A handle that is NULL, freed, of another kind, or never was one.
    FRAMEWIRE_INVALID_HANDLE = -2,
    /// The call does not fit the state the object is in.
    FRAMEWIRE_INVALID_STATE = -3,
    /// This build or this version cannot do it.
    FRAMEWIRE_UNSUPPORTED = -4,
    /// The other side did not offer what this needs.
    FRAMEWIRE_NOT_OFFERED = -5,
    /// A text from outside does not parse (SDP, candidate).
    FRAMEWIRE_MALFORMED = -6,
    /// A limit (sessions, sizes, sections, the room of a buffer) is reached.
    FRAMEWIRE_LIMIT = -7,
    /// libvpx or libopus failed.
    FRAMEWIRE_CODEC = -8,
    /// libdatachannel failed.
    FRAMEWIRE_TRANSPORT = -9,
    /// The operating system failed (sockets, descriptors, threads).
    FRAMEWIRE_IO = -10,
    /// Called in the child of a fork: only the parent may use its objects.
    FRAMEWIRE_FORKED = -11,
    /// A defect of the library.
    FRAMEWIRE_INTERNAL = -12,
}

use framewire_status::*;

impl From<Status> for framewire_status {
    fn from(status: Status) -> Self {
        match status {
            Status::Again => FRAMEWIRE_AGAIN,
            Status::Closed => FRAMEWIRE_CLOSED,
            Status::Timeout => FRAMEWIRE_TIMEOUT,
            Status::Cancelled => FRAMEWIRE_CANCELLED,
            Status::InvalidArgument => FRAMEWIRE_INVALID_ARGUMENT,
            Status::InvalidHandle => FRAMEWIRE_INVALID_HANDLE,
            Status::InvalidState => FRAMEWIRE_INVALID_STATE,
            Status::Unsupported => FRAMEWIRE_UNSUPPORTED,
            Status::NotOffered => FRAMEWIRE_NOT_OFFERED,
            Status::Malformed => FRAMEWIRE_MALFORMED,
            Status::Limit => FRAMEWIRE_LIMIT,
            Status::Codec => FRAMEWIRE_CODEC,
            Status::Transport => FRAMEWIRE_TRANSPORT,
            Status::Io => FRAMEWIRE_IO,
            Status::Forked => FRAMEWIRE_FORKED,
            Status::Internal => FRAMEWIRE_INTERNAL,
        }
    }
}

/// The sentence of the last call of this thread that did not return FRAMEWIRE_OK: it names the
/// argument and the rule, "frame.stride[0] is 600 but width 640 needs 640". Never NULL; "" when no
/// call has failed. A call that succeeds leaves it alone.
///
/// Lives until the next call of this thread that does not return FRAMEWIRE_OK. Needs no handle, and
/// works in the child of a fork.
#[unsafe(no_mangle)]
pub extern "C" fn framewire_last_error() -> *const c_char {
    super::guard::last_error()
}
