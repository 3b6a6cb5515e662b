//! `/ws/{stream}` from the handshake to the last word, by a client that is not ours.

use super::client::{Client, Frame, frame};
use super::{JPEG, PATIENCE, PNG, WEBP, pixel, plain, sink, video};
use framewire::error::Status;
use framewire::events::{Event, EventKind, Events};
use framewire::media::Kind;
use framewire::message::ingest::MAX_INGEST;
use framewire::receive::TrackState;
use framewire::server::{Server, ServerOptions};
use framewire::sink::{Pcm, Sink, SinkOptions, VideoOut};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

struct Studio {
    server: Server,
    sink: Sink,
    events: Arc<Events>,
}

fn studio(options: ServerOptions) -> Studio {
    studio_with(options, SinkOptions::default())
}

/// A server where "cam" may be published into a sink of these options.
fn studio_with(options: ServerOptions, out: SinkOptions) -> Studio {
    let events = Events::new(256).expect("a queue");
    let bind = "127.0.0.1:0".into();
    let server = Server::new(ServerOptions { bind, events: Some(events.clone()), ..options });
    let (server, sink) = (server.expect("a server"), sink(out));
    server.receive("cam", None, &sink).expect("a free name");
    Studio { server, sink, events }
}

impl Studio {
    fn address(&self) -> SocketAddr {
        self.server.address()
    }

    fn open(&self) -> Client {
        Client::open(self.address(), "/ws/cam", "").expect("it is let in")
    }

    /// The next event, which must be of this kind.
    fn told(&self, kind: EventKind) -> Event {
        let event = self.events.next(PATIENCE).expect("an event");
        assert_eq!((event.kind, event.object), (kind, self.server.id()), "{event:?}");
        event
    }

    /// Opens a session, sends a message and reads how it is closed, why it ended, and whether it counts as
    /// one that broke a rule.
    fn refused(&self, bytes: &[u8]) -> (u16, String) {
        let refused = self.server.stats().ingesters_refused;
        let mut client = self.open();
        self.told(EventKind::PublishStarted);
        client.send(bytes);
        let (code, reason) = client.closed();
        assert_eq!(self.told(EventKind::PublishEnded).text, reason);
        assert_eq!(self.server.stats().ingesters_refused, refused + 1);
        (code, reason)
    }
}

#[test]
fn pictures_and_sound_come_out_of_the_sink_with_their_arrival_as_capture_time() {
    let studio = studio(ServerOptions::default());
    let mut client = studio.open();
    let started = studio.told(EventKind::PublishStarted);
    assert_eq!(started.stream.as_deref(), Some("cam"));
    let mut before = None;
    for image in [JPEG, PNG, WEBP] {
        client.message(&video(image));
        let picture = studio.sink.next_video(Some(PATIENCE)).expect("a picture");
        assert_eq!((picture.frame.width, picture.frame.height), (48, 32));
        let red = pixel(&picture, 12, 8);
        assert!(red[0] > 190 && red[1] < 40 && red[2] < 40, "{red:?}");
        assert_eq!(picture.frame.capture, Some(picture.arrived));
        assert!(before < Some(picture.arrived) && picture.arrived <= picture.decoded);
        before = Some(picture.arrived);
    }
    assert_eq!(studio.sink.track(Kind::Video).expect("it takes pictures"), TrackState::Live);

    let samples: Vec<i16> = (0..1_920).collect();
    let bytes: Vec<u8> = samples.iter().flat_map(|s| s.to_le_bytes()).collect();
    client.message(&[b"a", &bytes[..]].concat());
    let sound = studio.sink.next_audio(Some(PATIENCE)).expect("sound");
    assert!(matches!(&sound.samples, Pcm::S16(out) if *out == samples));
    assert!(Some(sound.capture + Duration::from_millis(20)) > before, "its end came later");

    let stats = studio.server.stats();
    assert_eq!((stats.ingesters, stats.publishers), (1, 1));
    client.send(&frame(0x88, &1000_u16.to_be_bytes()));
    assert_eq!(client.closed().0, 1000, "a close is answered with its code");
    let ended = studio.told(EventKind::PublishEnded);
    assert_eq!((ended.value, &*ended.text), (started.value, "ended by the publisher"));
    for over in [
        studio.sink.next_video(Some(PATIENCE)).map(|_| ()),
        studio.sink.next_audio(Some(PATIENCE)).map(|_| ()),
    ] {
        let over = over.expect_err("the tracks are over");
        assert_eq!((over.status(), over.sentence()), (Status::Closed, "ended by the publisher"));
    }
    let stats = studio.server.stats();
    assert_eq!((stats.ingesters, stats.publishers, stats.ingest_messages), (0, 0, 4));
}

#[test]
fn a_message_may_come_in_pieces_with_a_ping_between() {
    let studio = studio(ServerOptions::default());
    let mut client = studio.open();
    let message = video(PNG);
    client.send(&frame(0x02, &message[..1]));
    client.send(&frame(0x00, &message[1..100]));
    client.send(&frame(0x89, b"are you there"));
    assert_eq!(client.next(), Some(Frame::Pong(b"are you there".to_vec())));
    client.send(&frame(0x80, &message[100..]));
    studio.sink.next_video(Some(PATIENCE)).expect("one picture");
    // A byte at a time: the bytes are what counts.
    for byte in frame(0x82, &message) {
        client.send(&[byte]);
    }
    studio.sink.next_video(Some(PATIENCE)).expect("another");
}

#[test]
fn what_breaks_a_rule_is_closed_with_its_code_and_a_reason() {
    let studio = studio(ServerOptions::default());
    for (message, code, says) in [
        (frame(0x82, b"x"), 1003, "first byte is 0x78"),
        (frame(0x82, JPEG), 1003, "first byte is 0xff"),
        (frame(0x82, b""), 1003, "empty"),
        (frame(0x81, b"v"), 1003, "text is not taken"),
        (frame(0x82, b"v"), 1007, "without an image"),
        (frame(0x82, b"a\0\0\0"), 1007, "not a multiple of 4"),
        (frame(0x81, b"\xff"), 1007, "not UTF-8"),
        // Not masked, a reserved bit, a kind of frame that there is not, a piece of nothing.
        (vec![0x82, 1, b'a'], 1002, ""),
        (frame(0xc2, b"a"), 1002, ""),
        (frame(0x83, b"a"), 1002, ""),
        (frame(0x80, b"a"), 1002, ""),
    ] {
        let (closed, reason) = studio.refused(&message);
        assert!(closed == code && reason.contains(says), "{closed} {reason}");
        assert!(!reason.is_empty());
    }
}

#[test]
fn a_message_of_eight_mebibytes_is_taken_and_a_longer_one_is_not() {
    let studio = studio(ServerOptions::default());
    let mut client = studio.open();
    studio.told(EventKind::PublishStarted);
    let mut whole = vec![0; MAX_INGEST - 1 - (MAX_INGEST - 1 - 1) % 4];
    whole[0] = b'a';
    client.message(&whole);
    studio.sink.next_audio(Some(PATIENCE)).expect("43 seconds of silence");
    drop(client);
    studio.told(EventKind::PublishEnded);
    // Told by the header already; also where the pieces are short, and though it goes on sending.
    let long = vec![b'a'; MAX_INGEST + 1];
    let pieces = [frame(0x02, &long[..MAX_INGEST / 2]), frame(0x80, &long[MAX_INGEST / 2..])].concat();
    for bytes in [frame(0x82, &long), pieces] {
        let (code, reason) = studio.refused(&bytes);
        assert_eq!((code, &*reason), (1009, "a message has at most 8388608 bytes"));
    }
    let small =
        studio_with(ServerOptions { max_ingest_message: 100, ..Default::default() }, SinkOptions::default());
    assert_eq!(small.refused(&frame(0x82, &[b'a'; 101])).0, 1009);
}

#[test]
fn bombs_are_errors_of_one_picture_and_ten_of_them_are_too_many() {
    let studio = studio(ServerOptions::default());
    let mut client = studio.open();
    studio.told(EventKind::PublishStarted);
    // A frame of a JPEG that claims 65,535 by 65,535.
    let mut bomb = video(JPEG);
    let at = bomb.windows(2).position(|two| two == [0xff, 0xc0]).expect("a frame header");
    bomb[at + 5..at + 9].fill(0xff);
    // One that a newer picture overtook was not tried.
    while studio.sink.stats(Kind::Video).expect("it takes pictures").decoder.errors < 11 {
        client.message(&bomb);
        client.message(&video(PNG));
        studio.sink.next_video(Some(PATIENCE)).expect("it goes on");
    }
    assert_eq!(studio.sink.track(Kind::Video).expect("it takes pictures"), TrackState::Live);
    let (code, reason) = std::thread::scope(|scope| {
        let mut sends = Client { stream: client.stream.try_clone().expect("a socket"), head: String::new() };
        scope.spawn(
            move || while std::io::Write::write_all(&mut sends.stream, &frame(0x82, &bomb)).is_ok() {},
        );
        client.closed()
    });
    assert_eq!(code, 1007);
    assert!(reason.starts_with("10 errors in a row, the last: an image of 65535x65535"), "{reason}");
    assert_eq!(studio.sink.track(Kind::Video).expect("it takes pictures"), TrackState::Failed);
    assert_eq!(studio.told(EventKind::PublishEnded).text[..10], reason[..10]);
    // The next one begins anew.
    let mut next = studio.open();
    next.message(&video(PNG));
    studio.sink.next_video(Some(PATIENCE)).expect("it is heard");
}

#[test]
fn a_kind_that_the_sink_does_not_take_is_told() {
    let deaf = SinkOptions { audio: None, ..SinkOptions::default() };
    let (code, reason) = studio_with(ServerOptions::default(), deaf).refused(&frame(0x82, b"a\0\0\0\0"));
    assert_eq!((code, &*reason), (1003, "sound is not taken here"));
    let blind = SinkOptions { video: None, ..SinkOptions::default() };
    let (code, reason) = studio_with(ServerOptions::default(), blind).refused(&frame(0x82, &video(PNG)));
    assert_eq!((code, &*reason), (1003, "video is not taken here"));
}

#[test]
fn one_publishes_at_a_time() {
    let studio = studio(ServerOptions::default());
    let mut first = studio.open();
    let head = Client::open(studio.address(), "/ws/cam", "").err().expect("it is taken");
    assert!(head.starts_with("HTTP/1.1 409 "), "{head}");
    first.message(&video(PNG));
    studio.sink.next_video(Some(PATIENCE)).expect("the first goes on");
    // In the middle of a message.
    first.send(&frame(0x82, &video(JPEG))[..300]);
    first.cut();
    studio.told(EventKind::PublishStarted);
    assert_eq!(studio.told(EventKind::PublishEnded).text, "the connection was lost");
    studio.open().message(&video(PNG));
    studio.sink.next_video(Some(PATIENCE)).expect("the next one has its place");
}

#[test]
fn who_takes_over_ends_the_one_before_with_a_word() {
    let studio = studio(ServerOptions { take_over: true, ..ServerOptions::default() });
    let mut first = studio.open();
    first.message(&video(&plain(4, 4, [9; 3])));
    studio.sink.next_video(Some(PATIENCE)).expect("the first is seen");
    let mut second = studio.open();
    assert_eq!(first.closed(), (1008, "another publisher took over".into()));
    second.message(&video(PNG));
    assert_eq!(studio.sink.next_video(Some(PATIENCE)).expect("the second is").frame.width, 48);
    studio.told(EventKind::PublishStarted);
    assert_eq!(studio.told(EventKind::PublishEnded).value, 1);
    assert_eq!(studio.told(EventKind::PublishStarted).value, 2);
    assert_eq!(studio.server.stats().publishers, 1);
}

#[test]
fn the_program_ends_it_with_a_word_and_so_does_the_servers_end_at_once() {
    let studio = studio(ServerOptions::default());
    let mut client = studio.open();
    studio.server.unreceive("cam").expect("it is received");
    assert_eq!(client.closed(), (1008, "the stream is not received any more".into()));

    studio.server.receive("cam", None, &studio.sink).expect("a free name");
    let mut quiet = studio.open();
    studio.server.receive("other", None, &sink(SinkOptions::default())).expect("a free name");
    let mut half = Client::open(studio.address(), "/ws/other", "").expect("it is let in");
    // One whose answer to the handshake is on its way when the server ends gets no word.
    for client in [&mut quiet, &mut half] {
        client.send(&frame(0x89, b""));
        assert_eq!(client.next(), Some(Frame::Pong(vec![])));
    }
    half.send(&frame(0x82, &video(PNG))[..50]);
    // Neither the ping of 15 s nor the end of the half message is waited for: both would outlast this.
    studio.server.close();
    for client in [&mut quiet, &mut half] {
        assert_eq!(client.next(), Some(Frame::Close(1001, "the server was closed".into())));
        assert_eq!(client.next(), None);
    }
}

#[test]
fn a_wrong_token_is_told_before_anything_is_a_websocket() {
    let studio = studio(ServerOptions { publish_token: Some("s3cret".into()), ..ServerOptions::default() });
    let open = |headers: &str| Client::open(studio.address(), "/ws/cam", headers);
    for headers in
        ["", "Authorization: Bearer other\r\n", "Sec-WebSocket-Protocol: framewire, bearer.other\r\n"]
    {
        let head = open(headers).err().expect("it is not let in");
        assert!(head.starts_with("HTTP/1.1 401 "), "{head}");
    }
    drop(open("Authorization: Bearer s3cret\r\n").expect("the header"));
    studio.told(EventKind::PublishStarted);
    studio.told(EventKind::PublishEnded);
    let page = open("Origin: https://a.example\r\nSec-WebSocket-Protocol: framewire, bearer.s3cret\r\n");
    assert!(page.expect("the page").head.contains("Sec-WebSocket-Protocol: framewire\r\n"));
}

#[test]
fn who_answers_pings_and_brings_nothing_is_closed_and_who_does_not_answer_too() {
    let short = |ping, idle| ServerOptions {
        ingest_ping: Duration::from_millis(ping),
        ingest_idle_timeout: Duration::from_millis(idle),
        ..ServerOptions::default()
    };
    let lazy = studio(short(100, 1_000));
    let mut client = lazy.open();
    let mut pings = 0;
    let closed = loop {
        match client.next().expect("a frame") {
            Frame::Ping(payload) => {
                pings += 1;
                client.send(&frame(0x8a, &payload));
            }
            Frame::Close(code, reason) => break (code, reason),
            Frame::Pong(_) => panic!("nothing was asked"),
        }
    };
    assert!(pings >= 1, "asked before");
    assert_eq!(closed, (1008, "nothing came for too long".into()));
    assert_eq!(lazy.server.stats().ingesters_timed_out, 1);

    let dead = studio(short(200, 60_000));
    let mut client = dead.open();
    assert_eq!(client.next(), Some(Frame::Ping(vec![])));
    assert_eq!(client.next(), Some(Frame::Close(1008, "a ping was not answered".into())));
    assert_eq!(dead.server.stats().ingesters_timed_out, 1);
    dead.told(EventKind::PublishStarted);
    assert_eq!(dead.told(EventKind::PublishEnded).text, "a ping was not answered");

    // Who brings something with each answer has been here for twice the idle time after ten.
    let busy = studio(short(400, 2_000));
    let mut client = busy.open();
    for _ in 0..10 {
        assert_eq!(client.next(), Some(Frame::Ping(vec![])));
        client.send(&frame(0x8a, b""));
        client.message(b"a");
    }
    assert_eq!(busy.server.stats().ingesters_timed_out, 0);

    // Bytes that never become a message are no progress, though they show that it lives.
    let drip = studio(short(300, 1_500));
    let mut client = drip.open();
    client.send(&frame(0x82, &[b'a'; 101])[..20]);
    let closed = loop {
        match client.next().expect("a frame") {
            Frame::Close(code, reason) => break (code, reason),
            _ => client.send(&[0]),
        }
    };
    assert_eq!(closed, (1008, "nothing came for too long".into()));
}

#[test]
fn a_slow_decoder_skips_to_the_newest_and_each_is_counted() {
    let every = SinkOptions {
        video: Some(VideoOut { format: framewire::frame::Format::Rgb24, queue: 1_000 }),
        ..SinkOptions::default()
    };
    let studio = studio_with(ServerOptions::default(), every);
    let mut client = studio.open();
    let slow = video(&plain(1_200, 900, [1, 2, 3]));
    for _ in 0..20 {
        client.message(&slow);
    }
    client.message(&video(PNG));
    let mut taken = 1;
    while studio.sink.next_video(Some(PATIENCE)).expect("the newest comes").frame.width != 48 {
        taken += 1;
    }
    let stats = studio.sink.stats(Kind::Video).expect("it takes pictures");
    assert_eq!((stats.track.packets, stats.decoder.decoded), (21, taken));
    assert_eq!(stats.track.frames, taken);
    assert_eq!(stats.track.frames + stats.track.dropped_queue_full, 21, "in = decoded + skipped");
    assert!(taken < 21, "it could not keep up");
}

#[test]
fn the_address_says_what_the_sound_is_like() {
    let studio = studio(ServerOptions::default());
    let mut client =
        Client::open(studio.address(), "/ws/cam?rate=16000&channels=1", "").expect("it is let in");
    // A second of mono: three times as many samples of two channels come out.
    client.message(&[b"a", &[0x10; 32_000][..]].concat());
    let (mut frames, mut next) = (0, 0);
    while frames < 45_000 {
        let sound = studio.sink.next_audio(Some(PATIENCE)).expect("sound");
        assert_eq!((sound.channels, sound.timestamp), (2, next));
        frames += sound.frames();
        next += sound.frames() as u64;
    }
}

#[test]
fn for_a_name_that_nobody_registered_the_program_decides() {
    let studio =
        studio(ServerOptions { publish_requests: true, publish_timeout: PATIENCE, ..Default::default() });
    let other = sink(SinkOptions::default());
    std::thread::scope(|scope| {
        let ask = |headers: &'static str| {
            let address = studio.address();
            scope.spawn(move || Client::open(address, "/ws/new", headers))
        };
        let asks = ask("Sec-WebSocket-Protocol: framewire, bearer.who\r\n");
        let request = studio.told(EventKind::PublishRequest);
        assert_eq!((request.stream.as_deref(), &*request.text), (Some("new"), "who"));
        studio.server.refuse(request.value as u64, "not you").expect("it waits");
        let head = asks.join().expect("no panic").err().expect("it is not let in");
        assert!(head.starts_with("HTTP/1.1 403 "), "{head}");
        let asks = ask("");
        studio.server.accept(studio.told(EventKind::PublishRequest).value as u64, &other).expect("it waits");
        let mut client = asks.join().expect("no panic").expect("it is let in");
        client.message(&video(PNG));
        other.next_video(Some(PATIENCE)).expect("it is what the program chose");
    });
}

#[test]
fn another_client_of_another_making_sends_five_hundred_messages() {
    let studio = studio(ServerOptions::default());
    let (mut socket, _) =
        tungstenite::connect(format!("ws://{}/ws/cam", studio.address())).expect("it is let in");
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0..500_u32 {
                let samples = n.to_le_bytes().repeat(48);
                socket.send([b"a", &samples[..]].concat().into()).expect("it is open");
            }
            socket.close(None).expect("it is open");
            while socket.read().is_ok() {}
        });
        for n in 0..500_u32 {
            let Pcm::S16(samples) = studio.sink.next_audio(Some(PATIENCE)).expect("sound").samples else {
                panic!("16 bits were asked for")
            };
            let first = u32::from(samples[0] as u16) | u32::from(samples[1] as u16) << 16;
            assert_eq!((first, samples.len()), (n, 96));
        }
    });
    studio.sink.next_audio(Some(PATIENCE)).expect_err("it has said goodbye");
}
