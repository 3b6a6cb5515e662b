use super::super::*;
use super::bench::*;
use TrackState::{Ended, Live, WaitingForKeyframe};

/// A camera whose keyframe was decoded at 0 ms.
fn live() -> (Bench, Publisher) {
    let (mut bench, mut camera) = (Bench::new(vec![video()]), camera());
    bench.rtp(&camera.key(0), ms(0));
    bench.decoder(DecoderNews::Keyframe, ms(0));
    assert_eq!(bench.heard.states, [(0, WaitingForKeyframe), (0, Live)]);
    bench.heard = Heard::default();
    (bench, camera)
}

/// When keyframes are asked for until `end`, in milliseconds.
fn asked(bench: &mut Bench, end: u64) -> Vec<u64> {
    (0..end)
        .flat_map(|at| {
            bench.run(ms(at));
            bench.requests().iter().map(|_| at).collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn the_first_packet_says_whom_to_ask() {
    let (mut bench, mut camera) = (Bench::new(vec![audio(), video()]), camera());
    bench.receiver.refresh(1, ms(0), &mut bench.heard);
    bench.run(ms(9_000));
    assert!(bench.heard.rtcp.is_empty() && bench.receiver.deadline().is_none(), "nobody is known yet");
    bench.rtp(&camera.delta(0), ms(9_000));
    assert_eq!(bench.requests(), [Said::Pli(VIDEO)], "at once");
    assert_eq!(bench.heard.states, [(1, WaitingForKeyframe)]);
}

#[test]
fn a_retransmission_says_nothing_about_whom_to_ask() {
    let (mut bench, mut camera) = (Bench::new(vec![video()]), camera());
    bench.rtp(&resent(&camera.delta(0), 1), ms(0));
    bench.run(ms(9_000));
    assert!(bench.heard.rtcp.is_empty());
    bench.rtp(&camera.delta(0), ms(9_000));
    bench.rtp(&resent(&camera.delta(0), 2), ms(9_010));
    bench.run(ms(12_000));
    assert!(bench.requests().iter().all(|request| *request == Said::Pli(VIDEO)));
}

#[test]
fn requests_are_repeated_until_a_keyframe_is_decoded_not_merely_received() {
    let (mut bench, mut camera) = (Bench::new(vec![video()]), camera());
    bench.rtp(&camera.delta(0), ms(0));
    let mut at: Vec<u64> = bench.requests().iter().map(|_| 0).collect();
    at.extend(asked(&mut bench, 2_500));
    bench.rtp(&camera.key(3_000), ms(2_500));
    assert_eq!(bench.units(), "K0");
    at.extend(asked(&mut bench, 7_000));
    assert_eq!(at, [0, 500, 1_000, 2_000, 4_000, 6_000]);
    bench.decoder(DecoderNews::Keyframe, ms(7_000));
    assert!(asked(&mut bench, 20_000).is_empty());
    assert_eq!(bench.heard.states, [(0, WaitingForKeyframe), (0, Live)]);
    assert_eq!(bench.stats(0).plis_sent, 6);
}

#[test]
fn a_publisher_that_never_answers_is_seen_to() {
    let (mut bench, mut camera) = (Bench::new(vec![video()]), camera());
    for n in 0..3_000u64 {
        bench.run(ms(n * 33));
        bench.rtp(&camera.delta(n as u32 * 3_000), ms(n * 33));
    }
    let stats = bench.stats(0);
    assert_eq!((stats.waiting_for_keyframe, stats.waiting_since_us), (1, ms(0).0));
    assert_eq!((stats.frames, stats.dropped_before_keyframe), (0, 3_000));
    assert_eq!(bench.heard.states, [(0, WaitingForKeyframe)]);
    assert_eq!(stats.plis_sent, 3 + 49, "no storm in 99 s");
}

#[test]
fn where_only_fir_was_negotiated_it_is_sent_with_a_new_number_each_time() {
    let (mut bench, mut camera) = (Bench::new(vec![TrackConfig { pli: false, ..video() }]), camera());
    bench.rtp(&camera.delta(0), ms(0));
    bench.run(ms(1_000));
    assert_eq!(bench.requests(), [1, 2, 3].map(|n| Said::Fir(VIDEO, n)));
    assert_eq!(bench.stats(0).firs_sent, 3);
}

#[test]
fn a_gap_stops_the_picture_and_starts_the_schedule() {
    let (mut bench, mut camera) = live();
    bench.rtp(&camera.delta(3_000), ms(33));
    camera.sequence = camera.sequence.wrapping_add(1);
    for n in 2..40 {
        bench.rtp(&camera.delta(n * 3_000), ms(u64::from(n) * 33));
        bench.run(ms(u64::from(n) * 33));
    }
    assert_eq!(bench.units(), "P0", "nothing after the gap");
    let at = asked(&mut bench, 1_300);
    assert_eq!(at.len(), 2, "half a second after the first one at 0, and half a second later");
    let stats = bench.stats(0);
    assert_eq!((stats.gaps, stats.lost, stats.freezes, stats.waiting_for_keyframe), (1, 1, 1, 1));
    bench.rtp(&camera.key(200_000), ms(1_400));
    bench.decoder(DecoderNews::Keyframe, ms(1_401));
    bench.rtp(&camera.delta(203_000), ms(1_433));
    assert_eq!(bench.units(), "K0 P0");
    assert_eq!(bench.heard.states, [(0, WaitingForKeyframe), (0, Live)]);
    assert_eq!(bench.stats(0).waiting_for_keyframe, 0);
}

#[test]
fn a_keyframe_that_waits_behind_a_gap_comes_out_without_a_request() {
    let (mut bench, mut camera) = live();
    camera.sequence = camera.sequence.wrapping_add(1);
    bench.rtp(&camera.delta(3_000), ms(33));
    bench.rtp(&camera.key(6_000), ms(66));
    bench.rtp(&camera.delta(9_000), ms(99));
    assert_eq!(bench.units(), "");
    bench.run(ms(300));
    assert_eq!((bench.units(), bench.requests()), ("K0 P0".into(), vec![]));
    assert_eq!(bench.stats(0).dropped_before_keyframe, 1);
}

#[test]
fn once_the_picture_stands_still_a_keyframe_waits_for_nothing_before_it() {
    let (mut bench, mut camera) = live();
    camera.sequence = camera.sequence.wrapping_add(1);
    bench.rtp(&camera.delta(3_000), ms(33));
    bench.run(ms(300));
    camera.sequence = camera.sequence.wrapping_add(1);
    bench.rtp(&camera.delta(6_000), ms(310));
    bench.rtp(&camera.key(9_000), ms(320));
    assert_eq!(bench.units(), "K0");
}

#[test]
fn a_keyframe_that_is_lost_itself_is_asked_for_again() {
    let (mut bench, mut camera) = live();
    camera.sequence = camera.sequence.wrapping_add(1);
    bench.rtp(&camera.delta(3_000), ms(600));
    bench.run(ms(2_200));
    assert_eq!(bench.requests().len(), 3, "at 0.8, 1.3 and 1.8 s");
    let keyframe = camera.frame(6_000, true, 3);
    bench.rtp(&keyframe[0], ms(2_300));
    bench.rtp(&keyframe[2], ms(2_300));
    bench.run(ms(2_499));
    assert_eq!(bench.requests(), []);
    bench.run(ms(2_500));
    assert_eq!(bench.requests(), [Said::Pli(VIDEO)], "not only at 2.8 s");
}

#[test]
fn a_damaged_frame_asks_and_nothing_is_handed_over_before_a_keyframe() {
    let (mut bench, mut camera) = live();
    bench.rtp(&camera.delta(3_000), ms(600));
    bench.decoder(DecoderNews::Damaged, ms(600));
    assert_eq!(bench.requests(), [Said::Pli(VIDEO)]);
    for _ in 0..9 {
        bench.decoder(DecoderNews::Damaged, ms(601));
    }
    bench.rtp(&camera.delta(6_000), ms(633));
    bench.run(ms(1_000));
    assert_eq!((bench.units(), bench.requests()), ("P0".into(), vec![]), "one reason, one request");
    bench.rtp(&camera.key(9_000), ms(1_010));
    assert_eq!(bench.units(), "K0");
    assert_eq!((bench.stats(0).freezes, bench.stats(0).dropped_before_keyframe), (1, 1));
}

#[test]
fn a_keyframe_on_its_way_to_a_decoder_that_failed_is_followed_by_what_needs_it() {
    let (mut bench, mut camera) = live();
    bench.rtp(&camera.delta(3_000), ms(600));
    bench.rtp(&camera.key(6_000), ms(633));
    bench.decoder(DecoderNews::Damaged, ms(640));
    bench.rtp(&camera.delta(9_000), ms(666));
    assert_eq!(bench.units(), "P0 K0 P0");
    bench.decoder(DecoderNews::Keyframe, ms(670));
    assert!(asked(&mut bench, 9_000).len() <= 1);
}

#[test]
fn a_full_queue_drops_until_the_next_keyframe_and_asks_for_it() {
    let (mut bench, mut camera) = live();
    bench.heard.full = true;
    bench.rtp(&camera.delta(3_000), ms(600));
    assert_eq!(bench.requests(), [Said::Pli(VIDEO)]);
    bench.heard.full = false;
    bench.rtp(&camera.delta(6_000), ms(633));
    assert_eq!(bench.units(), "");
    bench.rtp(&camera.key(9_000), ms(666));
    assert_eq!(bench.units(), "K0");
    let stats = bench.stats(0);
    assert_eq!((stats.dropped_queue_full, stats.dropped_before_keyframe, stats.frames), (1, 1, 2));
}

#[test]
fn reasons_that_come_together_ask_once_in_half_a_second() {
    let (mut bench, mut camera) = live();
    let mut at = Vec::new();
    for n in 0..200u64 {
        let now = ms(600 + n * 10);
        bench.rtp(&camera.key(n as u32 * 900), now);
        bench.decoder(DecoderNews::Keyframe, now);
        bench.decoder(DecoderNews::Damaged, now);
        bench.receiver.refresh(0, now, &mut bench.heard);
        bench.run(now);
        at.extend(bench.requests().iter().map(|_| n * 10));
    }
    assert!(at.len() == 4 && at.windows(2).all(|pair| pair[1] - pair[0] >= 500), "{at:?}");
}

#[test]
fn the_program_asks_by_the_same_schedule_while_the_picture_goes_on() {
    let (mut bench, mut camera) = live();
    bench.receiver.refresh(0, ms(600), &mut bench.heard);
    bench.rtp(&camera.delta(3_000), ms(633));
    bench.run(ms(1_700));
    assert_eq!((bench.requests().len(), bench.units()), (3, "P0".into()));
    bench.decoder(DecoderNews::Keyframe, ms(1_700));
    bench.run(ms(9_000));
    assert!(bench.requests().is_empty() && bench.heard.states.is_empty());
}

#[test]
fn every_video_track_has_its_own_schedule() {
    let second = TrackConfig { mid: "w".into(), ..video() };
    let mut bench = Bench::new(vec![video(), second]);
    let mut other = Publisher { ssrc: 7, mid: Some("w"), ..camera() };
    bench.rtp(&camera().delta(0), ms(0));
    bench.rtp(&other.delta(0), ms(100));
    bench.receiver.decoder(0, DecoderNews::Keyframe, ms(100), &mut bench.heard);
    bench.said();
    bench.rtp(&camera().key(0), ms(200));
    bench.run(ms(700));
    assert_eq!(bench.requests(), [Said::Pli(VIDEO), Said::Pli(7)]);
}

#[test]
fn closing_in_the_middle_of_the_schedule_ends_it() {
    let (mut bench, mut camera) = (Bench::new(vec![video()]), camera());
    bench.rtp(&camera.delta(0), ms(0));
    bench.receiver.goodbye(ms(100), &mut bench.heard);
    assert_eq!(bench.said().last(), Some(&Said::Bye));
    bench.rtp(&camera.key(0), ms(200));
    bench.rtcp(&sender_report(VIDEO, 1, 0, true), ms(200));
    bench.receiver.refresh(0, ms(200), &mut bench.heard);
    bench.decoder(DecoderNews::Damaged, ms(200));
    bench.receiver.tick(ms(9_000), &mut bench.heard);
    bench.receiver.goodbye(ms(9_000), &mut bench.heard);
    assert!(bench.heard.rtcp.is_empty() && bench.receiver.deadline().is_none());
    assert_eq!(bench.units(), "");
}

#[test]
fn a_track_that_nobody_wants_any_more_is_left_alone() {
    let (mut bench, mut camera) = live();
    camera.sequence = camera.sequence.wrapping_add(1);
    bench.rtp(&camera.delta(3_000), ms(600));
    bench.said();
    bench.receiver.stop(0);
    bench.receiver.stop(9);
    bench.rtp(&camera.key(6_000), ms(633));
    bench.decoder(DecoderNews::Damaged, ms(633));
    bench.receiver.refresh(0, ms(633), &mut bench.heard);
    bench.rtcp(&sender_report(VIDEO, 1, 0, true), ms(640));
    bench.run(ms(9_000));
    assert!(bench.heard.rtcp.is_empty() && bench.heard.states.is_empty() && bench.heard.units.is_empty());
    assert_eq!((bench.receiver.deadline(), bench.stats(0).too_late), (None, 1));
}

#[test]
fn a_goodbye_ends_the_schedule_too() {
    let (mut bench, mut camera) = (Bench::new(vec![video()]), camera());
    bench.rtp(&camera.delta(0), ms(0));
    bench.rtcp(&sender_report(VIDEO, 1, 0, true), ms(100));
    bench.said();
    bench.run(ms(9_000));
    assert!(bench.heard.rtcp.is_empty() && bench.receiver.deadline().is_none());
    assert_eq!(bench.heard.states, [(0, WaitingForKeyframe), (0, Ended)]);
    assert_eq!(bench.stats(0).waiting_for_keyframe, 0);
}
