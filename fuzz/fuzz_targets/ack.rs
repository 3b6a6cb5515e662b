//! `RUSTC_BOOTSTRAP=1 cargo fuzz run ack fuzz/corpus/ack fuzz/seeds/ack -- -max_total_time=60`

#![no_main]

#[path = "../harness/ack.rs"]
mod harness;

libfuzzer_sys::fuzz_target!(|texts: &[u8]| {
    harness::run(texts);
});
