//! The peer handle.

use super::events::{self, framewire_events};
use super::guard::{guard, guard_free, required};
use super::ice::{self, framewire_ice_server};
use super::registry::{PEERS, SINKS, SOURCES};
use super::sink::framewire_sink;
use super::sized::{self, flag, millis, plain};
use super::source::framewire_source;
use super::stats::framewire_viewer_stats;
use super::status::framewire_status;
use super::text;
use crate::error::{Error, Result, Status};
use crate::events::Events;
use crate::peer::{Peer, PeerOptions, PeerState};
use crate::viewer::ViewerStats;
use parking_lot::Mutex;
use std::ffi::c_char;
use std::net::IpAddr;
use std::sync::Arc;

/// One WebRTC connection, negotiated over signalling of your own: an offer's text in, an answer's
/// text out, or the other way round.
///
/// Thread safety: every function may be called from any thread, also from callbacks; the ones that
/// wait (framewire_peer_answer, framewire_peer_offer) hold up an event callback that calls them.
pub struct framewire_peer {
    _token: (),
}

/// Where a peer stands.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum framewire_peer_state {
    /// Nothing negotiated.
    FRAMEWIRE_PEER_NEW = 0,
    /// Offer and answer are exchanged, or being so.
    FRAMEWIRE_PEER_CONNECTING = 1,
    /// Media flows.
    FRAMEWIRE_PEER_CONNECTED = 2,
    /// Connected, but nothing came from the remote for two seconds.
    FRAMEWIRE_PEER_INTERRUPTED = 3,
    /// ICE lost the path; it may come back.
    FRAMEWIRE_PEER_DISCONNECTED = 4,
    /// It is over: no path, silence, or an error. Its sources are detached.
    FRAMEWIRE_PEER_FAILED = 5,
    /// It is over: closed by either side. Its sources are detached.
    FRAMEWIRE_PEER_CLOSED = 6,
}

/// What a peer is made from. 0 is the default of every field but `size`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct framewire_peer_options {
    /// sizeof(framewire_peer_options).
    pub size: usize,
    /// Where its life is told; NULL: nowhere. It stays yours.
    pub events: *mut framewire_events,
    /// The name of the stream in its events; NULL: "". Copied.
    pub stream: *const c_char,
    /// The local IP address for media, "192.0.2.1"; NULL: every interface's. Copied.
    pub media_address: *const c_char,
    /// IP addresses to tell the remote in place of private ones, what a NAT in front of this machine
    /// shows: up to 8, separated by commas; NULL: none. Copied.
    pub public_addresses: *const c_char,
    /// The local UDP port for media, shared by all peers that name it; 0: one that is free.
    pub media_port: u32,
    /// 1: candidates of the remote are probed. 0: they are not, the remote's own probes tell where it
    /// is; that is enough where it can reach this machine, and no stranger gets a packet from here.
    /// With a TURN server they always are: it lets through only whom it was told of.
    pub probe_candidates: u32,
    /// How long it may be disconnected before it has failed, in milliseconds; 0: 5,000.
    pub disconnect_grace_ms: u32,
    /// How long it may take to connect before it has failed, in milliseconds; 0: 30,000.
    pub connect_timeout_ms: u32,
    /// STUN and TURN servers, to learn at what other addresses this machine can be reached; of those
    /// given, one of STUN and two of TURN are asked. UNSUPPORTED: one is reached by TLS or TCP, or is
    /// TURN while `media_port` is given: what is relayed has a port of its own. NULL: none. Copied.
    ///
    /// Peers with a TURN server share a lock in the transport, which a hostile remote can hold for
    /// ever: then none of them is served or freed any more. Those without are not touched by it.
    pub ice_servers: *const framewire_ice_server,
    /// How many.
    pub ice_server_count: usize,
    /// How long an answer or an offer waits for them, in milliseconds; 0: 2,000. What is learned later
    /// comes as FRAMEWIRE_EVENT_CANDIDATE; an answer or offer without a=end-of-candidates says so.
    pub gather_timeout_ms: u32,
    /// 1: the remote may make data channels, which framewire_peer_next_channel hands out. Those that you
    /// make need no leave.
    pub accept_channels: u32,
}
plain!(framewire_peer_options, first 56, {
    size, events, stream, media_address, public_addresses, media_port, probe_candidates, disconnect_grace_ms, connect_timeout_ms,
    ice_servers, ice_server_count, gather_timeout_ms, accept_channels,
});

/// Makes a peer that is connected to nothing. `options` may be NULL: all defaults.
///
/// On success `*peer` is yours until framewire_peer_free. INVALID_ARGUMENT: a NULL, a wrong size, an
/// address that is none. INVALID_HANDLE: `options->events` is no events handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_peer_new(
    options: *const framewire_peer_options,
    peer: *mut *mut framewire_peer,
) -> framewire_status {
    guard(|| {
        let mut converted = PeerOptions::default();
        if !options.is_null() {
            // SAFETY: the caller promises that `options` points to `options->size` readable bytes.
            let options = unsafe { sized::read(options, "options") }?;
            // SAFETY: the caller promises that its texts are C strings.
            converted = unsafe { options.convert() }?;
        }
        required(peer, "peer")?;
        let place = PEERS.reserve()?;
        converted.id = Some(place.id());
        let events = converted.events.clone();
        let entry = Entry { peer: Peer::new(converted)?, events, text: Mutex::default() };
        // SAFETY: `peer` is not NULL, and the caller promises that it is writable.
        unsafe { peer.write(place.fill(entry)) };
        Ok(())
    })
}

/// Ends a peer in whatever state it is: says goodbye to the remote, detaches its sources. NULL is
/// fine. Its sources live on. A call that waits for its answer or offer returns with CLOSED.
///
/// No event about it comes afterwards, and an event callback about it is not running (one that does
/// not return is waited for one second at most; inside it, free returns at once).
#[unsafe(no_mangle)]
pub extern "C" fn framewire_peer_free(peer: *mut framewire_peer) {
    guard_free(peer, || {
        let (id, entry) = PEERS.take(peer)?;
        entry.peer.close();
        if let Some(events) = &entry.events {
            events.forget(id);
        }
        Ok(())
    });
}

/// Sends `source` in the section of the coming offer whose mid is `mid`; NULL: its picture in the
/// next section of video, its sound in the next of audio, in the order of the calls. To be called
/// before the offer comes or is made, once a source: a robot with fourteen cameras calls it fourteen
/// times.
///
/// The peer keeps what it needs of the source: either may be freed first. INVALID_STATE: there has
/// been an offer. INVALID_HANDLE: `peer` or `source` is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_peer_send(
    peer: *mut framewire_peer,
    mid: *const c_char,
    source: *mut framewire_source,
) -> framewire_status {
    guard(|| {
        let (entry, source) = (PEERS.get(peer)?, SOURCES.get(source)?);
        // SAFETY: the caller promises that `mid` is NULL or a C string.
        entry.peer.send(unsafe { text::read_optional(mid, "mid") }?, source.source())
    })
}

/// Takes what the remote sends in the section of the coming offer whose mid is `mid` into `sink`;
/// NULL: the picture of the next section of video that it sends in, the sound of the next of audio, as
/// far as the sink takes them. To be called before the offer comes or is made, once a sink.
///
/// The peer keeps what it needs of the sink: either may be freed first. A section may carry media both
/// ways: call framewire_peer_send too. INVALID_STATE: there has been an offer. INVALID_HANDLE: `peer`
/// or `sink` is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_peer_receive(
    peer: *mut framewire_peer,
    mid: *const c_char,
    sink: *mut framewire_sink,
) -> framewire_status {
    guard(|| {
        let (entry, sink) = (PEERS.get(peer)?, SINKS.get(sink)?);
        // SAFETY: the caller promises that `mid` is NULL or a C string.
        entry.peer.receive(unsafe { text::read_optional(mid, "mid") }?, &sink.sink)
    })
}

/// Where the peer stands: `*state` is a framewire_peer_state.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_peer_get_state(
    peer: *mut framewire_peer,
    state: *mut i32,
) -> framewire_status {
    guard(|| {
        let entry = PEERS.get(peer)?;
        required(state, "state")?;
        // SAFETY: `state` is not NULL, and the caller promises that it is writable.
        unsafe { state.write(entry.peer.state() as i32) };
        Ok(())
    })
}

/// The figures of the peer's viewer `n`, counted from 0 in the order of the offer's sections: one
/// picture or one sound that is sent to it. They outlive the connection. `stats->size` must be set.
/// CLOSED: there are not so many; ask for 0, 1, 2 … until then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_peer_get_stats(
    peer: *mut framewire_peer,
    n: usize,
    stats: *mut framewire_viewer_stats,
) -> framewire_status {
    guard(|| {
        let entry = PEERS.get(peer)?;
        // SAFETY: the caller promises that `stats` is NULL or points to `stats->size` writable bytes.
        let out = unsafe { sized::out(stats, "stats") }?;
        out.write(framewire_viewer_stats::from(entry.viewer(n)?.1));
        Ok(())
    })
}

/// The mid of the section that viewer `n` is sent in. Text out as in framewire_peer_description;
/// CLOSED as in framewire_peer_get_stats.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_peer_mid(
    peer: *mut framewire_peer,
    n: usize,
    mid: *mut c_char,
    capacity: usize,
    length: *mut usize,
) -> framewire_status {
    guard(|| {
        let entry = PEERS.get(peer)?;
        // SAFETY: the caller promises that the outputs are writable.
        let out = unsafe { text::out(mid, capacity, length) }?;
        out.write(&entry.viewer(n)?.0)
    })
}

/// What a peer handle stands for.
pub struct Entry {
    pub(super) peer: Peer,
    pub(super) events: Option<Arc<Events>>,
    /// The last answer or offer of a call that waited.
    pub(super) text: Mutex<Option<String>>,
}

impl Entry {
    fn viewer(&self, n: usize) -> Result<(String, ViewerStats)> {
        let mut viewers = self.peer.stats();
        match n < viewers.len() {
            true => Ok(viewers.swap_remove(n)),
            false => {
                Err(Error::new(Status::Closed, format!("n is {n} but peer has {} viewers", viewers.len())))
            }
        }
    }
}

impl framewire_peer_options {
    /// # Safety
    /// Each text is NULL or a C string; `ice_servers` is NULL or has as many as it says.
    unsafe fn convert(&self) -> Result<PeerOptions> {
        // SAFETY: as promised to us.
        let (stream, address, public) = unsafe {
            let stream = text::read_optional(self.stream, "options.stream")?;
            let address = text::read_optional(self.media_address, "options.media_address")?;
            (stream, address, text::read_optional(self.public_addresses, "options.public_addresses")?)
        };
        Ok(PeerOptions {
            id: None,
            events: events::queue(self.events)?,
            stream: stream.map(Arc::from),
            media_address: address.map(|a| ip_address(a, "options.media_address")).transpose()?,
            media_port: port(self.media_port, "options.media_port")?,
            public_addresses: ip_addresses(public, "options.public_addresses")?,
            // SAFETY: as promised to us.
            ice_servers: unsafe { ice::servers(self.ice_servers, self.ice_server_count) }?,
            gather_timeout: millis(self.gather_timeout_ms),
            probe_candidates: flag(self.probe_candidates, "options.probe_candidates")?,
            disconnect_grace: millis(self.disconnect_grace_ms),
            connect_timeout: millis(self.connect_timeout_ms),
            accept_channels: flag(self.accept_channels, "options.accept_channels")?,
        })
    }
}

/// An address literal.
pub fn ip_address(text: &str, name: &str) -> Result<IpAddr> {
    text.parse().map_err(|_| Error::argument(format!("{name} is {text:?}, which is no IP address")))
}

/// Up to eight address literals between commas.
pub fn ip_addresses(text: Option<&str>, name: &str) -> Result<Vec<IpAddr>> {
    let addresses = text.map_or(Ok(Vec::new()), |text| {
        text.split(',').take(9).map(|a| ip_address(a.trim(), name)).collect::<Result<Vec<_>>>()
    })?;
    if addresses.len() > 8 { Err(Error::argument(format!("{name} has more than 8"))) } else { Ok(addresses) }
}

/// A port, or 0 for none in particular.
pub fn port(port: u32, name: &str) -> Result<Option<u16>> {
    match u16::try_from(port) {
        Ok(port) => Ok((port != 0).then_some(port)),
        Err(_) => Err(Error::argument(format!("{name} is {port} but may be 65535 at most"))),
    }
}

/// The numbers of C are those of Rust.
const _: () = {
    use PeerState::*;
    use framewire_peer_state::*;
    assert!(FRAMEWIRE_PEER_NEW as i32 == New as i32);
    assert!(FRAMEWIRE_PEER_CONNECTING as i32 == Connecting as i32);
    assert!(FRAMEWIRE_PEER_CONNECTED as i32 == Connected as i32);
    assert!(FRAMEWIRE_PEER_INTERRUPTED as i32 == Interrupted as i32);
    assert!(FRAMEWIRE_PEER_DISCONNECTED as i32 == Disconnected as i32);
    assert!(FRAMEWIRE_PEER_FAILED as i32 == Failed as i32);
    assert!(FRAMEWIRE_PEER_CLOSED as i32 == Closed as i32);
};
