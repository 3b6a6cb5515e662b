//! Sender reports: when, what they say, and the round trip measured by their echo.

use crate::media::MediaFrame;
use crate::time::{Anchor, Time};
use std::time::Duration;

const INTERVAL: Duration = Duration::from_secs(1);
/// RFC 3550 section 6.4: who has sent nothing since the last report but one is no longer a sender.
const SILENCE: Duration = Duration::from_secs(2);
/// Reports whose echo is recognised; receivers answer within a few seconds.
const REMEMBERED: usize = 8;

/// The reports of one stream.
#[derive(Debug)]
pub(super) struct Reports {
    anchor: Anchor,
    clock_rate: u32,
    /// When the next is due; `None` while nothing is sent.
    next: Option<Time>,
    last_media: Time,
    /// One instant, as NTP and on the source's RTP clock.
    line: (u64, u32),
    /// The middle of the NTP timestamps of the last reports, and when they left.
    sent: [(u32, Time); REMEMBERED],
    count: usize,
}

impl Reports {
    pub(super) fn new(anchor: Anchor, clock_rate: u32) -> Reports {
        Reports {
            anchor,
            clock_rate,
            next: None,
            last_media: Time(0),
            line: (0, 0),
            sent: [(0, Time(0)); REMEMBERED],
            count: 0,
        }
    }

    /// A frame was sent.
    pub(super) fn media(&mut self, frame: &MediaFrame, now: Time) {
        self.line = (frame.ntp, frame.rtp_time);
        self.last_media = now;
        // The first goes out with the first frame: without it sound and picture are not in sync.
        self.next.get_or_insert(now);
    }

    pub(super) fn deadline(&self) -> Option<Time> {
        self.next
    }

    /// Whether a report is due; if so, the next is scheduled.
    pub(super) fn due(&mut self, now: Time) -> bool {
        if self.next.is_none_or(|next| now < next) {
            return false;
        }
        let sending = now.since(self.last_media) <= SILENCE;
        self.next = sending.then(|| now + INTERVAL);
        sending
    }

    /// NTP timestamp of `now`, and where the source's RTP clock stands at that instant: on the line
    /// through the last frame's capture. The report carries its own instant, not the capture's, so
    /// that receivers that compare it with their clock measure the way and not the encoder.
    pub(super) fn instant(&mut self, now: Time) -> (u64, u32) {
        let ntp = self.anchor.ntp(now);
        let since_capture = i128::from(ntp) - i128::from(self.line.0);
        let ticks = (since_capture * i128::from(self.clock_rate)) >> 32;
        self.sent[self.count % REMEMBERED] = (middle(ntp), now);
        self.count += 1;
        (ntp, self.line.1.wrapping_add(ticks as u32))
    }

    /// The round trip, if `last_report` names a report of ours that was held for `delay` (in
    /// 1/65536 s) before its echo came: RFC 3550 section 6.4.1.
    pub(super) fn round_trip(&self, last_report: u32, delay: u32, now: Time) -> Option<Duration> {
        let known = &self.sent[..self.count.min(REMEMBERED)];
        let (_, at) = known.iter().find(|(middle, _)| *middle == last_report)?;
        now.since(*at).checked_sub(Duration::from_micros((u64::from(delay) * 1_000_000) >> 16))
    }
}

fn middle(ntp: u64) -> u32 {
    (ntp >> 16) as u32
}
