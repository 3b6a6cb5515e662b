//! Lost packets sent again in a stream of their own (RFC 4588).

use super::*;

const RTX: Rtx = Rtx { payload_type: 97, ssrc: 0x6262_6262, first_sequence: 65_535 };

fn bench(kind: Kind) -> Bench {
    Bench::with(StreamConfig { rtx: Some(RTX), ..config(kind) })
}

#[test]
fn a_lost_packet_is_wrapped_with_its_own_number_in_front() {
    let mut bench = bench(Kind::Video);
    let sent = bench.push(&video(0, true, 3));
    bench.now = bench.now + Duration::from_secs(1);
    let (feedback, again) = bench.nack(&[65_534, 0]);
    assert!(feedback.for_us && !feedback.keyframe);
    assert_eq!(sequences(&again), [65_535, 0], "numbers of that stream, over the wrap");
    for (again, (lost, number)) in again.iter().zip([(&sent[2], 0_u16), (&sent[0], 65_534)]) {
        let (packet, lost) =
            (RtpPacket::parse(again).expect("is RTP"), RtpPacket::parse(lost).expect("is RTP"));
        assert_eq!((packet.ssrc(), packet.payload_type()), (RTX.ssrc, RTX.payload_type));
        assert_eq!((packet.timestamp(), packet.marker_bit()), (lost.timestamp(), lost.marker_bit()));
        assert_eq!(packet.payload()[..2], number.to_be_bytes());
        assert_eq!(&packet.payload()[2..], lost.payload());
        let ((_, theirs), (_, ours)) = (lost.extension().expect("some"), packet.extension().expect("some"));
        // A second is 2¹⁸ units of the send time: it is of this packet, the rest of the one it repeats.
        assert_eq!((&theirs[..4], &ours[..4]), (&[0x22, 0, 5, 0x1e][..], &[0x22, 4, 5, 0x1e][..]));
        assert_eq!(theirs[4..], ours[4..]);
    }
    let (stats, bytes) = (bench.stats(), again.iter().map(Vec::len).sum::<usize>());
    assert_eq!((stats.packets_resent, stats.packets_rtx, stats.bytes_resent), (2, 2, bytes as u64));
    assert_eq!((stats.packets_sent, stats.bytes_sent), (3, sent.iter().map(Vec::len).sum::<usize>() as u64));
}

#[test]
fn every_repeat_has_a_number_of_its_own_and_the_same_limits() {
    let mut bench = bench(Kind::Video);
    let first = bench.push(&video(0, true, 1)).remove(0);
    let mut again = Vec::new();
    for _ in 0..10 {
        again.extend(bench.nack(&[65_534]).1);
        bench.now = bench.now + Duration::from_millis(50);
    }
    assert_eq!(sequences(&again), [65_535, 0, 1, 2], "as often and as fast as without");
    let stats = bench.stats();
    assert_eq!((stats.packets_rtx, stats.resends_too_soon, stats.resends_too_late), (4, 4, 2));
    let next = bench.push(&video(1, false, 1)).remove(0);
    assert_eq!(sequences(&[first, next]), [65_534, 65_535], "the stream itself goes on");
}

#[test]
fn a_repeat_that_is_lost_is_asked_for_by_the_number_of_the_stream() {
    let mut bench = bench(Kind::Audio);
    bench.push(&media(Kind::Audio, 0, true, 1));
    let list = Nack::builder().add_rtp_sequence(65_535).add_rtp_sequence(65_534);
    let (feedback, sent) =
        bench.hear(TransportFeedback::builder(&list).sender_ssrc(RECEIVER).media_ssrc(RTX.ssrc));
    assert!(!feedback.for_us && sent.is_empty());
    assert_eq!(bench.nack(&[65_534]).1.len(), 1);
}
