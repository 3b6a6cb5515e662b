//! One frame to be processed: taken from a processor, given back from any thread.

use super::Shared;
use super::frame::{About, Data, Input, Output};
use super::hall::Taken;
use super::heart::End;
use super::turn::Turn;
use crate::error::{Error, Result, Status};
use crate::frame::{FrameView, VideoFrame};
use crate::time::{Time, clock};
use std::sync::Arc;

/// A frame to be processed. It ends with [`Job::complete`] or [`Job::fail`]; dropping it fails it.
#[derive(Debug)]
pub struct Job {
    id: u32,
    about: About,
    /// What is to be processed; nothing once it is over.
    frame: Option<Arc<VideoFrame>>,
    /// What goes out, if it is something else.
    picture: Option<Picture>,
    data: Vec<Data>,
    taken: Time,
    open: bool,
    shared: Arc<Shared>,
}

#[derive(Debug)]
enum Picture {
    None,
    Own(VideoFrame),
}

/// Fields of one result, at most.
const FIELDS: usize = 1_000;

impl Job {
    pub(super) fn new(shared: &Arc<Shared>, taken: Taken<Input>) -> Job {
        let Taken { id, item: Input { about, frame }, came, taken } = taken;
        shared.figures.queued.record(taken.since(came));
        let shared = shared.clone();
        Job { id, about, frame: Some(frame), picture: None, data: Vec::new(), taken, open: true, shared }
    }

    /// Turns it, where it is to be turned. `None`: that failed, and so has the job.
    pub(super) fn turned(mut self) -> Option<Job> {
        if self.about.turn != Turn::None {
            match self.about.turn.apply(self.input(), &self.shared.pool) {
                Ok(turned) => self.frame = Some(Arc::new(turned)),
                Err(error) => {
                    let _ = self.fail(error.sentence());
                    return None;
                }
            }
        }
        Some(self)
    }

    /// Counts the frames that were taken, from 1: the id of its result.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// What is known of it beside its pixels.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// What is to be processed.
    pub fn frame(&self) -> FrameView<'_> {
        self.input().view()
    }

    /// Its planes, to be changed in place. It costs a copy only where the picture may have to go out
    /// unchanged after all, or is not ours.
    ///
    /// # Errors
    /// `Limit`: there is no memory for the copy.
    pub fn planes_mut(&mut self) -> Result<[&mut [u8]; 3]> {
        let own = self.frame.as_mut().and_then(Arc::get_mut);
        if own.is_none_or(|frame| frame.planes.planes_mut().is_none()) {
            let copy = self.shared.pool.copy(&self.frame(), None)?;
            self.frame = Some(Arc::new(copy));
        }
        let own = self.frame.as_mut().and_then(Arc::get_mut);
        let planes = own.and_then(|frame| frame.planes.planes_mut());
        Ok(planes.expect("nobody else has it, or it was just copied"))
    }

    /// The picture that goes out in the place of the one that came; its capture time is the latter's.
    ///
    /// # Errors
    /// What [`FrameView::check`] says.
    pub fn set_picture(&mut self, picture: VideoFrame) -> Result<()> {
        picture.check()?;
        self.picture = Some(Picture::Own(picture));
        Ok(())
    }

    /// The same, of a copy.
    ///
    /// # Errors
    /// What [`FrameView::check`] says, or `Limit`: there is no memory.
    pub fn copy_picture(&mut self, picture: &FrameView<'_>) -> Result<()> {
        let copy = self.shared.pool.copy(picture, None)?;
        self.set_picture(copy)
    }

    /// No picture goes out for this frame.
    pub fn set_no_picture(&mut self) {
        self.picture = Some(Picture::None);
    }

    /// Adds a field to its result: JSON text, or why there is none.
    ///
    /// # Errors
    /// `Limit`: it has a thousand.
    pub fn add(&mut self, name: &str, json: std::result::Result<&str, &str>) -> Result<()> {
        if self.data.len() >= FIELDS {
            return Err(Error::new(Status::Limit, format!("the result has {FIELDS} fields already")));
        }
        let json = json.map(str::to_owned).map_err(str::to_owned);
        self.data.push(Data { name: name.to_owned(), json });
        Ok(())
    }

    /// Gives it back: the picture is the one that was set, or else the one that came, as it is now.
    ///
    /// # Errors
    /// `Timeout`: it was skipped, because it took too long; `Closed`: the processor has ended.
    pub fn complete(mut self) -> Result<()> {
        let picture = match self.picture.take() {
            None => self.frame.take(),
            Some(Picture::Own(picture)) => Some(Arc::new(picture)),
            Some(Picture::None) => None,
        };
        let output = Output { picture, data: std::mem::take(&mut self.data) };
        self.end(End::Done(output))
    }

    /// Gives it back with an error, which stands in its result.
    ///
    /// # Errors
    /// As [`Job::complete`].
    pub fn fail(mut self, why: &str) -> Result<()> {
        self.end(End::Failed(why.to_owned()))
    }

    fn input(&self) -> &VideoFrame {
        self.frame.as_ref().expect("it is there until the job is over, which ends its handle")
    }

    fn end(&mut self, end: End<Output>) -> Result<()> {
        self.open = false;
        // Before the result is seen by who may have the picture alone then.
        self.frame = None;
        self.shared.figures.function.record(clock::now().since(self.taken));
        match self.shared.hall.finish(self.id, end) {
            true => Ok(()),
            false if self.shared.hall.is_ending() => {
                Err(Error::new(Status::Closed, "the processor has ended"))
            }
            false => Err(Error::new(Status::Timeout, "the frame was skipped: it took too long")),
        }
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        if self.open {
            let why = match std::thread::panicking() {
                true => "the function panicked",
                false => "the job was given up",
            };
            let _ = self.end(End::Failed(why.to_owned()));
        }
    }
}
