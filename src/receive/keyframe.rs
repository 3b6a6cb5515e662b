//! When a keyframe is asked for: at once, and again until one is decoded.

use crate::time::Time;
use std::time::Duration;

/// At most one request in that time, whatever the reasons.
const LEAST: Duration = Duration::from_millis(500);

/// How keyframes are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Request {
    Pli,
    /// With the number of this demand: RFC 5104 section 4.3.1.2, a new one for each, so that a sender
    /// whose keyframe was lost makes another.
    Fir(u8),
}

/// The schedule of one track: 0, 0.5, 1, 2 s, then every 2 s.
#[derive(Debug)]
pub(super) struct Keyframes {
    pli: bool,
    fir: bool,
    began: Time,
    /// When the next request is due, while a keyframe is wanted.
    next: Option<Time>,
    /// Requests since it began.
    asked: u32,
    last: Option<Time>,
    demands: u8,
}

impl Keyframes {
    /// Asks by what was negotiated; if nothing was, not at all.
    pub(super) fn new(pli: bool, fir: bool) -> Keyframes {
        Keyframes { pli, fir, began: Time(0), next: None, asked: 0, last: None, demands: 0 }
    }

    /// A keyframe is wanted from now on.
    pub(super) fn want(&mut self, now: Time) {
        let waits = self.next.is_some() && self.asked == 0;
        if !waits && (self.pli || self.fir) {
            self.began = self.last.map_or(now, |last| now.max(last + LEAST));
            self.next = Some(self.began);
            self.asked = 0;
        }
    }

    /// One was decoded, or nobody waits any more.
    pub(super) fn done(&mut self) {
        self.next = None;
    }

    /// The request that is due.
    pub(super) fn due(&mut self, now: Time) -> Option<Request> {
        self.next.filter(|&next| now >= next)?;
        self.asked = self.asked.saturating_add(1);
        let offset = match self.asked {
            1 => Duration::from_millis(500),
            2 => Duration::from_secs(1),
            asked => Duration::from_secs(u64::from(asked - 2) * 2),
        };
        self.next = Some((self.began + offset).max(now + LEAST));
        self.last = Some(now);
        if self.pli {
            return Some(Request::Pli);
        }
        self.demands = self.demands.wrapping_add(1);
        Some(Request::Fir(self.demands))
    }

    pub(super) fn deadline(&self) -> Option<Time> {
        self.next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Time {
        Time(ms * 1_000)
    }

    /// When requests go out until `end`, in milliseconds.
    fn requests(keyframes: &mut Keyframes, from: u64, end: u64) -> Vec<u64> {
        (from..end).filter(|&ms| keyframes.due(at(ms)).is_some()).collect()
    }

    #[test]
    fn it_is_repeated_at_first_often_then_every_two_seconds() {
        let mut keyframes = Keyframes::new(true, true);
        assert_eq!(keyframes.deadline(), None);
        keyframes.want(at(7));
        assert_eq!(keyframes.deadline(), Some(at(7)));
        assert_eq!(requests(&mut keyframes, 7, 9_000), [7, 507, 1_007, 2_007, 4_007, 6_007, 8_007]);
    }

    #[test]
    fn it_ends_when_one_was_decoded() {
        let mut keyframes = Keyframes::new(true, false);
        keyframes.want(at(0));
        assert_eq!(requests(&mut keyframes, 0, 600), [0, 500]);
        keyframes.done();
        assert_eq!(keyframes.deadline(), None);
        assert!(requests(&mut keyframes, 600, 9_000).is_empty());
    }

    #[test]
    fn new_reasons_begin_it_anew_but_never_twice_in_half_a_second() {
        let mut keyframes = Keyframes::new(true, false);
        let mut asked = Vec::new();
        for ms in 0..3_000 {
            if ms % 10 == 0 {
                keyframes.want(at(ms));
            }
            asked.extend(keyframes.due(at(ms)).map(|_| ms));
        }
        assert_eq!(asked, [0, 500, 1_000, 1_500, 2_000, 2_500]);
        keyframes.done();
        keyframes.want(at(2_600));
        assert_eq!(requests(&mut keyframes, 2_600, 5_100), [3_000, 3_500, 4_000, 5_000]);
    }

    #[test]
    fn a_late_tick_does_not_make_two_follow_each_other() {
        let mut keyframes = Keyframes::new(true, false);
        keyframes.want(at(0));
        assert!(keyframes.due(at(450)).is_some());
        assert_eq!(requests(&mut keyframes, 450, 2_100), [950, 1_450, 2_000]);
    }

    #[test]
    fn a_fir_goes_out_where_no_pli_was_negotiated_each_with_its_number() {
        let mut keyframes = Keyframes::new(false, true);
        keyframes.want(at(0));
        let firs: Vec<_> = (0..3).map(|n| keyframes.due(at(n * 1_000))).collect();
        assert_eq!(firs, [1, 2, 3].map(|n| Some(Request::Fir(n))));
        let mut neither = Keyframes::new(false, false);
        neither.want(at(0));
        assert_eq!((neither.deadline(), neither.due(at(9))), (None, None));
    }
}
