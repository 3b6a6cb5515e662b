//! What follows from packets that moved on: requests, states, figures.

use super::{Context, Media, Track};
use crate::receive::TrackState;
use crate::receive::assemble::begins_keyframe;
use crate::receive::keyframe::Request;
use crate::receive::sound::Sounds;
use crate::receive::stats::{add, set};
use crate::time::Time;
use std::sync::atomic::Ordering;

impl Track {
    /// Draws the conclusions from what moved on.
    pub(super) fn settle(&mut self, now: Time, why: &str, cx: &mut Context<'_>) {
        while let (Media::Picture(pictures), Some(stream)) = (&mut self.media, &self.stream)
            && std::mem::take(&mut pictures.wanted)
        {
            let (comes, waits) = (pictures.keyframe_comes(), stream.order.find(begins_keyframe));
            self.freeze(now, why, cx);
            match waits {
                _ if comes => {}
                Some(number) => {
                    self.run(cx, |order, deliver| order.give_up_before(number, deliver));
                }
                None => self.keyframes.want(now),
            }
        }
        if self.stream.is_some()
            && let Media::Sound(Sounds { heard: true, .. }) = self.media
        {
            self.live(now, "sound came", cx);
        }
        self.speak(now, cx);
    }

    /// Asks for what is missing.
    pub(super) fn speak(&mut self, now: Time, cx: &mut Context<'_>) {
        let Some(stream) = &mut self.stream else { return };
        let counters = &self.config.counters;
        if !stream.order.missing.is_empty() {
            self.numbers.clear();
            stream.order.missing.ask(now, &mut self.numbers);
            if !self.numbers.is_empty() {
                cx.out.send(cx.writer.nack(stream.ssrc, &self.numbers));
                add(&counters.nacks_sent, 1);
                add(&counters.packets_nacked, self.numbers.len() as u64);
            }
        }
        match self.keyframes.due(now) {
            Some(Request::Pli) => {
                cx.out.send(cx.writer.pli(stream.ssrc));
                add(&counters.plis_sent, 1);
            }
            Some(Request::Fir(number)) => {
                cx.out.send(cx.writer.fir(stream.ssrc, number));
                add(&counters.firs_sent, 1);
            }
            None => {}
        }
    }

    fn freeze(&mut self, now: Time, why: &str, cx: &mut Context<'_>) {
        let why = match self.state {
            TrackState::Waiting => "the first packet came",
            TrackState::Live => why,
            _ => return,
        };
        add(&self.config.counters.freezes, (self.state == TrackState::Live).into());
        self.waits(Some(now));
        self.turn(TrackState::WaitingForKeyframe, why, cx);
    }

    pub(super) fn live(&mut self, now: Time, why: &str, cx: &mut Context<'_>) {
        let first = &self.config.counters.first_frame_us;
        if first.load(Ordering::Relaxed) == 0 {
            set(first, (now.since(self.started).as_micros() as u64).max(1));
        }
        self.turn(TrackState::Live, why, cx);
    }

    pub(super) fn waits(&mut self, since: Option<Time>) {
        set(&self.config.counters.waiting_for_keyframe, since.is_some().into());
        set(&self.config.counters.waiting_since_us, since.map_or(0, |since| since.0));
    }

    pub(super) fn turn(&mut self, state: TrackState, why: &str, cx: &mut Context<'_>) {
        if self.state != state {
            self.state = state;
            cx.out.state(self.index, state, why);
        }
    }
}
