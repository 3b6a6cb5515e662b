//! libdatachannel: connections and raw RTP tracks.
//!
//! libdatachannel sees integers only: a callback's user pointer is a key into [`live`], which
//! holds `Weak`s, because its callbacks may still run after the connection was deleted. What they
//! tell goes to an [`Observer`], which must not block: one blocked callback stops every peer of the
//! process.

mod channel;
mod gate;
mod gather;
mod reaper;

pub use channel::{ChannelId, Channels, Reliability};
pub use gate::pass;
pub use gather::{Gathering, Trickle};

use crate::error::{Error, Result, Status};
use datachannel_sys as sys;
use parking_lot::RwLock;
use reaper::Remains;
use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};

/// Where a connection stands, in libdatachannel's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkState {
    /// ICE and DTLS are done.
    Connected,
    /// ICE hears nothing; it may come back.
    Disconnected,
    /// ICE or DTLS gave up.
    Failed,
    /// Closed by us or, through DTLS, by the remote.
    Closed,
}

/// Hears of one connection, on libdatachannel's threads: copy, wake somebody, return.
pub trait Observer: Send + Sync {
    /// The connection changed its state.
    fn state(&self, state: LinkState);
    /// Packets can be sent.
    fn open(&self);
    /// A packet came: RTP, or RTCP (payload type 64 to 95).
    fn packet(&self, packet: &[u8]);
}

/// How a connection is made.
#[derive(Clone, Debug)]
pub struct Config<'a> {
    /// Local address; `None`: every interface's.
    pub bind_address: Option<&'a str>,
    /// The UDP port shared by all connections that name it.
    pub port: u16,
    /// STUN and TURN servers: `stun:host:port`, `turn:user:password@host:port`.
    pub ice_servers: &'a [String],
    /// Whether one of them is a TURN server. Such a connection has a port of its own, because libjuice
    /// relays nothing on a shared one.
    pub relayed: bool,
    /// The longest message that is taken from a data channel. A longer one would be cut.
    pub max_message: usize,
}

/// Which half of an exchange a description is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Half {
    /// It asks.
    Offer,
    /// It replies.
    Answer,
}

impl Half {
    fn c_str(self) -> &'static CStr {
        match self {
            Half::Offer => c"offer",
            Half::Answer => c"answer",
        }
    }
}

/// A peer connection. Dropping it is quick on every thread: the reaper frees it.
#[derive(Debug)]
pub struct Connection {
    id: c_int,
    /// In [`live`].
    key: u64,
    /// None where nothing but data goes both ways.
    track: Option<c_int>,
    relayed: bool,
    gathering: Option<Arc<Gathering>>,
}

/// Who hears of a connection.
pub struct Ears {
    /// Of its state and its packets.
    pub observer: Weak<dyn Observer>,
    /// Of candidates that come late.
    pub trickle: Weak<dyn Trickle>,
    /// Of its data channels; `None`: those that the remote makes are refused.
    pub channels: Option<Weak<dyn Channels>>,
}

impl Connection {
    /// Makes a connection with one track, of the media section `section` (`None`: for data only), that
    /// tells `ears` what happens.
    pub fn new(config: &Config<'_>, section: Option<&str>, ears: Ears) -> Result<Connection> {
        let Ears { observer, trickle, channels } = ears;
        let _pass = pass();
        initialise();
        reaper::admit(config.relayed)?;
        let urls: Vec<CString> = config.ice_servers.iter().map(|url| c_string(url)).collect::<Result<_>>()?;
        let mut urls: Vec<*const c_char> = urls.iter().map(|url| url.as_ptr()).collect();
        let bind_address = config.bind_address.map(c_string).transpose()?;
        // SAFETY: all-zero is the documented default of this plain C struct.
        let mut c: sys::rtcConfiguration = unsafe { std::mem::zeroed() };
        c.bindAddress = bind_address.as_ref().map_or(std::ptr::null(), |a| a.as_ptr());
        c.disableAutoNegotiation = true;
        c.forceMediaTransport = section.is_some();
        c.maxMessageSize = config.max_message as c_int;
        c.iceServers = urls.as_mut_ptr();
        c.iceServersCount = urls.len() as c_int;
        if !config.relayed {
            c.enableIceUdpMux = true;
            c.portRangeBegin = config.port;
            c.portRangeEnd = config.port;
        }
        // SAFETY: `c` and the strings it points to live until the call returns.
        let id = check("create a connection", || unsafe { sys::rtcCreatePeerConnection(&c) })?;
        let gathering = (!urls.is_empty()).then(|| Arc::new(Gathering::new(trickle)));
        let entry = Entry {
            observer,
            channels,
            gathering: gathering.clone(),
            remains: Remains { connection: Some(id), relayed: config.relayed, ..Remains::default() },
        };
        let (key, relayed) = (remember(entry), config.relayed);
        let mut connection = Connection { id, key, track: None, relayed, gathering };
        let key = connection.key;
        // SAFETY: `id` is ours; the user pointer is a number that is never dereferenced; the
        // callbacks are `extern "C"` functions that live as long as the program.
        unsafe {
            sys::rtcSetUserPointer(id, user_pointer(key));
            check("watch the state", || sys::rtcSetStateChangeCallback(id, Some(on_state)))?;
            // Without one, sections we did not add would be accepted wholesale.
            check("watch tracks", || sys::rtcSetTrackCallback(id, Some(on_unwanted_track)))?;
            check("watch channels", || sys::rtcSetDataChannelCallback(id, Some(channel::on_channel)))?;
            if connection.gathering.is_some() {
                check("watch candidates", || sys::rtcSetLocalCandidateCallback(id, Some(on_candidate)))?;
                check("watch gathering", || sys::rtcSetGatheringStateChangeCallback(id, Some(on_gathering)))?;
            }
        }
        connection.track = section.map(|section| connection.add_track(section)).transpose()?;
        Ok(connection)
    }

    fn add_track(&self, section: &str) -> Result<c_int> {
        let section = c_string(section)?;
        // SAFETY: the string lives until the call returns; it is copied.
        let track = check("add a track", || unsafe { sys::rtcAddTrack(self.id, section.as_ptr()) })?;
        if let Some(entry) = live().write().get_mut(&self.key) {
            entry.remains.track = Some(track);
        }
        // SAFETY: as in `new`.
        unsafe {
            sys::rtcSetUserPointer(track, user_pointer(self.key));
            check("watch a track open", || sys::rtcSetOpenCallback(track, Some(on_open)))?;
            check("watch a track", || sys::rtcSetMessageCallback(track, Some(on_packet)))?;
        }
        Ok(track)
    }

    /// Sends one packet, SRTP-protected, from this thread. False: it was refused, because the track
    /// is not open yet or not any more.
    pub fn send(&self, packet: &[u8]) -> bool {
        self.track.is_some_and(|track| {
            // SAFETY: the pointer is valid for the length given; libdatachannel copies.
            unsafe { sys::rtcSendMessage(track, packet.as_ptr().cast(), packet.len() as c_int) >= 0 }
        })
    }

    /// Applies the remote's description.
    pub fn set_remote(&self, sdp: &str, half: Half) -> Result<()> {
        let _pass = pass();
        let sdp = c_string(sdp)?;
        // SAFETY: both strings live until the call returns.
        check("apply the remote description", || unsafe {
            sys::rtcSetRemoteDescription(self.id, sdp.as_ptr(), half.c_str().as_ptr())
        })
        .map(drop)
    }

    /// Makes our description and begins to gather candidates.
    pub fn set_local(&self, half: Half) -> Result<()> {
        let _pass = pass();
        // SAFETY: the string is static.
        check("make the local description", || unsafe {
            sys::rtcSetLocalDescription(self.id, half.c_str().as_ptr())
        })
        .map(drop)
    }

    /// What is going on with STUN and TURN servers; `None`: there are none, and [`Connection::describe`]
    /// has every candidate.
    pub fn gathering(&self) -> Option<&Arc<Gathering>> {
        self.gathering.as_ref()
    }

    /// Our description, with the candidates that were gathered so far. Those that come later are told.
    pub fn describe(&self) -> Result<String> {
        let description = self.local_description()?;
        if let Some(gathering) = &self.gathering {
            gathering.described(&description);
        }
        Ok(description)
    }

    fn local_description(&self) -> Result<String> {
        let _pass = pass();
        // SAFETY: NULL asks for the length, which includes the terminating NUL.
        let length = check("read the local description", || unsafe {
            sys::rtcGetLocalDescription(self.id, std::ptr::null_mut(), 0)
        })?;
        let mut text = vec![0_u8; length as usize];
        // SAFETY: the buffer has the length given.
        check("read the local description", || unsafe {
            sys::rtcGetLocalDescription(self.id, text.as_mut_ptr().cast::<c_char>(), length)
        })?;
        while text.last() == Some(&0) {
            text.pop();
        }
        String::from_utf8(text)
            .map_err(|_| Error::new(Status::Transport, "the local description is not UTF-8"))
    }

    /// Tells a remote candidate.
    pub fn add_candidate(&self, candidate: &str, mid: &str) -> Result<()> {
        let _pass = pass();
        let (candidate, mid) = (c_string(candidate)?, c_string(mid)?);
        // SAFETY: both strings live until the call returns.
        check("add a candidate", || unsafe {
            sys::rtcAddRemoteCandidate(self.id, candidate.as_ptr(), mid.as_ptr())
        })
        .map(drop)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(entry) = live().write().remove(&self.key) {
            reaper::bury(entry.remains);
        }
    }
}

/// A connection that somebody holds.
struct Entry {
    observer: Weak<dyn Observer>,
    channels: Option<Weak<dyn Channels>>,
    gathering: Option<Arc<Gathering>>,
    remains: Remains,
}

// Held to look an observer up, or to put in and take out; never across a call of libdatachannel or
// an observer.
type Live = RwLock<HashMap<u64, Entry>>;

fn live() -> &'static Live {
    static LIVE: OnceLock<Live> = OnceLock::new();
    LIVE.get_or_init(Live::default)
}

fn remember(entry: Entry) -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let key = NEXT.fetch_add(1, Ordering::Relaxed);
    live().write().insert(key, entry);
    key
}

/// The key as what libdatachannel hands back.
fn user_pointer(key: u64) -> *mut c_void {
    key as usize as *mut c_void
}

/// Runs `call` with the observer behind a user pointer, if it still lives. Panics end here.
fn observe(pointer: *mut c_void, call: impl FnOnce(&dyn Observer)) {
    let observer = live().read().get(&(pointer as usize as u64)).and_then(|entry| entry.observer.upgrade());
    if let Some(observer) = observer {
        contain(|| call(&*observer));
    }
}

/// The same with what watches its gathering.
fn observe_gathering(pointer: *mut c_void, call: impl FnOnce(&Gathering)) {
    let gathering = live().read().get(&(pointer as usize as u64)).and_then(|entry| entry.gathering.clone());
    if let Some(gathering) = gathering {
        contain(|| call(&gathering));
    }
}

fn contain(call: impl FnOnce()) {
    if catch_unwind(AssertUnwindSafe(call)).is_err() {
        log::error!("a panic in a callback of the transport was stopped");
    }
}

extern "C" fn on_state(_: c_int, state: sys::rtcState, pointer: *mut c_void) {
    let state = match state {
        sys::rtcState_RTC_CONNECTED => LinkState::Connected,
        sys::rtcState_RTC_DISCONNECTED => LinkState::Disconnected,
        sys::rtcState_RTC_FAILED => LinkState::Failed,
        sys::rtcState_RTC_CLOSED => LinkState::Closed,
        _ => return,
    };
    observe(pointer, |observer| observer.state(state));
}

extern "C" fn on_candidate(_: c_int, candidate: *const c_char, _: *const c_char, pointer: *mut c_void) {
    if !candidate.is_null() {
        // SAFETY: a NUL-terminated string for the time of this call.
        let candidate = unsafe { CStr::from_ptr(candidate) }.to_string_lossy();
        observe_gathering(pointer, |gathering| gathering.found(&candidate));
    }
}

extern "C" fn on_gathering(_: c_int, state: sys::rtcGatheringState, pointer: *mut c_void) {
    if state == sys::rtcGatheringState_RTC_GATHERING_COMPLETE {
        observe_gathering(pointer, Gathering::finish);
    }
}

extern "C" fn on_open(_: c_int, pointer: *mut c_void) {
    observe(pointer, |observer| observer.open());
}

extern "C" fn on_packet(_: c_int, data: *const c_char, size: c_int, pointer: *mut c_void) {
    if data.is_null() || size <= 0 {
        return;
    }
    // SAFETY: libdatachannel gives `size` readable bytes for the time of this call.
    let packet = unsafe { std::slice::from_raw_parts(data.cast::<u8>(), size as usize) };
    observe(pointer, |observer| observer.packet(packet));
}

extern "C" fn on_unwanted_track(_: c_int, track: c_int, _: *mut c_void) {
    // SAFETY: a fresh id; deleting it in this callback is allowed and refuses the section.
    unsafe { sys::rtcDeleteTrack(track) };
}

thread_local! {
    /// What libdatachannel last complained of on this thread: it returns codes, and says the reason
    /// to its log only.
    static COMPLAINT: RefCell<String> = const { RefCell::new(String::new()) };
}

extern "C" fn on_log(level: sys::rtcLogLevel, message: *const c_char) {
    if message.is_null() {
        return;
    }
    // SAFETY: a NUL-terminated string for the time of this call.
    let message = unsafe { CStr::from_ptr(message) }.to_string_lossy();
    if level <= sys::rtcLogLevel_RTC_LOG_ERROR {
        // A thread that ends has no such text any more.
        let _ = COMPLAINT.try_with(|complaint| *complaint.borrow_mut() = message.clone().into_owned());
    }
    log::debug!(target: "framewire::transport", "{message}");
}

/// Runs a call that returns a negative code for failure, and finds the sentence for it.
fn check(doing: &str, call: impl FnOnce() -> c_int) -> Result<c_int> {
    COMPLAINT.with(|complaint| complaint.borrow_mut().clear());
    let code = call();
    if code >= 0 {
        return Ok(code);
    }
    let complaint = COMPLAINT.with(|complaint| std::mem::take(&mut *complaint.borrow_mut()));
    let complaint = if complaint.is_empty() { format!("code {code}") } else { complaint };
    Err(Error::new(Status::Transport, format!("could not {doing}: {complaint}")))
}

fn c_string(text: &str) -> Result<CString> {
    CString::new(text).map_err(|_| Error::argument("a text for the transport has a NUL byte in it"))
}

fn initialise() {
    static ONCE: OnceLock<()> = OnceLock::new();
    ONCE.get_or_init(|| {
        // SAFETY: all-zero means the default for every setting.
        let mut sctp: sys::rtcSctpSettings = unsafe { std::mem::zeroed() };
        // The defaults close every channel of a connection after a black-out of 12.7 s.
        sctp.maxRetransmitAttempts = 20;
        sctp.maxRetransmitTimeoutMs = 2_000;
        // What is in it goes before all that comes later, on any channel, and libdatachannel does not count it.
        // Its default, a megabyte, is 50 ms at 168 Mbit/s; this is the least it can be, that of the longest
        // message, and still 42 Mbit/s where a round trip is 50 ms.
        sctp.sendBufferSize = crate::sdp::MAX_MESSAGE as c_int;
        // SAFETY: called once, before the first connection; the callback lives for ever.
        unsafe {
            sys::rtcInitLogger(sys::rtcLogLevel_RTC_LOG_WARNING, Some(on_log));
            sys::rtcSetSctpSettings(&sctp);
            sys::rtcPreload();
        }
        gate::guard_exit();
    });
}
