//! Encoding 720p30 of the card from RGBA, beside bare libvpx over the same pictures in I420.

use crate::common::vpx::{Encoder, Settings};
use crate::cpu;
use crate::glass::{BITRATE, Camera, FPS, HEIGHT, WIDTH, options, pace};
use crate::table::{Row, row};
use framewire::source::Source;
use std::thread;
use std::time::{Duration, Instant};
use yuv::{YuvChromaSubsampling, YuvConversionMode, YuvPlanarImageMut, YuvRange, YuvStandardMatrix};

const SPAN: Duration = Duration::from_secs(10);

/// libvpx over the card, already I420.
pub struct Bare {
    encoder: Encoder,
    pictures: Vec<Vec<u8>>,
    number: usize,
}

impl Bare {
    pub fn new() -> Bare {
        let pictures = card();
        let cores = thread::available_parallelism().map_or(1, |n| n.get()) as u32;
        let settings = Settings::like_the_library(WIDTH as u32, HEIGHT as u32, FPS, BITRATE, cores);
        Bare { encoder: Encoder::new(settings), pictures, number: 0 }
    }

    /// Encodes one picture; how long it took.
    pub fn step(&mut self) -> Duration {
        let at = self.number % self.pictures.len();
        let begun = Instant::now();
        self.encoder.encode(&mut self.pictures[at], self.number == 0);
        self.number += 1;
        begun.elapsed()
    }
}

/// The pictures of the card.
pub fn card() -> Vec<Vec<u8>> {
    Camera::new().pictures.iter().map(|rgba| i420(rgba)).collect()
}

fn i420(rgba: &[u8]) -> Vec<u8> {
    let mut image = YuvPlanarImageMut::<u8>::alloc(WIDTH as u32, HEIGHT as u32, YuvChromaSubsampling::Yuv420);
    let (range, matrix) = (YuvRange::Limited, YuvStandardMatrix::Bt601);
    let mode = YuvConversionMode::Balanced;
    yuv::rgba_to_yuv420(&mut image, rgba, WIDTH as u32 * 4, range, matrix, mode).expect("it fits");
    [image.y_plane.borrow(), image.u_plane.borrow(), image.v_plane.borrow()].concat()
}

pub fn encode() -> Vec<Row> {
    let mut camera = Camera::new();
    let source = Source::new(options()).expect("a source");
    // The encoder's threads: all but the one that pushes, and those of libdatachannel.
    let main = std::fs::read_to_string("/proc/thread-self/comm").expect("procfs");
    let used = || cpu::seconds(|name| name == main.trim());
    let before = used();
    camera.run(&source, SPAN, |_, _| {});
    let ours = used() - before;
    let frames = source.stats().video_encoded + source.stats().video_rate_dropped;
    source.close();

    let mut bare = Bare::new();
    let mut count = 0;
    let before = cpu::seconds(|_| false);
    pace(SPAN, || {
        bare.step();
        count += 1;
    });
    let alone = cpu::seconds(|_| false) - before;
    let second = f64::from(FPS);
    let ours = ours / frames as f64 * second;
    let alone = alone / f64::from(count) * second;
    vec![row("4 encode 720p30 from RGBA (bare: libvpx from I420)", ours, "CPU s/s", "≤ 1.1×").beside(alone)]
}
