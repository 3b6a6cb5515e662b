//! How it ends: the last message first, then the news, whatever the reason.

use super::*;
use framewire::error::Status;
use framewire::media::Kind;
use framewire::process::{Ended, From, Reason};
use framewire::results::{Results, ResultsOptions};
use framewire::sink::{Sink, SinkOptions};
use framewire::source::{Source, SourceOptions};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// A processor that is to end, with what it tells.
struct Run {
    processor: Processor,
    events: Arc<Events>,
    receiver: receiver::Receiver,
}

impl Run {
    fn of(options: ProcessorOptions, function: Function) -> Run {
        let (events, results) = (Events::new(1_000), Results::new(ResultsOptions::default()));
        let (events, results) = (events.expect("events"), results.expect("a feed"));
        let receiver = receiver::Receiver::of(&results);
        let options = ProcessorOptions {
            events: Some(events.clone()),
            results: Some(results),
            // The news waits for the acknowledgement, however long that takes here.
            linger: PATIENCE,
            ..options
        };
        let processor = Processor::with_function(options, 1, function).expect("a processor");
        Run { processor, events, receiver }
    }

    /// Takes results up to the last one, and then the news of the end: its reason, and the last message.
    fn ends(mut self) -> (Ended, Value) {
        let got = Arc::new(AtomicBool::new(false));
        let seen = got.clone();
        let receives = thread::spawn(move || {
            loop {
                let (id, result) = self.receiver.next();
                if result["processing_complete"] == true {
                    seen.store(true, Ordering::Release);
                    self.receiver.ack(id);
                    assert_eq!(result["video_metadata"]["frame_id"], id);
                    return (result, self.receiver);
                }
            }
        });
        let event = told(&self.events, EventKind::ProcessorEnded);
        assert!(got.load(Ordering::Acquire), "the last message comes before the news");
        let ended = self.processor.wait(Some(PATIENCE)).expect("it has been told");
        assert_eq!((event.value, &event.text), (ended.reason.number().into(), &ended.sentence));
        assert_all_counted(&self.processor.stats());
        // The connection is closed after that, by the program.
        let (last, receiver) = receives.join().expect("no panic");
        assert!(receiver.is_connected());
        assert_eq!(last["termination_reason"], ended.reason.name());
        (ended, last)
    }
}

#[test]
fn a_deadline_ends_it() {
    let options = ProcessorOptions { ends_after: Some(Duration::from_millis(300)), ..every_frame() };
    let run = Run::of(options, each(|_| Ok(())));
    push(&run.processor, grey(1, 1));
    let (ended, last) = run.ends();
    assert_eq!(ended.reason, Reason::TimeoutReached);
    assert_eq!(last["errors"], Value::Array(Vec::new()));
}

#[test]
fn who_cancels_it_gets_the_last_message_of_what_was_processed() {
    let run = Run::of(every_frame(), each(|_| Ok(())));
    for n in 1..=10 {
        push(&run.processor, grey(1, n));
    }
    run.processor.end(Reason::Cancelled, "enough");
    run.processor.end(Reason::Failed, "too late: the first reason holds");
    let refused = run.processor.push(grey(1, 11), None).expect_err("nothing comes in any more");
    assert_eq!(refused.status(), Status::Closed);
    let (ended, _) = run.ends();
    assert_eq!(ended, Ended { reason: Reason::Cancelled, sentence: "enough".to_owned() });
}

#[test]
fn a_failure_is_told_in_the_last_message() {
    let source = Source::new(SourceOptions { audio: None, ..SourceOptions::default() }).expect("a source");
    let options = ProcessorOptions { source: Some(source.clone()), ..every_frame() };
    let run = Run::of(options, each(|_| Ok(())));
    source.close();
    push(&run.processor, grey(1, 1));
    let (ended, last) = run.ends();
    assert_eq!(ended.reason, Reason::Failed);
    assert_eq!(last["errors"], serde_json::json!(["the source is closed"]));
}

#[test]
fn the_end_of_its_source_ends_it_and_so_does_a_sink_that_is_closed() {
    let sink = Sink::new(SinkOptions::default()).expect("a sink");
    let run = Run::of(ProcessorOptions { from: From::Sink(sink.clone()), ..every_frame() }, each(|_| Ok(())));
    assert_eq!(run.processor.push(grey(1, 1), None).expect_err("from a sink").status(), Status::InvalidState);
    sink.close();
    let (ended, _) = run.ends();
    assert_eq!(ended, Ended { reason: Reason::SourceEnded, sentence: "the sink is closed".to_owned() });
}

#[test]
fn a_frame_that_is_being_processed_is_waited_for_and_then_abandoned() {
    let (release, released) = crossbeam_channel::bounded::<()>(0);
    let options = ProcessorOptions { grace: Duration::from_millis(100), ..every_frame() };
    let hang: Function = Box::new(move |job| {
        let _ = released.recv();
        assert_eq!(job.complete().map_err(|error| error.status()), Err(Status::Closed));
    });
    let run = Run::of(options, hang);
    push(&run.processor, grey(1, 1));
    push(&run.processor, grey(1, 2));
    let processor = run.processor.clone();
    run.processor.end(Reason::SourceEnded, "no more");
    let (ended, last) = run.ends();
    assert_eq!((ended.reason, &last["video_metadata"]["frame_id"]), (Reason::SourceEnded, &1.into()));
    assert_eq!(processor.stats().frames.ended, 2);
    drop(release);
}

#[test]
fn who_waits_for_the_end_of_one_that_is_closed_is_told_so() {
    let processor = Processor::new(ProcessorOptions::default()).expect("a processor");
    let waits = {
        let processor = processor.clone();
        thread::spawn(move || processor.wait(None).map_err(|error| error.status()))
    };
    assert_eq!(processor.wait(Some(Duration::ZERO)).expect_err("it runs").status(), Status::Timeout);
    processor.close();
    assert_eq!(waits.join().expect("no panic"), Err(Status::Closed));
}

#[test]
fn a_sink_of_which_nothing_comes_does_not_keep_a_processor_from_closing() {
    let sink = Sink::new(SinkOptions::default()).expect("a sink");
    let options = ProcessorOptions {
        from: From::Sink(sink.clone()),
        outlives_track: true,
        ..ProcessorOptions::default()
    };
    let processor = Processor::new(options).expect("a processor");
    drop(processor);
    let left = sink.next_video(Some(Duration::ZERO)).expect_err("the sink lives on");
    assert_eq!(left.status(), Status::Timeout);
    assert!(sink.has(Kind::Video));
}

#[test]
fn its_heart_beats_while_there_is_nothing_to_do() {
    let events = Events::new(10).expect("events");
    let options = ProcessorOptions { events: Some(events.clone()), ..ProcessorOptions::default() };
    let _processor = Processor::new(options).expect("a processor");
    for _ in 0..2 {
        assert_eq!(told(&events, EventKind::ProcessorHeartbeat).value, 0);
    }
}

#[test]
fn options_that_do_not_fit_are_refused_with_a_reason() {
    let sink = |audio: bool| {
        let audio = audio.then(|| SinkOptions::default().audio.expect("sound by default"));
        Sink::new(SinkOptions { audio, ..SinkOptions::default() }).expect("a sink")
    };
    let deaf = ProcessorOptions {
        from: From::Sink(sink(false)),
        sound: framewire::process::SoundPath::Through,
        ..ProcessorOptions::default()
    };
    let cases = [
        (ProcessorOptions { max_in_flight: 0, ..every_frame() }, "max_in_flight is 0"),
        (ProcessorOptions { max_in_flight: 1_001, ..every_frame() }, "max_in_flight is 1001"),
        (deaf, "sound goes through from a sink"),
    ];
    for (options, words) in cases {
        let refused = Processor::new(options).expect_err("it does not fit");
        assert!(refused.sentence().contains(words), "{refused}");
    }
    for workers in [0, 257] {
        assert!(Processor::with_function(every_frame(), workers, Box::new(drop)).is_err());
    }
}
