//! The encoder thread of a source: what goes in comes out, settings hold while it is idle, errors
//! end it by name, and freeing it waits for nobody.

#[path = "common/outlet.rs"]
mod outlet;

use framewire::convert::I420;
use framewire::decode::vp8::Vp8Decoder;
use framewire::encode::vp8::Vp8Encoder;
use framewire::encode::{EncoderFactory, VideoEncoder, VideoSettings};
use framewire::error::{Error, Result, Status};
use framewire::events::{EventKind, Events};
use framewire::frame::{Format, Planes, VideoFrame};
use framewire::mailbox::Pushed;
use framewire::media::{EncodedFrame, Kind};
use framewire::source::{Source, SourceOptions, SourceState, VideoOptions};
use framewire::time::{Time, clock};
use outlet::{PATIENCE, bitstream, noise, picture, plain, tap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

fn video(video: VideoOptions) -> SourceOptions {
    SourceOptions { video: Some(video), audio: None, ..SourceOptions::default() }
}

fn small() -> VideoOptions {
    VideoOptions { width: 64, height: 48, bitrate: 300_000, ..VideoOptions::default() }
}

fn source(options: VideoOptions) -> Source {
    Source::new(video(options)).expect("the options are right")
}

// What comes out.

#[test]
fn every_picture_comes_out_and_decodes_to_what_was_pushed() {
    let source = source(small());
    let frames = tap(&source, Kind::Video);
    let mut decoder = Vp8Decoder::new().expect("libvpx has memory");
    for n in 0..20u32 {
        // A bright column that moves.
        let shade = |x: u32, _: u32| if x / 8 == n % 8 { 230 } else { 20 };
        source.push_video(picture(64, 48, None, shade)).expect("it is live");
        let frame = frames.next();
        assert_eq!((frame.keyframe, frame.index), (n == 0, u64::from(n)));
        assert!(frame.stamps.pushed <= frame.stamps.taken && frame.stamps.taken <= frame.stamps.encoded);
        let data = bitstream(&frame);
        let picture = decoder.decode(&data).expect("it decodes").expect("it is shown");
        assert_eq!((picture.width, picture.height), (64, 48));
        assert!(picture.luma(n % 8 * 8 + 4, 24) > 180, "frame {n}");
        assert!(picture.luma((n + 4) % 8 * 8 + 4, 24) < 70, "frame {n}");
    }
    let stats = source.stats();
    assert_eq!((stats.video_pushed, stats.video_taken, stats.video_encoded), (20, 20, 20));
    assert_eq!((stats.video_keyframes, stats.video_errors, stats.viewers), (1, 0, 1));
    assert_eq!((stats.push_to_take.count, stats.take_to_encoded.count), (20, 20));
    assert!(stats.take_to_encoded.p50 <= stats.take_to_encoded.p99);
    assert!(stats.take_to_encoded.p99 <= stats.take_to_encoded.max);
    assert!(stats.video_bytes > 0 && stats.video_packets >= 20);
}

#[test]
fn any_size_is_encoded_also_in_the_middle_of_a_stream() {
    // Enough for rate control to leave nothing out at the largest.
    let source = source(VideoOptions { bitrate: 50_000_000, ..small() });
    let frames = tap(&source, Kind::Video);
    let mut decoder = Vp8Decoder::new().expect("libvpx has memory");
    let sizes = [(64, 48), (2, 2), (1, 1), (3, 5), (641, 481), (17, 1), (1, 999), (4096, 2160), (64, 48)];
    for (width, height) in sizes {
        for n in 0..2 {
            source.push_video(plain(width, height, 200)).expect("it is live");
            let frame = frames.next();
            assert_eq!(frame.keyframe, n == 0, "{width}x{height}, frame {n}");
            let data = bitstream(&frame);
            let picture = decoder.decode(&data).expect("it decodes").expect("it is shown");
            assert_eq!((picture.width, picture.height), (width, height));
            assert!(picture.luma(width - 1, height - 1).abs_diff(188) < 8, "{width}x{height}");
        }
    }
    assert_eq!(source.stats().video_errors, 0);
}

#[test]
fn the_bitrate_holds_and_a_new_one_too() {
    let source = source(VideoOptions { width: 320, height: 240, bitrate: 400_000, ..small() });
    let frames = tap(&source, Kind::Video);
    let mut at = 1_000_000;
    // Kilobits a second over four seconds of capture time, after one to settle.
    let mut rate = |seed| {
        let mut bytes = 0;
        for n in 0..150u32 {
            at += 33_333;
            // Noise that moves in one quarter: enough to fill the rate, not more than it can hold.
            let noisy = noise(160, 120, None, seed + n);
            let noisy = noisy.planes.plane(0);
            let frame = picture(320, 240, Some(at), |x, y| {
                if x < 160 && y < 120 { noisy[((y * 160 + x) * 3) as usize] / 4 + 96 } else { 128 }
            });
            source.push_video(frame).expect("it is live");
            let frame = frames.next();
            bytes += if n >= 30 { frame.data.len() } else { 0 };
        }
        bytes * 8 / 4000
    };
    let low = rate(0);
    source.set_video_bitrate(1_200_000).expect("a sane rate");
    let high = rate(1000);
    assert!((280..=520).contains(&low), "{low} kbit/s of 400");
    assert!((840..=1560).contains(&high), "{high} kbit/s of 1200");
}

/// libvpx's encoder, telling the test what came of each picture.
struct Observed(Vp8Encoder, Sender<bool>);

impl VideoEncoder for Observed {
    fn encode(&mut self, picture: &I420, capture: Time, keyframe: bool) -> Result<Option<EncodedFrame>> {
        let frame = self.0.encode(picture, capture, keyframe)?;
        _ = self.1.send(frame.is_some());
        Ok(frame)
    }

    fn configure(&mut self, settings: &VideoSettings) -> Result<()> {
        self.0.configure(settings)
    }
}

#[test]
fn what_rate_control_leaves_out_is_counted_and_not_missed() {
    let (outcomes, outcome) = channel();
    let factory: EncoderFactory = Box::new(move |wanted| {
        Ok(Box::new(Observed(Vp8Encoder::new(wanted, 2)?, outcomes.clone())) as Box<dyn VideoEncoder>)
    });
    let options = VideoOptions { width: 320, height: 240, bitrate: 20_000, ..small() };
    let source = Source::with_encoder(video(options), factory).expect("the options are right");
    let frames = tap(&source, Kind::Video);
    let mut decoder = Vp8Decoder::new().expect("libvpx has memory");
    let (mut left_out, mut last) = (0, true);
    for n in 0..60 {
        source.push_video(noise(320, 240, Some(1_000_000 + n * 33_333), n as u32)).expect("it is live");
        last = outcome.recv_timeout(PATIENCE).expect("each is tried");
        left_out += u64::from(!last);
    }
    assert!(left_out > 0);
    // Nothing more is pushed, and the last picture comes out all the same.
    if !last {
        while !outcome.recv_timeout(PATIENCE).expect("it is tried again") {}
    }
    source.close();
    assert!(source.stats().video_rate_dropped >= left_out);
    for (n, frame) in frames.waiting().iter().enumerate() {
        assert_eq!(frame.index, n as u64, "no gap where none is");
        decoder.decode(&bitstream(frame)).expect("nothing refers to what was left out");
    }
}

// Time.

#[test]
fn a_capture_time_names_the_rtp_time_of_its_picture_before_and_after_it_is_pushed() {
    // Ours, and a clock of the application's own, placed by what is asked first.
    for begin in [clock::now().0, 7] {
        let source = source(small());
        let frames = tap(&source, Kind::Video);
        let base = source.rtp_base(Kind::Video);
        for n in 0..20 {
            let capture = begin + n * 33_333 + n % 3;
            let before = source.rtp_timestamp(Time(capture)).expect("it has pictures");
            source.push_video(picture(64, 48, Some(capture), |_, _| n as u8)).expect("it is live");
            assert_eq!(frames.next().rtp_time.wrapping_add(base), before);
            assert_eq!(source.rtp_timestamp(Time(capture)).expect("it has pictures"), before);
        }
    }
    let bases = [source(small()), source(small())].map(|source| source.rtp_base(Kind::Video));
    assert_ne!(bases[0], bases[1], "random: RFC 3550 section 5.1");
}

#[test]
fn capture_time_becomes_rtp_time_and_never_goes_back() {
    let source = source(small());
    let frames = tap(&source, Kind::Video);
    let base = clock::now().0;
    let rtp: Vec<u32> = [0, 33_333, 10_000, 66_666, 66_666, 200_000]
        .into_iter()
        .map(|at| {
            source.push_video(picture(64, 48, Some(base + at), |_, _| 99)).expect("it is live");
            frames.next().rtp_time
        })
        .collect();
    let expected = |at: u64| Time(base + at).rtp(90_000);
    assert_eq!(rtp[..2], [expected(0), expected(33_333)]);
    assert_eq!(rtp[2], rtp[1].wrapping_add(1));
    assert_eq!(rtp[3], expected(66_666));
    assert_eq!(rtp[4], rtp[3].wrapping_add(1));
    assert_eq!(rtp[5], expected(200_000));
    assert_eq!(source.stats().video_times_moved, 2);
}

#[test]
fn a_long_idle_is_not_a_long_frame() {
    let source = source(VideoOptions { width: 320, height: 240, bitrate: 5_000_000, ..small() });
    let frames = tap(&source, Kind::Video);
    let mut decoder = Vp8Decoder::new().expect("libvpx has memory");
    let mut sizes = Vec::new();
    let base = clock::now().0;
    for n in 0..60u32 {
        // After thirty frames nothing for a month, then for as long as the clock goes.
        let idle = [0, 30 * 86_400_000_000, u64::MAX - base - 10_000_000][n as usize / 20];
        let at = base + idle + u64::from(n) * 33_333;
        source.push_video(noise(320, 240, Some(at), n)).expect("it is live");
        let frame = frames.next();
        decoder.decode(&bitstream(&frame)).expect("it decodes");
        sizes.push(frame.data.len());
    }
    let usual = sizes[10..20].iter().max().expect("ten of them");
    for after in [20, 21, 40, 41] {
        assert!(sizes[after] < usual * 4, "frame {after}: {} of usually {usual}", sizes[after]);
    }
    assert_eq!(source.stats().state, SourceState::Live);
}

// Keyframes.

#[test]
fn a_keyframe_asked_for_while_idle_comes_without_a_push() {
    let source = source(VideoOptions { keyframe_window: Duration::from_millis(20), ..small() });
    let frames = tap(&source, Kind::Video);
    source.request_keyframe();
    source.push_video(plain(64, 48, 222)).expect("it is live");
    let first = frames.next();
    source.request_keyframe();
    let again = frames.next();
    assert!(again.keyframe && again.index == first.index + 1);
    let ticks = again.rtp_time.wrapping_sub(first.rtp_time);
    let passed = again.stamps.taken.since(first.stamps.taken).as_micros() as u32 * 9 / 100;
    assert!(ticks.abs_diff(passed) < 10, "{ticks} ticks for {passed}");
    let data = bitstream(&again);
    let mut decoder = Vp8Decoder::new().expect("libvpx has memory");
    let picture = decoder.decode(&data).expect("it decodes").expect("it is shown");
    assert!(picture.luma(30, 30).abs_diff(207) < 8);
}

#[test]
fn a_storm_of_requests_costs_two() {
    let source = source(VideoOptions { keyframe_window: Duration::from_millis(200), ..small() });
    let frames = tap(&source, Kind::Video);
    source.push_video(plain(64, 48, 50)).expect("it is live");
    let first = frames.next();
    let storm = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..5 {
            scope.spawn(|| (0..50).for_each(|_| source.request_keyframe()));
        }
    });
    assert!(storm.elapsed() < Duration::from_millis(100), "a request waits for nothing");
    let second = frames.next();
    assert!(second.stamps.taken.since(first.stamps.taken) >= Duration::from_millis(200));
    // At most one more, for requests that came while the second was being made.
    let rest = (0..2).take_while(|_| !frames.none_within(Duration::from_millis(400))).count();
    assert!(rest <= 1, "{rest} more");
    assert!(source.stats().keyframe_requests <= 2);
}

#[test]
fn an_interval_forces_keyframes() {
    let interval = Some(Duration::ZERO);
    let source = source(VideoOptions { keyframe_interval: interval, ..small() });
    let frames = tap(&source, Kind::Video);
    for _ in 0..3 {
        source.push_video(plain(64, 48, 50)).expect("it is live");
        assert!(frames.next().keyframe);
    }
}

// An encoder of the test's own.

/// Tells the test what it is asked, and does what the test says.
#[derive(Clone)]
struct Scripted {
    told: Sender<Told>,
    /// Errors still to come.
    errors: Arc<AtomicU64>,
    refuse: Arc<AtomicBool>,
    /// Each encode waits for one of these where there is a gate.
    gate: Option<crossbeam_channel::Receiver<()>>,
    encoding: Arc<AtomicBool>,
}

#[derive(Debug, PartialEq)]
enum Told {
    Made(VideoSettings),
    Configured(VideoSettings),
    Encode,
    Destroyed,
}

impl Scripted {
    fn new() -> (Scripted, Receiver<Told>) {
        let (told, receiver) = channel();
        let script = Scripted {
            told,
            errors: Arc::default(),
            refuse: Arc::default(),
            gate: None,
            encoding: Arc::default(),
        };
        (script, receiver)
    }

    fn source(&self, events: Option<Arc<Events>>) -> Source {
        let script = self.clone();
        let factory: EncoderFactory = Box::new(move |settings| {
            if script.refuse.load(Ordering::SeqCst) {
                return Err(Error::new(Status::Codec, "no encoder of that size"));
            }
            _ = script.told.send(Told::Made(*settings));
            Ok(Box::new(Running(script.clone())))
        });
        let options = VideoOptions { keyframe_window: Duration::from_millis(20), ..small() };
        Source::with_encoder(SourceOptions { events, ..video(options) }, factory).expect("right options")
    }
}

struct Running(Scripted);

impl VideoEncoder for Running {
    fn encode(&mut self, _: &I420, _: Time, keyframe: bool) -> Result<Option<EncodedFrame>> {
        self.0.encoding.store(true, Ordering::SeqCst);
        _ = self.0.told.send(Told::Encode);
        if let Some(gate) = &self.0.gate {
            _ = gate.recv();
        }
        self.0.encoding.store(false, Ordering::SeqCst);
        if self.0.errors.load(Ordering::SeqCst) > 0 {
            self.0.errors.fetch_sub(1, Ordering::SeqCst);
            return Err(Error::new(Status::Codec, "as it was told"));
        }
        Ok(Some(EncodedFrame { keyframe, droppable: false, data: vec![1, 2, 3] }))
    }

    fn configure(&mut self, settings: &VideoSettings) -> Result<()> {
        assert!(settings.bitrate != 66_666, "a test asks for a panic");
        _ = self.0.told.send(Told::Configured(*settings));
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        assert!(!self.0.encoding.load(Ordering::SeqCst), "destroyed in the middle of an encode");
        _ = self.0.told.send(Told::Destroyed);
    }
}

fn next(told: &Receiver<Told>) -> Told {
    told.recv_timeout(PATIENCE).expect("the encoder is told something")
}

fn at_once<T>(call: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = call();
    assert!(start.elapsed() < Duration::from_millis(100), "it took {:?}", start.elapsed());
    result
}

#[test]
fn settings_take_effect_while_idle_and_return_at_once() {
    let (script, told) = Scripted::new();
    let source = script.source(None);
    let frames = tap(&source, Kind::Video);
    source.push_video(plain(64, 48, 1)).expect("it is live");
    let made = VideoSettings { width: 64, height: 48, fps: 30.0, bitrate: 300_000 };
    assert_eq!((next(&told), next(&told)), (Told::Made(made), Told::Encode));
    frames.next();

    at_once(|| source.set_video_bitrate(500_000)).expect("a sane rate");
    assert_eq!(next(&told), Told::Configured(VideoSettings { bitrate: 500_000, ..made }));
    at_once(|| source.set_frame_rate(15.0)).expect("a sane rate");
    assert_eq!(next(&told), Told::Configured(VideoSettings { bitrate: 500_000, fps: 15.0, ..made }));
    at_once(|| source.set_video_size(32, 16)).expect("a sane size");
    let smaller = VideoSettings { width: 32, height: 16, fps: 15.0, bitrate: 500_000 };
    assert_eq!((next(&told), next(&told)), (Told::Made(smaller), Told::Destroyed), "the new one first");

    source.push_video(plain(32, 16, 1)).expect("it is live");
    assert_eq!(next(&told), Told::Encode, "it was ready");
    assert!(frames.next().keyframe);
    let stats = source.stats();
    assert_eq!((stats.width, stats.height, stats.bitrate), (32, 16, 500_000));
}

#[test]
fn settings_do_not_wait_for_an_encode() {
    let (mut script, told) = Scripted::new();
    let (open, gate) = crossbeam_channel::unbounded();
    script.gate = Some(gate);
    let source = script.source(None);
    source.push_video(plain(64, 48, 1)).expect("it is live");
    assert!(matches!((next(&told), next(&told)), (Told::Made(_), Told::Encode)));
    at_once(|| {
        source.set_video_bitrate(500_000).expect("a sane rate");
        source.set_video_size(32, 16).expect("a sane size");
        source.request_keyframe();
        source.stats()
    });
    open.send(()).expect("the encoder waits");
    assert!(matches!(next(&told), Told::Made(s) if s.width == 32 && s.bitrate == 500_000));
    drop(open);
}

#[test]
fn a_size_that_cannot_be_had_leaves_the_old_encoder_and_says_so() {
    let events = Events::new(16).expect("a queue");
    let (script, told) = Scripted::new();
    let source = script.source(Some(events.clone()));
    let frames = tap(&source, Kind::Video);
    source.push_video(plain(64, 48, 1)).expect("it is live");
    frames.next();
    script.refuse.store(true, Ordering::SeqCst);
    source.set_video_size(32, 16).expect("the size itself is sane");
    let event = events.next(PATIENCE).expect("the failure is told");
    assert_eq!((event.kind, event.object), (EventKind::EncoderError, source.id()));
    assert_eq!(event.text, "no encoder of that size");
    source.push_video(plain(64, 48, 1)).expect("it is live");
    frames.next();
    assert_eq!(source.stats().width, 64);
    assert!(told.try_iter().all(|told| told != Told::Destroyed));
}

#[test]
fn an_encoder_that_errs_backs_off_and_recovers_with_a_keyframe() {
    let events = Events::new(16).expect("a queue");
    let (script, _told) = Scripted::new();
    let source = script.source(Some(events.clone()));
    let frames = tap(&source, Kind::Video);
    source.push_video(plain(64, 48, 1)).expect("it is live");
    frames.next();
    script.errors.store(3, Ordering::SeqCst);
    let start = Instant::now();
    source.push_video(plain(64, 48, 1)).expect("it is live");
    let frame = frames.next();
    assert!(frame.keyframe && frame.index == 1, "nothing was sent that a viewer could miss");
    // 5, 10 and 20 ms, though nothing more was pushed.
    assert!(start.elapsed() >= Duration::from_millis(35));
    for _ in 0..3 {
        let event = events.next(PATIENCE).expect("each is told");
        assert_eq!((event.kind, event.value), (EventKind::EncoderError, Status::Codec as i64));
    }
    assert_eq!((source.stats().video_errors, source.stats().state), (3, SourceState::Live));
}

#[test]
fn ten_errors_in_a_row_end_the_source() {
    let events = Events::new(16).expect("a queue");
    let (script, told) = Scripted::new();
    script.errors.store(1000, Ordering::SeqCst);
    let source = script.source(Some(events.clone()));
    source.push_video(plain(64, 48, 1)).expect("it is live");
    let start = Instant::now();
    for n in 0..10 {
        // No later push needed: the picture whose first encode failed is tried again.
        let event = events.next(PATIENCE).expect("each error is told");
        assert_eq!(event.kind, EventKind::EncoderError, "{n}");
    }
    let event = events.next(PATIENCE).expect("the end is told");
    assert_eq!((event.kind, event.text.as_str()), (EventKind::SourceFailed, "as it was told"));
    assert!(start.elapsed() >= Duration::from_millis(1000), "that was a spin");
    let error = source.push_video(plain(64, 48, 1)).expect_err("it has ended");
    assert_eq!(error.status(), Status::Closed);
    assert_eq!(error.sentence(), "the source has failed: as it was told");
    let stats = source.stats();
    assert_eq!((stats.state, stats.video_errors), (SourceState::Failed, 10));
    assert_eq!(told.iter().find(|told| *told == Told::Destroyed), Some(Told::Destroyed), "the thread ends");
}

#[test]
fn an_encoder_that_panics_ends_the_source_not_the_process() {
    let events = Events::new(16).expect("a queue");
    let (script, _told) = Scripted::new();
    let source = script.source(Some(events.clone()));
    let frames = tap(&source, Kind::Video);
    source.push_video(plain(64, 48, 1)).expect("it is live");
    frames.next();
    source.set_video_bitrate(66_666).expect("the rate itself is sane");
    let event = events.next(PATIENCE).expect("the end is told");
    assert_eq!((event.kind, event.value), (EventKind::SourceFailed, Status::Internal as i64));
    assert_eq!(source.push_video(plain(64, 48, 1)).map_err(|e| e.status()), Err(Status::Closed));
}

// The end.

#[test]
fn free_in_the_middle_of_an_encode_waits_for_nothing_and_nothing_follows() {
    let events = Events::new(16).expect("a queue");
    let (mut script, told) = Scripted::new();
    let (open, gate) = crossbeam_channel::unbounded();
    script.gate = Some(gate);
    script.errors.store(1, Ordering::SeqCst);
    let source = script.source(Some(events.clone()));
    let frames = tap(&source, Kind::Video);
    source.push_video(plain(64, 48, 1)).expect("it is live");
    assert!(matches!((next(&told), next(&told)), (Told::Made(_), Told::Encode)));
    at_once(|| source.close());
    at_once(|| source.close());
    at_once(|| drop(source));
    open.send(()).expect("the encoder waits");
    // The loop ends before the encoder is destroyed; `Running` checks that.
    assert_eq!(next(&told), Told::Destroyed);
    assert!(events.next(Duration::ZERO).is_err(), "nothing is told after the end");
    assert!(frames.waiting().is_empty());
}

#[test]
fn the_last_handle_ends_the_thread() {
    let (script, told) = Scripted::new();
    let source = script.source(None);
    source.push_video(plain(64, 48, 1)).expect("it is live");
    assert!(matches!((next(&told), next(&told)), (Told::Made(_), Told::Encode)));
    let other = source.clone();
    drop(source);
    other.push_video(plain(64, 48, 1)).expect("it is live");
    assert_eq!(next(&told), Told::Encode);
    drop(other);
    assert_eq!(next(&told), Told::Destroyed);
}

/// The caller's own memory: tells when it is given back.
struct Owned {
    pixels: Vec<u8>,
    released: Sender<u32>,
    number: u32,
    close: Option<Source>,
}

impl std::fmt::Debug for Owned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "owned {}", self.number)
    }
}

impl Planes for Owned {
    fn plane(&self, n: usize) -> &[u8] {
        if n == 0 { &self.pixels } else { &[] }
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        if let Some(source) = &self.close {
            source.close();
        }
        _ = self.released.send(self.number);
    }
}

fn owned(number: u32, released: &Sender<u32>, close: Option<Source>) -> VideoFrame {
    let planes = Owned { pixels: vec![7; 64 * 48 * 4], released: released.clone(), number, close };
    VideoFrame {
        format: Format::Rgba,
        width: 64,
        height: 48,
        strides: [256, 0, 0],
        planes: Box::new(planes),
        capture: None,
    }
}

#[test]
fn a_push_never_blocks_and_every_buffer_comes_back_once() {
    let (mut script, told) = Scripted::new();
    let (open, gate) = crossbeam_channel::unbounded();
    script.gate = Some(gate);
    let source = script.source(None);
    let (released, back) = channel();
    source.push_video(owned(0, &released, None)).expect("it is live");
    assert!(matches!((next(&told), next(&told)), (Told::Made(_), Told::Encode)));
    assert_eq!(back.try_recv(), Ok(0), "the encoder has its own copy");
    let pushed: Vec<_> = (1..=5)
        .map(|n| at_once(|| source.push_video(owned(n, &released, None))).expect("it is live"))
        .collect();
    assert_eq!(pushed[0], Pushed::Stored);
    assert_eq!(pushed[1..], [Pushed::Evicted; 4]);
    assert_eq!(back.try_iter().collect::<Vec<_>>(), [1, 2, 3, 4]);
    at_once(|| source.close());
    assert_eq!(back.try_recv(), Ok(5), "free gives back what waited");
    source.push_video(owned(6, &released, None)).expect_err("it is closed");
    assert_eq!(back.try_recv(), Ok(6));
    drop(open);
    drop(released);
    assert_eq!(back.iter().count(), 0, "none comes back twice");
    let stats = source.stats();
    assert_eq!((stats.video_pushed, stats.video_taken), (7, 1));
    assert_eq!((stats.video_evicted, stats.video_refused), (5, 1));
    assert_eq!(stats.state, SourceState::Closed);
}

#[test]
fn a_release_callback_may_free_the_source() {
    let source = source(small());
    let (released, back) = channel();
    source.push_video(owned(1, &released, Some(source.clone()))).expect("it is live");
    assert_eq!(back.recv_timeout(Duration::from_secs(5)), Ok(1));
    assert_eq!(source.push_video(plain(64, 48, 1)).map_err(|e| e.status()), Err(Status::Closed));
}

#[test]
fn an_outlet_without_room_is_counted() {
    let source = source(small());
    let _full = outlet::full(&source, Kind::Video);
    let frames = tap(&source, Kind::Video);
    source.push_video(plain(64, 48, 1)).expect("it is live");
    let frame = frames.next();
    source.push_video(plain(64, 48, 1)).expect("it is live");
    frames.next();
    assert!(source.stats().video_undelivered >= 1);
    source.sent(&frame, frame.stamps.encoded + Duration::from_millis(3));
    let stats = source.stats();
    assert_eq!((stats.encoded_to_sent.count, stats.encoded_to_sent.max), (1, Duration::from_millis(3)));
    assert!(stats.push_to_sent.max >= stats.encoded_to_sent.max);
}

#[test]
fn bad_options_and_frames_are_refused_by_name() {
    let refused = |options: VideoOptions| match Source::new(video(options)) {
        Ok(_) => String::from("taken"),
        Err(error) => {
            assert_eq!(error.status(), Status::InvalidArgument);
            error.sentence().to_owned()
        }
    };
    assert_eq!(refused(VideoOptions { width: 0, ..small() }), "width is 0 but must be 1 to 16383");
    assert_eq!(refused(VideoOptions { height: 16_384, ..small() }), "height is 16384 but must be 1 to 16383");
    assert!(refused(VideoOptions { fps: f64::NAN, ..small() }).starts_with("fps is NaN"));
    assert!(refused(VideoOptions { fps: 0.0, ..small() }).starts_with("fps is 0"));
    assert!(refused(VideoOptions { bitrate: 1, ..small() }).starts_with("video bitrate is 1 "));
    let nothing = SourceOptions { video: None, audio: None, ..SourceOptions::default() };
    assert!(Source::new(nothing).is_err());

    let source = source(small());
    assert!(source.set_video_size(0, 1).is_err() && source.set_frame_rate(-1.0).is_err());
    assert!(source.set_video_bitrate(0).is_err());
    let mut short = plain(64, 48, 1);
    short.height = 49;
    assert_eq!(source.push_video(short).map_err(|e| e.status()), Err(Status::InvalidArgument));
    assert_eq!(source.stats().video_pushed, 0);
}
