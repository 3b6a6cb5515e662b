//! One connection for all of it: a camera in, its processed picture, its sound and results back.

use super::*;
use crate::common::camera::Camera;
use crate::common::card;
use crate::outlet::tap;
use framewire::channel::ChannelOptions;
use framewire::media::{Kind, MediaFrame};
use framewire::process::{From, SoundPath};
use framewire::results::{Results, ResultsOptions};
use framewire::sink::{AudioOut, Pcm, SampleFormat, Sink, SinkOptions, VideoOut};
use framewire::source::{Source, SourceOptions};
use framewire::time::clock;
use receiver::{connect, peer};
use std::sync::Arc;
use std::time::Instant;

/// How long the function takes.
const WORK: Duration = Duration::from_millis(400);

fn sink(queue: usize) -> Sink {
    Sink::new(SinkOptions {
        video: Some(VideoOut { format: Format::I420, queue }),
        audio: Some(AudioOut { format: SampleFormat::S16, channels: 1, queue: Duration::from_secs(2) }),
        ..SinkOptions::default()
    })
    .expect("a sink")
}

fn strip(luma: &[u8], stride: usize, width: u32, height: u32) -> Option<u32> {
    card::read(luma, stride, width as usize, height as usize).map(|strip| strip.number)
}

/// How long it took from its capture to here.
fn age(frame: &MediaFrame) -> i64 {
    let anchor = clock::anchor();
    let since = ((i128::from(frame.ntp) - i128::from(anchor.ntp)) * 1_000_000) >> 32;
    frame.stamps.pushed.0 as i64 - (anchor.capture.0 as i64 + since as i64)
}

/// Of the last ten.
fn median(ages: &[i64]) -> i64 {
    let mut last: Vec<_> = ages.iter().rev().take(10).collect();
    last.sort_unstable();
    *last[last.len() / 2]
}

#[test]
fn a_camera_comes_back_processed_with_its_sound_in_step_and_its_results() {
    let camera = Camera::new();
    let (inside, back) = (sink(1), sink(100));
    let source = Source::new(SourceOptions::default()).expect("a source");
    let results = Results::new(ResultsOptions::default()).expect("a feed");
    let (pictures, sounds) = (tap(&source, Kind::Video), tap(&source, Kind::Audio));
    let (_never, waits) = crossbeam_channel::bounded::<()>(0);
    let options = ProcessorOptions {
        from: From::Sink(inside.clone()),
        source: Some(source.clone()),
        results: Some(results.clone()),
        sound: SoundPath::Function(Arc::new(|sound| {
            let Pcm::S16(samples) = &mut sound.samples else { return Err("as it was asked for".into()) };
            samples.iter_mut().for_each(|sample| *sample /= 2);
            Ok(())
        })),
        ..ProcessorOptions::default()
    };
    let function = each(move |job| {
        let _ = waits.recv_timeout(WORK);
        let frame = job.frame();
        let stride = frame.strides[0];
        let number = strip(frame.planes[0], stride, frame.width, frame.height);
        job.add("strip", Ok(&number.map_or("null".into(), |number| number.to_string())))
            .expect("there is room");
        // A mark of ours, clear of the strip.
        job.planes_mut().expect("there is memory")[0][..stride * 16].fill(235);
        Ok(())
    });
    let processor = Processor::with_function(options, 4, function).expect("a processor");

    // Who has the camera offers everything on one connection; who answers uses one peer too.
    let (page, mirror) = (peer(true), peer(false));
    page.send(None, &camera.source).expect("before the offer");
    page.receive(None, &back).expect("before the offer");
    page.channel(ChannelOptions { label: "page".into(), ..ChannelOptions::default() })
        .expect("before the offer");
    mirror.receive(None, &inside).expect("before the offer");
    mirror.send(None, &source).expect("before the offer");
    mirror.results(&results).expect("before the offer");
    connect(&page, &mirror);
    let mut receiver = receiver::Receiver::on(page.next_channel(Some(PATIENCE)).expect("it arrives"));

    // Once reports say when things were captured, what was captured is what comes back, though it took long.
    let until = Instant::now() + PATIENCE;
    let mut numbers = Vec::new();
    loop {
        assert!(Instant::now() < until, "its capture time comes back: {numbers:?}");
        let picture = back.next_video(Some(PATIENCE)).expect("a picture");
        let frame = picture.frame.view();
        let (width, height) = (frame.width as usize, frame.height as usize);
        assert!(frame.planes[0][frame.strides[0] * 8 + width / 2] > 200, "it was processed");
        let Some(strip) = card::read(frame.planes[0], frame.strides[0], width, height) else { continue };
        numbers.push(strip.number);
        let captured = picture.frame.capture.expect("it is known").0 / 1_000;
        let off = (captured as u32).wrapping_sub(strip.millis) as i32;
        if numbers.len() >= 20 && off.abs() < 200 {
            break;
        }
    }
    assert!(numbers.is_sorted(), "{numbers:?}");

    // Sound comes to leave as long after its capture as pictures do: in step on the wire too.
    let (mut left, mut heard) = (Vec::new(), Vec::new());
    loop {
        left.extend(pictures.waiting().iter().map(|frame| age(frame)));
        heard.extend(sounds.waiting().iter().map(|frame| age(frame)));
        let (picture, sound) = (median(&left), median(&heard));
        assert!(picture > WORK.as_micros() as i64 / 2, "{picture} us");
        if sound > picture * 3 / 4 && sound < picture * 5 / 4 {
            break;
        }
        assert!(
            Instant::now() < until,
            "{:?} pictures leave {picture} us after their capture, sound {sound} us",
            processor.stats()
        );
        back.next_video(Some(PATIENCE)).expect("it goes on");
    }
    let sound = back.next_audio(Some(PATIENCE)).expect("sound");
    let Pcm::S16(samples) = &sound.samples else { panic!("asked for as 16-bit") };
    assert!(samples.iter().all(|sample| sample.abs() < 9_000), "it was halved");

    // Each result is about one frame; the strips that came back are among those of results.
    let mut told = Vec::new();
    while told.last().is_none_or(|strip| strip < numbers.last().expect("some came")) {
        let (_, result) = receiver.next();
        assert_eq!(result["video_metadata"]["time_base"], 1.0 / 90_000.0);
        told.extend(result["serialized_output_data"]["strip"].as_u64().map(|strip| strip as u32));
    }
    assert!(told.is_sorted());
    let known = numbers.iter().filter(|number| told.contains(number)).count();
    assert!(known * 2 > numbers.len(), "{known} of {}: live results may be replaced", numbers.len());
    assert_all_counted(&processor.stats());
}
