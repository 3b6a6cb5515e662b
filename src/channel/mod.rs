//! Data channels: messages beside the media, or alone.
//!
//! What comes waits in a bounded memory of the channel until the application takes it; a channel whose
//! application does not is closed, because dropping from a reliable stream in silence would be worse.
//! What goes out is refused, not queued, when too much waits already.

mod framed;
mod hub;
mod inbox;

pub use framed::Unsent;
pub(crate) use hub::Hub;
pub use inbox::{ChannelState, ChannelStats, Message};

use crate::error::{Error, Result, Status};
use crate::id::Id;
use crate::native::datachannel::{ChannelId, Connection, Reliability};
use inbox::Inbox;
use parking_lot::Mutex;
use std::ffi::CString;
use std::os::fd::RawFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

/// Bytes that may wait to be sent on one channel. Browsers close a channel with more.
pub const MAX_BUFFERED: usize = 16 << 20;

/// Streams of a connection: libdatachannel negotiates no more.
const STREAMS: u16 = 1_024;

/// What a channel is made from.
#[derive(Clone, Debug, Default)]
pub struct ChannelOptions {
    /// The channel's id in events; `None`: a fresh one.
    pub id: Option<Id>,
    /// Its name, as the remote sees it: at most 65,535 bytes.
    pub label: String,
    /// The subprotocol, as the remote sees it.
    pub protocol: String,
    /// Messages may arrive in another order.
    pub unordered: bool,
    /// A message is given up after so many further tries; `None`: never.
    pub max_retransmits: Option<u32>,
    /// A message is given up after so long; `None`: never. Not both.
    pub max_lifetime: Option<Duration>,
    /// The remote makes it too, with the same number: the stream that both agreed on (0 to 1,023). `None`:
    /// the remote is told of it.
    pub negotiated: Option<u16>,
}

/// One data channel. Cloning gives another handle to the same one; it ends with [`Channel::close`], with
/// its peer, or with the last handle.
#[derive(Clone, Debug)]
pub struct Channel(Arc<Handle>);

#[derive(Debug)]
struct Handle(Arc<Shared>);

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.close("it was closed");
    }
}

#[derive(Debug)]
pub(crate) struct Shared {
    /// Changes when the application takes a channel that the remote made.
    id: AtomicU64,
    options: ChannelOptions,
    inbox: Inbox,
    // Held to look or change, never across a call of libdatachannel.
    link: Mutex<Option<Link>>,
    /// Who else is woken by what happens.
    listener: Mutex<Option<Arc<dyn Listener>>>,
    pace: framed::Pace,
}

/// Is woken when a channel opens, closes, has a message where none waited, or has room to send. On threads
/// of libdatachannel, inside its locks: wake somebody and return.
pub(crate) trait Listener: Send + Sync + std::fmt::Debug {
    /// Something of that happened.
    fn stir(&self);
    /// A text for the remote, before a channel is closed on which more came than was taken.
    fn last_word(&self, _why: &str) -> Option<String> {
        None
    }
}

/// Takes the channels of one label that remotes make, in the program's place.
pub(crate) trait Taker: Send + Sync {
    /// The label.
    fn label(&self) -> &str;
    /// One arrived at `peer`; no message of it has come yet. False: it is not wanted any more. On a thread
    /// of libdatachannel, as [`Listener`].
    fn take(&self, channel: Channel, peer: Id, stream: Option<Arc<str>>) -> bool;
}

/// The channel while its connection lives.
#[derive(Clone, Debug)]
struct Link {
    channel: ChannelId,
    connection: Weak<Connection>,
    hub: Weak<Hub>,
    /// The longest message that the remote takes.
    longest: usize,
}

impl Channel {
    /// Which channel this is.
    pub fn id(&self) -> Id {
        self.shared().id()
    }

    /// Has events name it `id` from now on.
    pub(crate) fn rename(&self, id: Id) {
        self.shared().id.store(id.0, Ordering::Relaxed);
    }

    /// Its name.
    pub fn label(&self) -> &str {
        &self.shared().options.label
    }

    /// Its subprotocol.
    pub fn protocol(&self) -> &str {
        &self.shared().options.protocol
    }

    /// Where it stands.
    pub fn state(&self) -> ChannelState {
        self.shared().inbox.state()
    }

    /// Queues one message; it is copied, and never waits.
    ///
    /// # Errors
    /// `Again`: [`MAX_BUFFERED`] bytes wait to be sent. `InvalidState`: it is not open yet. `Closed`, with
    /// the reason. `Limit`: it is longer than the remote takes. `InvalidArgument`: a text with a NUL.
    pub fn send(&self, message: &[u8], text: bool) -> Result<()> {
        let shared = self.shared();
        shared.inbox.check_open()?;
        let closed = || Error::new(Status::Closed, "the channel is closed");
        let link = shared.link.lock().clone().ok_or_else(closed)?;
        if message.len() > link.longest {
            let (bytes, longest) = (message.len(), link.longest);
            return Err(Error::new(
                Status::Limit,
                format!("the message has {bytes} bytes; the remote takes {longest}"),
            ));
        }
        if link.channel.buffered() + message.len() > MAX_BUFFERED {
            return Err(Error::new(Status::Again, format!("{MAX_BUFFERED} bytes wait to be sent")));
        }
        let sent = match text {
            false => link.channel.send(message),
            true => {
                std::str::from_utf8(message)
                    .map_err(|e| Error::argument(format!("the text is not UTF-8: {e}")))?;
                let nul = |_| Error::argument("a text with a NUL would arrive cut");
                link.channel.send_text(&CString::new(message).map_err(nul)?)
            }
        };
        match sent {
            true => {
                shared.inbox.sent(message.len());
                Ok(())
            }
            false => Err(closed()),
        }
    }

    /// Bytes that wait to be sent. Zero is not delivery: SCTP holds up to a quarter of a megabyte more.
    pub fn buffered(&self) -> usize {
        self.shared().link.lock().as_ref().map_or(0, |link| link.channel.buffered())
    }

    /// Takes the next message, waiting for at most `timeout` (`None`: without end).
    ///
    /// # Errors
    /// `Timeout`; `Closed` once the channel is closed and all that came was taken, with the reason.
    pub fn next(&self, timeout: Option<Duration>) -> Result<Message> {
        self.shared().inbox.next(timeout, |_| true)
    }

    /// [`Channel::next`], but a message that `fits` says no to stays.
    pub(crate) fn next_if(
        &self,
        timeout: Option<Duration>,
        fits: impl FnMut(&Message) -> bool,
    ) -> Result<Message> {
        self.shared().inbox.next(timeout, fits)
    }

    /// A descriptor that is readable while a message waits, or the channel is closed.
    ///
    /// # Errors
    /// `Io`: the process has no descriptors left.
    pub fn descriptor(&self) -> Result<RawFd> {
        self.shared().inbox.descriptor()
    }

    /// The figures as they stand.
    pub fn stats(&self) -> ChannelStats {
        self.shared().inbox.stats()
    }

    /// Has `listener` be woken by what happens from now on.
    pub(crate) fn listen(&self, listener: Arc<dyn Listener>) {
        *self.shared().listener.lock() = Some(listener);
    }

    /// The longest message that the remote takes.
    pub(crate) fn longest(&self) -> usize {
        self.shared().link.lock().as_ref().map_or(0, |link| link.longest)
    }

    /// Closes it, after what was given to send. Who waits wakes.
    pub fn close(&self) {
        self.shared().close("it was closed");
    }

    fn shared(&self) -> &Arc<Shared> {
        &self.0.0
    }
}

impl ChannelOptions {
    fn check(&self) -> Result<()> {
        for (name, text) in [("label", &self.label), ("protocol", &self.protocol)] {
            if text.len() > usize::from(u16::MAX) || text.contains('\0') {
                return Err(Error::argument(format!(
                    "{name} is longer than 65535 bytes, or has a NUL in it"
                )));
            }
        }
        if let Some(stream) = self.negotiated.filter(|stream| *stream >= STREAMS) {
            return Err(Error::argument(format!("stream is {stream} but must be at most {}", STREAMS - 1)));
        }
        if self.max_retransmits.is_some() && self.max_lifetime.is_some() {
            return Err(Error::argument("max_retransmits and max_lifetime exclude one another"));
        }
        Ok(())
    }

    fn reliability(&self) -> Reliability {
        Reliability {
            unordered: self.unordered,
            max_retransmits: self.max_retransmits,
            max_lifetime_ms: self
                .max_lifetime
                .map(|time| u32::try_from(time.as_millis()).unwrap_or(u32::MAX)),
        }
    }
}

impl Shared {
    fn new(id: Id, options: ChannelOptions) -> Arc<Shared> {
        Arc::new(Shared {
            id: AtomicU64::new(id.0),
            options,
            inbox: Inbox::default(),
            link: Mutex::new(None),
            listener: Mutex::new(None),
            pace: framed::Pace::default(),
        })
    }

    fn id(&self) -> Id {
        Id(self.id.load(Ordering::Relaxed))
    }

    fn handle(self: &Arc<Self>) -> Channel {
        Channel(Arc::new(Handle(self.clone())))
    }

    fn stir(&self) {
        self.pace.stir();
        let listener = self.listener.lock().clone();
        if let Some(listener) = listener {
            listener.stir();
        }
    }

    /// Ends it from our side, because nobody takes what comes.
    fn overflow(&self, why: &str) {
        let listener = self.listener.lock().clone();
        let word = listener.and_then(|listener| listener.last_word(why));
        let link = self.link.lock().clone();
        if let (Some(word), Some(link)) = (word.and_then(|word| CString::new(word).ok()), link) {
            link.channel.send_text(&word);
        }
        self.close(why);
        self.stir();
    }

    /// Ends it from our side.
    fn close(&self, why: &str) {
        self.inbox.close(why);
        let link = self.link.lock().take();
        if let Some(link) = link {
            if let Some(hub) = link.hub.upgrade() {
                hub.forget(link.channel);
            }
            if let Some(connection) = link.connection.upgrade() {
                connection.remove_channel(link.channel);
            }
        }
        self.pace.stir();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::{EventKind, Events};
    use crate::peer::{Peer, PeerOptions};

    const PATIENCE: Duration = Duration::from_secs(30);

    /// Takes channels and nothing that comes on them, and keeps the last.
    #[derive(Debug, Default)]
    struct Lazy(Mutex<Option<Channel>>);

    impl Taker for Lazy {
        fn label(&self) -> &str {
            "x"
        }

        fn take(&self, channel: Channel, _: Id, _: Option<Arc<str>>) -> bool {
            channel.listen(Arc::new(Lazy::default()));
            *self.0.lock() = Some(channel);
            true
        }
    }

    impl Listener for Lazy {
        fn stir(&self) {}

        fn last_word(&self, why: &str) -> Option<String> {
            Some(format!("last: {why}"))
        }
    }

    #[test]
    fn who_sends_more_than_is_taken_hears_why() {
        let events = Events::new(100).expect("a queue");
        let [sends, takes] = [Some(events.clone()), None].map(|events| {
            let media_address = Some([127, 0, 0, 1].into());
            let options = PeerOptions { events, media_address, probe_candidates: true, ..Default::default() };
            Peer::new(options).expect("a peer")
        });
        takes.hub().give(Arc::new(Lazy::default())).expect("nobody has the label");
        let options = ChannelOptions { label: "x".into(), ..Default::default() };
        let channel = sends.channel(options).expect("before the offer");
        let offer = sends.offer(PATIENCE).expect("an offer");
        let answer = takes.answer(&offer, PATIENCE).expect("an answer");
        sends.accept(&answer, PATIENCE).expect("it is accepted");
        while events.next(PATIENCE).expect("it opens").kind != EventKind::ChannelOpen {}
        // What may wait, and one message more, which the remote knows nothing of yet.
        let message = vec![0; 1 << 18];
        for _ in 0..MAX_BUFFERED / message.len() {
            channel.send(&message, false).expect("it is open");
        }
        channel.send(b"x", false).expect("it is open");
        let word = channel.next(Some(PATIENCE)).expect("the last word");
        assert_eq!(word.data, b"last: the program did not take what came");
        assert_eq!(channel.next(Some(PATIENCE)).expect_err("it is closed").status(), Status::Closed);
    }
}
