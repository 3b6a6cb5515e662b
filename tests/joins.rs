//! Many ask at once: one keyframe serves all.

mod common;

use common::air::{Air, Viewer};
use common::rtcp;
use common::vp8::Depacketizer;
use common::watcher::{Arrival, OWN_SSRC, PATIENCE};
use std::time::{Duration, Instant};

const JOINS: usize = 50;
const PLIS: u32 = 200;
const SECOND: Duration = Duration::from_secs(1);

#[test]
fn fifty_joins_and_two_hundred_requests_in_a_second_cost_two_keyframes() {
    let mut air = Air::with(30, 1_000_000, false);
    let mut seer = Viewer::join(&air.source);
    let mut depacketizer = Depacketizer::default();
    let mut keyframes = Vec::new();
    let mut see = |arrival| {
        let Arrival::Rtp { section: 0, packet } = arrival else { return };
        let at = packet.at;
        keyframes.extend(depacketizer.push(&packet).filter(|f| f.keyframe).map(|_| at));
    };
    // Until the seer's own keyframe is older than any window.
    air.watch(&mut seer.watcher, Instant::now() + 3 * SECOND, |_, arrival| {
        see(arrival);
        false
    });
    let ssrc = seer.watcher.ssrc(0).expect("pictures flow");
    // Offers and answers beforehand, all but the last step: so fifty arrive within a second.
    let mut waiting: Vec<_> = (0..JOINS).map(|_| Viewer::prepare(&air.source)).collect();

    let begun = Instant::now();
    let mut sent = 0;
    air.watch(&mut seer.watcher, begun + 3 * SECOND, |watcher, arrival| {
        see(arrival);
        // Both spread over the second.
        let share = begun.elapsed().as_secs_f64().min(1.0);
        while sent < (f64::from(PLIS) * share) as u32 {
            watcher.send(0, &rtcp::pli(OWN_SSRC, ssrc));
            sent += 1;
        }
        let due = (JOINS as f64 * share) as usize;
        waiting.iter_mut().take(due).for_each(Viewer::start);
        false
    });
    assert_eq!(sent, PLIS);
    let cost = keyframes.iter().filter(|at| (begun..begun + SECOND).contains(at)).count();
    assert!((1..=2).contains(&cost), "{cost} keyframes in the second");
    for pair in keyframes.windows(2) {
        let gap = pair[1] - pair[0];
        assert!(gap > Duration::from_millis(440), "{gap:?} between two keyframes");
    }

    let deadline = Instant::now() + PATIENCE;
    for (n, joined) in waiting.iter_mut().enumerate() {
        let mut depacketizer = Depacketizer::default();
        let seen = air.watch(&mut joined.watcher, deadline, |_, arrival| {
            matches!(arrival, Arrival::Rtp { packet, .. }
                if depacketizer.push(&packet).is_some_and(|frame| frame.keyframe))
        });
        assert!(seen, "viewer {n} has a keyframe");
    }
    assert_eq!(air.source.stats().viewers, JOINS as u64 + 1);
}
