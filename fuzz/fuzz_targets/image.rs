//! `RUSTC_BOOTSTRAP=1 cargo fuzz run image fuzz/corpus/image fuzz/seeds/image -- -max_total_time=60`

#![no_main]

#[path = "../harness/image.rs"]
mod harness;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    harness::run(bytes);
});
