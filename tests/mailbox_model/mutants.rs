//! Mailboxes with a planted bug each: the library's file with a few words replaced.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// What the bug is, the words it replaces and with which, and what the model must complain of.
type Bug = (&'static str, &'static str, &'static str, &'static str);

const DEADLOCK: &str = "deadlock; threads";

/// For each promise of the model the bugs that break it.
#[rustfmt::skip]
pub const BUGS: [(&str, &[Bug]); 6] = [
    ("no wake-up is lost", &[
        ("push wakes nobody", "drop(state);\n        self.changed.notify_one();", "drop(state);", DEADLOCK),
        ("signal wakes nobody", "signalled = true;\n        self.changed.notify_one();", "signalled = true;", DEADLOCK),
        ("a signal is not kept", "self.state.lock().signalled = true;", "", DEADLOCK),
        ("the lock is let go between look and wait", "None => self.changed.wait(&mut state)",
         "None => { drop(state); state = self.state.lock(); self.changed.wait(&mut state) }", DEADLOCK),
        ("a wake is spent without a look", "None => self.changed.wait(&mut state)",
         "None => { self.changed.wait(&mut state); return Take::Timeout }", "nobody closed it and there is no deadline"),
        ("a signal is told twice", "std::mem::take(&mut state.signalled)", "state.signalled", "a signal is told once"),
    ]),
    ("every item is counted and closed wins", &[
        ("pushed is not counted", "state.counts.pushed += 1;", "", "every item is counted"),
        ("taken is not counted", "state.counts.taken += 1;", "", "every item is counted"),
        ("refused is not counted", "state.counts.refused += 1;", "", "every item is counted"),
        ("evicted is not counted", "state.slot.replace(item);\n        state.counts.evicted +=",
         "state.slot.replace(item);\n        _ =", "every item is counted"),
        ("released at close is not counted", "state.slot.take();\n        state.counts.evicted +=",
         "state.slot.take();\n        _ =", "every item is counted"),
        ("who evicts is not told", "if old.is_some() { Pushed::Evicted }", "if false { Pushed::Evicted }",
         "who evicts is told"),
        ("a push after the end is stored", "if state.closed {\n            state.counts",
         "if false {\n            state.counts", "stored, but closed wins"),
        ("a signal beats the end", "if state.closed {\n                return",
         "if state.closed && !state.signalled {\n                return", "Signal, but closed wins"),
        ("close keeps what waits", "let old = state.slot.take();", "let old = None::<T>;",
         "nothing waits in a closed mailbox"),
    ]),
    ("close wakes every waiter", &[
        ("close wakes one", "notify_all", "notify_one", DEADLOCK),
        ("close wakes nobody", "self.changed.notify_all();", "", DEADLOCK),
    ]),
    ("the newest wins", &[
        ("the oldest wins", "let old = state.slot.replace(item);",
         "let old = if state.slot.is_some() { Some(item) } else { state.slot.replace(item) };", DEADLOCK),
    ]),
    ("items are dropped outside the lock", &[
        ("the evicted is dropped under it", "drop(state);\n        self.changed.notify_one();",
         "self.changed.notify_one();", DEADLOCK),
        ("the released is dropped under it", "drop(state);\n        self.changed.notify_all();",
         "self.changed.notify_all();", DEADLOCK),
    ]),
    ("a deadline loses nothing", &[
        ("its end is believed without a look", "_ = self.changed.wait_for(&mut state, left)",
         "{ self.changed.wait_for(&mut state, left); return Take::Timeout }", "told before the time-out"),
        ("a time-out takes a signal along", "return Take::Timeout",
         "{ drop(state); self.state.lock().signalled = false; return Take::Timeout }", "both are told: [Item(1)]"),
    ]),
];

/// A program that is told a bug's number and a promise, and tries the one with the other.
pub struct Mutants(PathBuf);

impl Mutants {
    pub fn build() -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mailbox_mutants");
        fs::create_dir_all(&scratch).expect("the target folder is ours");
        let mailbox = fs::read_to_string(here.join("src/mailbox.rs")).expect("the library's own file");
        let model = here.join("tests/mailbox_model");

        let mut main = format!(
            "#[path = {:?}] mod sync;\n#[path = {:?}] mod time;\n",
            model.join("sync.rs"),
            model.join("time.rs")
        );
        let bugs = BUGS.iter().flat_map(|(_, bugs)| *bugs);
        for (n, (what, old, new, _)) in bugs.clone().enumerate() {
            assert_eq!(mailbox.matches(old).count(), 1, "{what}: its place in mailbox.rs has changed");
            let file = scratch.join(format!("{n}.rs"));
            fs::write(&file, mailbox.replace(old, new)).expect("the target folder is ours");
            main += &format!(
                "mod m{n} {{ #[path = {file:?}] pub mod mailbox; #[path = {:?}] pub mod model; }}\n",
                model.join("model.rs")
            );
        }
        let promises: String = (0..bugs.count()).map(|n| format!("m{n}::model::PROMISES, ")).collect();
        main += &format!(
            "fn main() {{
                let told: Vec<_> = std::env::args().collect();
                let promises = [{promises}][told[1].parse::<usize>().unwrap()];
                promises.iter().find(|promise| promise.0 == told[2]).unwrap().1();
            }}"
        );
        fs::write(scratch.join("main.rs"), main).expect("the target folder is ours");
        Mutants(compile(&scratch))
    }

    /// What the model said, if it complained.
    pub fn complaint(&self, bug: usize, promise: &str) -> Option<String> {
        let run = Command::new(&self.0).args([&bug.to_string(), promise]).env("RUST_BACKTRACE", "0").output();
        let run = run.expect("it was just built");
        (!run.status.success()).then(|| String::from_utf8_lossy(&run.stderr).into_owned())
    }
}

/// By rustc itself, with the loom that cargo built for this test: it lies beside it.
fn compile(scratch: &Path) -> PathBuf {
    let test = env::current_exe().expect("a test is a file");
    let beside = test.parent().expect("in a folder");
    let looms = fs::read_dir(beside).expect("readable").flatten().map(|entry| entry.path()).filter(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        name.starts_with("libloom-") && name.ends_with(".rlib")
    });
    let mut refusals = String::new();
    // Other features or another compiler may have left a loom behind that does not fit.
    for loom in looms {
        let program = scratch.join("mutants");
        let mut rustc = Command::new(env::var_os("RUSTC").unwrap_or("rustc".into()));
        rustc.args(["--edition=2024", "--cap-lints=allow", "-o"]).arg(&program);
        rustc.arg("-L").arg(format!("dependency={}", beside.display()));
        rustc.arg("--extern").arg(format!("loom={}", loom.display())).arg(scratch.join("main.rs"));
        let output = rustc.output().expect("rustc built this test");
        if output.status.success() {
            return program;
        }
        refusals += &String::from_utf8_lossy(&output.stderr);
    }
    panic!("no mutants without loom beside {}: {refusals}", test.display());
}
