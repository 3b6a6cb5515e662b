//! Writes what a receiver says: RTCP.
//!
//! Every packet is compound (RFC 3550 section 6.1): a report, the CNAME, and what there is to say.
//! Without the reports it would need `a=rtcp-rsize` of both sides, and save forty bytes.

use rtcp_types::{Bye, Fir, Nack, Pli, ReportBlock, ReportBlockBuilder, Sdes, SdesChunk, SdesItem, Twcc};
use rtcp_types::{PayloadFeedback, ReceiverReport, RtcpPacketWriter, TransportFeedback, TwccPacketStatus};

/// RFC 3550 section 6.4.2: the count has 5 bits.
pub const MAX_BLOCKS: usize = 31;
/// The longest list in transport-wide feedback, so that it fits in a packet with all before it.
const MAX_LIST: usize = 800;

/// What is told of one stream: RFC 3550 section 6.4.1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Block {
    /// Which.
    pub ssrc: u32,
    /// Share lost since the last report, of 256.
    pub fraction_lost: u8,
    /// Lost since the start, in 24 bits; fewer than none where duplicates outnumber losses.
    pub lost: i32,
    /// The highest sequence number, and how often it wrapped.
    pub highest: u32,
    /// Interarrival jitter, in units of the timestamp.
    pub jitter: u32,
    /// The middle of the last sender report's NTP timestamp, or 0.
    pub last_report: u32,
    /// Since it came, in 1/65536 s.
    pub delay: u32,
}

/// The RTCP of one receiver.
#[derive(Debug)]
pub struct Writer {
    ssrc: u32,
    /// Who speaks, as SDES.
    name: Vec<u8>,
    bytes: Vec<u8>,
}

impl Writer {
    /// Speaks as `ssrc`, whose CNAME (at most 255 bytes) is `cname`.
    pub fn new(ssrc: u32, cname: &str) -> Writer {
        let cname = SdesItem::builder(SdesItem::CNAME, cname);
        let mut name = Vec::new();
        append(&mut name, &Sdes::builder().add_chunk(SdesChunk::builder(ssrc).add_item(cname)));
        Writer { ssrc, name, bytes: Vec::new() }
    }

    /// A report on at most [`MAX_BLOCKS`] streams.
    pub fn report(&mut self, blocks: &[Block]) -> &[u8] {
        let mut report = ReceiverReport::builder(self.ssrc);
        for block in blocks.iter().take(MAX_BLOCKS) {
            report = report.add_report_block(built(block));
        }
        self.bytes.clear();
        append(&mut self.bytes, &report);
        self.bytes.extend_from_slice(&self.name);
        &self.bytes
    }

    /// Asks for packets: RFC 4585 section 6.2.1.
    pub fn nack(&mut self, media: u32, lost: &[u16]) -> &[u8] {
        let list = lost.iter().fold(Nack::builder(), |list, &number| list.add_rtp_sequence(number));
        self.say(&TransportFeedback::builder(&list).sender_ssrc(self.ssrc).media_ssrc(media))
    }

    /// Asks for a keyframe: RFC 4585 section 6.3.1.
    pub fn pli(&mut self, media: u32) -> &[u8] {
        let pli = Pli::builder();
        self.say(&PayloadFeedback::builder(&pli).sender_ssrc(self.ssrc).media_ssrc(media))
    }

    /// Demands a keyframe: RFC 5104 section 4.3.1; a demand with the `number` of the last repeats it.
    pub fn fir(&mut self, media: u32, number: u8) -> &[u8] {
        let fir = Fir::builder().add_ssrc(media, number);
        self.say(&PayloadFeedback::builder(&fir).sender_ssrc(self.ssrc).media_ssrc(0))
    }

    /// Says how many bits a second the streams may have together: draft-alvestrand-rmcat-remb-03.
    pub fn remb(&mut self, bitrate: u64, media: &[u32]) -> &[u8] {
        let media = &media[..media.len().min(MAX_BLOCKS)];
        let exponent = (64 - bitrate.leading_zeros()).saturating_sub(18);
        let mantissa = (bitrate >> exponent) as u32;
        self.report(&[]);
        let bytes = &mut self.bytes;
        bytes.extend_from_slice(&[0x8f, 206, 0, 4 + media.len() as u8]);
        bytes.extend_from_slice(&self.ssrc.to_be_bytes());
        bytes.extend_from_slice(&[0; 4]);
        bytes.extend_from_slice(b"REMB");
        bytes.extend_from_slice(&((media.len() as u32) << 24 | exponent << 18 | mantissa).to_be_bytes());
        bytes.extend(media.iter().flat_map(|ssrc| ssrc.to_be_bytes()));
        bytes
    }

    /// Says when packets came (draft-holmer-rmcat-transport-wide-cc-extensions-01, section 3.1), from
    /// packet `base` on, `reference` in units of 64 ms; and how many of the list found room.
    pub fn transport_wide(
        &mut self,
        media: u32,
        base: u16,
        reference: u32,
        count: u8,
        packets: &[TwccPacketStatus],
    ) -> (&[u8], usize) {
        let list = Twcc::builder(base, reference & 0xff_ffff, count, packets, Some(MAX_LIST));
        let told = list.packet_status_count();
        (self.say(&TransportFeedback::builder(&list).sender_ssrc(self.ssrc).media_ssrc(media)), told)
    }

    /// Leaves: RFC 3550 section 6.6.
    pub fn bye(&mut self) -> &[u8] {
        self.say(&Bye::builder().add_source(self.ssrc))
    }

    fn say(&mut self, message: &dyn RtcpPacketWriter) -> &[u8] {
        self.report(&[]);
        append(&mut self.bytes, message);
        &self.bytes
    }
}

fn built(block: &Block) -> ReportBlockBuilder {
    /// 24 bits, signed.
    const MOST: i32 = (1 << 23) - 1;
    ReportBlock::builder(block.ssrc)
        .fraction_lost(block.fraction_lost)
        .cumulative_lost(block.lost.clamp(-MOST, MOST) as u32 & 0xff_ffff)
        .extended_sequence_number(block.highest)
        .interarrival_jitter(block.jitter)
        .last_sender_report_timestamp(block.last_report)
        .delay_since_last_sender_report_timestamp(block.delay)
}

fn append(bytes: &mut Vec<u8>, message: &dyn RtcpPacketWriter) {
    let size = message.calculate_size().expect("bounded lists, no padding, a CNAME that fits");
    let start = bytes.len();
    bytes.resize(start + size, 0);
    message.write_into_unchecked(&mut bytes[start..]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use rtcp_types::{Compound, Packet};

    fn parts(bytes: &[u8]) -> Vec<Packet<'_>> {
        Compound::parse(bytes).expect("compound").map(|part| part.expect("whole")).collect()
    }

    #[test]
    fn every_packet_begins_with_a_report_and_the_name() {
        let mut writer = Writer::new(7, "name");
        let all = [
            writer.report(&[]).to_vec(),
            writer.nack(9, &[1]).to_vec(),
            writer.pli(9).to_vec(),
            writer.fir(9, 3).to_vec(),
            writer.remb(1, &[9]).to_vec(),
            writer.transport_wide(9, 1, 2, 3, &[TwccPacketStatus::NotReceived]).0.to_vec(),
            writer.bye().to_vec(),
        ];
        for bytes in &all {
            let parts = parts(bytes);
            let [Packet::Rr(report), Packet::Sdes(name), ..] = &parts[..] else { panic!("{parts:?}") };
            assert_eq!((report.ssrc(), report.n_reports()), (7, 0));
            let item = name.chunks().flat_map(|chunk| chunk.items()).next().expect("an item");
            assert_eq!((item.type_(), item.value()), (SdesItem::CNAME, b"name".as_slice()));
        }
    }

    #[test]
    fn an_independent_reader_finds_what_was_said() {
        let mut writer = Writer::new(7, "name");
        let bytes = writer.nack(9, &[65_535, 0, 3, 40]).to_vec();
        let [.., Packet::TransportFeedback(nack)] = &parts(&bytes)[..] else { panic!("a NACK") };
        assert_eq!((nack.sender_ssrc(), nack.media_ssrc()), (7, 9));
        let mut lost: Vec<u16> = nack.parse_fci::<Nack<'_>>().expect("a list").entries().collect();
        lost.sort_unstable();
        assert_eq!(lost, [0, 3, 40, 65_535]);

        let bytes = writer.pli(9).to_vec();
        let [.., Packet::PayloadFeedback(pli)] = &parts(&bytes)[..] else { panic!("a PLI") };
        assert_eq!((pli.sender_ssrc(), pli.media_ssrc()), (7, 9));
        assert!(pli.parse_fci::<Pli<'_>>().is_ok());

        let bytes = writer.fir(9, 200).to_vec();
        let [.., Packet::PayloadFeedback(fir)] = &parts(&bytes)[..] else { panic!("a FIR") };
        let entries: Vec<_> = fir.parse_fci::<Fir<'_>>().expect("a list").entries().collect();
        assert_eq!((entries[0].ssrc(), entries[0].sequence(), entries.len()), (9, 200, 1));

        let bytes = writer.bye().to_vec();
        let [.., Packet::Bye(bye)] = &parts(&bytes)[..] else { panic!("a BYE") };
        assert!(bye.ssrcs().eq([7]));
    }

    #[test]
    fn a_report_says_what_it_was_told() {
        let block = Block {
            ssrc: 9,
            fraction_lost: 25,
            lost: -3,
            highest: 0x1_0002,
            jitter: 40,
            last_report: 5,
            delay: 6,
        };
        let bytes = Writer::new(7, "name").report(&[block; 40]).to_vec();
        let [Packet::Rr(report), _] = &parts(&bytes)[..] else { panic!("a report") };
        assert_eq!(usize::from(report.n_reports()), MAX_BLOCKS);
        let read = report.report_blocks().next().expect("a block");
        assert_eq!((read.ssrc(), read.fraction_lost(), read.cumulative_lost()), (9, 25, 0xff_fffd));
        assert_eq!((read.extended_sequence_number(), read.interarrival_jitter()), (0x1_0002, 40));
        let (last, delay) =
            (read.last_sender_report_timestamp(), read.delay_since_last_sender_report_timestamp());
        assert_eq!((last, delay), (5, 6));
    }

    #[test]
    fn a_remb_holds_every_bitrate() {
        use crate::rtp::rtcp::{Message, messages, ssrcs};
        for wanted in [0, 1, 0x3_ffff, 0x4_0000, 2_500_000, u64::MAX] {
            let bytes = Writer::new(7, "name").remb(wanted, &[9, 10]).to_vec();
            let Some(Ok(Message::Remb { sender, bitrate, media })) = messages(&bytes).nth(2) else {
                panic!("a REMB")
            };
            assert!(bitrate <= wanted && wanted - bitrate <= wanted >> 17, "{bitrate} for {wanted}");
            assert_eq!((sender, ssrcs(media).collect::<Vec<_>>()), (7, vec![9, 10]));
        }
    }

    #[test]
    fn transport_wide_feedback_says_what_found_room() {
        let came = TwccPacketStatus::Received { delta: 1 };
        let list = [came, TwccPacketStatus::NotReceived, came];
        let mut writer = Writer::new(7, "name");
        let (bytes, told) = writer.transport_wide(9, 65_535, 0x0100_0002, 4, &list);
        assert_eq!(told, 3);
        let bytes = bytes.to_vec();
        let [.., Packet::TransportFeedback(feedback)] = &parts(&bytes)[..] else { panic!("feedback") };
        let read = feedback.parse_fci::<Twcc<'_>>().expect("a list");
        assert_eq!((read.base_sequence_number(), read.reference_time()), (65_535, 2));
        let packets: Vec<_> = read.packets().map(|packet| packet.expect("whole")).collect();
        assert_eq!(packets, [(65_535, came), (0, TwccPacketStatus::NotReceived), (1, came)]);

        let far = TwccPacketStatus::Received { delta: -9 };
        let long: Vec<_> = (0..2_000).map(|n| if n % 3 == 0 { came } else { far }).collect();
        let (bytes, told) = writer.transport_wide(9, 0, 0, 0, &long);
        assert!(bytes.len() < 1_000 && (100..2_000).contains(&told), "{} bytes, {told} told", bytes.len());
    }
}
