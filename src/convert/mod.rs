//! From every format that is pushed to the one that VP8 carries (I420, BT.601, limited range), and back.
//!
//! VP8 has no field for another matrix or range (RFC 6386 section 9.2 knows one colour space), and
//! browsers show what they decode as BT.601, limited.

mod i420;
mod out;

pub use i420::I420;
pub use out::{from_i420, swap};

use crate::error::{Error, Result, Status};
use crate::frame::{Format, FrameView, Matrix, Range, VideoFrame};
use yuv::{
    BufferStoreMut, YuvConversionMode, YuvError, YuvPlanarImage, YuvPlanarImageMut, YuvRange,
    YuvStandardMatrix,
};

/// Converts the pictures of one source.
pub struct Converter {
    matrix: Matrix,
    range: Option<Range>,
    /// The picture half way, where one step does not do.
    rgb: Vec<u8>,
}

impl Converter {
    /// For pictures with that matrix (of YUV; RGB has none) and that range; `None`: full for RGB,
    /// limited for YUV.
    pub fn new(matrix: Matrix, range: Option<Range>) -> Self {
        Converter { matrix, range, rgb: Vec::new() }
    }

    /// Makes `into` the picture of `frame`.
    ///
    /// # Errors
    /// What [`FrameView::check`] says, or `Limit`: there is no memory.
    pub fn convert(&mut self, frame: &VideoFrame, into: &mut I420) -> Result<()> {
        let view = frame.view();
        view.check()?;
        into.resize(view.width, view.height)?;
        match view.format {
            Format::I420 | Format::Nv12 if self.is_vp8s(view.format) => {
                repack(&view, into);
                Ok(())
            }
            Format::I420 | Format::Nv12 => self.by_way_of_rgb(&view, into),
            _ if self.range_of(view.format) == Range::Limited => self.stretch_rgb(&view, into),
            _ => from_rgb(&view, into),
        }
    }

    fn range_of(&self, format: Format) -> Range {
        self.range.unwrap_or(match format {
            Format::I420 | Format::Nv12 => Range::Limited,
            Format::Rgb24 | Format::Bgr24 | Format::Rgba | Format::Bgra => Range::Full,
        })
    }

    fn is_vp8s(&self, yuv: Format) -> bool {
        self.matrix == Matrix::Bt601 && self.range_of(yuv) == Range::Limited
    }

    /// YUV of another matrix or range: the crate converts to and from RGB only.
    fn by_way_of_rgb(&mut self, from: &FrameView<'_>, into: &mut I420) -> Result<()> {
        repack(from, into);
        let stride = from.width * 4;
        self.half_way(stride as usize * from.height as usize)?;
        let range = match self.range_of(from.format) {
            Range::Limited => YuvRange::Limited,
            Range::Full => YuvRange::Full,
        };
        let matrix = match self.matrix {
            Matrix::Bt601 => YuvStandardMatrix::Bt601,
            Matrix::Bt709 => YuvStandardMatrix::Bt709,
        };
        let strides = into.strides().map(|stride| stride as u32);
        let image = YuvPlanarImage {
            y_plane: into.y(),
            y_stride: strides[0],
            u_plane: into.u(),
            u_stride: strides[1],
            v_plane: into.v(),
            v_stride: strides[2],
            width: from.width,
            height: from.height,
        };
        yuv::yuv420_to_rgba(&image, &mut self.rgb, stride, range, matrix).map_err(refused)?;
        from_rgb(&self.packed(Format::Rgba, from), into)
    }

    /// RGB of 16 to 235, stretched first: the crate takes full range only.
    fn stretch_rgb(&mut self, from: &FrameView<'_>, into: &mut I420) -> Result<()> {
        let levels: [u8; 256] =
            std::array::from_fn(|level| ((level.clamp(16, 235) - 16) * 255 + 109).div_euclid(219) as u8);
        let row = from.format.row_bytes(0, from.width);
        self.half_way(row * from.height as usize)?;
        let rows = from.planes[0].chunks(from.strides[0]).zip(self.rgb.chunks_exact_mut(row));
        for (from, to) in rows {
            to.iter_mut().zip(from).for_each(|(to, &from)| *to = levels[usize::from(from)]);
        }
        from_rgb(&self.packed(from.format, from), into)
    }

    fn half_way(&mut self, bytes: usize) -> Result<()> {
        self.rgb.try_reserve_exact(bytes.saturating_sub(self.rgb.len())).map_err(|_| {
            Error::new(Status::Limit, format!("no memory to convert a picture of {bytes} bytes"))
        })?;
        self.rgb.resize(bytes, 0);
        Ok(())
    }

    /// What is half way, of the size of `like`.
    fn packed(&self, format: Format, like: &FrameView<'_>) -> FrameView<'_> {
        let strides = [format.row_bytes(0, like.width), 0, 0];
        FrameView { format, strides, planes: [&self.rgb, &[], &[]], ..*like }
    }
}

fn from_rgb(from: &FrameView<'_>, into: &mut I420) -> Result<()> {
    let (pixels, stride, height) = (from.planes[0], from.strides[0], from.height as usize);
    if pixels.len() >= stride * height {
        return rows_from_rgb(from.format, pixels, stride, 0..height, into);
    }
    // The crate leaves out a last row that ends with its last pixel, so the last two are packed first.
    let whole = (height - 1) & !1;
    rows_from_rgb(from.format, pixels, stride, 0..whole, into)?;
    let row = from.format.row_bytes(0, from.width);
    let last: Vec<_> = pixels[whole * stride..].chunks(stride).map(|pixels| &pixels[..row]).collect();
    rows_from_rgb(from.format, &last.concat(), row, whole..height, into)
}

/// `rows` of the picture, the first of which is even, from pixels that begin with them. The crate
/// counts rows by what it is given: it gets exactly these.
fn rows_from_rgb(
    format: Format,
    pixels: &[u8],
    stride: usize,
    rows: std::ops::Range<usize>,
    into: &mut I420,
) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let convert = match format {
        Format::Rgb24 => yuv::rgb_to_yuv420,
        Format::Bgr24 => yuv::bgr_to_yuv420,
        Format::Bgra => yuv::bgra_to_yuv420,
        _ => yuv::rgba_to_yuv420,
    };
    let (width, strides) = (into.width(), into.strides());
    let [y, u, v] = into.planes_mut();
    let mut image = YuvPlanarImageMut {
        y_plane: BufferStoreMut::Borrowed(&mut y[rows.start * strides[0]..rows.end * strides[0]]),
        y_stride: strides[0] as u32,
        u_plane: BufferStoreMut::Borrowed(
            &mut u[rows.start / 2 * strides[1]..rows.end.div_ceil(2) * strides[1]],
        ),
        u_stride: strides[1] as u32,
        v_plane: BufferStoreMut::Borrowed(
            &mut v[rows.start / 2 * strides[2]..rows.end.div_ceil(2) * strides[2]],
        ),
        v_stride: strides[2] as u32,
        width,
        height: rows.len() as u32,
    };
    let (matrix, mode) = (YuvStandardMatrix::Bt601, YuvConversionMode::default());
    convert(&mut image, &pixels[..stride * rows.len()], stride as u32, YuvRange::Limited, matrix, mode)
        .map_err(refused)
}

/// The same values, packed closely and with U and V apart.
fn repack(from: &FrameView<'_>, into: &mut I420) {
    let widths = into.strides();
    let [y, u, v] = into.planes_mut();
    copy_rows(from, 0, y, widths[0]);
    if from.format == Format::I420 {
        copy_rows(from, 1, u, widths[1]);
        copy_rows(from, 2, v, widths[2]);
        return;
    }
    let to = u.chunks_exact_mut(widths[1]).zip(v.chunks_exact_mut(widths[2]));
    for (uv, (u, v)) in from.planes[1].chunks(from.strides[1]).zip(to) {
        for (uv, (u, v)) in uv.chunks_exact(2).zip(u.iter_mut().zip(v)) {
            (*u, *v) = (uv[0], uv[1]);
        }
    }
}

fn copy_rows(from: &FrameView<'_>, plane: usize, to: &mut [u8], width: usize) {
    let rows = from.planes[plane].chunks(from.strides[plane]).zip(to.chunks_exact_mut(width));
    rows.for_each(|(from, to)| to.copy_from_slice(&from[..width]));
}

/// Never seen: a frame that was checked has the planes it needs.
fn refused(error: YuvError) -> Error {
    Error::new(Status::Internal, format!("colour conversion: {error}"))
}

#[cfg(test)]
mod tests;
