//! Puts VP8 frames together: whole, or not at all.

use super::order::Piece;
use crate::rtp::descriptor;
use crate::time::Time;

/// A frame in the making is dropped beyond that: no camera makes one, and memory is bounded.
const MAX_FRAME: usize = 4 << 20;
/// RFC 6386 section 9.1: the tag of every frame; in a keyframe a start code and its size follow.
const TAG: usize = 3;
const KEYFRAME_TAG: usize = 10;
const START_CODE: [u8; 3] = [0x9d, 0x01, 0x2a];

/// A whole frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub data: Vec<u8>,
    pub keyframe: bool,
    pub timestamp: u32,
    /// When the last of its packets came.
    pub arrived: Time,
}

/// What a packet led to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Step {
    pub whole: Option<Frame>,
    /// A frame that will never be whole.
    pub torn: Option<Torn>,
    /// The packet or the frame breaks its format.
    pub malformed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Torn {
    /// It would have been one.
    pub keyframe: bool,
}

#[derive(Debug, Default)]
pub(super) struct Assembler {
    open: Option<Frame>,
    /// The frame whose remaining packets lead to nothing.
    torn: Option<u32>,
    /// How long the last frame was: the next needs about as much.
    size: usize,
}

/// Whether a keyframe begins with that payload.
pub(super) fn begins_keyframe(payload: &[u8]) -> bool {
    descriptor::read(payload).is_some_and(|(d, data)| d.begins_frame() && is_keyframe(data))
}

/// RFC 6386 section 9.1: the lowest bit is 0 in a keyframe.
fn is_keyframe(data: &[u8]) -> bool {
    data[0] & 1 == 0
}

impl Assembler {
    /// Takes the next packet.
    pub(super) fn push(&mut self, piece: &Piece<'_>) -> Step {
        if piece.payload.is_empty() {
            return Step::default(); // padding: nothing is missing
        }
        let Some((descriptor, data)) = descriptor::read(piece.payload) else {
            return self.malformed(piece.timestamp);
        };
        let mut step = Step::default();
        if descriptor.begins_frame() {
            step.torn = self.gap(); // its last packet said that another one follows
            self.torn = None;
            self.open = Some(Frame {
                data: Vec::with_capacity(self.size),
                keyframe: is_keyframe(data),
                timestamp: piece.timestamp,
                arrived: piece.arrived,
            });
        }
        let Some(frame) = self.open.as_mut().filter(|frame| frame.timestamp == piece.timestamp) else {
            step.torn = self.tear(piece.timestamp);
            return step;
        };
        if frame.data.len() + data.len() > MAX_FRAME {
            return self.malformed(piece.timestamp);
        }
        frame.data.extend_from_slice(data);
        frame.arrived = frame.arrived.max(piece.arrived);
        if !piece.marker {
            return step;
        }
        self.size = frame.data.len();
        if !is_frame(frame) {
            return self.malformed(piece.timestamp);
        }
        step.whole = self.open.take();
        step
    }

    /// Packets are missing before the next; the frame that was torn by that.
    pub(super) fn gap(&mut self) -> Option<Torn> {
        let timestamp = self.open.as_ref()?.timestamp;
        self.tear(timestamp)
    }

    /// Whether a keyframe is in the making.
    pub(super) fn holds_keyframe(&self) -> bool {
        self.open.as_ref().is_some_and(|frame| frame.keyframe)
    }

    fn malformed(&mut self, timestamp: u32) -> Step {
        Step { torn: self.tear(timestamp), malformed: true, whole: None }
    }

    /// The frame of that timestamp will not be whole; `None` if that was told before.
    fn tear(&mut self, timestamp: u32) -> Option<Torn> {
        let known = self.torn.replace(timestamp) == Some(timestamp);
        match self.open.take() {
            Some(frame) => Some(Torn { keyframe: frame.keyframe }),
            None => (!known).then_some(Torn { keyframe: false }),
        }
    }
}

/// What a decoder can begin with.
fn is_frame(frame: &Frame) -> bool {
    let data = &frame.data;
    data.len() >= TAG
        && (!frame.keyframe || (data.len() >= KEYFRAME_TAG && data[TAG..].starts_with(&START_CODE)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 10] = [0x10, 0, 0, 0x9d, 0x01, 0x2a, 64, 0, 48, 0];

    /// Pushes a packet of timestamp `timestamp`: `S` begins a frame, `M` ends it.
    fn push(assembler: &mut Assembler, timestamp: u32, flags: &str, data: &[u8]) -> Step {
        let payload = [&[if flags.contains('S') { 0x10 } else { 0 }], data].concat();
        push_raw(assembler, timestamp, flags.contains('M'), &payload)
    }

    fn push_raw(assembler: &mut Assembler, timestamp: u32, marker: bool, payload: &[u8]) -> Step {
        let arrived = Time(timestamp.into());
        assembler.push(&Piece { number: 0, timestamp, marker, arrived, payload })
    }

    const TORN: Option<Torn> = Some(Torn { keyframe: false });

    #[test]
    fn a_frame_is_whole_with_its_last_packet() {
        let mut assembler = Assembler::default();
        assert_eq!(push(&mut assembler, 1, "S", &KEY), Step::default());
        assert_eq!(push(&mut assembler, 1, "", b"more"), Step::default());
        let step = push(&mut assembler, 1, "M", b"end");
        let frame =
            Frame { data: [&KEY[..], b"moreend"].concat(), keyframe: true, timestamp: 1, arrived: Time(1) };
        assert_eq!(step, Step { whole: Some(frame), ..Step::default() });
        let one = push(&mut assembler, 2, "SM", b"\x01\0\0").whole.expect("whole in one packet");
        assert!(!one.keyframe && one.data == b"\x01\0\0");
    }

    #[test]
    fn padding_between_is_no_part_of_it() {
        let mut assembler = Assembler::default();
        push(&mut assembler, 1, "S", &KEY);
        assert_eq!(push_raw(&mut assembler, 1, false, b""), Step::default());
        assert!(push(&mut assembler, 1, "M", b"end").whole.is_some());
        assert_eq!(push_raw(&mut assembler, 1, false, b""), Step::default());
        assert!(push(&mut assembler, 2, "SM", b"\x01\0\0").whole.is_some());
    }

    #[test]
    fn a_later_partition_begins_no_frame() {
        let mut assembler = Assembler::default();
        push(&mut assembler, 1, "S", &KEY);
        assert_eq!(push_raw(&mut assembler, 1, false, &[0x11, 9]), Step::default());
        assert_eq!(push(&mut assembler, 1, "M", b"x").whole.map(|frame| frame.data.len()), Some(12));
    }

    #[test]
    fn what_a_gap_tore_is_told_once_and_its_rest_ignored() {
        let mut assembler = Assembler::default();
        assert_eq!(assembler.gap(), None, "between two frames");
        push(&mut assembler, 1, "S", &KEY);
        assert_eq!(assembler.gap(), Some(Torn { keyframe: true }));
        assert_eq!(push(&mut assembler, 1, "", b"rest"), Step::default());
        assert_eq!(push(&mut assembler, 1, "M", b"rest"), Step::default());
        assert!(push(&mut assembler, 2, "SM", b"\x01\0\0").whole.is_some());
    }

    #[test]
    fn a_frame_without_its_beginning_is_torn() {
        let mut assembler = Assembler::default();
        assert_eq!(push(&mut assembler, 1, "", b"rest").torn, TORN);
        assert_eq!(push(&mut assembler, 1, "M", b"rest").torn, None);
        assert_eq!(push(&mut assembler, 2, "M", b"rest").torn, TORN);
    }

    #[test]
    fn a_frame_that_no_marker_ended_is_torn_by_the_next() {
        let mut assembler = Assembler::default();
        push(&mut assembler, 1, "S", b"\x01\0\0");
        let step = push(&mut assembler, 2, "SM", b"\x01\0\0");
        assert!(step.torn == TORN && step.whole.is_some());
        push(&mut assembler, 3, "S", b"\x01\0\0");
        assert_eq!(push(&mut assembler, 4, "M", b"rest").torn, TORN);
        assert!(push(&mut assembler, 3, "M", b"rest").whole.is_none());
    }

    #[test]
    fn what_breaks_the_format_is_malformed() {
        for (payload, why) in [
            (&[0x80][..], "a cut descriptor"),
            (&[0x10], "nothing behind it"),
            (&[0x10, 1, 2], "shorter than a frame's tag"),
            (&[0x10, 0, 0, 0, 0x9d, 1, 0x2a, 64, 0, 48], "shorter than a keyframe's"),
            (&[0x10, 0, 0, 0, 0x9d, 1, 0x2b, 64, 0, 48, 0], "another start code"),
        ] {
            let mut assembler = Assembler::default();
            let step = push_raw(&mut assembler, 1, true, payload);
            assert!(step.malformed && step.torn.is_some() && step.whole.is_none(), "{why}");
            assert!(push(&mut assembler, 2, "SM", &KEY).whole.is_some(), "after {why}");
        }
    }

    #[test]
    fn a_frame_without_end_is_dropped() {
        let mut assembler = Assembler::default();
        push(&mut assembler, 1, "S", &KEY);
        let piece = vec![0; 1 << 20];
        for _ in 0..3 {
            assert_eq!(push(&mut assembler, 1, "", &piece), Step::default());
        }
        assert!(push(&mut assembler, 1, "", &piece).malformed);
        assert_eq!(push(&mut assembler, 1, "M", &piece), Step::default());
    }

    #[test]
    fn the_beginning_of_a_keyframe_is_told_from_others() {
        assert!(begins_keyframe(&[0x90, 0x80, 7, 0]));
        for other in [&[0x10, 1][..], &[0, 0], &[0x11, 0], &[0x10], &[]] {
            assert!(!begins_keyframe(other), "{other:02x?}");
        }
    }
}
