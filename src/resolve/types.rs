//! The words of the resolver: keys, arrivals, outcomes.

use crate::media::Kind;
use std::fmt;
use std::sync::Arc;

/// What a participant sends. The numbers are the C ABI's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(i32)]
pub enum TrackType {
    /// The camera.
    Video = 1,
    /// The microphone.
    Audio = 2,
    /// The screen's picture.
    ScreenShare = 3,
    /// The screen's sound.
    ScreenShareAudio = 4,
}

/// Whose track, and which of theirs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// The participant.
    pub user: Arc<str>,
    /// One of its devices, or of its visits.
    pub session: Arc<str>,
    /// Which of its tracks.
    pub track_type: TrackType,
}

/// A media track that arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// The track's id: what a resolve answers.
    pub track: Arc<str>,
    /// Whose it is, if that is known.
    pub user: Option<Arc<str>>,
    /// And from which session.
    pub session: Option<Arc<str>>,
    /// Picture or sound.
    pub kind: Kind,
    /// What else is known of it and the signalling may name: mid, msid, SSRC.
    pub labels: Vec<Arc<str>>,
}

/// What became of a resolve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// This is the track.
    Track(Arc<str>),
    /// It was cancelled.
    Cancelled,
    /// None came in time; what there was instead.
    TimedOut(String),
    /// The resolver was closed.
    Closed,
}

/// Figures of a resolver.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ResolverStats {
    /// Tracks that wait for somebody.
    pub pending: u64,
    /// Tracks whose owner is known.
    pub known: u64,
    /// Resolves that wait.
    pub waiting: u64,
    /// Registers.
    pub registered: u64,
    /// Tracks that got an owner.
    pub bound: u64,
    /// Of them: that went over from another session of the same user.
    pub moved: u64,
    /// Resolves that got a track.
    pub resolved: u64,
    /// Resolves that timed out.
    pub timed_out: u64,
    /// Resolves that were cancelled.
    pub cancelled: u64,
    /// Pendings that were dropped: too old, too many, or their participant left.
    pub dropped: u64,
}

impl TrackType {
    pub(super) const ALL: [TrackType; 4] =
        [TrackType::Video, TrackType::Audio, TrackType::ScreenShare, TrackType::ScreenShareAudio];

    /// Picture or sound.
    pub const fn kind(self) -> Kind {
        match self {
            TrackType::Video | TrackType::ScreenShare => Kind::Video,
            TrackType::Audio | TrackType::ScreenShareAudio => Kind::Audio,
        }
    }
}

impl Key {
    /// That key.
    pub fn new(user: &str, session: &str, track_type: TrackType) -> Key {
        Key { user: user.into(), session: session.into(), track_type }
    }

    /// Whether nothing that is known of a track says that it is another's.
    pub(super) fn fits(&self, arrival: &Arrival) -> bool {
        self.track_type.kind() == arrival.kind
            && arrival.user.as_ref().is_none_or(|user| *user == self.user)
            && arrival.session.as_ref().is_none_or(|session| *session == self.session)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({}, {}, {:?})", self.user, self.session, self.track_type)
    }
}
