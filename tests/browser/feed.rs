//! Whose results the browser tests take. Each line of input is an order, each line of output an answer, all JSON:
//! `{"offer": sdp}` makes a peer with every feed and answers; then, by the first argument,
//!
//! - `file N`: N results in file mode, packed, each with its number; one in a hundred is of several chunks;
//! - `live`: one result more for each `{"next": n}`;
//! - `last N`: N feeds, each with a result and the last message;
//! - `upload BYTES`: takes files of so many bytes at most, and says what came.
//!
//! `{"end": true}` has it send the last message of each feed and end in the moment that all are acknowledged.

use framewire::channel::Channel;
use framewire::error::Status;
use framewire::message::envelope::{Field, Metadata, Reason};
use framewire::message::sender::Mode;
use framewire::message::upload::{self, Heard, Store, Upload, UploadLimits};
use framewire::peer::{Peer, PeerOptions};
use framewire::results::{Results, ResultsOptions};
use framewire::server::{Server, ServerOptions};
use framewire::time::clock;
use serde_json::{Value, json};
use std::io::{self, stdin};
use std::thread;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);

fn main() {
    let mut arguments = std::env::args().skip(1);
    let what = arguments.next().expect("what to do");
    let number: u64 = arguments.next().map_or(0, |number| number.parse().expect("a number"));
    let (mode, count) = match what.as_str() {
        "file" => (Mode::File, 1),
        "last" => (Mode::Live, number),
        _ => (Mode::Live, u64::from(what == "live")),
    };
    let feeds: Vec<Results> = (0..count)
        .map(|n| {
            let label = format!("results {n}");
            let options =
                ResultsOptions { label, mode, gzip: mode == Mode::File, ..ResultsOptions::default() };
            Results::new(options).expect("a feed")
        })
        .collect();
    // For its pages: the module is at /framewire.js.
    let server = Server::new(ServerOptions { bind: "127.0.0.1:0".into(), ..ServerOptions::default() });
    let server = server.expect("a server");
    say(&json!({ "url": format!("http://{}/", server.address()) }));

    let mut peers = Vec::new();
    for line in stdin().lines() {
        let order: Value = serde_json::from_str(&line.expect("input")).expect("an order");
        if let Some(offer) = order["offer"].as_str() {
            let (peer, answer) = answer(offer, &feeds);
            if what == "upload" {
                let peer = peer.clone();
                thread::spawn(move || take(&peer, number));
            }
            peers.push(peer);
            say(&json!({ "answer": answer }));
        } else if let Some(n) = order["next"].as_u64() {
            send(&feeds[0], n as u32, 20_000);
        } else if order["go"] == true {
            let feed = feeds[0].clone();
            thread::spawn(move || {
                (1..=number as u32).for_each(|n| send(&feed, n, if n % 100 == 0 { 120_000 } else { 200 }));
                finish(&[feed]);
            });
        } else if what == "last" {
            feeds.iter().for_each(|feed| send(feed, 1, 200));
            finish(&feeds);
        } else {
            finish(&feeds);
        }
    }
}

fn say(what: &Value) {
    println!("{what}");
}

fn answer(offer: &str, feeds: &[Results]) -> (Peer, String) {
    let options = PeerOptions {
        media_address: Some([127, 0, 0, 1].into()),
        accept_channels: true,
        ..PeerOptions::default()
    };
    let peer = Peer::new(options).expect("a peer");
    feeds.iter().for_each(|feed| peer.results(feed).expect("before the offer"));
    let answer = peer.answer(offer, PATIENCE).expect("an offer of data channels");
    (peer, answer)
}

/// Sends result `n`, once there is room, with so many letters that do not pack to nothing.
fn send(feed: &Results, n: u32, letters: u32) {
    let text: String =
        (0..letters).map(|at| char::from(b'a' + (at.wrapping_mul(n + 7) >> 5) as u8 % 26)).collect();
    let (number, text) = (n.to_string(), format!("\"{text}\""));
    let output = [Field { name: "n", json: Ok(&number) }, Field { name: "text", json: Ok(&text) }];
    loop {
        match feed.send_result(n, &output, &Metadata::default(), &[]) {
            Err(error) if error.status() == Status::Again => thread::park_timeout(Duration::from_millis(1)),
            sent => return sent.expect("it is taken"),
        }
    }
}

/// Says the last word, and is gone.
fn finish(feeds: &[Results]) {
    let finished = thread::scope(|scope| {
        let complete = |feed: &Results| {
            feed.complete(Some(Reason::SourceEnded), &[], &Metadata::default(), &[], PATIENCE)
                .expect("it goes out")
        };
        let threads: Vec<_> = feeds.iter().map(|feed| scope.spawn(move || complete(feed))).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect::<Vec<_>>()
    });
    let sum = |figure: fn(&framewire::results::Finished) -> u64| finished.iter().map(figure).sum::<u64>();
    let dropped: u64 = feeds.iter().map(|feed| feed.stats().dropped).sum();
    say(&json!({
        "acknowledged": sum(|f| f.acknowledged), "lingered": sum(|f| f.lingered), "failed": sum(|f| f.failed), "dropped": dropped,
    }));
    std::process::exit(0);
}

/// A file that is only summed up.
#[derive(Default)]
struct Sum {
    bytes: u64,
    /// Of each byte times its place.
    sum: u64,
}

impl Store for Sum {
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.bytes += bytes.len() as u64;
        for (place, byte) in (at + 1..).zip(bytes) {
            self.sum = (self.sum + place % 65_521 * u64::from(*byte)) % (1 << 48);
        }
        Ok(())
    }

    fn finish(&mut self, _: u64) -> io::Result<()> {
        Ok(())
    }
}

/// Takes the files that a browser sends, each on a channel of its own.
fn take(peer: &Peer, size: u64) {
    while let Ok(channel) = peer.next_channel(None) {
        assert_eq!(channel.label(), upload::LABEL);
        thread::spawn(move || say(&take_one(&channel, size)));
    }
}

fn take_one(channel: &Channel, size: u64) -> Value {
    let mut upload = Upload::new(Sum::default(), UploadLimits { size, ..UploadLimits::default() });
    let mut chunks = 0;
    while let Ok(message) = channel.next(None) {
        match upload.message(&message.data, clock::now()) {
            Heard::KeepAlive => drop(channel.send(&message.data, message.text)),
            Heard::Failed(reason) => {
                let failed = json!({ "upload": "failed", "reason": reason });
                drop(channel.send(failed.to_string().as_bytes(), true));
                return failed;
            }
            Heard::Complete => {
                let store = upload.take().expect("it is whole");
                // The channel stays until the browser closes it.
                let end = json!({ "upload": "complete", "bytes": store.bytes, "sum": store.sum, "chunks": chunks + 1 });
                drop(channel.send(end.to_string().as_bytes(), true));
                while channel.next(None).is_ok() {}
                return end;
            }
            Heard::Chunk => chunks += 1,
            Heard::Nothing => {}
        }
    }
    json!({ "upload": "gone" })
}
