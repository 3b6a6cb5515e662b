//! A publisher: encodes, answers what it is asked, and knows how each frame decodes.

use framewire::convert::{Converter, I420};
use framewire::decode::vp8::{Picture, Vp8Decoder};
use framewire::encode::vp8::Vp8Encoder;
use framewire::encode::{VideoEncoder, VideoSettings};
use framewire::frame::{Format, Matrix, VideoFrame};
use framewire::rtp::packet::{Extensions, Fields, Header};
use framewire::rtp::vp8::Vp8Packetizer;
use framewire::time::Time;
use rtcp_types::{Compound, Fir, Nack, Packet, Pli};
use std::collections::{BTreeMap, HashMap};

pub const VIDEO: u32 = 0x1111_1111;
pub const RTX: u32 = 0x2222_2222;
pub const AUDIO: u32 = 0x3333_3333;
const WIDTH: u32 = 160;
const HEIGHT: u32 = 112;
/// As far as a sender remembers.
const HISTORY: usize = 1_000;

/// A digest of a decoded picture whose sides are multiples of sixteen.
pub fn digest(picture: &Picture<'_>) -> u64 {
    let mut digest = 0u64;
    for (n, plane) in picture.planes.iter().enumerate() {
        let half = |side: u32| if n == 0 { side } else { side.div_ceil(2) } as usize;
        for row in plane.chunks(picture.strides[n]).take(half(picture.height)) {
            for word in row[..half(picture.width)].chunks_exact(8) {
                let word = u64::from_ne_bytes(*word.first_chunk().expect("eight bytes"));
                digest = (digest.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            }
        }
    }
    digest
}

pub struct Camera {
    encoder: Vp8Encoder,
    decoder: Vp8Decoder,
    packetizer: Vp8Packetizer,
    pictures: Vec<I420>,
    header: Header,
    rtx: Option<Header>,
    sequence: u16,
    rtx_sequence: u16,
    history: BTreeMap<u64, (u16, Vec<u8>)>,
    wanted: bool,
    frames: usize,
    packets: u64,
    /// By timestamp, how each frame decodes where nothing is lost.
    pub decoded: HashMap<u32, u64>,
}

impl Camera {
    pub fn new(rtx: bool) -> Camera {
        let settings = VideoSettings { width: WIDTH, height: HEIGHT, fps: 30.0, bitrate: 1_200_000 };
        let header = |payload_type, ssrc| Header::new(payload_type, ssrc, "v", Extensions::default());
        Camera {
            encoder: Vp8Encoder::new(&settings, 1).expect("libvpx has memory"),
            decoder: Vp8Decoder::new().expect("libvpx has memory"),
            packetizer: Vp8Packetizer::new(0x7ff0),
            pictures: (0..32).map(picture).collect(),
            header: header(96, VIDEO),
            rtx: rtx.then(|| header(97, RTX)),
            sequence: 65_500,
            rtx_sequence: 65_500,
            history: BTreeMap::new(),
            wanted: true,
            frames: 0,
            packets: 0,
            decoded: HashMap::new(),
        }
    }

    /// The packets of the next picture; none if rate control left it out.
    pub fn shoot(&mut self, now: Time) -> Vec<Vec<u8>> {
        let picture = &self.pictures[self.frames % self.pictures.len()];
        self.frames += 1;
        let keyframe = std::mem::take(&mut self.wanted);
        let Some(frame) = self.encoder.encode(picture, now, keyframe).expect("it encodes") else {
            return Vec::new();
        };
        let timestamp = now.rtp(90_000).wrapping_sub(90_000 * 5);
        let decoded = self.decoder.decode(&frame.data).expect("it decodes").expect("it is shown");
        self.decoded.insert(timestamp, digest(&decoded));
        let (data, ends) = self.packetizer.packetize(&frame);
        let mut start = 0;
        let pieces: Vec<&[u8]> = ends
            .iter()
            .map(|&end| &data[std::mem::replace(&mut start, end as usize)..end as usize])
            .collect();
        let last = pieces.len() - 1;
        pieces.iter().enumerate().map(|(n, piece)| self.packet(timestamp, n == last, piece)).collect()
    }

    /// What a receiver says; the packets that it gets for that.
    pub fn hear(&mut self, rtcp: &[u8]) -> Vec<Vec<u8>> {
        let mut again = Vec::new();
        for part in Compound::parse(rtcp).expect("compound") {
            match part.expect("whole") {
                Packet::TransportFeedback(feedback) if feedback.media_ssrc() == VIDEO => {
                    let Ok(list) = feedback.parse_fci::<Nack<'_>>() else { continue };
                    again.extend(list.entries().filter_map(|lost| self.again(lost)));
                }
                Packet::PayloadFeedback(feedback) => {
                    self.wanted |= feedback.media_ssrc() == VIDEO && feedback.parse_fci::<Pli<'_>>().is_ok();
                    assert!(feedback.parse_fci::<Fir<'_>>().is_err(), "PLI was negotiated");
                }
                _ => {}
            }
        }
        again
    }

    fn packet(&mut self, timestamp: u32, marker: bool, payload: &[u8]) -> Vec<u8> {
        let (sequence, mut bytes) = (self.sequence, Vec::new());
        let fields = Fields { marker, sequence, timestamp, send_time: 0, playout_delay: false };
        self.header.write(&mut bytes, &fields, payload);
        self.history.insert(self.packets, (sequence, bytes.clone()));
        if self.history.len() > HISTORY {
            self.history.pop_first();
        }
        self.packets += 1;
        self.sequence = sequence.wrapping_add(1);
        bytes
    }

    /// RFC 4588 section 4, or the same packet again.
    fn again(&mut self, lost: u16) -> Option<Vec<u8>> {
        let (_, (_, bytes)) = self.history.iter().rev().find(|(_, (sequence, _))| *sequence == lost)?;
        let Some(rtx) = &self.rtx else { return Some(bytes.clone()) };
        let (sequence, mut packet) = (self.rtx_sequence, Vec::new());
        self.rtx_sequence = sequence.wrapping_add(1);
        let timestamp = u32::from_be_bytes(*bytes[4..].first_chunk()?);
        let fields =
            Fields { marker: bytes[1] & 0x80 != 0, sequence, timestamp, send_time: 0, playout_delay: false };
        rtx.write(&mut packet, &fields, &[&lost.to_be_bytes(), &bytes[12..]].concat());
        Some(packet)
    }
}

/// Something that moves and that no encoder makes small.
fn picture(n: u32) -> I420 {
    let noise = |x: u32, y: u32| {
        let hash = (x + n * 3).wrapping_mul(0x9e37_79b1) ^ (y + n).wrapping_mul(0x85eb_ca77);
        (hash.wrapping_mul(0x2c1b_3c6d) >> 24) as u8
    };
    let plane = |width: u32, height: u32| -> Vec<u8> {
        (0..height).flat_map(|y| (0..width).map(move |x| noise(x / 4, y / 4))).collect()
    };
    let (width, height) = (WIDTH as usize, HEIGHT);
    let planes = [plane(WIDTH, height), plane(WIDTH / 2, height / 2), plane(WIDTH / 2, height / 2)];
    let frame = VideoFrame {
        format: Format::I420,
        width: WIDTH,
        height,
        strides: [width, width / 2, width / 2],
        planes: Box::new(planes),
        capture: None,
    };
    let mut into = I420::new();
    Converter::new(Matrix::Bt601, None).convert(&frame, &mut into).expect("a valid picture");
    into
}
