//! What a peer's handles and threads share: how it is served, how it changes, how it ends.

use super::{Announced, Inner, Link, PeerState, Shared, negotiate};
use crate::error::{Error, Result, Status};
use crate::events::{Event, EventKind};
use crate::id::Id;
use crate::media::Kind;
use crate::native::datachannel::{Gathering, Trickle};
use crate::resolve::Arrival;
use crate::sdp::Candidate;
use crate::sender::{Owner, Seat};
use crate::viewer::ViewerCounters;
use std::sync::Arc;

impl Shared {
    /// Whether candidates of the remote are told to libdatachannel. A TURN server lets through only what
    /// comes from addresses that we have named to it (RFC 8656 section 9).
    pub(super) fn probes(&self) -> bool {
        self.options.probe_candidates || self.servers.relayed
    }

    /// Keeps a connection that made an offer until its answer comes.
    pub(super) fn keep(&self, link: Link) -> Result<()> {
        let mut inner = self.inner.lock();
        if inner.is_over() {
            return Err(Error::new(Status::Closed, "the peer was closed meanwhile"));
        }
        inner.link = Some(link);
        Ok(())
    }

    /// Takes the connection that made an offer.
    pub(super) fn take_offered(&self) -> Result<(Link, negotiate::Offered)> {
        let mut inner = self.inner.lock();
        inner.offered()?;
        let mut link = inner.link.take().expect("what was offered has a link");
        let offered = link.offered.take().expect("looked at just before");
        Ok((link, offered))
    }

    /// Has the sender thread serve the peer. Joined under the lock, so that the end cannot say
    /// "leave" before it. Lock order: this peer's, then the resolver's, or the sender's inbox.
    pub(super) fn serve(
        &self,
        link: Link,
        seat: Seat,
        counters: Vec<(String, Arc<ViewerCounters>)>,
        arrivals: Vec<Arrival>,
        sent: Vec<(Id, Kind)>,
    ) -> Result<()> {
        let mut inner = self.inner.lock();
        if inner.is_over() {
            return Err(Error::new(Status::Closed, "the peer was closed meanwhile"));
        }
        inner.counters = counters;
        inner.sent = Some(sent);
        inner.ends.clear();
        // Told under the lock, so that the end cannot take back before it what it does not know of.
        if let Some(announced) = &mut inner.announced {
            announced.tell(arrivals);
        }
        link.berth.join(seat);
        inner.link = Some(link);
        Ok(())
    }

    /// Has the end of the peer end a wait for its candidates.
    pub(super) fn watch_gathering(&self, gathering: Option<&Arc<Gathering>>) -> Result<()> {
        let mut inner = self.inner.lock();
        if inner.is_over() {
            return Err(Error::new(Status::Closed, "the peer was closed meanwhile"));
        }
        inner.gathering = gathering.cloned();
        Ok(())
    }

    /// The end, unless it was before: its sender thread says goodbye, the reaper frees the connection.
    pub(super) fn end(&self, state: PeerState, reason: &str) {
        let (link, gathering) = {
            let mut inner = self.inner.lock();
            self.enter(&mut inner, state, reason);
            inner.ends.clear();
            if let Some(announced) = inner.announced.take() {
                announced.take_back();
            }
            (inner.link.take(), inner.gathering.take())
        };
        if let Some(gathering) = gathering {
            gathering.stop();
        }
        self.hub.end(reason);
        if let Some(link) = link {
            link.berth.leave(self.id);
        }
    }

    pub(super) fn enter(&self, inner: &mut Inner, state: PeerState, reason: &str) {
        if !inner.is_over() && inner.state != state {
            inner.state = state;
            self.tell(EventKind::PeerState, state as i64, reason.into());
            if let Some(watcher) = &inner.watcher {
                watcher.post(self.event(EventKind::PeerState, state as i64, reason.into()));
            }
        }
    }

    pub(super) fn tell(&self, kind: EventKind, value: i64, text: String) {
        if let Some(events) = &self.options.events {
            events.post(self.event(kind, value, text));
        }
    }

    fn event(&self, kind: EventKind, value: i64, text: String) -> Event {
        Event { kind, object: self.id, stream: self.options.stream.clone(), value, text }
    }
}

impl Announced {
    fn tell(&mut self, arrivals: Vec<Arrival>) {
        for arrival in arrivals {
            self.tracks.push(arrival.track.clone());
            let (user, session) = (self.user.clone(), self.session.clone());
            self.resolver.register(Arrival { user, session, ..arrival });
        }
    }

    fn take_back(self) {
        for track in self.tracks {
            if self.resolver.withdraw(&track) {
                log::debug!("track {track} is over and was nobody's");
            }
        }
    }
}

impl Trickle for Shared {
    fn candidate(&self, candidate: &str) {
        let candidate = match Candidate::parse(candidate) {
            Ok(Some(candidate)) => candidate.to_string(),
            Ok(None) if candidate.is_empty() => String::new(),
            _ => return,
        };
        let inner = self.inner.lock();
        if !inner.is_over() {
            self.tell(EventKind::Candidate, 0, candidate);
        }
    }
}

impl Owner for Shared {
    fn changed(&self, state: PeerState, reason: &str) {
        match state {
            PeerState::Failed | PeerState::Closed => self.end(state, reason),
            _ => self.enter(&mut self.inner.lock(), state, reason),
        }
    }
}
