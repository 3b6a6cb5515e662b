//! A Chrome offer answered, beside libdatachannel alone doing the same.

use crate::common::bare::{Bare, Sending};
use crate::table::{Row, percentile, row};
use framewire::peer::{Peer, PeerOptions};
use framewire::source::{Source, SourceOptions};
use std::time::{Duration, Instant};

const ROUNDS: usize = 300;

pub fn answer() -> Vec<Row> {
    let offer = include_str!("../../tests/data/chrome-whep.sdp");
    let source = Source::new(SourceOptions::default()).expect("a source");
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    let sections = [("0", "video", "VP8/90000", 96), ("1", "audio", "opus/48000/2", 111)];
    // By turns, so that both meet the same machine.
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let options = PeerOptions { media_address: Some([127, 0, 0, 1].into()), ..PeerOptions::default() };
        let peer = Peer::new(options).expect("a peer");
        peer.send(None, &source).expect("before the offer");
        peer.answer(offer, Duration::from_secs(20)).expect("an answer");
        ours.push(begun.elapsed());
        peer.close();

        let sending = sections.map(|(mid, kind, rtpmap, payload_type)| Sending {
            mid,
            kind,
            rtpmap,
            payload_type,
            ssrc: u32::from(payload_type),
        });
        let begun = Instant::now();
        let connection = Bare::answer(offer, &sending);
        bare.push(begun.elapsed());
        drop(connection);
    }
    let mut line = |name: &str, share| {
        let bare = percentile(&mut bare, share);
        row(name, percentile(&mut ours, share), "ms", "≤ 1.5×").beside(bare)
    };
    vec![line("2 offer → answer, p50", 0.5), line("2 offer → answer, p99", 0.99)]
}
