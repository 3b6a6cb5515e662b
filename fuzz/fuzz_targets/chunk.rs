//! `RUSTC_BOOTSTRAP=1 cargo fuzz run chunk fuzz/corpus/chunk fuzz/seeds/chunk -- -max_total_time=60`

#![no_main]

#[path = "../harness/chunk.rs"]
mod harness;

libfuzzer_sys::fuzz_target!(|script: &[u8]| {
    harness::run(script);
});
