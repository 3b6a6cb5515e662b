//! Framewire talks to Framewire: a client of one to a server of the other, with nothing between them.

mod common;

use common::air::Air;
use common::card;
use common::watcher::PATIENCE;
use framewire::client::{Client, ClientOptions, ClientState, Purpose};
use framewire::events::{Event, EventKind, Events};
use framewire::frame::Format;
use framewire::media::Kind;
use framewire::server::{Server, ServerOptions};
use framewire::sink::{Sink, SinkOptions, VideoOut};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

const TOKEN: &str = "open-sesame";

fn server(token: Option<&str>) -> (Server, Arc<Events>) {
    let events = Events::new(256).expect("a queue");
    let server = Server::new(ServerOptions {
        bind: "127.0.0.1:0".into(),
        media_address: Some([127, 0, 0, 1].into()),
        events: Some(events.clone()),
        token: token.map(str::to_owned),
        ..ServerOptions::default()
    });
    (server.expect("a server"), events)
}

fn client(url: String, purpose: Purpose, change: impl FnOnce(&mut ClientOptions)) -> (Client, Arc<Events>) {
    let events = Events::new(256).expect("a queue");
    let mut options = ClientOptions::new(url, purpose);
    options.events = Some(events.clone());
    options.token = Some(TOKEN.to_owned());
    options.peer.media_address = Some([127, 0, 0, 1].into());
    change(&mut options);
    (Client::new(options).expect("a client"), events)
}

fn sink() -> Sink {
    let video = Some(VideoOut { format: Format::I420, queue: 100 });
    Sink::new(SinkOptions { video, ..SinkOptions::default() }).expect("a sink")
}

/// The next event of that kind.
fn told(events: &Events, kind: EventKind) -> Event {
    loop {
        let event = events.next(PATIENCE).expect("an event");
        if event.kind == kind {
            return event;
        }
    }
}

/// The reason of that state of a client.
fn reach(events: &Events, wanted: ClientState) -> String {
    loop {
        let event = told(events, EventKind::ClientState);
        if event.value == wanted as i64 {
            return event.text;
        }
        let over = [ClientState::Ended as i64, ClientState::Failed as i64].contains(&event.value);
        assert!(!over, "{event:?} instead of {wanted:?}");
    }
}

/// Takes pictures until ten have come whose number can be read, one after the other, and some sound;
/// `tick` keeps a program of this process on the air.
fn takes(sink: &Sink, mut tick: impl FnMut() -> Instant) {
    let start = Instant::now();
    let (mut numbers, mut samples) = (Vec::new(), 0);
    while start.elapsed() < PATIENCE {
        let due = tick();
        if let Ok(picture) = sink.next_video(Some(due.saturating_duration_since(Instant::now()))) {
            let frame = &picture.frame;
            let (width, height) = (frame.width as usize, frame.height as usize);
            numbers
                .extend(card::read(frame.planes.plane(0), frame.strides[0], width, height).map(|s| s.number));
        }
        while let Ok(sound) = sink.next_audio(Some(Duration::ZERO)) {
            samples += sound.frames();
        }
        if numbers.len() >= 10 && samples >= 9_600 {
            assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "{numbers:?}");
            return;
        }
    }
    panic!("{} pictures, {samples} samples: {:?}", numbers.len(), sink.stats(Kind::Video));
}

#[test]
fn what_a_server_has_on_the_air_is_taken_and_the_session_ends_with_the_client() {
    let mut air = Air::new(30);
    let (server, news) = server(Some(TOKEN));
    server.publish("test", &air.source).expect("a free name");
    let sink = sink();
    let url = format!("http://{}/whep/test", server.address());
    let begun = Instant::now();
    let (client, events) = client(url, Purpose::Take(sink.clone()), |_| {});
    reach(&events, ClientState::Connected);
    assert!(begun.elapsed() < Duration::from_millis(900), "connected after {:?}", begun.elapsed());
    takes(&sink, || air.tick());
    told(&news, EventKind::SessionStarted);
    assert_eq!(server.stats().sessions, 1);
    let begun = Instant::now();
    client.close();
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    assert_eq!(told(&news, EventKind::SessionEnded).text, "ended by the viewer");
    assert_eq!(server.stats().sessions, 0);
}

#[test]
fn a_source_is_published_to_a_server_that_lets_it_in() {
    let mut air = Air::new(30);
    let (server, news) = server(None);
    let sink = sink();
    server.receive("cam", Some(TOKEN), &sink).expect("a free name");
    let url = format!("http://{}/whip/cam", server.address());
    let stranger = |options: &mut ClientOptions| options.token = Some("knock-knock".to_owned());
    let (_stranger, events) = client(url.clone(), Purpose::Publish(air.source.clone()), stranger);
    assert!(reach(&events, ClientState::Failed).contains("401"));

    let (client, events) = client(url, Purpose::Publish(air.source.clone()), |_| {});
    told(&news, EventKind::PublishStarted);
    reach(&events, ClientState::Connected);
    takes(&sink, || air.tick());
    drop(client);
    told(&news, EventKind::PublishEnded);
}

#[test]
fn a_stream_that_is_not_there_yet_or_goes_is_waited_for() {
    let mut air = Air::new(30);
    let (server, _) = server(None);
    let sink = sink();
    let url = format!("http://{}/whep/test", server.address());
    let (_client, events) = client(url, Purpose::Take(sink.clone()), |options| options.retry = true);
    assert!(reach(&events, ClientState::Retrying).contains("409"));
    server.publish("test", &air.source).expect("a free name");
    reach(&events, ClientState::Connected);
    takes(&sink, || air.tick());
    server.unpublish("test").expect("it was published");
    // What says so first: DTLS, or the BYE in RTCP before a silence.
    let ends = ["the remote closed the connection", "the publisher said goodbye"];
    let why = reach(&events, ClientState::Retrying);
    assert!(ends.contains(&why.as_str()), "{why}");
    server.publish("test", &air.source).expect("a free name");
    reach(&events, ClientState::Connected);
    takes(&sink, || air.tick());
}

/// The other process of the test after it: publishes until its input ends.
#[test]
#[ignore = "run by a_stream_goes_from_one_process_to_another"]
fn the_other_process() {
    let mut air = Air::new(30);
    let (server, _) = server(Some(TOKEN));
    server.publish("test", &air.source).expect("a free name");
    println!("\nurl http://{}/whep/test", server.address());
    let (end, ended) = crossbeam_channel::bounded::<()>(0);
    std::thread::spawn(move || {
        let _ = std::io::stdin().read(&mut [0]);
        drop(end);
    });
    loop {
        let due = air.tick();
        if ended.recv_deadline(due) == Err(crossbeam_channel::RecvTimeoutError::Disconnected) {
            return;
        }
    }
}

#[test]
fn a_stream_goes_from_one_process_to_another() {
    let mut other = Command::new(std::env::current_exe().expect("a test knows where it is"));
    other.args(["--exact", "the_other_process", "--ignored", "--nocapture"]);
    let mut other =
        other.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it is this very program");
    let mut lines = BufReader::new(other.stdout.take().expect("piped")).lines().map_while(Result::ok);
    let url = lines.find_map(|line| line.strip_prefix("url ").map(str::to_owned)).expect("it says where");
    let sink = sink();
    let (client, events) = client(url, Purpose::Take(sink.clone()), |_| {});
    reach(&events, ClientState::Connected);
    takes(&sink, || Instant::now() + Duration::from_millis(50));
    // It goes: its exit says goodbye to nobody, or just in time.
    drop(other.stdin.take().expect("piped").write_all(b"end"));
    assert!(other.wait().expect("it is our child").success());
    let end = told(&events, EventKind::ClientState);
    let over = [ClientState::Ended as i64, ClientState::Failed as i64];
    assert!(over.contains(&end.value) && !end.text.is_empty(), "{end:?}");
    drop(client);
}
