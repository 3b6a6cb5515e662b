//! The uploads of a receiver: which there are, how far each is, whose turn it is to be taken.

use crate::error::{Error, Result};
use crate::id::Id;
use crate::message::upload::{TempFile, UploadState};
use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};

/// Uploads that are over and still can be asked about.
const REMEMBERED: usize = 64;

/// How far one upload is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Which one, counted from 1; 0 if none has begun.
    pub number: u64,
    /// The peer that it comes from.
    pub peer: Id,
    /// Bytes that have come.
    pub received: u64,
    /// Chunks that have come, and of how many.
    pub chunks: (u32, u32),
    /// Where it stands.
    pub state: UploadState,
}

/// A file that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Where it is.
    pub path: PathBuf,
    /// Which upload it was.
    pub number: u64,
    /// Its bytes.
    pub size: u64,
}

/// Figures of a receiver.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UploadsStats {
    /// Files that come now.
    pub receiving: u64,
    /// Whole files that wait to be taken.
    pub waiting: u64,
    /// Files that became whole.
    pub completed: u64,
    /// Files that were taken.
    pub taken: u64,
    /// Uploads that failed.
    pub failed: u64,
    /// Bytes of files that have come.
    pub bytes: u64,
    /// Keep-alives that were not sent back, because too much waited to be sent.
    pub echoes_dropped: u64,
}

/// The uploads.
#[derive(Debug, Default)]
pub struct Table {
    most: usize,
    last: u64,
    records: BTreeMap<u64, Record>,
    /// Whole files, in the order in which they became so.
    whole: VecDeque<(u64, TempFile)>,
    /// Those that are over, oldest first.
    over: VecDeque<u64>,
    stats: UploadsStats,
}

#[derive(Debug)]
struct Record {
    progress: Progress,
    /// It has begun and is not over: it has room on the disk.
    counts: bool,
}

impl Table {
    /// No uploads, and at most so many at a time.
    pub fn new(most: usize) -> Table {
        Table { most, ..Table::default() }
    }

    /// One begins; its number, and why it cannot be, if so.
    pub fn begin(&mut self, peer: Id) -> (u64, Option<String>) {
        let counting = || self.records.values().filter(|record| record.counts);
        let receiving = |record: &Record| record.progress.state == UploadState::Receiving;
        let why = if counting().any(|record| record.progress.peer == peer && receiving(record)) {
            Some("a second upload of this connection at once".into())
        } else if counting().count() >= self.most {
            Some(format!("{} files come or wait to be taken already", self.most))
        } else {
            None
        };
        self.last += 1;
        let (number, state) = (self.last, UploadState::Receiving);
        let progress = Progress { number, peer, received: 0, chunks: (0, 0), state };
        self.records.insert(number, Record { progress, counts: true });
        self.stats.receiving += 1;
        (number, why)
    }

    /// More of it has come.
    pub fn advance(&mut self, number: u64, received: u64, chunks: (u32, u32)) {
        if let Some(Record { progress, .. }) = self.records.get_mut(&number) {
            self.stats.bytes += received - progress.received;
            (progress.received, progress.chunks) = (received, chunks);
        }
    }

    /// It is whole, in `file`.
    pub fn complete(&mut self, number: u64, file: TempFile) {
        if let Some(record) = self.records.get_mut(&number) {
            record.progress.state = UploadState::Complete;
            self.whole.push_back((number, file));
            self.stats.receiving -= 1;
            self.stats.completed += 1;
        }
    }

    /// It has failed; nothing happens to one that was taken, or had failed before. The file of one that was
    /// whole comes back, to be removed where that may take its time.
    pub fn fail(&mut self, number: u64, why: &str) -> Option<Option<TempFile>> {
        let record = self.records.get_mut(&number).filter(|record| record.counts)?;
        self.stats.receiving -= u64::from(record.progress.state == UploadState::Receiving);
        self.stats.failed += 1;
        let at = self.whole.iter().position(|(whole, _)| *whole == number);
        self.end(number, UploadState::Failed(why.into()));
        Some(at.and_then(|at| self.whole.remove(at)).map(|(_, file)| file))
    }

    /// Where the file is that has waited longest.
    pub fn oldest(&self) -> Option<&Path> {
        self.whole.front().and_then(|(_, file)| file.path())
    }

    /// Gives it away.
    pub fn take(&mut self) -> Option<Taken> {
        let (number, file) = self.whole.pop_front()?;
        self.stats.taken += 1;
        let size = self.records.get(&number).map_or(0, |record| record.progress.received);
        self.end(number, UploadState::Taken);
        file.keep().map(|path| Taken { path, number, size })
    }

    /// How far one is; `None`: the one that began last.
    pub fn progress(&self, number: Option<u64>) -> Result<Progress> {
        let number = number.unwrap_or(self.last);
        if number == 0 {
            let state = UploadState::Idle;
            return Ok(Progress { number, peer: Id(0), received: 0, chunks: (0, 0), state });
        }
        let record = self.records.get(&number).map(|record| record.progress.clone());
        record.ok_or_else(|| Error::argument(format!("upload {number} never was, or has long ended")))
    }

    /// The figures as they stand.
    pub fn stats(&self) -> UploadsStats {
        UploadsStats { waiting: self.whole.len() as u64, ..self.stats }
    }

    /// A keep-alive could not be sent back.
    pub fn echo_dropped(&mut self) {
        self.stats.echoes_dropped += 1;
    }

    /// The files that nobody took, to be removed.
    pub fn clear(&mut self) -> VecDeque<(u64, TempFile)> {
        std::mem::take(&mut self.whole)
    }

    fn end(&mut self, number: u64, state: UploadState) {
        if let Some(record) = self.records.get_mut(&number) {
            (record.progress.state, record.counts) = (state, false);
        }
        self.over.push_back(number);
        if self.over.len() > REMEMBERED
            && let Some(oldest) = self.over.pop_front()
        {
            self.records.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::upload::Store;

    fn file() -> TempFile {
        let mut file = TempFile::new(std::env::temp_dir());
        file.write_at(0, b"x").expect("there is room for a byte");
        file
    }

    /// One that may begin.
    fn begun(table: &mut Table, peer: u64) -> u64 {
        let (number, why) = table.begin(Id(peer));
        assert_eq!(why, None);
        number
    }

    #[test]
    fn a_peer_has_one_at_once_and_all_together_have_as_many_as_there_is_room_for() {
        let mut table = Table::new(2);
        let first = begun(&mut table, 1);
        let (second, why) = table.begin(Id(1));
        assert_eq!(why.as_deref(), Some("a second upload of this connection at once"));
        assert!(table.fail(second, "it may not be").is_some_and(|file| file.is_none()));
        table.complete(first, file());
        let third = begun(&mut table, 1);
        let (fourth, why) = table.begin(Id(2));
        assert_eq!(why.as_deref(), Some("2 files come or wait to be taken already"));
        table.fail(fourth, "it may not be");
        let taken = table.take().expect("one is whole");
        assert_eq!((taken.number, table.take()), (first, None));
        std::fs::remove_file(taken.path).expect("it was kept");
        begun(&mut table, 2);
        table.advance(third, 7, (1, 2));
        let stats = table.stats();
        assert_eq!((stats.receiving, stats.waiting, stats.taken, stats.failed, stats.bytes), (2, 0, 1, 2, 7));
    }

    #[test]
    fn what_was_taken_or_has_failed_stays_so_and_is_forgotten_in_the_end() {
        let mut table = Table::new(4);
        let taken = begun(&mut table, 1);
        table.complete(taken, file());
        std::fs::remove_file(table.take().expect("it is whole").path).expect("it was kept");
        assert!(table.fail(taken, "too late").is_none());
        assert_eq!(table.progress(Some(taken)).expect("remembered").state, UploadState::Taken);
        let whole = begun(&mut table, 1);
        table.complete(whole, file());
        let removed = table.fail(whole, "a second upload").expect("it had not been taken");
        let path = removed.as_ref().and_then(TempFile::path).expect("it had a file").to_owned();
        drop(removed);
        assert!(!path.exists() && table.take().is_none());
        for _ in 0..REMEMBERED {
            let number = begun(&mut table, 1);
            table.fail(number, "so it goes");
        }
        assert!(table.progress(Some(taken)).is_err() && table.progress(Some(whole)).is_err());
        assert_eq!(table.progress(None).expect("the last").state, UploadState::Failed("so it goes".into()));
        assert_eq!(table.records.len(), REMEMBERED);
    }
}
