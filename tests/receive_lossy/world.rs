//! Publisher, path, receiver and decoder in one virtual time.

use crate::camera::{AUDIO, Camera, RTX, VIDEO, digest};
use crate::path::{Path, Weather};
use framewire::decode::vp8::Vp8Decoder;
use framewire::media::Kind;
use framewire::receive::{
    DecoderNews, Out, Receiver, TrackConfig, TrackCounters, TrackState, TrackStats, Unit,
};
use framewire::rtp::packet::{Extensions, Fields, Header};
use framewire::time::{Anchor, Time};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

const ANCHOR: Anchor = Anchor { capture: Time(0), ntp: 0xea00_0000 << 32 };
const FRAME: Duration = Duration::from_micros(33_333);
const SOUND: Duration = Duration::from_millis(20);
/// Between two packets of a frame.
const PACE: Duration = Duration::from_micros(300);
/// What was sent so shortly before the end may still be on its way.
const TAIL: Duration = Duration::from_millis(500);

pub struct Setting {
    pub weather: Weather,
    pub nack: bool,
    pub rtx: bool,
    pub seconds: u64,
    pub seed: u64,
}

#[derive(Debug)]
pub struct Outcome {
    /// Frames that were sent, and of those, that came out.
    pub sent: usize,
    pub delivered: usize,
    /// The same of sound.
    pub spoken: u64,
    pub heard: u64,
    /// From the last packet of a frame to when it came out, at most.
    pub slowest: Duration,
    /// Between two frames, at most.
    pub longest_still: Duration,
    /// From each time the picture stood still to the next keyframe.
    pub freezes: Vec<Duration>,
    pub picture: TrackStats,
}

impl Outcome {
    pub fn share(&self) -> f64 {
        self.delivered as f64 / self.sent as f64
    }
}

/// Decodes at once what comes out, and compares.
struct Viewer {
    now: Time,
    decoder: Vp8Decoder,
    /// How frames decode, when each left, and which came out.
    expected: HashMap<u32, (u64, Time)>,
    delivered: Vec<(u32, Time)>,
    last_capture: [Time; 2],
    next_sound: Option<u64>,
    sounds: u64,
    slowest: Duration,
    news: Vec<DecoderNews>,
    frozen: Option<Time>,
    freezes: Vec<Duration>,
    rtcp: Vec<Vec<u8>>,
}

impl Out for Viewer {
    fn send(&mut self, rtcp: &[u8]) {
        self.rtcp.push(rtcp.to_vec());
    }

    fn unit(&mut self, track: usize, unit: Unit) -> bool {
        let capture = match unit {
            Unit::Picture(picture) => {
                let decoded = self.decoder.decode(&picture.data);
                let decoded = decoded.expect("nothing broken comes out").expect("it is shown");
                let (expected, left) = self.expected[&picture.rtp_time];
                assert_eq!(digest(&decoded), expected, "bit by bit, at {:?}", self.now);
                self.delivered.push((picture.rtp_time, self.now));
                self.slowest = self.slowest.max(self.now.since(left));
                self.news.extend(picture.keyframe.then_some(DecoderNews::Keyframe));
                picture.capture
            }
            Unit::Sound(sound) => {
                let number = u32::from_be_bytes(*sound.data.first_chunk().expect("a number"));
                let number = u64::from(number);
                if let Some(next) = self.next_sound {
                    assert_eq!(number, next + u64::from(sound.lost), "what is missing was told");
                }
                self.next_sound = Some(number + 1);
                self.sounds += 1;
                sound.capture
            }
        };
        assert!(capture >= self.last_capture[track] && capture <= self.now, "captured in the past, in order");
        self.last_capture[track] = capture;
        true
    }

    fn state(&mut self, track: usize, state: TrackState, _: &str) {
        match state {
            TrackState::WaitingForKeyframe if !self.delivered.is_empty() => self.frozen = Some(self.now),
            TrackState::Live if track == 0 => {
                self.freezes.extend(self.frozen.take().map(|since| self.now.since(since)));
            }
            _ => {}
        }
    }
}

pub fn run(setting: Setting) -> Outcome {
    let Setting { weather, nack, rtx, seconds, seed } = setting;
    let counters = Arc::new(TrackCounters::default());
    let mut receiver = Receiver::new(tracks(nack, rtx, &counters), 7, "us".into(), ANCHOR, Time(0));
    let mut viewer = Viewer {
        now: Time(0),
        decoder: Vp8Decoder::new().expect("libvpx has memory"),
        expected: HashMap::new(),
        delivered: Vec::new(),
        last_capture: [Time(0); 2],
        next_sound: None,
        sounds: 0,
        slowest: Duration::ZERO,
        news: Vec::new(),
        frozen: None,
        freezes: Vec::new(),
        rtcp: Vec::new(),
    };
    let mut camera = Camera::new(rtx);
    let microphone = Header::new(111, AUDIO, "a", Extensions::default());
    let mut to_us = Path::new(weather.clone(), seed);
    let mut to_them = Path::new(weather, !seed);
    let mut leaving: Vec<(Time, Vec<u8>)> = Vec::new();
    let (mut now, end) = (Time(0), Time(seconds * 1_000_000));
    let (mut next_frame, mut next_sound, mut spoken) = (Time(0), Time(0), 0u64);
    while now < end {
        if next_frame <= now {
            let packets = camera.shoot(now);
            let times = (0..).map(|n| now + PACE * n);
            let left = now + PACE * packets.len().saturating_sub(1) as u32;
            viewer
                .expected
                .extend(camera.decoded.drain().map(|(timestamp, digest)| (timestamp, (digest, left))));
            leaving.extend(times.zip(packets));
            next_frame = next_frame + FRAME;
        }
        if next_sound <= now {
            let mut bytes = Vec::new();
            let timestamp = now.rtp(48_000).wrapping_sub(48_000 * 5);
            let sequence = 65_500u16.wrapping_add(spoken as u16);
            let fields = Fields { marker: false, sequence, timestamp, send_time: 0, playout_delay: false };
            microphone.write(&mut bytes, &fields, &(spoken as u32).to_be_bytes());
            to_us.send(now, &bytes);
            spoken += 1;
            next_sound = next_sound + SOUND;
        }
        leaving.retain(|(at, bytes)| {
            let due = *at <= now;
            if due {
                to_us.send(now, bytes);
            }
            !due
        });
        while let Some(rtcp) = to_them.receive(now) {
            camera.hear(&rtcp).iter().for_each(|packet| to_us.send(now, packet));
        }
        viewer.now = now;
        while let Some(packet) = to_us.receive(now) {
            receiver.rtp(&packet, now, &mut viewer);
            settle(&mut receiver, &mut viewer, now);
        }
        if receiver.deadline().is_some_and(|deadline| deadline <= now) {
            receiver.tick(now, &mut viewer);
            settle(&mut receiver, &mut viewer, now);
        }
        viewer.rtcp.drain(..).for_each(|rtcp| to_them.send(now, &rtcp));
        let moments =
            [Some(next_frame), Some(next_sound), to_us.next_at(), to_them.next_at(), receiver.deadline()];
        let leaving = leaving.iter().map(|(at, _)| *at).min();
        let next = moments.into_iter().chain([leaving]).flatten().min().expect("pictures go on");
        assert!(next >= now, "no timer is left behind");
        now = next;
    }
    viewer.outcome(end, spoken, &counters)
}

/// The decoder speaks once the receiver is free.
fn settle(receiver: &mut Receiver, viewer: &mut Viewer, now: Time) {
    for news in std::mem::take(&mut viewer.news) {
        receiver.decoder(0, news, now, viewer);
    }
}

fn tracks(nack: bool, rtx: bool, counters: &Arc<TrackCounters>) -> Vec<TrackConfig> {
    let picture = TrackConfig {
        rtx: rtx.then_some(97),
        ssrcs: vec![VIDEO],
        rtx_ssrcs: if rtx { vec![(VIDEO, RTX)] } else { Vec::new() },
        nack,
        pli: true,
        remb: true,
        counters: counters.clone(),
        ..TrackConfig::new(Kind::Video, "v", 96)
    };
    vec![picture, TrackConfig::new(Kind::Audio, "a", 111)]
}

impl Viewer {
    fn outcome(mut self, end: Time, spoken: u64, counters: &TrackCounters) -> Outcome {
        let last = end - TAIL;
        self.expected.retain(|_, (_, left)| *left < last);
        self.delivered.retain(|(timestamp, _)| self.expected.contains_key(timestamp));
        let mut once: Vec<u32> = self.delivered.iter().map(|(timestamp, _)| *timestamp).collect();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), self.delivered.len(), "no frame came out twice");
        let stills = self.delivered.windows(2).map(|pair| pair[1].1.since(pair[0].1));
        let picture = counters.snapshot();
        assert!(self.delivered.last().is_some_and(|(_, at)| *at + TAIL * 3 > last), "the picture came back");
        Outcome {
            sent: self.expected.len(),
            delivered: self.delivered.len(),
            // The last one is on its way.
            spoken: spoken - 1,
            heard: self.sounds,
            slowest: self.slowest,
            longest_still: stills.max().unwrap_or_default(),
            freezes: self.freezes,
            picture,
        }
    }
}
