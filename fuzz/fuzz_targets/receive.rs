//! `RUSTC_BOOTSTRAP=1 cargo fuzz run receive fuzz/corpus/receive fuzz/seeds/receive -- -max_total_time=60`

#![no_main]

#[path = "../harness/receive.rs"]
mod harness;

libfuzzer_sys::fuzz_target!(|script: &[u8]| {
    harness::run(script);
});
