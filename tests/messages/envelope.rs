//! The JSON around a result.

use framewire::error::Status;
use framewire::message::envelope::{Envelope, Field, Fields, Metadata, Reason};
use serde_json::Value;

fn field<'a>(name: &'a str, json: &'a str) -> Field<'a> {
    Field { name, json: Ok(json) }
}

fn metadata() -> Metadata {
    Metadata {
        frame_id: Some(7),
        received_at: Some("2025-01-02T03:04:05.678".into()),
        pts: Some(-630),
        time_base: Some(0.5),
        declared_fps: Some(30.0),
        measured_fps: Some(29.97),
        height: Some(720),
        width: Some(1280),
    }
}

fn write(output: &[Field], errors: &[&str], fields: &Fields) -> Value {
    let envelope = Envelope { output, metadata: &Metadata::default(), errors, complete: None };
    serde_json::from_str(&envelope.write(fields)).expect("it is JSON")
}

#[test]
fn a_result_byte_by_byte() {
    let envelope = Envelope {
        output: &[field("boxes", "[[1, 2.50]]"), field("n", " 3\n")],
        metadata: &metadata(),
        errors: &["a \"b\"\n"],
        complete: None,
    };
    let written = concat!(
        r#"{"serialized_output_data":{"boxes":[[1, 2.50]],"n":3},"#,
        r#""video_metadata":{"frame_id":7,"received_at":"2025-01-02T03:04:05.678","pts":-630,"time_base":0.5,"#,
        r#""declared_fps":30.0,"measured_fps":29.97,"height":720,"width":1280},"#,
        r#""errors":["a \"b\"\n"],"processing_complete":false,"termination_reason":null}"#,
    );
    assert_eq!(envelope.write(&Fields::All), written);
}

#[test]
fn all_keys_are_always_there() {
    let envelope = Envelope { output: &[], metadata: &Metadata::default(), errors: &[], complete: None };
    let written = concat!(
        r#"{"serialized_output_data":null,"#,
        r#""video_metadata":{"frame_id":null,"received_at":null,"pts":null,"time_base":null,"#,
        r#""declared_fps":null,"measured_fps":null,"height":null,"width":null},"#,
        r#""errors":[],"processing_complete":false,"termination_reason":null}"#,
    );
    assert_eq!(envelope.write(&Fields::None), written);
}

#[test]
fn the_last_one_says_why() {
    let reasons = [
        (None, Value::Null),
        (Some(Reason::TimeoutReached), "timeout_reached".into()),
        (Some(Reason::SourceEnded), "source_ended".into()),
        (Some(Reason::Cancelled), "cancelled".into()),
        (Some(Reason::Failed), "failed".into()),
    ];
    for (reason, name) in reasons {
        let metadata = Metadata { frame_id: Some(u64::MAX), ..Metadata::default() };
        let envelope = Envelope { output: &[], metadata: &metadata, errors: &[], complete: Some(reason) };
        let read: Value = serde_json::from_str(&envelope.write(&Fields::None)).expect("it is JSON");
        assert_eq!((&read["processing_complete"], &read["termination_reason"]), (&Value::Bool(true), &name));
        assert_eq!(read["video_metadata"]["frame_id"], u64::MAX);
    }
}

#[test]
fn none_all_or_the_named_fields_are_sent() {
    let output = [field("a", "1"), field("b", "2"), field("c", "3")];
    let named = Fields::named(&["c", "a"], &["a", "b", "c", "d"]).expect("they are there");
    let sent = |fields: &Fields| write(&output, &[], fields)["serialized_output_data"].to_string();
    assert_eq!(sent(&Fields::None), "null");
    assert_eq!(sent(&Fields::All), r#"{"a":1,"b":2,"c":3}"#);
    assert_eq!(sent(&named), r#"{"a":1,"c":3}"#);
}

#[test]
fn names_that_there_are_not_are_refused_when_set() {
    let error = Fields::named(&["a", "x"], &["a", "b"]).expect_err("there is no x");
    assert_eq!(error.status(), Status::InvalidArgument);
    assert_eq!(error.sentence(), "there is no field 'x'; there is: a, b");
}

#[test]
fn names_that_a_result_misses_are_reported_with_it() {
    let named = Fields::named(&["a", "d"], &["a", "d"]).expect("they are there");
    let read = write(&[field("a", "1")], &["before"], &named);
    assert_eq!(read["serialized_output_data"].to_string(), r#"{"a":1}"#);
    assert_eq!(read["errors"].to_string(), r#"["before","field 'd' is missing from this result"]"#);
}

#[test]
fn a_field_that_cannot_be_serialized_goes_as_its_error_and_the_others_go_out() {
    let deep = "[".repeat(10_000);
    let broken = ["", "{", "NaN", "1 2", "'a'", "[1,]", "\"\\ud800\"", "\u{0}", "}", "1,\"x\":2", &deep];
    for json in broken {
        let read = write(&[field("good", "1"), field("bad", json), field("too", "2")], &[], &Fields::All);
        let output = read["serialized_output_data"].as_object().expect("an object");
        assert_eq!((output.len(), &output["good"], &output["too"]), (3, &Value::from(1), &Value::from(2)));
        let why = output["bad"]["__serialization_error__"].as_str().expect("the text");
        assert_eq!(output["bad"].as_object().map(|bad| bad.len()), Some(1));
        assert_eq!(read["errors"], Value::from(vec![format!("field 'bad' could not be serialized: {why}")]));
    }
    let failed = Field { name: "bad", json: Err("it is a \"socket\"") };
    let read = write(&[failed], &[], &Fields::All);
    assert_eq!(read["serialized_output_data"]["bad"]["__serialization_error__"], "it is a \"socket\"");
}

#[test]
fn numbers_that_json_has_not_are_null_and_names_are_escaped() {
    let metadata =
        Metadata { measured_fps: Some(f64::NAN), time_base: Some(f64::INFINITY), ..Metadata::default() };
    let output = [field("a\"\n", "1")];
    let envelope = Envelope { output: &output, metadata: &metadata, errors: &[], complete: None };
    let read: Value = serde_json::from_str(&envelope.write(&Fields::All)).expect("it is JSON");
    assert_eq!(
        (&read["video_metadata"]["measured_fps"], &read["video_metadata"]["time_base"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(read["serialized_output_data"]["a\"\n"], 1);
}

#[test]
fn a_field_that_is_there_twice_is_sent_once() {
    let read = write(&[field("a", "1"), field("a", "2")], &[], &Fields::All);
    assert_eq!(read["serialized_output_data"]["a"], 1);
    assert_eq!(read["errors"].as_array().map(Vec::len), Some(1));
}
