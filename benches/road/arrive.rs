//! From a picture's last packet to the program that takes it, on a clean line, less the decoder.

use crate::far::PATIENCE;
use crate::glass::{Camera, options};
use crate::table::{Row, percentile, row};
use framewire::frame::Format;
use framewire::media::Kind;
use framewire::peer::{Peer, PeerOptions};
use framewire::sink::{Sink, SinkOptions, VideoOut};
use framewire::source::Source;
use framewire::time::clock;
use std::thread;
use std::time::Duration;

const SPAN: Duration = Duration::from_secs(15);
/// A picture takes longer than that only where none comes any more.
const SILENCE: Duration = Duration::from_secs(1);

pub fn arrive() -> Vec<Row> {
    let source = Source::new(options()).expect("a source");
    let sink = Sink::new(SinkOptions {
        video: Some(VideoOut { format: Format::I420, queue: 1 }),
        audio: None,
        ..SinkOptions::default()
    });
    let sink = sink.expect("a sink");
    let [sends, takes] = [(); 2].map(|()| {
        let media_address = Some([127, 0, 0, 1].into());
        Peer::new(PeerOptions { media_address, probe_candidates: true, ..PeerOptions::default() })
            .expect("a peer")
    });
    sends.send(None, &source).expect("before the offer");
    takes.receive(None, &sink).expect("before the offer");
    let offer = sends.offer(PATIENCE).expect("an offer");
    let answer = takes.answer(&offer, PATIENCE).expect("an answer");
    sends.accept(&answer, PATIENCE).expect("it is accepted");

    let mut spans = Vec::new();
    thread::scope(|scope| {
        scope.spawn(|| Camera::new().run(&source, SPAN, |_, _| {}));
        let mut patience = PATIENCE;
        while let Ok(picture) = sink.next_video(Some(std::mem::replace(&mut patience, SILENCE))) {
            spans.push(clock::now().since(picture.arrived));
        }
    });
    let stats = sink.stats(Kind::Video).expect("it takes pictures");
    eprintln!("  {} pictures, {} packets lost", spans.len(), stats.track.lost);
    let decode = stats.decoder.decode;
    let (p50, p99) = (percentile(&mut spans, 0.5), percentile(&mut spans, 0.99));
    let millis = |took: Duration| took.as_secs_f64() * 1_000.0;
    vec![
        row("9 last packet → taken, p50 (bare: decoder and conversion)", p50, "ms", "")
            .beside(millis(decode.p50)),
        row("9 last packet → taken, p99 (bare: decoder and conversion)", p99, "ms", "")
            .beside(millis(decode.p99)),
        row("9 of it not the decoder, p50", p50 - millis(decode.p50), "ms", "≤ 1"),
    ]
}
