use super::super::*;
use super::bench::*;

/// A camera whose keyframe was decoded at 0 ms.
fn live(config: TrackConfig) -> (Bench, Publisher) {
    let (mut bench, mut camera) = (Bench::new(vec![config]), camera());
    bench.rtp(&camera.key(0), ms(0));
    bench.decoder(DecoderNews::Keyframe, ms(0));
    bench.heard = Heard::default();
    (bench, camera)
}

#[test]
fn a_frame_leaves_with_its_last_packet() {
    let (mut bench, mut camera) = (Bench::new(vec![video()]), camera());
    let packets = camera.frame(7, true, 5);
    for (n, packet) in packets.iter().enumerate() {
        assert!(bench.heard.units.is_empty());
        bench.rtp(packet, ms(n as u64));
    }
    let [(0, Unit::Picture(picture))] = &bench.heard.units[..] else { panic!("one picture") };
    assert_eq!((picture.keyframe, picture.rtp_time, picture.data.len()), (true, 7, 22));
    assert_eq!((picture.arrived, picture.capture), (ms(4), ms(4)));
}

#[test]
fn what_is_missing_is_asked_for_at_once_and_heals_the_frame() {
    let (mut bench, mut camera) = live(video());
    let packets = camera.frame(3_000, false, 4);
    bench.rtp(&packets[0], ms(33));
    bench.rtp(&packets[3], ms(33));
    assert_eq!(bench.said(), [Said::Nack(VIDEO, vec![0, 65_535])]);
    bench.rtp(&resent(&packets[2], 9), ms(80));
    bench.rtp(&packets[1], ms(90));
    let [(0, Unit::Picture(picture))] = &bench.heard.units[..] else { panic!("one picture") };
    assert_eq!(picture.arrived, ms(90));
    assert_eq!(picture.data[10..], [1, 7, 7, 2, 7, 7, 3, 7, 7], "in order");
    let stats = bench.stats(0);
    assert_eq!((stats.recovered, stats.rtx_packets, stats.lost, stats.freezes), (2, 1, 0, 0));
    assert_eq!((stats.nacks_sent, stats.packets_nacked), (1, 2));
}

#[test]
fn without_nack_nothing_is_asked_for() {
    let (mut bench, mut camera) = live(TrackConfig { nack: false, ..video() });
    camera.sequence = camera.sequence.wrapping_add(1);
    bench.rtp(&camera.delta(3_000), ms(33));
    bench.run(ms(53));
    assert_eq!(bench.requests(), [], "half a second after the first");
    assert_eq!((bench.stats(0).nacks_sent, bench.stats(0).gaps), (0, 1));
}

#[test]
fn what_comes_twice_or_too_late_or_is_padding_changes_nothing() {
    let (mut bench, mut camera) = live(video());
    let first = camera.delta(3_000);
    bench.rtp(&first, ms(33));
    bench.rtp(&first, ms(34));
    bench.rtp(&resent(&first, 9), ms(35));
    let mut padding = camera.packet(3_000, false, &[0, 0, 3]);
    padding[0] |= 0x20;
    bench.rtp(&padding, ms(40));
    let mut rtx = Publisher { ssrc: RTX, payload_type: 97, sequence: 10, mid: Some("v") };
    bench.rtp(&rtx.packet(0, false, b""), ms(41));
    bench.rtp(&rtx.packet(0, false, b"\x01"), ms(41));
    camera.sequence = camera.sequence.wrapping_add(1);
    let late = camera.delta(6_000);
    camera.sequence = camera.sequence.wrapping_sub(2);
    let missing = camera.delta(5_000);
    bench.rtp(&late, ms(66));
    bench.run(ms(400));
    bench.rtp(&missing, ms(400));
    assert_eq!(bench.units(), "P0");
    let stats = bench.stats(0);
    assert_eq!((stats.duplicates, stats.too_late, stats.malformed), (1, 1, 1));
    assert_eq!((stats.packets, stats.rtx_packets), (6, 3));
}

#[test]
fn packets_of_nobody_are_counted_and_dropped() {
    let mut bench = Bench::new(vec![audio(), video()]);
    bench.rtp(b"not RTP at all", ms(0));
    bench.rtp(&Publisher { payload_type: 100, mid: None, ..camera() }.delta(0), ms(0));
    bench.rtp(&Publisher { mid: Some("x"), ..camera() }.delta(0), ms(0));
    bench.rtcp(b"not RTCP at all", ms(0));
    bench.rtcp(&sender_report(99, 1, 0, true), ms(0));
    assert_eq!((bench.stats(0).malformed, bench.stats(0).unknown), (2, 2));
    bench.rtp(&camera().delta(0), ms(0));
    bench.rtp(&Publisher { payload_type: 100, ..camera() }.delta(0), ms(1));
    assert_eq!((bench.stats(1).packets, bench.stats(1).unknown), (1, 1));
}

#[test]
fn sound_says_how_many_packets_before_it_are_missing() {
    let (mut bench, mut microphone) = (Bench::new(vec![audio()]), microphone());
    let packets: Vec<_> = (0..6)
        .map(|n| microphone.packet((u32::MAX - 959).wrapping_add(n * 960), false, &[n as u8]))
        .collect();
    for (n, at) in [(0, 0), (3, 60), (5, 100)] {
        bench.run(ms(at));
        bench.rtp(&packets[n], ms(at));
    }
    bench.run(ms(300));
    let sound = |(_, unit): &(usize, Unit)| match unit {
        Unit::Sound(sound) => (sound.data[0], sound.timestamp, sound.lost),
        other => panic!("{other:?}"),
    };
    let heard: Vec<_> = bench.heard.units.iter().map(sound).collect();
    let start = heard[0].1;
    assert_eq!(heard, [(0, start, 0), (3, start + 2_880, 2), (5, start + 4_800, 1)]);
    assert_eq!(bench.heard.states, [(0, TrackState::Live)]);
    let stats = bench.stats(0);
    assert_eq!((stats.frames, stats.lost, stats.gaps, stats.keyframes), (3, 3, 2, 0));
    assert_eq!((stats.first_frame_us, stats.waiting_for_keyframe), (1, 0));
    assert_eq!(bench.requests(), []);
}

#[test]
fn another_ssrc_takes_over_only_from_one_that_is_silent() {
    let (mut bench, mut first) = live(video());
    let mut second = Publisher { ssrc: 9, ..camera() };
    bench.rtp(&second.key(0), ms(10));
    bench.rtp(&first.delta(3_000), ms(33));
    assert_eq!((bench.units(), bench.stats(0).unknown), ("P0".into(), 1), "another layer");
    bench.rtp(&second.delta(90_000), ms(1_033));
    assert_eq!(bench.requests(), [Said::Pli(9)]);
    bench.rtp(&second.key(93_000), ms(1_066));
    assert_eq!(bench.units(), "K0");
}

#[test]
fn a_sender_that_counts_anew_is_followed() {
    let (mut bench, mut camera) = live(video());
    camera.sequence = camera.sequence.wrapping_add(10_000);
    bench.rtp(&camera.delta(7_000_000), ms(700));
    bench.rtp(&camera.delta(7_003_000), ms(733));
    assert_eq!((bench.units(), bench.requests()), (String::new(), vec![Said::Pli(VIDEO)]));
    bench.rtp(&camera.key(7_006_000), ms(766));
    assert_eq!(bench.units(), "K0");
    assert_eq!(bench.stats(0).freezes, 1);
}

#[test]
fn goodbye_ends_the_track_with_what_still_waits() {
    let mut bench = Bench::new(vec![video(), audio()]);
    let (mut camera, mut microphone) = (camera(), microphone());
    bench.rtp(&camera.key(0), ms(0));
    bench.rtp(&microphone.packet(0, false, b"a"), ms(0));
    microphone.sequence = microphone.sequence.wrapping_add(1);
    bench.rtp(&microphone.packet(1_920, false, b"c"), ms(40));
    bench.rtcp(&sender_report(AUDIO, 1, 0, true), ms(41));
    assert_eq!(bench.units(), "K0 S1 S1 E1");
    bench.receiver.tick(ms(50), &mut bench.heard);
    bench.rtp(&microphone.packet(2_880, false, b"d"), ms(60));
    bench.rtcp(&sender_report(AUDIO, 1, 0, true), ms(61));
    bench.rtp(&camera.delta(3_000), ms(62));
    assert_eq!(bench.units(), "P0", "the other goes on");
    let sound = bench.heard.states.iter().filter(|(track, _)| *track == 1).map(|(_, state)| *state);
    assert!(sound.eq([TrackState::Live, TrackState::Ended]), "and that is the last of it");
}

/// Of the same stream that counts on, as browsers go on after a pause, or of another.
#[test]
fn packets_after_a_goodbye_begin_the_track_anew() {
    for ssrc in [VIDEO, 9] {
        let (mut bench, mut camera) = live(video());
        let straggler = camera.delta(3_000);
        bench.rtp(&camera.delta(6_000), ms(66));
        bench.rtcp(&sender_report(VIDEO, 1, 0, true), ms(100));
        bench.rtp(&straggler, ms(110));
        bench.rtp(&camera.delta(9_000), ms(299));
        assert_eq!((bench.units(), bench.stats(0).too_late), ("E0".into(), 2), "under way when it was said");
        bench.rtcp(&sender_report(VIDEO, 1, 0, true), ms(300));
        bench.rtp(&camera.packet(9_000, false, b""), ms(4_000));
        bench.rtp(&resent(&straggler, 9), ms(4_000));
        bench.decoder(DecoderNews::Damaged, ms(4_000));
        bench.said();
        bench.run(ms(5_000));
        assert!(bench.heard.rtcp.is_empty() && bench.receiver.deadline().is_none(), "all is quiet");

        camera.ssrc = ssrc;
        bench.rtp(&camera.delta(900_000), ms(5_000));
        assert_eq!(bench.requests(), [Said::Pli(ssrc)]);
        bench.run(ms(5_900));
        assert_eq!(bench.requests(), [Said::Pli(ssrc)], "by the schedule of a beginning");
        bench.rtp(&camera.delta(903_000), ms(5_933));
        bench.rtp(&camera.key(906_000), ms(5_966));
        bench.decoder(DecoderNews::Keyframe, ms(5_970));
        bench.rtp(&camera.delta(909_000), ms(6_000));
        assert_eq!(bench.units(), "K0 P0");
        let states: Vec<_> = bench.heard.states.drain(..).map(|(_, state)| state).collect();
        use TrackState::{Ended, Live, Waiting, WaitingForKeyframe};
        assert_eq!(states, [Ended, Waiting, WaitingForKeyframe, Live]);
        let stats = bench.stats(0);
        assert_eq!((stats.gaps, stats.lost, stats.freezes), (1, 1, 0), "the straggler; a pause is no loss");
    }
}

#[test]
fn sound_goes_on_after_a_goodbye() {
    let (mut bench, mut microphone) = (Bench::new(vec![audio()]), microphone());
    for at in [0, 5_000] {
        bench.rtp(&microphone.packet(0, false, b"a"), ms(at));
        bench.rtcp(&sender_report(AUDIO, 1, 0, true), ms(at + 10));
    }
    assert_eq!(bench.units(), "S0 E0 S0 E0");
    use TrackState::{Ended, Live, Waiting};
    let states: Vec<_> = bench.heard.states.iter().map(|(_, state)| *state).collect();
    assert_eq!(states, [Live, Ended, Waiting, Live, Ended]);
}

#[test]
fn sound_and_picture_captured_together_say_so() {
    let mut bench = Bench::new(vec![video(), audio()]);
    let (mut camera, mut microphone) = (camera(), microphone());
    bench.rtp(&camera.key(0), ms(0));
    bench.rtp(&microphone.packet(0, false, b"a"), ms(0));
    // Both were captured 50 ms ago on their clock; the picture's report took 5 ms, the sound's 25.
    let their = |at: u64| (5 << 32) + (at << 32) / 1_000;
    bench.rtcp(&sender_report(VIDEO, their(100), 90 * 50, false), ms(105));
    bench.rtcp(&sender_report(AUDIO, their(100), 48 * 50, false), ms(125));
    bench.heard.units.clear();
    bench.rtp(&camera.delta(90 * 150), ms(280));
    bench.rtp(&microphone.packet(48 * 150, false, b"b"), ms(215));
    let [(0, Unit::Picture(picture)), (1, Unit::Sound(sound))] = &bench.heard.units[..] else { panic!() };
    assert!(picture.capture.0.abs_diff(ms(205).0) <= 2, "{:?}", picture.capture);
    assert!(sound.capture.0.abs_diff(ms(205).0) <= 2, "{:?}", sound.capture);
}
