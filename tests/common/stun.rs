//! A STUN server that says what the test wants it to (RFC 8489), and when.

use super::watcher::PATIENCE;
use crossbeam_channel::{Receiver, Sender, bounded};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::thread::JoinHandle;

/// What it says everybody's address is.
pub const SHOWN: (Ipv4Addr, u16) = (Ipv4Addr::new(198, 51, 100, 7), 50_007);
const COOKIE: [u8; 4] = 0x2112_a442_u32.to_be_bytes();

pub struct Stun {
    pub address: SocketAddr,
    asked: Receiver<()>,
    release: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Stun {
    /// One that answers at once.
    pub fn prompt() -> Stun {
        let mut stun = Stun::held();
        stun.release = None;
        stun
    }

    /// One that answers nothing before it is released.
    pub fn held() -> Stun {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        let address = socket.local_addr().expect("it is bound");
        let (tell, asked) = bounded(64);
        let (release, released) = bounded::<()>(0);
        let thread = std::thread::spawn(move || {
            let mut buffer = [0; 1_500];
            loop {
                let (length, from) = socket.recv_from(&mut buffer).expect("a packet");
                // A binding request; anything else is the end of the test.
                if length < 20 || buffer[..2] != [0, 1] || buffer[4..8] != COOKIE {
                    return;
                }
                let _ = tell.try_send(());
                let _ = released.recv();
                let _ = socket.send_to(&response(&buffer[8..20]), from);
            }
        });
        Stun { address, asked, release: Some(release), thread: Some(thread) }
    }

    pub fn url(&self) -> String {
        format!("stun:{}", self.address)
    }

    /// Waits until somebody asks.
    pub fn asked(&self) {
        self.asked.recv_timeout(PATIENCE).expect("a request");
    }

    /// Answers what was asked and will be.
    pub fn release(&mut self) {
        self.release = None;
    }
}

impl Drop for Stun {
    fn drop(&mut self) {
        self.release();
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        socket.send_to(b"end", self.address).expect("it listens");
        self.thread.take().expect("joined once").join().expect("no panic");
    }
}

/// A success response with XOR-MAPPED-ADDRESS, RFC 8489 section 14.2.
fn response(transaction: &[u8]) -> Vec<u8> {
    let (ip, port) = SHOWN;
    let mut out = vec![1, 1, 0, 12];
    out.extend(COOKIE);
    out.extend(transaction);
    out.extend([0, 0x20, 0, 8, 0, 1]);
    out.extend(port.to_be_bytes().iter().zip(COOKIE).map(|(a, b)| a ^ b));
    out.extend(ip.octets().iter().zip(COOKIE).map(|(a, b)| a ^ b));
    out
}
