//! From packets in order to pictures that a decoder can use: after a gap nothing before a keyframe.

use super::assemble::{Assembler, Frame, Torn};
use super::hand::Hand;
use super::order::Item;
use super::stats::add;
use super::{CodedPicture, Unit};

#[derive(Debug)]
pub(super) struct Pictures {
    assembler: Assembler,
    /// Only a keyframe can be used next.
    pub waiting: bool,
    /// A keyframe has become necessary.
    pub wanted: bool,
    /// A keyframe was handed over, and the decoder has not said so.
    decoding: bool,
}

impl Pictures {
    pub(super) fn new() -> Pictures {
        Pictures { assembler: Assembler::default(), waiting: true, wanted: true, decoding: false }
    }

    pub(super) fn item(&mut self, item: Item<'_>, hand: &mut Hand<'_>) {
        let piece = match item {
            Item::Gap(packets) => {
                add(&hand.counters.gaps, 1);
                add(&hand.counters.lost, packets);
                let torn = self.assembler.gap();
                return self.lose(torn, hand);
            }
            Item::Piece(piece) => piece,
        };
        let step = self.assembler.push(&piece);
        add(&hand.counters.malformed, step.malformed.into());
        if step.torn.is_some() || step.malformed {
            self.lose(step.torn, hand);
        }
        if let Some(frame) = step.whole {
            self.hand_over(frame, hand);
        }
    }

    /// The sender counts anew: nothing continues what was there.
    pub(super) fn restart(&mut self) {
        *self = Pictures { decoding: self.decoding, ..Pictures::new() };
    }

    /// Whether a keyframe is just coming in.
    pub(super) fn keyframe_comes(&self) -> bool {
        self.assembler.holds_keyframe()
    }

    /// The decoder made a picture of a keyframe; whether it was the one that was waited for.
    pub(super) fn decoded(&mut self) -> bool {
        self.decoding = false;
        !self.waiting
    }

    /// The decoder cannot go on. If a keyframe is on its way to it, it can from there.
    pub(super) fn damaged(&mut self) {
        self.wanted |= !self.waiting;
        self.waiting |= !self.decoding;
    }

    fn lose(&mut self, torn: Option<Torn>, hand: &Hand<'_>) {
        add(&hand.counters.dropped_incomplete, torn.is_some().into());
        // While one waits for a keyframe, only the loss of a keyframe is a loss.
        self.wanted |= !self.waiting || torn.is_some_and(|torn| torn.keyframe);
        self.waiting = true;
    }

    fn hand_over(&mut self, frame: Frame, hand: &mut Hand<'_>) {
        let Frame { data, keyframe, timestamp: rtp_time, arrived } = frame;
        if self.waiting && !keyframe {
            add(&hand.counters.dropped_before_keyframe, 1);
            return;
        }
        let (_, capture) = hand.times(rtp_time, arrived);
        let taken = hand.over(Unit::Picture(CodedPicture { data, keyframe, rtp_time, capture, arrived }));
        self.waiting = !taken;
        self.wanted |= !taken;
        self.decoding |= taken && keyframe;
        add(&hand.counters.keyframes, (taken && keyframe).into());
    }
}
