//! `RUSTC_BOOTSTRAP=1 cargo fuzz run offer fuzz/corpus/offer tests/data -- -max_total_time=60 -max_len=16384`

#![no_main]

#[path = "../harness/offer.rs"]
mod harness;

libfuzzer_sys::fuzz_target!(|text: &[u8]| {
    harness::run(text);
});
