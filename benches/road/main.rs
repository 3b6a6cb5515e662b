//! The figures of the road, each beside the bare C library doing the same in the same run.
//!
//! `cargo bench` prints the table; `cargo bench --bench road -- fanout answer` prints those rows.
//! Nothing is asserted: absolutes depend on the machine, ratios hold.

#[path = "../../tests/common/mod.rs"]
mod common;

mod answer;
mod arrive;
mod connect;
mod cpu;
mod encode;
mod fanout;
mod far;
mod glass;
mod messages;
mod publishers;
mod push;
mod receive;
mod stream;
mod table;

use table::Row;

type Benchmark = fn() -> Vec<Row>;

const BENCHMARKS: [(&str, Benchmark); 13] = [
    ("push", push::push),
    ("answer", answer::answer),
    ("fanout", fanout::fanout),
    ("encode", encode::encode),
    ("age", push::age),
    ("glass", glass::glass),
    ("connect", connect::connect),
    ("receive", receive::receive),
    ("arrive", arrive::arrive),
    ("publishers", publishers::publishers),
    ("messages", messages::messages),
    ("fair", messages::fair),
    ("stalled", messages::stalled),
];

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.first().map(String::as_str) {
        // What a benchmark starts in processes of their own, for clean figures.
        Some("receivers") => return fanout::receivers(),
        Some("senders") => return fanout::senders(&words[1..]),
        Some("takers") => return publishers::takers(&words[1..]),
        Some("publishers") => return publishers::run(),
        Some("message-givers") => return messages::run(&words[1..]),
        Some("message-takers") => return messages::takers(),
        Some("message-stalls") => return messages::stalls(),
        _ => {}
    }
    if !words.iter().any(|word| word == "--bench") {
        println!("benchmarks run by `cargo bench`");
        return;
    }
    let chosen = |name: &str| {
        let mut names = words.iter().filter(|word| !word.starts_with("--")).peekable();
        names.peek().is_none() || names.any(|wanted| wanted == name)
    };
    let mut rows = Vec::new();
    for (name, run) in BENCHMARKS.iter().filter(|(name, _)| chosen(name)) {
        eprintln!("{name} …");
        rows.extend(run());
    }
    table::print(&rows);
}
