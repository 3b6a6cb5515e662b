//! A publisher over bad paths in virtual time, with real VP8: what comes out decodes bit by bit to
//! what it does without loss, nothing broken comes out, and the picture comes back.
//!
//! Everything is seeded. Sequence numbers and timestamps start just below their wrap.

#[path = "receive_lossy/camera.rs"]
mod camera;
#[path = "receive_lossy/path.rs"]
mod path;
#[path = "common/rng.rs"]
mod rng;
#[path = "receive_lossy/world.rs"]
mod world;

use path::{Loss, Weather};
use std::time::Duration;
use world::{Outcome, Setting, run};

/// Half a round trip of 50 ms.
const ONE_WAY: Duration = Duration::from_millis(25);
/// From a request to a decoded keyframe: the round trip, the wait for the next picture, and its
/// packets one after the other.
const KEYFRAME: Duration = Duration::from_millis(50 + 34 + 10);

fn fair() -> Weather {
    Weather::of(ONE_WAY)
}

fn loss(share: f64) -> Weather {
    Weather { loss: Loss::Uniform(share), ..fair() }
}

/// With NACK and RTX, as browsers are.
fn browser(weather: Weather, seconds: u64, seed: u64) -> Outcome {
    let outcome = run(Setting { weather, nack: true, rtx: true, seconds, seed });
    println!("{outcome:#?}");
    outcome
}

#[test]
fn without_loss_every_frame_comes_out_as_it_left() {
    let outcome = browser(fair(), 10, 1);
    assert_eq!((outcome.delivered, outcome.heard), (outcome.sent, outcome.spoken));
    assert_eq!((outcome.picture.lost, outcome.picture.nacks_sent, outcome.picture.plis_sent), (0, 0, 1));
    assert_eq!(outcome.slowest, ONE_WAY, "wire latency: a frame leaves with its last packet");
}

#[test]
fn one_percent_of_loss_is_healed() {
    let outcome = browser(loss(0.01), 20, 2);
    assert!(outcome.share() > 0.999, "{:.4}", outcome.share());
}

#[test]
fn five_percent_of_loss_at_a_round_trip_of_50_ms_costs_less_than_a_hundredth_of_the_frames() {
    for rtx in [true, false] {
        let run = |seed| run(Setting { weather: loss(0.05), nack: true, rtx, seconds: 20, seed });
        let outcomes = [3, 4, 5].map(run);
        println!("{outcomes:#?}");
        let sum = |figure: fn(&Outcome) -> usize| outcomes.iter().map(figure).sum::<usize>();
        let (sent, delivered) = (sum(|o| o.sent), sum(|o| o.delivered));
        assert!(delivered * 100 >= sent * 99, "{delivered} of {sent}");
        let (recovered, resent) =
            (sum(|o| o.picture.recovered as usize), sum(|o| o.picture.rtx_packets as usize));
        assert!(
            recovered > sum(|o| o.picture.packets as usize) / 30,
            "the loss is real, and told from disorder"
        );
        assert!(
            if rtx { resent >= recovered } else { resent == 0 },
            "{resent} resent, {recovered} recovered"
        );
    }
}

#[test]
fn ten_and_twenty_percent_of_loss_leave_a_picture() {
    for (share, least, seed) in [(0.1, 0.95, 5), (0.2, 0.6, 6)] {
        let outcome = browser(loss(share), 20, seed);
        assert!(outcome.share() > least, "{:.4} at {share}", outcome.share());
        assert!(outcome.longest_still < Duration::from_millis(1_500), "{:?}", outcome.longest_still);
    }
}

#[test]
fn bursts_are_survived() {
    for (begin, seed) in [(0.002, 7), (0.01, 8), (0.02, 9)] {
        let outcome = browser(Weather { loss: Loss::Bursts { begin, mean: 8.0 }, ..fair() }, 20, seed);
        assert!(outcome.share() > 0.8, "{:.4} at {begin}", outcome.share());
    }
}

#[test]
fn disorder_by_up_to_twenty_packets_costs_nothing() {
    let outcome = browser(Weather { disorder: 0.1, ..fair() }, 20, 10);
    assert!(outcome.share() > 0.99, "{:.4}", outcome.share());
    assert!(outcome.picture.reordered > outcome.picture.packets / 40, "{:?}", outcome.picture);
}

#[test]
fn duplicates_are_dropped() {
    let outcome = browser(Weather { duplicates: 0.2, ..fair() }, 10, 11);
    assert_eq!((outcome.delivered, outcome.heard), (outcome.sent, outcome.spoken));
    assert!(outcome.picture.duplicates > outcome.picture.packets / 10);
}

#[test]
fn jitter_of_200_ms_is_waited_for() {
    let outcome = browser(Weather { jitter: Duration::from_millis(200), ..fair() }, 20, 12);
    assert!(outcome.share() > 0.9, "{:.4}", outcome.share());
}

#[test]
fn everything_at_once_breaks_nothing() {
    for seed in 13..17 {
        let weather = Weather {
            loss: Loss::Bursts { begin: 0.01, mean: 5.0 },
            disorder: 0.1,
            duplicates: 0.1,
            jitter: Duration::from_millis(40),
            ..fair()
        };
        let outcome = browser(weather, 15, seed);
        assert!(outcome.share() > 0.3, "{:.4}", outcome.share());
    }
}

#[test]
fn two_seconds_of_darkness_end_with_a_round_trip_and_a_keyframe() {
    let outages = std::iter::once(3_000_000..5_000_000).collect();
    let outcome = browser(Weather { outages, ..fair() }, 8, 17);
    let [still] = outcome.freezes[..] else { panic!("one freeze") };
    assert!(still <= KEYFRAME, "{still:?} from the first packet on");
    assert!(outcome.delivered >= outcome.sent - 60 - 5, "{} of {}", outcome.delivered, outcome.sent);
}

#[test]
fn a_freeze_lasts_a_round_trip_and_a_keyframe() {
    let outages = (2..12).map(|second| second * 1_000_000..second * 1_000_000 + 34_000).collect();
    let weather = Weather { outages, ..fair() };
    let outcome = run(Setting { weather, nack: false, rtx: false, seconds: 13, seed: 18 });
    println!("{outcome:#?}");
    assert_eq!(outcome.freezes.len(), 10);
    assert!(outcome.freezes.iter().all(|still| *still <= KEYFRAME), "{:?}", outcome.freezes);
}
