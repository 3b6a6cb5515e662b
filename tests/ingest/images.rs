//! What browsers make of a canvas, what else there is, and what claims to be an image.

use super::{JPEG, PNG, WEBP, plain};
use framewire::error::Status;
use framewire::frame::Format;
use framewire::ingest::image::{Image, MAX_PIXELS};

/// Chromium's, of a canvas without alpha.
const OPAQUE: &[u8] = include_bytes!("../data/images/opaque.webp");
/// Chromium's, of quality 1.
const LOSSLESS: &[u8] = include_bytes!("../data/images/lossless.webp");

/// Four quarters: red, green, blue and grey.
const COLOURS: [[u8; 3]; 4] = [[200, 30, 30], [30, 200, 30], [30, 30, 200], [200, 200, 200]];

fn decode(bytes: &[u8]) -> framewire::error::Result<(u32, u32, Format, Vec<u8>)> {
    let image = Image::open(bytes, MAX_PIXELS)?;
    let (width, height, format) = (image.width, image.height, image.format);
    let mut pixels = vec![0; format.row_bytes(0, width) * height as usize];
    image.decode(&mut pixels)?;
    Ok((width, height, format, pixels))
}

fn refused(bytes: &[u8]) -> (Status, String) {
    let error = decode(bytes).expect_err("it is no image");
    (error.status(), error.sentence().to_owned())
}

/// A PNG of these pixels.
fn png(width: u32, height: u32, color: png::ColorType, depth: png::BitDepth, data: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(color);
    encoder.set_depth(depth);
    if color == png::ColorType::Indexed {
        encoder.set_palette(vec![9, 8, 7, 1, 2, 3]);
    }
    let mut writer = encoder.write_header().expect("a header");
    writer.write_image_data(data).expect("as many pixels");
    drop(writer);
    bytes
}

/// A chunk of a PNG, with its checksum.
fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut crc = flate2::Crc::new();
    crc.update(kind);
    crc.update(data);
    let length = (data.len() as u32).to_be_bytes();
    [&length[..], kind, data, &crc.sum().to_be_bytes()].concat()
}

/// A PNG of nothing but black that claims that size, in as few bytes as there can be.
fn bomb(width: u32, height: u32, bytes: usize) -> Vec<u8> {
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut zlib, &vec![0; bytes]).expect("memory");
    let data = zlib.finish().expect("memory");
    let signature = b"\x89PNG\r\n\x1a\n".to_vec();
    [signature, chunk(b"IHDR", &header), chunk(b"IDAT", &data), chunk(b"IEND", &[])].concat()
}

#[test]
fn what_a_canvas_makes_of_four_colours_is_these_colours() {
    for (what, bytes, off) in [
        ("JPEG", JPEG, 6),
        ("PNG", PNG, 0),
        ("WebP", WEBP, 9),
        ("opaque", OPAQUE, 9),
        ("lossless", LOSSLESS, 0),
    ] {
        let (width, height, format, pixels) = decode(bytes).expect(what);
        assert_eq!((width, height), (48, 32), "{what}");
        let size = format.row_bytes(0, 1);
        for (quarter, colour) in COLOURS.iter().enumerate() {
            let (column, row) = (12 + 24 * (quarter % 2), 8 + 16 * (quarter / 2));
            let at = (row * 48 + column) * size;
            let far = pixels[at..at + 3].iter().zip(colour).map(|(a, b)| a.abs_diff(*b)).max();
            assert!(far <= Some(off), "{what}: {:?} is not {colour:?}", &pixels[at..at + 3]);
        }
    }
}

#[test]
fn grey_palettes_and_sixteen_bits_are_read() {
    use png::{BitDepth::*, ColorType::*};
    for (color, depth, data, first) in [
        (Grayscale, Eight, &[7, 9][..], [7, 7, 7]),
        (Grayscale, One, &[0x80], [255, 255, 255]),
        (Grayscale, Sixteen, &[7, 200, 9, 9], [7, 7, 7]),
        (GrayscaleAlpha, Eight, &[7, 0, 9, 0], [7, 7, 7]),
        (Indexed, Eight, &[1, 0], [1, 2, 3]),
        (Rgb, Sixteen, &[1, 99, 2, 99, 3, 99, 0, 0, 0, 0, 0, 0], [1, 2, 3]),
    ] {
        let (width, height, format, pixels) = decode(&png(2, 1, color, depth, data)).expect("a good PNG");
        assert_eq!((width, height, format), (2, 1, Format::Rgb24), "{color:?} {depth:?}");
        assert_eq!(pixels[..3], first, "{color:?} {depth:?}");
    }
    let (.., format, pixels) = decode(&png(1, 1, Rgba, Eight, &[1, 2, 3, 0])).expect("a good PNG");
    assert_eq!((format, &pixels[..3]), (Format::Rgba, &[1, 2, 3][..]));
}

#[test]
fn what_is_cut_anywhere_is_no_picture() {
    for whole in [JPEG, PNG, WEBP, OPAQUE, LOSSLESS] {
        assert!(decode(whole).is_ok());
        // What a PNG ends with holds no pixels, and what fills up a WebP is none.
        let behind = if whole == PNG { 12 } else { 1 };
        for length in 0..whole.len() - behind {
            assert!(decode(&whole[..length]).is_err(), "{length} of {} bytes", whole.len());
        }
    }
}

#[test]
fn a_bit_changed_anywhere_is_an_error_or_a_picture_and_nothing_else() {
    for whole in [JPEG, PNG, WEBP, OPAQUE, LOSSLESS] {
        for at in 0..whole.len() {
            let mut broken = whole.to_vec();
            broken[at] ^= 0x80 >> (at % 8);
            // It may claim another size: as much as is allowed.
            let _ = Image::open(&broken, 1 << 16).map(|image| {
                let bytes = image.format.row_bytes(0, image.width) * image.height as usize;
                image.decode(&mut vec![0; bytes])
            });
        }
    }
}

#[test]
fn what_is_no_image_says_so() {
    for bytes in [&b""[..], b"GIF89a", b"RIFF\0\0\0\0WAVE", b"BM", &[0xff, 0xd8], b"\x00\x00\x00\x18ftypavif"]
    {
        let (status, sentence) = refused(bytes);
        assert_eq!((status, sentence.contains("neither a JPEG")), (Status::Malformed, true), "{sentence}");
    }
    let animated = b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0\0\0\0\0\0\0ANMF\0\0\0\0";
    assert_eq!(refused(animated).0, Status::Unsupported);
    assert_eq!(refused(b"RIFF\x04\0\0\0WEBP").1, "the WebP is cut");
}

#[test]
fn a_size_is_refused_before_there_is_memory_for_it() {
    let bomb = bomb(30_000, 30_000, 40 << 20);
    assert!(bomb.len() < 45_000, "{} bytes", bomb.len());
    let (status, sentence) = refused(&bomb);
    assert_eq!(status, Status::Limit);
    assert!(sentence.starts_with("an image of 30000x30000"), "{sentence}");

    let sized = |bytes: &[u8], at: usize, size: [u8; 4]| {
        let mut bytes = bytes.to_vec();
        bytes[at..at + 4].copy_from_slice(&size);
        bytes
    };
    let frame = JPEG.windows(2).position(|two| two == [0xff, 0xc0]).expect("a frame header");
    let jpeg = sized(JPEG, frame + 5, [0xff, 0xff, 0xff, 0xff]);
    assert_eq!(refused(&jpeg), (Status::Limit, limit("65535x65535")));
    // The size that counts is the inner one: the outer one of this extended WebP still says 48x32.
    let inner = WEBP.windows(3).position(|three| three == [0x9d, 0x01, 0x2a]).expect("a VP8 frame");
    assert!(inner > 40, "it has an outer one");
    let webp = sized(WEBP, inner + 3, [0xff, 0x3f, 0xff, 0x3f]);
    assert_eq!(refused(&webp), (Status::Limit, limit("16383x16383")));
}

#[test]
fn sides_and_pixels_have_a_most() {
    assert!(decode(&plain(8_192, 1, [1; 3])).is_ok());
    assert_eq!(refused(&plain(8_193, 1, [1; 3])).0, Status::Limit);
    assert!(Image::open(&plain(64, 64, [1; 3]), 64 * 64).is_ok());
    assert!(Image::open(&plain(64, 65, [1; 3]), 64 * 64).is_err());
    assert_eq!(refused(&bomb(8_192, 8_192, 1_000)).0, Status::Limit, "67 million are too many");
}

fn limit(size: &str) -> String {
    format!("an image of {size}; a side has at most 8192 pixels, and all of it 16777216")
}
