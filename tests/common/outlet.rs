//! An outlet that hands a source's frames to the test, and pictures to push.

use framewire::fanout::Outlet;
use framewire::frame::{Format, FrameView, VideoFrame};
use framewire::id::Id;
use framewire::media::{Kind, MediaFrame};
use framewire::pool::Pool;
use framewire::source::Source;
use framewire::time::Time;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// Longer than anything here takes on a loaded machine.
pub const PATIENCE: Duration = Duration::from_secs(20);

struct Tap {
    id: Id,
    kind: Kind,
    room: bool,
    frames: Sender<Arc<MediaFrame>>,
}

impl Outlet for Tap {
    fn deliver(&self, frame: &Arc<MediaFrame>, _: Time) -> bool {
        if frame.kind == self.kind && self.room {
            _ = self.frames.send(frame.clone());
        }
        self.room
    }

    fn id(&self) -> Id {
        self.id
    }
}

/// The frames of one kind as they leave a source.
pub struct Frames(Receiver<Arc<MediaFrame>>);

/// Taps `source`.
pub fn tap(source: &Source, kind: Kind) -> Frames {
    join(source, kind, true)
}

/// Joins an outlet that never has room.
#[allow(dead_code, reason = "not every test file needs it")]
pub fn full(source: &Source, kind: Kind) -> Frames {
    join(source, kind, false)
}

fn join(source: &Source, kind: Kind, room: bool) -> Frames {
    let (frames, receiver) = channel();
    let outlet: Arc<dyn Outlet> = Arc::new(Tap { id: Id::fresh(), kind, room, frames });
    source.fanout().join(&outlet, true);
    Frames(receiver)
}

impl Frames {
    pub fn next(&self) -> Arc<MediaFrame> {
        self.0.recv_timeout(PATIENCE).expect("a frame comes out")
    }

    #[allow(dead_code, reason = "not every test file needs it")]
    pub fn none_within(&self, time: Duration) -> bool {
        matches!(self.0.recv_timeout(time), Err(RecvTimeoutError::Timeout))
    }

    #[allow(dead_code, reason = "not every test file needs it")]
    pub fn waiting(&self) -> Vec<Arc<MediaFrame>> {
        self.0.try_iter().collect()
    }
}

/// The bitstream of a frame: its payloads without their descriptors (RFC 7741 section 4.2).
#[allow(dead_code, reason = "not every test file needs it")]
pub fn bitstream(frame: &MediaFrame) -> Vec<u8> {
    let mut data = Vec::new();
    for payload in frame.payloads() {
        let mut length = 1;
        if payload[0] & 0x80 != 0 {
            let extension = payload[1];
            length += 1;
            if extension & 0x80 != 0 {
                length += if payload[2] & 0x80 != 0 { 2 } else { 1 };
            }
            length += usize::from(extension & 0x40 != 0) + usize::from(extension & 0x30 != 0);
        }
        data.extend_from_slice(&payload[length..]);
    }
    data
}

/// An RGB picture with the brightness that `shade` gives each place.
#[allow(dead_code, reason = "not every test file needs it")]
pub fn picture(width: u32, height: u32, capture: Option<u64>, shade: impl Fn(u32, u32) -> u8) -> VideoFrame {
    let pixels: Vec<u8> = (0..height)
        .flat_map(|y| (0..width).map(move |x| (x, y)))
        .flat_map(|(x, y)| [shade(x, y); 3])
        .collect();
    rgb(width, height, capture, &pixels)
}

fn rgb(width: u32, height: u32, capture: Option<u64>, pixels: &[u8]) -> VideoFrame {
    let view = FrameView {
        format: Format::Rgb24,
        width,
        height,
        strides: [width as usize * 3, 0, 0],
        planes: [pixels, &[], &[]],
    };
    Pool::new(1).copy(&view, capture.map(Time)).expect("a valid picture")
}

/// A plain one.
#[allow(dead_code, reason = "not every test file needs it")]
pub fn plain(width: u32, height: u32, shade: u8) -> VideoFrame {
    rgb(width, height, None, &vec![shade; width as usize * height as usize * 3])
}

/// One that no encoder likes: different noise for each `seed`.
#[allow(dead_code, reason = "not every test file needs it")]
pub fn noise(width: u32, height: u32, capture: Option<u64>, seed: u32) -> VideoFrame {
    picture(width, height, capture, |x, y| {
        let n = x.wrapping_mul(0x9E37_79B1) ^ y.wrapping_mul(0x85EB_CA77) ^ seed.wrapping_mul(0xC2B2_AE3D);
        let n = (n ^ (n >> 15)).wrapping_mul(0x2C1B_3C6D);
        (n >> 24) as u8
    })
}
