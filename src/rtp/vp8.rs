//! Cuts VP8 frames into RTP payloads: RFC 7741.

use super::MAX_PAYLOAD;
use crate::media::EncodedFrame;

/// X bit, and N (not referenced), and S (start of a partition): RFC 7741 section 4.2.
const EXTENDED: u8 = 0x80;
const NON_REFERENCE: u8 = 0x20;
const START: u8 = 0x10;
/// I bit of the extension byte: a picture id follows. Its M bit: it has 15 bits.
const HAS_PICTURE_ID: u8 = 0x80;
const LONG_PICTURE_ID: u16 = 0x8000;
/// X byte, extension byte, picture id.
const DESCRIPTOR: usize = 4;
const MAX_DATA: usize = MAX_PAYLOAD - DESCRIPTOR;

/// Cuts one source's frames into payloads; counts its pictures.
#[derive(Debug)]
pub struct Vp8Packetizer {
    picture_id: u16,
}

impl Vp8Packetizer {
    /// Starts at `first_picture_id` (its lower 15 bits): random, says RFC 7741 section 4.2.
    pub fn new(first_picture_id: u16) -> Self {
        Vp8Packetizer { picture_id: first_picture_id }
    }

    /// The payloads of `frame`, one after the other, and where each ends. They differ in size by at
    /// most one byte: a short last packet would cost as much as a long one. An empty frame (one the
    /// encoder dropped) has none, and no picture id.
    pub fn packetize(&mut self, frame: &EncodedFrame) -> (Vec<u8>, Vec<u32>) {
        let packets = frame.data.len().div_ceil(MAX_DATA);
        if packets == 0 {
            return (Vec::new(), Vec::new());
        }
        let id = (self.picture_id | LONG_PICTURE_ID).to_be_bytes();
        self.picture_id = self.picture_id.wrapping_add(1);

        let mut first = EXTENDED | START | if frame.droppable { NON_REFERENCE } else { 0 };
        let mut data = Vec::with_capacity(frame.data.len() + packets * DESCRIPTOR);
        let mut ends = Vec::with_capacity(packets);
        let mut rest = frame.data.as_slice();
        for left in (1..=packets).rev() {
            let (now, later) = rest.split_at(rest.len().div_ceil(left));
            data.extend_from_slice(&[first, HAS_PICTURE_ID, id[0], id[1]]);
            data.extend_from_slice(now);
            ends.push(data.len() as u32);
            rest = later;
            first &= !START;
        }
        (data, ends)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packets(packetizer: &mut Vp8Packetizer, bytes: usize, droppable: bool) -> Vec<Vec<u8>> {
        let data: Vec<u8> = (0..bytes).map(|n| n as u8).collect();
        let (data, ends) = packetizer.packetize(&EncodedFrame { keyframe: false, droppable, data });
        let mut start = 0;
        ends.iter()
            .map(|&end| {
                let packet = data[start..end as usize].to_vec();
                start = end as usize;
                packet
            })
            .collect()
    }

    #[test]
    fn every_size_is_cut_into_balanced_payloads_that_fit_and_join_again() {
        let mut packetizer = Vp8Packetizer::new(0);
        for bytes in [1, 2, MAX_DATA - 1, MAX_DATA, MAX_DATA + 1, 2 * MAX_DATA + 1, 100_003] {
            let packets = packets(&mut packetizer, bytes, false);
            assert_eq!(packets.len(), bytes.div_ceil(MAX_DATA), "no packet more than needed");
            let sizes = packets.iter().map(Vec::len);
            assert!(sizes.clone().max() <= Some(MAX_PAYLOAD));
            assert!(sizes.clone().max().zip(sizes.min()).is_some_and(|(max, min)| max - min <= 1));
            let joined: Vec<u8> = packets.iter().flat_map(|p| p[DESCRIPTOR..].to_vec()).collect();
            assert!(joined.iter().enumerate().all(|(n, &byte)| byte == n as u8));
            assert_eq!(joined.len(), bytes);
        }
    }

    #[test]
    fn the_descriptor_says_start_and_droppable_and_the_picture() {
        let mut packetizer = Vp8Packetizer::new(0x7ffe);
        let first = packets(&mut packetizer, 3000, false);
        let starts: Vec<&[u8]> = first.iter().map(|p| &p[..4]).collect();
        assert_eq!(starts, [[0x90, 0x80, 0xff, 0xfe], [0x80, 0x80, 0xff, 0xfe], [0x80, 0x80, 0xff, 0xfe]]);
        assert!(packets(&mut packetizer, 0, false).is_empty(), "nothing encoded: no picture id used up");
        assert_eq!(packets(&mut packetizer, 1, true)[0][..4], [0xb0, 0x80, 0xff, 0xff]);
        assert_eq!(packets(&mut packetizer, 1, false)[0][..4], [0x90, 0x80, 0x80, 0x00], "15 bits, wrapped");
    }
}
