//! A peer that is not ours and takes messages of data channels, on the safe `datachannel` crate.

use super::watcher::PATIENCE;
use crossbeam_channel::{Receiver, Sender, bounded};
use datachannel::sdp::parse_sdp;
use datachannel::{
    DataChannelHandler, DataChannelInfo, GatheringState, PeerConnectionHandler, RtcConfig, RtcDataChannel,
    RtcPeerConnection, SdpType, SessionDescription,
};
use std::io::{BufRead, BufReader, Write, stdin};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

/// Is called with the label and the message, on a thread of libdatachannel's, one at a time.
pub type Take = Arc<dyn Fn(&str, &[u8]) + Send + Sync>;

type Channels = Arc<Mutex<Vec<Box<RtcDataChannel<Ear>>>>>;

/// Takes what comes on every channel that the other side makes.
pub struct Taker {
    /// Before their connection.
    _channels: Channels,
    connection: Box<RtcPeerConnection<Life>>,
}

impl Taker {
    /// Answers an offer.
    pub fn answering(offer: &str, take: Take) -> (Taker, String) {
        let (done, gathered) = bounded(1);
        let channels = Channels::default();
        let life = Life { take, channels: channels.clone(), done };
        let (mut connection, offer) = (connection(life), description(offer, SdpType::Offer));
        connection.set_remote_description(&offer).expect("an offer");
        connection.set_local_description(SdpType::Answer).expect("an answer");
        let answer = gather(&connection, &gathered);
        (Taker { _channels: channels, connection }, answer)
    }

    /// Makes an offer, and in it a channel of which nothing is expected.
    pub fn offering(take: Take) -> (Taker, String) {
        let (done, gathered) = bounded(1);
        let channels = Channels::default();
        let life = Life { take: take.clone(), channels: channels.clone(), done };
        let mut connection = connection(life);
        let ear = Ear { label: "unused".into(), take };
        channels.lock().expect("no panic").push(connection.create_data_channel("unused", ear).expect("one"));
        connection.set_local_description(SdpType::Offer).expect("an offer");
        let offer = gather(&connection, &gathered);
        (Taker { _channels: channels, connection }, offer)
    }

    pub fn accept(&mut self, answer: &str) {
        let answer = description(answer, SdpType::Answer);
        self.connection.set_remote_description(&answer).expect("an answer that fits the offer");
    }

    /// Makes a channel of its own to send on.
    pub fn giver(&mut self, label: &str) -> Giver {
        let ((open, opened), (low, drained)) = (bounded(1), bounded(1));
        let channel = self.connection.create_data_channel(label, Hand { open, low }).expect("a channel");
        Giver { channel, opened, drained }
    }
}

/// Sends as a program does that has nothing but libdatachannel.
pub struct Giver {
    channel: Box<RtcDataChannel<Hand>>,
    opened: Receiver<()>,
    drained: Receiver<()>,
}

impl Giver {
    /// Waits until it can send, and never has more than `high` bytes queued from then on.
    pub fn open(&mut self, high: usize) {
        self.opened.recv_timeout(PATIENCE).expect("it opens");
        self.channel.set_buffered_amount_low_threshold(high / 4).expect("it lives");
    }

    pub fn send(&mut self, message: &[u8], high: usize) {
        while self.channel.buffered_amount() >= high {
            self.drained.recv_timeout(PATIENCE).expect("there is room at last");
        }
        self.channel.send(message).expect("it is open");
    }
}

struct Hand {
    open: Sender<()>,
    low: Sender<()>,
}

impl DataChannelHandler for Hand {
    fn on_open(&mut self) {
        self.open.try_send(()).ok();
    }

    fn on_buffered_amount_low(&mut self) {
        self.low.try_send(()).ok();
    }
}

fn connection(life: Life) -> Box<RtcPeerConnection<Life>> {
    let config = RtcConfig::new::<&str>(&[]).bind_address(&"127.0.0.1").disable_auto_negotiation();
    RtcPeerConnection::new(&config, life).expect("a connection")
}

fn description(text: &str, sdp_type: SdpType) -> SessionDescription {
    let sdp = parse_sdp(text, false).expect("a description that Firefox's parser takes");
    SessionDescription { sdp, sdp_type }
}

fn gather(connection: &RtcPeerConnection<Life>, gathered: &Receiver<()>) -> String {
    gathered.recv_timeout(PATIENCE).expect("candidates of loopback");
    connection.local_description().expect("just made").sdp.to_string()
}

struct Ear {
    label: String,
    take: Take,
}

impl DataChannelHandler for Ear {
    fn on_message(&mut self, message: &[u8]) {
        (self.take)(&self.label, message);
    }
}

struct Life {
    take: Take,
    channels: Channels,
    done: Sender<()>,
}

impl PeerConnectionHandler for Life {
    type DCH = Ear;

    fn data_channel_handler(&mut self, info: DataChannelInfo) -> Ear {
        Ear { label: info.label, take: self.take.clone() }
    }

    fn on_data_channel(&mut self, channel: Box<RtcDataChannel<Ear>>) {
        self.channels.lock().expect("no panic").push(channel);
    }

    fn on_gathering_state_change(&mut self, state: GatheringState) {
        if state == GatheringState::Complete {
            self.done.try_send(()).ok();
        }
    }
}

/// A receiver that stops reading at its first message: a process of its own, because its libdatachannel
/// stands still with it. The test crate has an ignored test `the_one_that_stalls`, which is [`stall`].
pub struct Stalled(Child);

impl Stalled {
    /// Has it answer an offer.
    pub fn answering(offer: &str) -> (Stalled, String) {
        Stalled::running(&["--exact", "the_one_that_stalls", "--ignored", "--nocapture"], offer)
    }

    /// The same, where it is what this program does with these arguments.
    pub fn running(arguments: &[&str], offer: &str) -> (Stalled, String) {
        let mut child = Command::new(std::env::current_exe().expect("a program knows where it is"));
        child.args(arguments);
        let child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it is this program");
        let mut stalled = Stalled(child);
        let line = serde_json::to_string(offer).expect("text");
        writeln!(stalled.0.stdin.as_mut().expect("piped"), "{line}").expect("it lives");
        let said = BufReader::new(stalled.0.stdout.take().expect("piped")).lines().map_while(Result::ok);
        let answer = said.filter_map(|line| line.strip_prefix("answer ").map(str::to_owned)).next();
        let answer = serde_json::from_str(&answer.expect("it answers")).expect("JSON");
        (stalled, answer)
    }
}

impl Drop for Stalled {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// The other process: answers, and takes one message that it never finishes with.
pub fn stall() {
    let mut lines = stdin().lock().lines();
    let offer = lines.next().expect("an offer").expect("a line");
    let offer: String = serde_json::from_str(&offer).expect("JSON");
    let take = |_: &str, _: &[u8]| loop {
        std::thread::park();
    };
    let (_taker, answer) = Taker::answering(&offer, Arc::new(take));
    println!("answer {}", serde_json::to_string(&answer).expect("text"));
    // Until it is killed.
    lines.for_each(drop);
}
