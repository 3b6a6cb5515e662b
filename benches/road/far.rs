//! Benchmarks that run in processes of their own, so that the other side's CPU does not count, and memory
//! that one run gave back does not hide what the next takes.

use std::io::{BufRead, BufReader, Write, stdin, stdout};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

pub const PATIENCE: Duration = Duration::from_secs(60);

/// Runs a process that measures, and reads what it prints.
pub fn figures<const N: usize>(words: &[&str]) -> [f64; N] {
    let output = this_program(words).stderr(Stdio::inherit()).output().expect("a process");
    let text = String::from_utf8(output.stdout).expect("text");
    let mut numbers = text.split_whitespace().map(|word| word.parse().expect("a number"));
    [(); N].map(|()| numbers.next().expect("as many numbers"))
}

/// A process of the other side, seen from this one: a line out, a line back, both JSON.
pub struct Far {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Far {
    pub fn start(role: &str) -> Far {
        let (piped, mut command) = (Stdio::piped, this_program(&[role]));
        let mut child = command.stdin(piped()).stdout(piped()).spawn().expect("a process");
        let to = child.stdin.take().expect("piped");
        let from = BufReader::new(child.stdout.take().expect("piped"));
        Far { child, to, from }
    }

    pub fn ask(&mut self, what: &str) -> String {
        let line = serde_json::to_string(what).expect("text");
        writeln!(self.to, "{line}").expect("it lives");
        let mut reply = String::new();
        self.from.read_line(&mut reply).expect("it answers");
        serde_json::from_str(&reply).expect("JSON")
    }

    pub fn accept(&mut self, answer: &str) {
        assert_eq!(self.ask(answer), "connected");
    }
}

impl Drop for Far {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// The other side: a reply for each line.
pub fn answers(mut reply: impl FnMut(&str) -> String) {
    for line in stdin().lock().lines() {
        let line: String = serde_json::from_str(&line.expect("a line")).expect("JSON");
        println!("{}", serde_json::to_string(&reply(&line)).expect("text"));
        stdout().flush().expect("who asks lives");
    }
}

fn this_program(words: &[&str]) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args(words);
    command
}
