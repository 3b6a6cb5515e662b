//! An HTTP server that says what the test wants it to, and remembers what it was asked.

use super::watcher::PATIENCE;
use crossbeam_channel::{Receiver, unbounded};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

/// One request.
#[derive(Clone, Debug)]
pub struct Asked {
    /// "POST /whip/x".
    pub line: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Asked {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// What is to be said: a head and a body, or bytes of the test's own.
pub enum Said {
    Response(u16, String, String),
    /// Written on, until the client hangs up.
    Endless(String),
    /// Nothing, until the client hangs up.
    Nothing,
}

impl Said {
    /// A status with header lines.
    pub fn status(status: u16, headers: &str) -> Said {
        Said::Response(status, headers.to_owned(), String::new())
    }

    /// 201 with an answer.
    pub fn created(headers: &str, answer: &str) -> Said {
        Said::Response(201, format!("Content-Type: application/sdp\r\n{headers}"), answer.to_owned())
    }
}

pub struct Script {
    pub address: SocketAddr,
    asked: Receiver<Asked>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Script {
    /// One that says what `say` says, request by request, one connection at a time. It does not know
    /// OPTIONS, and says nothing of them.
    pub fn new(say: impl FnMut(&Asked) -> Said + Send + 'static) -> Script {
        Script::start(false, say)
    }

    /// One that is asked for OPTIONS too.
    pub fn with_options(say: impl FnMut(&Asked) -> Said + Send + 'static) -> Script {
        Script::start(true, say)
    }

    fn start(options: bool, mut say: impl FnMut(&Asked) -> Said + Send + 'static) -> Script {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a socket");
        let address = listener.local_addr().expect("it is bound");
        let over = Arc::new(AtomicBool::new(false));
        let (tell, asked) = unbounded();
        let ended = over.clone();
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if ended.load(Ordering::SeqCst) {
                    return;
                }
                let stream = stream.expect("a connection");
                stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
                let Some(request) = read(&stream) else { continue };
                if !options && request.line.starts_with("OPTIONS ") {
                    write(&stream, Said::status(405, "Allow: POST\r\n"));
                    continue;
                }
                let _ = tell.send(request.clone());
                write(&stream, say(&request));
            }
        });
        Script { address, asked, over, thread: Some(thread) }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The next request.
    pub fn asked(&self) -> Asked {
        self.asked.recv_timeout(PATIENCE).expect("a request")
    }

    /// What was asked and not taken yet.
    pub fn rest(&self) -> Vec<String> {
        self.asked.try_iter().map(|asked| asked.line).collect()
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
        self.thread.take().expect("joined once").join().expect("no panic");
    }
}

fn read(stream: &TcpStream) -> Option<Asked> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|n| *n > 0)?;
    let line = line.trim_end().trim_end_matches(" HTTP/1.1").to_owned();
    let mut asked = Asked { line, headers: Vec::new(), body: String::new() };
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        match header.trim_end().split_once(": ") {
            Some((name, value)) => asked.headers.push((name.to_owned(), value.to_owned())),
            None => break,
        }
    }
    let length = asked.header("Content-Length").map_or(0, |n| n.parse().expect("a number"));
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    asked.body = String::from_utf8(body).expect("bodies are text");
    Some(asked)
}

fn write(mut stream: &TcpStream, said: Said) {
    match said {
        Said::Response(status, headers, body) => {
            let length = body.len();
            let text = format!(
                "HTTP/1.1 {status} Said\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
            );
            let _ = stream.write_all(text.as_bytes());
        }
        Said::Endless(head) => {
            let _ = stream.write_all(head.as_bytes());
            while stream.write_all(&[b'a'; 4_096]).is_ok() {}
        }
        Said::Nothing => {
            let _ = stream.read(&mut [0]);
        }
    }
}
