//! A frame on its way through: what came, what stays behind, what comes of it.

use super::turn::Turn;
use crate::frame::{Planes, VideoFrame};
use crate::message::envelope::Metadata;
use crate::time::{Time, clock};
use std::sync::Arc;

/// What is known of a frame beside its pixels. It goes unchanged from the frame to its result.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct About {
    /// Where it was counted: the sink's number of the picture, the frame of the file, the push.
    pub number: u64,
    /// When it was captured.
    pub capture: Time,
    /// When it came.
    pub arrived: Time,
    /// Its presentation time, in units of `time_base`: of a picture of a sink, its RTP timestamp; of one
    /// that was pushed, its capture time.
    pub pts: i64,
    /// Seconds of a unit of `pts`, as a fraction.
    pub time_base: (u32, u32),
    /// How it is turned before it is processed.
    pub turn: Turn,
    /// Columns, after that.
    pub width: u32,
    /// Rows, after that.
    pub height: u32,
}

/// What comes in. The frame is shared with what stays behind.
#[derive(Debug)]
pub(super) struct Input {
    pub about: About,
    pub frame: Arc<VideoFrame>,
}

/// What stays behind while it is processed.
#[derive(Debug)]
pub(super) struct Kept {
    pub about: About,
    /// Where it may have to go out as it came.
    pub frame: Option<Arc<VideoFrame>>,
}

/// What comes of it.
#[derive(Debug)]
pub(super) struct Output {
    pub picture: Option<Arc<VideoFrame>>,
    pub data: Vec<Data>,
}

/// One field of a result.
#[derive(Clone, Debug)]
pub struct Data {
    /// Its name.
    pub name: String,
    /// Its value as JSON text, or why it has none.
    pub json: std::result::Result<String, String>,
}

impl About {
    /// How it stands in a result.
    pub(super) fn metadata(&self, id: u32, declared: Option<f64>, measured: Option<f64>) -> Metadata {
        let (seconds, units) = self.time_base;
        Metadata {
            frame_id: Some(id.into()),
            received_at: Some(iso_8601(self.arrived)),
            pts: Some(self.pts),
            time_base: Some(f64::from(seconds) / f64::from(units)),
            declared_fps: declared,
            measured_fps: measured,
            height: Some(self.height),
            width: Some(self.width),
        }
    }
}

/// A picture that somebody else may hold too, as a frame of its own.
pub(super) fn owned(picture: Arc<VideoFrame>, capture: Time) -> VideoFrame {
    let capture = Some(capture);
    match Arc::try_unwrap(picture) {
        Ok(frame) => VideoFrame { capture, ..frame },
        Err(shared) => VideoFrame {
            format: shared.format,
            width: shared.width,
            height: shared.height,
            strides: shared.strides,
            planes: Box::new(Shared(shared)),
            capture,
        },
    }
}

#[derive(Debug)]
struct Shared(Arc<VideoFrame>);

impl Planes for Shared {
    fn plane(&self, n: usize) -> &[u8] {
        self.0.planes.plane(n)
    }
}

/// A moment as UTC with microseconds.
pub(super) fn iso_8601(moment: Time) -> String {
    /// Days from 1900 to 2000, whose first of March begins a cycle of 400 years.
    const TO_MARCH_2000: u64 = 36_524 + 60;
    let ntp = clock::anchor().ntp(moment);
    let (seconds, micros) = (ntp >> 32, ((ntp & 0xffff_ffff) * 1_000_000) >> 32);
    let (days, second) = ((seconds / 86_400).saturating_sub(TO_MARCH_2000), seconds % 86_400);
    // Years that begin in March end with the day that leaps.
    let century = (days % 146_097 / 36_524).min(3);
    let day = days % 146_097 - century * 36_524;
    let (cycle, day) = (day / 1_461, day % 1_461);
    let year = (day / 365).min(3);
    let day = day - year * 365;
    let month = (day * 5 + 2) / 153;
    let (year, day) =
        (2000 + days / 146_097 * 400 + century * 100 + cycle * 4 + year, day - (month * 153 + 2) / 5);
    let (year, month) = if month < 10 { (year, month + 3) } else { (year + 1, month - 9) };
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z", day + 1)
}
