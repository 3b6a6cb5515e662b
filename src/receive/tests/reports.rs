use super::super::*;
use super::bench::*;

fn reports(bench: &mut Bench) -> Vec<Blocks> {
    let said = bench.said().into_iter();
    said.filter_map(|said| if let Said::Report(blocks) = said { Some(blocks) } else { None }).collect()
}

#[test]
fn a_report_leaves_every_second_with_what_was_lost_and_the_echo_of_the_senders() {
    let mut bench = Bench::new(vec![video(), audio()]);
    let (mut camera, mut microphone) = (camera(), microphone());
    bench.rtp(&camera.key(0), ms(0));
    bench.rtp(&microphone.packet(0, false, b"a"), ms(0));
    bench.rtcp(&sender_report(VIDEO, 0x0001_2345_6789_0000, 0, false), ms(50));
    bench.run(ms(100));
    assert_eq!(reports(&mut bench), [[(VIDEO, 0, 0, 0x2345_6789, 3_276), (AUDIO, 0, 0, 0, 0)]]);
    camera.sequence = camera.sequence.wrapping_add(1);
    bench.rtp(&camera.delta(3_000), ms(133));
    bench.run(ms(3_500));
    let reports = reports(&mut bench);
    assert_eq!(reports.len(), 3);
    assert_eq!(reports[0][0], (VIDEO, 1, 128, 0x2345_6789, 68_812));
    assert_eq!(reports[2][0].1, 1);
}

#[test]
fn nothing_is_said_to_a_peer_that_sent_nothing() {
    let mut bench = Bench::new(vec![video()]);
    assert_eq!(bench.receiver.deadline(), None);
    bench.receiver.tick(ms(9_000), &mut bench.heard);
    assert!(bench.heard.rtcp.is_empty());
}

#[test]
fn a_report_has_31_blocks_at_most() {
    let tracks = (0..40).map(|n| TrackConfig { ssrcs: vec![n], mid: n.to_string(), ..audio() });
    let mut bench = Bench::new(tracks.collect());
    for ssrc in 0..40 {
        bench.rtp(&Publisher { ssrc, ..microphone() }.packet(0, false, b"a"), ms(0));
    }
    bench.run(ms(100));
    assert_eq!(reports(&mut bench).iter().map(Vec::len).collect::<Vec<_>>(), [31]);
}

/// A packet with a transport-wide number.
fn numbered(camera: &mut Publisher, number: u16, timestamp: u32) -> Vec<u8> {
    let mut packet = camera.delta(timestamp);
    let [high, low] = number.to_be_bytes();
    // In place of the mid, which stands alone in the extension.
    packet[16..20].copy_from_slice(&[0x51, high, low, 0]);
    packet
}

#[test]
fn transport_wide_feedback_leaves_where_it_was_negotiated_and_no_remb() {
    let mut bench = Bench::new(vec![TrackConfig { ssrcs: vec![VIDEO], remb: true, ..video() }]);
    let mut camera = camera();
    for n in 0..100u16 {
        bench.rtp(&numbered(&mut camera, n, u32::from(n) * 900), ms(u64::from(n) * 10));
        bench.run(ms(u64::from(n) * 10));
    }
    let said = bench.said();
    let told = said.iter().filter(|said| **said == Said::TransportWide).count();
    assert!((15..=20).contains(&told), "{told} in a second");
    assert!(!said.iter().any(|said| matches!(said, Said::Remb(..))));
}

#[test]
fn without_it_a_remb_leaves_with_each_report_and_falls_with_loss() {
    let mut bench = Bench::new(vec![
        TrackConfig { ssrcs: vec![VIDEO], remb: true, transport_cc: false, ..video() },
        audio(),
    ]);
    let mut camera = camera();
    let mut allowed = Vec::new();
    for n in 0..600u64 {
        if n > 300 && n % 4 == 0 {
            camera.sequence = camera.sequence.wrapping_add(1);
        }
        bench.rtp(&numbered(&mut camera, n as u16, n as u32 * 900), ms(n * 10));
        bench.run(ms(n * 10));
        for said in bench.said() {
            assert_ne!(said, Said::TransportWide);
            if let Said::Remb(bitrate, ssrcs) = said {
                assert_eq!(ssrcs, [VIDEO]);
                allowed.push(bitrate);
            }
        }
    }
    assert_eq!(allowed.len(), 6);
    assert!(allowed[0] >= 9_900_000 && allowed[2] > allowed[0] && allowed[5] < 200_000, "{allowed:?}");
}

#[test]
fn figures_are_kept_for_whoever_reads_them() {
    let mut bench = Bench::new(vec![video()]);
    let mut camera = camera();
    let mut bytes = 0;
    for n in 0..150u64 {
        let packet = if n == 0 { camera.key(0) } else { camera.delta(n as u32 * 900) };
        bytes += packet.len() as u64;
        bench.rtp(&packet, ms(n * 10 + n % 2 * 4));
        bench.run(ms(n * 10 + n % 2 * 4));
    }
    bench.decoder(DecoderNews::Keyframe, ms(1_500));
    let stats = bench.stats(0);
    assert_eq!((stats.packets, stats.bytes, stats.frames, stats.keyframes), (150, bytes, 150, 1));
    assert!((24_000..26_000).contains(&stats.bitrate), "{} bit/s of 31 bytes each 10 ms", stats.bitrate);
    assert!((3_500..4_100).contains(&stats.jitter_us), "{} µs", stats.jitter_us);
    assert_eq!((stats.window_us, stats.first_frame_us), (200_000, 1_500_000));
}
