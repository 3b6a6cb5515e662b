//! The channel handle.

use super::guard::{guard, guard_free, guard_number, required};
use super::peer::framewire_peer;
use super::registry::{CHANNELS, PEERS};
use super::results::bytes;
use super::sized::{self, flag, plain};
use super::status::framewire_status;
use super::text;
use crate::channel::{Channel, ChannelOptions};
use crate::error::{Error, Result, Status};
use crate::events::Events;
use crate::message::MAX_MESSAGE;
use std::ffi::{c_char, c_void};
use std::sync::Arc;
use std::time::Duration;

/// A data channel of a peer: messages both ways, beside the media or alone, in order and complete unless
/// its options say otherwise.
///
/// Thread safety: every function may be called from any thread, also from callbacks;
/// framewire_channel_next and framewire_channel_send_framed hold up an event callback that waits in them.
pub struct framewire_channel {
    _token: (),
}

/// Where a channel stands.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum framewire_channel_state {
    /// Nothing can be sent yet.
    FRAMEWIRE_CHANNEL_OPENING = 0,
    /// Messages go both ways.
    FRAMEWIRE_CHANNEL_OPEN = 1,
    /// It is over.
    FRAMEWIRE_CHANNEL_CLOSED = 2,
}

/// What a channel is made from. 0 is the default of every field but `size`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct framewire_channel_options {
    /// sizeof(framewire_channel_options).
    pub size: usize,
    /// Its name, as the remote sees it; NULL: "". Copied.
    pub label: *const c_char,
    /// Its subprotocol, as the remote sees it; NULL: "". Copied.
    pub protocol: *const c_char,
    /// 1: messages may arrive in another order.
    pub unordered: u32,
    /// 1: a message may be lost: it is given up after `max_retransmits` further tries, or after
    /// `max_lifetime_ms` milliseconds if that is not 0. 0: every message arrives, as long as the
    /// connection lives.
    pub unreliable: u32,
    /// See `unreliable`.
    pub max_retransmits: u32,
    /// See `unreliable`.
    pub max_lifetime_ms: u32,
    /// 1: the remote makes the channel too, and both say the same `stream`. 0: the remote is told of it.
    pub negotiated: u32,
    /// With `negotiated` 1: the number that both sides agreed on, 0 to 1,023.
    pub stream: u32,
}
plain!(framewire_channel_options, first 40, {
    size, label, protocol, unordered, unreliable, max_retransmits, max_lifetime_ms, negotiated, stream,
});

/// Figures of one channel.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct framewire_channel_stats {
    /// sizeof(framewire_channel_stats).
    pub size: usize,
    /// Messages given to the transport.
    pub messages_sent: u64,
    /// Their bytes.
    pub bytes_sent: u64,
    /// Messages received.
    pub messages_received: u64,
    /// Their bytes.
    pub bytes_received: u64,
    /// Messages that wait to be taken.
    pub waiting: u64,
    /// Bytes that wait to be sent. 0 is not delivery: the transport holds up to 262,144 more.
    pub buffered: u64,
}
plain!(framewire_channel_stats, first 56, {
    size, messages_sent, bytes_sent, messages_received, bytes_received, waiting, buffered,
});

/// Makes a channel of `peer`; it opens when the peer has connected, which FRAMEWIRE_EVENT_CHANNEL_OPEN of
/// the peer's events tells. To be called before the offer comes or is made, or at any time after data
/// channels were negotiated. `options` may be NULL: all defaults.
///
/// On success `*channel` is yours until framewire_channel_free; it may be freed before its peer or after
/// it. INVALID_STATE: the connection was negotiated without data channels. CLOSED: the peer is over.
/// LIMIT: it has 1,024 channels.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_peer_channel(
    peer: *mut framewire_peer,
    options: *const framewire_channel_options,
    channel: *mut *mut framewire_channel,
) -> framewire_status {
    guard(|| {
        let entry = PEERS.get(peer)?;
        let mut converted = ChannelOptions::default();
        if !options.is_null() {
            // SAFETY: the caller promises that `options` points to `options->size` readable bytes.
            let options = unsafe { sized::read(options, "options") }?;
            // SAFETY: the caller promises that its texts are C strings.
            converted = unsafe { options.convert() }?;
        }
        required(channel, "channel")?;
        let place = CHANNELS.reserve()?;
        converted.id = Some(place.id());
        let entry = Entry { channel: entry.peer.channel(converted)?, events: entry.events.clone() };
        // SAFETY: `channel` is not NULL, and the caller promises that it is writable.
        unsafe { channel.write(place.fill(entry)) };
        Ok(())
    })
}

/// Takes a channel that the remote made, waiting for at most `timeout_ms` milliseconds: 0 does not wait,
/// -1 waits without end. The peer's options must say `accept_channels`. On success `*channel` is yours
/// until framewire_channel_free; events about it name it from now on. TIMEOUT: none came. CLOSED: the peer
/// is over.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_peer_next_channel(
    peer: *mut framewire_peer,
    timeout_ms: i32,
    channel: *mut *mut framewire_channel,
) -> framewire_status {
    guard(|| {
        let entry = PEERS.get(peer)?;
        required(channel, "channel")?;
        let (peer, events) = (entry.peer.clone(), entry.events.clone());
        drop(entry);
        let arrived = peer.next_channel(sized::timeout(timeout_ms)?)?;
        let place = CHANNELS.reserve()?;
        arrived.rename(place.id());
        // SAFETY: `channel` is not NULL, and the caller promises that it is writable.
        unsafe { channel.write(place.fill(Entry { channel: arrived, events })) };
        Ok(())
    })
}

/// Closes a channel, after what was given to send, and ends it. NULL is fine. Who waits for a message of
/// it returns with CLOSED; its descriptor is closed: take it out of your loop first. Nothing about events
/// is different from framewire_peer_free.
#[unsafe(no_mangle)]
pub extern "C" fn framewire_channel_free(channel: *mut framewire_channel) {
    guard_free(channel, || {
        let (id, entry) = CHANNELS.take(channel)?;
        entry.channel.close();
        if let Some(events) = &entry.events {
            events.forget(id);
        }
        Ok(())
    });
}

/// Queues one message of `length` bytes: `is_text` 1 for UTF-8, which needs no NUL and must have none
/// inside, 0 for bytes. It is copied; never blocks. An empty message is fine.
///
/// AGAIN: 16 MiB wait to be sent; nothing was queued. INVALID_STATE: it is not open yet. CLOSED: it is
/// over. LIMIT: the message is longer than the remote takes (browsers: 262,144 bytes).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_channel_send(
    channel: *mut framewire_channel,
    message: *const c_void,
    length: usize,
    is_text: u32,
) -> framewire_status {
    guard(|| {
        let entry = CHANNELS.get(channel)?;
        let is_text = flag(is_text, "is_text")?;
        // SAFETY: the caller promises that `message` has `length` readable bytes.
        entry.channel.send(unsafe { bytes(message, length, "message") }?, is_text)
    })
}

/// Sends one message of `length` bytes, up to 67,108,864, as binary messages of the channel: each has
/// `frame_id`, the number of the chunk and the number of chunks (uint32_t each, little-endian), then at most
/// 49,152 bytes. Chunks of a large message and messages of the peer's other channels take turns. Any other
/// thread may send on the channel meanwhile. It is copied; `frame_id` is yours to choose, but not 4,294,967,295.
///
/// Blocks until the transport has the last chunk, which is not delivery, or until nothing went out for
/// `timeout_ms` milliseconds: 0 does not wait, -1 waits without end. `*chunks` (may be NULL) tells how many
/// went out, whatever is returned: TIMEOUT. CLOSED: the channel ended. CANCELLED: framewire_channel_cancel was
/// called. INVALID_STATE: it is not open yet. LIMIT: it is too long.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_channel_send_framed(
    channel: *mut framewire_channel,
    frame_id: u32,
    message: *const c_void,
    length: usize,
    timeout_ms: i32,
    chunks: *mut u32,
) -> framewire_status {
    guard(|| {
        let mut told = 0;
        let sent = (|| {
            // Not the entry: a free while we wait must find nobody who holds it.
            let channel = CHANNELS.get(channel)?.channel.clone();
            // Nobody waits for a lifetime.
            let timeout = sized::timeout(timeout_ms)?.unwrap_or(Duration::from_secs(u32::MAX.into()));
            if length > MAX_MESSAGE {
                let sentence = format!("length is {length}; at most {MAX_MESSAGE} can be sent");
                return Err(Error::new(Status::Limit, sentence));
            }
            // SAFETY: the caller promises that `message` has `length` readable bytes.
            let message = unsafe { bytes(message, length, "message") }?.to_vec();
            channel.send_framed(frame_id, message, timeout).map_err(|unsent| {
                told = unsent.chunks;
                unsent.error
            })
        })();
        if !chunks.is_null() {
            // SAFETY: the caller promises that it is writable.
            unsafe { chunks.write(sent.as_ref().map_or(told, |sent| *sent)) };
        }
        sent.map(drop)
    })
}

/// Calls off what framewire_channel_send_framed sends on a channel, in every thread that does: it returns
/// CANCELLED, and a part of the message may have gone out. The channel lives on.
#[unsafe(no_mangle)]
pub extern "C" fn framewire_channel_cancel(channel: *mut framewire_channel) -> framewire_status {
    guard(|| {
        CHANNELS.get(channel)?.channel.cancel();
        Ok(())
    })
}

/// Takes the next message, waiting for at most `timeout_ms` milliseconds: 0 does not wait, -1 waits
/// without end. `message` (with `capacity` bytes; 262,144 always suffice) receives it, `*length` its
/// length, `*is_text` (may be NULL) 1 if it is UTF-8 text, without a NUL behind it.
///
/// LIMIT: `capacity` is too small; the message stays, and `*length` is written. TIMEOUT: none came.
/// CLOSED: the channel is closed, and all that came was taken.
///
/// What comes waits for you, up to 16 MiB; a channel with more is closed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_channel_next(
    channel: *mut framewire_channel,
    timeout_ms: i32,
    message: *mut c_void,
    capacity: usize,
    length: *mut usize,
    is_text: *mut u32,
) -> framewire_status {
    guard(|| {
        // Not the entry: a free while we wait must find nobody who holds it.
        let channel = CHANNELS.get(channel)?.channel.clone();
        required(length, "length")?;
        if message.is_null() && capacity > 0 {
            return Err(Error::argument(format!("message is NULL but capacity is {capacity}")));
        }
        let taken = channel.next_if(sized::timeout(timeout_ms)?, |message| {
            // SAFETY: `length` is not NULL, and the caller promises that it is writable.
            unsafe { length.write(message.data.len()) };
            message.data.len() <= capacity
        })?;
        // SAFETY: the caller promises that `message` has `capacity` writable bytes, which it fits into.
        unsafe { taken.data.as_ptr().copy_to_nonoverlapping(message.cast(), taken.data.len()) };
        if !is_text.is_null() {
            // SAFETY: the caller promises that it is writable.
            unsafe { is_text.write(taken.text.into()) };
        }
        Ok(())
    })
}

/// A descriptor for poll, select or epoll: readable exactly while a message waits, or the channel is
/// closed. Only wait for it; do not read or close it. It is the same one each time, and lives until
/// framewire_channel_free. A negative number is a framewire_status, and poll passes over it.
#[unsafe(no_mangle)]
pub extern "C" fn framewire_channel_fd(channel: *mut framewire_channel) -> i32 {
    guard_number(|| CHANNELS.get(channel)?.channel.descriptor())
}

/// The name of a channel. Text out: `label` (with `capacity` bytes) receives it and a NUL, `*length` (may
/// be NULL) its length without the NUL; `label` may be NULL. LIMIT: it is too small and not written to,
/// but `*length` is.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_channel_label(
    channel: *mut framewire_channel,
    label: *mut c_char,
    capacity: usize,
    length: *mut usize,
) -> framewire_status {
    guard(|| {
        let entry = CHANNELS.get(channel)?;
        // SAFETY: the caller promises that the outputs are writable.
        let out = unsafe { text::out(label, capacity, length) }?;
        out.write(entry.channel.label())
    })
}

/// Where a channel stands: `*state` is a framewire_channel_state.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_channel_get_state(
    channel: *mut framewire_channel,
    state: *mut i32,
) -> framewire_status {
    guard(|| {
        let entry = CHANNELS.get(channel)?;
        required(state, "state")?;
        // SAFETY: `state` is not NULL, and the caller promises that it is writable.
        unsafe { state.write(entry.channel.state() as i32) };
        Ok(())
    })
}

/// The figures of a channel as they stand. `stats->size` must be set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_channel_get_stats(
    channel: *mut framewire_channel,
    stats: *mut framewire_channel_stats,
) -> framewire_status {
    guard(|| {
        let entry = CHANNELS.get(channel)?;
        // SAFETY: the caller promises that `stats` is NULL or points to `stats->size` writable bytes.
        let out = unsafe { sized::out(stats, "stats") }?;
        let stats = entry.channel.stats();
        out.write(framewire_channel_stats {
            size: 0,
            messages_sent: stats.messages_sent,
            bytes_sent: stats.bytes_sent,
            messages_received: stats.messages_received,
            bytes_received: stats.bytes_received,
            waiting: stats.waiting,
            buffered: entry.channel.buffered() as u64,
        });
        Ok(())
    })
}

/// What a channel handle stands for.
pub struct Entry {
    channel: Channel,
    events: Option<Arc<Events>>,
}

impl framewire_channel_options {
    /// # Safety
    /// Each text is NULL or a C string.
    unsafe fn convert(&self) -> Result<ChannelOptions> {
        // SAFETY: as promised to us.
        let (label, protocol) = unsafe {
            let label = text::read_optional(self.label, "options.label")?;
            (label, text::read_optional(self.protocol, "options.protocol")?)
        };
        let unreliable = flag(self.unreliable, "options.unreliable")?;
        if !unreliable && (self.max_retransmits != 0 || self.max_lifetime_ms != 0) {
            return Err(Error::argument("options.unreliable is 0 but a message is to be given up"));
        }
        let by_time = unreliable && self.max_lifetime_ms != 0;
        if by_time && self.max_retransmits != 0 {
            return Err(Error::argument(
                "options.max_retransmits and options.max_lifetime_ms exclude one another",
            ));
        }
        let negotiated = flag(self.negotiated, "options.negotiated")?;
        if !negotiated && self.stream != 0 {
            return Err(Error::argument("options.stream is set but options.negotiated is 0"));
        }
        Ok(ChannelOptions {
            id: None,
            label: label.unwrap_or_default().to_owned(),
            protocol: protocol.unwrap_or_default().to_owned(),
            unordered: flag(self.unordered, "options.unordered")?,
            max_retransmits: (unreliable && !by_time).then_some(self.max_retransmits),
            max_lifetime: by_time.then(|| Duration::from_millis(self.max_lifetime_ms.into())),
            // What is too large for it is refused with the number that bounds it.
            negotiated: negotiated.then(|| u16::try_from(self.stream).unwrap_or(u16::MAX)),
        })
    }
}
