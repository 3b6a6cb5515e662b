//! One queue of what happened, read by a descriptor and `next`, or delivered to a callback.

use crate::error::Result;
use crate::id::Id;
use crate::queue::{Call, News, Queue};
use std::os::fd::RawFd;
use std::sync::Arc;
use std::time::Duration;

/// What happened. The numbers are the C ABI's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
#[non_exhaustive]
pub enum EventKind {
    /// A peer's state changed; `value` is its [`crate::peer::PeerState`], `text` the reason.
    PeerState = 1,
    /// An answer is ready: `text` is the SDP.
    Answer = 2,
    /// An offer is ready: `text` is the SDP.
    Offer = 3,
    /// Negotiation failed: `text` says why, `value` is the status.
    NegotiationFailed = 4,
    /// A local ICE candidate to be sent to the other side: `text`; empty ends them.
    Candidate = 5,
    /// A keyframe was asked for by a viewer of this source.
    KeyframeRequested = 6,
    /// One frame could not be encoded; `text` says why.
    EncoderError = 7,
    /// The source has failed and takes nothing more.
    SourceFailed = 8,
    /// A WHEP session began at a server; `text` is its id.
    SessionStarted = 9,
    /// A WHEP session ended; `text` says why.
    SessionEnded = 10,
    /// A server's own thread ended by an error.
    ServerFailed = 11,
    /// Somebody wants to publish a stream that nobody registered: `value` is the request to be
    /// answered, `text` the bearer token that came.
    PublishRequest = 12,
    /// A publisher's session (WHIP, WebSocket) began at a server; `text` is its id.
    PublishStarted = 13,
    /// A publisher's session ended; `text` says why. With `value` 0 it is one that was accepted and did
    /// not begin.
    PublishEnded = 14,
    /// The remote made a data channel: the object is the peer, `text` the channel's label.
    ChannelArrived = 20,
    /// A data channel that we made is open; `text` is its label.
    ChannelOpen = 21,
    /// A message waits on a data channel where none did.
    ChannelMessage = 22,
    /// A data channel is closed; `text` says why.
    ChannelClosed = 23,
    /// A file begins to come; `value` is the upload's number.
    UploadStarted = 24,
    /// A file is whole and can be taken; `value` is the upload's number.
    UploadComplete = 25,
    /// An upload has failed, and its file is gone; `value` is its number, `text` says why.
    UploadFailed = 26,
    /// The picture that a sink takes entered a state; `value` is its
    /// [`crate::receive::TrackState`], `text` the reason.
    VideoTrack = 15,
    /// The sound that a sink takes entered a state, likewise.
    AudioTrack = 16,
    /// The first picture or sound of a track was decoded; `value` is the microseconds it took.
    FirstFrame = 17,
    /// A resolve has its track: the object is the resolver, `value` the resolve's number, `text` the track.
    Resolved = 40,
    /// A resolve was cancelled, or its resolver closed; likewise, `text` says which.
    ResolveCancelled = 41,
    /// A resolve found nothing in time; likewise, `text` says what there was instead.
    ResolveTimedOut = 42,
    /// A client's state changed; `value` is its [`crate::client::ClientState`], `text` the reason.
    ClientState = 18,
    /// A processor lives: `value` is how many results it has sent. At most one a second.
    ProcessorHeartbeat = 32,
    /// A processor could not process a frame: `value` is its id, `text` says why.
    ProcessorError = 33,
    /// A processor has ended, and its last message has gone out: `value` is the number of the
    /// [`crate::process::Reason`], `text` a sentence.
    ProcessorEnded = 34,
}

/// One thing that happened.
#[derive(Clone, Debug)]
pub struct Event {
    /// What.
    pub kind: EventKind,
    /// To which object.
    pub object: Id,
    /// The stream's name where there is one.
    pub stream: Option<Arc<str>>,
    /// A number that the kind explains.
    pub value: i64,
    /// A sentence, or the text that the kind explains.
    pub text: String,
}

/// The queue. Bounded: when it is full the oldest goes, counted.
#[derive(Debug)]
pub struct Events {
    queue: Arc<Queue<Event>>,
    /// Whether an object may still be heard of. Asked under the queue's lock, takes the registry's.
    alive: fn(Id) -> bool,
}

impl Events {
    /// A queue of at most `capacity` events, to be read with [`Events::next`].
    pub fn new(capacity: usize) -> Result<Arc<Events>> {
        Ok(Arc::new(Events::about(capacity, |_| true)))
    }

    /// A queue whose events go to `callback`, on a thread of ours, one at a time. It is dropped on
    /// that thread after its last call: with [`Events::close`], or the last `Arc`.
    pub fn with_callback(
        capacity: usize,
        mut callback: impl FnMut(Event) + Send + 'static,
    ) -> Result<Arc<Events>> {
        let events = Events::about(capacity, |_| true);
        events.deliver(Box::new(move |event, _| callback(event)))?;
        Ok(Arc::new(events))
    }

    /// A queue that takes events about objects only while `alive` says that they are.
    pub(crate) fn about(capacity: usize, alive: fn(Id) -> bool) -> Events {
        Events { queue: Arc::new(Queue::new(capacity)), alive }
    }

    /// Has a thread call `call` for each event from now on.
    pub(crate) fn deliver(&self, call: Call<Event>) -> Result<()> {
        self.queue.deliver("fw-events", call)
    }

    /// Adds one. Never blocks for longer than the queue's lock, calls nobody.
    pub fn post(&self, event: Event) {
        let object = event.object;
        self.queue.post(event, || (self.alive)(object));
    }

    /// Takes the oldest, waiting for at most `timeout`; [`Status::Timeout`](crate::error::Status)
    /// if none came, `Closed` after [`Events::close`].
    pub fn next(&self, timeout: Duration) -> Result<Event> {
        self.queue.next(Some(timeout)).map(|(event, _)| event)
    }

    /// Takes the oldest, and how many were lost before it. `None` waits without end.
    pub fn next_counted(&self, timeout: Option<Duration>) -> Result<(Event, u64)> {
        self.queue.next(timeout)
    }

    /// A descriptor that is readable while something waits. Open until [`Events::close`].
    pub fn descriptor(&self) -> Result<RawFd> {
        self.queue.descriptor()
    }

    /// Takes away what waits about `object`, and waits (at most a second, and not on the thread
    /// that delivers it) until a running callback about it has returned.
    pub fn forget(&self, object: Id) {
        self.queue.forget(object);
    }

    /// Ends it: what waits is dropped, later posts too, waiters wake with `Closed`. Waits like
    /// [`Events::forget`], for the callback to be dropped.
    pub fn close(&self) {
        self.queue.close();
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.close();
    }
}

impl News for Event {
    fn object(&self) -> Id {
        self.object
    }
}

#[cfg(test)]
mod tests;
