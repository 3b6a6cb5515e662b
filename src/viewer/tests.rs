mod rtx;

use super::*;
use crate::id::Id;
use crate::media::Stamps;
use rtcp_types::prelude::*;
use rtcp_types::{Bye, Compound, Fir, Nack, Packet, PayloadFeedback, Pli, ReceiverReport, ReportBlock};
use rtcp_types::{SenderReport, TransportFeedback};
use rtp_types::RtpPacket;

const SSRC: u32 = 0x5151_5151;
const RECEIVER: u32 = 1;
const ANCHOR: Anchor = Anchor { capture: Time(0), ntp: 0xe000_0000 << 32 };
const FRAME: u64 = 33_333;

fn config(kind: Kind) -> StreamConfig {
    let extensions = Extensions { mid: Some(1), abs_send_time: Some(2), playout_delay: Some(3) };
    StreamConfig {
        kind,
        ssrc: SSRC,
        payload_type: 96,
        first_sequence: 65_534,
        timestamp_offset: 0xffff_ff00,
        cname: "camera".into(),
        mid: "0".into(),
        extensions,
        nack: true,
        rtx: None,
    }
}

fn media(kind: Kind, index: u64, keyframe: bool, packets: u32) -> Arc<MediaFrame> {
    let step = if kind == Kind::Video { FRAME } else { 20_000 };
    let capture = Time(index * step);
    Arc::new(MediaFrame {
        source: Id(7),
        kind,
        index,
        keyframe,
        ntp: ANCHOR.ntp(capture),
        rtp_time: capture.rtp(kind.clock_rate()),
        stamps: Stamps::default(),
        data: (0..packets * 100).map(|byte| byte as u8).collect(),
        ends: (1..=packets).map(|n| n * 100).collect(),
    })
}

fn video(index: u64, keyframe: bool, packets: u32) -> Arc<MediaFrame> {
    media(Kind::Video, index, keyframe, packets)
}

/// A viewer and what it sent.
struct Bench {
    viewer: Viewer,
    counters: Arc<ViewerCounters>,
    now: Time,
}

impl Bench {
    fn new(kind: Kind) -> Bench {
        Bench::with(config(kind))
    }

    fn with(config: StreamConfig) -> Bench {
        let counters = Arc::new(ViewerCounters::default());
        let viewer = Viewer::new(config, counters.clone(), ANCHOR, Time(0));
        Bench { viewer, counters, now: Time(5_000) }
    }

    /// The RTP packets that this frame became.
    fn push(&mut self, frame: &Arc<MediaFrame>) -> Vec<Vec<u8>> {
        self.push_all(frame).into_iter().filter(|bytes| !is_rtcp(bytes)).collect()
    }

    fn push_all(&mut self, frame: &Arc<MediaFrame>) -> Vec<Vec<u8>> {
        let mut sent = Vec::new();
        let admitted = self.viewer.push(frame, self.now, &mut |bytes| sent.push(bytes.to_vec()));
        assert_eq!(admitted, !sent.is_empty());
        sent
    }

    fn tick(&mut self) -> Vec<Vec<u8>> {
        let mut sent = Vec::new();
        self.viewer.tick(self.now, &mut |bytes| sent.push(bytes.to_vec()));
        sent
    }

    fn hear(&mut self, message: impl RtcpPacketWriter) -> (Feedback, Vec<Vec<u8>>) {
        let mut bytes = vec![0; message.calculate_size().expect("fits")];
        message.write_into(&mut bytes).expect("fits");
        let mut sent = Vec::new();
        (self.viewer.rtcp(&bytes, self.now, &mut |bytes| sent.push(bytes.to_vec())), sent)
    }

    fn nack(&mut self, lost: &[u16]) -> (Feedback, Vec<Vec<u8>>) {
        let list = lost.iter().fold(Nack::builder(), |list, &lost| list.add_rtp_sequence(lost));
        self.hear(TransportFeedback::builder(&list).sender_ssrc(RECEIVER).media_ssrc(SSRC))
    }

    fn fir(&mut self, sender: u32, number: u8) -> bool {
        let list = Fir::builder().add_ssrc(SSRC, number);
        self.hear(PayloadFeedback::builder(&list).sender_ssrc(sender)).0.keyframe
    }

    fn stats(&self) -> ViewerStats {
        self.counters.snapshot()
    }
}

fn is_rtcp(bytes: &[u8]) -> bool {
    (64..96).contains(&(bytes[1] & 0x7f))
}

fn sequences(packets: &[Vec<u8>]) -> Vec<u16> {
    packets.iter().map(|bytes| RtpPacket::parse(bytes).expect("is RTP").sequence_number()).collect()
}

fn sender_report(bytes: &[u8]) -> SenderReport<'_> {
    let first = Compound::parse(bytes).expect("compound").next().expect("one").expect("whole");
    let Packet::Sr(report) = first else { panic!("{first:?} is no sender report") };
    report
}

#[test]
fn nothing_is_sent_before_a_keyframe_nor_after_a_gap() {
    let mut bench = Bench::new(Kind::Video);
    assert!(bench.viewer.wants_keyframe());
    assert!(bench.push(&video(4, false, 1)).is_empty());
    assert_eq!(sequences(&bench.push(&video(5, true, 2))), [65_534, 65_535]);
    assert!(!bench.viewer.wants_keyframe());
    assert_eq!(sequences(&bench.push(&video(6, false, 1))), [0]);
    // 7 never came.
    for index in 8..11 {
        assert!(bench.push(&video(index, false, 1)).is_empty());
        assert!(bench.viewer.wants_keyframe());
    }
    assert_eq!(bench.stats().waiting_for_keyframe, 1);
    // The receiver must not take what was skipped for loss: the sequence goes on.
    assert_eq!(sequences(&bench.push(&video(11, true, 1))), [1]);
    assert_eq!(sequences(&bench.push(&video(12, false, 1))), [2]);
    let stats = bench.stats();
    assert_eq!((stats.frames_sent, stats.frames_skipped, stats.keyframes_sent), (4, 4, 2));
    assert_eq!((stats.gaps, stats.waiting_for_keyframe, stats.packets_sent), (1, 0, 5));
    assert_eq!(stats.first_keyframe_us, 5_000);
}

#[test]
fn the_packets_of_a_frame_share_its_time_and_the_last_is_marked() {
    let mut bench = Bench::new(Kind::Video);
    let frame = video(1, true, 3);
    let sent = bench.push(&frame);
    for (n, bytes) in sent.iter().enumerate() {
        let packet = RtpPacket::parse(bytes).expect("is RTP");
        assert_eq!((packet.ssrc(), packet.payload_type()), (SSRC, 96));
        assert_eq!(packet.timestamp(), 2_999 - 256, "33.333 ms of 90 kHz, and the offset");
        assert_eq!(packet.marker_bit(), n == 2);
        assert_eq!(packet.payload(), frame.payload(n));
        let (_, elements) = packet.extension().expect("has extensions");
        // 5 ms after a whole second: 0.005 · 2¹⁸ = 1,310 = 0x51e.
        assert_eq!(elements[..4], [0x22, 0x00, 0x05, 0x1e]);
        let delay = elements.windows(4).any(|element| element == [0x32, 0, 0, 10]);
        assert_eq!(delay, n == 0, "a keyframe's first packet carries the playout delay");
    }
    let bytes: usize = sent.iter().map(Vec::len).sum();
    assert_eq!(bench.stats().bytes_sent, bytes as u64);
}

#[test]
fn sound_needs_no_keyframe_and_is_marked_after_silence() {
    let mut bench = Bench::new(Kind::Audio);
    assert!(!bench.viewer.wants_keyframe());
    let marked: Vec<bool> = [3, 4, 5, 25, 26]
        .map(|index| {
            let sent = bench.push(&media(Kind::Audio, index, true, 1));
            RtpPacket::parse(&sent[0]).expect("is RTP").marker_bit()
        })
        .to_vec();
    assert_eq!(marked, [true, false, false, true, false]);
    assert!(!bench.fir(RECEIVER, 0), "there is no keyframe of sound");
    assert_eq!(bench.stats().keyframes_sent, 0);
}

#[test]
fn a_lost_packet_is_sent_again_bit_by_bit() {
    let mut bench = Bench::new(Kind::Video);
    let sent = bench.push(&video(0, true, 3));
    bench.push(&video(1, false, 1));
    bench.now = bench.now + Duration::from_millis(80);
    let (feedback, again) = bench.nack(&[65_534, 0]);
    assert_eq!(again, [sent[2].clone(), sent[0].clone()], "in the order asked for");
    assert_eq!(feedback, Feedback { keyframe: false, for_us: true, bye: false });
    let (_, again) = bench.nack(&[0]);
    assert!(again.is_empty(), "within the round trip");
    let stats = bench.stats();
    assert_eq!((stats.nacks, stats.packets_nacked, stats.packets_resent), (2, 3, 2));
    assert_eq!((stats.resends_too_soon, stats.resends_too_late), (1, 0));
    assert_eq!(stats.bytes_resent as usize, sent[0].len() + sent[2].len());
}

#[test]
fn what_cannot_be_sent_again_asks_for_a_keyframe() {
    let mut bench = Bench::new(Kind::Video);
    bench.push(&video(0, true, 2));
    bench.push(&video(1, false, 1));
    bench.now = bench.now + Duration::from_millis(1_001);
    let (feedback, again) = bench.nack(&[0]);
    assert!(feedback.keyframe && again.is_empty());
    for never in [1, 40_000, 65_533] {
        assert!(!bench.nack(&[never]).0.keyframe, "{never} was never sent");
    }
    assert_eq!(bench.stats().resends_too_late, 1);
    bench.push(&video(31, true, 1));
    assert!(!bench.nack(&[0]).0.keyframe, "a keyframe has been sent since");

    // Sent as often as is allowed, each time lost.
    let resent = (0..6).filter(|_| {
        bench.now = bench.now + Duration::from_millis(100);
        let (feedback, again) = bench.nack(&[1]);
        assert_ne!(feedback.keyframe, !again.is_empty());
        !again.is_empty()
    });
    assert_eq!(resent.count(), 4);
}

#[test]
fn a_sequence_number_still_to_come_is_not_taken_for_an_old_one() {
    let mut bench = Bench::new(Kind::Video);
    for index in 0..66 {
        bench.push(&video(index, index == 0, 1_000));
    }
    let next = 65_534_u16.wrapping_add(66_000u32 as u16);
    assert!(bench.nack(&[next - 1]).1.len() == 1);
    assert!(!bench.nack(&[next, next + 5]).0.keyframe);
}

#[test]
fn a_flood_of_nacks_is_answered_from_the_history_only() {
    let mut bench = Bench::new(Kind::Video);
    for index in 0..30 {
        bench.push(&video(index, index == 0, 10));
    }
    let everything: Vec<u16> = (0..2_000).collect();
    let (mut resent, mut most) = (0, 0);
    for _ in 0..20 {
        bench.now = bench.now + Duration::from_millis(25);
        let (_, again) = bench.nack(&everything);
        resent += again.len();
        most = most.max(again.len());
    }
    assert!(most > 0 && most <= 300);
    assert!(resent <= 4 * 300, "{resent} resent");
}

#[test]
fn reports_come_a_second_apart_and_name_one_instant_of_both_clocks() {
    let mut bench = Bench::new(Kind::Video);
    assert_eq!(bench.viewer.deadline(), None);
    bench.now = Time(0) + Duration::from_millis(100);
    let first = bench.push_all(&video(2, true, 2));
    assert!(is_rtcp(&first[2]), "the first report goes out with the first frame");
    let mut before = sender_report(&first[2]);
    assert_eq!((before.ssrc(), before.packet_count(), before.octet_count()), (SSRC, 2, 200));

    let mut reports = Vec::new();
    for index in 3..66 {
        bench.now = Time(index * FRAME + 33_334);
        reports.extend(bench.push_all(&video(index, false, 1)).into_iter().filter(|sent| is_rtcp(sent)));
    }
    assert_eq!(reports.len(), 2);
    for bytes in &reports {
        let report = sender_report(bytes);
        let seconds = (report.ntp_timestamp() - before.ntp_timestamp()) as f64 / (1u64 << 32) as f64;
        assert!((1.0..1.04).contains(&seconds), "{seconds} s apart");
        let ticks = report.rtp_timestamp().wrapping_sub(before.rtp_timestamp());
        assert!((f64::from(ticks) - seconds * 90_000.0).abs() < 3.0, "{ticks} ticks in {seconds} s");
        before = report;
    }
    // Both clocks count from 0 here: the NTP time alone says where the RTP clock stands.
    let capture = (before.ntp_timestamp() - ANCHOR.ntp) as f64 / (1u64 << 32) as f64;
    let rtp = before.rtp_timestamp().wrapping_sub(0xffff_ff00);
    assert!((f64::from(rtp) - capture * 90_000.0).abs() < 3.0);
}

#[test]
fn nothing_is_due_once_nothing_is_sent() {
    let mut bench = Bench::new(Kind::Video);
    bench.push(&video(0, true, 1));
    let mut reports = 0;
    for _ in 0..10 {
        let Some(deadline) = bench.viewer.deadline() else { break };
        assert!(deadline > bench.now, "a tick that does nothing would be a spin");
        bench.now = deadline;
        reports += bench.tick().len();
    }
    assert_eq!(reports, 2);
    let held = bench.viewer.history.again(0, Time(0), Duration::ZERO);
    assert!(matches!(held, crate::rtp::history::Again::Gone), "it holds no frame: {held:?}");
    bench.now = bench.now + Duration::from_secs(60);
    assert_eq!(bench.push_all(&video(1, false, 1)).len(), 2, "a report at once");
}

#[test]
fn receiver_reports_give_loss_jitter_and_round_trip() {
    let mut bench = Bench::new(Kind::Video);
    let sent = bench.push_all(&video(0, true, 1));
    let last_report = (sender_report(&sent[1]).ntp_timestamp() >> 16) as u32;
    bench.now = bench.now + Duration::from_millis(550);
    let block = ReportBlock::builder(SSRC)
        .fraction_lost(12)
        .cumulative_lost(345)
        .interarrival_jitter(900)
        .last_sender_report_timestamp(last_report)
        .delay_since_last_sender_report_timestamp(1 << 15);
    let of_another = ReportBlock::builder(SSRC + 1).cumulative_lost(7);
    let report = ReceiverReport::builder(RECEIVER).add_report_block(of_another).add_report_block(block);
    assert!(bench.hear(report).0.for_us);
    let stats = bench.stats();
    assert_eq!((stats.fraction_lost, stats.packets_lost, stats.jitter_us), (12, 345, 10_000));
    assert_eq!((stats.round_trip_us, stats.reports), (50_000, 1));

    let negative = ReportBlock::builder(SSRC).cumulative_lost(0xff_ffff).last_sender_report_timestamp(99);
    bench.hear(ReceiverReport::builder(RECEIVER).add_report_block(negative));
    assert_eq!((bench.stats().packets_lost, bench.stats().round_trip_us), (0, 50_000));
}

#[test]
fn the_measured_round_trip_spaces_resends() {
    let mut bench = Bench::new(Kind::Video);
    let sent = bench.push_all(&video(0, true, 1));
    let last_report = (sender_report(&sent[1]).ntp_timestamp() >> 16) as u32;
    bench.now = bench.now + Duration::from_millis(20);
    let block = ReportBlock::builder(SSRC).last_sender_report_timestamp(last_report);
    bench.hear(ReceiverReport::builder(RECEIVER).add_report_block(block));
    assert_eq!(bench.nack(&[65_534]).1.len(), 1);
    bench.now = bench.now + Duration::from_millis(19);
    assert_eq!(bench.nack(&[65_534]).1.len(), 0);
    bench.now = bench.now + Duration::from_millis(1);
    assert_eq!(bench.nack(&[65_534]).1.len(), 1);
}

#[test]
fn a_repeated_fir_is_told_apart_by_its_number_and_sender() {
    let mut bench = Bench::new(Kind::Video);
    let asked = [(1, 0), (1, 0), (1, 1), (2, 1), (1, 1), (2, 1), (1, 0), (1, 255)];
    let heard = asked.map(|(sender, number)| bench.fir(sender, number));
    assert_eq!(heard, [true, false, true, true, false, false, true, true]);
    assert_eq!((bench.stats().firs, bench.stats().firs_repeated), (8, 3));
    for sender in 10..18 {
        assert!(bench.fir(sender, 0));
    }
    assert!(bench.fir(1, 255), "forgotten: the memory of senders is bounded");
}

#[test]
fn only_what_is_about_this_stream_counts() {
    let mut bench = Bench::new(Kind::Video);
    let pli = |media| PayloadFeedback::builder_owned(Pli::builder()).sender_ssrc(RECEIVER).media_ssrc(media);
    assert_eq!(bench.hear(pli(SSRC + 1)).0, Feedback::default());
    assert_eq!(bench.hear(pli(SSRC)).0, Feedback { keyframe: true, for_us: true, bye: false });
    let list = Nack::builder().add_rtp_sequence(65_534);
    bench.push(&video(0, true, 1));
    let (feedback, sent) = bench.hear(TransportFeedback::builder(&list).media_ssrc(SSRC + 1));
    assert!(!feedback.for_us && sent.is_empty());
    let list = Fir::builder().add_ssrc(SSRC + 1, 3);
    assert!(!bench.hear(PayloadFeedback::builder(&list)).0.keyframe);
    assert!(!bench.hear(Bye::builder().add_source(RECEIVER + 1)).0.bye);
    assert!(bench.hear(Bye::builder().add_source(RECEIVER)).0.bye);
    assert_eq!((bench.stats().plis, bench.stats().nacks, bench.stats().firs), (1, 0, 0));
}

#[test]
fn remb_is_kept_and_malformed_messages_are_counted() {
    let mut bench = Bench::new(Kind::Video);
    let mut compound = b"\x8f\xce\x00\x05\x00\x00\x00\x01\x00\x00\x00\x00REMB\x01\x08\x10\x00QQQQ".to_vec();
    compound.extend_from_slice(b"\x84\xce\x00\x02\x00\x00\x00\x01\x00\x00\x00\x00\x80");
    let feedback = bench.viewer.rtcp(&compound, bench.now, &mut |_| ());
    assert!(feedback.for_us && !feedback.keyframe);
    let stats = bench.stats();
    assert_eq!((stats.rembs, stats.remb_bitrate, stats.malformed), (1, 0x1000 << 2, 2));
}

#[test]
fn goodbye_is_said_in_a_whole_compound() {
    let goodbye = |mut bench: Bench| {
        let mut sent = Vec::new();
        bench.viewer.goodbye(bench.now, &mut |bytes| sent.push(bytes.to_vec()));
        assert_eq!(sent.len(), 1);
        sent.remove(0)
    };
    let kinds = |bytes: &[u8]| -> Vec<u8> {
        Compound::parse(bytes).expect("compound").map(|part| part.expect("whole").header_data()[1]).collect()
    };
    let mut bench = Bench::new(Kind::Video);
    bench.push(&video(0, true, 1));
    assert_eq!(kinds(&goodbye(bench)), [200, 202, 203]);
    assert_eq!(kinds(&goodbye(Bench::new(Kind::Audio))), [201, 202, 203], "nothing sent: no sender");
}
