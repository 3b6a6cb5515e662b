//! The C ABI from C: what a program does right, and what it does wrong.

#[path = "c/harness.rs"]
mod harness;
#[path = "c/viewer.rs"]
mod viewer;

use harness::{compile, declared, root, run};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use viewer::{PATIENCE, Viewer};

#[test]
fn every_function_answers_nulls_and_made_up_handles_with_an_error() {
    let source = fs::read_to_string(root().join("tests/c/nulls.c")).expect("nulls.c is there");
    let missing: Vec<_> =
        declared().into_iter().filter(|name| !source.contains(&format!("{name}("))).collect();
    assert!(missing.is_empty(), "not in nulls.c: {missing:?}");
    let program = compile("tests/c/nulls.c");
    run(&mut Command::new(&program));
    run(Command::new(&program).arg("inputs"));
}

#[test]
fn sizes_tails_and_enum_values_are_checked() {
    run(Command::new(compile("tests/c/structs.c")).arg("all"));
}

#[test]
fn results_go_out_in_their_envelope_with_the_fields_that_are_wanted() {
    run(&mut Command::new(compile("tests/c/envelope.c")));
}

#[test]
fn handles_are_tokens_and_leave_nothing_behind() {
    print!("{}", run(&mut Command::new(compile("tests/c/handles.c"))));
}

#[test]
fn typed_messages_of_the_programs_own_are_told_apart_and_feed_a_sink() {
    let image = harness::root().join("tests/data/images/canvas.png");
    run(Command::new(compile("tests/c/ingest.c")).arg(image));
}

#[test]
fn events_come_by_descriptor_and_by_callback_and_end_with_free() {
    run(&mut Command::new(compile("tests/c/events.c")));
}

#[test]
fn a_file_goes_from_peer_to_peer_and_free_leaves_nothing_behind() {
    let folder = harness::scratch(&format!("uploads-c-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("the scratch folder is writable");
    run(Command::new(compile("tests/c/uploads.c")).arg(folder));
}

#[test]
fn four_threads_push_and_every_lent_buffer_comes_back_once() {
    print!("{}", run(&mut Command::new(compile("tests/c/push.c"))));
}

#[test]
fn a_function_in_c_may_fail_return_garbage_keep_its_job_hang_and_free_its_processor() {
    run(&mut Command::new(compile("tests/c/process.c")));
}

#[test]
#[ignore = "make sanitize"]
fn the_sanitizer_finds_what_is_planted() {
    let program = harness::compile_sanitized("tests/c/planted.c").expect("the library has a sanitizer in it");
    for (planted, found) in [("overflow", "heap-buffer-overflow"), ("leak", "detected memory leaks")] {
        let output = Command::new(&program).arg(planted).output().expect("it was compiled");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && errors.contains(found), "{planted}: {}\n{errors}", output.status);
    }
}

#[test]
fn unloading_it_while_it_runs_is_survived() {
    run(Command::new(compile("tests/c/unload.c")).arg(harness::library()));
}

#[test]
fn what_streams_may_be_freed_in_any_order() {
    let program = compile("tests/c/stream.c");
    for order in ["spe", "sep", "pse", "pes", "esp", "eps"] {
        let (mut stream, viewer) = Stream::answered(&program, order);
        viewer.watch(20);
        stream.go();
        stream.ends_well();
    }
}

#[test]
fn a_server_may_be_freed_while_viewers_watch_before_its_source_and_after() {
    let program = compile("tests/c/stream.c");
    for order in ["vse", "sve", "evs"] {
        let mut stream = Stream::start(&program, order);
        let address = stream.line();
        let viewers = [Viewer::new(), Viewer::new()];
        for viewer in &viewers {
            viewer.accept(&post(&address, "/whep/test", &viewer.offer()));
        }
        viewers.iter().for_each(|viewer| viewer.watch(20));
        stream.go();
        stream.ends_well();
    }
}

#[test]
fn exit_while_streaming_is_survived() {
    let program = compile("tests/c/stream.c");
    for _ in 0..10 {
        for how in ["x", "q"] {
            let (mut stream, viewer) = Stream::answered(&program, how);
            viewer.watch(20);
            stream.go();
            stream.ends_well();
        }
    }
}

#[test]
fn the_child_of_a_fork_is_told_and_the_parent_streams_on() {
    let (mut stream, viewer) = Stream::answered(&compile("tests/c/stream.c"), "fpse");
    viewer.watch(20);
    stream.go();
    assert_eq!(stream.line(), "forked");
    viewer.blink();
    viewer.watch(20);
    stream.go();
    stream.ends_well();
}

#[test]
fn the_example_with_its_own_signalling_streams_in_both_ways() {
    let program = harness::compile_example("own_signalling");
    for way in ["poll", "callback"] {
        let viewer = Viewer::new();
        let mut command = Command::new(&program);
        command.arg(way).env("FRAMEWIRE_MEDIA_ADDRESS", "127.0.0.1").env("FRAMEWIRE_SECONDS", "10");
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it was compiled");
        // The end of its input is the end of the offer.
        write!(child.stdin.take().expect("piped"), "{}", viewer.offer()).expect("it reads");
        let mut answer = [0; 65536];
        let mut stdout = child.stdout.take().expect("piped");
        let length = stdout.read(&mut answer).expect("it answers");
        viewer.accept(std::str::from_utf8(&answer[..length]).expect("SDP is text"));
        viewer.watch(50);
        let status = child.wait().expect("it is our child");
        assert!(status.success(), "{way}: {status}");
    }
}

/// `stream.c` at work.
struct Stream {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Stream {
    fn start(program: &std::path::Path, order: &str) -> Stream {
        let mut command = Command::new(program);
        let mut child =
            command.arg(order).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it was compiled");
        let stdin = child.stdin.take().expect("piped");
        let stdout = BufReader::new(child.stdout.take().expect("piped"));
        Stream { child, stdin, stdout }
    }

    /// One with a viewer whose offer it has answered.
    fn answered(program: &std::path::Path, order: &str) -> (Stream, Viewer) {
        let (mut stream, viewer) = (Stream::start(program, order), Viewer::new());
        writeln!(stream.stdin, "{}.", viewer.offer()).expect("it reads");
        let mut answer = String::new();
        loop {
            match stream.line().as_str() {
                "." => break,
                line => answer.extend([line, "\r\n"]),
            }
        }
        viewer.accept(&answer);
        (stream, viewer)
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        let length = self.stdout.read_line(&mut line).expect("it writes text");
        assert!(length > 0, "it ended: {:?}", self.child.wait());
        line.trim_end().to_owned()
    }

    fn go(&mut self) {
        self.stdin.write_all(b"go\n").expect("it reads");
    }

    fn ends_well(mut self) {
        let status = self.child.wait().expect("it is our child");
        assert!(status.success(), "{status}");
    }
}

/// A POST of an offer; the answer.
fn post(address: &str, path: &str, offer: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("the server listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
    let length = offer.len();
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/sdp\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n{offer}"
    )
    .expect("the server reads");
    let mut response = String::new();
    stream.read_to_string(&mut response).expect("the server answers");
    let (head, body) = response.split_once("\r\n\r\n").expect("a head and a body");
    assert!(head.starts_with("HTTP/1.1 201"), "{response}");
    body.to_owned()
}
