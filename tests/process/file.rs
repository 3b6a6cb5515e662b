//! Frames out of a file: every one, at the pace of who gets the results.

use super::*;
use crate::common::vpx::{Encoder, Settings};
use framewire::error::Status;
use framewire::message::sender::Mode;
use framewire::process::{From, Reason};
use framewire::results::{Results, ResultsOptions};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

const SIDE: u32 = 64;
const FRAMES: u32 = 40;

/// A file that goes with the test.
struct Ivf(PathBuf);

impl Drop for Ivf {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Frames whose brightness says which they are, 25 a second, each shown two units after the one before.
fn frames() -> Vec<u8> {
    let mut file = b"DKIF\0\0\x20\0VP80".to_vec();
    file.extend((SIDE as u16).to_le_bytes());
    file.extend((SIDE as u16).to_le_bytes());
    for number in [50_u32, 1, FRAMES, 0] {
        file.extend(number.to_le_bytes());
    }
    let mut encoder = Encoder::new(Settings::like_the_library(SIDE, SIDE, 25, 2_000_000, 2));
    for n in 1..=FRAMES {
        let mut picture = vec![128; (SIDE * SIDE * 3 / 2) as usize];
        picture[..(SIDE * SIDE) as usize].fill(brightness(n));
        let coded = encoder.encode(&mut picture, n == 1);
        assert!(!coded.is_empty(), "the encoder leaves none out");
        file.extend((coded.len() as u32).to_le_bytes());
        file.extend(u64::from(n * 2).to_le_bytes());
        file.extend(coded);
    }
    file
}

fn brightness(number: u32) -> u8 {
    (30 + number * 5) as u8
}

fn file(name: &str, bytes: &[u8]) -> Ivf {
    let path = std::env::temp_dir().join(format!("framewire-{}-{name}.ivf", std::process::id()));
    std::fs::write(&path, bytes).expect("there is room");
    Ivf(path)
}

fn options(file: &Ivf) -> ProcessorOptions {
    ProcessorOptions { from: From::File(file.0.clone(), Format::I420), max_in_flight: 2, ..every_frame() }
}

#[test]
fn every_frame_is_processed_and_none_before_its_receiver_has_handled_those_before() {
    const WINDOW: u32 = 4;
    let ivf = file("paced", &frames());
    let results =
        Results::new(ResultsOptions { mode: Mode::File, window: WINDOW, ..ResultsOptions::default() });
    let results = results.expect("a feed");
    let mut receiver = receiver::Receiver::of(&results);
    let acked = Arc::new(AtomicU32::new(0));
    let (release, released) = crossbeam_channel::bounded::<()>(0);
    let (begun, begins) = crossbeam_channel::unbounded();
    let seen = acked.clone();
    let function = each(move |job| {
        if job.id() == 2 {
            // Pacing begins with the first acknowledgement.
            let _ = released.recv();
        }
        begun.send((job.id(), seen.load(Ordering::SeqCst))).expect("the test counts");
        let (about, frame) = (*job.about(), job.frame());
        assert_eq!((about.number, about.pts), (job.id().into(), i64::from(job.id()) * 2));
        let middle = frame.planes[0][SIDE as usize / 2 * (frame.strides[0] + 1)];
        assert!(middle.abs_diff(brightness(job.id())) <= 4, "frame {}: {middle}", job.id());
        Ok(())
    });
    let options = ProcessorOptions { results: Some(results.clone()), ..options(&ivf) };
    let processor = Processor::with_function(options, 1, function).expect("a processor");
    for n in 1..=FRAMES {
        let (id, result) = receiver.next();
        assert_eq!((id, &result["errors"]), (n, &serde_json::json!([])));
        let metadata = &result["video_metadata"];
        assert_eq!((&metadata["pts"], &metadata["time_base"]), (&(n * 2).into(), &0.02.into()));
        acked.store(n, Ordering::SeqCst);
        receiver.ack(n);
        if n == 1 {
            // Ignored, and counted: by then the one before it has been read.
            receiver.say("nonsense");
            let until = Instant::now() + PATIENCE;
            while results.stats().acks_ignored == 0 {
                assert!(Instant::now() < until, "it is read");
                std::thread::park_timeout(Duration::from_millis(1));
            }
            let _ = release.try_send(());
            drop(release.clone());
        }
    }
    drop(release);
    let (id, last) = receiver.next();
    assert_eq!((id, &last["termination_reason"]), (FRAMES + 1, &"source_ended".into()));
    receiver.ack(id);
    let ended = processor.wait(Some(PATIENCE)).expect("it ends");
    assert_eq!(ended.reason, Reason::SourceEnded);
    // One result waits for the window, one waits behind it, and two frames may be in flight.
    let ahead: Vec<_> = begins.try_iter().map(|(id, acked)| id.saturating_sub(acked)).collect();
    assert_eq!(ahead.len(), FRAMES as usize);
    assert!(ahead.iter().all(|ahead| *ahead <= WINDOW + 2 + 2), "{ahead:?}");
    assert_eq!(processor.stats().frames.processed, u64::from(FRAMES));
}

#[test]
fn a_frame_that_is_damaged_is_told_and_the_rest_is_processed_from_the_next_keyframe_on() {
    let (good, events) = (frames(), Events::new(100).expect("events"));
    // The whole film twice, its first frame broken the first time.
    let mut twice = good.clone();
    twice.extend_from_slice(&good[32..]);
    twice[44 + 3..44 + 6].fill(0);
    let ivf = file("damaged", &twice);
    let options = ProcessorOptions { events: Some(events.clone()), ..options(&ivf) };
    let processor = Processor::with_function(options, 1, each(|_| Ok(()))).expect("a processor");
    assert_eq!(processor.wait(Some(PATIENCE)).expect("it ends").reason, Reason::SourceEnded);
    let stats = processor.stats();
    assert_eq!((stats.damaged, stats.frames.processed), (FRAMES.into(), FRAMES.into()));
    let error = told(&events, EventKind::ProcessorError);
    assert!(error.value == 0 && error.text.starts_with("frame 1 of the file"), "{error:?}");
}

#[test]
fn a_file_that_is_cut_off_fails_after_its_last_whole_frame() {
    let bytes = frames();
    let ivf = file("cut", &bytes[..bytes.len() - 1]);
    let processor = Processor::with_function(options(&ivf), 1, each(|_| Ok(()))).expect("a processor");
    let ended = processor.wait(Some(PATIENCE)).expect("it ends");
    assert_eq!(
        (ended.reason, ended.sentence),
        (Reason::Failed, format!("frame {FRAMES} of the file is cut off"))
    );
    let stats = processor.stats();
    assert_all_counted(&stats);
    assert_eq!(stats.frames.received, u64::from(FRAMES) - 1);
}

#[test]
fn what_is_no_file_of_vp8_is_refused_at_once() {
    let text = file("text", b"no film at all, however long it may be");
    let refused = |ivf: &Ivf| Processor::new(options(ivf)).expect_err("it is refused").status();
    assert_eq!(refused(&text), Status::Malformed);
    assert_eq!(refused(&Ivf("/nowhere/at/all".into())), Status::Io);
}
