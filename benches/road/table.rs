//! One table of what was measured.

use std::time::Duration;

/// One figure, and the bare library's where there is one.
pub struct Row {
    pub what: String,
    pub ours: f64,
    pub bare: Option<f64>,
    pub unit: &'static str,
    pub goal: &'static str,
}

pub fn row(what: impl Into<String>, ours: f64, unit: &'static str, goal: &'static str) -> Row {
    Row { what: what.into(), ours, bare: None, unit, goal }
}

impl Row {
    pub fn beside(self, bare: f64) -> Row {
        Row { bare: Some(bare), ..self }
    }
}

pub fn print(rows: &[Row]) {
    let width = rows.iter().map(|row| row.what.chars().count()).max().unwrap_or(0);
    println!("| {:width$} |       ours |       bare | ratio | unit    | goal", "");
    println!("| {:-<width$} | ---------: | ---------: | ----: | ------- | ----", "");
    for Row { what, ours, bare, unit, goal } in rows {
        let (bare, ratio) = bare.map_or((String::new(), String::new()), |bare| {
            (format!("{bare:.3}"), format!("{:.2}", ours / bare))
        });
        println!("| {what:width$} | {ours:10.3} | {bare:>10} | {ratio:>5} | {unit:7} | {goal}");
    }
}

/// The value that this share of `times` does not exceed, in milliseconds.
pub fn percentile(times: &mut [Duration], share: f64) -> f64 {
    times.sort();
    let at = ((times.len() as f64 * share) as usize).min(times.len() - 1);
    times[at].as_secs_f64() * 1_000.0
}
