use super::*;
use crate::frame::{AudioFrame, Samples};
use std::time::Duration;

/// A second of pushes of so many samples at a rate, each with the capture time `at` gives it, if any.
fn cut(rate: u32, chunk: usize, pushes: u64, at: impl Fn(u64) -> Option<u64>) -> (Vec<Stamp>, Vec<f32>, u64) {
    let mut cutter = Cutter::new(1).expect("48 kHz needs no filter");
    let (mut stamps, mut sound, mut backwards) = (Vec::new(), Vec::new(), 0);
    for n in 0..pushes {
        let samples: Vec<f32> = (0..chunk as u64)
            .map(|s| {
                let at = (n * chunk as u64 + s) as f64 / f64::from(rate);
                (at * 440.0 * std::f64::consts::TAU).sin() as f32 / 2.0
            })
            .collect();
        let frame =
            AudioFrame { samples: Samples::F32(&samples), sample_rate: rate, channels: 1, capture: None };
        let pushed = Time(10_000_000 + n * chunk as u64 * 1_000_000 / u64::from(rate));
        let pcm = Pcm::new(&frame, 1, at(n).map(Time), pushed).expect("a valid frame");
        backwards += u64::from(
            cutter
                .push(&pcm, &mut |samples, stamp| {
                    assert_eq!(samples.len(), FRAME);
                    sound.extend_from_slice(samples);
                    stamps.push(stamp);
                })
                .expect("the resampler works"),
        );
    }
    (stamps, sound, backwards)
}

fn steps(stamps: &[Stamp]) -> Vec<u32> {
    stamps.windows(2).map(|pair| pair[1].rtp.wrapping_sub(pair[0].rtp)).collect()
}

/// Upward crossings of zero: the pitch, where there is no noise.
fn crossings(sound: &[f32]) -> usize {
    sound.windows(2).filter(|pair| pair[0] <= 0.0 && pair[1] > 0.0).count()
}

#[test]
fn every_rate_becomes_the_same_tone_at_48_khz() {
    for rate in [8_000, 11_025, 16_000, 22_050, 44_100, 44_101, 48_000, 96_000, 192_000] {
        let (stamps, sound, _) = cut(rate, rate as usize / 100, 200, |_| None);
        assert!((98..=100).contains(&stamps.len()), "{rate}: {} frames of two seconds", stamps.len());
        assert!(steps(&stamps).iter().all(|step| *step == 960), "{rate}");
        // Not the first tenth: before the filter is full, its ripple crosses zero too.
        let sound = &sound[4800..];
        let hertz = crossings(sound) as f64 / (sound.len() as f64 / 48_000.0);
        assert!((hertz - 440.0).abs() < 3.0, "{rate}: {hertz} Hz");
        let loudest = sound.iter().fold(0f32, |most, s| most.max(s.abs()));
        assert!((0.45..0.55).contains(&loudest), "{rate}: {loudest}");
    }
}

#[test]
fn any_length_of_push_gives_the_same_frames() {
    let sum = |chunk: usize| cut(48_000, chunk, 48_000 / chunk as u64, |_| None).1;
    let reference = sum(960);
    for chunk in [1, 7, 100, 959, 961, 4800] {
        let other = sum(chunk);
        let common = other.len().min(reference.len());
        assert!(common + 960 >= reference.len(), "{chunk}");
        // The tone is made from the same positions, so the samples are the same ones.
        assert_eq!(other[..common], reference[..common], "{chunk}");
    }
}

#[test]
fn a_gap_in_the_capture_times_moves_the_timestamps_on() {
    // Ten milliseconds a push, and half a second nothing before the 51st, in the middle of a frame.
    let (stamps, _, _) = cut(48_000, 480, 101, |n| Some(n * 10_000 + if n >= 51 { 500_000 } else { 0 }));
    let moved: Vec<u32> = steps(&stamps).into_iter().filter(|step| *step != 960).collect();
    // The half frame before it was filled up with silence.
    assert_eq!(moved, [960 + 24_000 - 480]);
}

#[test]
fn sound_without_capture_times_moves_on_after_a_pause() {
    let mut cutter = Cutter::new(1).expect("48 kHz needs no filter");
    let mut stamps = Vec::new();
    for pushed in [0, 20_000, 5_000_000, 5_020_000] {
        let samples = [0.0; 960];
        let frame =
            AudioFrame { samples: Samples::F32(&samples), sample_rate: 48_000, channels: 1, capture: None };
        let pcm = Pcm::new(&frame, 1, None, Time(pushed)).expect("a valid frame");
        cutter.push(&pcm, &mut |_, stamp| stamps.push(stamp)).expect("nothing to fail");
    }
    assert_eq!(steps(&stamps), [960, 48 * 4980, 960]);
}

#[test]
fn what_was_dropped_leaves_a_gap() {
    let mut cutter = Cutter::new(1).expect("48 kHz needs no filter");
    let mut stamps = Vec::new();
    for missing in [0, 0, 100] {
        let samples = [0.0; 960];
        let frame =
            AudioFrame { samples: Samples::F32(&samples), sample_rate: 48_000, channels: 1, capture: None };
        let mut pcm = Pcm::new(&frame, 1, None, Time(0)).expect("a valid frame");
        pcm.missing = Duration::from_millis(missing);
        cutter.push(&pcm, &mut |_, stamp| stamps.push(stamp)).expect("nothing to fail");
    }
    assert_eq!(steps(&stamps), [960, 960 + 4800]);
}

#[test]
fn jitter_is_not_a_gap_and_drift_goes_into_the_ntp_time() {
    // The caller's sound card is 1 in 1000 fast, and its clock is read up to 4 ms late.
    let (stamps, _, backwards) = cut(48_000, 960, 3000, |n| Some(n * 19_980 + n * 7919 % 4000));
    assert!(steps(&stamps).iter().all(|step| *step == 960));
    assert_eq!(backwards, 0);
    let (first, last) = (stamps[0], stamps[stamps.len() - 1]);
    let ntp_seconds = (last.ntp - first.ntp) as f64 / f64::from(u32::MAX);
    let captured = 2999.0 * 0.01998;
    assert!((ntp_seconds - captured).abs() < 0.006, "{ntp_seconds} for {captured}");
}

#[test]
fn times_that_go_backwards_are_counted_and_sound_follows_on() {
    let (stamps, _, backwards) =
        cut(48_000, 960, 50, |n| Some(1_000_000 + if n == 20 { 0 } else { n * 20_000 }));
    assert_eq!(backwards, 1);
    assert!(steps(&stamps).iter().all(|step| *step == 960));
}

/// What the NTP timestamps say of each frame, in milliseconds on our clock.
fn captured(stamps: &[Stamp]) -> Vec<i64> {
    let anchor = clock::anchor();
    let since = |ntp: u64| ((i128::from(ntp) - i128::from(anchor.ntp)) * 1_000) >> 32;
    stamps.iter().map(|s| since(s.ntp) as i64 + (anchor.capture.0 / 1_000) as i64).collect()
}

#[test]
fn a_clock_that_is_corrected_backwards_takes_the_ntp_times_along_and_no_sound_is_lost() {
    // What a sink's capture times do: they stand still until the correction is made up for, and go on.
    for (late, chunk) in [(15, 20), (50, 20), (300, 10), (2_000, 20), (120, 60)] {
        let before = 1_000 / chunk;
        let truth = |n: u64| 5_000 + n * chunk - late;
        let at = |n: u64| if n < before { truth(n) + late } else { truth(n).max(truth(before - 1) + late) };
        let pushes = before + (late + 1_500) / chunk;
        let (stamps, sound, backwards) = cut(48_000, 48 * chunk as usize, pushes, |n| Some(at(n) * 1_000));
        assert!(backwards > 0, "{late}: counted");
        assert!(steps(&stamps).iter().all(|step| *step == 960), "{late}: neither a gap nor an overlap");
        assert_eq!(sound.len() as u64, pushes * chunk / 20 * 960);
        let said = captured(&stamps);
        let off = |frame: usize| said[frame] - (5_000 + 20 * frame as i64 - late as i64);
        assert!((off(10) - late as i64).abs() <= 1, "{late}: as was said before the correction, {}", off(10));
        let last = off(stamps.len() - 1);
        assert!(last.abs() <= 3, "{late}: the last frame is {last} ms off");
    }
}

#[test]
fn a_few_times_that_err_move_nothing() {
    let (stamps, _, backwards) = cut(48_000, 960, 200, |n| {
        let errs = n % 10 > 1; // Never for 200 ms.
        Some(1_000_000 + n * 20_000 - if errs { 30_000 } else { 0 })
    });
    assert_eq!(backwards, 160);
    let said = captured(&stamps);
    assert!(said.iter().enumerate().all(|(n, at)| (at - 1_000 - 20 * n as i64).abs() <= 1), "{said:?}");
}

#[test]
fn a_new_rate_follows_on() {
    let mut cutter = Cutter::new(2).expect("48 kHz needs no filter");
    let mut stamps = Vec::new();
    for rate in [48_000, 48_000, 44_100, 44_100, 44_100, 8_000, 8_000, 8_000, 48_000] {
        let samples = vec![0i16; rate as usize / 50];
        let frame =
            AudioFrame { samples: Samples::S16(&samples), sample_rate: rate, channels: 1, capture: None };
        let pcm = Pcm::new(&frame, 2, None, Time(0)).expect("a valid frame");
        cutter.push(&pcm, &mut |_, stamp| stamps.push(stamp)).expect("every rate is in range");
    }
    let all = stamps[stamps.len() - 1].rtp - stamps[0].rtp;
    // At most one filled-up frame for each of the three changes.
    assert!((8 * 960..=11 * 960).contains(&all), "{all}");
    assert!(steps(&stamps).iter().all(|step| *step >= 960), "frames never overlap");
}
