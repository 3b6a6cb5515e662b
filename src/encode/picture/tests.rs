use super::*;
use crate::error::{Error, Status};
use crate::frame::{Format, FrameView, Matrix};
use crate::pool::Pool;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// An encoder that writes down what it is told, and errs on demand.
#[derive(Clone, Default)]
struct Script {
    errs: Arc<AtomicBool>,
    refuses: Arc<AtomicBool>,
    drops: Arc<AtomicBool>,
    made: Arc<AtomicU64>,
    configured: Arc<AtomicU64>,
}

impl VideoEncoder for Script {
    fn encode(&mut self, _: &I420, _: Time, keyframe: bool) -> Result<Option<EncodedFrame>> {
        if self.errs.load(Ordering::Relaxed) {
            return Err(Error::new(Status::Codec, "as it was told"));
        }
        let frame = EncodedFrame { keyframe, droppable: false, data: vec![0] };
        Ok((!self.drops.load(Ordering::Relaxed)).then_some(frame))
    }

    fn configure(&mut self, settings: &VideoSettings) -> Result<()> {
        self.configured.store(settings.bitrate.into(), Ordering::Relaxed);
        Ok(())
    }
}

fn stage() -> (PictureStage, Script) {
    let script = Script::default();
    let copy = script.clone();
    let factory: EncoderFactory = Box::new(move |_| {
        if copy.refuses.load(Ordering::Relaxed) {
            return Err(Error::new(Status::Codec, "refused"));
        }
        copy.made.fetch_add(1, Ordering::Relaxed);
        Ok(Box::new(copy.clone()))
    });
    let settings = VideoSettings { width: 4, height: 4, fps: 25.0, bitrate: 100_000 };
    let keyframes = Keyframes::new(Duration::from_millis(500), None);
    (PictureStage::new(factory, settings, Converter::new(Matrix::Bt601, None), keyframes), script)
}

fn ms(n: u64) -> Time {
    Time(n * 1000)
}

fn picture(width: u32) -> VideoFrame {
    let pixels = vec![9; width as usize * 4 * 4];
    let view = FrameView {
        format: Format::Rgba,
        width,
        height: 4,
        strides: [width as usize * 4, 0, 0],
        planes: [&pixels, &[], &[]],
    };
    Pool::new(1).copy(&view, None).expect("a valid picture")
}

fn accept(stage: &mut PictureStage, width: u32, at: u64) -> bool {
    let moments = Moments { capture: ms(at - 1), pushed: ms(at), taken: ms(at) };
    stage.accept(picture(width), moments).expect("a valid picture")
}

/// Pushes at `at` and encodes at once; whether a keyframe came.
fn frame(stage: &mut PictureStage, width: u32, at: u64) -> Result<bool> {
    accept(stage, width, at);
    encode(stage, at)
}

fn encode(stage: &mut PictureStage, at: u64) -> Result<bool> {
    let moments = stage.next(ms(at)).expect("there is something to encode");
    match stage.encode(moments, ms(at))? {
        Outcome::Frame(frame) => Ok(frame.keyframe),
        Outcome::Dropped => Ok(false),
    }
}

#[test]
fn idle_is_idle() {
    let (mut stage, _) = stage();
    assert_eq!(stage.deadline(), None);
    stage.request_keyframe();
    assert_eq!(stage.deadline(), None, "there is no picture to make one of");
    assert_eq!(frame(&mut stage, 4, 1000), Ok(true));
    assert_eq!(stage.deadline(), None);
    assert_eq!(stage.next(ms(9000)), None);
}

#[test]
fn a_keyframe_asked_for_while_nothing_flows_is_made_of_the_last_picture() {
    let (mut stage, _) = stage();
    assert_eq!(frame(&mut stage, 4, 1000), Ok(true));
    stage.request_keyframe();
    assert_eq!(stage.deadline(), Some(ms(1500)), "the end of the window");
    let moments = stage.next(ms(1500)).expect("it is due");
    assert_eq!(moments, Moments { capture: ms(1499), pushed: ms(1500), taken: ms(1500) });
    assert!(matches!(stage.encode(moments, ms(1500)), Ok(Outcome::Frame(f)) if f.keyframe));
    assert_eq!(stage.deadline(), None);

    stage.request_keyframe();
    assert_eq!(stage.deadline(), Some(ms(2000)));
}

#[test]
fn while_pictures_flow_a_keyframe_waits_for_the_next() {
    let (mut stage, _) = stage();
    assert_eq!(frame(&mut stage, 4, 1000), Ok(true));
    assert_eq!(frame(&mut stage, 4, 3000), Ok(false));
    stage.request_keyframe();
    assert_eq!(stage.deadline(), Some(ms(3080)), "two intervals after the last");
    assert_eq!(frame(&mut stage, 4, 3040), Ok(true));
    assert_eq!(stage.deadline(), None);
}

#[test]
fn another_size_is_another_encoder_and_a_keyframe() {
    let (mut stage, script) = stage();
    assert_eq!(frame(&mut stage, 4, 1000), Ok(true));
    assert_eq!(frame(&mut stage, 6, 1040), Ok(true));
    assert_eq!((script.made.load(Ordering::Relaxed), stage.settings().width), (2, 6));
    assert_eq!(frame(&mut stage, 6, 1080), Ok(false));
}

#[test]
fn an_encoder_that_cannot_be_made_leaves_the_old_one() {
    let (mut stage, script) = stage();
    assert_eq!(frame(&mut stage, 4, 1000), Ok(true));
    script.refuses.store(true, Ordering::Relaxed);
    assert!(frame(&mut stage, 6, 1040).is_err());
    stage.set(VideoSettings { width: 8, ..*stage.settings() }).expect_err("it is refused");
    assert_eq!(stage.settings().width, 4);
    assert_eq!(frame(&mut stage, 4, 2000), Ok(true), "the error asked for a keyframe");
    assert_eq!(script.made.load(Ordering::Relaxed), 1);
}

#[test]
fn rates_reach_the_encoder_without_a_picture() {
    let (mut stage, script) = stage();
    frame(&mut stage, 4, 1000).expect("it works");
    stage.set(VideoSettings { bitrate: 77_000, ..*stage.settings() }).expect("it works");
    assert_eq!(script.configured.load(Ordering::Relaxed), 77_000);
    assert_eq!(script.made.load(Ordering::Relaxed), 1);
    stage.set(VideoSettings { width: 8, ..*stage.settings() }).expect("it works");
    assert_eq!(script.made.load(Ordering::Relaxed), 2);
}

#[test]
fn after_an_error_the_newest_picture_waits_and_the_others_are_skipped() {
    let (mut stage, script) = stage();
    frame(&mut stage, 4, 1000).expect("it works");
    script.errs.store(true, Ordering::Relaxed);
    for n in 0..3 {
        frame(&mut stage, 4, 2000 + n * 100).expect_err("as it was told");
        assert!(stage.back_off(ms(2000 + n * 100)));
    }
    script.errs.store(false, Ordering::Relaxed);
    assert!(!accept(&mut stage, 4, 2201));
    assert!(accept(&mut stage, 4, 2202), "the one before was skipped");
    assert_eq!(stage.next(ms(2203)), None);
    assert_eq!(stage.deadline(), Some(ms(2220)), "the third wait is 20 ms");
    assert_eq!(encode(&mut stage, 2220), Ok(true), "an error asks for a keyframe");
    assert_eq!(stage.deadline(), None);
}

#[test]
fn an_error_without_further_pictures_is_tried_again_after_the_wait() {
    let (mut stage, script) = stage();
    frame(&mut stage, 4, 1000).expect("it works");
    script.errs.store(true, Ordering::Relaxed);
    frame(&mut stage, 4, 2000).expect_err("as it was told");
    stage.back_off(ms(2000));
    let deadline = stage.deadline().expect("a keyframe is wanted");
    assert_eq!(deadline, ms(2080));
}

#[test]
fn a_keyframe_that_rate_control_left_out_is_still_wanted_but_not_at_once() {
    let (mut stage, script) = stage();
    frame(&mut stage, 4, 1000).expect("it works");
    script.drops.store(true, Ordering::Relaxed);
    stage.request_keyframe();
    encode(&mut stage, 1500).expect("it works");
    assert_eq!(stage.deadline(), Some(ms(1580)));
}

#[test]
fn a_picture_that_was_left_out_and_not_followed_is_tried_again() {
    let (mut stage, script) = stage();
    frame(&mut stage, 4, 1000).expect("it works");
    script.drops.store(true, Ordering::Relaxed);
    frame(&mut stage, 4, 1040).expect("it works");
    assert_eq!(stage.deadline(), Some(ms(1120)));
    encode(&mut stage, 1120).expect("it works");
    assert_eq!(stage.deadline(), Some(ms(1200)));
    script.drops.store(false, Ordering::Relaxed);
    assert!(!accept(&mut stage, 4, 1130), "it was tried: nothing was skipped");
    encode(&mut stage, 1130).expect("it works");
    assert_eq!(stage.deadline(), None);
}
