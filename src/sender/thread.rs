//! The loop of a sender thread.

use super::inbox::{Batch, Command, Inbox};
use super::line::Note;
use super::seat::{Live, Seat};
use crate::fanout::Outlet;
use crate::id::Id;
use crate::media::{Kind, MediaFrame};
use crate::native::datachannel::pass;
use crate::peer::PeerState;
use crate::peer::life::Change;
use crate::time::{Time, clock};
use crate::viewer::Viewer;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Serves `inbox` for as long as the process lives. An idle one sleeps without a time-out.
pub fn run(inbox: &Inbox, outlet: Arc<dyn Outlet>) {
    let mut floor =
        Floor { outlet, seats: HashMap::new(), audiences: HashMap::new(), timers: BinaryHeap::new() };
    let mut batch = Batch::default();
    let mut notes = VecDeque::new();
    loop {
        inbox.wait(floor.timers.peek().map(|Reverse((at, _))| *at), &mut batch);
        // None of a turn is waited for, so the end of the process is never held up.
        let _pass = pass();
        if catch_unwind(AssertUnwindSafe(|| floor.turn(&mut batch, &mut notes))).is_err() {
            floor.fail();
        }
    }
}

/// Who watches what: peer and index of its stream, for each source and kind.
type Audiences = HashMap<(Id, Kind), Vec<(Id, usize)>>;

/// Everybody a sender thread serves.
struct Floor {
    outlet: Arc<dyn Outlet>,
    seats: HashMap<Id, Seat>,
    audiences: Audiences,
    /// When a seat has something due. A stale entry costs one look.
    timers: BinaryHeap<Reverse<(Time, Id)>>,
}

impl Floor {
    fn turn(&mut self, batch: &mut Batch, notes: &mut VecDeque<Note>) {
        for command in batch.commands.drain(..) {
            match command {
                Command::Join(seat) => self.join(*seat, notes),
                Command::Leave(peer) => self.leave(peer),
            }
        }
        for peer in batch.ready.drain(..) {
            self.read(peer, notes);
        }
        if let Some(frame) = batch.frame.take() {
            self.send(&frame);
        }
        self.tick();
    }

    /// A turn panicked: whatever it left half done goes with the peers that are here, and the thread
    /// serves those that come.
    fn fail(&mut self) {
        self.audiences.clear();
        self.timers.clear();
        for (_, seat) in self.seats.drain() {
            let mut told: Vec<Id> = Vec::new();
            for stream in seat.streams.iter().filter(|stream| stream.live.is_some()) {
                let first = !told.contains(&stream.source.id());
                told.push(stream.source.id());
                stream.source.fanout().leave(self.outlet.id(), first);
            }
            seat.owner.changed(PeerState::Failed, "a defect stopped its sender thread");
        }
    }

    fn join(&mut self, seat: Seat, notes: &mut VecDeque<Note>) {
        let peer = seat.peer;
        let seat = self.seats.entry(seat.peer).insert_entry(seat).into_mut();
        arm(&mut self.timers, seat);
        // What its line said before it had a seat.
        self.read(peer, notes);
    }

    fn leave(&mut self, peer: Id) {
        if let Some(mut seat) = self.seats.remove(&peer) {
            let now = clock::now();
            for n in 0..seat.streams.len() {
                self.detach(&mut seat, n, now);
            }
            seat.receive_goodbye(now);
        }
    }

    /// Reads what libdatachannel said of `peer`.
    fn read(&mut self, peer: Id, notes: &mut VecDeque<Note>) {
        let Some(seat) = self.seats.get_mut(&peer) else { return };
        let dropped = seat.line.take(notes);
        seat.streams.iter().for_each(|stream| stream.counters.drop_feedback(dropped));
        if let Some(incoming) = &seat.incoming {
            incoming.tracks.iter().for_each(|track| track.counters.drop_unread(dropped));
        }
        let now = clock::now();
        let mut over = false;
        for note in notes.drain(..) {
            let change = match note {
                Note::Open => {
                    attach(&mut self.audiences, &self.outlet, seat, now);
                    None
                }
                Note::Link(link) => seat.life.link(link, now),
                Note::Rtcp(packet) => {
                    seat.rtcp(&packet, now);
                    seat.life.heard(now)
                }
                Note::Rtp(packet, arrived) => {
                    seat.rtp(&packet, arrived);
                    seat.life.alive(now)
                }
                Note::Decoder(track, news) => {
                    seat.decoder(track, news, now);
                    None
                }
                Note::Refresh(track) => {
                    seat.refresh(track, now);
                    None
                }
            };
            over |= change.is_some_and(|change| tell(seat, &change));
        }
        if over {
            self.leave(peer);
        } else {
            arm(&mut self.timers, seat);
        }
    }

    /// Sends one frame to all who watch its source.
    fn send(&mut self, frame: &Arc<MediaFrame>) {
        let Some(audience) = self.audiences.get(&(frame.source, frame.kind)) else { return };
        let now = clock::now();
        let mut source = None;
        for &(peer, n) in audience {
            let seat = self.seats.get_mut(&peer).expect("who is in an audience has a seat");
            let stream = &mut seat.streams[n];
            let missed = stream.with(&seat.connection, |viewer, send| {
                let waited = viewer.wants_keyframe();
                viewer.push(frame, now, send);
                !waited && viewer.wants_keyframe()
            });
            if missed == Some(true) {
                stream.source.request_keyframe();
            }
            source.get_or_insert_with(|| stream.source.clone());
            arm(&mut self.timers, seat);
        }
        if let Some(source) = source {
            source.sent(frame, clock::now());
        }
    }

    fn tick(&mut self) {
        let now = clock::now();
        while let Some(&Reverse((at, peer))) = self.timers.peek() {
            if at > now {
                return;
            }
            self.timers.pop();
            let Some(seat) = self.seats.get_mut(&peer) else { continue };
            seat.armed = seat.armed.filter(|armed| *armed != at);
            let over = seat.tick(now).is_some_and(|change| tell(seat, &change));
            if over {
                self.leave(peer);
            } else {
                arm(&mut self.timers, seat);
            }
        }
    }

    /// Ends the delivery of stream `n`, in constant time: the last of the audience takes its place.
    fn detach(&mut self, seat: &mut Seat, n: usize, now: Time) {
        let stream = &mut seat.streams[n];
        // A closed media connection tells the remote nothing by itself.
        stream.with(&seat.connection, |viewer, send| viewer.goodbye(now, send));
        let Some(Live { place, .. }) = stream.live.take() else { return };
        let (source, key) = (stream.source.clone(), stream.key());
        source.fanout().leave(self.outlet.id(), !seat.watches(source.id()));
        let audience = self.audiences.get_mut(&key).expect("a live stream is in an audience");
        audience.swap_remove(place);
        let moved = match audience.get(place) {
            Some(&(peer, m)) if peer == seat.peer => &mut seat.streams[m],
            Some(&(peer, m)) => {
                let seat = self.seats.get_mut(&peer).expect("who is in an audience has a seat");
                &mut seat.streams[m]
            }
            None if audience.is_empty() => return drop(self.audiences.remove(&key)),
            None => return,
        };
        moved.live.as_mut().expect("who is in an audience is live").place = place;
    }
}

/// Begins the delivery of all streams: packets can be sent.
fn attach(audiences: &mut Audiences, outlet: &Arc<dyn Outlet>, seat: &mut Seat, now: Time) {
    for n in 0..seat.streams.len() {
        let first = !seat.watches(seat.streams[n].source.id());
        let stream = &mut seat.streams[n];
        if stream.live.is_some() {
            continue;
        }
        let audience = audiences.entry(stream.key()).or_default();
        let viewer = Viewer::new(stream.config.clone(), stream.counters.clone(), clock::anchor(), now);
        stream.live = Some(Live { viewer, place: audience.len() });
        audience.push((seat.peer, n));
        stream.source.fanout().join(outlet, first);
        if stream.config.kind == Kind::Video {
            stream.source.request_keyframe();
        }
    }
}

/// Sees that the seat is ticked when something is due there.
fn arm(timers: &mut BinaryHeap<Reverse<(Time, Id)>>, seat: &mut Seat) {
    if let Some(at) = seat.deadline()
        && seat.armed.is_none_or(|armed| at < armed)
    {
        seat.armed = Some(at);
        timers.push(Reverse((at, seat.peer)));
    }
}

/// Tells the owner of a change; whether the peer is over.
fn tell(seat: &Seat, change: &Change) -> bool {
    seat.owner.changed(change.state, change.reason);
    matches!(change.state, PeerState::Failed | PeerState::Closed)
}
