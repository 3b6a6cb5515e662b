//! The resolver handle.

use super::events::{self, framewire_events};
use super::guard::{guard, guard_free, required};
use super::peer::framewire_peer;
use super::registry::{PEERS, RESOLVERS};
use super::sink::kind;
use super::sized::{self, millis, plain};
use super::status::framewire_status;
use super::text;
use crate::error::{Error, Result};
use crate::events::Events;
use crate::peer::Peer;
use crate::resolve::{Arrival, Key, Resolver, ResolverOptions, TrackType};
use std::ffi::c_char;
use std::slice;
use std::sync::Arc;
use std::time::Duration;

/// Tells which track is whose, where media and the program's own signalling speak of a track in either
/// order: media registers a track, under all that is known of it, and the program resolves the tracks of a
/// participant. A participant is a user and a session: two devices of one user are two sessions.
///
/// A resolve looks, in this order, for: a track that bears its hint; the oldest track that is known to be of
/// this user and session (after a republish a new one, with a new id); the track that it was told before; the
/// same user's track of that type in the one other session there is, at once if that was unpublished, else
/// after half the time-out, a second at most, in which its own did not come (never by a mere look); the one track of that kind of
/// which only the user or only the session is known; the one of which neither is. Of two that are alike it
/// takes none and waits. No track is ever told to two participants, or as two types.
///
/// Thread safety: every function may be called from any thread, also from callbacks.
pub struct framewire_resolver {
    _token: (),
}

/// What a participant sends.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum framewire_track_type {
    /// The camera: a picture.
    FRAMEWIRE_TRACK_TYPE_VIDEO = 1,
    /// The microphone: sound.
    FRAMEWIRE_TRACK_TYPE_AUDIO = 2,
    /// The screen: a picture.
    FRAMEWIRE_TRACK_TYPE_SCREEN_SHARE = 3,
    /// The screen's sound.
    FRAMEWIRE_TRACK_TYPE_SCREEN_SHARE_AUDIO = 4,
}

/// What a resolver is made from. 0 is the default of every field but `size`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct framewire_resolver_options {
    /// sizeof(framewire_resolver_options).
    pub size: usize,
    /// Where the outcomes of framewire_resolver_resolve_async are told; NULL: nowhere. It stays yours.
    pub events: *mut framewire_events,
    /// How long a registered track waits for its owner, in milliseconds; 0: 60,000.
    pub ttl_ms: u32,
    /// 0.
    pub reserved: u32,
}
plain!(framewire_resolver_options, first 24, { size, events, ttl_ms, reserved });

/// A media track that arrived. Every text is copied.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct framewire_arrival {
    /// sizeof(framewire_arrival).
    pub size: usize,
    /// Its id: what a resolve answers.
    pub track: *const c_char,
    /// Whose it is; NULL: not known.
    pub user: *const c_char,
    /// From which session; NULL: not known.
    pub session: *const c_char,
    /// What else may be named as a hint: mid, msid, SSRC, a label; NULL: nothing.
    pub labels: *const *const c_char,
    /// How many: at most 16.
    pub label_count: usize,
    /// FRAMEWIRE_MEDIA_VIDEO or FRAMEWIRE_MEDIA_AUDIO.
    pub media: u32,
    /// 0.
    pub reserved: u32,
}
plain!(framewire_arrival, first 56, { size, track, user, session, labels, label_count, media, reserved });

/// Figures of a resolver.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct framewire_resolver_stats {
    /// sizeof(framewire_resolver_stats).
    pub size: usize,
    /// Tracks that wait for an owner now.
    pub pending: u64,
    /// Tracks whose owner is known now.
    pub known: u64,
    /// Resolves that wait now.
    pub waiting: u64,
    /// Registers.
    pub registered: u64,
    /// Tracks that got an owner.
    pub bound: u64,
    /// Of them: taken over from another session of the same user.
    pub moved: u64,
    /// Resolves that got a track.
    pub resolved: u64,
    /// Resolves that timed out.
    pub timed_out: u64,
    /// Resolves that were cancelled.
    pub cancelled: u64,
    /// Tracks that waited in vain: too long, among too many (65,536), or for a participant that left.
    pub dropped: u64,
}
plain!(framewire_resolver_stats, first 88, {
    size, pending, known, waiting, registered, bound, moved, resolved, timed_out, cancelled, dropped,
});

/// Makes a resolver that knows of nothing. `options` may be NULL: all defaults.
///
/// On success `*resolver` is yours until framewire_resolver_free.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_resolver_new(
    options: *const framewire_resolver_options,
    resolver: *mut *mut framewire_resolver,
) -> framewire_status {
    guard(|| {
        let mut converted = ResolverOptions::default();
        if !options.is_null() {
            // SAFETY: the caller promises that `options` points to `options->size` readable bytes.
            let options = unsafe { sized::read(options, "options") }?;
            sized::unused(options.reserved, "options.reserved")?;
            converted.events = events::queue(options.events)?;
            converted.ttl = millis(options.ttl_ms);
        }
        required(resolver, "resolver")?;
        let place = RESOLVERS.reserve()?;
        converted.id = Some(place.id());
        let events = converted.events.clone();
        let entry = Entry { resolver: Resolver::new(converted), events };
        // SAFETY: `resolver` is not NULL, and the caller promises that it is writable.
        unsafe { resolver.write(place.fill(entry)) };
        Ok(())
    })
}

/// Ends a resolver: what waits in it returns CLOSED. NULL is fine.
///
/// No event about it comes afterwards, and an event callback about it is not running (one that does
/// not return is waited for one second at most; inside it, free does not wait for it).
#[unsafe(no_mangle)]
pub extern "C" fn framewire_resolver_free(resolver: *mut framewire_resolver) {
    guard_free(resolver, || {
        let (id, entry) = RESOLVERS.take(resolver)?;
        entry.resolver.close();
        if let Some(events) = &entry.events {
            events.forget(id);
        }
        Ok(())
    });
}

/// A media track arrived, or more became known of it: what is NULL leaves what was known before. Wakes the
/// resolve that it is for.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_resolver_register(
    resolver: *mut framewire_resolver,
    arrival: *const framewire_arrival,
) -> framewire_status {
    guard(|| {
        let entry = RESOLVERS.get(resolver)?;
        // SAFETY: the caller promises that `arrival` points to `arrival->size` readable bytes.
        let arrival = unsafe { sized::read(arrival, "arrival") }?;
        // SAFETY: the caller promises that its texts are C strings, and as many as it says.
        entry.resolver.register(unsafe { arrival.convert() }?);
        Ok(())
    })
}

/// A media track is gone, for good.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_resolver_withdraw(
    resolver: *mut framewire_resolver,
    track: *const c_char,
) -> framewire_status {
    guard(|| {
        let entry = RESOLVERS.get(resolver)?;
        // SAFETY: the caller promises that it is a C string.
        entry.resolver.withdraw(unsafe { text::read(track, "track") }?);
        Ok(())
    })
}

/// Registers the tracks that come into the sinks of `peer`, when they are negotiated, and withdraws them
/// when the peer is over. `user` and `session` (each may be NULL) say whose they are. Before the offer.
///
/// The id of a track is the peer's id in hexadecimal, a slash and its mid, "200000001000000/0"; its labels
/// are its mid, what its msid names, and its SSRCs in decimal. INVALID_STATE: the peer has negotiated.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_peer_announce(
    peer: *mut framewire_peer,
    resolver: *mut framewire_resolver,
    user: *const c_char,
    session: *const c_char,
) -> framewire_status {
    guard(|| {
        let (peer, resolver) = (PEERS.get(peer)?, RESOLVERS.get(resolver)?);
        // SAFETY: the caller promises that each is NULL or a C string.
        let (user, session) =
            unsafe { (text::read_optional(user, "user")?, text::read_optional(session, "session")?) };
        let peer: &Peer = &peer.peer;
        peer.announce(&resolver.resolver, user, session)
    })
}

/// Waits for the track of a participant for at most `timeout_ms` milliseconds: 0 looks once, -1 waits
/// without end. `type` is a framewire_track_type. `hint` (may be NULL) is a label that the track is said to
/// bear, or its id: what bears others is not taken. Text out: `track` (with `capacity` bytes) receives the
/// id and a NUL, `*length` (may be NULL) its length without the NUL.
///
/// TIMEOUT: none came, and framewire_last_error names what there was. CANCELLED: by
/// framewire_resolver_cancel. CLOSED: the resolver was freed. LIMIT: `capacity` is too small (the track is
/// known now: resolve it again), or 65,536 resolves wait.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_resolver_resolve(
    resolver: *mut framewire_resolver,
    user: *const c_char,
    session: *const c_char,
    r#type: u32,
    hint: *const c_char,
    timeout_ms: i32,
    track: *mut c_char,
    capacity: usize,
    length: *mut usize,
) -> framewire_status {
    guard(|| {
        // Not the entry: a free while we wait must find nobody who holds it.
        let resolver = RESOLVERS.get(resolver)?.resolver.clone();
        // SAFETY: the caller promises that each is NULL or a C string.
        let (key, hint) = unsafe { (key(user, session, r#type)?, text::read_optional(hint, "hint")?) };
        // SAFETY: the caller promises that the outputs are writable.
        let out = unsafe { text::out(track, capacity, length) }?;
        out.write(&resolver.resolve(key, hint, patience(timeout_ms)?)?)
    })
}

/// framewire_resolver_resolve that does not wait: the outcome is an event about the resolver, one of
/// FRAMEWIRE_EVENT_RESOLVED, FRAMEWIRE_EVENT_RESOLVE_CANCELLED and FRAMEWIRE_EVENT_RESOLVE_TIMED_OUT, with
/// `*request` as its value; it may come before this returns. INVALID_STATE: the resolver has no events.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_resolver_resolve_async(
    resolver: *mut framewire_resolver,
    user: *const c_char,
    session: *const c_char,
    r#type: u32,
    hint: *const c_char,
    timeout_ms: i32,
    request: *mut u64,
) -> framewire_status {
    guard(|| {
        let entry = RESOLVERS.get(resolver)?;
        // SAFETY: the caller promises that each is NULL or a C string.
        let (key, hint) = unsafe { (key(user, session, r#type)?, text::read_optional(hint, "hint")?) };
        required(request, "request")?;
        let number = entry.resolver.resolve_async(key, hint, patience(timeout_ms)?)?;
        // SAFETY: `request` is not NULL, and the caller promises that it is writable.
        unsafe { request.write(number) };
        Ok(())
    })
}

/// The participant sends that track no more; it can be resolved again. Text out: `track`, `capacity` and
/// `length` as in framewire_resolver_resolve receive its id, or "" if it was not known.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_resolver_unpublish(
    resolver: *mut framewire_resolver,
    user: *const c_char,
    session: *const c_char,
    r#type: u32,
    track: *mut c_char,
    capacity: usize,
    length: *mut usize,
) -> framewire_status {
    guard(|| {
        let entry = RESOLVERS.get(resolver)?;
        // SAFETY: the caller promises that each is a C string.
        let key = unsafe { key(user, session, r#type) }?;
        // SAFETY: the caller promises that the outputs are writable.
        let out = unsafe { text::out(track, capacity, length) }?;
        out.write(&entry.resolver.unpublish(&key).unwrap_or_default())
    })
}

/// Ends every resolve of a participant, waiting ones included, with CANCELLED, and drops its tracks that
/// wait for an owner. It is not remembered: what is resolved afterwards waits.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_resolver_cancel(
    resolver: *mut framewire_resolver,
    user: *const c_char,
    session: *const c_char,
) -> framewire_status {
    guard(|| {
        let entry = RESOLVERS.get(resolver)?;
        // SAFETY: the caller promises that each is a C string.
        let (user, session) = unsafe { (text::read(user, "user")?, text::read(session, "session")?) };
        entry.resolver.cancel(user, session);
        Ok(())
    })
}

/// Drops what is known of a participant that left. Its resolves go on waiting.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_resolver_forget(
    resolver: *mut framewire_resolver,
    user: *const c_char,
    session: *const c_char,
) -> framewire_status {
    guard(|| {
        let entry = RESOLVERS.get(resolver)?;
        // SAFETY: the caller promises that each is a C string.
        let (user, session) = unsafe { (text::read(user, "user")?, text::read(session, "session")?) };
        entry.resolver.forget(user, session);
        Ok(())
    })
}

/// The figures of a resolver as they stand. `stats->size` must be set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_resolver_get_stats(
    resolver: *mut framewire_resolver,
    stats: *mut framewire_resolver_stats,
) -> framewire_status {
    guard(|| {
        let entry = RESOLVERS.get(resolver)?;
        // SAFETY: the caller promises that `stats` is NULL or points to `stats->size` writable bytes.
        let out = unsafe { sized::out(stats, "stats") }?;
        let stats = entry.resolver.stats();
        out.write(framewire_resolver_stats {
            size: 0,
            pending: stats.pending,
            known: stats.known,
            waiting: stats.waiting,
            registered: stats.registered,
            bound: stats.bound,
            moved: stats.moved,
            resolved: stats.resolved,
            timed_out: stats.timed_out,
            cancelled: stats.cancelled,
            dropped: stats.dropped,
        });
        Ok(())
    })
}

/// What a resolver handle stands for.
pub struct Entry {
    resolver: Resolver,
    events: Option<Arc<Events>>,
}

/// # Safety
/// Each text is NULL or a C string.
unsafe fn key(user: *const c_char, session: *const c_char, r#type: u32) -> Result<Key> {
    // SAFETY: as promised to us.
    let (user, session) = unsafe { (text::read(user, "user")?, text::read(session, "session")?) };
    let track_type = match r#type {
        1 => TrackType::Video,
        2 => TrackType::Audio,
        3 => TrackType::ScreenShare,
        4 => TrackType::ScreenShareAudio,
        _ => return Err(Error::argument(format!("type is {} but must be a framewire_track_type", r#type))),
    };
    Ok(Key::new(user, session, track_type))
}

fn patience(timeout_ms: i32) -> Result<Duration> {
    Ok(sized::timeout(timeout_ms)?.unwrap_or(Duration::MAX))
}

impl framewire_arrival {
    /// # Safety
    /// Each text is NULL or a C string; `labels` has `label_count` of them, or is NULL.
    unsafe fn convert(&self) -> Result<Arrival> {
        const MAX_LABELS: usize = 16;
        sized::unused(self.reserved, "arrival.reserved")?;
        if self.label_count > MAX_LABELS || (self.labels.is_null() && self.label_count > 0) {
            let sentence = format!(
                "arrival.label_count is {} but must be the number of labels, at most 16",
                self.label_count
            );
            return Err(Error::argument(sentence));
        }
        let labels = match self.label_count {
            0 => &[][..],
            // SAFETY: as promised to us.
            count => unsafe { slice::from_raw_parts(self.labels, count) },
        };
        // SAFETY: as promised to us.
        unsafe {
            Ok(Arrival {
                track: text::read(self.track, "arrival.track")?.into(),
                user: text::read_optional(self.user, "arrival.user")?.map(Into::into),
                session: text::read_optional(self.session, "arrival.session")?.map(Into::into),
                kind: kind(self.media)?,
                labels: labels
                    .iter()
                    .map(|label| Ok(text::read(*label, "a label")?.into()))
                    .collect::<Result<_>>()?,
            })
        }
    }
}
