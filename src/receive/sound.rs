//! From packets in order to sound: each goes on, and says how many before it did not come.

use super::hand::Hand;
use super::order::Item;
use super::stats::add;
use super::{CodedSound, Unit};

#[derive(Debug, Default)]
pub(super) struct Sounds {
    /// Packets given up since the last one.
    lost: u32,
    /// Something was handed over.
    pub heard: bool,
}

impl Sounds {
    pub(super) fn item(&mut self, item: Item<'_>, hand: &mut Hand<'_>) {
        let piece = match item {
            Item::Gap(packets) => {
                add(&hand.counters.gaps, 1);
                add(&hand.counters.lost, packets);
                self.lost = self.lost.saturating_add(u32::try_from(packets).unwrap_or(u32::MAX));
                return;
            }
            Item::Piece(piece) if piece.payload.is_empty() => return, // padding
            Item::Piece(piece) => piece,
        };
        let (timestamp, capture) = hand.times(piece.timestamp, piece.arrived);
        let (lost, arrived) = (std::mem::take(&mut self.lost), piece.arrived);
        let data = piece.payload.to_vec();
        self.heard |= hand.over(Unit::Sound(CodedSound { data, timestamp, lost, capture, arrived }));
    }

    /// The sender counts anew: what is missing is not known.
    pub(super) fn restart(&mut self) {
        self.lost = 0;
    }
}
