//! An ingester of the program's own: whatever carries its messages.

use super::{JPEG, PATIENCE, PNG, WEBP, pixel, sink, video};
use framewire::error::Status;
use framewire::events::{EventKind, Events};
use framewire::frame::Format;
use framewire::ingest::{IngestOptions, Ingester};
use framewire::receive::TrackState;
use framewire::sink::{SinkOptions, VideoOut};
use framewire::time::Time;

#[test]
fn every_kind_of_image_becomes_every_format() {
    use Format::*;
    for format in [Rgb24, Bgr24, Rgba, Bgra, I420, Nv12] {
        let video_out = Some(VideoOut { format, queue: 1 });
        let sink = sink(SinkOptions { video: video_out, ..SinkOptions::default() });
        let ingester = Ingester::new(&sink, None, IngestOptions::default()).expect("an ingester");
        for (n, image) in [JPEG, PNG, WEBP].into_iter().enumerate() {
            ingester.push(&video(image), Time(5_000 + n as u64)).expect("a message");
            let picture = sink.next_video(Some(PATIENCE)).expect("a picture");
            picture.frame.check().expect("a good frame");
            assert_eq!((picture.frame.format, picture.frame.width, picture.frame.height), (format, 48, 32));
            assert_eq!(picture.frame.capture, Some(Time(5_000 + n as u64)));
            // The red quarter.
            let (seen, red) = match format {
                Rgb24 | Rgba => (pixel(&picture, 12, 8), [200, 30, 30]),
                Bgr24 | Bgra => (pixel(&picture, 12, 8), [30, 30, 200]),
                _ => {
                    let luma = picture.frame.planes.plane(0)[8 * 48 + 12];
                    let chroma = picture.frame.planes.plane(1);
                    let [u, v] = match format {
                        I420 => [chroma[4 * 24 + 6], picture.frame.planes.plane(2)[4 * 24 + 6]],
                        _ => [chroma[4 * 48 + 12], chroma[4 * 48 + 13]],
                    };
                    // BT.601, limited.
                    ([luma, u, v], [86, 104, 203])
                }
            };
            let far = seen.iter().zip(red).map(|(a, b)| a.abs_diff(b)).max();
            assert!(far <= Some(10), "{format:?} {n}: {seen:?} is not {red:?}");
        }
    }
}

#[test]
fn its_states_are_told_as_those_of_a_track_are() {
    let events = Events::new(64).expect("a queue");
    let sink = sink(SinkOptions { events: Some(events.clone()), ..SinkOptions::default() });
    let told = |kind: EventKind, value: i64| {
        let event = events.next(PATIENCE).expect("an event");
        assert_eq!((event.kind, event.object, event.stream.as_deref()), (kind, sink.id(), Some("mine")));
        assert!(kind == EventKind::FirstFrame || event.value == value, "{event:?}");
        event.text
    };
    let ingester = Ingester::new(&sink, Some("mine".into()), IngestOptions::default()).expect("an ingester");
    ingester.push(&video(PNG), Time(1)).expect("a message");
    told(EventKind::VideoTrack, TrackState::Live as i64);
    assert!(told(EventKind::FirstFrame, 0).starts_with("first picture, 48x32"));
    ingester.push(b"a\0\0\0\0", Time(2)).expect("a message");
    told(EventKind::AudioTrack, TrackState::Live as i64);
    assert!(told(EventKind::FirstFrame, 0).starts_with("first sound"));
    // What waits is decoded before the end.
    sink.next_video(Some(PATIENCE)).expect("the first picture");
    ingester.push(&video(JPEG), Time(3)).expect("a message");
    drop(ingester);
    sink.next_video(Some(PATIENCE)).expect("the last picture");
    let ends = [events.next(PATIENCE), events.next(PATIENCE)].map(|event| event.expect("an event"));
    assert!(
        ends.iter()
            .all(|event| (event.value, &*event.text) == (TrackState::Ended as i64, "the ingester ended"))
    );
    assert_eq!(sink.next_video(Some(PATIENCE)).expect_err("it is over").status(), Status::Closed);
}

#[test]
fn the_last_to_feed_a_sink_feeds_it() {
    let sink = sink(SinkOptions::default());
    let first = Ingester::new(&sink, None, IngestOptions::default()).expect("an ingester");
    let second = Ingester::new(&sink, None, IngestOptions::default()).expect("an ingester");
    let refused = first.push(b"a\0\0\0\0", Time(1)).expect_err("another feeds it");
    assert_eq!(refused.status(), Status::Closed);
    second.push(b"a\0\0\0\0", Time(1)).expect("it feeds");
    drop(first);
    second.push(&video(PNG), Time(2)).expect("it still does");
    sink.next_video(Some(PATIENCE)).expect("a picture");
}
