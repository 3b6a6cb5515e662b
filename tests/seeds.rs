//! What the fuzzers start from, as ordinary tests: each seed is read as its name says.

#[path = "../fuzz/harness/rtcp.rs"]
mod rtcp;

use std::path::Path;

#[test]
fn rtcp() {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/rtcp");
    let mut read = 0;
    for seed in seeds.read_dir().expect("the seeds are in the repository") {
        let path = seed.expect("readable").path();
        let stats = rtcp::run(&std::fs::read(&path).expect("readable"));
        let name = path.file_name().and_then(|name| name.to_str()).expect("plain names");
        assert_eq!(stats.malformed > 0, name.starts_with("bad-"), "{name}: {stats:?}");
        let heard = match name.trim_start_matches("good-").split('-').next() {
            Some("nack") => stats.packets_resent,
            Some("pli") => stats.plis,
            Some("fir") => stats.firs,
            Some("remb") => stats.rembs,
            Some("report") => stats.round_trip_us,
            _ => 1,
        };
        assert!(heard > 0, "{name}: {stats:?}");
        read += 1;
    }
    assert!(read > 20, "{read} seeds");
}
