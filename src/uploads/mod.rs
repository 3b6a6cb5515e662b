//! Files that the other side sends: each on a data channel of its own, written to a folder as it comes.
//!
//! One thread a receiver writes for all of its peers, a bounded piece for each in turn: a disk that is slow
//! holds up neither libdatachannel's threads nor anybody's media.

mod client;
mod table;
mod thread;

pub use table::{Progress, Taken, UploadsStats};

use crate::channel::{Channel, Taker};
use crate::error::{Error, Result, Status};
use crate::events::{Event, EventKind, Events};
use crate::id::Id;
use crate::message::upload::{LABEL, UploadLimits};
use crate::native::eventfd::EventFd;
use crate::sync::{Condvar, Mutex};
use crate::time::clock;
use std::os::fd::RawFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use table::Table;

/// What an [`Uploads`] is made from.
#[derive(Clone, Debug)]
pub struct UploadsOptions {
    /// The receiver's id in events; `None`: a fresh one.
    pub id: Option<Id>,
    /// Where beginnings, whole files and failures are told.
    pub events: Option<Arc<Events>>,
    /// Where the files are put; it must be there.
    pub folder: PathBuf,
    /// The label of the channels on which files come.
    pub label: String,
    /// What each file keeps to.
    pub limits: UploadLimits,
    /// Files at a time: those that come and those that wait to be taken.
    pub most: usize,
}

impl Default for UploadsOptions {
    fn default() -> Self {
        UploadsOptions {
            id: None,
            events: None,
            folder: std::env::temp_dir(),
            label: LABEL.into(),
            limits: UploadLimits::default(),
            most: 16,
        }
    }
}

/// A receiver of files. Cloning gives another handle to the same one; it ends with [`Uploads::close`], or
/// with the last handle.
#[derive(Clone, Debug)]
pub struct Uploads(Arc<Handle>);

#[derive(Debug)]
struct Handle(Arc<Shared>);

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.close();
    }
}

#[derive(Debug)]
struct Shared {
    id: Id,
    options: UploadsOptions,
    // Held to look or change, never while a file is touched or anything is sent.
    state: Mutex<State>,
    /// Wakes the thread.
    wake: Condvar,
    /// Wakes who waits for a file, or for the end.
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    arrivals: Vec<Arrival>,
    /// Clients on whose channel something happened.
    ready: Vec<u64>,
    table: Table,
    closed: bool,
    /// The thread has removed what was unfinished.
    ended: bool,
    /// Made when first asked for.
    descriptor: Option<EventFd>,
}

/// A channel that a peer's remote made for a file.
#[derive(Debug)]
struct Arrival {
    channel: Channel,
    peer: Id,
    stream: Option<Arc<str>>,
}

/// How long the end waits for a disk that does not answer.
const PATIENCE: Duration = Duration::from_secs(1);

impl Uploads {
    /// A receiver that no peer sends to yet.
    ///
    /// # Errors
    /// `InvalidArgument`: an option is out of range; `Io`: there is no such folder, or no thread to be had.
    pub fn new(mut options: UploadsOptions) -> Result<Uploads> {
        if options.most == 0 || options.limits.size == 0 || options.limits.idle.is_zero() {
            return Err(Error::argument("most, limits.size or limits.idle is 0: no file could ever come"));
        }
        // A program may change its working folder while files come.
        let folder = options.folder.canonicalize().map_err(|error| {
            Error::io(&format!("looking for the folder {}", options.folder.display()), &error)
        })?;
        if !folder.is_dir() || folder.to_str().is_none() {
            let sentence = format!("{} is no folder, or not UTF-8", folder.display());
            return Err(Error::argument(sentence));
        }
        options.folder = folder;
        let state = State { table: Table::new(options.most), ..State::default() };
        let shared = Arc::new(Shared {
            id: options.id.unwrap_or_else(Id::fresh),
            options,
            state: Mutex::new(state),
            wake: Condvar::new(),
            changed: Condvar::new(),
        });
        thread::start(&shared)?;
        Ok(Uploads(Arc::new(Handle(shared))))
    }

    /// Which receiver this is.
    pub fn id(&self) -> Id {
        self.shared().id
    }

    /// The label of the channels on which files come.
    pub fn label(&self) -> &str {
        &self.shared().options.label
    }

    /// Where files are put.
    pub fn folder(&self) -> &Path {
        &self.shared().options.folder
    }

    /// Takes the file that has waited longest, waiting for at most `timeout` (`None`: without end). It is
    /// the caller's from now on, and nobody else gets it.
    ///
    /// # Errors
    /// `Timeout`: none is whole; `Closed`.
    pub fn next(&self, timeout: Option<Duration>) -> Result<Taken> {
        self.next_if(timeout, |_| true)
    }

    /// [`Uploads::next`], but a file whose path `fits` says no to stays.
    pub(crate) fn next_if(
        &self,
        timeout: Option<Duration>,
        mut fits: impl FnMut(&Path) -> bool,
    ) -> Result<Taken> {
        let shared = self.shared();
        let deadline = timeout.map(|timeout| clock::now() + timeout);
        let mut state = shared.state.lock();
        loop {
            if state.closed {
                return Err(Error::new(Status::Closed, "the receiver is closed"));
            }
            if let Some(path) = state.table.oldest() {
                if !fits(path) {
                    let bytes = path.as_os_str().len();
                    return Err(Error::new(Status::Limit, format!("the path has {bytes} bytes")));
                }
                let taken = state.table.take().expect("there is an oldest");
                state.show();
                return Ok(taken);
            }
            match clock::until(deadline) {
                None => shared.changed.wait(&mut state),
                Some(left) if left.is_zero() => {
                    return Err(Error::new(Status::Timeout, "no file came in time"));
                }
                Some(left) => drop(shared.changed.wait_for(&mut state, left)),
            }
        }
    }

    /// A descriptor that is readable while a whole file waits, or the receiver is closed.
    ///
    /// # Errors
    /// `Io`: the process has no descriptors left.
    pub fn descriptor(&self) -> Result<RawFd> {
        let mut state = self.shared().state.lock();
        if state.descriptor.is_none() {
            state.descriptor = Some(EventFd::new().map_err(|e| Error::io("eventfd", &e))?);
            state.show();
        }
        Ok(state.descriptor.as_ref().expect("made above").fd())
    }

    /// How far upload `number` is; `None`: the one that began last, idle if none has.
    ///
    /// # Errors
    /// `InvalidArgument`: there was none of that number, or it has long ended.
    pub fn progress(&self, number: Option<u64>) -> Result<Progress> {
        self.shared().state.lock().table.progress(number)
    }

    /// The figures as they stand.
    pub fn stats(&self) -> UploadsStats {
        self.shared().state.lock().table.stats()
    }

    /// Ends it: what has not been taken is removed, and who sends is told. A disk that does not answer is
    /// waited for one second at most.
    pub fn close(&self) {
        self.shared().close();
    }

    pub(crate) fn taker(&self) -> Arc<dyn Taker> {
        self.shared().clone()
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.shared().state.lock().closed
    }

    fn shared(&self) -> &Arc<Shared> {
        &self.0.0
    }
}

impl Taker for Shared {
    fn label(&self) -> &str {
        &self.options.label
    }

    fn take(&self, channel: Channel, peer: Id, stream: Option<Arc<str>>) -> bool {
        let mut state = self.state.lock();
        if state.closed {
            return false;
        }
        state.arrivals.push(Arrival { channel, peer, stream });
        drop(state);
        self.wake.notify_one();
        true
    }
}

impl Shared {
    fn close(&self) {
        let deadline = clock::now() + PATIENCE;
        let mut state = self.state.lock();
        state.closed = true;
        state.show();
        self.wake.notify_one();
        self.changed.notify_all();
        while !state.ended
            && let Some(left) = clock::until(Some(deadline)).filter(|left| !left.is_zero())
        {
            self.changed.wait_for(&mut state, left);
        }
    }

    fn tell(&self, kind: EventKind, number: u64, stream: &Option<Arc<str>>, text: &str) {
        if let Some(events) = &self.options.events {
            let (stream, text) = (stream.clone(), text.to_owned());
            events.post(Event { kind, object: self.id, stream, value: number as i64, text });
        }
    }
}

impl State {
    /// Lets the descriptor say whether a file waits.
    fn show(&self) {
        match &self.descriptor {
            Some(fd) if self.closed || self.table.oldest().is_some() => fd.raise(),
            Some(fd) => fd.lower(),
            None => {}
        }
    }
}
