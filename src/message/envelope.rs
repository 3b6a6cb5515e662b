//! The JSON around one result. All its keys are always there.

use crate::error::{Error, Result};
use serde_json::Value;
use std::fmt::Display;

/// Which fields of a result are sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Fields {
    /// None: metadata and errors only.
    None,
    /// All.
    #[default]
    All,
    /// Those of these names; made by [`Fields::named`].
    Named(Vec<String>),
}

/// What is known of the picture that a result is about. What is not known is `null`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata {
    /// Its number.
    pub frame_id: Option<u64>,
    /// When it came: a text that the program chooses, ISO 8601 by custom.
    pub received_at: Option<String>,
    /// Its presentation time, in units of `time_base`.
    pub pts: Option<i64>,
    /// Seconds of a unit of `pts`.
    pub time_base: Option<f64>,
    /// Pictures a second that were promised,
    pub declared_fps: Option<f64>,
    /// and that came.
    pub measured_fps: Option<f64>,
    /// Pixels.
    pub height: Option<u32>,
    /// Pixels.
    pub width: Option<u32>,
}

/// One field of a result.
#[derive(Clone, Copy, Debug)]
pub struct Field<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its value as JSON text, or why it has none.
    pub json: std::result::Result<&'a str, &'a str>,
}

/// Why no more results will come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The time that was allowed is over.
    TimeoutReached,
    /// There are no more pictures.
    SourceEnded,
    /// Somebody ended it.
    Cancelled,
    /// It could not go on.
    Failed,
}

/// One message.
#[derive(Clone, Copy, Debug)]
pub struct Envelope<'a> {
    /// What the result has.
    pub output: &'a [Field<'a>],
    /// What it is about.
    pub metadata: &'a Metadata,
    /// What went wrong.
    pub errors: &'a [&'a str],
    /// Whether it is the last; `Some` says why, if that is known.
    pub complete: Option<Option<Reason>>,
}

impl Fields {
    /// Those of these names. `available` are the names that there are.
    pub fn named(names: &[&str], available: &[&str]) -> Result<Fields> {
        match names.iter().find(|name| !available.contains(name)) {
            Some(unknown) => {
                let there_is = available.join(", ");
                Err(Error::argument(format!("there is no field '{unknown}'; there is: {there_is}")))
            }
            None => Ok(Fields::Named(names.iter().map(ToString::to_string).collect())),
        }
    }
}

impl Reason {
    /// How it is written.
    pub fn name(self) -> &'static str {
        match self {
            Reason::TimeoutReached => "timeout_reached",
            Reason::SourceEnded => "source_ended",
            Reason::Cancelled => "cancelled",
            Reason::Failed => "failed",
        }
    }

    /// Its number in events, and in the C ABI.
    pub const fn number(self) -> i32 {
        match self {
            Reason::TimeoutReached => 1,
            Reason::SourceEnded => 2,
            Reason::Cancelled => 3,
            Reason::Failed => 4,
        }
    }
}

impl Envelope<'_> {
    /// The message, with the fields that are wanted. A field that is no JSON goes out as
    /// `{"__serialization_error__": why}`, and is told in `errors` like one that is missing.
    pub fn write(&self, fields: &Fields) -> String {
        let mut errors: Vec<String> = self.errors.iter().map(ToString::to_string).collect();
        let output = self.write_output(fields, &mut errors);
        let m = self.metadata;
        let metadata = object(&[
            ("frame_id", number(m.frame_id)),
            ("received_at", m.received_at.as_deref().map_or_else(null, text)),
            ("pts", number(m.pts)),
            ("time_base", float(m.time_base)),
            ("declared_fps", float(m.declared_fps)),
            ("measured_fps", float(m.measured_fps)),
            ("height", number(m.height)),
            ("width", number(m.width)),
        ]);
        let errors: Vec<String> = errors.iter().map(|error| text(error)).collect();
        object(&[
            ("serialized_output_data", output),
            ("video_metadata", metadata),
            ("errors", format!("[{}]", errors.join(","))),
            ("processing_complete", self.complete.is_some().to_string()),
            ("termination_reason", self.complete.flatten().map_or_else(null, |reason| text(reason.name()))),
        ])
    }

    fn write_output(&self, fields: &Fields, errors: &mut Vec<String>) -> String {
        let wanted: Vec<&Field> = match fields {
            Fields::None => return null(),
            Fields::All => self.output.iter().collect(),
            Fields::Named(names) => {
                let find = |name: &String| {
                    let found = self.output.iter().find(|field| field.name == name);
                    if found.is_none() {
                        errors.push(format!("field '{name}' is missing from this result"));
                    }
                    found
                };
                names.iter().filter_map(find).collect()
            }
        };
        let mut written: Vec<(&str, String)> = Vec::with_capacity(wanted.len());
        for field in wanted {
            if written.iter().any(|(name, _)| *name == field.name) {
                errors.push(format!("field '{}' is there twice; the first is sent", field.name));
                continue;
            }
            written.push((field.name, field.write(errors)));
        }
        object(&written)
    }
}

impl Field<'_> {
    /// Its value. It is sent as the program wrote it: reading it into numbers and back could change it.
    fn write(&self, errors: &mut Vec<String>) -> String {
        let parsed = self.json.map_err(str::to_string).and_then(|json| {
            serde_json::from_str::<Value>(json)
                .map(|_| json.trim().to_string())
                .map_err(|error| error.to_string())
        });
        parsed.unwrap_or_else(|why| {
            errors.push(format!("field '{}' could not be serialized: {why}", self.name));
            object(&[("__serialization_error__", text(&why))])
        })
    }
}

/// An object, its keys in that order.
fn object(members: &[(&str, String)]) -> String {
    let members: Vec<String> = members.iter().map(|(key, value)| format!("{}:{value}", text(key))).collect();
    format!("{{{}}}", members.join(","))
}

fn text(text: &str) -> String {
    Value::from(text).to_string()
}

fn number(number: Option<impl Display>) -> String {
    number.map_or_else(null, |number| number.to_string())
}

/// What JSON cannot say (RFC 8259 section 6: infinity, not a number) is `null`.
fn float(float: Option<f64>) -> String {
    Value::from(float).to_string()
}

fn null() -> String {
    "null".into()
}
