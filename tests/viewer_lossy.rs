//! A lossy path in virtual time: what is lost is sent again in time, or replaced by a keyframe.
//!
//! Between a viewer and a receiver that puts frames together and asks for what is missing lie 25 ms
//! each way and a seeded dropper for both ways. Minutes of a stream pass in seconds.

use framewire::id::Id;
use framewire::media::{EncodedFrame, Kind, MediaFrame, Stamps};
use framewire::rtp::vp8::Vp8Packetizer;
use framewire::time::{Anchor, Time};
use framewire::viewer::{Extensions, Rtx, StreamConfig, Viewer, ViewerCounters, ViewerStats};
use rtcp_types::TransportFeedback;
use rtcp_types::prelude::*;
use rtcp_types::{Compound, Nack, Packet, PayloadFeedback, Pli, ReceiverReport, ReportBlock};
use rtp_types::RtpPacket;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

const SSRC: u32 = 0x0bad_cafe;
/// Where packets are sent again, if they are not sent as they were.
const RTX: Rtx = Rtx { payload_type: 97, ssrc: 0x0dd_ba11, first_sequence: 32_000 };
const ANCHOR: Anchor = Anchor { capture: Time(0), ntp: 0xea00_0000 << 32 };
const ONE_WAY: Duration = Duration::from_millis(25);
const FRAME_INTERVAL: Duration = Duration::from_micros(33_333);
/// What a browser's jitter buffer waits for a late packet.
const PATIENCE: Duration = Duration::from_millis(400);

/// SplitMix64: the same seed, the same losses.
struct Dice(u64);

impl Dice {
    fn below(&mut self, per_mille: u64) -> bool {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % 1000 < per_mille
    }
}

/// Whether lost packets are asked for, and how they come again.
#[derive(Clone, Copy, PartialEq)]
enum Nacks {
    None,
    Plain,
    Wrapped,
}

/// Encoder and packetizer: about 2 Mbit/s, a keyframe where one is wanted, at most one in 500 ms.
struct Camera {
    packetizer: Vp8Packetizer,
    index: u64,
    wanted: bool,
    last_keyframe: Option<Time>,
}

impl Camera {
    fn frame(&mut self, now: Time) -> Arc<MediaFrame> {
        let open = self.last_keyframe.is_none_or(|last| now.since(last) >= Duration::from_millis(500));
        let keyframe = self.wanted && open;
        if keyframe {
            self.wanted = false;
            self.last_keyframe = Some(now);
        }
        let size = if keyframe { 40_000 } else { 8_000 };
        let encoded = EncodedFrame { keyframe, droppable: false, data: vec![0x5a; size] };
        let (data, ends) = self.packetizer.packetize(&encoded);
        self.index += 1;
        Arc::new(MediaFrame {
            source: Id(1),
            kind: Kind::Video,
            index: self.index,
            keyframe,
            ntp: ANCHOR.ntp(now),
            rtp_time: now.rtp(90_000),
            stamps: Stamps::default(),
            data,
            ends,
        })
    }
}

/// Puts frames together in order, asks for gaps at once and again after a round trip, gives a frame
/// up after `PATIENCE` and then waits for a keyframe.
#[derive(Default)]
struct Receiver {
    packets: BTreeMap<u64, (Vec<u8>, Time)>,
    /// Missing, when it was noticed, when it was last asked for.
    missing: BTreeMap<u64, (Time, Time)>,
    next: u64,
    highest: Option<u64>,
    broken: bool,
    last_pli: Option<Time>,
    decoded: BTreeSet<u16>,
    report: Option<(u32, Time)>,
    /// Sequence numbers of packets that came again.
    wrapped: BTreeSet<u16>,
}

impl Receiver {
    fn take(&mut self, bytes: &[u8], now: Time) {
        if (64..96).contains(&(bytes[1] & 0x7f)) {
            let first = Compound::parse(bytes).expect("compound").next().expect("one").expect("whole");
            let Packet::Sr(report) = first else { panic!("{first:?}") };
            self.report = Some(((report.ntp_timestamp() >> 16) as u32, now));
            return;
        }
        let mut bytes = bytes.to_vec();
        if RtpPacket::parse(&bytes).expect("is RTP").payload_type() == RTX.payload_type {
            self.unwrap(&mut bytes);
        }
        let sequence = RtpPacket::parse(&bytes).expect("is RTP").sequence_number();
        let highest = *self.highest.get_or_insert((1 << 16) + u64::from(sequence));
        let position = highest.wrapping_add_signed((sequence.wrapping_sub(highest as u16) as i16).into());
        if self.packets.is_empty() && self.next == 0 {
            self.next = position;
        }
        for lost in highest + 1..position {
            self.missing.insert(lost, (now, Time(0)));
        }
        self.highest = Some(highest.max(position));
        self.missing.remove(&position);
        if position >= self.next {
            self.packets.insert(position, (bytes, now));
        }
        self.assemble();
    }

    /// RFC 4588 section 4, the other way round; there are no header extensions here.
    fn unwrap(&mut self, bytes: &mut Vec<u8>) {
        assert_eq!(bytes[8..12], RTX.ssrc.to_be_bytes());
        let number = u16::from_be_bytes([bytes[2], bytes[3]]);
        assert!(self.wrapped.insert(number), "{number} is used twice");
        bytes[1] = bytes[1] & 0x80 | 96;
        bytes[8..12].copy_from_slice(&SSRC.to_be_bytes());
        let original: Vec<u8> = bytes.drain(12..14).collect();
        bytes[2..4].copy_from_slice(&original);
    }

    /// Decodes every whole frame at the front.
    fn assemble(&mut self) {
        while let Some(end) = self.whole(self.next) {
            let first = RtpPacket::parse(&self.packets[&self.next].0).expect("is RTP");
            let payload = first.payload();
            let picture = u16::from_be_bytes([payload[2], payload[3]]) & 0x7fff;
            if !self.broken {
                self.decoded.insert(picture);
            }
            self.packets = self.packets.split_off(&end);
            self.next = end;
        }
    }

    /// Where the frame that starts at `start` ends, if all of it is there.
    fn whole(&self, start: u64) -> Option<u64> {
        let mut last = None;
        for position in start.. {
            let packet = RtpPacket::parse(&self.packets.get(&position)?.0).expect("is RTP");
            assert_eq!(packet.payload()[0] & 0x10 != 0, position == start, "S bit at frame starts only");
            assert!(last.is_none_or(|time| time == packet.timestamp()), "one time a frame");
            last = Some(packet.timestamp());
            if packet.marker_bit() {
                return Some(position + 1);
            }
        }
        None
    }

    /// Keyframes are known by their size here: more than 20 packets of one time.
    fn skip_to_keyframe(&mut self) -> bool {
        while self.packets.len() > 400 {
            self.packets.pop_first();
        }
        let starts: Vec<u64> = self
            .packets
            .iter()
            .filter(|(_, (bytes, _))| RtpPacket::parse(bytes).expect("is RTP").payload()[0] & 0x10 != 0)
            .map(|(&position, _)| position)
            .collect();
        let found = starts.into_iter().find(|&start| self.whole(start).is_some_and(|end| end - start > 20));
        if let Some(start) = found {
            self.packets = self.packets.split_off(&start);
            self.missing = self.missing.split_off(&start);
            self.next = start;
            self.broken = false;
            self.assemble();
        }
        found.is_some()
    }

    fn tick(&mut self, now: Time, nacks: bool) -> Vec<Vec<u8>> {
        let given_up = self.missing.values().any(|(noticed, _)| now.since(*noticed) > PATIENCE);
        if given_up {
            self.missing.retain(|_, (noticed, _)| now.since(*noticed) <= PATIENCE);
            self.broken = true;
        }
        let mut said = Vec::new();
        if self.broken
            && !self.skip_to_keyframe()
            && self.last_pli.is_none_or(|last| now.since(last) >= Duration::from_millis(300))
        {
            self.last_pli = Some(now);
            let pli = Pli::builder();
            said.push(bytes(&PayloadFeedback::builder(&pli).sender_ssrc(1).media_ssrc(SSRC)));
        }
        let mut list = Nack::builder();
        let mut any = false;
        for (&lost, (_, asked)) in &mut self.missing {
            if nacks && (*asked == Time(0) || now.since(*asked) >= Duration::from_millis(55)) {
                *asked = now;
                list = list.add_rtp_sequence(lost as u16);
                any = true;
            }
        }
        if any {
            said.push(bytes(&TransportFeedback::builder(&list).sender_ssrc(1).media_ssrc(SSRC)));
        }
        if let Some((last_report, arrived)) = self.report.take() {
            let delay = (now.since(arrived).as_micros() << 16) / 1_000_000;
            let block = ReportBlock::builder(SSRC)
                .last_sender_report_timestamp(last_report)
                .delay_since_last_sender_report_timestamp(delay as u32);
            said.push(bytes(&ReceiverReport::builder(1).add_report_block(block)));
        }
        said
    }
}

fn bytes(message: &dyn RtcpPacketWriter) -> Vec<u8> {
    let mut bytes = vec![0; message.calculate_size().expect("fits")];
    message.write_into_unchecked(&mut bytes);
    bytes
}

#[derive(Debug)]
struct Outcome {
    frames: u64,
    lost: u64,
    /// The last frame was decoded.
    recovered: bool,
    stats: ViewerStats,
}

/// Runs a stream of `length` over a path that loses `per_mille` of everything, and everything during
/// `outage`.
fn run(length: Duration, per_mille: u64, nacks: Nacks, outage: Range<u64>, seed: u64) -> Outcome {
    let config = StreamConfig {
        kind: Kind::Video,
        ssrc: SSRC,
        payload_type: 96,
        first_sequence: 32_000,
        timestamp_offset: 77,
        cname: "c".into(),
        mid: "0".into(),
        extensions: Extensions::default(),
        nack: nacks != Nacks::None,
        rtx: (nacks == Nacks::Wrapped).then_some(RTX),
    };
    let counters = Arc::new(ViewerCounters::default());
    let mut viewer = Viewer::new(config, counters.clone(), ANCHOR, Time(0));
    let mut camera =
        Camera { packetizer: Vp8Packetizer::new(0), index: 0, wanted: true, last_keyframe: None };
    let mut receiver = Receiver::default();
    let mut dice = Dice(seed);
    let mut lost = move |now: Time| outage.contains(&now.0) || dice.below(per_mille);
    let (mut to_receiver, mut to_viewer) = (Path::default(), Path::default());
    let (mut now, mut next_frame) = (Time(0), Time(0));
    while now < Time(0) + length {
        while let Some((at, bytes)) = to_receiver.next(now) {
            receiver.take(&bytes, at);
        }
        for said in receiver.tick(now, nacks != Nacks::None) {
            if !lost(now) {
                to_viewer.send(now, &said);
            }
        }
        let mut send = |bytes: &[u8]| {
            // The first keyframe comes through: joining is another test.
            if now == Time(0) || !lost(now) {
                to_receiver.send(now, bytes);
            }
        };
        while let Some((_, bytes)) = to_viewer.next(now) {
            camera.wanted |= viewer.rtcp(&bytes, now, &mut send).keyframe;
        }
        if next_frame <= now {
            next_frame = next_frame + FRAME_INTERVAL;
            let frame = camera.frame(now);
            viewer.push(&frame, now, &mut send);
        }
        now = now + Duration::from_millis(1);
    }
    // What is still on its way at the end is not lost.
    let frames = camera.index - PATIENCE.as_micros() as u64 / 33_333 - 2;
    let stats = counters.snapshot();
    let lost = frames - receiver.decoded.range(..frames as u16).count() as u64;
    Outcome { frames, lost, recovered: receiver.decoded.contains(&(frames as u16 - 1)), stats }
}

#[derive(Default)]
struct Path {
    under_way: BinaryHeap<Reverse<(Time, u64, Vec<u8>)>>,
    count: u64,
}

impl Path {
    fn send(&mut self, now: Time, bytes: &[u8]) {
        self.count += 1;
        self.under_way.push(Reverse((now + ONE_WAY, self.count, bytes.to_vec())));
    }

    fn next(&mut self, now: Time) -> Option<(Time, Vec<u8>)> {
        if self.under_way.peek()?.0.0 > now {
            return None;
        }
        self.under_way.pop().map(|Reverse((at, _, bytes))| (at, bytes))
    }
}

const NEVER: Range<u64> = 0..0;
const OUTAGE: Range<u64> = 2_000_000..3_000_000;

#[test]
fn five_percent_loss_is_healed_to_under_a_thousandth_of_the_frames() {
    for nacks in [Nacks::Plain, Nacks::Wrapped] {
        healed(nacks);
    }
}

fn healed(nacks: Nacks) {
    let Outcome { frames, lost, stats, .. } = run(Duration::from_secs(240), 50, nacks, NEVER, 1);
    println!("{lost} of {frames} frames lost, {stats:?}");
    assert!(frames > 7_000 && lost * 1000 < frames, "{lost} of {frames} lost");
    assert_eq!(stats.keyframes_sent, 1, "by resends alone");
    assert!(stats.packets_resent > stats.packets_sent / 25, "{stats:?}");
    assert_eq!(stats.round_trip_us, 50_000);
    assert_eq!(stats.packets_rtx, if nacks == Nacks::Wrapped { stats.packets_resent } else { 0 });
}

#[test]
fn without_resends_less_loss_costs_most_frames_and_plis_bring_keyframes() {
    let Outcome { frames, lost, stats, .. } = run(Duration::from_secs(20), 20, Nacks::None, NEVER, 1);
    println!("{lost} of {frames} frames lost, {stats:?}");
    assert!(lost * 3 > frames, "the dropper is real: {lost} of {frames} lost");
    assert!(stats.plis > 10 && stats.keyframes_sent > 10, "{stats:?}");
}

#[test]
fn a_pli_brings_the_picture_back() {
    let Outcome { lost, recovered, stats, .. } = run(Duration::from_secs(5), 0, Nacks::None, OUTAGE, 3);
    assert!(recovered && lost >= 30 && stats.plis > 0, "{lost} lost, {stats:?}");
    assert_eq!(stats.keyframes_sent, 2);
}

#[test]
fn a_nack_for_what_is_too_old_brings_a_keyframe() {
    let outage = OUTAGE.start..OUTAGE.start + 2_000_000;
    let Outcome { lost, recovered, stats, .. } = run(Duration::from_secs(8), 0, Nacks::Plain, outage, 2);
    assert!(recovered && stats.resends_too_late > 0 && stats.plis == 0, "{stats:?}");
    assert!((60..70).contains(&lost), "{lost} frames lost in an outage of 60");
    assert_eq!(stats.keyframes_sent, 2);
}
