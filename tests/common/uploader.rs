//! Who sends files: a peer that makes data channels labelled as a browser's would be.

use super::watcher::PATIENCE;
use framewire::channel::{Channel, ChannelOptions, Message};
use framewire::error::Status;
use framewire::events::{EventKind, Events};
use framewire::peer::{Peer, PeerOptions};
use framewire::uploads::{Uploads, UploadsOptions};
use std::cell::RefCell;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A folder of the test's own.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(name: &str) -> Folder {
        // Examples, which share this file, are compiled without such a folder.
        let root = option_env!("CARGO_TARGET_TMPDIR").map_or_else(std::env::temp_dir, PathBuf::from);
        let path = root.join(format!("{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("it can be made");
        Folder(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn files(&self) -> usize {
        self.0.read_dir().expect("it is there").count()
    }

    /// What puts files into it.
    pub fn options(&self) -> UploadsOptions {
        UploadsOptions { folder: self.0.clone(), ..UploadsOptions::default() }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A connection between one who sends files and a program.
pub struct Uploader {
    pub sends: Peer,
    pub program: Peer,
    /// What `sends` tells.
    pub events: Arc<Events>,
    channels: RefCell<Vec<Sending>>,
}

/// Channels that a connection has for files. They are made together: libdatachannel gives a new channel the
/// stream of one whose end is still being settled, and then it may never open.
const CHANNELS: usize = 16;

impl Uploader {
    pub fn of(uploads: &Uploads) -> Uploader {
        let uploader = Uploader::unopened(uploads);
        let channels: Vec<_> = uploader.channels.borrow().iter().map(|s| s.channel.clone()).collect();
        wait_open(&channels, &uploader.events);
        uploader
    }

    /// One whose channels may be open or not.
    pub fn unopened(uploads: &Uploads) -> Uploader {
        let (sends, events) = browser();
        let program = Peer::new(PeerOptions { stream: Some("camera".into()), ..options() }).expect("a peer");
        program.upload(uploads).expect("before the offer");
        let make = || sends.channel(labelled("video_upload")).expect("before the offer");
        let channels = (0..CHANNELS).map(|_| Sending { channel: make() }).collect();
        let offer = sends.offer(PATIENCE).expect("an offer");
        let answer = program.answer(&offer, PATIENCE).expect("an answer");
        sends.accept(&answer, PATIENCE).expect("it is accepted");
        Uploader { sends, program, events, channels: RefCell::new(channels) }
    }

    /// A channel for a file, open.
    pub fn channel(&self) -> Sending {
        self.channels.borrow_mut().pop().expect("there are enough")
    }
}

/// A peer that probes, as a browser does, and its events.
pub fn browser() -> (Peer, Arc<Events>) {
    let events = Events::new(10_000).expect("events");
    (Peer::new(PeerOptions { events: Some(events.clone()), ..options() }).expect("a peer"), events)
}

/// Waits until channels are open.
pub fn wait_open(channels: &[Channel], events: &Events) {
    let mut left: Vec<_> = channels.iter().map(Channel::id).collect();
    while !left.is_empty() {
        let event = events.next(PATIENCE).expect("they open");
        left.retain(|id| event.kind != EventKind::ChannelOpen || *id != event.object);
    }
}

/// A file on its way.
pub struct Sending {
    pub channel: Channel,
}

impl Sending {
    pub fn chunk(&self, index: u32, total: u32, bytes: &[u8]) {
        self.raw(&chunk(index, total, bytes));
    }

    pub fn raw(&self, message: &[u8]) {
        self.channel.send(message, false).expect("it is open");
    }

    /// Sends all of a file.
    pub fn file(&self, file: &[u8], chunk_size: usize) {
        let total = file.len().div_ceil(chunk_size).max(1) as u32;
        (0..total).for_each(|n| self.chunk(n, total, file.chunks(chunk_size).nth(n as usize).unwrap_or(b"")));
    }

    /// Waits until all that was sent has been written.
    pub fn keep_alive(&self) {
        self.raw(b"k");
        let echo = self.channel.next(Some(PATIENCE)).expect("it comes back");
        assert_eq!(echo, Message { data: b"k".to_vec(), text: false });
    }

    /// The next thing that the program says.
    pub fn told(&self) -> String {
        let message = self.channel.next(Some(PATIENCE)).expect("it is told");
        assert!(message.text, "{message:?}");
        String::from_utf8(message.data).expect("text is UTF-8")
    }

    /// Why it failed: the last word before the end.
    pub fn failure(&self) -> String {
        let told: serde_json::Value = serde_json::from_str(&self.told()).expect("JSON");
        assert_eq!(told["upload"], "failed", "{told}");
        assert_eq!(self.channel.next(Some(PATIENCE)).expect_err("it is closed").status(), Status::Closed);
        told["reason"].as_str().expect("a sentence").to_owned()
    }
}

pub fn chunk(index: u32, total: u32, bytes: &[u8]) -> Vec<u8> {
    [&index.to_le_bytes(), &total.to_le_bytes(), bytes].concat()
}

pub fn labelled(label: &str) -> ChannelOptions {
    ChannelOptions { label: label.into(), ..ChannelOptions::default() }
}

fn options() -> PeerOptions {
    let loopback: IpAddr = [127, 0, 0, 1].into();
    PeerOptions { media_address: Some(loopback), probe_candidates: true, ..PeerOptions::default() }
}
