use super::*;
use crate::error::Status;
use crate::fanout::Outlet;
use crate::frame::{AudioFrame, Samples};
use crate::id::Id;
use crate::source::{Source, SourceOptions};

struct Sent(Mutex<Vec<(u64, u32)>>);

impl Outlet for Sent {
    fn deliver(&self, frame: &Arc<MediaFrame>, _: Time) -> bool {
        self.0.lock().push((frame.index, frame.rtp_time));
        true
    }

    fn id(&self) -> Id {
        Id(1)
    }
}

/// Three seconds of silence between two tones, not through the thread: each push waits for the last.
fn silence(dtx: bool) -> (Vec<(u64, u32)>, u64) {
    let options = AudioOptions { dtx, bitrate: 24_000, channels: 1, ..AudioOptions::default() };
    let mut stage = stage(&options, false).expect("the options are right");
    let options = SourceOptions { video: None, audio: Some(options), ..SourceOptions::default() };
    let source = Source::new(options).expect("the options are right");
    let sent = Arc::new(Sent(Mutex::default()));
    source.fanout().join(&(sent.clone() as Arc<dyn Outlet>), true);
    let road = source.shared().audio.as_ref().expect("it has sound");
    for n in 0..150 {
        let loud = if n == 0 || n == 149 { 0.5 } else { 0.0 };
        let samples: Vec<f32> = (0..960).map(|s| (s as f32 / 17.0).sin() * loud).collect();
        let samples = Samples::F32(&samples);
        let frame = AudioFrame { samples, sample_rate: 48_000, channels: 1, capture: None };
        let pcm = Pcm::new(&frame, 1, Some(Time(n * 20_000)), Time(n * 20_000)).expect("a valid frame");
        stage.push(source.shared(), &road.figures, &pcm);
    }
    let sent = std::mem::take(&mut *sent.0.lock());
    (sent, source.stats().audio_silent)
}

#[test]
fn discontinuous_transmission_leaves_silence_out_and_keeps_the_time() {
    let (sent, silent) = silence(true);
    assert!(sent.len() < 75, "{} of 150 frames were sent", sent.len());
    assert_eq!(sent.len() as u64 + silent, 150);
    let indices: Vec<u64> = sent.iter().map(|(index, _)| *index).collect();
    assert_eq!(indices, (0..sent.len() as u64).collect::<Vec<_>>(), "what is left out is no gap");
    assert_eq!(sent[sent.len() - 1].1 - sent[0].1, 149 * 960);
}

#[test]
fn without_it_silence_is_sound() {
    let (sent, silent) = silence(false);
    assert_eq!((sent.len(), silent), (150, 0));
}

/// Tells when a frame of what kind came, and its capture time.
struct Arrivals(crossbeam_channel::Sender<(Kind, Time, Time)>);

impl Outlet for Arrivals {
    fn deliver(&self, frame: &Arc<MediaFrame>, _: Time) -> bool {
        let anchor = clock::anchor();
        let since = ((i128::from(frame.ntp) - i128::from(anchor.ntp)) * 1_000_000) >> 32;
        let capture = Time((i128::from(anchor.capture.0) + since) as u64);
        _ = self.0.send((frame.kind, capture, clock::now()));
        true
    }

    fn id(&self) -> Id {
        Id(2)
    }
}

#[test]
fn sound_that_follows_the_picture_leaves_no_earlier_after_its_capture_than_that() {
    const WORK: Duration = Duration::from_millis(150);
    let video = crate::source::VideoOptions { width: 16, height: 16, ..Default::default() };
    let options =
        SourceOptions { video: Some(video), sound_follows_picture: true, ..SourceOptions::default() };
    let source = Source::new(options).expect("the options are right");
    let (to, arrivals) = crossbeam_channel::unbounded();
    source.fanout().join(&(Arc::new(Arrivals(to)) as Arc<dyn Outlet>), true);
    // So far ahead that no machine is too slow to have the picture before sound stops waiting for it.
    let start = clock::now() + Duration::from_secs(1);
    let push = |n: u64| {
        let capture = Some(start + Duration::from_millis(20 * n));
        let samples = Samples::F32(&[0.0; 960]);
        let frame = AudioFrame { samples, sample_rate: 48_000, channels: 1, capture };
        source.push_audio(&frame).expect("it is live");
    };
    (0..10).for_each(push);
    let pixels = [0; 16 * 16 * 4];
    let view = crate::frame::FrameView {
        format: crate::frame::Format::Rgba,
        width: 16,
        height: 16,
        strides: [64, 0, 0],
        planes: [&pixels, &[], &[]],
    };
    let captured = clock::now() - WORK;
    let picture = crate::pool::Pool::new(1).copy(&view, Some(captured)).expect("a good picture");
    source.push_video(picture).expect("it is live");
    let next = || arrivals.recv_timeout(Duration::from_secs(30)).expect("it comes");
    let (kind, capture, sent) = next();
    let age = sent.since(captured);
    assert_eq!((kind, capture.0.abs_diff(captured.0) <= 1), (Kind::Video, true), "it is waited for");
    assert!(age >= WORK);
    for n in 0..10 {
        let (kind, capture, sent) = next();
        assert_eq!(kind, Kind::Audio);
        let expected = start + Duration::from_millis(20 * n);
        assert!(capture.0.abs_diff(expected.0) <= 30, "its capture time is true");
        assert!(sent.since(capture) >= WORK, "{n}: {:?}", sent.since(capture));
    }
    let held = Duration::from_micros(source.stats().audio_held_us);
    assert!((WORK..=age).contains(&held), "{held:?} for a picture that left {age:?} old");
    assert_eq!(source.stats().audio_undelivered, 0);
}

#[test]
fn what_has_only_sound_or_only_pictures_has_nothing_to_follow() {
    for (video, audio) in [(None, Some(AudioOptions::default())), (Some(Default::default()), None)] {
        let options = SourceOptions { video, audio, sound_follows_picture: true, ..SourceOptions::default() };
        assert_eq!(Source::new(options).map(drop).map_err(|e| e.status()), Err(Status::InvalidArgument));
    }
}

#[test]
fn the_first_picture_ends_a_wait_whether_it_comes_before_or_during_it() {
    let road = Arc::new(AudioRoad::new(&AudioOptions::default()));
    let (to, told) = crossbeam_channel::unbounded();
    let waiting = road.clone();
    std::thread::spawn(move || {
        for _ in 0..2 {
            let mut age = None;
            let nothing = matches!(waiting.take(None, &mut age), Take::Nothing);
            _ = to.send((nothing, age));
        }
    });
    road.picture(Duration::from_millis(7));
    for _ in 0..2 {
        let woken = told.recv_timeout(Duration::from_secs(30));
        assert_eq!(woken, Ok((true, Some(Duration::from_millis(7)))));
    }
}
