//! The client's thread: one attempt after the other.

use super::address::Address;
use super::course::{Course, Failure, Next};
use super::http::Session;
use super::{ClientState, Purpose, Shared};
use crate::error::{Error, Status};
use crate::events::{Event, EventKind};
use crate::ice::{self, IceServer};
use crate::media::Kind;
use crate::peer::{Peer, PeerOptions, PeerState};
use crate::receive::TrackState;
use crate::time::{Time, clock};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// How long one of our own steps of a negotiation may take, beside gathering.
const STEP: Duration = Duration::from_secs(5);
/// How long a DELETE may take: less than [`super::FAREWELL`].
const DELETE: Duration = Duration::from_millis(800);

/// Runs the client to its end, which it tells.
pub fn run(shared: &Arc<Shared>) {
    if catch_unwind(AssertUnwindSafe(|| attempts(shared))).is_err() {
        shared.enter(ClientState::Failed, "a defect stopped the client");
    }
    let peer = {
        let mut inner = shared.inner.lock();
        inner.done = true;
        inner.peer.take()
    };
    shared.done.notify_all();
    if let Some(peer) = peer {
        peer.close();
    }
}

fn attempts(shared: &Shared) {
    let seed = Uuid::new_v4().as_u64_pair().0;
    let mut course = Course::new(shared.options.retry, seed);
    let mut told: Vec<IceServer> = Vec::new();
    loop {
        shared.enter(ClientState::Connecting, "an offer is made");
        let Err(failure) = attempt(shared, &mut course, &mut told) else { return };
        match course.failed(&failure, clock::now()) {
            Next::End(state) => return shared.enter(state, failure.why()),
            Next::Retry(at) => {
                shared.enter(ClientState::Retrying, failure.why());
                if rest(shared, at).is_none() {
                    return;
                }
            }
        }
    }
}

/// From an offer to the end of what came of it. `Ok`: the client is closed. `told`: the ICE servers that
/// came with the last answer, for the next attempt if the server tells none before it.
fn attempt(shared: &Shared, course: &mut Course, told: &mut Vec<IceServer>) -> Result<(), Failure> {
    let before = shared.http.ice_servers();
    let peer = peer(shared, if before.is_empty() { told } else { &before }).map_err(ours)?;
    let Some(peer) = hold(shared, peer) else { return Ok(()) };
    let gathering = shared.options.peer.gather_timeout.unwrap_or_default();
    let offer = match peer.offer(STEP + gathering) {
        Ok(offer) => offer,
        Err(error) if error.status() == Status::Closed && is_closing(shared) => return Ok(()),
        Err(error) => return Err(ours(error)),
    };
    let Session { location, answer, ice_servers } = shared.http.post(&offer).inspect_err(|_| peer.close())?;
    *told = ice_servers;
    let outcome = match peer.accept(&answer, STEP) {
        Ok(()) => serve(shared, course, &peer),
        Err(_) if is_closing(shared) => Ok(()),
        Err(error) => Err(Failure::Wrong(format!("the answer of the server: {error}"))),
    };
    end(shared, location.as_ref(), &peer);
    outcome
}

/// Hears of the peer until it is over, or until the client is closed.
fn serve(shared: &Shared, course: &mut Course, peer: &Peer) -> Result<(), Failure> {
    while let Some(event) = next(shared, None) {
        if event.kind != EventKind::PeerState || event.object != peer.id() {
            continue;
        }
        let is = |state: PeerState| event.value == state as i64;
        if is(PeerState::Failed) {
            return Err(lost(shared, event.text));
        } else if is(PeerState::Closed) {
            return Err(Failure::Over(event.text));
        } else if is(PeerState::Connected) && !is_connected(shared) {
            course.connected(clock::now());
            shared.enter(ClientState::Connected, &event.text);
        }
    }
    Ok(())
}

/// A connection that carries media alone is not told of its end, but RTCP says goodbye.
fn lost(shared: &Shared, why: String) -> Failure {
    let Purpose::Take(sink) = &shared.options.purpose else { return Failure::Lost(why) };
    let ended = |kind| sink.track(kind).is_ok_and(|state| state == TrackState::Ended);
    match [Kind::Video, Kind::Audio].into_iter().any(ended) {
        true => Failure::Over("the publisher said goodbye".into()),
        false => Failure::Lost(why),
    }
}

/// Ends what an attempt has made. The server hears of it before the media stops, so that it knows why.
fn end(shared: &Shared, session: Option<&Address>, peer: &Peer) {
    if let Some(session) = session {
        shared.http.delete(session, DELETE);
    }
    peer.close();
}

fn peer(shared: &Shared, told: &[IceServer]) -> crate::error::Result<Peer> {
    let options = &shared.options.peer;
    let mut ice_servers = options.ice_servers.clone();
    ice_servers.extend(ice::usable(told, options.media_port.is_some()));
    let peer = Peer::new(PeerOptions {
        id: None,
        events: Some(shared.news.clone()),
        ice_servers,
        ..options.clone()
    })?;
    match &shared.options.purpose {
        Purpose::Publish(source) => peer.send(None, source)?,
        Purpose::Take(sink) => peer.receive(None, sink)?,
    }
    Ok(peer)
}

/// Lets the end of the client find the peer. `None`: it is at its end already.
fn hold(shared: &Shared, peer: Peer) -> Option<Peer> {
    let mut inner = shared.inner.lock();
    if inner.closing {
        return None;
    }
    inner.peer = Some(peer.clone());
    Some(peer)
}

/// Waits until `at`. `None`: the client is closed.
fn rest(shared: &Shared, at: Time) -> Option<()> {
    while clock::now() < at {
        if next(shared, Some(at)).is_none() && is_closing(shared) {
            return None;
        }
    }
    Some(())
}

/// The next news of a peer; `None` at the deadline, and when the client is closed.
fn next(shared: &Shared, deadline: Option<Time>) -> Option<Event> {
    let event = shared.news.next(clock::until(deadline).unwrap_or(Duration::MAX)).ok()?;
    (event.object != shared.id && !is_closing(shared)).then_some(event)
}

/// A peer that was interrupted is connected again; the client was all the time.
fn is_connected(shared: &Shared) -> bool {
    shared.inner.lock().state == ClientState::Connected
}

fn is_closing(shared: &Shared) -> bool {
    shared.inner.lock().closing
}

/// An error before the server was asked.
fn ours(error: Error) -> Failure {
    let why = error.sentence().to_owned();
    match error.status() {
        // The machine may have more to give another time.
        Status::Again | Status::Timeout | Status::Limit | Status::Transport | Status::Io => {
            Failure::Lost(why)
        }
        _ => Failure::Ours(why),
    }
}
