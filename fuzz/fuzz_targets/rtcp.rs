//! `RUSTC_BOOTSTRAP=1 cargo fuzz run rtcp fuzz/corpus/rtcp fuzz/seeds/rtcp -- -max_total_time=60`

#![no_main]

#[path = "../harness/rtcp.rs"]
mod harness;

libfuzzer_sys::fuzz_target!(|compound: &[u8]| {
    harness::run(compound);
});
