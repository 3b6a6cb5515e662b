//! `RUSTC_BOOTSTRAP=1 cargo fuzz run ingest fuzz/corpus/ingest fuzz/seeds/ingest -- -max_total_time=60`

#![no_main]

#[path = "../harness/ingest.rs"]
mod harness;

libfuzzer_sys::fuzz_target!(|message: &[u8]| {
    harness::run(message);
});
