//! Offers and answers of a peer.

use super::guard::guard;
use super::peer::{Entry, framewire_peer};
use super::registry::PEERS;
use super::status::framewire_status;
use super::text;
use crate::error::{Error, Result, Status};
use std::ffi::c_char;
use std::time::Duration;

/// Answers `offer` (SDP; lines may end with LF or CRLF), waiting for at most `timeout_ms`
/// milliseconds (0 to 600,000; some ten are usual). The answer holds every local candidate (but
/// see `gather_timeout_ms` of framewire_peer_options): nothing has to follow it. Send it to the remote; media flows when it has connected.
///
/// Text out: `answer` (with `capacity` bytes) receives the SDP and a NUL, `*length` (may be NULL)
/// its length without the NUL. 64 KiB always suffice. Where `answer` is NULL, or too small (LIMIT, and
/// it is not written to, but `*length` is), framewire_peer_description has the text.
///
/// MALFORMED: the offer does not parse, the sentence says where. NOT_OFFERED: it has no section for
/// what is to be sent. TIMEOUT, INVALID_STATE (answered before), CLOSED, TRANSPORT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_peer_answer(
    peer: *mut framewire_peer,
    offer: *const c_char,
    timeout_ms: u32,
    answer: *mut c_char,
    capacity: usize,
    length: *mut usize,
) -> framewire_status {
    guard(|| {
        let entry = PEERS.get(peer)?;
        // SAFETY: the caller promises that `offer` is NULL or a C string, and the outputs writable.
        let (offer, out) = unsafe { (text::read(offer, "offer")?, text::out(answer, capacity, length)?) };
        let answer = entry.peer.answer(offer, timeout(timeout_ms)?)?;
        out.write(entry.text.lock().insert(answer))
    })
}

/// Answers `offer` on a thread of the library: never blocks. FRAMEWIRE_EVENT_ANSWER brings the
/// answer, FRAMEWIRE_EVENT_NEGOTIATION_FAILED the reason why there is none.
///
/// INVALID_STATE: the peer has no events, or was answered before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_peer_answer_async(
    peer: *mut framewire_peer,
    offer: *const c_char,
) -> framewire_status {
    guard(|| {
        let entry = PEERS.get(peer)?;
        entry.is_heard()?;
        // SAFETY: the caller promises that `offer` is NULL or a C string.
        entry.peer.answer_async(unsafe { text::read(offer, "offer") }?)
    })
}

/// Makes an offer of what framewire_peer_send was called with, waiting for at most `timeout_ms`
/// milliseconds (0 to 600,000). Text out and errors as in framewire_peer_answer. Its answer goes to
/// framewire_peer_accept.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_peer_offer(
    peer: *mut framewire_peer,
    timeout_ms: u32,
    offer: *mut c_char,
    capacity: usize,
    length: *mut usize,
) -> framewire_status {
    guard(|| {
        let entry = PEERS.get(peer)?;
        // SAFETY: the caller promises that the outputs are writable.
        let out = unsafe { text::out(offer, capacity, length) }?;
        let offer = entry.peer.offer(timeout(timeout_ms)?)?;
        out.write(entry.text.lock().insert(offer))
    })
}

/// Makes an offer on a thread of the library: never blocks. FRAMEWIRE_EVENT_OFFER brings it,
/// FRAMEWIRE_EVENT_NEGOTIATION_FAILED the reason why there is none.
///
/// INVALID_STATE: the peer has no events, or has negotiated before.
#[unsafe(no_mangle)]
pub extern "C" fn framewire_peer_offer_async(peer: *mut framewire_peer) -> framewire_status {
    guard(|| {
        let entry = PEERS.get(peer)?;
        entry.is_heard()?;
        entry.peer.offer_async()
    })
}

/// Takes the remote's answer to the offer of framewire_peer_offer, waiting for at most `timeout_ms`
/// milliseconds (0 to 600,000).
///
/// MALFORMED: it does not parse. NOT_OFFERED: it accepts nothing. INVALID_STATE: there is no offer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_peer_accept(
    peer: *mut framewire_peer,
    answer: *const c_char,
    timeout_ms: u32,
) -> framewire_status {
    guard(|| {
        let entry = PEERS.get(peer)?;
        // SAFETY: the caller promises that `answer` is NULL or a C string.
        entry.peer.accept(unsafe { text::read(answer, "answer") }?, timeout(timeout_ms)?)
    })
}

/// The answer or offer that framewire_peer_answer or framewire_peer_offer made last. Text out as
/// there, but without a buffer it does nothing else than tell the length. INVALID_STATE: there is
/// none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_peer_description(
    peer: *mut framewire_peer,
    description: *mut c_char,
    capacity: usize,
    length: *mut usize,
) -> framewire_status {
    guard(|| {
        let entry = PEERS.get(peer)?;
        // SAFETY: the caller promises that the outputs are writable.
        let out = unsafe { text::out(description, capacity, length) }?;
        match &*entry.text.lock() {
            Some(text) => out.write(text),
            None => Err(Error::new(Status::InvalidState, "peer has made no answer or offer yet")),
        }
    })
}

/// Takes a remote ICE candidate, "candidate:1 1 udp 2130706431 192.0.2.1 50000 typ host", in the
/// section `mid` (NULL: the first). One with a name instead of an address, and one that is not UDP,
/// is passed over; so are all of them unless the peer's options say `probe_candidates` or have
/// a TURN server. MALFORMED: it
/// does not parse. INVALID_STATE: offer and answer are not exchanged yet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_peer_add_candidate(
    peer: *mut framewire_peer,
    candidate: *const c_char,
    mid: *const c_char,
) -> framewire_status {
    guard(|| {
        let entry = PEERS.get(peer)?;
        // SAFETY: the caller promises that each is NULL or a C string.
        let (candidate, mid) =
            unsafe { (text::read(candidate, "candidate")?, text::read_optional(mid, "mid")?) };
        entry.peer.add_candidate(candidate, mid)
    })
}

impl Entry {
    fn is_heard(&self) -> Result<()> {
        match self.events {
            Some(_) => Ok(()),
            None => Err(Error::new(Status::InvalidState, "peer has no events to deliver the outcome to")),
        }
    }
}

fn timeout(ms: u32) -> Result<Duration> {
    match ms {
        0..=600_000 => Ok(Duration::from_millis(ms.into())),
        _ => Err(Error::argument(format!("timeout_ms is {ms} but may be 600000 at most"))),
    }
}
