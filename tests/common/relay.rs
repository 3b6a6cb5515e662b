//! A road between two peers on loopback that loses, delays, reorders and repeats packets by a seed, and
//! goes silent when told. A new one forwards everything at once.
//!
//! The answer's candidates are rewritten to the relay's address; the offer's are of no use to a
//! side that only answers checks, so the far side sees one address: the relay's.

use super::rng::Rng;
use super::rtp::is_rtcp;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// What a road does, each way.
#[derive(Clone, Copy, Default)]
pub struct Weather {
    /// The share of RTP and RTCP that is lost. Checks and handshakes pass.
    pub loss: f64,
    /// The share of RTP and RTCP that comes twice.
    pub repeated: f64,
    /// How long everything takes.
    pub delay: Duration,
    /// How much longer RTP and RTCP may take: each packet for itself, so that they overtake each other.
    pub spread: Duration,
}

pub struct Relay {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

struct Shared {
    /// Where the receiver talks to, and where it talks from.
    near: UdpSocket,
    near_peer: Mutex<Option<SocketAddr>>,
    far: UdpSocket,
    far_peer: SocketAddr,
    weather: Mutex<Weather>,
    /// How many of the sender's next RTP packets are dropped.
    doomed: AtomicU64,
    silent: AtomicBool,
    ended: AtomicBool,
    forwarded: AtomicU64,
    dropped: AtomicU64,
}

impl Relay {
    /// Puts a relay between: the answer comes back with the relay's address in it.
    pub fn between(answer: &str, seed: u64) -> (Relay, String) {
        let far_peer = candidate(answer).expect("an IPv4 host candidate in the answer");
        let bind = || UdpSocket::bind("127.0.0.1:0").expect("a port");
        let (near, far) = (bind(), bind());
        let address = near.local_addr().expect("bound");
        let shared = Arc::new(Shared {
            near,
            near_peer: Mutex::default(),
            far,
            far_peer,
            weather: Mutex::default(),
            doomed: AtomicU64::default(),
            silent: AtomicBool::default(),
            ended: AtomicBool::default(),
            forwarded: AtomicU64::default(),
            dropped: AtomicU64::default(),
        });
        let threads = [true, false].map(|outwards| {
            let shared = shared.clone();
            thread::spawn(move || shared.forward(outwards, Rng(seed ^ u64::from(outwards))))
        });
        (Relay { shared, threads: threads.into() }, rewrite(answer, address))
    }

    /// Loses this share of RTP and RTCP, both ways. Checks and handshakes pass.
    pub fn lose(&self, share: f64) {
        self.weather(Weather { loss: share, ..Weather::default() });
    }

    /// What happens to packets from now on.
    pub fn weather(&self, weather: Weather) {
        *self.shared.weather.lock().expect("never poisoned") = weather;
    }

    /// Loses the sender's next RTP packet.
    pub fn lose_one(&self) {
        self.shared.doomed.store(1, Relaxed);
    }

    /// From now on nothing passes, or again everything.
    pub fn silence(&self, silent: bool) {
        self.shared.silent.store(silent, Relaxed);
    }

    /// Media packets that passed, and that did not.
    pub fn counts(&self) -> (u64, u64) {
        (self.shared.forwarded.load(Relaxed), self.shared.dropped.load(Relaxed))
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.shared.ended.store(true, Relaxed);
        // A datagram to each socket ends its thread's wait.
        let Ok(last) = UdpSocket::bind("127.0.0.1:0") else { return };
        for socket in [&self.shared.near, &self.shared.far] {
            let Ok(address) = socket.local_addr() else { continue };
            last.send_to(b"end", address).ok();
        }
        self.threads.drain(..).for_each(|thread| thread.join().expect("the relay does not panic"));
    }
}

impl Shared {
    fn forward(&self, outwards: bool, mut rng: Rng) {
        let mut buffer = [0; 2048];
        let mut queue = Queue::default();
        while !self.ended.load(Relaxed) {
            let wait = queue.send_due(Instant::now(), |packet| self.send(outwards, packet));
            let socket = if outwards { &self.near } else { &self.far };
            socket.set_read_timeout(wait).expect("a time above zero");
            // A refused port shows as an error of the next call: the far side has gone.
            let Ok((len, from)) = socket.recv_from(&mut buffer) else { continue };
            let packet = &buffer[..len];
            if self.ended.load(Relaxed) || (!outwards && from != self.far_peer) {
                continue;
            }
            if outwards {
                *self.near_peer.lock().expect("never poisoned") = Some(from);
            }
            let weather = *self.weather.lock().expect("never poisoned");
            // RFC 7983: 128 to 191 is RTP and RTCP.
            let media = packet.first().is_some_and(|first| (128..192).contains(first));
            let lost = media && rng.chance(weather.loss);
            let doomed = media && !outwards && !is_rtcp(packet) && self.doomed.swap(0, Relaxed) > 0;
            if lost || doomed || self.silent.load(Relaxed) {
                self.dropped.fetch_add(1, Relaxed);
                continue;
            }
            self.forwarded.fetch_add(u64::from(media && !is_rtcp(packet)), Relaxed);
            let copies = 1 + usize::from(media && rng.chance(weather.repeated));
            for _ in 0..copies {
                let spread = if media { weather.spread.mul_f64(rng.share()) } else { Duration::ZERO };
                match weather.delay + spread {
                    Duration::ZERO => self.send(outwards, packet),
                    delay => queue.push(Instant::now() + delay, packet),
                }
            }
        }
    }

    fn send(&self, outwards: bool, packet: &[u8]) {
        if outwards {
            self.far.send_to(packet, self.far_peer).ok();
        } else if let Some(peer) = *self.near_peer.lock().expect("never poisoned") {
            self.near.send_to(packet, peer).ok();
        }
    }
}

/// Packets on their way.
#[derive(Default)]
struct Queue {
    under_way: BinaryHeap<Reverse<(Instant, u64, Vec<u8>)>>,
    count: u64,
}

impl Queue {
    fn push(&mut self, due: Instant, packet: &[u8]) {
        self.count += 1;
        self.under_way.push(Reverse((due, self.count, packet.to_vec())));
    }

    /// Hands over what is due; how long it is until something is.
    fn send_due(&mut self, now: Instant, mut send: impl FnMut(&[u8])) -> Option<Duration> {
        while let Some(Reverse((due, ..))) = self.under_way.peek() {
            if *due > now {
                return Some(*due - now);
            }
            let Reverse((_, _, packet)) = self.under_way.pop()?;
            send(&packet);
        }
        None
    }
}

/// The first IPv4 host candidate (RFC 8839 section 5.1).
fn candidate(sdp: &str) -> Option<SocketAddr> {
    sdp.lines().filter_map(|line| line.strip_prefix("a=candidate:")).find_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, _, transport, _, address, port, "typ", "host", ..] = words[..] else { return None };
        let address = SocketAddr::new(address.parse().ok()?, port.parse().ok()?);
        (transport.eq_ignore_ascii_case("udp") && address.is_ipv4()).then_some(address)
    })
}

/// One candidate instead of all: the relay.
fn rewrite(sdp: &str, relay: SocketAddr) -> String {
    let mut written = false;
    let mut out = String::new();
    for line in sdp.lines() {
        if !line.starts_with("a=candidate:") {
            out += &format!("{line}\r\n");
        } else if !std::mem::replace(&mut written, true) {
            let (ip, port) = (relay.ip(), relay.port());
            out += &format!("a=candidate:1 1 UDP 2114977791 {ip} {port} typ host\r\n");
        }
    }
    out
}
