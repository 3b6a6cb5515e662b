//! A file that a client sends in chunks: a header of 8 bytes (index, total) and a slice of the file.

mod file;
mod placed;

pub use file::TempFile;

use super::chunk::u32_at;
use crate::error::{Error, Result, Status};
use crate::time::Time;
use placed::Placed;
use std::io;
use std::time::Duration;

/// The label of the channel on which files come.
pub const LABEL: &str = "video_upload";

/// Bytes of a chunk's header.
pub const UPLOAD_HEADER: usize = 8;

/// Where a file is written to. Dropping it removes what was written.
pub trait Store {
    /// Writes `bytes` at `at`, all or an error.
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()>;
    /// Everything is written: the file has `size` bytes.
    fn finish(&mut self, size: u64) -> io::Result<()>;
}

/// What an upload keeps to.
#[derive(Clone, Copy, Debug)]
pub struct UploadLimits {
    /// Bytes of the file.
    pub size: u64,
    /// It fails when no new chunk came for so long.
    pub idle: Duration,
}

impl Default for UploadLimits {
    fn default() -> UploadLimits {
        UploadLimits { size: 512 << 20, idle: Duration::from_secs(60) }
    }
}

/// How far an upload is. Only `Complete` has a file that can be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UploadState {
    /// Nothing has come.
    Idle,
    /// Chunks come.
    Receiving,
    /// The file is whole.
    Complete,
    /// Somebody has it.
    Taken,
    /// It will not be whole, and why.
    Failed(String),
}

/// What a message meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A new chunk, which was written.
    Chunk,
    /// Nothing new: a chunk that had come before, or that comes after the end.
    Nothing,
    /// A keep-alive, which is to be sent back as it came.
    KeepAlive,
    /// The last chunk that was missing: the file is whole. Said once.
    Complete,
    /// The upload has failed, and the client is to be told why. Said once.
    Failed(String),
}

/// One upload.
#[derive(Debug)]
pub struct Upload<S> {
    limits: UploadLimits,
    /// There until it is taken, or nobody may take it.
    store: Option<S>,
    state: UploadState,
    placed: Placed,
    progress: Time,
    /// The client was told a failure. Once is enough.
    refused: bool,
}

impl<S: Store> Upload<S> {
    /// An upload into `store`.
    pub fn new(store: S, limits: UploadLimits) -> Upload<S> {
        let (state, placed) = (UploadState::Idle, Placed::default());
        Upload { limits, store: Some(store), state, placed, progress: Time::default(), refused: false }
    }

    /// Takes one message of the client.
    pub fn message(&mut self, message: &[u8], now: Time) -> Heard {
        if message.len() <= 1 {
            return Heard::KeepAlive;
        }
        let Some((header, bytes)) = message.split_first_chunk::<UPLOAD_HEADER>() else {
            let len = message.len();
            return self.refuse(format!("a message of {len} bytes is neither a chunk nor a keep-alive"));
        };
        let (index, total) = (u32_at(header, 0), u32_at(header, 4));
        match self.state {
            UploadState::Failed(_) => Heard::Nothing,
            UploadState::Complete | UploadState::Taken if self.placed.repeats(index, total) => Heard::Nothing,
            UploadState::Complete | UploadState::Taken => self.refuse("a second upload".into()),
            UploadState::Idle | UploadState::Receiving => match self.chunk(index, total, bytes, now) {
                Ok(heard) => heard,
                Err(why) => self.refuse(why),
            },
        }
    }

    /// Fails it if nothing new has come for too long.
    pub fn tick(&mut self, now: Time) -> Heard {
        match self.deadline() {
            Some(due) if now >= due => {
                self.refuse(format!("nothing new came for {} s", self.limits.idle.as_secs_f64()))
            }
            _ => Heard::Nothing,
        }
    }

    /// When the next tick is due.
    pub fn deadline(&self) -> Option<Time> {
        (self.state == UploadState::Receiving).then(|| self.progress + self.limits.idle)
    }

    /// Ends it, unless the file is whole: the client is gone, or the program does not want it.
    pub fn abort(&mut self, why: &str) -> Heard {
        match self.state {
            UploadState::Idle | UploadState::Receiving => self.refuse(why.into()),
            _ => Heard::Nothing,
        }
    }

    /// Gives the file away, to the first who asks once it is complete.
    pub fn take(&mut self) -> Result<S> {
        let sentence = match &self.state {
            UploadState::Complete => {
                self.state = UploadState::Taken;
                return Ok(self.store.take().expect("whoever is complete has its file"));
            }
            UploadState::Idle | UploadState::Receiving => {
                return Err(Error::new(Status::Again, "the upload is not complete"));
            }
            UploadState::Taken => "the file has been taken already".into(),
            UploadState::Failed(why) => format!("the upload has failed: {why}"),
        };
        Err(Error::new(Status::InvalidState, sentence))
    }

    /// How far it is.
    pub fn state(&self) -> &UploadState {
        &self.state
    }

    /// Bytes of the file that have come.
    pub fn received(&self) -> u64 {
        self.placed.bytes()
    }

    /// Chunks that have come, and of how many.
    pub fn chunks(&self) -> (u32, u32) {
        self.placed.chunks()
    }

    fn chunk(
        &mut self,
        index: u32,
        total: u32,
        bytes: &[u8],
        now: Time,
    ) -> std::result::Result<Heard, String> {
        let Upload { placed, store: Some(store), limits, .. } = self else { return Ok(Heard::Nothing) };
        let Some(writes) = placed.place(index, total, bytes, limits.size)? else { return Ok(Heard::Nothing) };
        let held = writes.held.as_ref().map(|(at, bytes)| (*at, &bytes[..]));
        for (at, bytes) in writes.at.map(|at| (at, bytes)).into_iter().chain(held) {
            store.write_at(at, bytes).map_err(unwritable)?;
        }
        (self.state, self.progress) = (UploadState::Receiving, now);
        if !placed.is_whole() {
            return Ok(Heard::Chunk);
        }
        store.finish(placed.bytes()).map_err(unwritable)?;
        self.state = UploadState::Complete;
        Ok(Heard::Complete)
    }

    /// The upload fails and its file goes; one that was taken stays taken.
    fn refuse(&mut self, why: String) -> Heard {
        if std::mem::replace(&mut self.refused, true) {
            return Heard::Nothing;
        }
        if self.state != UploadState::Taken {
            self.store = None;
            self.state = UploadState::Failed(why.clone());
        }
        Heard::Failed(why)
    }
}

fn unwritable(error: io::Error) -> String {
    format!("the file cannot be written: {error}")
}
