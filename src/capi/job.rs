//! The job handle, and the functions that jobs and sound go to.

use super::callback::Plain;
use super::guard::guard;
use super::registry::JOBS;
use super::sized::{self, plain};
use super::status::framewire_status;
use super::text;
use super::video::{self, framewire_audio_frame, framewire_video_frame};
use crate::decode::opus::RATE;
use crate::error::{Error, Result, Status};
use crate::native::readable;
use crate::process::{Function, Job, SoundFunction};
use crate::sink::{Pcm, Sound};
use parking_lot::Mutex;
use std::ffi::{c_char, c_void};
use std::sync::Arc;

/// One frame to be processed. It is yours from framewire_processor_next, or for the time of a function, until
/// framewire_job_complete or framewire_job_fail.
///
/// Thread safety: every function may be called from any thread, in particular from another than it was taken on.
/// Only one may write to its pixels.
pub struct framewire_job {
    _token: (),
}

/// What is called for each frame.
///
/// Which thread: any of the processor's workers, on several at once if there are several; nothing depends on which.
/// It may block, and call every function of the library, also free the processor. It looks at the job and changes
/// its pixels in place, or gives it another picture, adds fields to its result, and returns
///
/// FRAMEWIRE_OK: the job is completed;
/// FRAMEWIRE_AGAIN: the job is kept, and completed or failed later, from anywhere;
/// anything else: the job has failed; framewire_job_fail before that says why.
///
/// A job that it completed or failed itself is over, whatever it returns.
///
/// It is the library's from the call of framewire_processor_new on, also if that fails: `drop` (NULL: nothing to
/// do) is called exactly once, after the last `call` returned.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct framewire_function {
    /// Called for each frame.
    pub call: Option<unsafe extern "C" fn(context: *mut c_void, job: *mut framewire_job) -> i32>,
    /// Called when `context` is no longer needed.
    pub drop: Option<unsafe extern "C" fn(context: *mut c_void)>,
    /// Passed to both.
    pub context: *mut c_void,
}

/// What is called for each piece of sound. `samples` are those of `sound`, and may be changed. Not FRAMEWIRE_OK: the
/// sound goes as it came.
///
/// Which thread: one of the library's own, one piece at a time. It may block, but sound waits for it. It may call
/// every function of the library. `sound` and `samples` live until it returns. For `drop` see framewire_function.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct framewire_sound_function {
    /// Called for each piece.
    pub call: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            sound: *const framewire_audio_frame,
            samples: *mut c_void,
        ) -> i32,
    >,
    /// Called when `context` is no longer needed.
    pub drop: Option<unsafe extern "C" fn(context: *mut c_void)>,
    /// Passed to both.
    pub context: *mut c_void,
}

/// The pixels of a job, and what is known of it.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct framewire_job_view {
    /// sizeof(framewire_job_view).
    pub size: usize,
    /// The first row of each plane, to be read and written until the job is over.
    pub planes: [*mut u8; 3],
    /// Bytes from one row to the next, a plane.
    pub strides: [usize; 3],
    /// When it was captured: microseconds of CLOCK_MONOTONIC. The picture that goes out has the same.
    pub capture_time_us: u64,
    /// When it came, likewise.
    pub arrival_time_us: u64,
    /// The number that its sink, its file, or the order of its pushes gave it, from 1.
    pub number: u64,
    /// Its presentation time, in units of time_base_num / time_base_den seconds. Of a picture of a sink: its RTP
    /// timestamp.
    pub pts: i64,
    /// See `pts`.
    pub time_base_num: u32,
    /// See `pts`.
    pub time_base_den: u32,
    /// Counts the jobs of the processor, from 1: the frame id of its result.
    pub frame_id: u32,
    /// A framewire_format.
    pub format: u32,
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Degrees, clockwise, by which it was turned: 0, 90, 180 or 270.
    pub rotation: u32,
    /// 0.
    pub reserved: u32,
}
plain!(framewire_job_view, first 120, {
    size, planes, strides, capture_time_us, arrival_time_us, number, pts, time_base_num, time_base_den, frame_id,
    format, width, height, rotation, reserved,
});

/// The pixels of a job, and what is known of it. `view->size` must be set. They are without padding, and stay where
/// they are until the job is over, also if its time is over, or its processor was freed.
///
/// What is written to them goes out. It costs a copy only with `pass_through`. LIMIT: no memory for that.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_job_get_view(
    job: *mut framewire_job,
    view: *mut framewire_job_view,
) -> framewire_status {
    guard(|| {
        let entry = JOBS.get(job)?;
        // SAFETY: the caller promises that `view` is NULL or points to `view->size` writable bytes.
        let out = unsafe { sized::out(view, "view") }?;
        out.write(entry.with(view_of)?);
        Ok(())
    })
}

/// Adds a field to the result of a job: `json` is its value as JSON text. One that is no JSON is told in the result
/// in its place, and the others go out. Copied. LIMIT: it has 1,000 fields.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_job_add(
    job: *mut framewire_job,
    name: *const c_char,
    json: *const c_char,
) -> framewire_status {
    guard(|| {
        let entry = JOBS.get(job)?;
        // SAFETY: the caller promises that both are NULL or C strings.
        let (name, json) = unsafe { (text::read(name, "name")?, text::read(json, "json")?) };
        entry.with(|job| job.add(name, Ok(json)))
    })
}

/// Adds a field that has no value to the result of a job, and why. Otherwise as framewire_job_add.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_job_add_error(
    job: *mut framewire_job,
    name: *const c_char,
    why: *const c_char,
) -> framewire_status {
    guard(|| {
        let entry = JOBS.get(job)?;
        // SAFETY: the caller promises that both are NULL or C strings.
        let (name, why) = unsafe { (text::read(name, "name")?, text::read(why, "why")?) };
        entry.with(|job| job.add(name, Err(why)))
    })
}

/// Has another picture go out in the place of the job's, of whatever format and size; NULL: none. It is copied: it
/// is yours again when the call returns. Its capture time is not looked at: the job's goes out.
///
/// INVALID_ARGUMENT: what is wrong with it, also a plane that is no memory of this process, as far as the system
/// tells; the job is as before. LIMIT: no memory for the copy.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_job_set_picture(
    job: *mut framewire_job,
    picture: *const framewire_video_frame,
) -> framewire_status {
    guard(|| {
        let entry = JOBS.get(job)?;
        if picture.is_null() {
            return entry.with(|job| {
                job.set_no_picture();
                Ok(())
            });
        }
        // SAFETY: the caller promises that `picture` points to `picture->size` readable bytes.
        let picture = unsafe { sized::read(picture, "picture") }?;
        // SAFETY: the caller promises that its planes are readable until the call returns; where it is wrong, that is
        // seen before they are read.
        let view = unsafe { picture.view() }?;
        for (n, plane) in view.planes.iter().enumerate() {
            if !readable::is_readable(plane.as_ptr(), plane.len()) {
                return Err(Error::argument(format!("frame.planes[{n}] is no memory of this process")));
            }
        }
        entry.with(|job| job.copy_picture(&view))
    })
}

/// Gives a job back: its picture goes out, the one that was set or else the one that came as it is now, and its
/// result. The job is over whatever this returns.
///
/// TIMEOUT: it was skipped meanwhile, because it took too long. CLOSED: the processor has ended.
#[unsafe(no_mangle)]
pub extern "C" fn framewire_job_complete(job: *mut framewire_job) -> framewire_status {
    guard(|| end(job)?.complete())
}

/// Gives a job back that could not be processed: `why` (may be NULL) stands in its result, and is told as an event.
/// Otherwise as framewire_job_complete.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_job_fail(job: *mut framewire_job, why: *const c_char) -> framewire_status {
    guard(|| {
        // SAFETY: the caller promises that `why` is NULL or a C string.
        let why = unsafe { text::read_optional(why, "why") };
        let job = end(job)?;
        job.fail(why?.unwrap_or("the function failed"))
    })
}

/// What a job handle stands for.
pub struct Entry {
    job: Mutex<Option<Job>>,
}

impl Entry {
    fn with<T>(&self, look: impl FnOnce(&mut Job) -> Result<T>) -> Result<T> {
        look(self.job.lock().as_mut().ok_or_else(over)?)
    }
}

/// A handle of `job`.
pub fn handle(job: Job) -> Result<*mut framewire_job> {
    Ok(JOBS.reserve()?.fill(Entry { job: Mutex::new(Some(job)) }))
}

/// What a processor calls for each of its jobs.
pub fn function(function: Calls<Call>) -> Result<Function> {
    let call = function
        .call
        .ok_or_else(|| Error::argument("options.function.call is NULL but drop or context is not"))?;
    Ok(Box::new(move |job| {
        // The whole of it, `drop` included, belongs to this function.
        let function = &function;
        let Ok(job) = handle(job) else { return };
        // SAFETY: the application gave `call` for this `context`, and it is not dropped yet.
        let status = unsafe { call(function.context, job) };
        if status == framewire_status::FRAMEWIRE_AGAIN as i32 {
            return;
        }
        // One that is over already is not found.
        if let Ok(job) = end(job) {
            let _ = match status {
                0 => job.complete(),
                status => job.fail(&format!("the function returned {status}")),
            };
        }
    }))
}

/// What a processor calls for each piece of sound.
pub fn sound_function(function: Calls<CallSound>) -> Result<Arc<SoundFunction>> {
    let call = function
        .call
        .ok_or_else(|| Error::argument("options.sound_function.call is NULL but drop or context is not"))?;
    Ok(Arc::new(move |sound: &mut Sound| {
        let function = &function;
        let (channels, frames) = (sound.channels, sound.frames() as u32);
        let (format, samples): (u32, *mut c_void) = match &mut sound.samples {
            Pcm::S16(samples) => (1, samples.as_mut_ptr().cast()),
            Pcm::F32(samples) => (2, samples.as_mut_ptr().cast()),
        };
        let frame = framewire_audio_frame {
            size: size_of::<framewire_audio_frame>(),
            samples,
            capture_time_us: sound.capture.0,
            format,
            sample_rate: RATE,
            channels,
            frames,
        };
        // SAFETY: the application gave `call` for this `context`; the samples are ours to be changed.
        match unsafe { call(function.context, &frame, samples) } {
            0 => Ok(()),
            status => Err(format!("the function returned {status}")),
        }
    }))
}

type Call = unsafe extern "C" fn(*mut c_void, *mut framewire_job) -> i32;
type CallSound = unsafe extern "C" fn(*mut c_void, *const framewire_audio_frame, *mut c_void) -> i32;

/// A function that is ours: dropping it calls `drop`.
pub struct Calls<C> {
    call: Option<C>,
    drop: Option<Plain>,
    context: *mut c_void,
}

// SAFETY: the header says that functions come on threads of the library,
unsafe impl<C> Send for Calls<C> {}
// SAFETY: and that they may be called on several at once.
unsafe impl<C> Sync for Calls<C> {}

impl<C> Drop for Calls<C> {
    fn drop(&mut self) {
        if let Some(drop) = self.drop {
            // SAFETY: the application gave `drop` for this `context`; nothing is called after it.
            unsafe { drop(self.context) };
        }
    }
}

impl framewire_function {
    /// None if it is all zero.
    pub(super) fn own(self) -> Option<Calls<Call>> {
        own(self.call, self.drop, self.context)
    }
}

impl framewire_sound_function {
    /// None if it is all zero.
    pub(super) fn own(self) -> Option<Calls<CallSound>> {
        own(self.call, self.drop, self.context)
    }
}

fn own<C>(call: Option<C>, drop: Option<Plain>, context: *mut c_void) -> Option<Calls<C>> {
    let given = call.is_some() || drop.is_some() || !context.is_null();
    given.then_some(Calls { call, drop, context })
}

/// The job of that handle, which is none from now on.
fn end(job: *mut framewire_job) -> Result<Job> {
    let (_, entry) = JOBS.take(job)?;
    entry.job.lock().take().ok_or_else(over)
}

fn over() -> Error {
    Error::new(Status::InvalidHandle, "the job is over")
}

fn view_of(job: &mut Job) -> Result<framewire_job_view> {
    let (about, frame_id) = (*job.about(), job.id());
    job.planes_mut()?;
    let (format, strides) = (job.frame().format, job.frame().strides);
    let mut planes = [std::ptr::null_mut(); 3];
    for (n, plane) in job.planes_mut()?.into_iter().enumerate().take(format.planes()) {
        planes[n] = plane.as_mut_ptr();
    }
    let (width, height) = (job.frame().width, job.frame().height);
    Ok(framewire_job_view {
        size: 0,
        planes,
        strides,
        capture_time_us: about.capture.0,
        arrival_time_us: about.arrived.0,
        number: about.number,
        pts: about.pts,
        time_base_num: about.time_base.0,
        time_base_den: about.time_base.1,
        frame_id,
        format: video::number(format),
        width,
        height,
        rotation: about.turn.degrees(),
        reserved: 0,
    })
}
