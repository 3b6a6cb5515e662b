use super::*;
use crate::decode::vp8;
use std::time::Duration;

/// Decodes everything to one grey pixel, but what begins with 0xff.
struct Stub;

impl VideoDecoder for Stub {
    fn decode(&mut self, frame: &[u8]) -> Result<Option<vp8::Picture<'_>>> {
        match frame[0] {
            0xff => Err(Error::new(Status::Codec, "broken")),
            _ => Ok(Some(vp8::Picture {
                width: 1,
                height: 1,
                planes: [&[128], &[128], &[128]],
                strides: [1; 3],
            })),
        }
    }
}

fn coded(keyframe: bool, broken: bool) -> CodedPicture {
    let mut data = vec![if broken { 0xff } else { 0 }; 10];
    data[6..].fill(0);
    CodedPicture { data, keyframe, rtp_time: 0, capture: Time(1), arrived: Time(2) }
}

fn stage(most_errors: u32) -> PictureStage {
    PictureStage::new(Box::new(Stub), Format::I420, most_errors)
}

fn at(ms: u64) -> Time {
    Time(0) + Duration::from_millis(ms)
}

#[test]
fn what_comes_before_a_keyframe_is_skipped_and_is_no_error() {
    let mut stage = stage(1);
    for ms in 0..100 {
        assert!(matches!(stage.decode(&coded(false, true), at(ms)), Ok(Decoded::Skipped)));
    }
    assert!(matches!(stage.decode(&coded(true, false), at(100)), Ok(Decoded::Picture(_))));
}

#[test]
fn nine_errors_in_a_row_are_survived_and_ten_are_not() {
    let mut stage = stage(10);
    for round in 0..2 {
        for n in 0..9 {
            let now = at(round * 1_000 + n * 10);
            stage.decode(&coded(true, true), now).expect_err("it is broken");
            assert!(!stage.failed(now), "error {n}");
        }
        let now = at(round * 1_000 + 500);
        assert!(matches!(stage.decode(&coded(true, false), now), Ok(Decoded::Picture(_))));
        stage.succeeded();
    }
    for n in 0..9 {
        assert!(!stage.failed(at(3_000 + n * 10)));
    }
    assert!(stage.failed(at(4_000)));
}

#[test]
fn a_picture_that_was_decoded_but_not_handed_over_does_not_reset_the_count() {
    let mut stage = stage(2);
    assert!(!stage.failed(at(0)));
    assert!(matches!(stage.decode(&coded(true, false), at(10)), Ok(Decoded::Picture(_))));
    assert!(stage.failed(at(20)), "the hand-over failed");
}

#[test]
fn after_an_error_only_a_keyframe_is_tried_and_not_within_ten_milliseconds() {
    let mut stage = stage(10);
    stage.decode(&coded(true, true), at(0)).expect_err("it is broken");
    stage.failed(at(0));
    assert!(matches!(stage.decode(&coded(true, false), at(9)), Ok(Decoded::Skipped)));
    assert!(matches!(stage.decode(&coded(false, false), at(20)), Ok(Decoded::Skipped)));
    assert!(matches!(stage.decode(&coded(true, false), at(20)), Ok(Decoded::Picture(_))));
    stage.succeeded();
    assert!(matches!(stage.decode(&coded(false, false), at(21)), Ok(Decoded::Picture(_))));
}

#[test]
fn a_keyframe_that_claims_a_gigabyte_is_refused_before_libvpx_sees_it() {
    let mut huge = coded(true, false);
    huge.data[6..10].fill(0xff);
    let refused = stage(10).decode(&huge, at(0)).expect_err("too large");
    assert_eq!(refused.status(), Status::Limit);
    huge.data.truncate(7);
    assert_eq!(stage(10).decode(&huge, at(0)).expect_err("short").status(), Status::Malformed);
}
