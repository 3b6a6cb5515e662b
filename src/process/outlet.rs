//! The thread that sends results on, in the order in which they leave, and knows what time it is.

use super::frame::{About, Kept, Output, owned};
use super::hall::Next;
use super::heart::{Counts, End, Left};
use super::{Ended, Reason, Shared, Turn};
use crate::events::EventKind;
use crate::frame::VideoFrame;
use crate::media::Kind;
use crate::message::envelope::{Envelope, Field, Metadata};
use crate::results::Results;
use crate::time::{Time, clock};
use crossbeam_channel::{after, select};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// At most one heartbeat in this time.
const BEAT: Duration = Duration::from_secs(1);

/// Runs until the last has left, and tells the end.
pub(super) fn run(shared: &Arc<Shared>) {
    let now = clock::now();
    let ends = shared.options.ends_after.map(|after| now + after);
    let mut outlet = Outlet { shared, ends, pulse: Pulse { beaten: now, moved: 0 }, last: None };
    loop {
        match shared.hall.next(outlet.deadline()) {
            Next::Left(left) => outlet.send(left),
            Next::Timeout => {}
            Next::Over => break,
        }
        outlet.tick(false);
    }
    if !shared.is_closed() {
        outlet.finish();
    }
}

struct Outlet<'a> {
    shared: &'a Arc<Shared>,
    /// When it ends by itself.
    ends: Option<Time>,
    pulse: Pulse,
    /// What the last message says of the last frame.
    last: Option<Metadata>,
}

impl Outlet<'_> {
    fn deadline(&self) -> Option<Time> {
        let beat = self.shared.options.events.as_ref().map(|_| self.pulse.beaten + BEAT);
        let ends = self.ends.filter(|_| !self.shared.hall.is_ending());
        [beat, ends].into_iter().flatten().min()
    }

    /// Does what is due. `idle`: nothing can be done at this moment.
    fn tick(&mut self, idle: bool) {
        let now = clock::now();
        if self.ends.is_some_and(|ends| ends <= now) {
            self.ends = None;
            self.shared.end(Reason::TimeoutReached, "the time that was given is over");
        }
        if self.pulse.beats(idle, &self.shared.hall.counts().0, now) {
            self.tell_beat();
        }
    }

    fn tell_beat(&self) {
        let results = self.shared.figures.results.get();
        self.shared.tell(EventKind::ProcessorHeartbeat, i64::try_from(results).unwrap_or(i64::MAX), "");
    }

    fn send(&mut self, left: Left<Kept, Output>) {
        let Left { id, kept, end } = left;
        let shared = self.shared;
        let Kept { about, frame: unchanged } = kept;
        let (picture, data, error) = match end {
            End::Done(Output { picture, data }) => (picture, data, None),
            End::Failed(why) => (None, Vec::new(), Some(why)),
            End::Late => {
                let most = shared.options.deadline.unwrap_or_default();
                (None, Vec::new(), Some(format!("it took longer than {most:?}")))
            }
            End::Overtaken | End::Abandoned => return,
        };
        if let Some(why) = &error {
            shared.tell(EventKind::ProcessorError, id.into(), why);
        }
        // Where there is an error there may be what came.
        let passed = unchanged.filter(|_| error.is_some());
        let passed = passed.and_then(|frame| match about.turn {
            Turn::None => Some(frame),
            turn => turn.apply(&frame, &shared.pool).ok().map(Arc::new),
        });
        let passes = passed.is_some();
        if let Some(picture) = picture.or(passed)
            && self.push(owned(picture, about.capture))
        {
            shared.figures.pictures.add_one();
            shared.figures.passed_through.add(passes.into());
        }
        let now = clock::now();
        shared.delay.lock().measure(now.since(about.capture));
        shared.figures.through.record(now.since(about.arrived));
        let measured = shared.hall.counts().1;
        let (pts, time_base) = self.pts(&about);
        let metadata = About { pts, time_base, ..about }.metadata(id, shared.options.declared_fps, measured);
        if let Some(results) = &shared.options.results {
            let output: Vec<Field> = data
                .iter()
                .map(|data| Field { name: &data.name, json: data.json.as_deref().map_err(String::as_str) })
                .collect();
            let errors: Vec<&str> = error.as_deref().into_iter().collect();
            let envelope = Envelope { output: &output, metadata: &metadata, errors: &errors, complete: None };
            self.result(results, id, &envelope);
        }
        self.last = Some(metadata);
    }

    /// How the result names its frame.
    fn pts(&self, about: &About) -> (i64, (u32, u32)) {
        let options = &self.shared.options;
        let source = options.source.as_ref().filter(|_| options.source_pts);
        match source.map(|source| source.rtp_timestamp(about.capture)) {
            Some(Ok(timestamp)) => (timestamp.into(), (1, Kind::Video.clock_rate())),
            _ => (about.pts, about.time_base),
        }
    }

    /// False: it went nowhere.
    fn push(&self, picture: VideoFrame) -> bool {
        let shared = self.shared;
        let source = shared.options.source.as_ref().filter(|source| source.has(Kind::Video));
        let Some(source) = source.filter(|_| shared.video.load(Ordering::Relaxed)) else { return false };
        match source.push_video(picture) {
            Ok(_) => true,
            Err(error) => {
                shared.end(Reason::Failed, error.sentence());
                false
            }
        }
    }

    fn result(&mut self, results: &Results, id: u32, envelope: &Envelope) {
        let shared = self.shared;
        if !shared.options.realtime {
            while !results.wait_for_room(self.deadline(), &shared.hurry) {
                self.tick(true);
            }
        }
        match results.send(id, results.enveloped(envelope)) {
            Ok(()) => shared.figures.results.add_one(),
            Err(_) => shared.figures.results_refused.add_one(),
        }
    }

    /// The last message first, then the news.
    fn finish(&mut self) {
        let shared = self.shared;
        let why = shared.end.lock().why.clone();
        let Ended { reason, sentence } = why.expect("nothing else ends the hall");
        if let Some(results) = &shared.options.results {
            let errors: Vec<&str> = match reason {
                Reason::Failed => vec![&sentence],
                _ => Vec::new(),
            };
            let metadata = Metadata {
                frame_id: Some(self.last.as_ref().and_then(|last| last.frame_id).unwrap_or_default() + 1),
                ..self.last.take().unwrap_or_default()
            };
            let complete = Some(Some(reason));
            let envelope = Envelope { output: &[], metadata: &metadata, errors: &errors, complete };
            self.last_message(results, results.enveloped(&envelope));
        }
        shared.tell_end();
    }

    fn last_message(&mut self, results: &Results, message: Vec<u8>) {
        let shared = self.shared;
        let by = clock::now() + results.patience(shared.options.linger);
        let Ok(finished) = results.begin_finish(message, shared.options.linger) else { return };
        while clock::now() < by {
            select! {
                recv(finished) -> _ => return,
                recv(shared.closed) -> _ => return,
                recv(after(BEAT)) -> _ => self.tell_beat(),
            }
        }
    }
}

/// Whether it lives.
struct Pulse {
    /// When that was asked last, and how often frames had been taken or had left by then.
    beaten: Time,
    moved: u64,
}

impl Pulse {
    /// Whether that is to be told now: something moved since the last time, or there was nothing to be done. A
    /// function that hangs is silence.
    fn beats(&mut self, idle: bool, counts: &Counts, now: Time) -> bool {
        if now < self.beaten + BEAT {
            return false;
        }
        let taken = counts.received - counts.newer - counts.waiting;
        let moved = taken + (taken - counts.in_flight);
        let lives = idle || moved != self.moved || counts.in_flight == 0;
        (self.beaten, self.moved) = (now, moved);
        lives
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_lives_while_frames_move_or_nothing_is_to_be_done_and_says_so_once_a_second() {
        let mut pulse = Pulse { beaten: Time(0), moved: 0 };
        let mut beats = |idle, received, in_flight, ms: u64| {
            let counts = Counts { received, in_flight, ..Counts::default() };
            pulse.beats(idle, &counts, Time(ms * 1_000))
        };
        assert!(!beats(false, 0, 0, 999), "too soon");
        assert!(beats(false, 0, 0, 1_000), "nothing came");
        assert!(!beats(false, 5, 0, 1_999), "too soon");
        assert!(beats(false, 5, 1, 2_000), "some came, one is being processed");
        assert!(!beats(false, 5, 1, 3_000), "it still is");
        assert!(!beats(false, 5, 1, 4_000), "it hangs");
        assert!(beats(true, 5, 1, 5_000), "a receiver is waited for");
        assert!(beats(false, 5, 0, 6_000), "it returned");
    }
}
