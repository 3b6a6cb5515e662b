//! What can go wrong, with a name and a sentence.

use std::borrow::Cow;
use std::fmt;

/// The name of an outcome that is not success.
///
/// The numbers are the C ABI's: positive is "not now", negative is failure. Never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(i32)]
#[non_exhaustive]
pub enum Status {
    /// Nothing can be taken or given at this moment; try again.
    Again = 1,
    /// The object has ended: no more will come, and nothing more is taken.
    Closed = 2,
    /// The time given for the wait is over.
    Timeout = 3,
    /// Somebody ended the wait.
    Cancelled = 4,
    /// An argument breaks a rule; the sentence names both.
    InvalidArgument = -1,
    /// A handle that is stale, freed, of another kind, or never was one.
    InvalidHandle = -2,
    /// The call does not fit the state the object is in.
    InvalidState = -3,
    /// This build or this version cannot do it.
    Unsupported = -4,
    /// The other side did not offer what this needs.
    NotOffered = -5,
    /// A text or message from outside does not parse (SDP, candidate).
    Malformed = -6,
    /// A limit (sessions, sizes, sections) is reached.
    Limit = -7,
    /// libvpx or libopus failed.
    Codec = -8,
    /// libdatachannel failed.
    Transport = -9,
    /// The operating system failed (sockets, descriptors, threads).
    Io = -10,
    /// Called in the child of a `fork`: only the parent may use its objects.
    Forked = -11,
    /// A defect of ours.
    Internal = -12,
}

/// A [`Status`] and the sentence that names the argument and the rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    status: Status,
    sentence: Cow<'static, str>,
}

/// `std`'s `Result` with our [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error of that status with that sentence.
    pub fn new(status: Status, sentence: impl Into<Cow<'static, str>>) -> Self {
        Error { status, sentence: sentence.into() }
    }

    /// An argument that breaks a rule.
    pub fn argument(sentence: impl Into<Cow<'static, str>>) -> Self {
        Error::new(Status::InvalidArgument, sentence)
    }

    /// Text from outside that does not parse.
    pub fn malformed(sentence: impl Into<Cow<'static, str>>) -> Self {
        Error::new(Status::Malformed, sentence)
    }

    /// The operating system's error while `doing` something.
    pub fn io(doing: &str, error: &std::io::Error) -> Self {
        Error::new(Status::Io, format!("{doing}: {error}"))
    }

    /// Which outcome this is.
    pub fn status(&self) -> Status {
        self.status
    }

    /// The sentence alone.
    pub fn sentence(&self) -> &str {
        &self.sentence
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl std::error::Error for Error {}
