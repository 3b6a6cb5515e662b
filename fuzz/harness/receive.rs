//! The whole receive road, driven by a script of packets, ticks and news: nothing crashes, what comes
//! out can be decoded from a keyframe on, and what is said stays within its bounds.

use framewire::media::Kind;
use framewire::receive::{
    DecoderNews, Out, Received, Receiver, TrackConfig, TrackCounters, TrackState, TrackStats, Unit,
};
use framewire::time::{Anchor, Time};
use std::sync::Arc;
use std::time::Duration;

const VIDEO: u32 = 0x1111_1111;
const RTX: u32 = 0x2222_2222;
const AUDIO: u32 = 0x3333_3333;

/// Runs `script`: an operation, its argument, and for packets what is in them.
pub fn run(script: &[u8]) -> TrackStats {
    let counters = Arc::new(TrackCounters::default());
    let anchor = Anchor { capture: Time(0), ntp: 0x1111_0000 << 32 };
    let mut now = Time(1_000_000);
    let mut receiver = Receiver::new(tracks(&counters), 7, "fuzz".into(), anchor, now);
    let mut out = Listener { now, ..Listener::default() };
    let (mut rest, mut numbers, mut timestamp) = (script, [0xfff0u16; 3], 0xffff_f000u32);
    while let [operation, argument, after @ ..] = rest {
        rest = after;
        let argument = *argument;
        match operation % 12 {
            0 | 1 => {
                now = now
                    + Duration::from_millis(u64::from(argument) * if operation % 12 == 0 { 1 } else { 37 });
                out.now = now;
                receiver.tick(now, &mut out);
            }
            2 => timestamp = timestamp.wrapping_add(u32::from(argument) * 300),
            kind @ 3..=5 => {
                let (ssrc, payload_type, n) =
                    [(VIDEO, 96, 0), (RTX, 97, 1), (AUDIO, 111, 2)][usize::from(kind - 3)];
                numbers[n] = numbers[n].wrapping_add_signed((argument as i8 >> 2).into());
                let marker = (argument & 1) << 7;
                let mut packet = vec![0x80, marker | payload_type];
                packet.extend(numbers[n].to_be_bytes());
                packet.extend(timestamp.to_be_bytes());
                packet.extend(ssrc.to_be_bytes());
                packet.extend_from_slice(take(&mut rest));
                receiver.rtp(&packet, now, &mut out);
            }
            6 => receiver.rtp(take(&mut rest), now, &mut out),
            7 => receiver.rtcp(take(&mut rest), now, &mut out),
            8 => receiver.decoder(usize::from(argument % 3), DecoderNews::Keyframe, now, &mut out),
            9 => receiver.decoder(usize::from(argument % 3), DecoderNews::Damaged, now, &mut out),
            10 => receiver.refresh(usize::from(argument % 3), now, &mut out),
            _ => match argument {
                0 => receiver.goodbye(now, &mut out),
                1 => receiver.stop(0),
                _ => out.full = argument & 2 != 0,
            },
        }
        assert!(out.said < 64, "one thing leads to few others");
        out.said = 0;
    }
    now = now + Duration::from_secs(1);
    out.now = now;
    receiver.tick(now, &mut out);
    // A NACK names 128 packets; there may be more to ask for at once, but not for ever.
    let due = (0..32).find(|_| {
        receiver.tick(now, &mut out);
        receiver.deadline().is_none_or(|deadline| deadline > now)
    });
    assert!(due.is_some(), "a tick does what is due");
    counters.snapshot()
}

/// A byte of length, and as many bytes as there are.
fn take<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let Some((&length, after)) = rest.split_first() else { return &[] };
    let (taken, after) = after.split_at(after.len().min(length.into()));
    *rest = after;
    taken
}

fn tracks(counters: &Arc<TrackCounters>) -> Vec<TrackConfig> {
    let received = Received { mid: Some(1), transport_cc: Some(2), abs_send_time: Some(3) };
    let picture = TrackConfig {
        rtx: Some(97),
        ssrcs: vec![VIDEO],
        rtx_ssrcs: vec![(VIDEO, RTX)],
        nack: true,
        pli: true,
        transport_cc: true,
        received,
        counters: counters.clone(),
        ..TrackConfig::new(Kind::Video, "v", 96)
    };
    let sound = TrackConfig { remb: true, nack: true, received, ..TrackConfig::new(Kind::Audio, "a", 111) };
    vec![picture, sound]
}

#[derive(Default)]
struct Listener {
    now: Time,
    /// The decoder's queue is full.
    full: bool,
    /// A picture was handed over, and none refused since.
    decodable: bool,
    captured: [Time; 2],
    ended: [bool; 2],
    last_request: Option<Time>,
    said: usize,
}

impl Out for Listener {
    fn send(&mut self, rtcp: &[u8]) {
        assert!(rtcp.len() <= 1_200 && rtcp.len().is_multiple_of(4));
        self.said += 1;
        // A report of 8 bytes, a name of 16, and PLI's 12.
        if rtcp.len() == 36 && rtcp[24..26] == [0x81, 206] {
            let soon =
                self.last_request.is_some_and(|last| self.now.since(last) < Duration::from_millis(500));
            assert!(!soon, "one request in half a second");
            self.last_request = Some(self.now);
        }
    }

    fn unit(&mut self, track: usize, unit: Unit) -> bool {
        assert!(!self.ended[track], "nothing comes between an end and a beginning");
        let capture = match unit {
            Unit::Picture(picture) => {
                assert!(picture.keyframe || self.decodable, "nothing before a keyframe");
                assert!(picture.arrived <= self.now && picture.data.len() >= 3);
                self.decodable = !self.full;
                picture.capture
            }
            Unit::Sound(sound) => sound.capture,
        };
        assert!(capture <= self.now && capture >= self.captured[track], "time does not run backwards");
        self.captured[track] = capture;
        !self.full
    }

    fn state(&mut self, track: usize, state: TrackState, why: &str) {
        assert!(!self.ended[track] || state == TrackState::Waiting, "after an end comes a beginning");
        self.ended[track] = state == TrackState::Ended;
        // A beginning needs a keyframe.
        self.decodable &= !(self.ended[track] && track == 0);
        assert!(state != TrackState::Failed && !why.is_empty());
    }
}
