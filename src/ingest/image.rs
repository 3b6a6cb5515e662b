//! Encoded images to packed pixels. What an image claims is looked at before memory is taken for it.

use crate::error::{Error, Result, Status};
use crate::frame::Format;
use image_webp::WebPDecoder;
use std::io::Cursor;
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

/// The longest side of an image.
pub const MAX_SIDE: u32 = 8_192;

/// The most pixels of an image; a hundred bytes can claim billions.
pub const MAX_PIXELS: u32 = 1 << 24;

/// What a PNG may take beside its pixels, for what it tells of itself.
const PNG_EXTRAS: usize = 1 << 20;

/// A JPEG, a PNG or a WebP whose header was read. How it is to be turned, its colour profile and its
/// transparency are passed over; of an animated PNG it is the first picture.
pub struct Image<'a> {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// What [`Image::decode`] makes: [`Format::Rgb24`], or [`Format::Rgba`].
    pub format: Format,
    coded: Coded<'a>,
}

enum Coded<'a> {
    Jpeg(Box<JpegDecoder<ZCursor<&'a [u8]>>>),
    Png(Box<png::Reader<Cursor<&'a [u8]>>>),
    WebP(Box<WebPDecoder<Cursor<Vec<u8>>>>),
}

impl<'a> Image<'a> {
    /// Reads the header.
    ///
    /// # Errors
    /// `Malformed`: it is none of the three, or damaged. `Limit`: it has more than `max_pixels`, or a side
    /// is longer than [`MAX_SIDE`]. `Unsupported`: an animated WebP, or a JPEG of odd colours.
    pub fn open(bytes: &'a [u8], max_pixels: u32) -> Result<Image<'a>> {
        match bytes {
            [0xff, 0xd8, 0xff, ..] => Image::jpeg(bytes, max_pixels),
            [0x89, b'P', b'N', b'G', ..] => Image::png(bytes, max_pixels),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => {
                Image::webp(bytes, max_pixels)
            }
            _ => Err(Error::malformed("the image is neither a JPEG nor a PNG nor a WebP")),
        }
    }

    /// Writes the pixels, without padding.
    ///
    /// # Errors
    /// `Malformed`: it is damaged, or cut. `Limit`: there is no memory.
    ///
    /// # Panics
    /// If `to` is not `width * height` pixels.
    pub fn decode(self, to: &mut [u8]) -> Result<()> {
        assert_eq!(to.len(), self.format.row_bytes(0, self.width) * self.height as usize);
        match self.coded {
            Coded::Jpeg(mut decoder) => decoder.decode_into(to).map_err(|e| damaged("JPEG", e)),
            Coded::WebP(mut decoder) => decoder.read_image(to).map_err(|e| damaged("WebP", e)),
            Coded::Png(mut reader) => match reader.output_color_type().0.samples() {
                samples @ (1 | 2) => {
                    let mut grey = Vec::new();
                    let bytes = samples * self.width as usize * self.height as usize;
                    grey.try_reserve_exact(bytes)
                        .map_err(|_| Error::new(Status::Limit, format!("no memory for {bytes} bytes")))?;
                    grey.resize(bytes, 0);
                    read_png(&mut reader, &mut grey)?;
                    let pixels = to.chunks_exact_mut(3).zip(grey.chunks_exact(samples));
                    pixels.for_each(|(rgb, grey)| rgb.fill(grey[0]));
                    Ok(())
                }
                _ => read_png(&mut reader, to),
            },
        }
    }

    fn jpeg(bytes: &'a [u8], max_pixels: u32) -> Result<Image<'a>> {
        // A decoder fills up with grey what is cut off.
        let end = bytes.iter().rposition(|byte| *byte != 0).unwrap_or_default();
        if bytes[..=end].last_chunk() != Some(&[0xff, 0xd9]) {
            return Err(Error::malformed("the JPEG has no end"));
        }
        let any = usize::from(u16::MAX);
        let options = DecoderOptions::new_fast().set_max_width(any).set_max_height(any);
        let options = options.set_strict_mode(true).jpeg_set_out_colorspace(ColorSpace::RGB);
        let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
        decoder.decode_headers().map_err(|e| damaged("JPEG", e))?;
        let info = decoder.info().ok_or_else(|| Error::malformed("a JPEG without a size"))?;
        let (width, height) = (u32::from(info.width), u32::from(info.height));
        check(width, height, max_pixels)?;
        if decoder.output_buffer_size() != Some(3 * width as usize * height as usize) {
            return Err(Error::new(Status::Unsupported, "a JPEG that is neither in colour nor grey"));
        }
        Ok(Image { width, height, format: Format::Rgb24, coded: Coded::Jpeg(Box::new(decoder)) })
    }

    fn png(bytes: &'a [u8], max_pixels: u32) -> Result<Image<'a>> {
        let limits = png::Limits { bytes: PNG_EXTRAS };
        let mut decoder = png::Decoder::new_with_limits(Cursor::new(bytes), limits);
        decoder.set_ignore_text_chunk(true);
        decoder.set_ignore_iccp_chunk(true);
        decoder.set_transformations(png::Transformations::normalize_to_color8());
        let header = decoder.read_header_info().map_err(|e| damaged("PNG", e))?;
        let (width, height) = (header.width, header.height);
        check(width, height, max_pixels)?;
        let reader = decoder.read_info().map_err(|e| damaged("PNG", e))?;
        let format = if reader.output_color_type().0.samples() == 4 { Format::Rgba } else { Format::Rgb24 };
        Ok(Image { width, height, format, coded: Coded::Png(Box::new(reader)) })
    }

    fn webp(bytes: &'a [u8], max_pixels: u32) -> Result<Image<'a>> {
        let decoder = WebPDecoder::new(Cursor::new(plain_webp(bytes)?)).map_err(|e| damaged("WebP", e))?;
        let (width, height) = decoder.dimensions();
        check(width, height, max_pixels)?;
        let format = if decoder.has_alpha() { Format::Rgba } else { Format::Rgb24 };
        Ok(Image { width, height, format, coded: Coded::WebP(Box::new(decoder)) })
    }
}

fn read_png(reader: &mut png::Reader<Cursor<&[u8]>>, to: &mut [u8]) -> Result<()> {
    let (whole, read) = (reader.info().size(), reader.next_frame(to).map_err(|e| damaged("PNG", e))?);
    match (read.width, read.height) == whole {
        true => Ok(()),
        false => Err(Error::malformed("an animated PNG whose first picture is a part of it")),
    }
}

/// The picture of a WebP alone. The extended form says its size again, and the decoder takes memory for the
/// one inside before it compares them.
fn plain_webp(bytes: &[u8]) -> Result<Vec<u8>> {
    let cut = || Error::malformed("the WebP is cut");
    let mut rest = &bytes[12..];
    while let Some((header, behind)) = rest.split_first_chunk::<8>() {
        let length = u32::from_le_bytes([header[4], header[5], header[6], header[7]]);
        let chunk = behind.get(..length as usize).ok_or_else(cut)?;
        match &header[..4] {
            b"VP8 " | b"VP8L" => {
                // A chunk of odd length is followed by a byte that fills up.
                let odd = &[0][..chunk.len() % 2];
                let riff = (4 + 8 + chunk.len() + odd.len()) as u32;
                return Ok([b"RIFF", &riff.to_le_bytes()[..], b"WEBP", header, chunk, odd].concat());
            }
            b"ANMF" => return Err(Error::new(Status::Unsupported, "the WebP is animated")),
            _ => rest = behind.get(chunk.len() + chunk.len() % 2..).ok_or_else(cut)?,
        }
    }
    Err(cut())
}

fn check(width: u32, height: u32, max_pixels: u32) -> Result<()> {
    let pixels = u64::from(width) * u64::from(height);
    if width.max(height) <= MAX_SIDE && pixels <= u64::from(max_pixels) {
        return if pixels > 0 { Ok(()) } else { Err(Error::malformed("an image without a pixel")) };
    }
    let sentence = format!(
        "an image of {width}x{height}; a side has at most {MAX_SIDE} pixels, and all of it {max_pixels}"
    );
    Err(Error::new(Status::Limit, sentence))
}

fn damaged(what: &str, error: impl std::fmt::Display) -> Error {
    Error::malformed(format!("the {what} is damaged: {error}"))
}
