use super::*;

const RGB: [Format; 4] = [Format::Rgb24, Format::Bgr24, Format::Rgba, Format::Bgra];
const YUV: [Format; 2] = [Format::I420, Format::Nv12];
/// Below, on and above the widths that SIMD takes in one step, even and odd.
const SIZES: [(u32, u32); 9] =
    [(1, 1), (2, 2), (1, 4), (3, 5), (16, 3), (33, 2), (64, 7), (127, 9), (641, 4)];

/// White, black, red, green and blue as ITU-R BT.601 and BT.709 define them, limited range.
const COLOURS: [([u8; 3], [u8; 3], [u8; 3]); 5] = [
    ([255, 255, 255], [235, 128, 128], [235, 128, 128]),
    ([0, 0, 0], [16, 128, 128], [16, 128, 128]),
    ([255, 0, 0], [81, 90, 240], [63, 102, 240]),
    ([0, 255, 0], [145, 54, 34], [173, 42, 26]),
    ([0, 0, 255], [41, 240, 110], [32, 240, 118]),
];

/// A picture of what `colour` says of each place, with garbage between the rows but not after the last.
fn picture(format: Format, size: (u32, u32), colour: impl Fn(u32, u32) -> [u8; 3]) -> VideoFrame {
    padded(format, size, (5, 0), colour)
}

/// The same, with `pad` bytes of garbage between the rows and `tail` bytes after the last.
fn padded(
    format: Format,
    (width, height): (u32, u32),
    (pad, tail): (usize, usize),
    colour: impl Fn(u32, u32) -> [u8; 3],
) -> VideoFrame {
    let strides = [0, 1, 2].map(|n| format.row_bytes(n, width) + pad);
    let lengths = format.plane_lengths(width, height, strides).expect("a good shape");
    let mut planes = lengths.map(|length| vec![0xA5; length + tail]);
    for (y, x) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
        let [a, b, c] = colour(x, y);
        let at =
            |plane: usize, x: u32, y: u32, bytes: usize| y as usize * strides[plane] + x as usize * bytes;
        let (pixel, alpha): (&[u8], &[u8]) = match format {
            Format::Rgb24 => (&[a, b, c], &[]),
            Format::Bgr24 => (&[c, b, a], &[]),
            Format::Rgba => (&[a, b, c], &[7]),
            Format::Bgra => (&[c, b, a], &[7]),
            Format::I420 => {
                planes[1][at(1, x / 2, y / 2, 1)] = b;
                planes[2][at(2, x / 2, y / 2, 1)] = c;
                (&[a], &[])
            }
            Format::Nv12 => {
                planes[1][at(1, x / 2, y / 2, 2)..][..2].copy_from_slice(&[b, c]);
                (&[a], &[])
            }
        };
        let bytes = [pixel, alpha].concat();
        planes[0][at(0, x, y, bytes.len())..][..bytes.len()].copy_from_slice(&bytes);
    }
    VideoFrame { format, width, height, strides, planes: Box::new(planes), capture: None }
}

fn converted(matrix: Matrix, range: Option<Range>, frame: &VideoFrame) -> I420 {
    let mut to = I420::new();
    Converter::new(matrix, range).convert(frame, &mut to).expect("a good frame");
    to.view().check().expect("a good picture");
    to
}

fn assert_near(picture: &I420, wanted: [u8; 3], tolerance: u8, what: &str) {
    for (plane, wanted) in [picture.y(), picture.u(), picture.v()].into_iter().zip(wanted) {
        for &value in plane {
            assert!(value.abs_diff(wanted) <= tolerance, "{what}: {value} where {wanted} is right");
        }
    }
}

/// BT.601 limited, by the definition (ITU-R BT.601-7 section 2.5).
fn bt601([r, g, b]: [f64; 3]) -> [f64; 3] {
    let y = 0.299 * r + 0.587 * g + 0.114 * b;
    [
        16.0 + y * 219.0 / 255.0,
        128.0 + (b - y) / 1.772 * 224.0 / 255.0,
        128.0 + (r - y) / 1.402 * 224.0 / 255.0,
    ]
}

#[test]
fn rgb_becomes_the_known_values_in_every_format_and_size() {
    for (format, size) in RGB.into_iter().flat_map(|format| SIZES.map(|size| (format, size))) {
        for (rgb, wanted, _) in COLOURS {
            for matrix in [Matrix::Bt601, Matrix::Bt709] {
                let frame = picture(format, size, |_, _| rgb);
                let what = format!("{format:?} {size:?} {rgb:?}");
                assert_near(&converted(matrix, None, &frame), wanted, 1, &what);
            }
        }
    }
}

#[test]
fn limited_rgb_is_stretched() {
    for (format, size) in RGB.into_iter().flat_map(|format| SIZES.map(|size| (format, size))) {
        for (rgb, wanted, _) in COLOURS {
            let frame = picture(format, size, |_, _| rgb.map(|v| if v == 255 { 235 } else { 16 }));
            let what = format!("{format:?} {size:?} {rgb:?}");
            assert_near(&converted(Matrix::Bt601, Some(Range::Limited), &frame), wanted, 1, &what);
        }
    }
}

#[test]
fn yuv_of_another_matrix_or_range_becomes_vp8s() {
    let full = |[y, u, v]: [u8; 3]| {
        let stretch = |v: u8, zero: f64, span: f64| ((f64::from(v) - zero) * 255.0 / span).round();
        let chroma = |v| (128.0 + stretch(v, 128.0, 224.0)).clamp(0.0, 255.0) as u8;
        [stretch(y, 16.0, 219.0) as u8, chroma(u), chroma(v)]
    };
    for (format, size) in YUV.into_iter().flat_map(|format| SIZES.map(|size| (format, size))) {
        for (rgb, bt601, bt709) in COLOURS {
            for (matrix, range, pushed) in [
                (Matrix::Bt601, Some(Range::Full), full(bt601)),
                (Matrix::Bt709, None, bt709),
                (Matrix::Bt709, Some(Range::Limited), bt709),
                (Matrix::Bt709, Some(Range::Full), full(bt709)),
            ] {
                let frame = picture(format, size, |_, _| pushed);
                let what = format!("{format:?} {matrix:?} {range:?} {size:?} {rgb:?}");
                assert_near(&converted(matrix, range, &frame), bt601, 2, &what);
            }
        }
    }
}

#[test]
fn vp8s_own_yuv_is_not_touched() {
    let value =
        |x: u32, y: u32| [(x * 7 + y * 31) as u8, (x / 2 * 5 + y / 2 * 3) as u8, (x / 2 + y / 2 * 9) as u8];
    for (format, size) in YUV.into_iter().flat_map(|format| SIZES.map(|size| (format, size))) {
        let picture = converted(Matrix::Bt601, None, &picture(format, size, value));
        for (y, x) in (0..size.1).flat_map(|y| (0..size.0).map(move |x| (y, x))) {
            let chroma = (y / 2 * size.0.div_ceil(2) + x / 2) as usize;
            let found = [picture.y()[(y * size.0 + x) as usize], picture.u()[chroma], picture.v()[chroma]];
            assert_eq!(found, value(x, y), "{format:?} {size:?} ({x},{y})");
        }
    }
}

#[test]
fn every_pixel_and_every_block_of_four_is_where_it_belongs() {
    let rgb = |x: u32, y: u32| [(x * 37 + y * 11) as u8, (x * 5 + y * 71) as u8, (x * x + y * 13) as u8];
    for (format, size) in RGB.into_iter().flat_map(|format| SIZES.map(|size| (format, size))) {
        let picture = converted(Matrix::Bt601, None, &picture(format, size, rgb));
        let (width, height) = size;
        for (y, x) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
            let wanted = bt601(rgb(x, y).map(f64::from))[0];
            let found = f64::from(picture.y()[(y * width + x) as usize]);
            assert!((found - wanted).abs() <= 1.5, "{format:?} {size:?} ({x},{y}): {found}, not {wanted:.1}");
        }
        for (y, x) in (0..height.div_ceil(2)).flat_map(|y| (0..width.div_ceil(2)).map(move |x| (y, x))) {
            let corners = [(0, 0), (1, 0), (0, 1), (1, 1)]
                .map(|(dx, dy)| rgb((2 * x + dx).min(width - 1), (2 * y + dy).min(height - 1)));
            let mean = [0, 1, 2].map(|c| corners.iter().map(|rgb| f64::from(rgb[c])).sum::<f64>() / 4.0);
            let at = (y * width.div_ceil(2) + x) as usize;
            for (found, wanted) in [picture.u()[at], picture.v()[at]].into_iter().zip(&bt601(mean)[1..]) {
                let off = (f64::from(found) - wanted).abs();
                assert!(off <= 1.5, "{format:?} {size:?} block ({x},{y}): {found}, not {wanted:.1}");
            }
        }
    }
}

#[test]
fn what_lies_around_the_pixels_changes_nothing() {
    let colour = |x: u32, y: u32| [(x * 37 + y * 11) as u8, (x / 2 * 5) as u8, (y / 2 * 7) as u8];
    for (format, size) in RGB.into_iter().chain(YUV).flat_map(|format| SIZES.map(|size| (format, size))) {
        for matrix in [Matrix::Bt601, Matrix::Bt709] {
            for range in [None, Some(Range::Limited), Some(Range::Full)] {
                let tight = converted(matrix, range, &padded(format, size, (0, 0), colour));
                for around in [(0, 9), (3, 0), (3, 3), (64, 1000), (1000, 64), (1, 100_000)] {
                    let other = converted(matrix, range, &padded(format, size, around, colour));
                    let planes = [tight.y() == other.y(), tight.u() == other.u(), tight.v() == other.v()];
                    assert_eq!(planes, [true; 3], "{format:?} {size:?} {matrix:?} {range:?} {around:?}");
                }
            }
        }
    }
}

#[test]
fn a_smooth_picture_comes_back_from_the_round_trip() {
    let rgb = |x: u32, y: u32| [(40 + x) as u8, (60 + 2 * y) as u8, (200 - x) as u8];
    let size = (121, 63);
    let there = converted(Matrix::Bt601, None, &picture(Format::Rgb24, size, rgb));
    for (y, x) in (0..size.1).flat_map(|y| (0..size.0).map(move |x| (y, x))) {
        let chroma = (y / 2 * size.0.div_ceil(2) + x / 2) as usize;
        let luma = (f64::from(there.y()[(y * size.0 + x) as usize]) - 16.0) * 255.0 / 219.0;
        let [u, v] = [there.u(), there.v()].map(|plane| (f64::from(plane[chroma]) - 128.0) * 255.0 / 224.0);
        let (r, b) = (luma + 1.402 * v, luma + 1.772 * u);
        let g = (luma - 0.299 * r - 0.114 * b) / 0.587;
        for (found, wanted) in [r, g, b].into_iter().zip(rgb(x, y)) {
            assert!((found - f64::from(wanted)).abs() <= 4.0, "({x},{y}): {found:.1}, not {wanted}");
        }
    }
}

#[test]
fn one_buffer_serves_pictures_of_changing_size() {
    let mut converter = Converter::new(Matrix::Bt709, None);
    let mut to = I420::new();
    for size in [(64, 48), (3, 3), (128, 2), (1, 1)] {
        for (format, colour) in [(Format::I420, COLOURS[2].2), (Format::Rgba, COLOURS[2].0)] {
            converter.convert(&picture(format, size, |_, _| colour), &mut to).expect("a good frame");
            assert_eq!((to.width(), to.height()), size);
            assert_near(&to, COLOURS[2].1, 2, "red");
        }
    }
}

#[test]
fn a_frame_that_is_wrong_is_an_error() {
    let mut frame = picture(Format::Rgba, (6, 4), |_, _| [0; 3]);
    frame.width = 60;
    let error = Converter::new(Matrix::Bt601, None).convert(&frame, &mut I420::new());
    assert_eq!(error.expect_err("too narrow").sentence(), "frame.stride[0] is 29 but width 60 needs 240");
}
