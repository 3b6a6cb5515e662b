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
    channels: Channels,
    _connection: Box<RtcPeerConnection<Life>>,
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
        (Taker { channels, _connection: connection }, answer)
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
        (Taker { channels, _connection: connection }, offer)
    }

    pub fn accept(&mut self, answer: &str) {
        let answer = description(answer, SdpType::Answer);
        self._connection.set_remote_description(&answer).expect("an answer that fits the offer");
    }

    /// Sends on the channel of that label.
    pub fn send(&self, label: &str, message: &[u8]) {
        let mut channels = self.channels.lock().expect("no panic");
        let channel = channels.iter_mut().find(|channel| channel.label() == label).expect("it has come");
        channel.send(message).expect("it is open");
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
        let mut child = Command::new(std::env::current_exe().expect("a test knows where it is"));
        child.args(["--exact", "the_one_that_stalls", "--ignored", "--nocapture"]);
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
