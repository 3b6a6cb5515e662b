//! How libvpx is set, and why.

use crate::encode::VideoSettings;
use crate::native::vpx::Config;

/// Ticks a second of the times given to libvpx: the RTP clock of VP8, RFC 7741 section 6.1.
pub const TICKS: u32 = 90_000;

/// The bits that may wait at the encoder, as time at the target rate. A live viewer has no more
/// than a jitter buffer, so libvpx's default of six seconds would let a burst through that takes
/// seconds to send; a third of what browsers' own encoders use still holds a keyframe.
const BUFFER_MS: u32 = 400;
const BUFFER_TARGET_MS: u32 = 300;

/// libvpx's configuration for `wanted` on a machine with `cores`.
pub fn config(wanted: &VideoSettings, cores: u32) -> Config {
    let pixels = wanted.width * wanted.height;
    Config {
        width: wanted.width,
        height: wanted.height,
        threads: threads(pixels, cores),
        ticks: TICKS,
        kilobits: (wanted.bitrate / 1000).max(1),
        // Entropy tables start anew with each frame: one that was lost spoils the pixels that refer
        // to it, not the reading of those that follow, and a resend can heal it late.
        error_resilient: true,
        // Below 2 bits go where no eye sees them; above 56 the picture is mud, and leaving out a
        // frame is better. Both are what browsers' encoders allow.
        min_quantizer: 2,
        max_quantizer: 56,
        // A quiet picture may take far less than its share, a busy one hardly more: nothing
        // between encoder and network smooths it.
        undershoot_percent: 100,
        overshoot_percent: 15,
        buffer_ms: BUFFER_MS,
        buffer_initial_ms: BUFFER_TARGET_MS,
        buffer_optimal_ms: BUFFER_TARGET_MS,
        // On: when even the coarsest quantizer is too much for the bitrate, a frame is left out (and
        // counted) before the delay grows. Only below a tenth of the buffer, so that a mere scene
        // change costs sharpness instead of smoothness.
        drop_frame_percent: 10,
        cpu_used: cpu_used(wanted, cores),
        // Blocks that differ by less than one step are skipped: camera noise is not, still ground is.
        static_threshold: 1,
        // Off: pictures come from a program as often as from a camera, and it costs a tenth of the time.
        noise_sensitivity: 0,
        max_intra_percent: max_intra_percent(wanted.fps),
    }
}

/// One thread up to VGA, where a row of macroblocks is too short to share. Above it libvpx's threads
/// spin for each other, so they get less than all cores: others encode, send and draw on them too.
fn threads(pixels: u32, cores: u32) -> u32 {
    let wanted = match pixels {
        0..=307_200 => 1,
        307_201..=1_228_800 => 2,
        1_228_801..=2_073_600 => 3,
        _ => 4,
    };
    wanted.min(cores.div_ceil(2)).max(1)
}

/// A fixed speed (negative; positive would let libvpx steer by its own clock and change it under
/// load). The load is pixels a second a core: little of it allows a closer search.
fn cpu_used(wanted: &VideoSettings, cores: u32) -> i32 {
    let pixels = f64::from(wanted.width * wanted.height);
    match pixels * wanted.fps / f64::from(cores.max(1)) {
        load if load < 352.0 * 288.0 * 30.0 => -4,
        load if load < 1280.0 * 720.0 * 30.0 => -6,
        load if load < 1920.0 * 1080.0 * 30.0 => -8,
        _ => -12,
    }
}

/// The most a keyframe may take, in percent of a frame's share: half the buffer, so that a late
/// joiner's keyframe does not hold up everybody for longer than that, but no less than three shares,
/// which the first picture needs to be one.
fn max_intra_percent(fps: f64) -> u32 {
    ((f64::from(BUFFER_TARGET_MS) / 1000.0 * 0.5 * fps * 100.0) as u32).max(300)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(width: u32, height: u32) -> VideoSettings {
        VideoSettings { width, height, fps: 30.0, bitrate: 2_000_000 }
    }

    #[test]
    fn threads_never_outnumber_the_cores() {
        for cores in 1..=64 {
            for (width, height) in [(2, 2), (640, 480), (1280, 720), (1920, 1080), (16_383, 16_383)] {
                let threads = config(&settings(width, height), cores).threads;
                assert!((1..=cores).contains(&threads), "{threads} on {cores}");
            }
        }
        assert_eq!(config(&settings(1280, 720), 2).threads, 1);
        assert_eq!(config(&settings(1920, 1080), 8).threads, 3);
    }

    #[test]
    fn a_larger_picture_is_searched_faster() {
        let speed = |w, h| config(&settings(w, h), 2).cpu_used;
        assert!(speed(320, 180) > speed(1280, 720) && speed(1280, 720) > speed(4096, 2160));
    }
}
