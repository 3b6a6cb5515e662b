//! Turning pictures that do not stand upright.

use crate::error::{Error, Result};
use crate::frame::{Format, FrameView, VideoFrame};
use crate::pool::Pool;
use std::sync::Arc;

/// Degrees, clockwise, by which a picture is turned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum Turn {
    /// Not at all.
    #[default]
    None = 0,
    /// A quarter: what was left is up.
    Quarter = 90,
    /// Upside down.
    Half = 180,
    /// Three quarters: what was right is up.
    ThreeQuarters = 270,
}

impl Turn {
    /// By so many degrees.
    ///
    /// # Errors
    /// `InvalidArgument`: not 0, 90, 180 or 270.
    pub fn by(degrees: u32) -> Result<Turn> {
        match degrees {
            0 => Ok(Turn::None),
            90 => Ok(Turn::Quarter),
            180 => Ok(Turn::Half),
            270 => Ok(Turn::ThreeQuarters),
            _ => Err(Error::argument(format!("rotation is {degrees} but must be 0, 90, 180 or 270"))),
        }
    }

    /// How many degrees.
    pub fn degrees(self) -> u32 {
        self as u32
    }

    /// The size that a picture of that size has afterwards.
    pub fn size(self, width: u32, height: u32) -> (u32, u32) {
        match self {
            Turn::None | Turn::Half => (width, height),
            Turn::Quarter | Turn::ThreeQuarters => (height, width),
        }
    }

    /// The picture, turned.
    ///
    /// # Errors
    /// What [`FrameView::check`] says, or `Limit`: there is no memory.
    pub fn apply(self, frame: &VideoFrame, pool: &Arc<Pool>) -> Result<VideoFrame> {
        let from = frame.view();
        from.check()?;
        let (width, height) = self.size(from.width, from.height);
        pool.fill(from.format, width, height, frame.capture, |to| {
            for (n, to) in to.into_iter().enumerate().take(from.format.planes()) {
                self.plane(&from, n, to);
            }
            Ok(())
        })
    }

    fn plane(self, from: &FrameView<'_>, n: usize, to: &mut [u8]) {
        let pixel = pixel_bytes(from.format, n);
        let (columns, rows) =
            (from.format.row_bytes(n, from.width) / pixel, from.format.rows(n, from.height));
        let (plane, stride) = (from.planes[n], from.strides[n]);
        let (wide, _) = self.size(columns as u32, rows as u32);
        for (row, line) in to.chunks_exact_mut(wide as usize * pixel).enumerate() {
            for (column, to) in line.chunks_exact_mut(pixel).enumerate() {
                let (x, y) = match self {
                    Turn::None => (column, row),
                    Turn::Quarter => (row, rows - 1 - column),
                    Turn::Half => (columns - 1 - column, rows - 1 - row),
                    Turn::ThreeQuarters => (columns - 1 - row, column),
                };
                let at = y * stride + x * pixel;
                to.copy_from_slice(&plane[at..at + pixel]);
            }
        }
    }
}

fn pixel_bytes(format: Format, plane: usize) -> usize {
    match (format, plane) {
        (Format::I420, _) | (Format::Nv12, 0) => 1,
        (Format::Nv12, _) => 2,
        (Format::Rgb24 | Format::Bgr24, _) => 3,
        (Format::Rgba | Format::Bgra, _) => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORMATS: [Format; 6] =
        [Format::I420, Format::Nv12, Format::Rgb24, Format::Bgr24, Format::Rgba, Format::Bgra];

    /// Every byte another than its neighbours, rows with padding.
    fn picture(format: Format, width: u32, height: u32) -> VideoFrame {
        let strides = [0, 1, 2].map(|n| format.row_bytes(n, width) + 3);
        let planes = [0, 1, 2].map(|n| {
            let bytes = 0..strides[n] * format.rows(n, height);
            bytes.map(|byte| (byte * 7 + n) as u8).collect::<Vec<u8>>()
        });
        VideoFrame { format, width, height, strides, planes: Box::new(planes), capture: None }
    }

    fn pixels(frame: &VideoFrame) -> Vec<Vec<u8>> {
        let packed = Pool::new(0).copy(&frame.view(), None).expect("a good frame");
        (0..3).map(|n| packed.planes.plane(n).to_vec()).collect()
    }

    #[test]
    fn four_quarters_are_none_and_two_are_a_half_at_every_size_in_every_format() {
        let pool = Pool::new(2);
        for format in FORMATS {
            for (width, height) in [(1, 1), (2, 3), (7, 4), (16, 9)] {
                let from = picture(format, width, height);
                let quarter = |frame: &VideoFrame| Turn::Quarter.apply(frame, &pool).expect("a good frame");
                let twice = quarter(&quarter(&from));
                let half = Turn::Half.apply(&from, &pool).expect("a good frame");
                assert_eq!(pixels(&twice), pixels(&half), "{format:?} {width}x{height}");
                let thrice = Turn::ThreeQuarters.apply(&from, &pool).expect("a good frame");
                assert_eq!((thrice.width, thrice.height), (height, width));
                assert_eq!(pixels(&quarter(&twice)), pixels(&thrice));
                assert_eq!(pixels(&quarter(&thrice)), pixels(&from));
            }
        }
    }

    #[test]
    fn a_quarter_brings_what_was_left_up() {
        let data = [vec![1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5, 6, 6, 6], vec![], vec![]];
        let from = VideoFrame {
            format: Format::Rgb24,
            width: 3,
            height: 2,
            strides: [9, 0, 0],
            planes: Box::new(data),
            capture: None,
        };
        let turned = Turn::Quarter.apply(&from, &Pool::new(0)).expect("a good frame");
        let reds: Vec<u8> = turned.planes.plane(0).iter().step_by(3).copied().collect();
        assert_eq!(reds, [4, 1, 5, 2, 6, 3], "1 2 3 above 4 5 6, turned clockwise");
        assert!(Turn::by(45).is_err());
    }
}
