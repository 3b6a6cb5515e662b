//! VP8 out of RTP (RFC 7741), independent of the library's packetizer.

use super::rtp::Packet;

/// The payload descriptor, RFC 7741 section 4.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Descriptor {
    pub non_reference: bool,
    pub start: bool,
    pub partition: u8,
    pub picture: Option<u16>,
    /// Whether the picture id was written with 15 bits.
    pub long_picture: bool,
    pub len: usize,
}

impl Descriptor {
    pub fn parse(payload: &[u8]) -> Option<Descriptor> {
        let first = *payload.first()?;
        let (mut picture, mut long_picture, mut len) = (None, false, 1);
        if first & 0x80 != 0 {
            let present = *payload.get(1)?;
            len = 2;
            if present & 0x80 != 0 {
                let high = *payload.get(len)?;
                long_picture = high & 0x80 != 0;
                picture = Some(if long_picture {
                    len += 1;
                    u16::from(high & 0x7f) << 8 | u16::from(*payload.get(len)?)
                } else {
                    u16::from(high)
                });
                len += 1;
            }
            len += usize::from(present & 0x40 != 0) + usize::from(present & 0x30 != 0);
        }
        (len < payload.len()).then_some(Descriptor {
            non_reference: first & 0x20 != 0,
            start: first & 0x10 != 0,
            partition: first & 0x0f,
            picture,
            long_picture,
            len,
        })
    }
}

/// A frame put together again.
#[derive(Clone, Debug)]
pub struct Frame {
    pub timestamp: u32,
    pub picture: Option<u16>,
    pub keyframe: bool,
    pub packets: usize,
    pub data: Vec<u8>,
}

/// Puts frames together from packets that come in order; one with a hole is never given out.
#[derive(Default)]
pub struct Depacketizer {
    open: Option<Frame>,
    last: Option<u16>,
    /// Frames whose packets were not all there.
    pub torn: u64,
}

impl Depacketizer {
    pub fn push(&mut self, packet: &Packet) -> Option<Frame> {
        let follows = self.last.is_none_or(|last| packet.sequence == last.wrapping_add(1));
        self.last = Some(packet.sequence);
        let descriptor = Descriptor::parse(&packet.payload)?;
        let begins = descriptor.start && descriptor.partition == 0;
        let data = &packet.payload[descriptor.len..];
        if begins {
            self.torn += u64::from(self.open.is_some());
            self.open = Some(Frame {
                timestamp: packet.timestamp,
                picture: descriptor.picture,
                // RFC 6386 section 9.1: the lowest bit of a frame is 0 in a keyframe.
                keyframe: data[0] & 1 == 0,
                packets: 0,
                data: Vec::new(),
            });
        } else if !follows || self.open.as_ref().is_none_or(|f| f.timestamp != packet.timestamp) {
            self.torn += u64::from(self.open.take().is_some());
            return None;
        }
        let frame = self.open.as_mut()?;
        frame.packets += 1;
        frame.data.extend_from_slice(data);
        if packet.marker { self.open.take() } else { None }
    }
}
