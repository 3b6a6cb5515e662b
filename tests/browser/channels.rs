//! What browsers exchange messages with, over connections without media: each line in is a peer to be made, each
//! line out is what is said to the browser. All that comes on a channel goes back on it.

use framewire::channel::{Channel, ChannelOptions};
use framewire::peer::{Peer, PeerOptions};
use serde_json::{Value, json};
use std::io::stdin;
use std::thread;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(20);

fn main() {
    let mut peer = None;
    for line in stdin().lines().map_while(Result::ok) {
        let asked: Value = serde_json::from_str(&line).expect("JSON");
        let text = |name: &str| asked[name].as_str().map(str::to_owned);
        let said = match (text("offer"), text("answer")) {
            (Some(offer), _) => {
                let made = make(&asked);
                let answer = made.answer(&offer, PATIENCE).expect("an answer");
                peer = Some(made);
                json!({ "answer": answer })
            }
            (_, Some(answer)) => {
                peer.as_ref().expect("it made an offer").accept(&answer, PATIENCE).expect("it is accepted");
                json!({})
            }
            _ => {
                let made = make(&asked);
                let offer = made.offer(PATIENCE).expect("an offer");
                peer = Some(made);
                json!({ "offer": offer })
            }
        };
        println!("{said}");
    }
}

/// A peer with the channels that are asked for, which echoes on these and on those that come.
fn make(asked: &Value) -> Peer {
    let peer = Peer::new(PeerOptions {
        media_address: Some([127, 0, 0, 1].into()),
        probe_candidates: asked["offer"].is_null(),
        accept_channels: true,
        ..PeerOptions::default()
    });
    let peer = peer.expect("a peer");
    for channel in asked["channels"].as_array().into_iter().flatten() {
        let text = |name: &str| channel[name].as_str().unwrap_or_default().to_owned();
        let number = |name: &str| channel[name].as_u64().map(|number| number as u32);
        echo(peer.channel(ChannelOptions {
            label: text("label"),
            protocol: text("protocol"),
            unordered: channel["ordered"] == false,
            max_retransmits: number("maxRetransmits"),
            max_lifetime: number("maxPacketLifeTime").map(|time| Duration::from_millis(time.into())),
            negotiated: number("id").map(|id| id as u16),
            ..ChannelOptions::default()
        }));
    }
    let arriving = peer.clone();
    thread::spawn(move || {
        while let Ok(channel) = arriving.next_channel(None) {
            echo(Ok(channel));
        }
    });
    peer
}

fn echo(channel: framewire::error::Result<Channel>) {
    let channel = channel.expect("before the description");
    thread::spawn(move || {
        while let Ok(message) = channel.next(None) {
            channel.send(&message.data, message.text).expect("there is room");
        }
    });
}
