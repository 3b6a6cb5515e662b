//! Reads RTCP, and writes what a sender says.
//!
//! `rtcp-types` reads the parts (report blocks, NACK and FIR lists) and builds what we send. The
//! walk over a compound packet is ours: the crate's gives up at the first bad message, takes the
//! padding of a feedback message for more of its list, and does not know REMB.

use rtcp_types::prelude::*;
use rtcp_types::{Bye, Compound, Fir, Nack, ReceiverReport, ReportBlock};
use rtcp_types::{Sdes, SdesChunk, SdesItem, SenderReport};

/// RFC 3550 section 12.1; RFC 4585 section 6.1.
const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const GOODBYE: u8 = 203;
const TRANSPORT_FEEDBACK: u8 = 205;
const PAYLOAD_FEEDBACK: u8 = 206;
/// RFC 4585 sections 6.2.1 and 6.3.1; RFC 5104 section 4.3.1; RFC 4585 section 6.4.
const NACK: u8 = 1;
const PLI: u8 = 1;
const FIR: u8 = 4;
const APPLICATION: u8 = 15;
/// SSRC, NTP and RTP time, packets, octets: RFC 3550 section 6.4.1.
const SENDER_INFO: usize = 24;

/// One message of a compound packet, as far as anybody here cares.
#[derive(Debug)]
pub enum Message<'a> {
    /// A sender's or receiver's report.
    Report {
        /// Who reports.
        sender: u32,
        /// What a sender says of itself.
        info: Option<SenderInfo>,
        /// Whole report blocks; see [`blocks`].
        blocks: &'a [u8],
    },
    /// Packets are missing.
    Nack {
        /// Who misses them.
        sender: u32,
        /// Of which stream.
        media: u32,
        /// Their sequence numbers.
        lost: Nack<'a>,
    },
    /// A picture is lost.
    Pli {
        /// Who lost it.
        sender: u32,
        /// Of which stream.
        media: u32,
    },
    /// A keyframe is demanded: each entry names a stream and counts the demands.
    Fir {
        /// Who demands it.
        sender: u32,
        /// From whom.
        requests: Fir<'a>,
    },
    /// What the path can carry (draft-alvestrand-rmcat-remb-03).
    Remb {
        /// Who says so.
        sender: u32,
        /// Bits a second, of all the streams together.
        bitrate: u64,
        /// Whole SSRCs; see [`ssrcs`].
        media: &'a [u8],
    },
    /// Somebody leaves.
    Bye {
        /// Whole SSRCs; see [`ssrcs`].
        leaving: &'a [u8],
    },
    /// Something of no use here: SDES, APP, XR, transport-wide feedback.
    Other,
}

/// A message that breaks its format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// The messages of a compound packet (RFC 3550 section 6.1; RFC 5506 allows any to stand alone). A
/// message that is malformed in itself does not hide those after it.
pub fn messages(compound: &[u8]) -> Messages<'_> {
    Messages { rest: compound, over: false }
}

/// See [`messages`].
#[derive(Debug)]
pub struct Messages<'a> {
    rest: &'a [u8],
    over: bool,
}

impl<'a> Iterator for Messages<'a> {
    type Item = Result<Message<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let Some(message) = take(&mut self.rest) else {
            // Where the next one would start is not known.
            self.over = true;
            return Some(Err(Malformed));
        };
        self.over = self.rest.is_empty();
        Some(read(message).ok_or(Malformed))
    }
}

/// The report blocks of a [`Message::Report`].
pub fn blocks(blocks: &[u8]) -> impl Iterator<Item = ReportBlock<'_>> {
    blocks.chunks_exact(ReportBlock::EXPECTED_SIZE).filter_map(|block| ReportBlock::parse(block).ok())
}

/// The SSRCs of a [`Message::Remb`] or [`Message::Bye`].
pub fn ssrcs(ssrcs: &[u8]) -> impl Iterator<Item = u32> {
    ssrcs.chunks_exact(4).filter_map(|bytes| u32_at(bytes, 0))
}

fn take<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let &[first, _, high, low, ..] = *rest else { return None };
    let length = (usize::from(u16::from_be_bytes([high, low])) + 1) * 4;
    let (message, after) = rest.split_at_checked(length).filter(|_| first >> 6 == 2)?;
    *rest = after;
    Some(message)
}

fn read(message: &[u8]) -> Option<Message<'_>> {
    let count = message[0] & 0x1f;
    let padding = match message[0] & 0x20 {
        0 => 0,
        _ => usize::from(*message.last()?),
    };
    if message[0] & 0x20 != 0 && (padding == 0 || !padding.is_multiple_of(4)) {
        return None;
    }
    let body = message[4..].split_at_checked((message.len() - 4).checked_sub(padding)?)?.0;
    let report = |start, info| {
        let end = start + usize::from(count) * ReportBlock::EXPECTED_SIZE;
        Some(Message::Report { sender: u32_at(body, 0)?, info, blocks: body.get(start..end)? })
    };
    match message[1] {
        SENDER_REPORT => report(SENDER_INFO, Some(sender_info(body)?)),
        RECEIVER_REPORT => report(4, None),
        GOODBYE => Some(Message::Bye { leaving: body.get(..usize::from(count) * 4)? }),
        kind @ (TRANSPORT_FEEDBACK | PAYLOAD_FEEDBACK) => feedback(kind, count, body),
        _ => Some(Message::Other),
    }
}

fn sender_info(body: &[u8]) -> Option<SenderInfo> {
    Some(SenderInfo {
        ntp: u64::from(u32_at(body, 4)?) << 32 | u64::from(u32_at(body, 8)?),
        rtp: u32_at(body, 12)?,
        packets: u32_at(body, 16)?,
        octets: u32_at(body, 20)?,
    })
}

fn feedback(kind: u8, format: u8, body: &[u8]) -> Option<Message<'_>> {
    let (sender, media) = (u32_at(body, 0)?, u32_at(body, 4)?);
    let list = &body[8..];
    Some(match (kind, format) {
        (TRANSPORT_FEEDBACK, NACK) if !list.is_empty() => {
            Message::Nack { sender, media, lost: Nack::parse(list).ok()? }
        }
        (TRANSPORT_FEEDBACK, NACK) => return None,
        (PAYLOAD_FEEDBACK, PLI) => Message::Pli { sender, media },
        (PAYLOAD_FEEDBACK, FIR) if list.len().is_multiple_of(8) => {
            Message::Fir { sender, requests: Fir::parse(list).ok()? }
        }
        (PAYLOAD_FEEDBACK, FIR) => return None,
        (PAYLOAD_FEEDBACK, APPLICATION) if list.starts_with(b"REMB") => {
            let &[count, high, middle, low] = list.get(4..8)?.first_chunk()?;
            let mantissa = u64::from(u32::from_be_bytes([0, high & 3, middle, low]));
            let bitrate = u128::from(mantissa) << (high >> 2);
            Message::Remb {
                sender,
                bitrate: u64::try_from(bitrate).unwrap_or(u64::MAX),
                media: list.get(8..8 + usize::from(count) * 4)?,
            }
        }
        _ => Message::Other,
    })
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))
}

/// What a sender says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SenderInfo {
    /// An instant as an NTP timestamp.
    pub ntp: u64,
    /// The same instant on the stream's RTP clock, its offset included.
    pub rtp: u32,
    /// RTP packets sent.
    pub packets: u32,
    /// Payload bytes sent.
    pub octets: u32,
}

/// A compound packet: a sender report (a receiver report if nothing was sent yet), the CNAME (at
/// most 255 bytes), and a BYE if `leaving`.
pub fn report(ssrc: u32, info: Option<SenderInfo>, cname: &str, leaving: bool) -> Vec<u8> {
    let mut compound = match info {
        Some(info) => Compound::builder().add_packet(
            SenderReport::builder(ssrc)
                .ntp_timestamp(info.ntp)
                .rtp_timestamp(info.rtp)
                .packet_count(info.packets)
                .octet_count(info.octets),
        ),
        None => Compound::builder().add_packet(ReceiverReport::builder(ssrc)),
    };
    let cname = SdesItem::builder(SdesItem::CNAME, cname);
    compound = compound.add_packet(Sdes::builder().add_chunk(SdesChunk::builder(ssrc).add_item(cname)));
    if leaving {
        compound = compound.add_packet(Bye::builder().add_source(ssrc));
    }
    let size = compound.calculate_size().expect("one source, no padding, a CNAME that fits");
    let mut bytes = vec![0; size];
    compound.write_into_unchecked(&mut bytes);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A receiver report without blocks, a PLI about stream 0x22.
    const EMPTY_REPORT: [u8; 8] = [0x80, 201, 0, 1, 0, 0, 0, 0x11];
    const PICTURE_LOST: [u8; 12] = [0x81, 206, 0, 2, 0, 0, 0, 0x11, 0, 0, 0, 0x22];

    fn read_all(compound: &[u8]) -> Vec<Result<Message<'_>, Malformed>> {
        messages(compound).collect()
    }

    fn feedback(first: u8, kind: u8, list: &[u8]) -> Vec<u8> {
        let mut message = vec![first, kind, 0, (2 + list.len() / 4) as u8, 0, 0, 0, 0x11, 0, 0, 0, 0x22];
        message.extend_from_slice(list);
        message
    }

    #[test]
    fn a_bad_message_does_not_hide_the_next() {
        let bad_fir = feedback(0x84, PAYLOAD_FEEDBACK, &[0, 0, 0, 0x22]);
        let all = [EMPTY_REPORT.as_slice(), &bad_fir, &PICTURE_LOST].concat();
        let all = read_all(&all);
        assert!(matches!(all[0], Ok(Message::Report { sender: 0x11, blocks: [], info: None })));
        assert_eq!(all[1].as_ref().err(), Some(&Malformed));
        assert!(matches!(all[2], Ok(Message::Pli { sender: 0x11, media: 0x22 })));
        assert_eq!(all.len(), 3);
    }

    #[test]
    fn what_is_cut_anywhere_is_malformed_once() {
        let whole = [EMPTY_REPORT.as_slice(), &PICTURE_LOST].concat();
        for length in (0..whole.len()).filter(|&length| length != EMPTY_REPORT.len()) {
            let bad = read_all(&whole[..length]).into_iter().filter(Result::is_err).count();
            assert_eq!(bad, 1, "cut to {length} bytes");
        }
    }

    #[test]
    fn counts_that_promise_more_than_there_is_are_malformed() {
        let mut report = EMPTY_REPORT;
        report[0] |= 1;
        let goodbye = [0x82, GOODBYE, 0, 1, 0, 0, 0, 0x11];
        let nack = feedback(0x81, TRANSPORT_FEEDBACK, &[]);
        let remb = feedback(0x8f, PAYLOAD_FEEDBACK, b"REMB\x02\x00\x00\x01\x00\x00\x00\x22");
        let version = [0x41, 206, 0, 2, 0, 0, 0, 0x11, 0, 0, 0, 0x22];
        for bad in [report.as_slice(), &goodbye, &nack, &remb, &version] {
            assert_eq!(read_all(bad)[0].as_ref().err(), Some(&Malformed), "{bad:02x?}");
        }
    }

    #[test]
    fn padding_is_no_part_of_a_list() {
        let padded = feedback(0xa1, TRANSPORT_FEEDBACK, &[0, 7, 0, 1, 0, 0, 0, 4]);
        let Some(Ok(Message::Nack { lost, .. })) = messages(&padded).next() else { panic!("a NACK") };
        assert_eq!(lost.entries().collect::<Vec<_>>(), [7, 8]);
        for (padding, why) in [(0, "none"), (3, "no whole word"), (20, "more than there is")] {
            let bad = feedback(0xa1, TRANSPORT_FEEDBACK, &[0, 7, 0, 1, 0, 0, 0, padding]);
            assert_eq!(read_all(&bad)[0].as_ref().err(), Some(&Malformed), "{why}");
        }
    }

    #[test]
    fn the_bitrate_of_a_remb_is_scaled_and_never_overflows() {
        let bitrate = |bytes: [u8; 3]| {
            let list = [b"REMB\x01".as_slice(), &bytes, &[0, 0, 0, 0x22]].concat();
            let message = feedback(0x8f, PAYLOAD_FEEDBACK, &list);
            let Some(Ok(Message::Remb { bitrate, media, .. })) = messages(&message).next() else {
                panic!("a REMB")
            };
            assert_eq!(ssrcs(media).collect::<Vec<_>>(), [0x22]);
            bitrate
        };
        assert_eq!(bitrate([0x03, 0xff, 0xff]), 0x3_ffff);
        assert_eq!(bitrate([0x08, 0, 5]), 5 << 2);
        assert_eq!(bitrate([0xff, 0xff, 0xff]), u64::MAX);
    }

    #[test]
    fn reports_are_read_back_by_the_crate() {
        let info = SenderInfo { ntp: 1 << 40, rtp: 2, packets: 3, octets: 4 };
        let bytes = report(0x22, Some(info), "name", true);
        let parts = read_parts(&bytes);
        let [Ok(sender), Ok(names), Ok(bye)] = &parts[..] else { panic!("three whole parts") };
        let sender = sender.try_as::<SenderReport<'_>>().expect("a sender report");
        assert_eq!((sender.ssrc(), sender.ntp_timestamp(), sender.rtp_timestamp()), (0x22, 1 << 40, 2));
        assert_eq!((sender.packet_count(), sender.octet_count()), (3, 4));
        let names = names.try_as::<Sdes<'_>>().expect("a description");
        let items: Vec<_> = names.chunks().flat_map(|chunk| chunk.items()).collect();
        assert_eq!((items[0].type_(), items[0].value()), (SdesItem::CNAME, b"name".as_slice()));
        assert!(bye.try_as::<Bye<'_>>().expect("a goodbye").ssrcs().eq([0x22]));

        let Some(Ok(Message::Report { sender, info: read, .. })) = messages(&bytes).next() else {
            panic!("a report")
        };
        assert_eq!((sender, read), (0x22, Some(info)), "and by ourselves");

        let silent = report(0x22, None, &"x".repeat(255), false);
        assert!(matches!(read_parts(&silent)[..], [Ok(rtcp_types::Packet::Rr(_)), Ok(_)]));
    }

    fn read_parts(bytes: &[u8]) -> Vec<Result<rtcp_types::Packet<'_>, rtcp_types::RtcpParseError>> {
        Compound::parse(bytes).expect("compound").collect()
    }
}
