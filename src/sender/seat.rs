//! One peer at its sender thread: its life, a viewer for each section it is sent, and the receiver of
//! what it sends.

use crate::decode::News;
use crate::decode::worker::Intake;
use crate::id::Id;
use crate::media::Kind;
use crate::native::datachannel::Connection;
use crate::peer::PeerState;
use crate::peer::life::{Change, Life};
use crate::receive::{self, DecoderNews, Receiver, TrackCounters, TrackState, Unit};
use crate::sender::line::Line;
use crate::source::Source;
use crate::time::Time;
use crate::viewer::{self, StreamConfig, Viewer, ViewerCounters};
use std::sync::Arc;

/// Who is told of the changes in a peer's life.
pub trait Owner: Send + Sync {
    /// The peer is in this state now, for this reason.
    fn changed(&self, state: PeerState, reason: &str);
}

/// What a peer brings to its sender thread.
pub struct Seat {
    /// Which peer.
    pub peer: Id,
    /// Who hears of it.
    pub owner: Arc<dyn Owner>,
    /// What libdatachannel says.
    pub line: Arc<Line>,
    /// Where packets go.
    pub connection: Arc<Connection>,
    /// Its state.
    pub life: Life,
    /// What it is sent.
    pub streams: Vec<Stream>,
    /// What it sends.
    pub incoming: Option<Incoming>,
    /// When its earliest timer stands.
    pub armed: Option<Time>,
}

/// One source's picture or sound to one peer.
pub struct Stream {
    /// Where it comes from.
    pub source: Source,
    /// What was negotiated for it.
    pub config: StreamConfig,
    /// Its figures, which others read too.
    pub counters: Arc<ViewerCounters>,
    /// From the moment that packets can be sent.
    pub live: Option<Live>,
}

/// A stream that is being sent.
pub struct Live {
    /// The stage between source and track.
    pub viewer: Viewer,
    /// Its place among those who watch the same.
    pub place: usize,
}

/// What a peer sends.
pub struct Incoming {
    /// The stage between its track and the decoders.
    pub receiver: Receiver,
    /// Where the media of each section goes.
    pub tracks: Vec<Track>,
}

/// One section's way to its decoder and its sink.
pub struct Track {
    /// To the decoder; none once that is over.
    pub intake: Option<Intake>,
    /// Its figures, which others read too.
    pub counters: Arc<TrackCounters>,
}

impl Seat {
    /// When something is due, if nothing happens before.
    pub fn deadline(&self) -> Option<Time> {
        let reports = self.streams.iter().filter_map(|stream| stream.live.as_ref()?.viewer.deadline());
        let receiver = self.incoming.as_ref().and_then(|incoming| incoming.receiver.deadline());
        reports.chain(self.life.deadline()).chain(receiver).min()
    }

    /// Whether any stream of `source` is being sent.
    pub fn watches(&self, source: Id) -> bool {
        self.streams.iter().any(|stream| stream.live.is_some() && stream.source.id() == source)
    }

    /// Lets time pass: reports go out, the life goes on.
    pub fn tick(&mut self, now: Time) -> Option<Change> {
        for stream in &mut self.streams {
            stream.with(&self.connection, |viewer, send| viewer.tick(now, send));
        }
        self.receive(|receiver, exits| receiver.tick(now, exits));
        self.life.tick(now)
    }

    /// RTCP from the remote, for whichever streams it is about. A wish for a keyframe goes to the source.
    pub fn rtcp(&mut self, packet: &[u8], now: Time) {
        for stream in &mut self.streams {
            let feedback = stream.with(&self.connection, |viewer, send| viewer.rtcp(packet, now, send));
            if feedback.is_some_and(|feedback| feedback.keyframe) {
                stream.source.request_keyframe();
            }
        }
        self.receive(|receiver, exits| receiver.rtcp(packet, now, exits));
    }

    /// RTP from the remote.
    pub fn rtp(&mut self, packet: &[u8], arrived: Time) {
        self.receive(|receiver, exits| receiver.rtp(packet, arrived, exits));
    }

    /// What the decoder of an incoming track says.
    pub fn decoder(&mut self, track: usize, news: News, now: Time) {
        if news == News::Over
            && let Some(incoming) = &mut self.incoming
        {
            incoming.tracks[track].intake = None;
        }
        self.receive(|receiver, exits| match news {
            News::Keyframe => receiver.decoder(track, DecoderNews::Keyframe, now, exits),
            News::Damaged => receiver.decoder(track, DecoderNews::Damaged, now, exits),
            News::Over => receiver.stop(track),
        });
    }

    /// The application wants a keyframe of an incoming track.
    pub fn refresh(&mut self, track: usize, now: Time) {
        self.receive(|receiver, exits| receiver.refresh(track, now, exits));
    }

    /// Says goodbye for what the peer sends.
    pub fn receive_goodbye(&mut self, now: Time) {
        self.receive(|receiver, exits| receiver.goodbye(now, exits));
    }

    fn receive(&mut self, act: impl FnOnce(&mut Receiver, &mut Exits<'_>)) {
        if let Some(Incoming { receiver, tracks }) = &mut self.incoming {
            act(receiver, &mut Exits { connection: &self.connection, tracks });
        }
    }
}

/// The ways out of a receiver.
struct Exits<'a> {
    connection: &'a Connection,
    tracks: &'a mut [Track],
}

impl receive::Out for Exits<'_> {
    fn send(&mut self, rtcp: &[u8]) {
        // One that the transport refuses is lost like any other.
        self.connection.send(rtcp);
    }

    fn unit(&mut self, track: usize, unit: Unit) -> bool {
        self.tracks[track].intake.as_ref().is_none_or(|intake| intake.put(unit))
    }

    fn state(&mut self, track: usize, state: TrackState, why: &str) {
        // Told by the decoder's thread, after what waits for it.
        if let Some(intake) = &self.tracks[track].intake {
            intake.state(state, why);
        }
    }
}

impl Stream {
    /// Its source and kind.
    pub fn key(&self) -> (Id, Kind) {
        (self.source.id(), self.config.kind)
    }

    /// Lets the viewer send, if there is one yet. A packet that the transport refuses is lost like
    /// any other: it is in the history.
    pub fn with<T>(
        &mut self,
        to: &Connection,
        act: impl FnOnce(&mut Viewer, viewer::Send<'_>) -> T,
    ) -> Option<T> {
        let mut send = |packet: &[u8]| {
            if !to.send(packet) {
                self.counters.refuse();
            }
        };
        self.live.as_mut().map(|live| act(&mut live.viewer, &mut send))
    }
}
