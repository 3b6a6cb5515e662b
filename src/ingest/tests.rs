//! Where the samples of messages belong, on virtual time.

use super::sound::{Piece, SoundStage};
use super::*;
use crate::sink::{AudioOut, Pcm, SampleFormat};
use std::time::Duration;

fn ms(millis: u64) -> Time {
    Time(10_000_000) + Duration::from_millis(millis)
}

fn stage(sample_rate: u32, channels: u32, format: SampleFormat, to: u32) -> SoundStage {
    let from = IngestOptions { sample_rate, channels, ..IngestOptions::default() };
    let to = AudioOut { format, channels: to, queue: Duration::from_secs(1) };
    SoundStage::new(from, to).expect("a rate that can be resampled")
}

fn push(stage: &mut SoundStage, samples: &[i16], now: Time) -> Vec<Piece> {
    let mut pieces = Vec::new();
    stage.push(samples, now, &mut |piece| pieces.push(piece)).expect("it is sound");
    pieces
}

fn length(piece: &Piece) -> usize {
    match &piece.samples {
        Pcm::S16(samples) => samples.len(),
        Pcm::F32(samples) => samples.len(),
    }
}

#[test]
fn samples_come_out_as_they_are_and_end_when_they_came() {
    let mut stage = stage(48_000, 2, SampleFormat::S16, 2);
    let samples: Vec<i16> = (0..1_920).map(|n| [i16::MIN, -1, 0, 1, i16::MAX][n % 5]).collect();
    let pieces = push(&mut stage, &samples, ms(20));
    let [piece] = &pieces[..] else { panic!("one message, one piece: {}", pieces.len()) };
    assert!(matches!(&piece.samples, Pcm::S16(out) if *out == samples));
    assert_eq!((piece.timestamp, piece.capture), (0, ms(0)));
}

#[test]
fn what_comes_irregularly_follows_on_sample_by_sample() {
    let mut stage = stage(48_000, 1, SampleFormat::F32, 2);
    let (mut timestamp, mut before) = (0, None);
    for n in 0..500 {
        let jitter = [0, 35, 5, 90, 15][n as usize % 5];
        for piece in push(&mut stage, &[1_000; 960], ms(20 * (n + 1) + jitter)) {
            assert_eq!((piece.timestamp, length(&piece)), (timestamp, 2 * 960));
            let since = before.map_or(Duration::from_millis(20), |before| piece.capture.since(before));
            assert!(since.abs_diff(Duration::from_millis(20)) < Duration::from_millis(3), "{since:?}");
            (timestamp, before) = (timestamp + 960, Some(piece.capture));
        }
    }
    assert_eq!(timestamp, 500 * 960);
}

#[test]
fn a_pause_is_a_step_in_the_timestamps_and_a_burst_is_none() {
    let mut stage = stage(48_000, 1, SampleFormat::S16, 1);
    push(&mut stage, &[0; 960], ms(20));
    let after = push(&mut stage, &[0; 960], ms(1_040));
    assert_eq!((after[0].timestamp, after[0].capture), (960 + 48_000, ms(1_020)));
    // Five seconds at once: pieces of 120 ms that end now.
    let burst = push(&mut stage, &vec![0; 240_000], ms(1_060));
    assert_eq!(burst[0].timestamp, 960 + 48_000 + 960);
    assert!(burst.iter().all(|piece| length(piece) <= 5_760));
    let next = push(&mut stage, &[0; 960], ms(1_080));
    assert_eq!(next[0].timestamp, 960 + 48_000 + 960 + 240_000, "nothing is missing");
}

#[test]
fn a_clock_that_runs_off_is_followed() {
    let mut stage = stage(48_000, 1, SampleFormat::S16, 1);
    // 2,000 in a million too slow: 400 ms in these three minutes.
    for n in 1..=10_000_u64 {
        let now = ms(0) + Duration::from_micros(n * 20_040);
        for piece in push(&mut stage, &[0; 960], now) {
            assert_eq!(piece.timestamp, (n - 1) * 960, "no step");
            assert!(now.since(piece.capture) < Duration::from_millis(50));
        }
    }
}

#[test]
fn other_rates_and_channels_become_what_the_sink_asked_for() {
    for (rate, channels, to) in [(16_000, 1, 2), (44_100, 2, 2), (96_000, 2, 1), (8_000, 1, 1)] {
        let mut stage = stage(rate, channels, SampleFormat::F32, to);
        let (mut frames, mut timestamp) = (0, 0);
        let tone = |n: u32| {
            ((f64::from(n) * 440.0 * std::f64::consts::TAU / f64::from(rate)).sin() * 16_000.0) as i16
        };
        for n in 0..100 {
            let message: Vec<i16> = (n * rate / 100..(n + 1) * rate / 100)
                .flat_map(|n| vec![tone(n); channels as usize])
                .collect();
            for piece in push(&mut stage, &message, ms(10 * (u64::from(n) + 1))) {
                assert_eq!(piece.timestamp, timestamp);
                timestamp += (length(&piece) / to as usize) as u64;
                let Pcm::F32(samples) = &piece.samples else { panic!("float was asked for") };
                if frames > 4_800 {
                    let power = samples.iter().map(|s| s * s).sum::<f32>() / samples.len() as f32;
                    // A sine of 16,000 of 32,768.
                    assert!((power - 0.119).abs() < 0.01, "{rate}: {power}");
                }
                frames += length(&piece) / to as usize;
            }
        }
        assert!((46_000..=48_000).contains(&frames), "a second of {rate} became {frames}");
    }
}

#[test]
fn options_have_ranges() {
    let fine = IngestOptions::default();
    assert!(fine.check().is_ok());
    for (wrong, says) in [
        (IngestOptions { sample_rate: 7_999, ..fine }, "sample_rate is 7999"),
        (IngestOptions { channels: 0, ..fine }, "channels is 0"),
        (IngestOptions { max_message: 0, ..fine }, "max_message is 0"),
        (IngestOptions { max_message: MAX_MESSAGE + 1, ..fine }, "max_message is 67108865"),
    ] {
        assert!(wrong.check().expect_err("out of range").sentence().starts_with(says));
    }
}
