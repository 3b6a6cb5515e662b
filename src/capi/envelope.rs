//! Results in their JSON envelope.

use super::guard::{guard, required};
use super::registry::RESULTS;
use super::results::{acknowledgements, framewire_results, lingering};
use super::sized::{self, plain};
use super::status::framewire_status;
use super::text;
use crate::error::{Error, Result};
use crate::message::envelope::{Field, Fields, Metadata, Reason};
use std::ffi::c_char;

/// Which fields of a result are sent.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum framewire_fields {
    /// All.
    FRAMEWIRE_FIELDS_ALL = 1,
    /// None: metadata and errors only.
    FRAMEWIRE_FIELDS_NONE = 2,
    /// Those of some names.
    FRAMEWIRE_FIELDS_NAMED = 3,
}

/// Why no more results will come.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum framewire_termination {
    /// The time that was allowed is over: "timeout_reached".
    FRAMEWIRE_TERMINATION_TIMEOUT_REACHED = 1,
    /// There are no more pictures: "source_ended".
    FRAMEWIRE_TERMINATION_SOURCE_ENDED = 2,
    /// Somebody ended it: "cancelled".
    FRAMEWIRE_TERMINATION_CANCELLED = 3,
    /// It could not go on: "failed".
    FRAMEWIRE_TERMINATION_FAILED = 4,
}

/// One field of a result. It has no `size`, and will stay as it is.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct framewire_field {
    /// Its name.
    pub name: *const c_char,
    /// Its value as JSON, which is sent as it is. What is no JSON, and NULL, is sent as
    /// {"__serialization_error__": text} and told in `errors`; the other fields go out.
    pub json: *const c_char,
    /// Where `json` is NULL: why there is none; NULL: "it has no value".
    pub error: *const c_char,
}

/// A result and what it is about. 0 is the default of every field but `size`: JSON's null.
///
/// What is sent is an object that always has the keys serialized_output_data (an object of the fields),
/// video_metadata (frame_id, received_at, pts, time_base, declared_fps, measured_fps, height, width), errors
/// (an array of texts), processing_complete and termination_reason.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct framewire_result {
    /// sizeof(framewire_result).
    pub size: usize,
    /// What it has: `field_count` of them. NULL if that is 0.
    pub fields: *const framewire_field,
    /// How many.
    pub field_count: usize,
    /// What went wrong: `error_count` texts. NULL if that is 0.
    pub errors: *const *const c_char,
    /// How many.
    pub error_count: usize,
    /// When the picture came: a text of your choice, ISO 8601 by custom.
    pub received_at: *const c_char,
    /// Its presentation time in units of `time_base`. Where this is the RTP timestamp that
    /// framewire_source_rtp_timestamp tells, and `time_base` is 1.0 / 90000, browsers find the picture.
    pub pts: i64,
    /// Seconds of a unit of `pts`; 0: both are null.
    pub time_base: f64,
    /// Pictures a second that were promised,
    pub declared_fps: f64,
    /// and that came.
    pub measured_fps: f64,
    /// Columns of the picture.
    pub width: u32,
    /// Rows of the picture.
    pub height: u32,
}
plain!(framewire_result, first 88, {
    size, fields, field_count, errors, error_count, received_at, pts, time_base, declared_fps, measured_fps,
    width, height,
});

/// Which fields are sent of the results that come from now on: `mode` is a framewire_fields, `names` has
/// `count` names for FRAMEWIRE_FIELDS_NAMED and is NULL otherwise. At first all are.
///
/// INVALID_ARGUMENT: a name that is none of `options->fields`; the sentence lists those. A result that lacks
/// a field of these names goes out without it, and says so in its `errors`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_results_set_fields(
    results: *mut framewire_results,
    mode: u32,
    names: *const *const c_char,
    count: usize,
) -> framewire_status {
    guard(|| {
        let entry = RESULTS.get(results)?;
        // SAFETY: the caller promises that `names` has `count` C strings.
        let names = unsafe { texts(names, count, "names") }?;
        let fields = match (mode, names.is_empty()) {
            (1, true) => Fields::All,
            (2, true) => Fields::None,
            (3, _) => Fields::Named(names.into_iter().map(str::to_owned).collect()),
            (1 | 2, false) => {
                return Err(Error::argument(format!(
                    "count is {count} but only FRAMEWIRE_FIELDS_NAMED has names"
                )));
            }
            _ => return Err(Error::argument(format!("mode is {mode} but must be a framewire_fields"))),
        };
        entry.feed().set_fields(fields)
    })
}

/// Sends one result in its envelope: framewire_results_send with the JSON made here. Nothing of `result` is
/// kept.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_results_send_result(
    results: *mut framewire_results,
    frame_id: u32,
    result: *const framewire_result,
) -> framewire_status {
    guard(|| {
        let entry = RESULTS.get(results)?;
        required(result.cast_mut(), "result")?;
        // SAFETY: the caller promises that `result` points to `result->size` readable bytes.
        let result = unsafe { sized::read(result, "result") }?;
        // SAFETY: the caller promises that what it points to is readable until the call returns.
        let (mut metadata, fields, errors) = unsafe { result.parts() }?;
        metadata.frame_id = Some(frame_id.into());
        entry.feed().send_result(frame_id, &fields, &metadata, &errors)
    })
}

/// Sends the last envelope, with processing_complete true: framewire_results_finish with the JSON made here.
/// `reason` is a framewire_termination, or 0 for null; `last` may be NULL: then it has no fields.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn framewire_results_complete(
    results: *mut framewire_results,
    reason: u32,
    last: *const framewire_result,
    linger_ms: u32,
    acknowledged: *mut u64,
) -> framewire_status {
    guard(|| {
        // Not the entry: a free while we wait must find nobody who holds it.
        let results = RESULTS.get(results)?.feed().clone();
        let linger = lingering(linger_ms)?;
        let reason = match reason {
            0 => None,
            number => Some(self::reason(number).ok_or_else(|| {
                Error::argument(format!("reason is {number} but must be a framewire_termination, or 0"))
            })?),
        };
        let (mut metadata, mut fields, mut errors) = (Metadata::default(), Vec::new(), Vec::new());
        if !last.is_null() {
            // SAFETY: the caller promises that `last` points to `last->size` readable bytes.
            let last = unsafe { sized::read(last, "last") }?;
            // SAFETY: the caller promises that what it points to is readable until the call returns.
            (metadata, fields, errors) = unsafe { last.parts() }?;
        }
        let finished = results.complete(reason, &fields, &metadata, &errors, linger)?;
        // SAFETY: the caller promises that `acknowledged` is NULL or writable.
        unsafe { acknowledgements(acknowledged, finished) };
        Ok(())
    })
}

/// The reason of a framewire_termination.
pub(super) fn reason(number: u32) -> Option<Reason> {
    use Reason::*;
    let all = [TimeoutReached, SourceEnded, Cancelled, Failed];
    all.into_iter().find(|reason| u32::try_from(reason.number()) == Ok(number))
}

/// The numbers of C are those of Rust.
const _: () = {
    use framewire_termination::*;
    assert!(FRAMEWIRE_TERMINATION_TIMEOUT_REACHED as i32 == Reason::TimeoutReached.number());
    assert!(FRAMEWIRE_TERMINATION_SOURCE_ENDED as i32 == Reason::SourceEnded.number());
    assert!(FRAMEWIRE_TERMINATION_CANCELLED as i32 == Reason::Cancelled.number());
    assert!(FRAMEWIRE_TERMINATION_FAILED as i32 == Reason::Failed.number());
};

type Parts<'a> = (Metadata, Vec<Field<'a>>, Vec<&'a str>);

impl framewire_result {
    /// # Safety
    /// What it points to is readable for `'a`.
    unsafe fn parts<'a>(&self) -> Result<Parts<'a>> {
        let some = |number: f64| (number != 0.0).then_some(number);
        // SAFETY: NULL or a C string, as promised to us.
        let received_at = unsafe { text::read_optional(self.received_at, "result.received_at") }?;
        let metadata = Metadata {
            frame_id: None,
            received_at: received_at.map(str::to_owned),
            pts: some(self.time_base).map(|_| self.pts),
            time_base: some(self.time_base),
            declared_fps: some(self.declared_fps),
            measured_fps: some(self.measured_fps),
            height: (self.height != 0).then_some(self.height),
            width: (self.width != 0).then_some(self.width),
        };
        // SAFETY: so many fields, as promised to us.
        let fields = unsafe { sized::array(self.fields, self.field_count, "result.fields") }?;
        // SAFETY: their texts are NULL or C strings, as promised to us.
        let fields = fields.iter().map(|field| unsafe { field.read() }).collect::<Result<_>>()?;
        // SAFETY: so many C strings, as promised to us.
        let errors = unsafe { texts(self.errors, self.error_count, "result.errors") }?;
        Ok((metadata, fields, errors))
    }
}

impl framewire_field {
    /// # Safety
    /// Its texts are NULL, or C strings for `'a`.
    unsafe fn read<'a>(&self) -> Result<Field<'a>> {
        // SAFETY: as promised to us.
        let name = unsafe { text::read(self.name, "field.name") }?;
        // SAFETY: as promised to us.
        let json = unsafe { text::read_optional(self.json, "field.json") };
        // SAFETY: as promised to us.
        let error = unsafe { text::read_optional(self.error, "field.error") }?;
        let json = match json {
            Ok(json) => json.ok_or(error.unwrap_or("it has no value")),
            Err(_) => Err("it is not UTF-8"),
        };
        Ok(Field { name, json })
    }
}

/// # Safety
/// `from` is NULL, or has `count` C strings for `'a`.
pub(super) unsafe fn texts<'a>(from: *const *const c_char, count: usize, name: &str) -> Result<Vec<&'a str>> {
    // SAFETY: as promised to us.
    let pointers = unsafe { sized::array(from, count, name) }?;
    // SAFETY: each is a C string, as promised to us.
    let read = |(n, text): (usize, &*const c_char)| unsafe { text::read(*text, &format!("{name}[{n}]")) };
    pointers.iter().enumerate().map(read).collect()
}
