//! Loss on the way: what is asked for again comes again, what cannot is replaced by a keyframe.

mod common;

use common::air::{Air, Viewer};
use common::order::{Order, Policy};
use common::rtcp;
use common::vp8::Depacketizer;
use common::vpx::Decoder;
use common::watcher::{Arrival, OWN_SSRC, PATIENCE, Watcher};
use std::time::{Duration, Instant};

/// A receiver as a browser is one: asks for what is missing, and for a keyframe when that fails.
struct Receiver {
    order: Order,
    depacketizer: Depacketizer,
    frames: Vec<common::vp8::Frame>,
    asked: u64,
}

impl Receiver {
    fn new() -> Receiver {
        let policy = Policy { retry: Duration::from_millis(25), give_up: Duration::from_millis(600) };
        let order = Order::new(policy);
        Receiver { order, depacketizer: Depacketizer::default(), frames: Vec::new(), asked: 0 }
    }

    fn handle(&mut self, watcher: &mut Watcher, arrival: Arrival) {
        let Arrival::Rtp { section: 0, packet } = arrival else { return };
        let (now, ssrc) = (packet.at, packet.ssrc);
        self.order.push(packet);
        let lost = self.order.ask(now);
        if !lost.is_empty() {
            self.asked += lost.len() as u64;
            watcher.send(0, &rtcp::nack(OWN_SSRC, ssrc, &lost));
        }
        let given_up = self.order.given_up;
        while let Some(packet) = self.order.pop(now) {
            self.frames.extend(self.depacketizer.push(&packet));
        }
        if self.order.given_up > given_up {
            watcher.send(0, &rtcp::pli(OWN_SSRC, ssrc));
        }
    }
}

#[test]
fn asking_again_heals_five_percent_loss() {
    let mut air = Air::with(100, 4_000_000, false);
    let mut viewer = Viewer::join_over(&air.source, Some(20_26));
    viewer.watcher.connected();
    viewer.relay.as_ref().expect("joined over one").lose(0.05);
    let mut receiver = Receiver::new();
    let enough = air.watch(&mut viewer.watcher, Instant::now() + 3 * PATIENCE, |watcher, arrival| {
        receiver.handle(watcher, arrival);
        receiver.frames.len() >= 1_050
    });
    assert!(enough, "{} frames in a minute", receiver.frames.len());

    let (passed, dropped) = viewer.relay.as_ref().expect("joined over one").counts();
    let share = dropped as f64 / (passed + dropped) as f64;
    assert!((0.02..0.09).contains(&share), "{dropped} of {passed} packets were to be lost");
    let count = receiver.frames.len() as u64;
    // A frame that is lost has at least one packet that never came.
    let lost = receiver.order.given_up;
    assert!(lost * 1_000 <= count, "{lost} of {count} lost, {} asked for", receiver.asked);
    let mut decoder = Decoder::new();
    let mut last = None;
    for frame in &receiver.frames {
        let strip = decoder.decode(&frame.data).expect("it decodes").strip().expect("a strip");
        assert!(last.replace(strip.number).is_none_or(|last| strip.number >= last));
    }
    let stats = viewer.peer.stats();
    assert!(stats[0].1.nacks > 0 && viewer.watcher.repaired > 0, "{stats:?}");
    assert_eq!(stats[0].1.packets_rtx, stats[0].1.packets_resent, "in a stream of their own");
}

/// Waits on the air for a keyframe; how long it took.
fn keyframe(air: &mut Air, viewer: &mut Viewer, patience: Duration) -> Option<Duration> {
    let (since, mut depacketizer) = (Instant::now(), Depacketizer::default());
    let seen = air.watch(&mut viewer.watcher, since + patience, |_, arrival| {
        matches!(arrival, Arrival::Rtp { section: 0, packet }
            if depacketizer.push(&packet).is_some_and(|frame| frame.keyframe))
    });
    seen.then(|| since.elapsed())
}

/// No keyframe for longer than the window in which they are coalesced. A sender that a busy machine
/// made skip frames asks for one itself, as late as that window is long. `skipped` is up to which of them
/// that has come.
fn calm(air: &mut Air, viewer: &mut Viewer, skipped: &mut u64) {
    for _ in 0..5 {
        let Some(came) = keyframe(air, viewer, Duration::from_millis(1_200)) else { return };
        let before = std::mem::replace(skipped, air.source.stats().video_undelivered);
        assert!(*skipped > before, "a keyframe after {came:?} that nobody asked for");
    }
    panic!("frames are skipped without end");
}

#[test]
fn a_keyframe_comes_when_asked_for_and_only_then() {
    let mut air = Air::with(30, 1_000_000, false);
    let mut viewer = Viewer::join(&air.source);
    let mut skipped = 0;
    keyframe(&mut air, &mut viewer, PATIENCE).expect("the first");
    let ssrc = viewer.watcher.ssrc(0).expect("something came");
    calm(&mut air, &mut viewer, &mut skipped);

    let pli = rtcp::pli(OWN_SSRC, ssrc);
    let fir = |sequence| rtcp::fir(OWN_SSRC, ssrc, sequence);
    let asks: [(&str, Vec<u8>, bool); 6] = [
        ("a PLI", pli, true),
        ("the first FIR, number 0", fir(0), true),
        ("the same FIR again", fir(0), false),
        ("the next FIR", fir(1), true),
        ("a PLI about someone else", rtcp::pli(OWN_SSRC, ssrc ^ 1), false),
        ("half a FIR", fir(2)[..12].to_vec(), false),
    ];
    for (what, rtcp, comes) in asks {
        viewer.watcher.send(0, &rtcp);
        if comes {
            let waited = keyframe(&mut air, &mut viewer, PATIENCE).expect(what);
            assert!(waited < Duration::from_secs(1), "{what}: {waited:?}");
        }
        calm(&mut air, &mut viewer, &mut skipped);
    }
}

/// Loses one packet of a stream that flows; its SSRC and sequence number, and when the hole showed.
fn lose_one(air: &mut Air, viewer: &mut Viewer) -> (u32, u16, Instant) {
    let (mut last, mut hole) = (None, None);
    let relay = viewer.relay.as_ref().expect("joined over one");
    let until = Instant::now() + PATIENCE;
    air.watch(&mut viewer.watcher, until, |_, arrival| {
        let Arrival::Rtp { section: 0, packet } = arrival else { return false };
        if last.is_none() {
            relay.lose_one();
        }
        let expected = last.replace(packet.sequence).map(|last: u16| last.wrapping_add(1));
        if let Some(expected) = expected.filter(|expected| *expected != packet.sequence) {
            hole = Some((packet.ssrc, expected, packet.at));
        }
        hole.is_some()
    });
    hole.expect("a hole")
}

#[test]
fn a_packet_comes_again_at_once_and_only_a_few_times() {
    comes_again(true);
    comes_again(false);
}

/// In a stream of its own, or as it was.
fn comes_again(rtx: bool) {
    let mut air = Air::with(30, 1_000_000, false);
    let edit = |offer: String| if rtx { offer } else { offer.replace(" rtx/", " another/") };
    let mut viewer = Viewer::join_with(&air.source, Some(1), edit);
    keyframe(&mut air, &mut viewer, PATIENCE).expect("the first");
    let (ssrc, lost, since) = lose_one(&mut air, &mut viewer);
    let nack = rtcp::nack(OWN_SSRC, ssrc, &[lost]);
    viewer.watcher.send(0, &nack);
    let mut again = None;
    let until = Instant::now() + Duration::from_secs(2);
    air.watch(&mut viewer.watcher, until, |watcher, arrival| {
        let Arrival::Rtp { section: 0, packet } = arrival else { return false };
        // A receiver that asks at every packet, for what it has.
        watcher.send(0, &nack);
        if packet.sequence == lost {
            again.get_or_insert(packet);
        }
        false
    });
    let again = again.expect("the lost packet");
    assert!(again.at - since < Duration::from_millis(500), "{:?}", again.at - since);
    let stats = viewer.peer.stats()[0].1;
    assert!(stats.nacks > 20 && (1..10).contains(&stats.packets_resent), "{stats:?}");
    let (resent, repaired) = (stats.packets_rtx > 0, viewer.watcher.repaired > 0);
    assert_eq!((resent, repaired), (rtx, rtx), "{stats:?}");
}

#[test]
fn what_is_too_old_is_replaced_by_a_keyframe() {
    let mut air = Air::with(30, 1_000_000, false);
    let mut viewer = Viewer::join_over(&air.source, Some(2));
    let mut skipped = 0;
    keyframe(&mut air, &mut viewer, PATIENCE).expect("the first");
    calm(&mut air, &mut viewer, &mut skipped);
    let (ssrc, lost, _) = lose_one(&mut air, &mut viewer);
    // The history holds one second.
    calm(&mut air, &mut viewer, &mut skipped);
    viewer.watcher.send(0, &rtcp::nack(OWN_SSRC, ssrc, &[lost]));
    let waited = keyframe(&mut air, &mut viewer, Duration::from_secs(2));
    assert!(waited.is_some(), "a keyframe instead of what is gone: {:?}", viewer.peer.stats());
}
