//! RTP as RFC 3550 section 5.1 and RFC 8285 section 4.2 lay it out, read by hand so that a mistake
//! of the library's own packet code cannot hide behind the same mistake here.

use std::time::Instant;

/// Header-extension URIs.
pub const MID: &str = "urn:ietf:params:rtp-hdrext:sdes:mid";
pub const ABS_SEND_TIME: &str = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time";
pub const PLAYOUT_DELAY: &str = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay";

#[derive(Clone, Debug)]
pub struct Packet {
    pub at: Instant,
    pub marker: bool,
    pub payload_type: u8,
    pub sequence: u16,
    pub timestamp: u32,
    pub ssrc: u32,
    /// One-byte header extensions: id and value.
    pub extensions: Vec<(u8, Vec<u8>)>,
    pub payload: Vec<u8>,
    /// Length of the whole packet.
    pub len: usize,
}

impl Packet {
    pub fn parse(bytes: &[u8], at: Instant) -> Option<Packet> {
        let word = |n: usize| Some(u32::from_be_bytes(bytes.get(n..n + 4)?.try_into().ok()?));
        let (first, second) = (*bytes.first()?, *bytes.get(1)?);
        if first >> 6 != 2 {
            return None;
        }
        let mut start = 12 + 4 * usize::from(first & 0x0f);
        let mut extensions = Vec::new();
        if first & 0x10 != 0 {
            let head = word(start)?;
            let data = bytes.get(start + 4..start + 4 + 4 * (head & 0xffff) as usize)?;
            start += 4 + data.len();
            if head >> 16 != 0xBEDE {
                return None;
            }
            let mut at = 0;
            while at < data.len() {
                let (id, len) = (data[at] >> 4, usize::from(data[at] & 0x0f) + 1);
                at += 1;
                if id != 0 {
                    extensions.push((id, data.get(at..at + len)?.to_vec()));
                    at += len;
                }
            }
        }
        let padding = if first & 0x20 != 0 { usize::from(*bytes.last()?) } else { 0 };
        Some(Packet {
            at,
            marker: second & 0x80 != 0,
            payload_type: second & 0x7f,
            sequence: word(0)? as u16,
            timestamp: word(4)?,
            ssrc: word(8)?,
            extensions,
            payload: bytes.get(start..bytes.len().checked_sub(padding)?)?.to_vec(),
            len: bytes.len(),
        })
    }

    /// Makes a packet that came again what it repeats, RFC 4588 section 4. Its payload type is the next
    /// after the codec's in all that is offered here.
    pub fn unwrap(&mut self, media: u32) -> Option<()> {
        let original = self.payload.get(..2)?;
        self.sequence = u16::from_be_bytes([original[0], original[1]]);
        self.payload.drain(..2);
        (self.ssrc, self.payload_type) = (media, self.payload_type - 1);
        Some(())
    }

    pub fn extension(&self, id: u8) -> Option<&[u8]> {
        self.extensions.iter().find(|(i, _)| *i == id).map(|(_, value)| &value[..])
    }
}

/// RFC 5761 section 4: how RTP and RTCP are told apart on one port.
pub fn is_rtcp(bytes: &[u8]) -> bool {
    bytes.get(1).is_some_and(|b| (64..96).contains(&(b & 0x7f)))
}

/// Sequence numbers without end out of 16-bit ones (RFC 3711 section 3.3.1).
#[derive(Clone, Default)]
pub struct Extend(Option<u64>);

impl Extend {
    pub fn extend(&mut self, sequence: u16) -> u64 {
        // The first one starts in the second cycle, so that an older one has a number too.
        let last = self.0.unwrap_or(0x1_0000 + u64::from(sequence));
        let step = sequence.wrapping_sub(last as u16) as i16;
        let extended = last.wrapping_add_signed(i64::from(step));
        self.0 = Some(last.max(extended));
        extended
    }
}
