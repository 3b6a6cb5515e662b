//! One who gets results over a real connection.

use super::PATIENCE;
use crate::common::watcher;
use framewire::channel::Channel;
use framewire::message::reassemble::{Incoming, Limits, Reassembler};
use framewire::peer::{Peer, PeerOptions};
use framewire::results::Results;
use framewire::time::clock;
use serde_json::Value;
use std::net::IpAddr;

pub fn peer(accept_channels: bool) -> Peer {
    let loopback: IpAddr = [127, 0, 0, 1].into();
    let options = PeerOptions {
        media_address: Some(loopback),
        probe_candidates: true,
        accept_channels,
        ..PeerOptions::default()
    };
    Peer::new(options).expect("a peer")
}

/// Connects who offers to who answers.
pub fn connect(offers: &Peer, answers: &Peer) {
    let patience = watcher::PATIENCE;
    let offer = offers.offer(patience).expect("an offer");
    let answer = answers.answer(&offer, patience).expect("an answer");
    offers.accept(&answer, patience).expect("it is accepted");
}

pub struct Receiver {
    peers: Vec<Peer>,
    channel: Channel,
    reassembler: Reassembler,
    got: Vec<(u32, Value)>,
}

impl Receiver {
    pub fn of(results: &Results) -> Receiver {
        let (sends, takes) = (peer(false), peer(true));
        sends.results(results).expect("before the offer");
        connect(&sends, &takes);
        let channel = takes.next_channel(Some(PATIENCE)).expect("it arrives");
        Receiver { peers: vec![sends, takes], ..Receiver::on(channel) }
    }

    pub fn on(channel: Channel) -> Receiver {
        let reassembler = Reassembler::new(Limits::default());
        Receiver { peers: Vec::new(), channel, reassembler, got: Vec::new() }
    }

    /// The next result: its id, and its envelope.
    pub fn next(&mut self) -> (u32, Value) {
        while self.got.is_empty() {
            let chunk = self.channel.next(Some(PATIENCE)).expect("a chunk");
            let got = &mut self.got;
            self.reassembler.push(&chunk.data, clock::now(), &mut |incoming| match incoming {
                Incoming::Message { id, data } => {
                    got.push((id, serde_json::from_slice(&data).expect("it is JSON")));
                }
                other => panic!("{other:?}"),
            });
        }
        self.got.remove(0)
    }

    pub fn ack(&self, id: u32) {
        self.say(&format!("{{\"ack\": {id}}}"));
    }

    pub fn say(&self, text: &str) {
        self.channel.send(text.as_bytes(), true).expect("it is open");
    }

    /// How many peers it holds: they live as long as it does.
    pub fn is_connected(&self) -> bool {
        !self.peers.is_empty()
    }
}
