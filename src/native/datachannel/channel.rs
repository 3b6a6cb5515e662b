//! Data channels of a connection.

use super::reaper::{self, Remains};
use super::{Connection, check, contain, live, pass, user_pointer};
use crate::error::Result;
use datachannel_sys as sys;
use std::ffi::{CString, c_char, c_int, c_void};
use std::ptr;

/// Which channel: a number of libdatachannel's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ChannelId(c_int);

/// What may become of a channel's messages on a bad path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reliability {
    /// They may arrive in another order.
    pub unordered: bool,
    /// They are given up after so many further tries,
    pub max_retransmits: Option<u32>,
    /// or after so many milliseconds.
    pub max_lifetime_ms: Option<u32>,
}

/// Hears of the channels of one connection, on libdatachannel's threads: copy, wake somebody, return.
pub trait Channels: Send + Sync {
    /// The remote made one, which is open. False: it is not wanted.
    fn arrived(&self, channel: ChannelId, label: String, protocol: String) -> bool;
    /// One that we made is open.
    fn open(&self, channel: ChannelId);
    /// A message came.
    fn message(&self, channel: ChannelId, data: &[u8], text: bool);
    /// Nothing of it waits to be sent any more. Called inside a send, too, under its lock.
    fn drained(&self, channel: ChannelId);
    /// It is closed.
    fn closed(&self, channel: ChannelId);
}

impl Connection {
    /// Makes a channel. Before the descriptions are exchanged, or after. Nothing is told of it until
    /// [`Connection::watch_channel`].
    /// `stream` is the one that both sides agreed on; `None`: one is chosen, and the remote is told.
    pub fn add_channel(
        &self,
        label: &str,
        protocol: &str,
        reliability: Reliability,
        stream: Option<u16>,
    ) -> Result<ChannelId> {
        let _pass = pass();
        let (label, protocol) = (super::c_string(label)?, super::c_string(protocol)?);
        let limit = reliability.max_retransmits.is_some() || reliability.max_lifetime_ms.is_some();
        let init = sys::rtcDataChannelInit {
            reliability: sys::rtcReliability {
                unordered: reliability.unordered,
                unreliable: limit,
                maxPacketLifeTime: reliability.max_lifetime_ms.unwrap_or(0),
                maxRetransmits: reliability.max_retransmits.unwrap_or(0),
            },
            protocol: protocol.as_ptr(),
            negotiated: stream.is_some(),
            manualStream: stream.is_some(),
            stream: stream.unwrap_or(0),
        };
        // SAFETY: the strings and the struct live until the call returns.
        let id = check("make a data channel", || unsafe {
            sys::rtcCreateDataChannelEx(self.id, label.as_ptr(), &init)
        })?;
        self.keep(id);
        Ok(ChannelId(id))
    }

    /// Has what becomes of a channel told, and what became of it already: at once, on this thread.
    pub fn watch_channel(&self, channel: ChannelId) -> Result<()> {
        let _pass = pass();
        watch(channel.0, self.key)
    }

    /// Closes a channel, after what it has been given to send, and forgets it.
    pub fn remove_channel(&self, channel: ChannelId) {
        let known = live().write().get_mut(&self.key).is_some_and(|entry| {
            let channels = &mut entry.remains.channels;
            let at = channels.iter().position(|id| *id == channel.0);
            at.map(|at| channels.swap_remove(at)).is_some()
        });
        if known {
            // Deleting waits for callbacks, so it is not done here.
            reaper::bury(Remains { channels: vec![channel.0], relayed: self.relayed, ..Remains::default() });
        }
    }

    fn keep(&self, channel: c_int) {
        if let Some(entry) = live().write().get_mut(&self.key) {
            entry.remains.channels.push(channel);
        }
    }
}

impl ChannelId {
    /// Queues a binary message. False: the channel is not open.
    pub fn send(self, data: &[u8]) -> bool {
        let _pass = pass();
        // SAFETY: the pointer is valid for the length given; libdatachannel copies.
        unsafe { sys::rtcSendMessage(self.0, data.as_ptr().cast(), data.len() as c_int) >= 0 }
    }

    /// Queues a text message. False: the channel is not open.
    pub fn send_text(self, text: &CString) -> bool {
        let _pass = pass();
        // SAFETY: a negative size says that the text ends with a NUL, which it does.
        unsafe { sys::rtcSendMessage(self.0, text.as_ptr(), -1) >= 0 }
    }

    /// Bytes that wait to be sent. What SCTP holds, up to a megabyte, is not among them.
    pub fn buffered(self) -> usize {
        // SAFETY: a number; a stale one is an error code.
        usize::try_from(unsafe { sys::rtcGetBufferedAmount(self.0) }).unwrap_or(0)
    }
}

/// The channel callback of a connection.
pub extern "C" fn on_channel(_: c_int, channel: c_int, pointer: *mut c_void) {
    let key = pointer as usize as u64;
    let wanted = live().write().get_mut(&key).is_some_and(|entry| {
        entry.remains.channels.push(channel);
        entry.channels.is_some()
    });
    let mut taken = false;
    if wanted {
        // SAFETY: the buffer has the size given, here and below.
        let label = text(|buffer, size| unsafe { sys::rtcGetDataChannelLabel(channel, buffer, size) });
        // SAFETY: as above.
        let protocol = text(|buffer, size| unsafe { sys::rtcGetDataChannelProtocol(channel, buffer, size) });
        // Known before its first message, which comes while it is being watched.
        observe(pointer, |channels| taken = channels.arrived(ChannelId(channel), label, protocol));
        taken = taken && watch(channel, key).is_ok();
    }
    if !taken {
        if let Some(entry) = live().write().get_mut(&key) {
            entry.remains.channels.retain(|id| *id != channel);
        }
        // Without a message callback it would fill up, and the connection could never be freed.
        // SAFETY: a fresh id; deleting it in this callback is allowed and closes the channel.
        unsafe { sys::rtcDeleteDataChannel(channel) };
    }
}

fn watch(channel: c_int, key: u64) -> Result<()> {
    // SAFETY: the id is ours; the user pointer is a number that is never dereferenced; the callbacks are
    // `extern "C"` functions that live as long as the program.
    unsafe {
        sys::rtcSetUserPointer(channel, user_pointer(key));
        check("watch a channel open", || sys::rtcSetOpenCallback(channel, Some(on_open)))?;
        check("watch a channel close", || sys::rtcSetClosedCallback(channel, Some(on_closed)))?;
        check("watch a channel drain", || sys::rtcSetBufferedAmountLowCallback(channel, Some(on_low)))?;
        check("watch a channel", || sys::rtcSetMessageCallback(channel, Some(on_message)))?;
    }
    Ok(())
}

/// A text that is asked for with its length first.
fn text(read: impl Fn(*mut c_char, c_int) -> c_int) -> String {
    let length = read(ptr::null_mut(), 0).max(0);
    let mut buffer = vec![0_u8; length as usize];
    let written = read(buffer.as_mut_ptr().cast(), length).clamp(0, length);
    buffer.truncate(written as usize);
    while buffer.last() == Some(&0) {
        buffer.pop();
    }
    String::from_utf8_lossy(&buffer).into_owned()
}

fn observe(pointer: *mut c_void, call: impl FnOnce(&dyn Channels)) {
    let entry = live().read();
    let channels = entry.get(&(pointer as usize as u64)).and_then(|entry| entry.channels.as_ref()?.upgrade());
    drop(entry);
    if let Some(channels) = channels {
        contain(|| call(&*channels));
    }
}

extern "C" fn on_open(channel: c_int, pointer: *mut c_void) {
    observe(pointer, |channels| channels.open(ChannelId(channel)));
}

extern "C" fn on_closed(channel: c_int, pointer: *mut c_void) {
    observe(pointer, |channels| channels.closed(ChannelId(channel)));
}

extern "C" fn on_low(channel: c_int, pointer: *mut c_void) {
    observe(pointer, |channels| channels.drained(ChannelId(channel)));
}

extern "C" fn on_message(channel: c_int, data: *const c_char, size: c_int, pointer: *mut c_void) {
    // Text has a negative size, its NUL included; an empty message may have no address.
    let text = size < 0;
    let length = if text { size.unsigned_abs() as usize - 1 } else { size as usize };
    let data = match data.is_null() {
        true => &[][..],
        // SAFETY: libdatachannel gives so many readable bytes for the time of this call.
        false => unsafe { std::slice::from_raw_parts(data.cast::<u8>(), length) },
    };
    observe(pointer, |channels| channels.message(ChannelId(channel), data, text));
}
