//! How much the sender may send, where it listens to REMB alone (draft-alvestrand-rmcat-remb-03):
//! driven by loss, as in section 5.2 of draft-ietf-rmcat-gcc-02.

use super::reception::Interval;

/// Publishers begin far below and come up to what they are allowed: what holds them back is loss.
const START: u64 = 10_000_000;
const LEAST: u64 = 100_000;
const MOST: u64 = 50_000_000;

#[derive(Debug)]
pub(super) struct Estimate {
    bitrate: u64,
}

impl Default for Estimate {
    fn default() -> Estimate {
        Estimate { bitrate: START }
    }
}

impl Estimate {
    pub(super) fn bitrate(&self) -> u64 {
        self.bitrate
    }

    /// About a second passed, in which `received` bits a second came.
    pub(super) fn update(&mut self, interval: Interval, received: u64) {
        let Interval { expected, lost } = interval;
        let bitrate = if lost * 10 > expected {
            // Half of the loss less, of what came through: what did not cannot be carried.
            self.bitrate.min(received) * (2 * expected - lost) / (2 * expected)
        } else if lost * 50 < expected {
            self.bitrate + self.bitrate * 8 / 100
        } else {
            self.bitrate
        };
        self.bitrate = bitrate.clamp(LEAST, MOST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn updated(estimate: &mut Estimate, lost: u64, received: u64) -> u64 {
        estimate.update(Interval { expected: 100, lost }, received);
        estimate.bitrate()
    }

    #[test]
    fn a_clean_line_never_holds_the_sender_back() {
        let mut estimate = Estimate::default();
        for _ in 0..100 {
            assert!(updated(&mut estimate, 1, 300_000) >= START);
        }
        assert_eq!(estimate.bitrate(), MOST);
    }

    #[test]
    fn heavy_loss_brings_it_below_what_came_and_little_loss_keeps_it() {
        let mut estimate = Estimate::default();
        assert_eq!(updated(&mut estimate, 20, 1_000_000), 900_000);
        for lost in 2..=10 {
            assert_eq!(updated(&mut estimate, lost, 800_000), 900_000);
        }
        assert_eq!(updated(&mut estimate, 0, 800_000), 972_000);
        for _ in 0..99 {
            updated(&mut estimate, 100, 0);
        }
        assert_eq!(estimate.bitrate(), LEAST);
    }

    #[test]
    fn a_second_without_packets_changes_nothing() {
        let mut estimate = Estimate::default();
        estimate.update(Interval::default(), 0);
        assert_eq!(estimate.bitrate(), START);
    }
}
