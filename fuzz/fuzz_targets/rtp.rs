//! `RUSTC_BOOTSTRAP=1 cargo fuzz run rtp fuzz/corpus/rtp fuzz/seeds/rtp -- -max_total_time=60`

#![no_main]

#[path = "../harness/rtp.rs"]
mod harness;

libfuzzer_sys::fuzz_target!(|packet: &[u8]| {
    harness::run(packet);
});
