//! A viewer in the middle of a stream hears anything: nothing crashes, and what it sends is what it
//! sent before, a bounded number of times.

use framewire::id::Id;
use framewire::media::{Kind, MediaFrame, Stamps};
use framewire::rtp::MAX_PACKET;
use framewire::time::{Anchor, Time};
use framewire::viewer::{Extensions, Rtx, StreamConfig, Viewer, ViewerCounters, ViewerStats};
use std::sync::Arc;
use std::time::Duration;

/// Easy to hit: the seeds speak of it.
const SSRC: u32 = 0x2222_2222;
const RTX_SSRC: u32 = 0x3333_3333;
const FRAMES: u64 = 4;
const PACKETS: u32 = 3;
const PAYLOAD: usize = 10;

/// Lets `compound` be heard by a viewer that sends packets again as they were, and by one that has a
/// stream of its own for them. What the first one counted.
pub fn run(compound: &[u8]) -> ViewerStats {
    let wrapped = hear(compound, Some(Rtx { payload_type: 97, ssrc: RTX_SSRC, first_sequence: 0xfffe }));
    let plain = hear(compound, None);
    assert_eq!((wrapped.packets_rtx, plain.packets_rtx), (plain.packets_resent, 0));
    plain
}

/// Three times: after the last frame, after a round trip, and when all is too old.
fn hear(compound: &[u8], rtx: Option<Rtx>) -> ViewerStats {
    let counters = Arc::new(ViewerCounters::default());
    let anchor = Anchor { capture: Time(0), ntp: 0x1111_0000 << 32 };
    let mut viewer = Viewer::new(StreamConfig { rtx, ..config() }, counters.clone(), anchor, Time(0));
    let mut sent = Vec::new();
    let mut now = Time(1_000_000);
    for index in 0..FRAMES {
        now = now + Duration::from_millis(33);
        viewer.push(&frame(index, anchor, now), now, &mut |packet| {
            sent.push(packet.to_vec());
        });
    }
    let mut resent = 0;
    for pause in [60, 200, 2_000] {
        now = now + Duration::from_millis(pause);
        viewer.rtcp(compound, now, &mut |packet| {
            assert!(packet.len() <= MAX_PACKET);
            match rtx {
                None => assert!(
                    sent.iter().any(|before| before == packet),
                    "a packet is sent again as it was, or not at all"
                ),
                Some(rtx) => {
                    let number = rtx.first_sequence.wrapping_add(resent as u16);
                    assert_eq!(packet[2..4], number.to_be_bytes(), "each number once");
                    assert_eq!(packet[8..12], RTX_SSRC.to_be_bytes());
                    let (head, payload) = packet.split_at(packet.len() - PAYLOAD);
                    let original = &head[head.len() - 2..];
                    assert!(
                        sent.iter().any(|before| before[2..4] == *original && before.ends_with(payload)),
                        "what is sent again was sent"
                    );
                }
            }
            resent += 1;
        });
    }
    assert!(resent <= 4 * FRAMES * u64::from(PACKETS));
    let stats = counters.snapshot();
    assert_eq!(stats.packets_resent, resent);
    assert!(stats.round_trip_us < 10_000_000);
    stats
}

fn config() -> StreamConfig {
    StreamConfig {
        kind: Kind::Video,
        ssrc: SSRC,
        payload_type: 96,
        first_sequence: 0xfff8,
        timestamp_offset: 1,
        cname: "fuzz".into(),
        mid: "0".into(),
        extensions: Extensions { mid: Some(1), abs_send_time: Some(2), playout_delay: Some(3) },
        nack: true,
        rtx: None,
    }
}

fn frame(index: u64, anchor: Anchor, now: Time) -> Arc<MediaFrame> {
    Arc::new(MediaFrame {
        source: Id(1),
        kind: Kind::Video,
        index,
        keyframe: index == 0,
        ntp: anchor.ntp(now),
        rtp_time: now.rtp(90_000),
        stamps: Stamps::default(),
        data: vec![index as u8; PACKETS as usize * PAYLOAD],
        ends: (1..=PACKETS).map(|n| n * PAYLOAD as u32).collect(),
    })
}
