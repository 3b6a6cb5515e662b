//! The card encoded beforehand by bare libvpx, so that what is measured is the way in alone.

use crate::common::vpx::{Encoder, Settings};
use crate::encode::card;
use crate::glass::{FPS, HEIGHT, WIDTH};
use framewire::media::EncodedFrame;
use framewire::rtp::packet::{Extensions, Fields, Header, Received};
use framewire::rtp::vp8::Vp8Packetizer;

pub const PAYLOAD_TYPE: u8 = 96;
pub const SSRC: u32 = 1;
pub const MID: &str = "0";
/// Transport-wide numbers have two bytes; those of the three of a send time are read.
pub const RECEIVED: Received = Received { mid: Some(1), transport_cc: Some(2), abs_send_time: None };
const SENT: Extensions = Extensions { mid: Some(1), abs_send_time: Some(2), playout_delay: None };

/// So many pictures of the card, `smaller` times so small; the first is a keyframe. Those that rate
/// control leaves out are not there.
pub fn stream(count: usize, smaller: usize, bitrate: u32) -> Vec<EncodedFrame> {
    let (width, height) = (WIDTH / smaller, HEIGHT / smaller);
    let mut pictures: Vec<Vec<u8>> = card().iter().map(|picture| shrink(picture, smaller)).collect();
    let settings = Settings::like_the_library(width as u32, height as u32, FPS, bitrate, 1);
    let mut encoder = Encoder::new(settings);
    let encode = |n: usize| {
        let at = n % pictures.len();
        let data = encoder.encode(&mut pictures[at], n == 0);
        EncodedFrame { keyframe: n == 0, droppable: false, data }
    };
    (0..count).map(encode).filter(|frame| !frame.data.is_empty()).collect()
}

/// Every so manieth pixel of a 720p picture.
fn shrink(i420: &[u8], smaller: usize) -> Vec<u8> {
    let (luma, chroma) = i420.split_at(WIDTH * HEIGHT);
    let planes = [luma].into_iter().chain(chroma.chunks(WIDTH * HEIGHT / 4));
    let widths = [WIDTH, WIDTH / 2, WIDTH / 2];
    let rows = planes.zip(widths).flat_map(|(plane, width)| plane.chunks(width).step_by(smaller));
    rows.flat_map(|row| row.iter().step_by(smaller)).copied().collect()
}

/// The packets of each frame, with the header extensions that browsers send.
pub fn packets(frames: &[EncodedFrame]) -> Vec<Vec<Vec<u8>>> {
    let header = Header::new(PAYLOAD_TYPE, SSRC, MID, SENT);
    let mut packetizer = Vp8Packetizer::new(0);
    let mut sequence = 0u16;
    let packets = |(n, frame): (usize, &EncodedFrame)| {
        let (data, ends) = packetizer.packetize(frame);
        let mut start = 0;
        let packet = |&end: &u32| {
            let payload = &data[std::mem::replace(&mut start, end as usize)..end as usize];
            let fields = Fields {
                marker: end as usize == data.len(),
                sequence,
                timestamp: n as u32 * (90_000 / FPS),
                send_time: u32::from(sequence) << 8,
                playout_delay: false,
            };
            sequence = sequence.wrapping_add(1);
            let mut packet = Vec::new();
            header.write(&mut packet, &fields, payload);
            packet
        };
        ends.iter().map(packet).collect()
    };
    frames.iter().enumerate().map(packets).collect()
}
