//! What makes a frame's packets this viewer's.

use super::{Rtx, StreamConfig};
use crate::media::Kind;
use crate::rtp::history::Sent;
use crate::rtp::packet::{Fields, Header};

/// The packets of a stream as they are sent first.
#[derive(Debug)]
pub struct Stream {
    header: Header,
    kind: Kind,
    first_sequence: u16,
    timestamp_offset: u32,
}

/// The packets of the stream that repeats them (RFC 4588).
#[derive(Debug)]
pub struct Repair {
    header: Header,
    next_sequence: u16,
}

impl Stream {
    pub fn new(config: &StreamConfig) -> Stream {
        Stream {
            header: Header::new(config.payload_type, config.ssrc, &config.mid, config.extensions),
            kind: config.kind,
            first_sequence: config.first_sequence,
            timestamp_offset: config.timestamp_offset,
        }
    }

    /// The sequence number of the packet before which `position` were sent.
    pub fn sequence(&self, position: u64) -> u16 {
        self.first_sequence.wrapping_add(position as u16)
    }

    /// Writes packet `n` of a frame; for the same arguments always the same bytes.
    pub fn write(&self, packet: &mut Vec<u8>, sent: &Sent, n: usize) {
        self.header.write(packet, &self.fields(sent, n), sent.frame.payload(n));
    }

    fn fields(&self, sent: &Sent, n: usize) -> Fields {
        Fields {
            marker: match self.kind {
                Kind::Video => n + 1 == sent.frame.packets(),
                Kind::Audio => n == 0 && sent.talkspurt,
            },
            sequence: self.sequence(sent.first + n as u64),
            timestamp: sent.frame.rtp_time.wrapping_add(self.timestamp_offset),
            send_time: sent.send_time,
            // Where a receiver begins, and where browsers look for it.
            playout_delay: n == 0 && sent.frame.keyframe && self.kind == Kind::Video,
        }
    }
}

impl Repair {
    pub fn new(rtx: Rtx, config: &StreamConfig) -> Repair {
        Repair {
            header: Header::new(rtx.payload_type, rtx.ssrc, &config.mid, config.extensions),
            next_sequence: rtx.first_sequence,
        }
    }

    /// Writes packet `n` of a frame of `stream` again, as the next of this stream, which leaves at `send_time`.
    pub fn write(&mut self, packet: &mut Vec<u8>, stream: &Stream, sent: &Sent, n: usize, send_time: u32) {
        let original = stream.fields(sent, n);
        let fields = Fields { sequence: self.next_sequence, send_time, ..original };
        self.next_sequence = self.next_sequence.wrapping_add(1);
        self.header.write_again(packet, &fields, original.sequence, sent.frame.payload(n));
    }
}
