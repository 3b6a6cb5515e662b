//! libvpx's VP8: one encoder, one decoder, each a context that is destroyed exactly once.
//!
//! The binding's C enums are Rust enums. None is ever made from a number here, and structures that
//! hold one stay behind raw pointers until libvpx has filled them.

use crate::error::{Error, Result, Status};
use std::ffi::{CStr, c_int, c_long, c_ulong};
use std::mem::MaybeUninit;
use std::ptr;
use vpx_sys::*;

/// What an encoder is set to. [`crate::encode::settings`] says why each is what it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Config {
    pub width: u32,
    pub height: u32,
    pub threads: u32,
    /// Ticks a second of the times given to [`Encoder::encode`].
    pub ticks: u32,
    pub kilobits: u32,
    pub error_resilient: bool,
    pub min_quantizer: u32,
    pub max_quantizer: u32,
    pub undershoot_percent: u32,
    pub overshoot_percent: u32,
    pub buffer_ms: u32,
    pub buffer_initial_ms: u32,
    pub buffer_optimal_ms: u32,
    pub drop_frame_percent: u32,
    pub cpu_used: i32,
    pub static_threshold: u32,
    pub noise_sensitivity: u32,
    pub max_intra_percent: u32,
}

/// Three planes, borrowed: Y, U, V, and the bytes from one row of each to the next.
#[derive(Clone, Copy, Debug)]
pub struct Planes<'a> {
    pub width: u32,
    pub height: u32,
    pub planes: [&'a [u8]; 3],
    pub strides: [usize; 3],
}

/// What came out for one picture.
#[derive(Debug)]
pub struct Packet {
    pub data: Vec<u8>,
    pub keyframe: bool,
    pub droppable: bool,
}

/// A VP8 encoder of one picture size.
pub struct Encoder {
    context: Context,
    config: vpx_codec_enc_cfg_t,
}

// SAFETY: as for its context; the pointers in `config` are for two-pass statistics and stay null.
unsafe impl Send for Encoder {}

impl Encoder {
    pub fn new(wanted: &Config) -> Result<Encoder> {
        let mut config = MaybeUninit::zeroed();
        // SAFETY: the interface is static, and `config` is memory for the structure it fills.
        let status = unsafe { vpx_codec_enc_config_default(vpx_codec_vp8_cx(), config.as_mut_ptr(), 0) };
        check(status, "vpx_codec_enc_config_default", None)?;
        // SAFETY: the call succeeded, so every field holds libvpx's default, enums included.
        let mut config = unsafe { config.assume_init() };
        fill(&mut config, wanted);
        let mut context = Context::new();
        // SAFETY: both pointers live through the call; libvpx copies the configuration.
        let status = unsafe {
            let version = VPX_ENCODER_ABI_VERSION as c_int;
            vpx_codec_enc_init_ver(context.raw(), vpx_codec_vp8_cx(), &config, 0, version)
        };
        check(status, "vpx_codec_enc_init", Some(&context))?;
        let mut encoder = Encoder { context, config };
        encoder.controls(wanted)?;
        Ok(encoder)
    }

    /// New rates, threads and quality; the size stays.
    pub fn configure(&mut self, wanted: &Config) -> Result<()> {
        let mut config = self.config;
        fill(&mut config, wanted);
        // SAFETY: the context is initialised, the configuration is read during the call.
        let status = unsafe { vpx_codec_enc_config_set(self.context.raw(), &config) };
        check(status, "vpx_codec_enc_config_set", Some(&self.context))?;
        self.config = config;
        self.controls(wanted)
    }

    /// Encodes one picture shown from `start` for `duration` ticks. `None`: rate control dropped it.
    pub fn encode(
        &mut self,
        picture: &Planes<'_>,
        start: i64,
        duration: u32,
        keyframe: bool,
    ) -> Result<Option<Packet>> {
        let mut image = wrap(picture, (self.config.g_w, self.config.g_h))?;
        let flags = if keyframe { c_long::from(VPX_EFLAG_FORCE_KF as i32) } else { 0 };
        // SAFETY: `wrap` has checked that each plane holds every row that libvpx reads; it copies
        // the picture before it returns and writes nothing to it.
        let status = unsafe {
            let deadline = c_ulong::from(VPX_DL_REALTIME);
            let duration = c_ulong::from(duration.max(1));
            vpx_codec_encode(self.context.raw(), image.as_mut_ptr(), start, duration, flags, deadline)
        };
        check(status, "vpx_codec_encode", Some(&self.context))?;
        Ok(self.packet())
    }

    /// With one pass and no lag a picture gives one packet or none.
    fn packet(&mut self) -> Option<Packet> {
        let mut iterator: vpx_codec_iter_t = ptr::null();
        loop {
            // SAFETY: the context is initialised and the iterator is its own.
            let packet = unsafe { vpx_codec_get_cx_data(self.context.raw(), &mut iterator) };
            if packet.is_null() {
                return None;
            }
            // SAFETY: libvpx gave a packet; its kind is read as the number it is in C.
            let kind = unsafe { (&raw const (*packet).kind).cast::<u32>().read() };
            if kind != vpx_codec_cx_pkt_kind::VPX_CODEC_CX_FRAME_PKT as u32 {
                continue;
            }
            // SAFETY: a frame packet uses this member of the union, and its buffer holds `sz` bytes
            // until the next call on the context.
            return Some(unsafe {
                let frame = &(*packet).data.frame;
                Packet {
                    data: std::slice::from_raw_parts(frame.buf.cast::<u8>(), frame.sz as usize).to_vec(),
                    keyframe: frame.flags & VPX_FRAME_IS_KEY != 0,
                    droppable: frame.flags & VPX_FRAME_IS_DROPPABLE != 0,
                }
            });
        }
    }

    fn controls(&mut self, wanted: &Config) -> Result<()> {
        use vp8e_enc_control_id as id;
        let one_partition = vp8e_token_partitions::VP8_ONE_TOKENPARTITION as c_int;
        for (id, value) in [
            (id::VP8E_SET_CPUUSED, wanted.cpu_used),
            (id::VP8E_SET_STATIC_THRESHOLD, wanted.static_threshold as c_int),
            (id::VP8E_SET_NOISE_SENSITIVITY, wanted.noise_sensitivity as c_int),
            (id::VP8E_SET_TOKEN_PARTITIONS, one_partition),
            (id::VP8E_SET_MAX_INTRA_BITRATE_PCT, wanted.max_intra_percent as c_int),
        ] {
            // SAFETY: each of these controls takes one integer of C's `int` size.
            let status = unsafe { vpx_codec_control_(self.context.raw(), id as c_int, value) };
            check(status, "vpx_codec_control", Some(&self.context))?;
        }
        Ok(())
    }
}

/// A VP8 decoder.
pub struct Decoder {
    context: Context,
}

impl Decoder {
    pub fn new() -> Result<Decoder> {
        let mut context = Context::new();
        let config = vpx_codec_dec_cfg_t { threads: 1, w: 0, h: 0 };
        // SAFETY: both pointers live through the call; libvpx copies the configuration.
        let status = unsafe {
            let version = VPX_DECODER_ABI_VERSION as c_int;
            vpx_codec_dec_init_ver(context.raw(), vpx_codec_vp8_dx(), &config, 0, version)
        };
        check(status, "vpx_codec_dec_init", Some(&context))?;
        Ok(Decoder { context })
    }

    /// Decodes one frame. The picture lives in the decoder until the next call.
    pub fn decode(&mut self, frame: &[u8]) -> Result<Option<Planes<'_>>> {
        let length = u32::try_from(frame.len())
            .map_err(|_| Error::malformed(format!("a VP8 frame of {} bytes", frame.len())))?;
        if length == 0 {
            // libvpx takes an empty frame for a lost one and shows the last picture again.
            return Err(Error::malformed("a VP8 frame of 0 bytes"));
        }
        // SAFETY: `frame` is `length` readable bytes; libvpx keeps no pointer to them.
        let status =
            unsafe { vpx_codec_decode(self.context.raw(), frame.as_ptr(), length, ptr::null_mut(), 0) };
        check(status, "vpx_codec_decode", Some(&self.context))?;
        let mut iterator: vpx_codec_iter_t = ptr::null();
        // SAFETY: the context is initialised and the iterator is its own.
        let image = unsafe { vpx_codec_get_frame(self.context.raw(), &mut iterator) };
        if image.is_null() {
            return Ok(None);
        }
        // SAFETY: libvpx gave an I420 image (VP8 has no other) whose planes hold `stride` bytes for
        // each row, and which stays as it is until the next call on the context, which needs `&mut`.
        Ok(Some(unsafe {
            let (width, height) = ((*image).d_w, (*image).d_h);
            let rows = [height, height.div_ceil(2), height.div_ceil(2)];
            let columns = [width, width.div_ceil(2), width.div_ceil(2)];
            let strides = [0, 1, 2].map(|n| (*image).stride[n] as usize);
            let planes = [0, 1, 2].map(|n| {
                let length = strides[n] * (rows[n] as usize - 1) + columns[n] as usize;
                std::slice::from_raw_parts((*image).planes[n], length)
            });
            Planes { width, height, planes, strides }
        }))
    }
}

/// libvpx's context at a fixed address, destroyed when it goes. Zeroed, it is one that
/// `vpx_codec_destroy` refuses without harm.
struct Context(Box<MaybeUninit<vpx_codec_ctx_t>>);

// SAFETY: a context is used by one thread at a time (`&mut`), and libvpx ties none to a thread.
unsafe impl Send for Context {}

impl Context {
    fn new() -> Context {
        Context(Box::new(MaybeUninit::zeroed()))
    }

    fn raw(&mut self) -> *mut vpx_codec_ctx_t {
        self.0.as_mut_ptr()
    }

    fn detail(&self) -> Option<String> {
        // SAFETY: libvpx reads the context and returns a static string, its own, or null.
        unsafe {
            let detail = vpx_codec_error_detail(self.0.as_ptr().cast_mut());
            (!detail.is_null()).then(|| CStr::from_ptr(detail).to_string_lossy().into_owned())
        }
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: nobody else has the context; one that never was initialised is refused.
        unsafe { vpx_codec_destroy(self.raw()) };
    }
}

fn fill(config: &mut vpx_codec_enc_cfg_t, wanted: &Config) {
    config.g_w = wanted.width;
    config.g_h = wanted.height;
    config.g_threads = wanted.threads;
    config.g_timebase.num = 1;
    config.g_timebase.den = wanted.ticks as c_int;
    config.g_error_resilient = if wanted.error_resilient { VPX_ERROR_RESILIENT_DEFAULT } else { 0 };
    config.g_pass = vpx_enc_pass::VPX_RC_ONE_PASS;
    config.g_lag_in_frames = 0;
    config.rc_end_usage = vpx_rc_mode::VPX_CBR;
    config.rc_target_bitrate = wanted.kilobits;
    config.rc_min_quantizer = wanted.min_quantizer;
    config.rc_max_quantizer = wanted.max_quantizer;
    config.rc_undershoot_pct = wanted.undershoot_percent;
    config.rc_overshoot_pct = wanted.overshoot_percent;
    config.rc_buf_sz = wanted.buffer_ms;
    config.rc_buf_initial_sz = wanted.buffer_initial_ms;
    config.rc_buf_optimal_sz = wanted.buffer_optimal_ms;
    config.rc_dropframe_thresh = wanted.drop_frame_percent;
    config.rc_resize_allowed = 0;
    config.kf_mode = vpx_kf_mode::VPX_KF_DISABLED;
}

/// An image that points at the picture's planes.
fn wrap(picture: &Planes<'_>, (width, height): (u32, u32)) -> Result<MaybeUninit<vpx_image_t>> {
    if (picture.width, picture.height) != (width, height) {
        let sentence =
            format!("the picture is {}x{} but the encoder {width}x{height}", picture.width, picture.height);
        return Err(Error::argument(sentence));
    }
    let columns = [width, width.div_ceil(2), width.div_ceil(2)].map(|n| n as usize);
    let rows = [height, height.div_ceil(2), height.div_ceil(2)].map(|n| n as usize);
    for n in 0..3 {
        let (stride, have) = (picture.strides[n], picture.planes[n].len());
        if stride < columns[n] || stride > c_int::MAX as usize || have < stride * (rows[n] - 1) + columns[n] {
            let sentence = format!("plane {n} of a {width}x{height} picture: {have} bytes, stride {stride}");
            return Err(Error::argument(sentence));
        }
    }
    let mut image = MaybeUninit::<vpx_image_t>::zeroed();
    let y = picture.planes[0].as_ptr().cast_mut();
    // SAFETY: the call fills `image` and only does arithmetic with the plane's address; the planes
    // and strides it derives are replaced by the picture's own.
    let wrapped = unsafe {
        let i420 = vpx_img_fmt::VPX_IMG_FMT_I420;
        let wrapped = vpx_img_wrap(image.as_mut_ptr(), i420, width, height, 1, y);
        for n in 0..3 {
            (*image.as_mut_ptr()).planes[n] = picture.planes[n].as_ptr().cast_mut();
            (*image.as_mut_ptr()).stride[n] = picture.strides[n] as c_int;
        }
        wrapped
    };
    if wrapped.is_null() {
        return Err(Error::new(Status::Codec, format!("vpx_img_wrap: {width}x{height}")));
    }
    Ok(image)
}

/// libvpx's own sentence behind the name of the call that failed.
fn check(status: vpx_codec_err_t, call: &str, context: Option<&Context>) -> Result<()> {
    if status == vpx_codec_err_t::VPX_CODEC_OK {
        return Ok(());
    }
    // SAFETY: the function maps any status to a static string.
    let name = unsafe { CStr::from_ptr(vpx_codec_err_to_string(status)) }.to_string_lossy();
    let detail = context.and_then(Context::detail).map(|d| format!(" ({d})")).unwrap_or_default();
    Err(Error::new(Status::Codec, format!("{call}: {name}{detail}")))
}
