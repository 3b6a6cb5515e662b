//! `RUSTC_BOOTSTRAP=1 cargo fuzz run vp8 fuzz/corpus/vp8 fuzz/seeds/vp8 -- -max_total_time=60`

#![no_main]

#[path = "../harness/vp8.rs"]
mod harness;

libfuzzer_sys::fuzz_target!(|payload: &[u8]| {
    harness::run(payload);
});
