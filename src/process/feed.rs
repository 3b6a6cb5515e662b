//! The thread that brings frames: from a sink, or out of a file.

use super::frame::About;
use super::ivf::Ivf;
use super::turn::Turn;
use super::{Reason, Shared};
use crate::decode::picture::{Decoded, PictureStage};
use crate::decode::vp8::Vp8Decoder;
use crate::error::{Error, Result};
use crate::events::EventKind;
use crate::frame::Format;
use crate::receive::CodedPicture;
use crate::sink::{Picture, Sink};
use crate::time::{Time, clock};
use std::fs;
use std::io::BufReader;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Brings the pictures of a sink until its track, or the processor, is over.
pub(super) fn from_sink(shared: &Arc<Shared>, sink: &Sink) {
    loop {
        match sink.next_video_for(&shared.wait) {
            Ok(picture) => {
                let Picture { frame, number, rtp_time, arrived, .. } = picture;
                let about = About {
                    number,
                    capture: frame.capture.unwrap_or(arrived),
                    arrived,
                    pts: rtp_time.into(),
                    time_base: (1, 90_000),
                    turn: Turn::None,
                    width: frame.width,
                    height: frame.height,
                };
                let input = shared.input(about, frame);
                let taken = match shared.options.realtime {
                    true => shared.hall.give(input),
                    false => shared.hall.give_in_turn(input, None).is_ok(),
                };
                if !taken {
                    return;
                }
            }
            // Nothing is changed by that where this is not the first reason.
            Err(error) => return shared.end(Reason::SourceEnded, error.sentence()),
        }
    }
}

/// A file of coded frames.
pub(super) struct File {
    ivf: Ivf<BufReader<fs::File>>,
    stage: PictureStage,
}

impl File {
    /// Opens it.
    pub fn open(path: &Path, format: Format) -> Result<File> {
        let file = fs::File::open(path)
            .map_err(|error| Error::io(&format!("opening {}", path.display()), &error))?;
        let decoder = Box::new(Vp8Decoder::new()?);
        Ok(File {
            ivf: Ivf::new(BufReader::new(file))?,
            // How many errors are too many is not for a file to say: each is told.
            stage: PictureStage::new(decoder, format, u32::MAX),
        })
    }

    /// Brings its frames, each once the one before was taken, until its end.
    pub fn run(mut self, shared: &Arc<Shared>) {
        let mut number = 0;
        loop {
            number += 1;
            match self.bring(shared, number) {
                Ok(true) => {}
                Ok(false) => return shared.end(Reason::SourceEnded, "the file has no more frames"),
                Err(error) => return shared.end(Reason::Failed, error.sentence()),
            }
        }
    }

    /// Brings the next frame. False: there is none.
    fn bring(&mut self, shared: &Arc<Shared>, number: u64) -> Result<bool> {
        let Some(coded) = self.ivf.next()? else { return Ok(false) };
        let now = clock::now();
        let picture = CodedPicture {
            // RFC 6386 section 9.1: the first bit is clear in a keyframe.
            keyframe: coded.data.first().is_some_and(|byte| byte & 1 == 0),
            data: coded.data,
            rtp_time: 0,
            capture: now,
            arrived: now,
        };
        // A second between two tries: an error holds no later frame back.
        let tried = Time(0) + Duration::from_secs(number);
        let frame = match self.stage.decode(&picture, tried) {
            Ok(Decoded::Picture(frame)) => frame,
            Ok(Decoded::Hidden) => return Ok(true),
            Ok(Decoded::Skipped) => {
                shared.figures.damaged.add_one();
                return Ok(true);
            }
            Err(error) => {
                self.stage.failed(tried);
                shared.figures.damaged.add_one();
                let sentence = format!("frame {number} of the file: {error}");
                shared.tell(EventKind::ProcessorError, 0, &sentence);
                return Ok(true);
            }
        };
        self.stage.succeeded();
        let about = About {
            number,
            capture: now,
            arrived: now,
            pts: i64::try_from(coded.pts).unwrap_or(i64::MAX),
            time_base: self.ivf.time_base,
            turn: Turn::None,
            width: frame.width,
            height: frame.height,
        };
        let input = shared.input(about, frame);
        match shared.options.realtime {
            true => Ok(shared.hall.give(input)),
            // The end is the same as none more: it has its reason already.
            false => Ok(shared.hall.give_in_turn(input, None).is_ok()),
        }
    }
}
