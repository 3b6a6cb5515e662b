//! Numbers without end out of those that wrap.

/// Places 16-bit sequence numbers: RFC 3550 appendix A.1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sequence {
    highest: u64,
    /// What would follow a number that was too far off to believe.
    suspect: Option<u16>,
}

/// Numbers further apart than that are not believed at once: MAX_DROPOUT of RFC 3550. The appendix
/// allows 100 backwards; packets that a path holds for 200 ms are further back.
const FAR: i16 = 3_000;
/// The first number lies in the second cycle, so that those before it have a place.
pub(super) const CYCLE: u64 = 1 << 16;

/// Where a packet stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    At(u64),
    /// Too far off; two such in a row are believed.
    Far,
    /// The second in a row: the sender counts anew.
    Anew,
}

impl Sequence {
    pub(super) fn new(first: u16) -> Sequence {
        Sequence { highest: CYCLE + u64::from(first), suspect: None }
    }

    pub(super) fn place(&mut self, sequence: u16) -> Place {
        let Some(number) = self.near(sequence) else {
            let anew = self.suspect == Some(sequence);
            self.suspect = Some(sequence.wrapping_add(1));
            return if anew { Place::Anew } else { Place::Far };
        };
        self.suspect = None;
        self.highest = self.highest.max(number);
        Place::At(number)
    }

    /// The number of that sequence number near the highest one.
    pub(super) fn near(&self, sequence: u16) -> Option<u64> {
        let step = sequence.wrapping_sub(self.highest as u16) as i16;
        let near = (-FAR..=FAR).contains(&step);
        near.then(|| self.highest.wrapping_add_signed(step.into()))
    }
}

/// Counts 32-bit timestamps on over their wraps.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Timestamps(Option<u64>);

impl Timestamps {
    /// Takes the timestamp of what comes next; the first is itself, in the second cycle.
    pub(super) fn next(&mut self, timestamp: u32) -> u64 {
        let last = self.0.unwrap_or((1 << 32) + u64::from(timestamp));
        let step = timestamp.wrapping_sub(last as u32) as i32;
        let next = last.saturating_add_signed(step.into());
        self.0 = Some(next);
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_on_over_the_wrap_both_ways() {
        let mut sequence = Sequence::new(65_534);
        let at: Vec<_> = [65_534, 1, 65_535, 65_533, 2].map(|s| sequence.place(s)).into();
        let start = CYCLE + 65_534;
        assert_eq!(at, [0, 3, 1, -1, 4].map(|step| Place::At(start.wrapping_add_signed(step))));
    }

    #[test]
    fn a_leap_is_believed_when_the_next_packet_repeats_it() {
        let mut sequence = Sequence::new(10);
        assert_eq!(sequence.place(3_010), Place::At(CYCLE + 3_010));
        assert_eq!(sequence.place(9_000), Place::Far);
        assert_eq!(sequence.place(3_011), Place::At(CYCLE + 3_011), "a stray one");
        assert_eq!(sequence.place(9_001), Place::Far, "two strays, but not in a row");
        assert_eq!(sequence.place(9_002), Place::Anew);
        assert_eq!(sequence.near(9_002), None);
    }

    #[test]
    fn timestamps_go_on_over_the_wrap_and_never_below_zero() {
        let mut timestamps = Timestamps::default();
        let first = timestamps.next(u32::MAX - 959);
        assert_eq!(timestamps.next(0), first + 960);
        assert_eq!(timestamps.next(u32::MAX - 959), first);
        for _ in 0..5 {
            timestamps.next(1 << 31);
            timestamps.next(0);
        }
    }
}
