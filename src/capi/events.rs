//! The events handle.

use super::callback::Callback;
use super::guard::{c_string, guard, guard_free, guard_number, required};
use super::registry::{self, EVENTS};
use super::sized::{self, plain};
use super::status::framewire_status;
use crate::error::{Error, Result};
use crate::events::{Event, Events};
use std::cell::RefCell;
use std::ffi::{CString, c_char, c_void};
use std::sync::Arc;

/// A queue of what happened: to the sources, peers and servers whose options name it. It is read
/// with framewire_events_next, by a descriptor in a loop of yours, or by a callback.
///
/// It holds a bounded number of events; when it is full the oldest is lost, and the next one says
/// how many. Nothing about an object is told after that object's free has returned.
///
/// Thread safety: every function may be called from any thread, also from callbacks. Several
/// threads may read one queue: each event goes to one of them.
pub struct framewire_events {
    _token: (),
}

/// What happened.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum framewire_event_kind {
    /// A peer's state changed: `value` is a framewire_peer_state, `text` the reason.
    FRAMEWIRE_EVENT_PEER_STATE = 1,
    /// framewire_peer_answer_async is done: `text` is the answer's SDP.
    FRAMEWIRE_EVENT_ANSWER = 2,
    /// framewire_peer_offer_async is done: `text` is the offer's SDP.
    FRAMEWIRE_EVENT_OFFER = 3,
    /// An asynchronous answer or offer failed: `value` is the status, `text` the sentence.
    FRAMEWIRE_EVENT_NEGOTIATION_FAILED = 4,
    /// A local ICE candidate for the other side: `text`; "" says that it was the last.
    FRAMEWIRE_EVENT_CANDIDATE = 5,
    /// A viewer of a source asked for a keyframe.
    FRAMEWIRE_EVENT_KEYFRAME_REQUESTED = 6,
    /// A source could not encode one frame: `text` says why.
    FRAMEWIRE_EVENT_ENCODER_ERROR = 7,
    /// A source has failed for good and takes nothing more: `text` says why.
    FRAMEWIRE_EVENT_SOURCE_FAILED = 8,
    /// A viewer came to a server: `text` is the id of its session.
    FRAMEWIRE_EVENT_SESSION_STARTED = 9,
    /// A viewer of a server is gone: `text` says why.
    FRAMEWIRE_EVENT_SESSION_ENDED = 10,
    /// A server has failed and takes no more connections: `text` says why.
    FRAMEWIRE_EVENT_SERVER_FAILED = 11,
    /// Somebody wants to publish `stream`, which is not received: `value` is the request to be
    /// answered with framewire_server_accept or framewire_server_refuse, `text` the bearer token that
    /// came, "" if none did.
    FRAMEWIRE_EVENT_PUBLISH_REQUEST = 12,
    /// A publisher came to a server: `text` is the id of its session.
    FRAMEWIRE_EVENT_PUBLISH_STARTED = 13,
    /// A publisher of a server is gone: `text` says why. With `value` 0 it is one that was accepted
    /// and whose offer could not be answered.
    FRAMEWIRE_EVENT_PUBLISH_ENDED = 14,
    /// The remote of a peer made a data channel: framewire_peer_next_channel hands it out; `text` is its
    /// label.
    FRAMEWIRE_EVENT_CHANNEL_ARRIVED = 20,
    /// A data channel that you made is open; `text` is its label.
    FRAMEWIRE_EVENT_CHANNEL_OPEN = 21,
    /// A message waits on a data channel on which none did.
    FRAMEWIRE_EVENT_CHANNEL_MESSAGE = 22,
    /// A data channel is closed; `text` says why.
    FRAMEWIRE_EVENT_CHANNEL_CLOSED = 23,
    /// A file begins to come to an upload handle: `value` is its number, `stream` the peer's.
    FRAMEWIRE_EVENT_UPLOAD_STARTED = 24,
    /// A file is whole, and waits for framewire_upload_next: `value` is its number.
    FRAMEWIRE_EVENT_UPLOAD_COMPLETE = 25,
    /// A file will not be whole, and nothing is left of it: `value` is its number, `text` the reason.
    FRAMEWIRE_EVENT_UPLOAD_FAILED = 26,
    /// The picture that feeds a sink entered a state: `value` is a framewire_track_state, `text` the
    /// reason.
    FRAMEWIRE_EVENT_VIDEO_TRACK = 15,
    /// The sound that feeds a sink entered a state, likewise.
    FRAMEWIRE_EVENT_AUDIO_TRACK = 16,
    /// The first picture, or the first sound, of a track was decoded: `value` is the microseconds
    /// since offer and answer were exchanged.
    FRAMEWIRE_EVENT_FIRST_FRAME = 17,
    /// A client's state changed: `value` is a framewire_client_state, `text` the reason.
    FRAMEWIRE_EVENT_CLIENT_STATE = 18,
    /// A processor lives: frames move on, or there is nothing to be done; `value` is how many results it has
    /// sent. At most one a second. None comes while nothing moves because its function hangs.
    FRAMEWIRE_EVENT_PROCESSOR_HEARTBEAT = 32,
    /// A processor could not process a frame: `value` is the frame's id (0: one of a file that could not be
    /// decoded), `text` says why. It goes on.
    FRAMEWIRE_EVENT_PROCESSOR_ERROR = 33,
    /// A processor has ended, and its last message has gone out: `value` is a framewire_termination, `text`
    /// a sentence. It is the last event about it.
    FRAMEWIRE_EVENT_PROCESSOR_ENDED = 34,
    /// A resolve has its track: the object is the resolver, `value` the number of the resolve, `text` the
    /// id of the track.
    FRAMEWIRE_EVENT_RESOLVED = 40,
    /// A resolve was cancelled; likewise, `text` is a sentence.
    FRAMEWIRE_EVENT_RESOLVE_CANCELLED = 41,
    /// A resolve found nothing in time; likewise, `text` says what there was instead.
    FRAMEWIRE_EVENT_RESOLVE_TIMED_OUT = 42,
}

/// One thing that happened.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct framewire_event {
    /// sizeof(framewire_event).
    pub size: usize,
    /// To which object: (uint64_t)handle.
    pub object: u64,
    /// A number that the kind explains, or 0.
    pub value: i64,
    /// The name of the stream; "" where there is none.
    pub stream: *const c_char,
    /// A sentence, or the text that the kind explains. Never NULL.
    pub text: *const c_char,
    /// Bytes of `text`, without its NUL.
    pub text_length: usize,
    /// One of framewire_event_kind.
    pub kind: i32,
    /// Events that were lost before this one because the queue was full.
    pub lost: u32,
}
plain!(framewire_event, first 56, { size, object, value, stream, text, text_length, kind, lost });

/// Where events go instead of waiting to be read.
///
/// Which thread: one of the library's own for each queue, one event at a time, in their order. It
/// may block: the queue holds what comes meanwhile. It may call every function of the library, also
/// free the object that the event is about, and the queue itself. `event` and its texts live until
/// it returns.
///
/// It is the library's from the call of framewire_events_new on, also if that fails: `drop` (NULL:
/// nothing to do) is called exactly once, after the last `call`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct framewire_events_callback {
    /// Called for each event. NULL: none, the events are read with framewire_events_next.
    pub call: Option<unsafe extern "C" fn(context: *mut c_void, event: *const framewire_event)>,
    /// Called when `context` is no longer needed.
    pub drop: Option<unsafe extern "C" fn(context: *mut c_void)>,
    /// Passed to both.
    pub context: *mut c_void,
}

/// What a queue is made from.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct framewire_events_options {
    /// sizeof(framewire_events_options).
    pub size: usize,
    /// Where the events go; all zero: they wait to be read.
    pub callback: framewire_events_callback,
    /// How many events may wait: 1 to 1,000,000; 0: 1,024.
    pub capacity: usize,
}
plain!(framewire_events_options, first 40, { size, callback, capacity });

/// Makes a queue. `options` may be NULL: all defaults.
///
/// On success `*events` is yours until framewire_events_free. INVALID_ARGUMENT: a NULL, a wrong
/// size, a capacity out of range, or a callback with `drop` or `context` but no `call`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_events_new(
    options: *const framewire_events_options,
    events: *mut *mut framewire_events,
) -> framewire_status {
    let options = match options.is_null() {
        true => Ok((None, 0)),
        // SAFETY: the caller promises that `options` points to `options->size` readable bytes.
        false => unsafe { sized::read(options, "options") }.map(|o| (o.callback.own(), o.capacity)),
    };
    guard(|| {
        let (callback, capacity) = options?;
        required(events, "events")?;
        let capacity = match capacity {
            0 => 1024,
            1..=1_000_000 => capacity,
            _ => {
                let sentence = format!("options.capacity is {capacity} but may be 1000000 at most");
                return Err(Error::argument(sentence));
            }
        };
        let queue = Arc::new(Events::about(capacity, registry::is_alive));
        if let Some(callback) = callback {
            if callback.call.is_none() {
                return Err(Error::argument("options.callback.call is NULL but drop or context is not"));
            }
            queue.deliver(Box::new(move |event, lost| Told::new(&event, lost).tell(&callback)))?;
        }
        let place = EVENTS.reserve()?;
        // SAFETY: `events` is not NULL, and the caller promises that it is writable.
        unsafe { events.write(place.fill(Entry { queue })) };
        Ok(())
    })
}

/// Ends a queue. NULL is fine. What waits in it is dropped; the objects that name it live on and
/// tell nobody. Threads that wait in framewire_events_next return with CLOSED; its descriptor is
/// closed: take it out of your loop first.
///
/// When it returns, the callback is not running and will not be called again, and its `drop` has
/// been called; inside the callback itself, `drop` follows after that returns. A callback that does
/// not return is waited for one second at most.
#[unsafe(no_mangle)]
pub extern "C" fn framewire_events_free(events: *mut framewire_events) {
    guard_free(events, || {
        let (_, entry) = EVENTS.take(events)?;
        entry.queue.close();
        Ok(())
    });
}

/// Takes the oldest event, waiting for at most `timeout_ms` milliseconds: 0 does not wait, -1 waits
/// without end. TIMEOUT: none came, also when it did not wait. CLOSED: the queue was freed while we
/// waited. INVALID_STATE: the queue has a callback.
///
/// `event->size` must be set, the rest is written on success. `stream` and `text` live until this
/// thread calls framewire_events_next again, on whatever queue, or ends: copy what you keep. They
/// are no other thread's business, so several threads may read one queue.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_events_next(
    events: *mut framewire_events,
    timeout_ms: i32,
    event: *mut framewire_event,
) -> framewire_status {
    guard(|| {
        let queue = EVENTS.get(events)?.queue.clone();
        // SAFETY: the caller promises that `event` is NULL or points to `event->size` writable bytes.
        let out = unsafe { sized::out(event, "event") }?;
        let (taken, lost) = queue.next_counted(sized::timeout(timeout_ms)?)?;
        LAST.with_borrow_mut(|last| {
            let told = last.insert(Told::new(&taken, lost));
            out.write(told.event);
        });
        Ok(())
    })
}

/// A descriptor for poll, select or epoll: readable exactly while an event waits. Only wait for it;
/// do not read or close it. It is the same one each time, and lives until framewire_events_free.
///
/// A negative number is a framewire_status, and poll passes over it. INVALID_STATE: the queue has a
/// callback. IO: the process has no descriptors left.
#[unsafe(no_mangle)]
pub extern "C" fn framewire_events_fd(events: *mut framewire_events) -> i32 {
    guard_number(|| EVENTS.get(events)?.queue.descriptor())
}

/// What an events handle stands for.
pub struct Entry {
    queue: Arc<Events>,
}

/// The queue that `options.events` names; NULL is none.
pub fn queue(events: *mut framewire_events) -> Result<Option<Arc<Events>>> {
    if events.is_null() {
        return Ok(None);
    }
    EVENTS.get(events).map(|entry| Some(entry.queue.clone()))
}

thread_local! {
    /// The texts of the event that this thread took last.
    static LAST: RefCell<Option<Told>> = const { RefCell::new(None) };
}

/// An event as C sees it, with the texts that it points to.
struct Told {
    event: framewire_event,
    _texts: [CString; 2],
}

impl Told {
    fn new(event: &Event, lost: u64) -> Told {
        let texts = [c_string(event.stream.as_deref().unwrap_or("")), c_string(&event.text)];
        let event = framewire_event {
            size: size_of::<framewire_event>(),
            object: event.object.0,
            value: event.value,
            stream: texts[0].as_ptr(),
            text: texts[1].as_ptr(),
            text_length: texts[1].count_bytes(),
            kind: event.kind as i32,
            lost: u32::try_from(lost).unwrap_or(u32::MAX),
        };
        Told { event, _texts: texts }
    }

    fn tell(&self, callback: &Callback<framewire_event>) {
        callback.call(&self.event);
    }
}

impl framewire_events_callback {
    /// None if it is all zero.
    fn own(self) -> Option<Callback<framewire_event>> {
        let given = self.call.is_some() || self.drop.is_some() || !self.context.is_null();
        given.then_some(Callback { call: self.call, drop: self.drop, context: self.context })
    }
}

/// The numbers of C are those of Rust.
const _: () = {
    use crate::events::EventKind::*;
    use framewire_event_kind::*;
    assert!(FRAMEWIRE_EVENT_PEER_STATE as i32 == PeerState as i32);
    assert!(FRAMEWIRE_EVENT_ANSWER as i32 == Answer as i32);
    assert!(FRAMEWIRE_EVENT_OFFER as i32 == Offer as i32);
    assert!(FRAMEWIRE_EVENT_NEGOTIATION_FAILED as i32 == NegotiationFailed as i32);
    assert!(FRAMEWIRE_EVENT_CANDIDATE as i32 == Candidate as i32);
    assert!(FRAMEWIRE_EVENT_KEYFRAME_REQUESTED as i32 == KeyframeRequested as i32);
    assert!(FRAMEWIRE_EVENT_ENCODER_ERROR as i32 == EncoderError as i32);
    assert!(FRAMEWIRE_EVENT_SOURCE_FAILED as i32 == SourceFailed as i32);
    assert!(FRAMEWIRE_EVENT_SESSION_STARTED as i32 == SessionStarted as i32);
    assert!(FRAMEWIRE_EVENT_SESSION_ENDED as i32 == SessionEnded as i32);
    assert!(FRAMEWIRE_EVENT_SERVER_FAILED as i32 == ServerFailed as i32);
    assert!(FRAMEWIRE_EVENT_PUBLISH_REQUEST as i32 == PublishRequest as i32);
    assert!(FRAMEWIRE_EVENT_PUBLISH_STARTED as i32 == PublishStarted as i32);
    assert!(FRAMEWIRE_EVENT_PUBLISH_ENDED as i32 == PublishEnded as i32);
    assert!(FRAMEWIRE_EVENT_VIDEO_TRACK as i32 == VideoTrack as i32);
    assert!(FRAMEWIRE_EVENT_AUDIO_TRACK as i32 == AudioTrack as i32);
    assert!(FRAMEWIRE_EVENT_FIRST_FRAME as i32 == FirstFrame as i32);
    assert!(FRAMEWIRE_EVENT_CHANNEL_ARRIVED as i32 == ChannelArrived as i32);
    assert!(FRAMEWIRE_EVENT_CHANNEL_OPEN as i32 == ChannelOpen as i32);
    assert!(FRAMEWIRE_EVENT_CHANNEL_MESSAGE as i32 == ChannelMessage as i32);
    assert!(FRAMEWIRE_EVENT_CHANNEL_CLOSED as i32 == ChannelClosed as i32);
    assert!(FRAMEWIRE_EVENT_UPLOAD_STARTED as i32 == UploadStarted as i32);
    assert!(FRAMEWIRE_EVENT_UPLOAD_COMPLETE as i32 == UploadComplete as i32);
    assert!(FRAMEWIRE_EVENT_UPLOAD_FAILED as i32 == UploadFailed as i32);
    assert!(FRAMEWIRE_EVENT_PROCESSOR_HEARTBEAT as i32 == ProcessorHeartbeat as i32);
    assert!(FRAMEWIRE_EVENT_PROCESSOR_ERROR as i32 == ProcessorError as i32);
    assert!(FRAMEWIRE_EVENT_PROCESSOR_ENDED as i32 == ProcessorEnded as i32);
    assert!(FRAMEWIRE_EVENT_CLIENT_STATE as i32 == ClientState as i32);
    assert!(FRAMEWIRE_EVENT_RESOLVED as i32 == Resolved as i32);
    assert!(FRAMEWIRE_EVENT_RESOLVE_CANCELLED as i32 == ResolveCancelled as i32);
    assert!(FRAMEWIRE_EVENT_RESOLVE_TIMED_OUT as i32 == ResolveTimedOut as i32);
};
