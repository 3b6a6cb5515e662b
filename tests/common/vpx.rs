//! libvpx with nothing around it: the decoder that judges what was sent, and the encoder the
//! benchmarks compare with.
#![expect(unsafe_code, reason = "libvpx has a C interface")]

use std::mem::MaybeUninit;
use std::ptr;
use vpx_sys::*;

pub struct Decoder(vpx_codec_ctx_t);

/// The luma of a decoded picture, rows without padding.
#[derive(Clone, Debug)]
pub struct Luma {
    pub width: usize,
    pub height: usize,
    pub data: Vec<u8>,
}

impl Luma {
    pub fn strip(&self) -> Option<super::card::Strip> {
        super::card::read(&self.data, self.width, self.width, self.height)
    }
}

impl Decoder {
    pub fn new() -> Decoder {
        let mut context = MaybeUninit::zeroed();
        // SAFETY: a zeroed context is what init wants; it is initialised when that succeeds.
        unsafe {
            let version = VPX_DECODER_ABI_VERSION as i32;
            let iface = vpx_codec_vp8_dx();
            check(vpx_codec_dec_init_ver(context.as_mut_ptr(), iface, ptr::null(), 0, version));
            Decoder(context.assume_init())
        }
    }

    /// `None`: the frame does not decode.
    pub fn decode(&mut self, frame: &[u8]) -> Option<Luma> {
        let picture = self.show(frame)?;
        // SAFETY: the first plane of a picture has `d_h` rows of `stride` bytes.
        unsafe {
            let (width, height) = (picture.d_w as usize, picture.d_h as usize);
            let mut data = Vec::with_capacity(width * height);
            for row in 0..height {
                let start = picture.planes[0].add(row * picture.stride[0] as usize);
                data.extend_from_slice(std::slice::from_raw_parts(start, width));
            }
            Some(Luma { width, height, data })
        }
    }

    /// Decodes, and leaves the picture where it is.
    pub fn show(&mut self, frame: &[u8]) -> Option<&vpx_image_t> {
        // SAFETY: the context is alive, `frame` is readable for its length; the picture is libvpx's
        // until the next call.
        unsafe {
            let (data, len) = (frame.as_ptr(), frame.len() as u32);
            if vpx_codec_decode(&mut self.0, data, len, ptr::null_mut(), 0) != vpx_codec_err_t::VPX_CODEC_OK {
                return None;
            }
            let mut iter = ptr::null();
            vpx_codec_get_frame(&mut self.0, &mut iter).as_ref()
        }
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        // SAFETY: initialised in `new`, destroyed once.
        unsafe { vpx_codec_destroy(&mut self.0) };
    }
}

/// A real-time VP8 encoder over I420.
pub struct Encoder {
    context: vpx_codec_ctx_t,
    width: u32,
    height: u32,
    pts: i64,
}

/// What makes one encoder comparable with another.
#[derive(Clone, Copy)]
pub struct Settings {
    pub width: u32,
    pub height: u32,
    pub fps: u32,
    pub kilobits: u32,
    pub threads: u32,
    pub speed: i32,
    /// Most of a keyframe, in percent of a frame's share.
    pub intra: i32,
}

impl Settings {
    /// Speed -6 or -8, threads and the limit of keyframes as `encode::settings` chooses them.
    pub fn like_the_library(width: u32, height: u32, fps: u32, bitrate: u32, cores: u32) -> Settings {
        let (pixels, load) = (width * height, width * height * fps / cores);
        let threads = if pixels <= 307_200 { 1 } else { 2.min(cores.div_ceil(2)) };
        let speed = if load < 1280 * 720 * 30 { -6 } else { -8 };
        let intra = (fps as i32 * 15).max(300);
        Settings { width, height, fps, kilobits: bitrate / 1_000, threads, speed, intra }
    }
}

impl Encoder {
    pub fn new(s: Settings) -> Encoder {
        let mut context = MaybeUninit::zeroed();
        let mut config = MaybeUninit::zeroed();
        // SAFETY: both structs are filled by libvpx before they are read; the controls take an int.
        unsafe {
            let iface = vpx_codec_vp8_cx();
            check(vpx_codec_enc_config_default(iface, config.as_mut_ptr(), 0));
            let mut config: vpx_codec_enc_cfg = config.assume_init();
            (config.g_w, config.g_h, config.g_threads) = (s.width, s.height, s.threads);
            (config.g_timebase.num, config.g_timebase.den) = (1, s.fps as i32);
            config.rc_dropframe_thresh = 10;
            config.g_error_resilient = VPX_ERROR_RESILIENT_DEFAULT;
            config.g_lag_in_frames = 0;
            config.rc_end_usage = vpx_rc_mode::VPX_CBR;
            config.rc_target_bitrate = s.kilobits;
            (config.rc_min_quantizer, config.rc_max_quantizer) = (2, 56);
            (config.rc_undershoot_pct, config.rc_overshoot_pct) = (100, 15);
            (config.rc_buf_sz, config.rc_buf_initial_sz, config.rc_buf_optimal_sz) = (400, 300, 300);
            config.kf_mode = vpx_kf_mode::VPX_KF_DISABLED;
            let version = VPX_ENCODER_ABI_VERSION as i32;
            check(vpx_codec_enc_init_ver(context.as_mut_ptr(), iface, &config, 0, version));
            let mut context = context.assume_init();
            for (control, value) in [
                (vp8e_enc_control_id::VP8E_SET_CPUUSED, s.speed),
                (vp8e_enc_control_id::VP8E_SET_STATIC_THRESHOLD, 1),
                (vp8e_enc_control_id::VP8E_SET_NOISE_SENSITIVITY, 0),
                (vp8e_enc_control_id::VP8E_SET_MAX_INTRA_BITRATE_PCT, s.intra),
            ] {
                check(vpx_codec_control_(&mut context, control as i32, value));
            }
            Encoder { context, width: s.width, height: s.height, pts: 0 }
        }
    }

    /// Encodes one picture of tightly packed I420.
    pub fn encode(&mut self, i420: &mut [u8], keyframe: bool) -> Vec<u8> {
        let (width, height) = (self.width as usize, self.height as usize);
        assert_eq!(i420.len(), width * height + 2 * width.div_ceil(2) * height.div_ceil(2));
        let mut image = MaybeUninit::zeroed();
        let mut data = Vec::new();
        // SAFETY: the buffer has the size that an I420 image with alignment 1 needs (asserted) and
        // outlives the call; packets are read before the next call to the encoder.
        unsafe {
            let format = vpx_img_fmt::VPX_IMG_FMT_I420;
            let pixels = i420.as_mut_ptr();
            vpx_img_wrap(image.as_mut_ptr(), format, self.width, self.height, 1, pixels);
            let flags = if keyframe { i64::from(VPX_EFLAG_FORCE_KF) } else { 0 };
            let deadline = u64::from(VPX_DL_REALTIME);
            let context = &mut self.context;
            check(vpx_codec_encode(context, image.as_ptr(), self.pts, 1, flags, deadline));
            self.pts += 1;
            let mut iter = ptr::null();
            while let Some(packet) = vpx_codec_get_cx_data(context, &mut iter).as_ref() {
                if packet.kind == vpx_codec_cx_pkt_kind::VPX_CODEC_CX_FRAME_PKT {
                    let frame = packet.data.frame;
                    let (start, len) = (frame.buf.cast(), frame.sz as usize);
                    data.extend_from_slice(std::slice::from_raw_parts(start, len));
                }
            }
        }
        data
    }
}

impl Drop for Encoder {
    fn drop(&mut self) {
        // SAFETY: initialised in `new`, destroyed once.
        unsafe { vpx_codec_destroy(&mut self.context) };
    }
}

fn check(status: vpx_codec_err_t) {
    assert_eq!(status, vpx_codec_err_t::VPX_CODEC_OK);
}
