//! What a peer's life is, without threads and clock: from what libdatachannel says, and from how
//! long the remote has been silent.

use super::PeerState;
use crate::native::datachannel::LinkState;
use crate::time::Time;
use std::collections::VecDeque;
use std::time::Duration;

/// Silence after which a peer is *interrupted*.
const INTERRUPTED: Duration = Duration::from_secs(2);
/// Silence after which it is lost.
const LOST: Duration = Duration::from_secs(5);
/// What is assumed of a remote that has reported once: the longest that few members have, RFC 3550
/// section 6.2.
const UNKNOWN_INTERVAL: Duration = Duration::from_secs(5);
/// How many distances between packets tell the remote's report interval.
const INTERVALS: usize = 8;

/// A change of state and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub state: PeerState,
    pub reason: &'static str,
}

/// The state of one peer and the moments at which it would change by itself.
#[derive(Debug)]
pub struct Life {
    state: PeerState,
    /// When `state` was entered.
    since: Time,
    /// When the last packet of any kind came.
    heard: Option<Time>,
    /// When the last report came.
    reported: Option<Time>,
    /// Distances between the last reports.
    intervals: VecDeque<Duration>,
    connect_timeout: Duration,
    disconnect_grace: Duration,
}

impl Life {
    /// Begins *connecting*.
    pub fn new(now: Time, connect_timeout: Duration, disconnect_grace: Duration) -> Life {
        Life {
            state: PeerState::Connecting,
            since: now,
            heard: None,
            reported: None,
            intervals: VecDeque::with_capacity(INTERVALS),
            connect_timeout,
            disconnect_grace,
        }
    }

    /// libdatachannel says this.
    pub fn link(&mut self, link: LinkState, now: Time) -> Option<Change> {
        let (state, reason) = match link {
            LinkState::Connected => (PeerState::Connected, "ICE and DTLS are done"),
            LinkState::Disconnected => (PeerState::Disconnected, "ICE lost the path"),
            LinkState::Failed => (PeerState::Failed, "ICE or DTLS failed"),
            LinkState::Closed => (PeerState::Closed, "the remote closed the connection"),
        };
        // A path that came back starts with a clean record.
        self.heard = None;
        self.reported = None;
        self.intervals.clear();
        self.enter(state, reason, now)
    }

    /// A report came from the remote.
    pub fn heard(&mut self, now: Time) -> Option<Change> {
        if let Some(before) = self.reported.replace(now) {
            if self.intervals.len() == INTERVALS {
                self.intervals.pop_front();
            }
            self.intervals.push_back(now.since(before));
        }
        self.alive(now)
    }

    /// Media came from the remote. It may stop at any time (a camera that is switched off), and only
    /// reports go on: it says nothing of how long silence may last.
    pub fn alive(&mut self, now: Time) -> Option<Change> {
        self.heard = Some(now);
        match self.state {
            PeerState::Interrupted => self.enter(PeerState::Connected, "the remote is heard again", now),
            _ => None,
        }
    }

    /// When [`Life::tick`] has something to say, if nothing happens before.
    pub fn deadline(&self) -> Option<Time> {
        match self.state {
            PeerState::Connecting => Some(self.since + self.connect_timeout),
            PeerState::Connected => self.silent_for(INTERRUPTED, 2),
            PeerState::Interrupted => self.silent_for(LOST, 3),
            PeerState::Disconnected => Some(self.since + self.disconnect_grace),
            PeerState::New | PeerState::Failed | PeerState::Closed => None,
        }
    }

    /// Time passes.
    pub fn tick(&mut self, now: Time) -> Option<Change> {
        if now < self.deadline()? {
            return None;
        }
        match self.state {
            PeerState::Connecting => self.enter(PeerState::Failed, "it did not connect in time", now),
            PeerState::Connected => self.enter(PeerState::Interrupted, "the remote is silent", now),
            PeerState::Interrupted => self.enter(PeerState::Failed, "the remote stayed silent", now),
            PeerState::Disconnected => self.enter(PeerState::Failed, "ICE did not find the path again", now),
            PeerState::New | PeerState::Failed | PeerState::Closed => None,
        }
    }

    /// The moment at which the remote will have been silent for `least`, or for `times` its
    /// report interval where that is longer. A remote that never reports is not judged.
    fn silent_for(&self, least: Duration, times: u32) -> Option<Time> {
        let interval = self.intervals.iter().max().copied().unwrap_or(UNKNOWN_INTERVAL);
        Some(self.heard? + least.max(interval * times))
    }

    fn enter(&mut self, state: PeerState, reason: &'static str, now: Time) -> Option<Change> {
        let over = matches!(self.state, PeerState::Failed | PeerState::Closed);
        if over || self.state == state {
            return None;
        }
        self.state = state;
        self.since = now;
        Some(Change { state, reason })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn connected() -> Life {
        let mut life = Life::new(Time(0), 30 * SECOND, 5 * SECOND);
        assert!(life.link(LinkState::Connected, Time(0)).is_some());
        life
    }

    fn state(change: Option<Change>) -> Option<PeerState> {
        change.map(|change| change.state)
    }

    #[test]
    fn a_peer_that_never_connects_fails_at_its_time_out() {
        let mut life = Life::new(Time(0), 30 * SECOND, 5 * SECOND);
        assert_eq!(life.deadline(), Some(Time(30_000_000)));
        assert_eq!(life.tick(Time(29_999_999)), None);
        assert_eq!(state(life.tick(Time(30_000_000))), Some(PeerState::Failed));
        assert_eq!(life.link(LinkState::Connected, Time(31_000_000)), None, "what is over stays over");
    }

    #[test]
    fn silence_interrupts_after_two_seconds_and_ends_after_five() {
        let mut life = connected();
        life.heard(Time(0));
        life.heard(Time(0) + SECOND);
        let heard = Time(0) + SECOND;
        assert_eq!(state(life.tick(heard + 2 * SECOND)), Some(PeerState::Interrupted));
        assert_eq!(life.tick(heard + 4 * SECOND), None);
        assert_eq!(state(life.tick(heard + 5 * SECOND)), Some(PeerState::Failed));
    }

    #[test]
    fn a_packet_ends_the_interruption() {
        let mut life = connected();
        life.heard(Time(0));
        life.heard(Time(0) + SECOND);
        life.tick(Time(0) + 3 * SECOND);
        assert_eq!(state(life.heard(Time(0) + 4 * SECOND)), Some(PeerState::Connected));
    }

    #[test]
    fn a_remote_with_slow_reports_has_more_time() {
        let mut life = connected();
        for second in [0, 4, 8] {
            life.heard(Time(0) + second * SECOND);
        }
        assert_eq!(life.tick(Time(0) + 15 * SECOND), None);
        assert_eq!(state(life.tick(Time(0) + 16 * SECOND)), Some(PeerState::Interrupted));
        assert_eq!(state(life.tick(Time(0) + 20 * SECOND)), Some(PeerState::Failed));
    }

    #[test]
    fn a_remote_that_never_reports_is_left_to_ice() {
        assert_eq!(connected().deadline(), None);
    }

    #[test]
    fn a_remote_that_vanishes_after_its_first_report_is_lost_all_the_same() {
        let mut life = connected();
        life.heard(Time(0));
        assert_eq!(state(life.tick(Time(0) + 10 * SECOND)), Some(PeerState::Interrupted));
        assert_eq!(state(life.tick(Time(0) + 15 * SECOND)), Some(PeerState::Failed));
    }

    #[test]
    fn a_remote_that_stops_its_media_has_until_its_next_report() {
        let mut life = connected();
        for second in [0, 4, 8] {
            life.heard(Time(0) + second * SECOND);
            for packet in 0..50 {
                life.alive(Time(0) + second * SECOND + packet * SECOND / 50);
            }
        }
        assert_eq!(life.tick(Time(0) + 16 * SECOND), None);
        life.heard(Time(0) + 12 * SECOND);
        assert_eq!(life.tick(Time(0) + 19 * SECOND), None);
    }

    #[test]
    fn a_remote_whose_media_stops_with_its_reports_is_lost() {
        let mut life = connected();
        life.heard(Time(0));
        life.heard(Time(0) + SECOND);
        life.alive(Time(0) + 2 * SECOND);
        assert_eq!(life.tick(Time(0) + 4 * SECOND - Duration::from_micros(1)), None);
        assert_eq!(state(life.tick(Time(0) + 4 * SECOND)), Some(PeerState::Interrupted));
        assert_eq!(state(life.alive(Time(0) + 5 * SECOND)), Some(PeerState::Connected));
    }

    #[test]
    fn a_lost_path_has_its_grace() {
        let mut life = connected();
        assert_eq!(state(life.link(LinkState::Disconnected, Time(0))), Some(PeerState::Disconnected));
        assert_eq!(life.tick(Time(0) + 4 * SECOND), None);
        assert_eq!(state(life.link(LinkState::Connected, Time(0) + 4 * SECOND)), Some(PeerState::Connected));
        life.link(LinkState::Disconnected, Time(0) + 10 * SECOND);
        assert_eq!(state(life.tick(Time(0) + 15 * SECOND)), Some(PeerState::Failed));
    }
}
