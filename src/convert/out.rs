//! From what VP8 carries (I420, BT.601, limited range) to the format that a sink asks for.

use super::{copy_rows, refused};
use crate::error::Result;
use crate::frame::{Format, FrameView};
use yuv::{YuvPlanarImage, YuvRange, YuvStandardMatrix};

/// Writes `from`, an I420 picture that was checked, as `format` into planes without padding. RGB is
/// full range.
pub fn from_i420(from: &FrameView<'_>, format: Format, to: [&mut [u8]; 3]) -> Result<()> {
    let [first, second, third] = to;
    let (width, height) = (from.width as usize, from.height as usize);
    match format {
        Format::I420 => {
            copy_rows(from, 0, first, width);
            copy_rows(from, 1, second, width.div_ceil(2));
            copy_rows(from, 2, third, width.div_ceil(2));
        }
        Format::Nv12 => {
            copy_rows(from, 0, first, width);
            let chroma = from.planes[1].chunks(from.strides[1]).zip(from.planes[2].chunks(from.strides[2]));
            for ((u, v), to) in chroma.zip(second.chunks_exact_mut(width.div_ceil(2) * 2)) {
                for ((u, v), to) in u.iter().zip(v).zip(to.chunks_exact_mut(2)) {
                    (to[0], to[1]) = (*u, *v);
                }
            }
        }
        _ => {
            // The crate wants whole strides: the last rows, which end with their last pixel, go packed.
            let whole = (height - 1) & !1;
            let row = format.row_bytes(0, from.width);
            let (upper, lower) = first.split_at_mut(whole * row);
            let planes = [&from.planes[0][..whole * from.strides[0]], from.planes[1], from.planes[2]];
            to_rgb(&FrameView { height: whole as u32, planes, ..*from }, format, upper)?;
            let last = [0, 1, 2].map(|n| last_rows(from, n, whole));
            let planes = [&last[0][..], &last[1], &last[2]];
            let strides = [0, 1, 2].map(|n| Format::I420.row_bytes(n, from.width));
            let height = from.height - whole as u32;
            to_rgb(&FrameView { height, strides, planes, ..*from }, format, lower)?;
        }
    }
    Ok(())
}

/// Writes `from`, packed RGB24 or RGBA without padding, as another packed `format`, likewise.
pub fn swap(from: &FrameView<'_>, format: Format, to: &mut [u8]) -> Result<()> {
    let convert = match (from.format, format) {
        (Format::Rgba, Format::Bgra) => yuv::rgba_to_bgra,
        (Format::Rgba, Format::Bgr24) => yuv::rgba_to_bgr,
        (Format::Rgba, _) => yuv::rgba_to_rgb,
        (_, Format::Bgra) => yuv::rgb_to_bgra,
        (_, Format::Bgr24) => yuv::rgb_to_bgr,
        _ => yuv::rgb_to_rgba,
    };
    let strides = [from.format, format].map(|format| format.row_bytes(0, from.width) as u32);
    convert(from.planes[0], strides[0], to, strides[1], from.width, from.height).map_err(refused)
}

/// The rows of a plane from row `first` of the picture on, packed.
fn last_rows(from: &FrameView<'_>, plane: usize, first: usize) -> Vec<u8> {
    let (first, stride) = (Format::I420.rows(plane, first as u32), from.strides[plane]);
    let row = Format::I420.row_bytes(plane, from.width);
    let rows = from.planes[plane][first * stride..].chunks(stride);
    rows.take(Format::I420.rows(plane, from.height) - first)
        .flat_map(|pixels| &pixels[..row])
        .copied()
        .collect()
}

/// Planes of whole strides to packed pixels.
fn to_rgb(from: &FrameView<'_>, format: Format, to: &mut [u8]) -> Result<()> {
    if from.height == 0 {
        return Ok(());
    }
    let strides = from.strides.map(|stride| stride as u32);
    let chroma = from.height.div_ceil(2) as usize;
    let image = YuvPlanarImage {
        y_plane: from.planes[0],
        y_stride: strides[0],
        u_plane: &from.planes[1][..chroma * from.strides[1]],
        u_stride: strides[1],
        v_plane: &from.planes[2][..chroma * from.strides[2]],
        v_stride: strides[2],
        width: from.width,
        height: from.height,
    };
    let convert = match format {
        Format::Rgb24 => yuv::yuv420_to_rgb,
        Format::Bgr24 => yuv::yuv420_to_bgr,
        Format::Bgra => yuv::yuv420_to_bgra,
        _ => yuv::yuv420_to_rgba,
    };
    let stride = format.row_bytes(0, from.width) as u32;
    convert(&image, to, stride, YuvRange::Limited, YuvStandardMatrix::Bt601).map_err(refused)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::convert::{Converter, I420};
    use crate::pool::Pool;

    const FORMATS: [Format; 6] =
        [Format::I420, Format::Nv12, Format::Rgb24, Format::Bgr24, Format::Rgba, Format::Bgra];

    /// Colours in blocks that chroma can carry, each side with its own.
    fn picture(width: u32, height: u32, stride: usize) -> [Vec<u8>; 3] {
        let plane = |n: usize| {
            let (rows, columns) = (Format::I420.rows(n, height), Format::I420.row_bytes(n, width));
            let mut bytes = vec![0xee; stride * (rows - 1) + columns];
            for (row, line) in bytes.chunks_mut(stride).enumerate() {
                for (column, byte) in line.iter_mut().take(columns).enumerate() {
                    let (row, column) = if n == 0 { (row / 2, column / 2) } else { (row, column) };
                    // Inside the cube of RGB: nothing is clipped on the way.
                    *byte = (110 + row * 9 % 20 + column * 7 % 15) as u8;
                }
            }
            bytes
        };
        [0, 1, 2].map(plane)
    }

    #[test]
    fn every_format_at_odd_and_even_sizes_comes_back_as_the_picture_it_was() {
        for (width, height) in [(1, 1), (2, 2), (3, 5), (6, 4), (17, 9), (64, 33)] {
            let stride = width as usize + 11;
            let planes = picture(width, height, stride);
            let from = FrameView {
                format: Format::I420,
                width,
                height,
                strides: [stride; 3],
                planes: [0, 1, 2].map(|n| &planes[n][..]),
            };
            from.check().expect("a good picture");
            for format in FORMATS {
                let pool = Pool::new(1);
                let out = pool.fill(format, width, height, None, |to| from_i420(&from, format, to));
                let mut back = I420::new();
                let out = out.expect("it is converted");
                Converter::new(Default::default(), None).convert(&out, &mut back).expect("a good frame");
                for (n, plane) in back.view().planes.iter().enumerate() {
                    let columns = Format::I420.row_bytes(n, width);
                    for (row, (line, was)) in plane.chunks(columns).zip(planes[n].chunks(stride)).enumerate()
                    {
                        for (column, (now, was)) in line.iter().zip(was).enumerate() {
                            let off = now.abs_diff(*was);
                            assert!(
                                off <= 3,
                                "{format:?} {width}x{height} plane {n} at {column},{row}: {was} became {now}"
                            );
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn red_is_red_where_the_format_has_it() {
        // BT.601, limited: pure red.
        let (y, u, v) = ([81; 4], [90; 1], [240; 1]);
        let from =
            FrameView { format: Format::I420, width: 2, height: 2, strides: [2, 1, 1], planes: [&y, &u, &v] };
        for (format, red) in [(Format::Rgb24, 0), (Format::Bgr24, 2), (Format::Rgba, 0), (Format::Bgra, 2)] {
            let out =
                Pool::new(1).fill(format, 2, 2, None, |to| from_i420(&from, format, to)).expect("converted");
            let pixel = &out.planes.plane(0)[..3];
            assert!(pixel[red] > 250 && pixel[1] < 5 && pixel[2 - red] < 5, "{format:?}: {pixel:?}");
        }
    }
}
