//! POST → connected → first frame, for a libdatachannel peer against the library's own server. The
//! browsers' rows come from `tests/browser`.

use crate::common::vp8::Depacketizer;
use crate::common::watcher::{Arrival, PATIENCE, Section, Watcher};
use crate::glass::{Camera, options};
use crate::table::{Row, percentile, row};
use framewire::server::{Server, ServerOptions};
use framewire::source::Source;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

const ROUNDS: usize = 20;

pub fn connect() -> Vec<Row> {
    let source = Source::new(options()).expect("a source");
    let server = Server::new(ServerOptions {
        bind: "127.0.0.1:0".into(),
        media_address: Some([127, 0, 0, 1].into()),
        ..ServerOptions::default()
    });
    let server = server.expect("a server");
    server.publish("test", &source).expect("a name that is free");
    let (mut connected, mut first) = (Vec::new(), Vec::new());
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut camera = Camera::new();
            while !done.load(Relaxed) {
                camera.run(&source, Duration::from_secs(1), |_, _| {});
            }
        });
        for _ in 0..ROUNDS {
            let mut watcher = Watcher::new(&[Section::video()]);
            let offer = watcher.offer();
            let begun = Instant::now();
            watcher.accept(&post(server.address(), &offer));
            connected.push(watcher.connected() - begun);
            let mut depacketizer = Depacketizer::default();
            loop {
                let arrival = watcher.next(Instant::now() + PATIENCE).expect("a frame");
                let Arrival::Rtp { packet, .. } = arrival else { continue };
                if depacketizer.push(&packet).is_some() {
                    break;
                }
            }
            first.push(begun.elapsed());
        }
        done.store(true, Relaxed);
    });
    [("connected", &mut connected, "≤ 250"), ("first frame", &mut first, "")]
        .into_iter()
        .flat_map(|(what, times, goal)| {
            [("p50", 0.5), ("p99", 0.99)].map(|(name, share)| {
                row(format!("7 POST → {what}, {name}"), percentile(times, share), "ms", goal)
            })
        })
        .collect()
}

fn post(server: SocketAddr, offer: &str) -> String {
    let mut stream = TcpStream::connect(server).expect("the server listens");
    let head = format!(
        "POST /whep/test HTTP/1.1\r\nHost: {server}\r\nContent-Type: application/sdp\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        offer.len()
    );
    stream.write_all(head.as_bytes()).expect("sent");
    stream.write_all(offer.as_bytes()).expect("sent");
    let mut reply = String::new();
    stream.read_to_string(&mut reply).expect("a reply");
    let (head, body) = reply.split_once("\r\n\r\n").expect("a head");
    assert!(head.starts_with("HTTP/1.1 201"), "{head}");
    body.to_owned()
}
