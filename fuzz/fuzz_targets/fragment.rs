//! `RUSTC_BOOTSTRAP=1 cargo fuzz run fragment fuzz/corpus/fragment fuzz/seeds/fragment -- -max_total_time=60`

#![no_main]

#[path = "../harness/fragment.rs"]
mod harness;

libfuzzer_sys::fuzz_target!(|body: &[u8]| {
    harness::run(body);
});
