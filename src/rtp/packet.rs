//! One viewer's RTP header: RFC 3550 section 5.1 and the one-byte extensions of RFC 8285.
//!
//! Written by hand: everything but the marker, sequence number and times is the same in every packet
//! of a viewer, so a packet is one copy of a template, four patches and one copy of the payload.

/// The longest packet we send, RTP header to the last byte: with SRTP, UDP and IP around it, it
/// passes everywhere a browser's does.
pub const MAX_PACKET: usize = 1200;
/// The longest payload, so that it fits with every extension and the longest `mid`, also when it is
/// sent again.
pub const MAX_PAYLOAD: usize = MAX_PACKET - MAX_HEADER - ORIGINAL_SEQUENCE;

const FIXED_HEADER: usize = 12;
/// The longest element of the one-byte form: RFC 8285 section 4.2.
const MAX_ELEMENT: usize = 16;
/// Profile and length, mid, send time, playout delay; whole words.
const MAX_EXTENSIONS: usize = (4 + (1 + MAX_ELEMENT) + (1 + 3) + (1 + 3)).next_multiple_of(4);
const MAX_HEADER: usize = FIXED_HEADER + MAX_EXTENSIONS;
/// RFC 4588 section 4: a retransmission's payload begins with the sequence number of what it repeats.
const ORIGINAL_SEQUENCE: usize = 2;
/// RFC 8285 section 4.2.
const ONE_BYTE_PROFILE: u16 = 0xbede;
/// Least and most the receiver may delay a picture, 12 bits each, in units of 10 ms. A least of 0
/// makes browsers show a picture as soon as it is decoded instead of smoothing it; 100 ms at most
/// leaves room for a lost packet to be sent again.
const PLAYOUT_DELAY: [u8; 3] = [0, 0, 10];

/// The ids of the header extensions that were negotiated. Ids outside 1 to 14 do not fit the
/// one-byte form; such an extension is not sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extensions {
    /// `urn:ietf:params:rtp-hdrext:sdes:mid`
    pub mid: Option<u8>,
    /// `http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time`
    pub abs_send_time: Option<u8>,
    /// `http://www.webrtc.org/experiments/rtp-hdrext/playout-delay`
    pub playout_delay: Option<u8>,
}

/// The ids by which these header extensions come in the packets of a section.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// `urn:ietf:params:rtp-hdrext:sdes:mid`
    pub mid: Option<u8>,
    /// `http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01`
    pub transport_cc: Option<u8>,
    /// `http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time`
    pub abs_send_time: Option<u8>,
}

/// What differs from packet to packet.
#[derive(Clone, Copy, Debug)]
pub struct Fields {
    /// Last packet of a picture, or first sound after silence.
    pub marker: bool,
    /// Sequence number.
    pub sequence: u16,
    /// RTP timestamp, the viewer's offset included.
    pub timestamp: u32,
    /// When it leaves: NTP seconds modulo 64 as 6.18 fixed point.
    pub send_time: u32,
    /// Carries the playout delay.
    pub playout_delay: bool,
}

/// The headers of one viewer.
#[derive(Debug)]
pub struct Header {
    plain: Template,
    with_playout_delay: Template,
}

impl Header {
    /// The header of a stream. A `mid` of more than 16 bytes does not fit the one-byte form and is
    /// not sent; the SSRC in the SDP says the same.
    pub fn new(payload_type: u8, ssrc: u32, mid: &str, extensions: Extensions) -> Header {
        let plain = Extensions { playout_delay: None, ..extensions };
        Header {
            plain: Template::new(payload_type, ssrc, mid, plain),
            with_playout_delay: Template::new(payload_type, ssrc, mid, extensions),
        }
    }

    /// Writes a whole packet into `packet`, in place of what was there.
    pub fn write(&self, packet: &mut Vec<u8>, fields: &Fields, payload: &[u8]) {
        self.begin(packet, fields);
        packet.extend_from_slice(payload);
    }

    /// The same for a retransmission of the packet with the sequence number `original`, whose marker and
    /// timestamp it has too (RFC 4588 section 4).
    pub fn write_again(&self, packet: &mut Vec<u8>, fields: &Fields, original: u16, payload: &[u8]) {
        self.begin(packet, fields);
        packet.extend_from_slice(&original.to_be_bytes());
        packet.extend_from_slice(payload);
    }

    fn begin(&self, packet: &mut Vec<u8>, fields: &Fields) {
        let template = if fields.playout_delay { &self.with_playout_delay } else { &self.plain };
        packet.clear();
        packet.extend_from_slice(&template.bytes[..template.len]);
        packet[1] |= u8::from(fields.marker) << 7;
        packet[2..4].copy_from_slice(&fields.sequence.to_be_bytes());
        packet[4..8].copy_from_slice(&fields.timestamp.to_be_bytes());
        if let Some(at) = template.send_time {
            packet[at..at + 3].copy_from_slice(&fields.send_time.to_be_bytes()[1..]);
        }
    }
}

#[derive(Debug)]
struct Template {
    bytes: [u8; MAX_HEADER],
    len: usize,
    send_time: Option<usize>,
}

impl Template {
    fn new(payload_type: u8, ssrc: u32, mid: &str, extensions: Extensions) -> Template {
        let mut template = Template { bytes: [0; MAX_HEADER], len: FIXED_HEADER, send_time: None };
        template.bytes[0] = 2 << 6; // version
        template.bytes[1] = payload_type & 0x7f;
        template.bytes[8..12].copy_from_slice(&ssrc.to_be_bytes());

        template.len += 4;
        template.send_time = template.element(extensions.abs_send_time, &[0; 3]);
        template.element(extensions.mid, mid.as_bytes());
        template.element(extensions.playout_delay, &PLAYOUT_DELAY);
        if template.len == FIXED_HEADER + 4 {
            template.len = FIXED_HEADER;
            return template;
        }
        template.len = template.len.next_multiple_of(4);
        let words = (template.len - FIXED_HEADER) / 4 - 1;
        template.bytes[0] |= 0x10; // X
        template.bytes[12..14].copy_from_slice(&ONE_BYTE_PROFILE.to_be_bytes());
        template.bytes[14..16].copy_from_slice(&(words as u16).to_be_bytes());
        template
    }

    /// Appends an element if it has an id and fits; where its value stands.
    fn element(&mut self, id: Option<u8>, value: &[u8]) -> Option<usize> {
        let id = id.filter(|id| (1..=14).contains(id) && (1..=MAX_ELEMENT).contains(&value.len()))?;
        self.bytes[self.len] = id << 4 | (value.len() - 1) as u8;
        let start = self.len + 1;
        self.len = start + value.len();
        self.bytes[start..self.len].copy_from_slice(value);
        Some(start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rtp_types::RtpPacket;

    const FIELDS: Fields = Fields {
        marker: true,
        sequence: 0xabcd,
        timestamp: 0x0123_4567,
        send_time: 0x00fe_dcba,
        playout_delay: false,
    };
    const ALL: Extensions = Extensions { mid: Some(9), abs_send_time: Some(2), playout_delay: Some(12) };

    fn written(mid: &str, extensions: Extensions, fields: Fields, payload: &[u8]) -> Vec<u8> {
        let mut packet = vec![0xff; 7];
        Header::new(120, 0x8765_4321, mid, extensions).write(&mut packet, &fields, payload);
        packet
    }

    #[test]
    fn an_independent_reader_finds_every_field() {
        let packet = written("v0", ALL, FIELDS, b"data");
        let packet = RtpPacket::parse(&packet).expect("is RTP");
        assert_eq!((packet.payload_type(), packet.ssrc(), packet.marker_bit()), (120, 0x8765_4321, true));
        assert_eq!((packet.sequence_number(), packet.timestamp()), (0xabcd, 0x0123_4567));
        let elements = [0x22, 0xfe, 0xdc, 0xba, 0x91, b'v', b'0', 0];
        assert_eq!(packet.extension(), Some((0xbede, elements.as_slice())));
        assert_eq!(packet.payload(), b"data");
    }

    #[test]
    fn the_playout_delay_is_added_where_it_is_asked_for() {
        let packet = written("0", ALL, Fields { playout_delay: true, marker: false, ..FIELDS }, b"");
        let packet = RtpPacket::parse(&packet).expect("is RTP");
        let elements = [0x22, 0xfe, 0xdc, 0xba, 0x90, b'0', 0xc2, 0, 0, 10, 0, 0];
        assert_eq!(packet.extension(), Some((0xbede, elements.as_slice())));
        assert!(!packet.marker_bit());
    }

    #[test]
    fn what_was_not_negotiated_or_does_not_fit_is_left_out() {
        let none = written("0", Extensions::default(), FIELDS, b"p");
        assert_eq!(RtpPacket::parse(&none).expect("is RTP").extension(), None);
        assert_eq!(none.len(), 13);
        let wide = Extensions { mid: Some(15), abs_send_time: Some(0), playout_delay: None };
        assert_eq!(written("0", wide, FIELDS, b"p").len(), 13);
        let long = Extensions { mid: Some(1), ..Extensions::default() };
        assert_eq!(written("seventeen letters", long, FIELDS, b"p").len(), 13);
    }

    #[test]
    fn the_longest_packet_is_1200_bytes_when_it_is_sent_again() {
        let fields = Fields { playout_delay: true, ..FIELDS };
        let packet = written("sixteen letters!", ALL, fields, &[7; MAX_PAYLOAD]);
        assert_eq!(packet.len(), MAX_PACKET - 2);
        let mut again = vec![0xff; 7];
        let header = Header::new(121, 1, "sixteen letters!", ALL);
        header.write_again(&mut again, &fields, 0xfffe, &[7; MAX_PAYLOAD]);
        assert_eq!(again.len(), MAX_PACKET);
        let payload = RtpPacket::parse(&again).expect("is RTP").payload().to_vec();
        assert_eq!((&payload[..2], &payload[2..]), (&[0xff, 0xfe][..], &[7; MAX_PAYLOAD][..]));
    }
}
