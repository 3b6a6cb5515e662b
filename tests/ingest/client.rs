//! A WebSocket client by hand, from RFC 6455: it sends what it is told to, wrong or right.

use super::PATIENCE;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};

/// One connection that was upgraded.
pub struct Client {
    pub stream: TcpStream,
    /// The head of the response.
    pub head: String,
}

/// One frame from the server.
#[derive(Debug, PartialEq, Eq)]
pub enum Frame {
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    /// The code and the reason.
    Close(u16, String),
}

/// A frame, masked as a client's are.
pub fn frame(head: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [0x12, 0x34, 0x56, 0x78];
    let mut frame = vec![head];
    match payload.len() {
        length @ 0..=125 => frame.push(0x80 | length as u8),
        length @ 126..=0xffff => {
            frame.push(0x80 | 126);
            frame.extend((length as u16).to_be_bytes());
        }
        length => {
            frame.push(0x80 | 127);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    frame.extend(mask);
    frame.extend(payload.iter().enumerate().map(|(n, byte)| byte ^ mask[n % 4]));
    frame
}

impl Client {
    /// Asks for a WebSocket; the head of the response if it is another one.
    pub fn open(address: SocketAddr, path: &str, headers: &str) -> Result<Client, String> {
        let mut stream = TcpStream::connect(address).expect("the server listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==\r\nSec-WebSocket-Version: 13\r\n{headers}\r\n"
        );
        stream.write_all(request.as_bytes()).expect("the server reads");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).expect("a response");
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).expect("a head is text");
        if head.starts_with("HTTP/1.1 101 ") { Ok(Client { stream, head }) } else { Err(head) }
    }

    /// Sends these bytes; a server that has hung up is no failure of the client's.
    pub fn send(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes);
    }

    /// A message in one frame.
    pub fn message(&mut self, message: &[u8]) {
        self.send(&frame(0x82, message));
    }

    /// The next frame; `None`: the connection is over.
    pub fn next(&mut self) -> Option<Frame> {
        let mut head = [0; 2];
        self.stream.read_exact(&mut head).ok()?;
        assert!(head[1] < 126, "a server's frames are short here and not masked");
        let mut payload = vec![0; head[1].into()];
        self.stream.read_exact(&mut payload).ok()?;
        Some(match head[0] {
            0x88 => {
                let reason = String::from_utf8(payload[2..].to_vec()).expect("a reason is text");
                Frame::Close(u16::from_be_bytes([payload[0], payload[1]]), reason)
            }
            0x89 => Frame::Ping(payload),
            0x8a => Frame::Pong(payload),
            other => panic!("a frame {other:#x}"),
        })
    }

    /// The close that comes, behind whatever comes before.
    pub fn closed(&mut self) -> (u16, String) {
        loop {
            match self.next().expect("a close frame comes first") {
                Frame::Close(code, reason) => {
                    self.send(&frame(0x88, &code.to_be_bytes()));
                    assert_eq!(self.next(), None, "nothing comes after it");
                    return (code, reason);
                }
                Frame::Ping(_) | Frame::Pong(_) => {}
            }
        }
    }

    /// Hangs up in the middle of it.
    pub fn cut(self) {
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}
