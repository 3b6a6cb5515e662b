//! An upload's file on disk.

use super::Store;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::mem;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// A new file of ours in a folder, made when the first byte comes, and removed when this is dropped.
/// Nobody else may read it.
#[derive(Debug)]
pub struct TempFile {
    folder: PathBuf,
    open: Option<(File, PathBuf)>,
}

impl TempFile {
    /// A file that will be in `folder`.
    pub fn new(folder: impl Into<PathBuf>) -> TempFile {
        TempFile { folder: folder.into(), open: None }
    }

    /// Where the file is, if there is one.
    pub fn path(&self) -> Option<&Path> {
        self.open.as_ref().map(|(_, path)| path.as_path())
    }

    /// Where the file is, if there is one. It is the caller's from now on.
    pub fn keep(mut self) -> Option<PathBuf> {
        self.open.take().map(|(_, path)| path)
    }

    fn open(&mut self) -> io::Result<&File> {
        if self.open.is_none() {
            let path = self.folder.join(format!("framewire-{}.upload", uuid::Uuid::new_v4()));
            let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
            self.open = Some((file, path));
        }
        Ok(&self.open.as_ref().expect("opened above").0)
    }
}

impl Store for TempFile {
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.open()?.write_all_at(bytes, at)
    }

    fn finish(&mut self, size: u64) -> io::Result<()> {
        self.open()?.set_len(size)
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        if let Some((file, path)) = mem::take(&mut self.open) {
            drop(file);
            if let Err(error) = fs::remove_file(&path) {
                log::warn!("the unfinished upload {} cannot be removed: {error}", path.display());
            }
        }
    }
}
