//! What becomes of pictures: which go out, in what order, with what times.

use super::*;
use crate::common::vpx::Decoder;
use crate::outlet::{Frames, bitstream, tap};
use framewire::error::Status;
use framewire::frame::FrameView;
use framewire::media::{Kind, MediaFrame};
use framewire::process::{Reason, Turn};
use framewire::results::{Results, ResultsOptions};
use framewire::sink::{Sink, SinkOptions};
use framewire::source::{Source, SourceOptions, VideoOptions};
use receiver::{connect, peer};

const FIRST: u64 = 5_000_000;

fn source() -> Source {
    let video = VideoOptions { width: WIDTH, height: HEIGHT, ..VideoOptions::default() };
    Source::new(SourceOptions { video: Some(video), audio: None, ..SourceOptions::default() })
        .expect("a source")
}

/// A source whose pictures are looked at.
struct Screen {
    source: Source,
    frames: Frames,
    decoder: Decoder,
    first: Option<(u64, u32)>,
}

impl Screen {
    fn new() -> Screen {
        let source = source();
        let frames = tap(&source, Kind::Video);
        Screen { source, frames, decoder: Decoder::new(), first: None }
    }

    /// The next picture: its size, its brightness in the middle, and how long after the first it was captured, in
    /// ticks of RTP and of NTP. One that was encoded twice counts once.
    fn next(&mut self) -> (u32, u32, u8, u32) {
        loop {
            let frame: std::sync::Arc<MediaFrame> = self.frames.next();
            let picture = self.decoder.decode(&bitstream(&frame)).expect("it is shown");
            let (ntp, rtp) = *self.first.get_or_insert((frame.ntp, frame.rtp_time));
            let ticks = frame.rtp_time.wrapping_sub(rtp);
            let micros = ((frame.ntp - ntp) as u128 * 1_000_000) >> 32;
            assert!(micros.abs_diff(u128::from(ticks) * 1_000 / 90) < 20, "{micros} us are {ticks} ticks");
            let (width, height) = (picture.width as u32, picture.height as u32);
            let middle = picture.data[picture.height / 2 * picture.width + picture.width / 2];
            return (width, height, middle, ticks);
        }
    }
}

/// BT.601 limited range, of grey.
fn luma(shade: u8) -> u8 {
    (16 + u32::from(shade) * 219 / 255) as u8
}

#[test]
fn a_result_names_its_picture_as_viewers_of_the_source_know_it() {
    let screen = Screen::new();
    let results = Results::new(ResultsOptions::default()).expect("a feed");
    let mut receiver = receiver::Receiver::of(&results);
    let options = ProcessorOptions {
        source: Some(screen.source.clone()),
        results: Some(results),
        source_pts: true,
        ..every_frame()
    };
    let processor = Processor::with_function(options, 1, each(|_| Ok(()))).expect("a processor");
    for n in 0..3 {
        push(&processor, grey(90, FIRST + n * 40_000));
        let base = screen.source.rtp_base(Kind::Video);
        let timestamp = screen.frames.next().rtp_time.wrapping_add(base);
        let (id, result) = receiver.next();
        receiver.ack(id);
        let metadata = &result["video_metadata"];
        assert_eq!((&metadata["pts"], &metadata["time_base"]), (&timestamp.into(), &(1.0 / 90_000.0).into()));
    }
}

#[test]
fn what_is_changed_in_place_or_put_in_its_place_goes_out_with_the_capture_time_of_what_came() {
    let mut screen = Screen::new();
    let options = ProcessorOptions { source: Some(screen.source.clone()), ..every_frame() };
    let processor = Processor::with_function(
        options,
        2,
        each(|job| {
            match job.id() % 4 {
                1 => job.planes_mut().expect("there is memory")[0].fill(200),
                2 => {
                    // Its own capture time is not looked at.
                    let picture = VideoFrame { width: WIDTH, ..grey(90, 7) };
                    job.set_picture(picture).expect("a good picture");
                }
                3 => job.set_no_picture(),
                _ => {}
            }
            Ok(())
        }),
    )
    .expect("a processor");
    let mut ticks = Vec::new();
    for n in 0..8_u64 {
        push(&processor, grey(30, FIRST + n * 40_000));
        if n % 4 == 2 {
            continue; // nothing goes out
        }
        let (width, height, brightness, tick) = screen.next();
        let expected = luma([200, 90, 0, 30][n as usize % 4]);
        assert!(brightness.abs_diff(expected) < 8, "frame {n}: {brightness} is not {expected}");
        assert_eq!((width, height), (WIDTH, HEIGHT));
        ticks.push(tick);
    }
    assert_eq!(ticks, [0, 1, 3, 4, 5, 7].map(|n| n * 3_600), "40 ms are 3,600 ticks");
    processor.end(Reason::SourceEnded, "it is over");
    processor.wait(Some(PATIENCE)).expect("it ends");
    assert_eq!(processor.stats().pictures, 6);
}

#[test]
fn a_job_is_given_back_from_any_thread_in_any_order_and_results_leave_in_order() {
    let processor = Processor::new(every_frame()).expect("a processor");
    let mut jobs = Vec::new();
    for n in 0..4 {
        push(&processor, grey(n as u8, FIRST + n * 1_000));
        let job = processor.next(Some(PATIENCE)).expect("it waits");
        let about = *job.about();
        assert_eq!((job.id(), about.number), (n as u32 + 1, n + 1));
        assert_eq!(
            (about.capture, about.pts, about.time_base),
            (Time(FIRST + n * 1_000), 5_000_000 + n as i64 * 1_000, (1, 1_000_000))
        );
        assert_eq!(job.frame().planes[0][0], n as u8);
        jobs.push(job);
    }
    push(&processor, grey(9, FIRST + 9_000));
    let full = processor.next(Some(Duration::ZERO)).expect_err("four are out");
    assert_eq!(full.status(), Status::Timeout);
    // All but the first are back: none can leave before it.
    let first = jobs.remove(0);
    for job in jobs.into_iter().rev() {
        std::thread::spawn(move || job.complete().expect("it is awaited")).join().expect("no panic");
    }
    assert_eq!(processor.stats().frames.in_flight, 4);
    first.fail("on purpose").expect("it is awaited");
    let job = processor.next(Some(PATIENCE)).expect("there is room once they have left");
    assert_eq!(job.id(), 5);
    drop(job);
    processor.end(Reason::SourceEnded, "it is over");
    processor.wait(Some(PATIENCE)).expect("it ends");
    let stats = processor.stats();
    assert_eq!((stats.frames.processed, stats.frames.failed), (3, 2), "one of them was given up");
    assert_all_counted(&stats);
    assert_eq!(processor.next(Some(PATIENCE)).expect_err("it has ended").status(), Status::Closed);
}

#[test]
fn in_real_time_the_newest_is_processed_and_the_others_are_counted() {
    let processor = Processor::new(ProcessorOptions::default()).expect("a processor");
    for n in 0..100 {
        push(&processor, grey(n, FIRST + u64::from(n) * 1_000));
    }
    let job = processor.next(Some(PATIENCE)).expect("one waits");
    assert_eq!((job.id(), job.about().number, job.frame().planes[0][0]), (1, 100, 99));
    let counts = processor.stats().frames;
    assert_eq!((counts.received, counts.newer, counts.in_flight, counts.waiting), (100, 99, 1, 0));
    job.complete().expect("it is awaited");
}

#[test]
fn a_picture_is_turned_before_it_is_processed_and_so_is_one_that_passes_through() {
    let mut screen = Screen::new();
    let options = ProcessorOptions {
        source: Some(screen.source.clone()),
        pass_through: true,
        turn: Turn::Quarter,
        ..every_frame()
    };
    let function = each(|job| {
        let (about, frame) = (*job.about(), job.frame());
        assert_eq!((about.width, about.height), (frame.width, frame.height));
        let expected = if about.turn == Turn::Quarter { (HEIGHT, WIDTH) } else { (WIDTH, HEIGHT) };
        assert_eq!((frame.width, frame.height), expected);
        Err("it does not matter".to_owned())
    });
    let processor = Processor::with_function(options, 1, function).expect("a processor");
    push(&processor, grey(60, FIRST));
    assert_eq!(screen.next().0, HEIGHT, "what was upright lies now");
    processor.set_turn(Turn::None);
    push(&processor, grey(60, FIRST + 40_000));
    assert_eq!(screen.next().0, WIDTH);
}

#[test]
fn pictures_may_be_switched_on_while_it_runs_where_there_is_a_way_for_them() {
    let blind = Processor::new(ProcessorOptions::default()).expect("a processor");
    let refused = blind.set_video(true, None).expect_err("there is no source");
    assert_eq!(refused.status(), Status::InvalidState);

    let mut screen = Screen::new();
    let options = ProcessorOptions {
        source: Some(screen.source.clone()),
        video: false,
        max_in_flight: 1,
        ..every_frame()
    };
    let processor = Processor::with_function(options, 1, each(|_| Ok(()))).expect("a processor");
    push(&processor, grey(60, FIRST));
    push(&processor, grey(60, FIRST + 40_000));
    push(&processor, grey(60, FIRST + 80_000)); // the first has left, or this one was not taken
    let ears = Sink::new(SinkOptions { video: None, ..SinkOptions::default() }).expect("a sink");
    // One peer that offered sound alone, one that offered video.
    for kind in [Kind::Audio, Kind::Video] {
        let sound = Source::new(SourceOptions {
            video: (kind == Kind::Video).then(VideoOptions::default),
            ..SourceOptions::default()
        });
        let sound = sound.expect("a source");
        let (offers, answers) = (peer(false), peer(false));
        let video = SinkOptions::default().video.filter(|_| kind == Kind::Video);
        let sink = Sink::new(SinkOptions { video, ..SinkOptions::default() }).expect("a sink");
        offers.send(None, &sound).expect("before the offer");
        offers.receive(None, &sink).expect("before the offer");
        answers.send(None, &screen.source).expect("before the offer");
        answers.receive(None, &ears).expect("before the offer");
        connect(&offers, &answers);
        match (kind, processor.set_video(true, Some(&answers))) {
            (Kind::Video, allowed) => allowed.expect("there is a section for them"),
            (Kind::Audio, refused) => {
                let refused = refused.expect_err("there is none");
                assert_eq!(refused.status(), Status::NotOffered);
                assert!(refused.sentence().contains("none was offered"), "{refused}");
            }
        }
    }
    push(&processor, grey(120, FIRST + 120_000));
    while screen.next().2.abs_diff(luma(120)) > 8 {}
    let stats = processor.stats();
    assert!(stats.pictures < stats.frames.processed, "the first went nowhere: {stats:?}");
    assert!(processor.set_video(true, Some(&peer(false))).is_ok(), "of this one nothing is known yet");
}

#[test]
fn a_picture_that_is_none_is_refused_and_the_job_is_as_before() {
    let processor = Processor::new(ProcessorOptions::default()).expect("a processor");
    push(&processor, grey(60, FIRST));
    let mut job = processor.next(Some(PATIENCE)).expect("it waits");
    let short = [0; 10];
    let view = FrameView {
        format: Format::Rgb24,
        width: WIDTH,
        height: HEIGHT,
        strides: [WIDTH as usize * 3, 0, 0],
        planes: [&short, &[], &[]],
    };
    assert!(job.copy_picture(&view).is_err());
    assert!(job.set_picture(VideoFrame { strides: [1, 0, 0], ..grey(1, 1) }).is_err());
    assert_eq!(job.frame().planes[0][0], 60);
    job.complete().expect("it is awaited");
}

#[test]
fn what_failed_half_way_passes_through_as_it_came() {
    let mut screen = Screen::new();
    let source = Some(screen.source.clone());
    let processor = Processor::new(ProcessorOptions { source, pass_through: true, ..every_frame() });
    let processor = processor.expect("a processor");
    push(&processor, grey(60, FIRST));
    let mut job = processor.next(Some(PATIENCE)).expect("it waits");
    let before = job.frame().planes[0].as_ptr();
    job.planes_mut().expect("there is memory")[0].fill(250);
    assert_ne!(job.frame().planes[0].as_ptr(), before, "what is written to is a copy");
    job.fail("half way").expect("it is awaited");
    assert!(screen.next().2.abs_diff(luma(60)) < 8);
    assert_eq!(processor.stats().passed_through, 1);
}
