//! A receiver that stops reading: what waits for it is bounded, and nothing of ours runs. Alone in its program,
//! because what the whole process uses is measured.

mod common;
#[path = "../benches/road/cpu.rs"]
mod cpu;

use common::taker::{self, Stalled};
use common::watcher::PATIENCE;
use framewire::channel::ChannelOptions;
use framewire::message::chunk;
use framewire::message::fair::AT_ONCE;
use framewire::peer::{Peer, PeerOptions};
use framewire::results::{Results, ResultsOptions};
use std::fs;
use std::time::{Duration, Instant};

const RESULT: usize = 1 << 20;

#[test]
#[ignore = "the other side of the tests here"]
fn the_one_that_stalls() {
    taker::stall();
}

/// How often the feed's thread has gone to sleep so far.
fn sleeps() -> u64 {
    let tasks = fs::read_dir("/proc/self/task").expect("procfs").map(|task| task.expect("a thread").path());
    let comm = |path: &std::path::Path| fs::read_to_string(path.join("comm")).unwrap_or_default();
    let feed = tasks.into_iter().find(|path| comm(path).trim() == "fw-results").expect("the feed's");
    let status = fs::read_to_string(feed.join("status")).expect("it lives");
    let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
    line.expect("this is Linux").trim().parse().expect("a number")
}

#[test]
fn a_receiver_that_stops_reading_costs_little_memory_and_no_processor() {
    let peer = Peer::new(PeerOptions {
        media_address: Some([127, 0, 0, 1].into()),
        probe_candidates: true,
        ..PeerOptions::default()
    });
    let peer = peer.expect("a peer");
    let results = Results::new(ResultsOptions::default()).expect("a feed");
    let label = ChannelOptions { label: "results".into(), ..ChannelOptions::default() };
    let channel = peer.channel(label).expect("before the offer");
    results.attach(channel.clone()).expect("it has not ended");
    let (_stalled, answer) = Stalled::answering(&peer.offer(PATIENCE).expect("an offer"));
    peer.accept(&answer, PATIENCE).expect("it is accepted");

    let (begun, mut id) = (Instant::now(), 0);
    let mut send = || {
        id += 1;
        results.send(id, vec![7; RESULT]).expect("live results are always taken");
        assert!(channel.buffered() <= AT_ONCE + chunk::CHUNK_SIZE + chunk::HEADER, "{}", channel.buffered());
        assert!(begun.elapsed() < 3 * PATIENCE, "{:?}", results.stats());
    };
    // Until many results in a row have given way to newer ones, and not a byte has gone out.
    let dropped = || results.stats().dropped;
    let mut outwait = |results: u64| {
        let before = dropped();
        while dropped() < before + results {
            send();
            std::thread::park_timeout(Duration::from_millis(2));
        }
    };
    let mut sent = u64::MAX;
    while std::mem::replace(&mut sent, channel.stats().bytes_sent) != channel.stats().bytes_sent || sent == 0
    {
        outwait(100);
    }
    let memory = cpu::memory();
    outwait(500);
    let grown = cpu::memory() - memory;
    // What the transport holds at each end, a quarter of a megabyte here and one there, and what has been read.
    let sent = channel.stats().bytes_sent;
    assert!(sent < 2 << 20, "{sent} bytes went out to somebody who reads nothing");
    // One result that has begun, one that waits, one on its way to the feed's thread.
    let most = (4 * RESULT / 1_024) as f64;
    let sanitized = option_env!("FRAMEWIRE_CFLAGS").is_some();
    assert!(sanitized || grown < most, "{grown} KiB more after {:?}", results.stats());

    let (used, slept, since) = (cpu::seconds(|_| false), sleeps(), Instant::now());
    std::thread::park_timeout(Duration::from_secs(2));
    let used = cpu::seconds(|_| false) - used;
    assert!(used < since.elapsed().as_secs_f64() / 20.0, "{used} s of CPU while nothing happens");
    assert!(sleeps() - slept <= 5, "woken {} times for nothing", sleeps() - slept);
}
