//! Any bytes as an image: what it claims is bounded, and what is read of it is all of it.

use framewire::ingest::image::{Image, MAX_SIDE};

/// More would only be slower.
const MAX_PIXELS: u32 = 1 << 12;

/// How many bytes of pixels `bytes` are; `None` if they are turned down.
pub fn run(bytes: &[u8]) -> Option<usize> {
    let image = Image::open(bytes, MAX_PIXELS).ok()?;
    assert!(image.width * image.height <= MAX_PIXELS && image.width.max(image.height) <= MAX_SIDE);
    let mut pixels = vec![0; image.format.row_bytes(0, image.width) * image.height as usize];
    image.decode(&mut pixels).ok().map(|()| pixels.len())
}
