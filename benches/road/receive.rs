//! From packets to pictures in I420, beside bare libvpx decoding the same stream; and from packets to whole
//! frames, which is all but the decoder. One thread, no sockets.

use crate::common::vpx;
use crate::cpu;
use crate::glass::{BITRATE, FPS};
use crate::stream::{MID, PAYLOAD_TYPE, RECEIVED, packets, stream};
use crate::table::{Row, row};
use framewire::decode::picture::{Decoded, PictureStage};
use framewire::decode::vp8::Vp8Decoder;
use framewire::frame::Format;
use framewire::media::Kind;
use framewire::receive::{DecoderNews, Out, Receiver, TrackConfig, TrackState, Unit};
use framewire::time::{Anchor, Time};
use std::time::Duration;

/// Ten seconds of it, so often.
const FRAMES: usize = 10 * FPS as usize;
const ROUNDS: usize = 5;
/// Without the decoder a round is over in milliseconds.
const BARE_ROUNDS: usize = 100;

/// Where a receiver's frames go.
struct Taker {
    stage: Option<PictureStage>,
    frames: usize,
    keyframe: bool,
}

impl Out for Taker {
    fn send(&mut self, _: &[u8]) {}

    fn unit(&mut self, _: usize, unit: Unit) -> bool {
        let Unit::Picture(coded) = unit else { return true };
        if let Some(stage) = &mut self.stage {
            let decoded = stage.decode(&coded, coded.arrived).expect("it decodes");
            assert!(matches!(decoded, Decoded::Picture(_)));
            stage.succeeded();
        }
        self.frames += 1;
        self.keyframe |= coded.keyframe;
        true
    }

    fn state(&mut self, _: usize, _: TrackState, _: &str) {}
}

pub fn receive() -> Vec<Row> {
    let frames = stream(FRAMES, 1, BITRATE);
    let packets = packets(&frames);
    let (mut ours, mut bare) = (0.0, 0.0);
    // By turns, so that both meet the same machine.
    for _ in 0..ROUNDS {
        let decoder = Vp8Decoder::new().expect("libvpx has memory");
        ours += used(|| run(&packets, Some(PictureStage::new(Box::new(decoder), Format::I420, 1))));
        bare += used(|| {
            let mut decoder = vpx::Decoder::new();
            for frame in &frames {
                assert!(decoder.show(&frame.data).is_some());
            }
        });
    }
    let whole = used(|| (0..BARE_ROUNDS).for_each(|_| run(&packets, None)));
    let each = |seconds: f64, count: usize| seconds / count as f64 * 1e6;
    let count: usize = packets.iter().map(Vec::len).sum();
    let [ours, bare] = [ours, bare].map(|seconds| each(seconds, ROUNDS * frames.len()));
    vec![
        row("8 CPU a frame, packets → I420, 720p (bare: libvpx decoding)", ours, "µs", "≤ 1.15×")
            .beside(bare),
        row("8 CPU a frame, packets → whole frame", each(whole, BARE_ROUNDS * frames.len()), "µs", ""),
        row("8 CPU a packet of it", each(whole, BARE_ROUNDS * count), "µs", "≤ 1"),
    ]
}

fn used(work: impl FnOnce()) -> f64 {
    let before = cpu::seconds(|_| false);
    work();
    cpu::seconds(|_| false) - before
}

/// The whole stream through a receiver, at the pace of its own clock.
fn run(packets: &[Vec<Vec<u8>>], stage: Option<PictureStage>) {
    let config = TrackConfig {
        nack: true,
        pli: true,
        transport_cc: true,
        received: RECEIVED,
        ..TrackConfig::new(Kind::Video, MID, PAYLOAD_TYPE)
    };
    let mut now = Time(1_000_000);
    let anchor = Anchor { capture: now, ntp: 0xea00_0000 << 32 };
    let mut receiver = Receiver::new(vec![config], 2, "bench".into(), anchor, now);
    let mut taker = Taker { stage, frames: 0, keyframe: false };
    for (n, frame) in packets.iter().enumerate() {
        now = Time(1_000_000) + Duration::from_secs(1) * n as u32 / FPS;
        while let Some(due) = receiver.deadline().filter(|due| *due <= now) {
            receiver.tick(due, &mut taker);
        }
        for packet in frame {
            receiver.rtp(packet, now, &mut taker);
            now = now + Duration::from_micros(10);
        }
        if std::mem::take(&mut taker.keyframe) {
            receiver.decoder(0, DecoderNews::Keyframe, now, &mut taker);
        }
    }
    assert_eq!(taker.frames, packets.len(), "a frame leaves with its last packet");
}
