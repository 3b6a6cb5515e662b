//! A peer that is not ours: it offers as a browser does and receives raw RTP and RTCP, on the safe
//! `datachannel` crate.
//!
//! That crate hands out no track that the *remote* adds. A peer that makes the offer adds its own
//! recvonly sections instead, and everything that arrives in them comes to their handlers.

use super::rtcp::{self, Block, Report};
use super::rtp::{Extend, Packet, is_rtcp};
use crossbeam_channel::{Receiver, Sender, bounded};
use datachannel::sdp::media_type::{SdpMedia, parse_media_vector};
use datachannel::sdp::{parse_sdp, parse_sdp_line};
use datachannel::{
    ConnectionState, DataChannelHandler, DataChannelInfo, GatheringState, PeerConnectionHandler, RtcConfig,
    RtcPeerConnection, RtcTrack, SdpType, SessionDescription, TrackHandler,
};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// How long anything on loopback may take in a test on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(20);
const REPORT_INTERVAL: Duration = Duration::from_secs(1);
/// The SSRC our RTCP comes from.
pub const OWN_SSRC: u32 = 0x0BAD_CAFE;

/// A section to offer.
#[derive(Clone)]
pub struct Section {
    pub mid: &'static str,
    pub payload_type: u8,
    pub extensions: Vec<(u8, &'static str)>,
    pub video: bool,
}

impl Section {
    /// The numbers are nobody's defaults: who answers with its own is found out.
    pub fn video() -> Section {
        use super::rtp::{ABS_SEND_TIME, MID, PLAYOUT_DELAY};
        Section {
            mid: "picture",
            payload_type: 103,
            extensions: vec![(3, MID), (7, ABS_SEND_TIME), (11, PLAYOUT_DELAY)],
            video: true,
        }
    }

    pub fn audio() -> Section {
        use super::rtp::{ABS_SEND_TIME, MID};
        Section {
            mid: "sound",
            payload_type: 116,
            extensions: vec![(3, MID), (7, ABS_SEND_TIME)],
            video: false,
        }
    }

    fn media(&self) -> SdpMedia {
        let Section { mid, payload_type: pt, .. } = self;
        let rtx = pt + 1;
        let mut text = if self.video {
            format!(
                "m=video 9 UDP/TLS/RTP/SAVPF {pt} {rtx}\na=rtpmap:{pt} VP8/90000\n\
                 a=rtcp-fb:{pt} goog-remb\na=rtcp-fb:{pt} transport-cc\na=rtcp-fb:{pt} ccm fir\n\
                 a=rtcp-fb:{pt} nack\na=rtcp-fb:{pt} nack pli\na=rtpmap:{rtx} rtx/90000\n\
                 a=fmtp:{rtx} apt={pt}\n"
            )
        } else {
            format!(
                "m=audio 9 UDP/TLS/RTP/SAVPF {pt} 0\na=rtpmap:{pt} opus/48000/2\n\
                 a=rtcp-fb:{pt} transport-cc\na=fmtp:{pt} minptime=10;useinbandfec=1\n\
                 a=rtpmap:0 PCMU/8000\n"
            )
        };
        for (id, uri) in &self.extensions {
            text += &format!("a=extmap:{id} {uri}\n");
        }
        text += &format!("a=mid:{mid}\na=recvonly\na=rtcp-mux\na=rtcp-rsize\n");
        let lines = text.lines().enumerate();
        let mut lines: Vec<_> =
            lines.map(|(n, line)| parse_sdp_line(line, n).expect("our own SDP")).collect();
        parse_media_vector(&mut lines).expect("our own section").remove(0)
    }
}

/// Something that came.
#[derive(Clone, Debug)]
pub enum Arrival {
    Rtp { section: usize, packet: Packet },
    Rtcp { section: usize, at: Instant, reports: Vec<Report> },
    State(ConnectionStateName, Instant),
}

/// `datachannel`'s state, which cannot be cloned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionStateName {
    Connected,
    Failed,
    Closed,
    Other,
}

enum Raw {
    Media { section: usize, at: Instant, bytes: Vec<u8> },
    State(ConnectionStateName, Instant),
}

/// Fields in the order they must go: tracks before their connection.
pub struct Watcher {
    #[expect(clippy::vec_box, reason = "libdatachannel holds each track's address")]
    tracks: Vec<Box<RtcTrack<Ear>>>,
    connection: Box<RtcPeerConnection<Life>>,
    arrivals: Receiver<Raw>,
    gathered: Receiver<()>,
    receptions: HashMap<u32, Reception>,
    next_report: Option<Instant>,
    /// The SSRCs of packets that come again, and of what they repeat.
    repairs: HashMap<u32, u32>,
    /// Packets that came again in a stream of their own. They are handed out as what they repeat.
    pub repaired: u64,
    /// What came and was neither RTP nor RTCP that adds up.
    pub malformed: u64,
    /// RTP and RTCP packets that came, whether there was room for them or not.
    pub received: Arc<AtomicU64>,
}

impl Watcher {
    pub fn new(sections: &[Section]) -> Watcher {
        // 4,096 packets are 4 MB: more than any test leaves lying.
        Watcher::with_room(sections, 4_096)
    }

    /// Keeps so many arrivals at most, and only counts the others.
    pub fn with_room(sections: &[Section], room: usize) -> Watcher {
        let (out, arrivals) = bounded(room);
        let received = Arc::new(AtomicU64::new(0));
        let (done, gathered) = bounded(1);
        let config = RtcConfig::new::<&str>(&[])
            .bind_address(&"127.0.0.1")
            .disable_auto_negotiation()
            .force_media_transport();
        let life = Life { out: out.clone(), done };
        let mut connection = RtcPeerConnection::new(&config, life).expect("a connection");
        let tracks = sections.iter().enumerate().map(|(section, s)| {
            let ear = Ear { section, out: out.clone(), received: received.clone() };
            connection.add_track(&s.media(), ear).expect("a recvonly track")
        });
        let tracks = tracks.collect();
        Watcher {
            tracks,
            connection,
            arrivals,
            gathered,
            receptions: HashMap::new(),
            next_report: None,
            repairs: HashMap::new(),
            repaired: 0,
            malformed: 0,
            received,
        }
    }

    /// One that answers: our own recvonly sections stand in its place before the offer comes, so
    /// that the crate has their handlers, and the answer goes out as we write them.
    pub fn answering(offer: &str, sections: &[Section]) -> (Watcher, String) {
        let mut watcher = Watcher::new(sections);
        watcher.repairs = repairs(offer);
        let sdp = parse_sdp(offer, false).expect("an offer that Firefox's parser takes");
        let offer = SessionDescription { sdp, sdp_type: SdpType::Offer };
        watcher.connection.set_remote_description(&offer).expect("an offer");
        watcher.connection.set_local_description(SdpType::Answer).expect("an answer");
        watcher.gathered.recv_timeout(PATIENCE).expect("candidates of loopback");
        watcher.next_report = Some(Instant::now() + REPORT_INTERVAL);
        let answer = watcher.connection.local_description().expect("the answer").sdp.to_string();
        (watcher, answer)
    }

    /// An offer with every candidate in it.
    pub fn offer(&mut self) -> String {
        self.connection.set_local_description(SdpType::Offer).expect("an offer");
        self.gathered.recv_timeout(PATIENCE).expect("candidates of loopback");
        self.connection.local_description().expect("the offer").sdp.to_string()
    }

    pub fn accept(&mut self, answer: &str) {
        self.repairs = repairs(answer);
        let sdp = parse_sdp(answer, false).expect("an answer that Firefox's parser takes");
        let answer = SessionDescription { sdp, sdp_type: SdpType::Answer };
        self.connection.set_remote_description(&answer).expect("an answer that fits the offer");
        self.next_report = Some(Instant::now() + REPORT_INTERVAL);
    }

    /// Sends no reports of its own accord from now on.
    pub fn mute(&mut self) {
        self.next_report = None;
    }

    /// The next thing that comes until `deadline`; sends the reports that are due meanwhile.
    pub fn next(&mut self, deadline: Instant) -> Option<Arrival> {
        loop {
            let now = Instant::now();
            if self.next_report.is_some_and(|due| now >= due) {
                self.next_report = Some(now + REPORT_INTERVAL);
                self.report(now);
            }
            let until = self.next_report.map_or(deadline, |due| due.min(deadline));
            match self.arrivals.recv_deadline(until) {
                Ok(Raw::State(state, at)) => return Some(Arrival::State(state, at)),
                Ok(Raw::Media { section, at, bytes }) => match self.sort(section, at, &bytes) {
                    None => self.malformed += 1,
                    arrival => return arrival,
                },
                Err(_) if Instant::now() >= deadline => return None,
                Err(_) => {}
            }
        }
    }

    /// Waits until the connection stands; what comes before is dropped.
    pub fn connected(&mut self) -> Instant {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.next(deadline) {
                Some(Arrival::State(ConnectionStateName::Connected, at)) => return at,
                Some(Arrival::Rtp { .. } | Arrival::Rtcp { .. }) | Some(Arrival::State(..)) => {}
                None => panic!("not connected after {PATIENCE:?}"),
            }
        }
    }

    /// Sends RTCP. A packet to a connection that is not open goes nowhere, as on any network.
    pub fn send(&mut self, section: usize, rtcp: &[u8]) {
        self.tracks[section].send(rtcp).ok();
    }

    /// The SSRC that is received in a section, once a packet has come.
    pub fn ssrc(&self, section: usize) -> Option<u32> {
        self.receptions.iter().find(|(_, r)| r.section == section).map(|(ssrc, _)| *ssrc)
    }

    fn sort(&mut self, section: usize, at: Instant, bytes: &[u8]) -> Option<Arrival> {
        if is_rtcp(bytes) {
            let reports = rtcp::parse(bytes)?;
            for report in &reports {
                if let Report::Sender { ssrc, ntp, .. } = report {
                    let reception = self.receptions.entry(*ssrc).or_default();
                    reception.report = Some(((ntp >> 16) as u32, at));
                }
            }
            return Some(Arrival::Rtcp { section, at, reports });
        }
        let mut packet = Packet::parse(bytes, at)?;
        if let Some(media) = self.repairs.get(&packet.ssrc) {
            packet.unwrap(*media)?;
            self.repaired += 1;
        }
        let reception = self.receptions.entry(packet.ssrc).or_default();
        reception.section = section;
        reception.received += 1;
        let number = reception.extend.extend(packet.sequence);
        let (first, highest) = reception.range.unwrap_or((number, number));
        reception.range = Some((first.min(number), highest.max(number)));
        Some(Arrival::Rtp { section, packet })
    }

    fn report(&mut self, now: Instant) {
        for (ssrc, reception) in &self.receptions {
            let Some((first, highest)) = reception.range else { continue };
            let (last_report, delay) = reception.report.map_or((0, 0), |(middle, at)| {
                (middle, (now - at).as_micros() as u32 / 1_000 * 65_536 / 1_000)
            });
            let block = Block {
                ssrc: *ssrc,
                lost: (highest + 1 - first).saturating_sub(reception.received) as u32,
                highest: highest as u32,
                last_report,
                delay,
                ..Block::default()
            };
            let report = rtcp::receiver_report(OWN_SSRC, &[block]);
            self.tracks[reception.section].send(&report).ok();
        }
    }
}

/// Who repairs whom, RFC 5576 section 4.2: the SSRC that repairs comes last.
fn repairs(description: &str) -> HashMap<u32, u32> {
    let groups = description.lines().filter_map(|line| line.strip_prefix("a=ssrc-group:FID "));
    let pair = |group: &str| {
        let (media, repair) = group.trim().split_once(' ').expect("two SSRCs");
        (repair.parse().expect("an SSRC"), media.parse().expect("an SSRC"))
    };
    groups.map(pair).collect()
}

/// What is known about one incoming stream, for reports.
#[derive(Default)]
struct Reception {
    section: usize,
    extend: Extend,
    range: Option<(u64, u64)>,
    received: u64,
    /// Middle 32 bits of the last sender report's NTP time, and when it came.
    report: Option<(u32, Instant)>,
}

struct Ear {
    section: usize,
    out: Sender<Raw>,
    received: Arc<AtomicU64>,
}

impl TrackHandler for Ear {
    fn on_message(&mut self, bytes: &[u8]) {
        self.received.fetch_add(1, Relaxed);
        // Never blocks: a test that does not read loses packets, as a stalled receiver does.
        if self.out.is_full() {
            return;
        }
        let (section, at, bytes) = (self.section, Instant::now(), bytes.to_vec());
        self.out.try_send(Raw::Media { section, at, bytes }).ok();
    }
}

struct Life {
    out: Sender<Raw>,
    done: Sender<()>,
}

impl PeerConnectionHandler for Life {
    type DCH = Nothing;

    fn data_channel_handler(&mut self, _: DataChannelInfo) -> Nothing {
        Nothing
    }

    fn on_connection_state_change(&mut self, state: ConnectionState) {
        let state = match state {
            ConnectionState::Connected => ConnectionStateName::Connected,
            ConnectionState::Failed => ConnectionStateName::Failed,
            ConnectionState::Closed => ConnectionStateName::Closed,
            _ => ConnectionStateName::Other,
        };
        self.out.try_send(Raw::State(state, Instant::now())).ok();
    }

    fn on_gathering_state_change(&mut self, state: GatheringState) {
        if state == GatheringState::Complete {
            self.done.try_send(()).ok();
        }
    }
}

struct Nothing;

impl DataChannelHandler for Nothing {}
