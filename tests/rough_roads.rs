//! A publisher on a bad road, through real sockets: what comes out is what was pushed, and what was lost on
//! the way is healed, or counted.

mod common;

use common::camera::{Camera, LOUDNESS};
use common::card::{self, Strip};
use common::relay::{Relay, Weather};
use common::watcher::PATIENCE;
use framewire::frame::Format;
use framewire::media::Kind;
use framewire::peer::{Peer, PeerOptions};
use framewire::sink::{AudioOut, Pcm, Picture, SampleFormat, Sink, SinkOptions, SinkStats, VideoOut};
use std::net::UdpSocket;
use std::time::Duration;

/// A publisher, a road, and who takes what comes over it.
struct Road {
    camera: Camera,
    relay: Relay,
    sink: Sink,
    _peers: [Peer; 2],
}

impl Road {
    fn new(seed: u64, weather: Weather) -> Road {
        let (camera, peers) = (Camera::new(), [peer(), peer()]);
        let sink = Sink::new(SinkOptions {
            video: Some(VideoOut { format: Format::I420, queue: 1_000 }),
            audio: Some(AudioOut { format: SampleFormat::S16, channels: 1, queue: Duration::from_secs(60) }),
            ..SinkOptions::default()
        });
        let sink = sink.expect("a sink");
        peers[0].send(None, &camera.source).expect("before the offer");
        peers[1].receive(None, &sink).expect("before the offer");
        let offer = peers[0].offer(PATIENCE).expect("an offer");
        let answer = peers[1].answer(&offer, PATIENCE).expect("an answer");
        let (relay, answer) = Relay::between(&answer, seed);
        relay.weather(weather);
        peers[0].accept(&answer, PATIENCE).expect("it is accepted");
        Road { camera, relay, sink, _peers: peers }
    }

    /// The next picture, which must be as it was pushed.
    fn picture(&self) -> Strip {
        let picture = self.sink.next_video(Some(PATIENCE)).expect("a picture");
        clean(&picture)
    }

    /// Takes pictures for as long as `pushed` are pushed. How many of those that left did not come.
    fn missing_of(&self, pushed: u32) -> u32 {
        let first = self.picture().number;
        let strips = self.pictures_until(first + pushed);
        let came = strips.iter().filter(|strip| strip.number <= first + pushed).count() as u32;
        // On a busy machine the encoder leaves some out.
        let source = self.camera.source.stats();
        let left_out = source.video_evicted + source.video_skipped + source.video_rate_dropped;
        (pushed - came).saturating_sub(left_out as u32)
    }

    /// Takes so many seconds of sound, which must be without a gap.
    fn sounds(&self, seconds: u64) -> Vec<i16> {
        let (mut samples, mut next) = (Vec::new(), None);
        while samples.len() < seconds as usize * 48_000 {
            let sound = self.sink.next_audio(Some(PATIENCE)).expect("sound");
            assert_eq!(sound.timestamp, next.unwrap_or(sound.timestamp));
            next = Some(sound.timestamp + sound.frames() as u64);
            let Pcm::S16(pcm) = &sound.samples else { panic!("asked for as 16-bit") };
            samples.extend_from_slice(pcm);
        }
        samples
    }

    /// Takes pictures until that one.
    fn pictures_until(&self, last: u32) -> Vec<Strip> {
        let mut strips = vec![self.picture()];
        while strips[strips.len() - 1].number < last {
            strips.push(self.picture());
        }
        assert!(strips.is_sorted_by(|a, b| a.number < b.number), "{strips:?}");
        strips
    }
}

/// One with a port of its own, and no way around the road.
fn peer() -> Peer {
    let port = UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
    let options = PeerOptions {
        media_address: Some([127, 0, 0, 1].into()),
        media_port: Some(port.expect("a free port").port()),
        ..PeerOptions::default()
    };
    Peer::new(options).expect("a peer")
}

fn clean(picture: &Picture) -> Strip {
    let view = picture.frame.view();
    let (luma, stride) = (view.planes[0], view.strides[0]);
    let (width, height) = (view.width as usize, view.height as usize);
    let strip = card::read(luma, stride, width, height).expect("a strip that reads");
    let off = card::worst_square(strip.number, luma, stride, width, height);
    assert!(off < 5.0, "a square of picture {} is {off} off", strip.number);
    strip
}

#[test]
fn five_percent_are_healed_and_what_is_not_is_counted() {
    let delay = Duration::from_millis(25);
    let road = Road::new(1, Weather { loss: 0.05, delay, ..Weather::default() });
    let missing = road.missing_of(400);
    let SinkStats { track, decoder, .. } = road.sink.stats(Kind::Video).expect("it takes pictures");
    println!("{missing} of 400 pictures are missing, {track:?}");
    assert!(missing < 20, "{missing} of 400 pictures are missing, {track:?}");
    assert!(track.recovered > 10 && track.rtx_packets >= track.recovered, "{track:?}");
    assert!(track.nacks_sent > 0 && track.packets_nacked >= track.recovered, "{track:?}");
    assert_eq!((track.malformed, track.unknown, decoder.errors), (0, 0, 0));
    assert!(road.relay.counts().1 > 30, "the road is bad: {:?}", road.relay.counts());

    let sound = road.sounds(8);
    let rms = (sound.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / sound.len() as f64).sqrt();
    let wanted = LOUDNESS / 2f64.sqrt();
    assert!((wanted * 0.9..wanted * 1.1).contains(&rms), "{rms} is the loudness of the tone");
    let SinkStats { track, decoder, .. } = road.sink.stats(Kind::Audio).expect("it takes sound");
    // One in twenty of 400, as far as one can see: a repeat that comes sooner than was thought looks late.
    let rebuilt = (decoder.recovered_samples + decoder.concealed_samples) / 960;
    let healed = track.recovered + track.reordered + rebuilt;
    assert!(healed > 8, "{track:?} {decoder:?}");
}

#[test]
fn disorder_costs_no_picture() {
    // What comes twice gets as far as SRTP, which takes no packet again.
    let (delay, spread) = (Duration::from_millis(10), Duration::from_millis(60));
    let road = Road::new(2, Weather { repeated: 0.1, delay, spread, ..Weather::default() });
    // Until it knows the road: what the very first packet overtook is lost, for one.
    road.pictures_until(road.picture().number + 50);
    let before = road.sink.stats(Kind::Video).expect("it takes pictures").track;
    let missing = road.missing_of(250);
    let SinkStats { track, decoder, .. } = road.sink.stats(Kind::Video).expect("it takes pictures");
    println!("{missing} of 250 pictures are missing, {track:?}");
    let lost = [track.lost - before.lost, track.gaps - before.gaps, track.freezes - before.freezes];
    assert_eq!((missing, lost), (0, [0; 3]), "{track:?}");
    assert_eq!((track.malformed, track.unknown, decoder.errors), (0, 0, 0), "{track:?}");
    assert!(track.reordered > 20, "the road is bad: {track:?}");
}

#[test]
fn a_freeze_ends_with_the_outage() {
    let road = Road::new(3, Weather { delay: Duration::from_millis(10), ..Weather::default() });
    let begun = road.picture().number;
    road.pictures_until(begun + 50);
    road.relay.silence(true);
    road.camera.pushes(75);
    road.relay.silence(false);
    let over = road.camera.pushes(0);
    let strips = road.pictures_until(over + 100);
    let fresh = strips.iter().find(|strip| strip.number >= over).expect("there are some").number;
    let track = road.sink.stats(Kind::Video).expect("it takes pictures").track;
    println!("fresh {} after {over} {track:?}", fresh - over);
    // A round trip, and half a second in which there may be no other keyframe.
    assert!(fresh - over < 40, "{fresh} is the first after {over}: {track:?}");
    assert!(strips.iter().filter(|strip| strip.number > fresh).count() > 50, "it goes on");
    assert!(track.lost + track.recovered > 20, "the road was silent: {track:?}");
}
