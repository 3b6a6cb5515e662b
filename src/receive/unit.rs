//! What goes from the receive road to a decoder, and what comes back.

use crate::time::Time;

/// One thing for a track's decoder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A whole picture.
    Picture(CodedPicture),
    /// One packet of sound.
    Sound(CodedSound),
}

/// A whole VP8 frame. It continues what was handed over before it, or is a keyframe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodedPicture {
    /// The bitstream, RFC 6386.
    pub data: Vec<u8>,
    /// Decodable by itself.
    pub keyframe: bool,
    /// Its RTP timestamp: 90 kHz, as it was sent.
    pub rtp_time: u32,
    /// When it was captured, on our clock; never before the one before it.
    pub capture: Time,
    /// When its last packet arrived.
    pub arrived: Time,
}

/// One Opus packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodedSound {
    /// The packet, RFC 6716.
    pub data: Vec<u8>,
    /// Its RTP timestamp, 48 kHz, counted on over the wrap.
    pub timestamp: u64,
    /// Packets given up just before this one.
    pub lost: u32,
    /// When it was captured, on our clock; never before the one before it.
    pub capture: Time,
    /// When it arrived.
    pub arrived: Time,
}

/// What a decoder has to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecoderNews {
    /// A keyframe was decoded and handed over.
    Keyframe,
    /// A frame did not decode: a keyframe is needed, and nothing comes before it.
    Damaged,
}

/// How a track stands. The numbers are the C ABI's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum TrackState {
    /// No packet came yet.
    Waiting = 0,
    /// Packets come, but no picture can be decoded before a keyframe.
    WaitingForKeyframe = 1,
    /// Media flows.
    Live = 2,
    /// The publisher said goodbye. If it only paused, packets come again: the state is *waiting* then.
    Ended = 3,
    /// Its decoder gave up. Told by the decoder's side, never from here.
    Failed = 4,
}

impl TrackState {
    /// Whether nothing more will come.
    pub fn is_over(self) -> bool {
        matches!(self, TrackState::Ended | TrackState::Failed)
    }
}
