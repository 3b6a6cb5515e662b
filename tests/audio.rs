//! The sound of a source: PCM of any kind in, Opus frames of 20 ms out, each at its place in time.

#[path = "common/outlet.rs"]
mod outlet;

use framewire::error::Status;
use framewire::frame::{AudioFrame, Samples};
use framewire::media::Kind;
use framewire::source::{AudioOptions, Source, SourceOptions, VideoOptions};
use framewire::time::{Time, clock};
use opus::{Channels, Decoder};
use outlet::{Frames, picture, plain, tap};

fn source(audio: AudioOptions) -> Source {
    let options = SourceOptions { video: None, audio: Some(audio), ..SourceOptions::default() };
    Source::new(options).expect("the options are right")
}

fn push(source: &Source, samples: Samples<'_>, sample_rate: u32, channels: u32, capture: Option<u64>) {
    let frame = AudioFrame { samples, sample_rate, channels, capture: capture.map(Time) };
    source.push_audio(&frame).expect("a valid push");
}

/// 440 Hz from sample `from` on.
fn tone(rate: u32, from: usize, samples: usize) -> Vec<f32> {
    let sample = |n| (n as f32 / rate as f32 * 440.0 * std::f32::consts::TAU).sin() / 2.0;
    (from..from + samples).map(sample).collect()
}

fn samples(decoder: &mut Decoder, packet: &[u8], fec: bool) -> Vec<f32> {
    let mut out = vec![0.0; 960 * 2];
    let count = decoder.decode_float(packet, &mut out, fec).expect("libopus decodes it");
    assert_eq!(count, 960, "20 ms");
    out.iter().step_by(2).copied().collect()
}

fn decoder() -> Decoder {
    Decoder::new(48_000, Channels::Stereo).expect("libopus has memory")
}

fn loudness(samples: &[f32]) -> f32 {
    (samples.iter().map(|s| s * s).sum::<f32>() / samples.len() as f32).sqrt()
}

/// Takes `count` frames, which follow on each other without a gap.
fn continuous(frames: &Frames, count: usize) -> Vec<Vec<u8>> {
    let mut last: Option<(u64, u32)> = None;
    (0..count)
        .map(|_| {
            let frame = frames.next();
            if let Some((index, rtp)) = last {
                assert_eq!((frame.index, frame.rtp_time), (index + 1, rtp.wrapping_add(960)));
            }
            last = Some((frame.index, frame.rtp_time));
            assert_eq!((frame.kind, frame.keyframe, frame.packets()), (Kind::Audio, true, 1));
            frame.data.clone()
        })
        .collect()
}

#[test]
fn any_pcm_becomes_the_same_sound() {
    for (rate, channels) in [(8_000, 1), (44_100, 1), (44_100, 2), (48_000, 2), (192_000, 1)] {
        for float in [false, true] {
            let source = source(AudioOptions::default());
            let frames = tap(&source, Kind::Audio);
            let mut decoder = decoder();
            let mut heard = Vec::new();
            let start = clock::now().0;
            // Chunks of 25 ms: five make six frames, less what the filter holds back.
            let chunk = rate as usize / 40;
            for n in 0..20 {
                let mono = tone(rate, n * chunk, chunk);
                let pcm: Vec<f32> = mono.iter().flat_map(|s| [*s; 2].into_iter().take(channels)).collect();
                let short: Vec<i16> = pcm.iter().map(|s| (s * 32_767.0) as i16).collect();
                let pcm = if float { Samples::F32(&pcm) } else { Samples::S16(&short) };
                push(&source, pcm, rate, channels as u32, Some(start + n as u64 * 25_000));
                let due = (n + 1) * 25 / 20 - usize::from(rate != 48_000);
                let new = due.saturating_sub(heard.len() / 960);
                for packet in continuous(&frames, new) {
                    heard.extend(samples(&mut decoder, &packet, false));
                }
            }
            let heard = &heard[9600..];
            let crossings = heard.windows(2).filter(|pair| pair[0] <= 0.0 && pair[1] > 0.0).count();
            let hertz = crossings as f32 * 48_000.0 / heard.len() as f32;
            assert!((hertz - 440.0).abs() < 6.0, "{rate} Hz, {channels} channels: {hertz} Hz");
            assert!((loudness(heard) - 0.354).abs() < 0.05, "{rate} Hz, {channels}: {}", loudness(heard));
            assert_eq!(source.stats().audio_dropped_us, 0);
        }
    }
}

#[test]
fn at_most_200_ms_wait_and_the_oldest_goes_counted() {
    let source = source(AudioOptions::default());
    let frames = tap(&source, Kind::Audio);
    let start = clock::now().0;
    push(&source, Samples::F32(&tone(48_000, 0, 48_000)), 48_000, 1, Some(start));
    let first = frames.next();
    assert_eq!(first.rtp_time, Time(start + 800_000).rtp(48_000), "the first 800 ms are gone");
    continuous(&frames, 9);
    assert_eq!((source.stats().audio_pushed_us, source.stats().audio_dropped_us), (1_000_000, 800_000));
    assert_eq!(source.stats().audio_encoded, 10);
    // What follows without a capture time follows on.
    push(&source, Samples::F32(&tone(48_000, 0, 960)), 48_000, 1, None);
    assert_eq!(frames.next().rtp_time, first.rtp_time.wrapping_add(9600));
}

#[test]
fn silence_is_sound_and_an_empty_push_is_fine() {
    let source = source(AudioOptions::default());
    let frames = tap(&source, Kind::Audio);
    for _ in 0..50 {
        push(&source, Samples::S16(&[]), 44_100, 2, None);
        push(&source, Samples::S16(&[0; 1920]), 48_000, 2, None);
        continuous(&frames, 1);
    }
    assert_eq!(source.stats().audio_encoded, 50);
}

#[test]
fn a_gap_in_the_capture_times_moves_the_timestamps_on() {
    let source = source(AudioOptions::default());
    let frames = tap(&source, Kind::Audio);
    let start = clock::now().0;
    let rtp: Vec<u32> = [0, 20_000, 340_000, 360_000, 100_000, 400_000]
        .into_iter()
        .map(|at| {
            push(&source, Samples::S16(&[0; 960]), 48_000, 1, Some(start + at));
            frames.next().rtp_time
        })
        .collect();
    let steps: Vec<u32> = rtp.windows(2).map(|pair| pair[1].wrapping_sub(pair[0])).collect();
    // The fifth went backwards: it follows on, and so does the sixth, which says the same time.
    assert_eq!(steps, [960, 16 * 960, 960, 960, 960]);
    assert_eq!(source.stats().audio_times_moved, 1);
}

#[test]
fn a_lost_packet_is_healed_by_the_next() {
    for audio in [
        AudioOptions { bitrate: 24_000, channels: 1, ..AudioOptions::default() },
        AudioOptions { bitrate: 32_000, ..AudioOptions::default() },
        AudioOptions::default(),
    ] {
        let source = source(audio.clone());
        let frames = tap(&source, Kind::Audio);
        let packets: Vec<Vec<u8>> = (0..60)
            .map(|n| {
                // A tone that begins with the packet that is lost.
                let pcm = if n < 52 { vec![0.0; 960] } else { tone(48_000, n * 960, 960) };
                push(&source, Samples::F32(&pcm), 48_000, 1, None);
                frames.next().data.clone()
            })
            .collect();
        let mut decoder = decoder();
        for packet in &packets[..52] {
            samples(&mut decoder, packet, false);
        }
        let redundancy = samples(&mut decoder, &packets[53], true);
        assert!(loudness(&redundancy) > 0.2, "{audio:?}: {}", loudness(&redundancy));
    }
}

#[test]
fn sound_and_picture_stand_on_one_clock_also_on_the_callers_own() {
    for own in [clock::now().0, 7_000_000, u64::MAX - 60_000_000] {
        let options = VideoOptions { width: 64, height: 48, ..VideoOptions::default() };
        let options = SourceOptions { video: Some(options), ..SourceOptions::default() };
        let source = Source::new(options).expect("the options are right");
        let (sound, pictures) = (tap(&source, Kind::Audio), tap(&source, Kind::Video));
        push(&source, Samples::S16(&[0; 960]), 48_000, 1, Some(own));
        source.push_video(picture(64, 48, Some(own), |_, _| 9)).expect("it is live");
        let (first, shown) = (sound.next(), pictures.next());
        // A tick of the sound's RTP clock is 21 µs, and NTP counts 4295 in one.
        assert!(first.ntp.abs_diff(shown.ntp) <= 21 * 4295, "captured together");
        source.push_video(picture(64, 48, Some(own + 40_000_000), |_, _| 9)).expect("it is live");
        let later = pictures.next();
        assert_eq!(later.rtp_time.wrapping_sub(shown.rtp_time), 3_600_000);
        assert!((later.ntp - shown.ntp).abs_diff(40 << 32) < 1 << 16);
        // Without a capture time it is now, on the same line.
        source.push_video(plain(64, 48, 9)).expect("it is live");
        let anchor = clock::anchor();
        let now = anchor.ntp(clock::now());
        assert!(own > clock::now().0 - 10_000_000 || now.abs_diff(first.ntp) < 30 << 32);
    }
}

#[test]
fn bad_sound_is_refused_by_name() {
    let source = source(AudioOptions::default());
    let refused = |samples, sample_rate, channels| {
        let frame = AudioFrame { samples, sample_rate, channels, capture: None };
        let error = source.push_audio(&frame).expect_err("it breaks a rule");
        assert_eq!(error.status(), Status::InvalidArgument);
        error.sentence().to_owned()
    };
    let none = Samples::S16(&[]);
    assert_eq!(refused(none, 7_999, 1), "frame.sample_rate is 7999 but must be 8000 to 192000");
    assert_eq!(refused(none, 192_001, 1), "frame.sample_rate is 192001 but must be 8000 to 192000");
    assert_eq!(refused(none, 48_000, 3), "frame.channels is 3 but must be 1 or 2");
    assert!(refused(Samples::F32(&[0.0; 3]), 48_000, 2).starts_with("frame.samples are 3 but 2 channels"));
    for audio in [
        AudioOptions { channels: 3, ..AudioOptions::default() },
        AudioOptions { complexity: 11, ..AudioOptions::default() },
        AudioOptions { bitrate: 5_999, ..AudioOptions::default() },
    ] {
        let options = SourceOptions { video: None, audio: Some(audio), ..SourceOptions::default() };
        assert!(Source::new(options).is_err());
    }
    assert_eq!(source.push_video(plain(2, 2, 1)).map_err(|e| e.status()), Err(Status::InvalidState));
    source.close();
    let frame = AudioFrame { samples: none, sample_rate: 48_000, channels: 1, capture: None };
    assert_eq!(source.push_audio(&frame).map_err(|e| e.status()), Err(Status::Closed));
}

#[test]
fn nonsense_in_floats_harms_nothing() {
    let source = source(AudioOptions::default());
    let frames = tap(&source, Kind::Audio);
    let nonsense = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30, -1e30, 0.0];
    let pcm: Vec<f32> = nonsense.into_iter().cycle().take(441 * 2).collect();
    for _ in 0..20 {
        push(&source, Samples::F32(&pcm), 44_100, 2, None);
    }
    let mut decoder = decoder();
    // The thread may be slower than the pushes, which then drop the oldest.
    for _ in 0..9 {
        assert!(samples(&mut decoder, &frames.next().data, false).iter().all(|s| s.is_finite()));
    }
    assert_eq!(source.stats().audio_errors, 0);
}
