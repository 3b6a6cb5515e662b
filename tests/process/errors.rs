//! A function that fails, panics, takes too long, or never returns.

use super::*;
use crossbeam_channel::{Receiver, bounded, unbounded};
use framewire::error::Status;
use framewire::message::sender::Mode;
use framewire::process::Reason;
use framewire::results::{Results, ResultsOptions};
use std::sync::atomic::{AtomicBool, Ordering};

fn results() -> Results {
    Results::new(ResultsOptions { mode: Mode::File, ..ResultsOptions::default() }).expect("a feed")
}

#[test]
fn an_error_or_a_panic_is_that_frames_and_stands_in_its_result() {
    let (results, events) = (results(), Events::new(1_000).expect("events"));
    let mut receiver = receiver::Receiver::of(&results);
    assert!(receiver.is_connected());
    let options = ProcessorOptions {
        events: Some(events.clone()),
        results: Some(results.clone()),
        declared_fps: Some(25.0),
        ..every_frame()
    };
    let function = each(|job| {
        job.add("number", Ok(&job.about().number.to_string())).expect("there is room");
        job.add("broken", Ok("{")).expect("there is room");
        job.add("missing", Err("it is a picture")).expect("there is room");
        match job.id() {
            id if id % 3 == 0 => Err(format!("frame {id} is odd")),
            id if id % 7 == 0 => panic!("frame {id} is odder"),
            _ => Ok(()),
        }
    });
    let processor = Processor::with_function(options, 3, function).expect("a processor");
    for n in 1..=30 {
        push(&processor, grey(1, n * 40_000));
    }
    processor.end(Reason::SourceEnded, "it is over");
    for n in 1..=30_u32 {
        let (id, result) = receiver.next();
        assert_eq!(id, n);
        let metadata = &result["video_metadata"];
        assert_eq!(metadata["frame_id"], n);
        assert_eq!((&metadata["pts"], &metadata["time_base"]), (&(n * 40_000).into(), &1e-6.into()));
        assert_eq!((&metadata["width"], &metadata["height"]), (&WIDTH.into(), &HEIGHT.into()));
        assert_eq!(metadata["declared_fps"], 25.0);
        let received = metadata["received_at"].as_str().expect("a text");
        assert!(received.starts_with("20") && received.ends_with('Z') && received.len() == 27, "{received}");
        let errors = result["errors"].to_string();
        let output = &result["serialized_output_data"];
        match n {
            n if n % 3 == 0 => assert_eq!(errors, format!("[\"frame {n} is odd\"]")),
            n if n % 7 == 0 => assert_eq!(errors, "[\"the function panicked\"]"),
            n => {
                assert_eq!(output["number"], n);
                assert_eq!(output["missing"]["__serialization_error__"], "it is a picture");
                assert!(output["broken"]["__serialization_error__"].is_string(), "{output}");
            }
        }
        receiver.ack(n);
    }
    let (id, last) = receiver.next();
    assert_eq!(
        (id, &last["processing_complete"], &last["termination_reason"]),
        (31, &true.into(), &"source_ended".into())
    );
    receiver.ack(31);
    processor.wait(Some(PATIENCE)).expect("it ends");
    let stats = processor.stats();
    assert_eq!((stats.frames.failed, stats.frames.processed, stats.results), (13, 17, 30));
    assert_all_counted(&stats);
    let mut told = Vec::new();
    while let Ok(event) = events.next(Duration::ZERO) {
        if event.kind == EventKind::ProcessorError {
            told.push(event.value);
        }
    }
    assert_eq!(told, [3, 6, 7, 9, 12, 14, 15, 18, 21, 24, 27, 28, 30]);
}

/// A function that says when it begins a frame that is a multiple of five, waits to be released, and says how
/// the job ended.
fn hanging(
    begun: crossbeam_channel::Sender<u32>,
    release: Receiver<()>,
    ended: crossbeam_channel::Sender<Status>,
) -> Function {
    Box::new(move |mut job| {
        if job.id() % 5 != 0 {
            return job.complete().unwrap_or_default();
        }
        begun.send(job.id()).expect("the test waits");
        let _ = release.recv();
        // Its memory is there, whatever became of the processor.
        let planes = job.planes_mut().expect("there is memory");
        planes[0].iter_mut().for_each(|byte| *byte = byte.wrapping_add(1));
        let outcome = job.complete().map_or_else(|error| error.status(), |()| Status::Again);
        let _ = ended.send(outcome);
    })
}

#[test]
fn one_that_takes_too_long_is_skipped_and_its_late_result_is_refused() {
    let (begun, begins) = unbounded();
    let (release, released) = bounded::<()>(0);
    let (ended, ends) = unbounded();
    let options = ProcessorOptions { deadline: Some(Duration::from_millis(50)), ..every_frame() };
    let processor =
        Processor::with_function(options, 2, hanging(begun, released, ended)).expect("a processor");
    for n in 1..=9 {
        push(&processor, grey(1, n));
    }
    assert_eq!(begins.recv_timeout(PATIENCE), Ok(5));
    // Those after it go on, once it is skipped: this one is only taken when all before have left.
    processor.end(Reason::SourceEnded, "it is over");
    processor.wait(Some(PATIENCE)).expect("it ends while one hangs");
    drop(release);
    assert_ne!(ends.recv_timeout(PATIENCE), Ok(Status::Again), "its result is thrown away");
    let stats = processor.stats();
    assert!(stats.frames.late >= 1 && stats.frames.late + stats.frames.processed == 9, "{stats:?}");
    assert_eq!(stats.frames.thrown_away, stats.frames.late);
    assert_all_counted(&stats);
}

/// Says when it is dropped.
struct Context(std::sync::Arc<AtomicBool>);

impl Drop for Context {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

#[test]
fn a_close_leaves_one_that_never_returns_what_it_was_given() {
    let (begun, begins) = unbounded();
    let (release, released) = bounded::<()>(0);
    let (ended, ends) = unbounded();
    let dropped = std::sync::Arc::new(AtomicBool::new(false));
    let (context, hang) = (Context(dropped.clone()), hanging(begun, released, ended));
    let function: Function = Box::new(move |job| {
        let _context = &context;
        hang(job);
    });
    let processor = Processor::with_function(every_frame(), 1, function).expect("a processor");
    for n in 1..=6 {
        push(&processor, grey(1, n));
    }
    assert_eq!(begins.recv_timeout(PATIENCE), Ok(5));
    processor.close();
    assert!(!dropped.load(Ordering::Acquire), "the function still has it");
    assert_eq!(processor.next(None).expect_err("it is closed").status(), Status::Closed);
    assert!(processor.push(grey(1, 7), None).is_err());
    let stats = processor.stats();
    assert_eq!((stats.frames.processed, stats.frames.ended), (4, 2));
    assert_all_counted(&stats);
    drop(release);
    assert_eq!(ends.recv_timeout(PATIENCE), Ok(Status::Closed));
    assert_eq!(
        ends.recv_timeout(PATIENCE),
        Err(crossbeam_channel::RecvTimeoutError::Disconnected),
        "it is gone"
    );
    assert!(dropped.load(Ordering::Acquire), "and so is what it was given");
}

#[test]
fn a_close_inside_the_function_returns() {
    let processor = Processor::with_function(every_frame(), 1, Box::new(drop)).expect("a processor");
    processor.close();
    let (to, from) = bounded::<Processor>(1);
    let (closed, closes) = bounded(1);
    let function: Function = Box::new(move |job| {
        let processor = from.recv().expect("it is sent");
        processor.close();
        closed.send(job.complete().map_err(|error| error.status())).expect("it is awaited");
    });
    let processor = Processor::with_function(every_frame(), 1, function).expect("a processor");
    push(&processor, grey(1, 1));
    to.send(processor).expect("it is awaited");
    assert_eq!(closes.recv_timeout(PATIENCE), Ok(Err(Status::Closed)));
}

#[test]
fn a_function_that_hangs_is_nobody_elses_business() {
    let (release, released) = bounded::<()>(0);
    let hang: Function = Box::new(move |job| {
        let _ = released.recv();
        drop(job);
    });
    let stuck = Processor::with_function(ProcessorOptions::default(), 1, hang).expect("a processor");
    let others: Vec<Processor> = (0..7)
        .map(|_| Processor::with_function(every_frame(), 1, each(|_| Ok(()))).expect("a processor"))
        .collect();
    for n in 1..=50 {
        push(&stuck, grey(1, n));
        others.iter().for_each(|processor| push(processor, grey(1, n)));
    }
    for processor in &others {
        processor.end(Reason::SourceEnded, "it is over");
        processor.wait(Some(PATIENCE)).expect("it ends");
        assert_eq!(processor.stats().frames.processed, 50);
    }
    let stats = stuck.stats();
    assert_eq!(
        (stats.frames.processed, stats.frames.in_flight, stats.frames.newer + stats.frames.waiting),
        (0, 1, 49)
    );
    drop(release);
}
