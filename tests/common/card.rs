//! A moving picture that says which it is: the strip of the demo's test card, in RGBA.
//!
//! The bottom 16 rows hold 64 blocks of 16×16 from the left, black or white, most significant bit
//! first: a 32-bit frame number, then the low 32 bits of the capture time in milliseconds.

const BLOCK: usize = 16;

/// What a strip says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strip {
    pub number: u32,
    pub millis: u32,
}

/// The narrowest picture with a whole strip.
pub const STRIP_WIDTH: usize = 64 * BLOCK;

/// Draws cards of one size into one buffer.
pub struct Card {
    pub width: usize,
    pub height: usize,
    pub rgba: Vec<u8>,
}

impl Card {
    pub fn new(width: usize, height: usize) -> Card {
        assert!(width >= STRIP_WIDTH && height > BLOCK, "the strip does not fit");
        Card { width, height, rgba: vec![255; width * height * 4] }
    }

    pub fn stride(&self) -> usize {
        self.width * 4
    }

    /// What moves, and the strip.
    pub fn draw(&mut self, strip: Strip) -> &[u8] {
        let (picture, width) = (self.height - BLOCK, self.width);
        for (y, row) in self.rgba.chunks_exact_mut(width * 4).take(picture).enumerate() {
            for (x, pixel) in row.chunks_exact_mut(4).enumerate() {
                pixel[..3].copy_from_slice(&colour(strip.number, width, x, y));
            }
        }
        let bits = u64::from(strip.number) << 32 | u64::from(strip.millis);
        for row in self.rgba.chunks_exact_mut(self.width * 4).skip(picture) {
            for (x, pixel) in row.chunks_exact_mut(4).enumerate() {
                let block = x / BLOCK;
                let white = block < 64 && bits >> (63 - block) & 1 == 1;
                pixel[..3].fill(if white { 255 } else { 0 });
            }
        }
        &self.rgba
    }
}

/// Gradients that move everywhere, and a bright bar that sweeps.
fn colour(number: u32, width: usize, x: usize, y: usize) -> [u8; 3] {
    let step = number as usize * 4;
    let lit = x.wrapping_sub(step * 2 % width) < 32;
    let [red, green] = if lit { [255; 2] } else { [(x + step) as u8 / 2, (y + step) as u8 / 2] };
    [red, green, (x / 64 * 32 + y / 64 * 16) as u8]
}

/// Reads the strip out of a luma plane: the mean of each block's middle, so that ringing at the
/// edges does not count. `None` if a block is neither clearly black nor clearly white.
pub fn read(luma: &[u8], stride: usize, width: usize, height: usize) -> Option<Strip> {
    if width < STRIP_WIDTH || height < BLOCK {
        return None;
    }
    let mut bits = 0u64;
    for block in 0..64 {
        let rows = height - BLOCK + 4..height - 4;
        let columns = block * BLOCK + 4..block * BLOCK + 12;
        let sum: usize = rows
            .flat_map(|y| &luma[y * stride + columns.start..y * stride + columns.end])
            .map(|&value| usize::from(value))
            .sum();
        bits = match sum / 64 {
            0..=80 => bits << 1,
            170.. => bits << 1 | 1,
            _ => return None,
        };
    }
    Some(Strip { number: (bits >> 32) as u32, millis: bits as u32 })
}

/// How far a luma plane is from the card of that number above its strip: the mean difference of some pixels
/// in its worst square of 16.
pub fn worst_square(number: u32, luma: &[u8], stride: usize, width: usize, height: usize) -> f64 {
    let off = |x: usize, y: usize| {
        let [r, g, b] = colour(number, width, x, y).map(f64::from);
        // BT.601, limited range.
        let wanted = 16.0 + 0.257 * r + 0.504 * g + 0.098 * b;
        (f64::from(luma[y * stride + x]) - wanted).abs()
    };
    let square = |left: usize, top: usize| {
        let pixels = (0..BLOCK).map(|n| off(left + n % 4 * 4, top + n / 4 * 4));
        pixels.sum::<f64>() / BLOCK as f64
    };
    let rows = (0..height / BLOCK - 1).map(|row| row * BLOCK);
    let worst = |top| (0..width / BLOCK).map(|column| square(column * BLOCK, top)).fold(0.0, f64::max);
    rows.map(worst).fold(0.0, f64::max)
}
