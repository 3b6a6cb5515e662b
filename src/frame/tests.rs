use super::*;

fn lengths(format: Format, width: u32, height: u32, strides: [usize; 3]) -> Result<[usize; 3]> {
    format.plane_lengths(width, height, strides)
}

fn sentence(result: Result<impl Debug>) -> String {
    result.expect_err("must be refused").sentence().to_owned()
}

#[test]
fn every_format_has_its_shape_even_and_odd() {
    use Format::*;
    let shape = |format: Format, width, height| -> Vec<(usize, usize)> {
        (0..3).map(|n| (format.row_bytes(n, width), format.rows(n, height))).collect()
    };
    assert_eq!(shape(I420, 4, 2), [(4, 2), (2, 1), (2, 1)]);
    assert_eq!(shape(I420, 5, 3), [(5, 3), (3, 2), (3, 2)]);
    assert_eq!(shape(Nv12, 5, 3), [(5, 3), (6, 2), (0, 0)]);
    for (format, row) in [(Rgb24, 15), (Bgr24, 15), (Rgba, 20), (Bgra, 20)] {
        assert_eq!(shape(format, 5, 3), [(row, 3), (0, 0), (0, 0)]);
    }
}

#[test]
fn the_last_row_needs_no_padding() {
    assert_eq!(lengths(Format::Rgba, 2, 3, [100, 0, 0]).expect("fits"), [208, 0, 0]);
    assert_eq!(lengths(Format::I420, 3, 3, [8, 4, 2]).expect("fits"), [19, 6, 4]);
    assert_eq!(lengths(Format::Nv12, 1, 1, [1, 2, 0]).expect("fits"), [1, 2, 0]);
}

#[test]
fn a_refusal_names_the_argument_and_the_rule() {
    let strides = [600, 320, 320];
    assert_eq!(
        sentence(lengths(Format::I420, 640, 480, strides)),
        "frame.stride[0] is 600 but width 640 needs 640"
    );
    assert_eq!(
        sentence(lengths(Format::Nv12, 641, 2, [641, 641, 0])),
        "frame.stride[1] is 641 but width 641 needs 642"
    );
    assert_eq!(
        sentence(lengths(Format::Rgb24, 2, 2, [usize::MAX, 0, 0])),
        "frame.stride[0] is 18446744073709551615 but may be 2147483647 at most"
    );
    for (width, height, name, side) in [(0, 2, "width", 0), (2, 16_384, "height", 16_384)] {
        assert_eq!(
            sentence(lengths(Format::Rgba, width, height, [8; 3])),
            format!("frame.{name} is {side} but must be 1 to 16383")
        );
    }
    let short = FrameView {
        format: Format::Rgba,
        width: 2,
        height: 2,
        strides: [8, 0, 0],
        planes: [&[0; 15], &[], &[]],
    };
    assert_eq!(sentence(short.check()), "frame.planes[0] has 15 bytes but Rgba of 2x2 needs 16");
}
