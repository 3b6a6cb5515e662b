//! A frame after the encoder: encoded once, packetized once, shared by every viewer.

use crate::id::Id;
use crate::time::Time;

/// Picture or sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// VP8.
    Video,
    /// Opus.
    Audio,
}

impl Kind {
    /// Ticks of the RTP clock a second: RFC 7741 section 6.1, RFC 7587 section 4.1.
    pub const fn clock_rate(self) -> u32 {
        match self {
            Kind::Video => 90_000,
            Kind::Audio => 48_000,
        }
    }
}

/// When a frame passed each stage, on our clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamps {
    /// The application handed it over.
    pub pushed: Time,
    /// The encoder thread took it.
    pub taken: Time,
    /// It was encoded.
    pub encoded: Time,
}

/// What an encoder made of one frame.
#[derive(Clone, Debug)]
pub struct EncodedFrame {
    /// Decodable by itself.
    pub keyframe: bool,
    /// No later frame refers to it.
    pub droppable: bool,
    /// The bitstream.
    pub data: Vec<u8>,
}

/// One encoded frame, cut into RTP payloads (payload descriptor included, RTP header not).
#[derive(Debug)]
pub struct MediaFrame {
    /// The source it comes from.
    pub source: Id,
    /// Picture or sound.
    pub kind: Kind,
    /// Counts the frames of this source and kind; a step over a number is a gap.
    pub index: u64,
    /// Decodable by itself. Always true for sound.
    pub keyframe: bool,
    /// NTP timestamp of its capture.
    pub ntp: u64,
    /// Capture time on the RTP clock, without any viewer's offset.
    pub rtp_time: u32,
    /// When it passed each stage.
    pub stamps: Stamps,
    /// All payloads, one after the other.
    pub data: Vec<u8>,
    /// Where each payload ends in `data`.
    pub ends: Vec<u32>,
}

impl MediaFrame {
    /// How many packets it takes.
    pub fn packets(&self) -> usize {
        self.ends.len()
    }

    /// The payload of packet `n`, counted from 0.
    pub fn payload(&self, n: usize) -> &[u8] {
        let start = if n == 0 { 0 } else { self.ends[n - 1] as usize };
        &self.data[start..self.ends[n] as usize]
    }

    /// Every payload, in order.
    pub fn payloads(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.packets()).map(|n| self.payload(n))
    }
}
