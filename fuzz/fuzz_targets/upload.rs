//! `RUSTC_BOOTSTRAP=1 cargo fuzz run upload fuzz/corpus/upload fuzz/seeds/upload -- -max_total_time=60`

#![no_main]

#[path = "../harness/upload.rs"]
mod harness;

libfuzzer_sys::fuzz_target!(|script: &[u8]| {
    harness::run(script);
});
