//! Results beside the video: each is framed, compressed and cut once, and sent to every peer that the feed
//! was given to, at that peer's own pace.
//!
//! One thread a feed, which sleeps until there is a result, room on a channel, an acknowledgement or a
//! timer.

mod envelope;
mod room;
mod thread;
mod viewer;

use crate::channel::Channel;
use crate::error::{Error, Result, Status};
use crate::id::Id;
use crate::message::chunk::Outgoing;
use crate::message::envelope::Fields;
use crate::message::sender::{Mode, SenderOptions};
use crate::message::{MAX_MESSAGE, ack, chunk};
use crate::stats::Counter;
use crate::sync::{Condvar, Mutex};
use crossbeam_channel::Sender;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// What a [`Results`] is made from.
#[derive(Clone, Debug)]
pub struct ResultsOptions {
    /// The feed's id; `None`: a fresh one.
    pub id: Option<Id>,
    /// The label of its channels.
    pub label: String,
    /// Whether the newest matters, or all.
    pub mode: Mode,
    /// In file mode, how many results may go past the acknowledged one; at least 1.
    pub window: u32,
    /// Whether results are compressed (gzip, level 6).
    pub gzip: bool,
    /// Bytes of a result in one message of a channel.
    pub chunk_size: usize,
    /// Bytes of the largest result.
    pub max_message: usize,
    /// How long a peer may take nothing before its result is given up.
    pub timeout: Duration,
    /// The names of the fields that its results can have.
    pub fields: Vec<String>,
}

/// A feed of results. Cloning gives another handle to the same one; it ends with [`Results::close`], or with
/// the last handle.
#[derive(Clone, Debug)]
pub struct Results(Arc<Handle>);

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
    options: ResultsOptions,
    // Held to put in or take out, never while anything is sent.
    state: Mutex<State>,
    wake: Condvar,
    /// Nothing is held any more.
    room: Condvar,
    /// Which fields are sent.
    fields: Mutex<Arc<Fields>>,
    figures: Figures,
}

#[derive(Debug, Default)]
struct State {
    commands: VecDeque<Command>,
    /// Viewers on whose channel something happened.
    ready: Vec<u64>,
    results: usize,
    /// The highest frame id so far.
    highest: Option<u32>,
    finishing: bool,
    closed: bool,
    /// A result waits for a peer: for an acknowledgement, for a channel to open, or to be sent.
    held: bool,
}

#[derive(Debug)]
enum Command {
    Attach(Channel),
    Send(Outgoing),
    Finish { last: Outgoing, linger: Duration, done: Sender<Finished> },
}

/// How the last message went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Finished {
    /// Peers that acknowledged it.
    pub acknowledged: u64,
    /// Peers that it was handed to, and that did not acknowledge it in time.
    pub lingered: u64,
    /// Peers that it did not go out to, whole.
    pub failed: u64,
}

#[derive(Debug, Default)]
struct Figures {
    viewers: Counter,
    gone: Counter,
    results: Counter,
    replaced: Counter,
    sent: Counter,
    dropped: Counter,
    acks_ignored: Counter,
}

/// Figures of a feed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ResultsStats {
    /// Peers it goes to now.
    pub viewers: u64,
    /// Results given to it.
    pub results: u64,
    /// Results that a newer one replaced before anybody got any of them.
    pub replaced: u64,
    /// Results sent whole, a peer each.
    pub sent: u64,
    /// Results not sent, or not whole, a peer each: a newer one came, the channel closed, or it took too
    /// long.
    pub dropped: u64,
    /// Acknowledgements that could not be true.
    pub acks_ignored: u64,
}

impl Default for ResultsOptions {
    fn default() -> Self {
        ResultsOptions {
            id: None,
            label: "results".into(),
            mode: Mode::Live,
            window: ack::WINDOW,
            gzip: false,
            chunk_size: chunk::CHUNK_SIZE,
            max_message: MAX_MESSAGE,
            timeout: Duration::from_secs(30),
            fields: Vec::new(),
        }
    }
}

/// Results that may wait for the feed's own thread in file mode.
const WAITING: usize = 16;

impl Results {
    /// A feed that goes to nobody yet.
    ///
    /// # Errors
    /// `InvalidArgument`: an option is out of range.
    pub fn new(options: ResultsOptions) -> Result<Results> {
        if options.window == 0 {
            return Err(Error::argument("window is 0: nothing could ever be sent"));
        }
        if options.chunk_size == 0 || options.chunk_size > crate::sdp::MAX_MESSAGE - chunk::HEADER {
            return Err(Error::argument(format!("chunk_size is {}, out of range", options.chunk_size)));
        }
        if options.timeout.is_zero() {
            return Err(Error::argument("timeout is 0: nothing could ever be sent"));
        }
        let shared = Arc::new(Shared {
            id: options.id.unwrap_or_else(Id::fresh),
            options,
            state: Mutex::new(State::default()),
            wake: Condvar::new(),
            fields: Mutex::default(),
            room: Condvar::new(),
            figures: Figures::default(),
        });
        thread::start(&shared)?;
        Ok(Results(Arc::new(Handle(shared))))
    }

    /// Which feed this is.
    pub fn id(&self) -> Id {
        self.shared().id
    }

    /// The label of its channels.
    pub fn label(&self) -> &str {
        &self.shared().options.label
    }

    /// Sends to `channel` too, from when it is open until it is closed; it is the feed's from now on.
    ///
    /// # Errors
    /// `Closed`: the feed has ended.
    pub fn attach(&self, channel: Channel) -> Result<()> {
        self.shared().put(Command::Attach(channel))
    }

    /// Sends one result: `id` is its frame's, which never falls. Never waits.
    ///
    /// # Errors
    /// `Again` in file mode: too much waits. `Limit`: it is too long. `Closed`; `InvalidState`: the last was
    /// sent; `InvalidArgument`: the id fell, or is the highest there is.
    pub fn send(&self, id: u32, result: Vec<u8>) -> Result<()> {
        let shared = self.shared();
        shared.check_length(result.len())?;
        if id == u32::MAX {
            return Err(Error::argument("frame_id is 4294967295, which leaves none for the last message"));
        }
        let mut state = shared.state.lock();
        state.check()?;
        if state.highest.is_some_and(|highest| id < highest) {
            let highest = state.highest.unwrap_or_default();
            return Err(Error::argument(format!("frame_id is {id} but was {highest} before")));
        }
        match shared.options.mode {
            // What nobody got any of gives way to what is newer.
            Mode::Live => {
                let before = state.commands.len();
                state.commands.retain(|command| !matches!(command, Command::Send(_)));
                let gone = (before - state.commands.len()) as u64;
                state.results -= gone as usize;
                shared.figures.replaced.add(gone);
            }
            Mode::File if state.results >= WAITING => {
                return Err(Error::new(Status::Again, format!("{WAITING} results wait already")));
            }
            Mode::File => {}
        }
        state.highest = Some(id);
        state.results += 1;
        shared.figures.results.add_one();
        state.commands.push_back(Command::Send(Outgoing::new(id, result)));
        drop(state);
        shared.wake.notify_one();
        Ok(())
    }

    /// Sends the last message, with the frame id after the highest and never compressed, after all that
    /// waits, and waits until every peer has acknowledged it, or for `linger` after it went out: that
    /// nothing is buffered any more does not mean that it arrived.
    ///
    /// # Errors
    /// As [`Results::send`]; `Timeout`: peers still take what was sent before it.
    pub fn finish(&self, last: Vec<u8>, linger: Duration) -> Result<Finished> {
        self.begin_finish(last, linger)?
            .recv_timeout(self.patience(linger))
            .map_err(|_| Error::new(Status::Timeout, "the last message did not go out"))
    }

    /// The figures as they stand.
    pub fn stats(&self) -> ResultsStats {
        let figures = &self.shared().figures;
        ResultsStats {
            viewers: figures.viewers.get() - figures.gone.get(),
            results: figures.results.get(),
            replaced: figures.replaced.get(),
            sent: figures.sent.get(),
            dropped: figures.dropped.get(),
            acks_ignored: figures.acks_ignored.get(),
        }
    }

    /// Ends it: its channels are closed.
    pub fn close(&self) {
        self.shared().close();
    }

    fn shared(&self) -> &Arc<Shared> {
        &self.0.0
    }
}

impl Shared {
    fn check_length(&self, length: usize) -> Result<()> {
        let most = self.options.max_message;
        if length > most {
            return Err(Error::new(Status::Limit, format!("the result has {length} bytes; at most {most}")));
        }
        Ok(())
    }

    fn put(&self, command: Command) -> Result<()> {
        let mut state = self.state.lock();
        if state.closed {
            return Err(Error::new(Status::Closed, "the feed is closed"));
        }
        state.commands.push_back(command);
        drop(state);
        self.wake.notify_one();
        Ok(())
    }

    fn close(&self) {
        self.state.lock().closed = true;
        self.wake.notify_one();
        self.room.notify_all();
    }

    /// What the senders of its viewers are made from.
    fn sender_options(&self, longest: usize) -> Result<SenderOptions> {
        let ResultsOptions { mode, window, chunk_size, max_message, timeout, .. } = self.options;
        let options = SenderOptions { window, chunk_size, max_message, timeout, ..SenderOptions::new(mode) };
        options.within(longest)
    }
}

impl State {
    fn check(&self) -> Result<()> {
        if self.closed {
            return Err(Error::new(Status::Closed, "the feed is closed"));
        }
        if self.finishing {
            return Err(Error::new(Status::InvalidState, "the last message was sent"));
        }
        Ok(())
    }
}
