//! Reads RTP packets: RFC 3550 section 5.1, their header extensions: RFC 8285.

use rtp_types::RtpPacket;

/// One packet, borrowed from its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Last packet of a picture, or first sound after silence.
    pub marker: bool,
    /// Payload type.
    pub payload_type: u8,
    /// Sequence number.
    pub sequence: u16,
    /// RTP timestamp.
    pub timestamp: u32,
    /// Whose it is.
    pub ssrc: u32,
    /// What is carried, padding taken off; empty in a packet that only pads.
    pub payload: &'a [u8],
    extension: Option<(u16, &'a [u8])>,
}

/// The packet in `bytes`, which hold nothing else; `None` if they break the format.
pub fn packet(bytes: &[u8]) -> Option<Packet<'_>> {
    let packet = RtpPacket::parse(bytes).ok()?;
    // The crate gives parts with the life of its own value, not of the bytes.
    let start = packet.payload_offset();
    let extension = packet.extension().map(|(profile, data)| (profile, start - data.len()..start));
    Some(Packet {
        marker: packet.marker_bit(),
        payload_type: packet.payload_type(),
        sequence: packet.sequence_number(),
        timestamp: packet.timestamp(),
        ssrc: packet.ssrc(),
        payload: bytes.get(start..start + packet.payload_len())?,
        extension: extension.and_then(|(profile, range)| Some((profile, bytes.get(range)?))),
    })
}

impl<'a> Packet<'a> {
    /// The header extension of that id, in the one-byte form or the two-byte form. What follows a
    /// broken one is not read.
    pub fn element(&self, id: u8) -> Option<&'a [u8]> {
        let (profile, mut rest) = self.extension?;
        // RFC 8285 sections 4.2 and 4.3; the lowest bits of the two-byte profile are free for use.
        let long = match profile {
            0xbede => false,
            profile if profile & 0xfff0 == 0x1000 => true,
            _ => return None,
        };
        while let Some((&head, after)) = rest.split_first() {
            if head == 0 || (long && after.is_empty()) {
                rest = after;
                continue;
            }
            let (found, length, after) = if long {
                (head, usize::from(after[0]), &after[1..])
            } else {
                (head >> 4, usize::from(head & 0x0f) + 1, after)
            };
            if !long && found == 15 {
                return None; // RFC 8285 section 4.2: processing stops here
            }
            let (value, after) = after.split_at_checked(length)?;
            if found == id {
                return Some(value);
            }
            rest = after;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: [u8; 12] = [0x80, 0xe0, 0xff, 0xfe, 0, 1, 2, 3, 0x11, 0x22, 0x33, 0x44];

    fn extended(profile: u16, elements: &[u8], payload: &[u8]) -> Vec<u8> {
        let mut bytes = HEADER.to_vec();
        bytes[0] |= 0x10;
        bytes.extend(profile.to_be_bytes());
        bytes.extend(((elements.len() / 4) as u16).to_be_bytes());
        bytes.extend(elements);
        bytes.extend(payload);
        bytes
    }

    #[test]
    fn every_field_is_read() {
        let bytes = [&HEADER[..], b"media"].concat();
        let read = packet(&bytes).expect("whole");
        assert_eq!((read.marker, read.payload_type, read.sequence), (true, 96, 0xfffe));
        assert_eq!(
            (read.timestamp, read.ssrc, read.payload),
            (0x0001_0203, 0x1122_3344, b"media".as_slice())
        );
    }

    #[test]
    fn sources_extensions_and_padding_are_no_payload() {
        let mut bytes = extended(0xbede, &[0x10, 7, 0, 0], b"media\0\0\x03");
        bytes[0] |= 0x20 | 2;
        bytes.splice(12..12, [9; 8]);
        let read = packet(&bytes).expect("whole");
        assert_eq!((read.payload, read.element(1)), (b"media".as_slice(), Some([7].as_slice())));
        let only = [&[0xa0], &HEADER[1..], &[0, 0, 3]].concat();
        assert_eq!(packet(&only).expect("padding alone is a packet").payload, b"");
    }

    #[test]
    fn what_is_cut_or_counts_more_than_there_is_is_refused() {
        let mut whole = extended(0xbede, &[0x10, 7, 0, 0], b"\x01");
        whole[0] |= 0x20;
        for length in 0..whole.len() {
            assert!(packet(&whole[..length]).is_none(), "cut to {length}");
        }
        for (at, value, why) in [(0, 0x50, "version"), (0, 0x9f, "sources"), (15, 9, "extension")] {
            let mut bad = extended(0xbede, &[0x10, 7, 0, 0], b"");
            bad[at] = value;
            assert!(packet(&bad).is_none(), "{why}");
        }
        for padding in [0, 2] {
            assert!(packet(&[&[0xa0], &HEADER[1..], &[padding]].concat()).is_none(), "padding of {padding}");
        }
    }

    #[test]
    fn elements_are_found_in_both_forms() {
        let short = extended(0xbede, &[0, 0x31, 1, 2, 0x10, 7, 0, 0], b"");
        let long = extended(0x1005, &[3, 2, 1, 2, 0, 1, 1, 7, 20, 0, 0, 0], b"");
        for bytes in [&short, &long] {
            let read = packet(bytes).expect("whole");
            assert_eq!(read.element(3), Some([1, 2].as_slice()));
            assert_eq!(read.element(1), Some([7].as_slice()));
            assert_eq!(read.element(2), None);
        }
        assert_eq!(packet(&long).and_then(|read| read.element(20)), Some([].as_slice()));
    }

    #[test]
    fn broken_elements_and_those_after_them_are_not_there() {
        for (profile, elements) in [
            (0xbede, [0x23, 1, 2, 0x10]), // longer than the rest
            (0xbede, [0xf0, 1, 0x10, 7]), // id 15 ends the list
            (0x1000, [2, 200, 1, 1]),     // longer than the rest
            (0x1000, [0, 0, 0, 1]),       // no length
            (0x7777, [0x10, 7, 0x10, 7]), // neither form
        ] {
            let bytes = extended(profile, &elements, b"");
            assert_eq!(packet(&bytes).expect("is RTP").element(1), None, "{elements:02x?}");
        }
    }
}
