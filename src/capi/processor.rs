//! The processor handle.

use super::envelope;
use super::events::{self, framewire_events};
use super::guard::{guard, guard_free, guard_number, required};
use super::job::{self, framewire_function, framewire_job, framewire_sound_function};
use super::peer::framewire_peer;
use super::registry::{PEERS, PROCESSORS, RESULTS, SINKS, SOURCES};
use super::results::framewire_results;
use super::sink::framewire_sink;
use super::sized::{self, flag, millis, plain, unused};
use super::source::framewire_source;
use super::stats::framewire_percentiles;
use super::status::framewire_status;
use super::text;
use super::video::{self, framewire_video_frame};
use crate::error::{Error, Result};
use crate::events::Events;
use crate::frame::Format;
use crate::id::Id;
use crate::process::{From, Processor, ProcessorOptions, ProcessorStats, Reason, SoundPath, Turn};
use std::ffi::c_char;
use std::sync::Arc;

/// Your function between what comes in and what goes out: frames come from a sink, from a file, or from you;
/// you process them; pictures go to a source, results to a feed.
///
/// A frame that cannot be processed yet waits alone, and a newer one takes its place: what is processed is
/// always the newest. What comes of the frames leaves in their order, whatever order they are finished in, and
/// with their capture times, so that sound stays in sync. Every frame is counted once.
///
/// Thread safety: every function may be called from any thread, also from callbacks and from the function.
pub struct framewire_processor {
    _token: (),
}

/// What a processor is made from. 0 is the default of every field but `size`. The handles stay yours, and may
/// be freed before it.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct framewire_processor_options {
    /// sizeof(framewire_processor_options).
    pub size: usize,
    /// Where its errors, heartbeats and end are told; NULL: nowhere.
    pub events: *mut framewire_events,
    /// Where frames come from; NULL: from `file`, or from framewire_processor_push_video. Nobody else should
    /// take from it.
    pub sink: *mut framewire_sink,
    /// A file in the IVF container with VP8 in it, which is decoded here; NULL: none. For files of other kinds
    /// decode them yourself, and push. Copied.
    pub file: *const c_char,
    /// Where pictures go, and sound; NULL: nowhere.
    pub source: *mut framewire_source,
    /// Where results go, each in a JSON envelope with the fields that you add to the job; NULL: nowhere. The
    /// last message is sent there too, and nothing can be sent to it afterwards.
    pub results: *mut framewire_results,
    /// Called for each frame; all zero: jobs are taken with framewire_processor_next.
    pub function: framewire_function,
    /// Called for each piece of sound; all zero: it is not changed.
    pub sound_function: framewire_sound_function,
    /// Frames a second that were promised, for the results; 0: none were.
    pub declared_fps: f64,
    /// How many threads call `function`, 1 to 256; 0: 1. With more than one it is called on several at once.
    pub workers: u32,
    /// How many frames may be taken whose result has not left, 1 to 1,000; 0: 4, or as many as `workers`.
    pub max_in_flight: u32,
    /// 1: no frame is left out. Who brings frames waits, and a file is read, at the pace at which they are taken
    /// and at which the receivers of `results` (in file mode) acknowledge. 0: the newest matters.
    pub every_frame: u32,
    /// 1: results leave as they are finished, and what is older than what has left is dropped. 0: in order.
    pub as_finished: u32,
    /// How long one frame may take, in milliseconds. Then it is skipped, and its result thrown away when it
    /// comes. 0: without end; one that never returns then holds up all after it.
    pub deadline_ms: u32,
    /// 1: a picture that failed, or took too long, goes out as it came. 0: it does not.
    pub pass_through: u32,
    /// Degrees, clockwise, by which pictures are turned before they are processed: 0, 90, 180 or 270.
    pub rotation: u32,
    /// 1: pictures do not go out until framewire_processor_set_video.
    pub video_off: u32,
    /// 1: the sound of `sink` goes to `source`, held back for as long as pictures take lately (2 seconds at
    /// most). 0: it does so with a `sound_function` only.
    pub sound: u32,
    /// 1: when the sink's track is over, the next is waited for. 0: that is the end.
    pub outlives_track: u32,
    /// How the pixels of a file are wanted, a framewire_format; 0: FRAMEWIRE_FORMAT_RGB24.
    pub format: u32,
    /// It ends by itself after so many milliseconds; 0: never.
    pub ends_after_ms: u32,
    /// At the end: how long frames that are being processed may take, in milliseconds; 0: 5,000.
    pub grace_ms: u32,
    /// At the end: how long the last message may take to be acknowledged, once it went out, in milliseconds; 0:
    /// 2,000.
    pub linger_ms: u32,
    /// 1: `pts` in a result is the RTP timestamp that the picture has in `source`, which is how a page finds the
    /// result of a picture; `time_base` is 1.0 / 90000. 0: it is the `pts` of framewire_job_view.
    pub source_pts: u32,
    /// 0.
    pub reserved: u32,
}
plain!(framewire_processor_options, first 168, {
    size, events, sink, file, source, results, function, sound_function, declared_fps, workers, max_in_flight,
    every_frame, as_finished, deadline_ms, pass_through, rotation, video_off, sound, outlives_track, format,
    ends_after_ms, grace_ms, linger_ms, source_pts, reserved,
});

/// Figures of a processor. At every moment, received = processed + failed + skipped_newer + skipped_late +
/// skipped_overtaken + skipped_ended + in_flight + waiting.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct framewire_processor_stats {
    /// sizeof(framewire_processor_stats).
    pub size: usize,
    /// Frames that came.
    pub received: u64,
    /// Frames whose result left.
    pub processed: u64,
    /// Frames on which the function failed.
    pub failed: u64,
    /// Frames that a newer one replaced before they were taken.
    pub skipped_newer: u64,
    /// Frames that took longer than `deadline_ms`.
    pub skipped_late: u64,
    /// Frames that were finished after a later one had left (`as_finished`).
    pub skipped_overtaken: u64,
    /// Frames that were not finished at the end.
    pub skipped_ended: u64,
    /// Frames that were taken, and whose result has not left.
    pub in_flight: u64,
    /// Frames that wait to be taken: 0 or 1.
    pub waiting: u64,
    /// Results that came after their frame was skipped.
    pub thrown_away: u64,
    /// Frames of the file that could not be decoded. They are not among those that came.
    pub damaged: u64,
    /// Pictures that went to the source.
    pub pictures: u64,
    /// Those of them that went as they came.
    pub passed_through: u64,
    /// Results that went to the feed.
    pub results: u64,
    /// Results that the feed did not take.
    pub results_refused: u64,
    /// Pieces of sound that went to the source.
    pub sounds: u64,
    /// Pieces of sound on which the function failed. They went as they came.
    pub sounds_failed: u64,
    /// Pieces of sound that were left out: reports told that they were captured before others that had left.
    pub sounds_dropped: u64,
    /// Frames a second that came lately.
    pub measured_fps: f64,
    /// From when a frame came to when it was taken.
    pub queued: framewire_percentiles,
    /// From when it was taken to when it was given back.
    pub function: framewire_percentiles,
    /// From when it came to when it left.
    pub through: framewire_percentiles,
}
plain!(framewire_processor_stats, first 280, {
    size, received, processed, failed, skipped_newer, skipped_late, skipped_overtaken, skipped_ended, in_flight,
    waiting, thrown_away, damaged, pictures, passed_through, results, results_refused, sounds, sounds_failed,
    sounds_dropped, measured_fps, queued, function, through,
});

/// Makes a processor and starts it.
///
/// On success `*processor` is yours until framewire_processor_free. `function` and `sound_function` are the
/// library's from this call on, also if it fails. INVALID_ARGUMENT: a NULL, a wrong size, a number out of range,
/// both a sink and a file, `sound` without a sink and a source that have it. INVALID_HANDLE: one of the handles.
/// IO, MALFORMED, UNSUPPORTED: the file cannot be read, is no IVF file, or has something else in it than VP8.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_processor_new(
    options: *const framewire_processor_options,
    processor: *mut *mut framewire_processor,
) -> framewire_status {
    // SAFETY: the caller promises that `options` is NULL or points to `options->size` readable bytes.
    let given = unsafe { sized::read(options, "options") }
        .map(|options| (options, options.function.own(), options.sound_function.own()));
    guard(|| {
        let (options, function, sound) = given?;
        required(processor, "processor")?;
        let place = PROCESSORS.reserve()?;
        // SAFETY: the caller promises that its text is a C string.
        let mut converted = unsafe { options.convert() }?;
        converted.id = Some(place.id());
        if let Some(sound) = sound {
            converted.sound = SoundPath::Function(job::sound_function(sound)?);
        }
        let events = converted.events.clone();
        let workers = if options.workers == 0 { 1 } else { options.workers as usize };
        let made = match function {
            Some(function) => Processor::with_function(converted, workers, job::function(function)?)?,
            None if options.workers != 0 => {
                return Err(Error::argument("options.workers is set but options.function.call is NULL"));
            }
            None => Processor::new(converted)?,
        };
        // SAFETY: `processor` is not NULL, and the caller promises that it is writable.
        unsafe { processor.write(place.fill(Entry { processor: made, events })) };
        Ok(())
    })
}

/// Ends a processor at once: no last message is sent, and no event about it comes afterwards; to have both, call
/// framewire_processor_end and wait first. NULL is fine. Who waits for a job, or for the end, returns with
/// CLOSED; its descriptor is closed: take it out of your loop first.
///
/// A function that runs is waited for one second at most; inside it, free returns at once. One that returns
/// later has its context, and the memory of its job, until then: `drop` is called after it returned, and if it
/// never does, never. Jobs that were taken stay yours: their pixels live until they are completed or failed.
#[unsafe(no_mangle)]
pub extern "C" fn framewire_processor_free(processor: *mut framewire_processor) {
    guard_free(processor, || {
        let (id, entry): (Id, _) = PROCESSORS.take(processor)?;
        entry.processor.close();
        if let Some(events) = &entry.events {
            events.forget(id);
        }
        Ok(())
    });
}

/// Takes the next frame to be processed, waiting for at most `timeout_ms` milliseconds: 0 does not wait, -1 waits
/// without end. On success `*job` is yours until framewire_job_complete or framewire_job_fail, from any thread
/// and in any order.
///
/// TIMEOUT: none came, or `max_in_flight` are out, also when it did not wait. CLOSED: none will come any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_processor_next(
    processor: *mut framewire_processor,
    timeout_ms: i32,
    job: *mut *mut framewire_job,
) -> framewire_status {
    guard(|| {
        // Not the entry: a free while we wait must find nobody who holds it.
        let processor = PROCESSORS.get(processor)?.processor.clone();
        required(job, "job")?;
        let handle = job::handle(processor.next(sized::timeout(timeout_ms)?)?)?;
        // SAFETY: `job` is not NULL, and the caller promises that it is writable.
        unsafe { job.write(handle) };
        Ok(())
    })
}

/// A descriptor for poll, select or epoll: readable exactly while framewire_processor_next has something, or
/// none will come any more. Only wait for it; do not read or close it. It is the same one each time, and lives
/// until framewire_processor_free.
///
/// A negative number is a framewire_status, and poll passes over it. IO: the process has no descriptors left.
#[unsafe(no_mangle)]
pub extern "C" fn framewire_processor_fd(processor: *mut framewire_processor) -> i32 {
    guard_number(|| PROCESSORS.get(processor)?.processor.descriptor())
}

/// Brings a frame. It is copied: it is yours again when the call returns. With `every_frame` it waits for at most
/// `timeout_ms` milliseconds (-1: without end) until none waits; otherwise it never waits, and takes the place of
/// one that was not taken. The pts in its result is its capture time in microseconds.
///
/// INVALID_ARGUMENT: what is wrong with the frame. INVALID_STATE: frames come from a sink or a file. TIMEOUT:
/// none was taken in time. CLOSED: it has ended. LIMIT: no memory for the copy.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_processor_push_video(
    processor: *mut framewire_processor,
    frame: *const framewire_video_frame,
    timeout_ms: i32,
) -> framewire_status {
    guard(|| {
        let processor = PROCESSORS.get(processor)?.processor.clone();
        let timeout = sized::timeout(timeout_ms)?;
        // SAFETY: the caller promises that `frame` is NULL or points to `frame->size` readable bytes.
        let frame = unsafe { sized::read(frame, "frame") }?;
        // SAFETY: the caller promises that its planes are readable until the call returns.
        let copy = processor.pool().copy(&unsafe { frame.view() }?, frame.capture())?;
        processor.push(copy, timeout)
    })
}

/// Whether pictures go out from now on; 1: they do. `peer` (may be NULL) is whom they are to reach.
///
/// INVALID_STATE: there is no source, or it has no pictures. NOT_OFFERED: no video was offered in which they could
/// go to `peer`.
#[unsafe(no_mangle)]
pub extern "C" fn framewire_processor_set_video(
    processor: *mut framewire_processor,
    on: u32,
    peer: *mut framewire_peer,
) -> framewire_status {
    guard(|| {
        let entry = PROCESSORS.get(processor)?;
        let on = flag(on, "on")?;
        let peer = if peer.is_null() { None } else { Some(PEERS.get(peer)?) };
        entry.processor.set_video(on, peer.as_ref().map(|entry| &entry.peer))
    })
}

/// Turns the pictures that come from now on, before they are processed: by 0, 90, 180 or 270 degrees, clockwise.
#[unsafe(no_mangle)]
pub extern "C" fn framewire_processor_set_rotation(
    processor: *mut framewire_processor,
    degrees: u32,
) -> framewire_status {
    guard(|| {
        let entry = PROCESSORS.get(processor)?;
        entry.processor.set_turn(Turn::by(degrees)?);
        Ok(())
    })
}

/// Begins the end, for a framewire_termination; `text` (may be NULL) says it in words. Returns at once.
///
/// No more frames come in, and those that are being processed have `grace_ms`; with
/// FRAMEWIRE_TERMINATION_SOURCE_ENDED the one that waits is processed too. Then the last message goes to the
/// results, with `processing_complete` and the frame id after the last, then FRAMEWIRE_EVENT_PROCESSOR_ENDED
/// comes: free peers and feeds after that, and nobody misses the last message. The first reason holds.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_processor_end(
    processor: *mut framewire_processor,
    termination: u32,
    text: *const c_char,
) -> framewire_status {
    guard(|| {
        let entry = PROCESSORS.get(processor)?;
        let Some(reason) = envelope::reason(termination) else {
            let sentence = format!("termination is {termination} but must be a framewire_termination");
            return Err(Error::argument(sentence));
        };
        let sentence = match reason {
            Reason::TimeoutReached => "the time that was given is over",
            Reason::SourceEnded => "no more frames come",
            Reason::Cancelled => "it was cancelled",
            Reason::Failed => "it could not go on",
        };
        // SAFETY: the caller promises that `text` is NULL or a C string.
        let text = unsafe { text::read_optional(text, "text") }?;
        entry.processor.end(reason, text.unwrap_or(sentence));
        Ok(())
    })
}

/// Waits for the end, for at most `timeout_ms` milliseconds (-1: without end): that its event has come, and
/// before it the last message has gone out. `*termination` (may be NULL) is a framewire_termination.
///
/// TIMEOUT: it has not ended. CLOSED: it was freed meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_processor_wait(
    processor: *mut framewire_processor,
    timeout_ms: i32,
    termination: *mut i32,
) -> framewire_status {
    guard(|| {
        let processor = PROCESSORS.get(processor)?.processor.clone();
        let ended = processor.wait(sized::timeout(timeout_ms)?)?;
        if !termination.is_null() {
            // SAFETY: the caller promises that it is writable.
            unsafe { termination.write(ended.reason.number()) };
        }
        Ok(())
    })
}

/// The figures of a processor as they stand, without stopping anyone. `stats->size` must be set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_processor_get_stats(
    processor: *mut framewire_processor,
    stats: *mut framewire_processor_stats,
) -> framewire_status {
    guard(|| {
        let entry = PROCESSORS.get(processor)?;
        // SAFETY: the caller promises that `stats` is NULL or points to `stats->size` writable bytes.
        let out = unsafe { sized::out(stats, "stats") }?;
        out.write(framewire_processor_stats::from(entry.processor.stats()));
        Ok(())
    })
}

/// What a processor handle stands for.
pub struct Entry {
    processor: Processor,
    events: Option<Arc<Events>>,
}

impl framewire_processor_options {
    /// # Safety
    /// `file` is NULL or a C string.
    unsafe fn convert(&self) -> Result<ProcessorOptions> {
        // SAFETY: as promised to us.
        let file = unsafe { text::read_optional(self.file, "options.file") }?;
        let format = match self.format {
            0 => Format::Rgb24,
            format => video::format(format, "options.format")?,
        };
        let from = match (self.sink.is_null(), file) {
            (true, None) => From::Push,
            (true, Some(file)) => From::File(file.into(), format),
            (false, None) => From::Sink(SINKS.get(self.sink)?.sink.clone()),
            (false, Some(_)) => return Err(Error::argument("options.sink and options.file are both set")),
        };
        if !matches!(from, From::File(..)) {
            unused(self.format, "options.format")?;
        }
        if !(self.declared_fps >= 0.0 && self.declared_fps.is_finite()) {
            let sentence = format!("options.declared_fps is {} but must be 0 or more", self.declared_fps);
            return Err(Error::argument(sentence));
        }
        unused(self.reserved, "options.reserved")?;
        let default = ProcessorOptions::default();
        let source = if self.source.is_null() { None } else { Some(SOURCES.get(self.source)?) };
        let results = if self.results.is_null() { None } else { Some(RESULTS.get(self.results)?) };
        Ok(ProcessorOptions {
            id: None,
            events: events::queue(self.events)?,
            from,
            source: source.map(|entry| entry.source().clone()),
            results: results.map(|entry| entry.feed().clone()),
            max_in_flight: match self.max_in_flight {
                0 => default.max_in_flight.max(self.workers as usize),
                given => given as usize,
            },
            realtime: !flag(self.every_frame, "options.every_frame")?,
            as_finished: flag(self.as_finished, "options.as_finished")?,
            deadline: millis(self.deadline_ms),
            pass_through: flag(self.pass_through, "options.pass_through")?,
            turn: Turn::by(self.rotation)?,
            video: !flag(self.video_off, "options.video_off")?,
            sound: match flag(self.sound, "options.sound")? {
                true => SoundPath::Through,
                false => SoundPath::None,
            },
            source_pts: flag(self.source_pts, "options.source_pts")?,
            declared_fps: (self.declared_fps > 0.0).then_some(self.declared_fps),
            ends_after: millis(self.ends_after_ms),
            outlives_track: flag(self.outlives_track, "options.outlives_track")?,
            grace: millis(self.grace_ms).unwrap_or(default.grace),
            linger: millis(self.linger_ms).unwrap_or(default.linger),
        })
    }
}

impl std::convert::From<ProcessorStats> for framewire_processor_stats {
    fn from(stats: ProcessorStats) -> Self {
        let ProcessorStats { frames, .. } = stats;
        framewire_processor_stats {
            size: 0,
            received: frames.received,
            processed: frames.processed,
            failed: frames.failed,
            skipped_newer: frames.newer,
            skipped_late: frames.late,
            skipped_overtaken: frames.overtaken,
            skipped_ended: frames.ended,
            in_flight: frames.in_flight,
            waiting: frames.waiting,
            thrown_away: frames.thrown_away,
            damaged: stats.damaged,
            pictures: stats.pictures,
            passed_through: stats.passed_through,
            results: stats.results,
            results_refused: stats.results_refused,
            sounds: stats.sounds,
            sounds_failed: stats.sounds_failed,
            sounds_dropped: stats.sounds_dropped,
            measured_fps: stats.measured_fps,
            queued: stats.queued.into(),
            function: stats.function.into(),
            through: stats.through.into(),
        }
    }
}
