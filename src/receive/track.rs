//! One incoming track: its packets in order, its media to the decoder, its requests to the sender.

mod settle;

use super::assemble::begins_keyframe;
use super::clock::{Capture, Skew};
use super::hand::Hand;
use super::keyframe::Keyframes;
use super::order::{Item, Order, Piece, Taken};
use super::picture::Pictures;
use super::reception::{Interval, Reception};
use super::sequence::{Place, Sequence, Timestamps};
use super::sound::Sounds;
use super::stats::{add, set};
use super::{DecoderNews, Out, TrackConfig, TrackState};
use crate::media::Kind;
use crate::rtp::feedback::{Block, Writer};
use crate::rtp::parse::Packet;
use crate::rtp::rtcp::SenderInfo;
use crate::time::Time;
use std::time::Duration;

/// A stream that was silent for so long may be followed by one with another SSRC. Two that send at
/// once are layers of one picture, of which the first that came is taken.
const SILENCE: Duration = Duration::from_secs(1);
/// What comes so soon after a goodbye was under way when it was said. It is as long as the longest wait
/// for a packet, and the most often that a track can begin anew.
const STRAGGLERS: Duration = Duration::from_millis(200);

/// What all tracks of a peer share.
pub(super) struct Context<'a> {
    pub skew: &'a Skew,
    pub writer: &'a mut Writer,
    pub out: &'a mut dyn Out,
}

#[derive(Debug)]
pub(super) struct Track {
    pub config: TrackConfig,
    index: usize,
    started: Time,
    state: TrackState,
    /// When its sender said goodbye, until it begins anew.
    left: Option<Time>,
    /// Nobody wants it any more.
    stopped: bool,
    media: Media,
    stream: Option<Stream>,
    capture: Capture,
    keyframes: Keyframes,
    /// Bytes received at the last report, and when that was.
    reported: (u64, Time),
    bytes: u64,
    /// What is being asked for.
    numbers: Vec<u16>,
}

#[derive(Debug)]
enum Media {
    Picture(Pictures),
    Sound(Sounds),
}

/// What is known of the SSRC that sends.
#[derive(Debug)]
struct Stream {
    ssrc: u32,
    sequence: Sequence,
    order: Order,
    reception: Reception,
    timestamps: Timestamps,
    last: Time,
}

impl Track {
    pub(super) fn new(config: TrackConfig, index: usize, now: Time) -> Track {
        Track {
            index,
            started: now,
            state: TrackState::Waiting,
            left: None,
            stopped: false,
            media: match config.kind {
                Kind::Video => Media::Picture(Pictures::new()),
                Kind::Audio => Media::Sound(Sounds::default()),
            },
            stream: None,
            capture: Capture::new(config.kind.clock_rate()),
            keyframes: match config.kind {
                Kind::Video => Keyframes::new(config.pli, config.fir),
                Kind::Audio => Keyframes::new(false, false),
            },
            reported: (0, now),
            bytes: 0,
            numbers: Vec::new(),
            config,
        }
    }

    /// Takes a packet that was routed here, `length` bytes long.
    pub(super) fn rtp(&mut self, packet: &Packet<'_>, length: usize, arrived: Time, cx: &mut Context<'_>) {
        let counters = &self.config.counters;
        let straggles = self.left.is_some_and(|left| {
            arrived.since(left) < STRAGGLERS || packet.payload.is_empty() // padding begins nothing
        });
        if self.stopped || straggles {
            add(&counters.too_late, 1);
        } else if packet.payload_type == self.config.payload_type {
            self.media(packet, length, arrived, cx);
        } else if Some(packet.payload_type) == self.config.rtx {
            self.resent(packet, arrived, cx);
        } else {
            add(&counters.unknown, 1);
        }
    }

    /// What its sender says of the stream.
    pub(super) fn sender_report(&mut self, ssrc: u32, info: &SenderInfo, now: Time) {
        if let Some(stream) = self.stream.as_mut().filter(|stream| stream.ssrc == ssrc) {
            stream.reception.sender_report(info.ntp, now);
            self.capture.report(info);
        }
    }

    /// Its sender leaves. Browsers say so of a track that they only pause (RFC 3550 section 6.3.7 lets who
    /// left come back): packets after it begin it anew.
    pub(super) fn bye(&mut self, ssrc: u32, now: Time, cx: &mut Context<'_>) {
        let announced = self.stream.is_none() && self.config.ssrcs.contains(&ssrc);
        if self.stopped || self.left.is_some() || (self.ssrc() != Some(ssrc) && !announced) {
            return;
        }
        self.run(cx, |order, deliver| order.flush(deliver));
        self.left = Some(now);
        self.rest();
        self.turn(TrackState::Ended, "the publisher said goodbye", cx);
    }

    /// Takes nothing more, and asks for nothing.
    pub(super) fn stop(&mut self) {
        self.stopped = true;
        self.rest();
    }

    fn rest(&mut self) {
        self.keyframes.done();
        self.stream = None;
        self.waits(None);
    }

    /// What the decoder says.
    pub(super) fn decoder(&mut self, news: DecoderNews, now: Time, cx: &mut Context<'_>) {
        let Media::Picture(pictures) = &mut self.media else { return };
        match news {
            DecoderNews::Keyframe => {
                if pictures.decoded() && self.stream.is_some() {
                    self.keyframes.done();
                    self.waits(None);
                    self.live(now, "a keyframe was decoded", cx);
                }
            }
            DecoderNews::Damaged => {
                pictures.damaged();
                self.settle(now, "a frame did not decode", cx);
            }
        }
    }

    /// A keyframe is wanted.
    pub(super) fn refresh(&mut self, now: Time, cx: &mut Context<'_>) {
        // Before the first packet there is nobody to ask; then it is asked for in any case.
        if self.stream.is_some() {
            self.keyframes.want(now);
            self.speak(now, cx);
        }
    }

    /// Does what is due.
    pub(super) fn tick(&mut self, now: Time, cx: &mut Context<'_>) {
        self.run(cx, |order, deliver| order.tick(now, deliver));
        self.settle(now, "a frame is missing", cx);
    }

    pub(super) fn deadline(&self) -> Option<Time> {
        let stream = self.stream.as_ref()?;
        stream.order.missing.deadline().into_iter().chain(self.keyframes.deadline()).min()
    }

    /// The SSRC that sends.
    pub(super) fn ssrc(&self) -> Option<u32> {
        self.stream.as_ref().map(|stream| stream.ssrc)
    }

    /// What a report that leaves now says of it: the block, loss since the last, bits a second.
    pub(super) fn report(&mut self, now: Time) -> Option<(Block, Interval, u64)> {
        let stream = self.stream.as_mut()?;
        let (block, interval) = stream.reception.block(stream.ssrc, now);
        let micros = now.since(self.reported.1).as_micros().max(1) as u64;
        let bitrate = (self.bytes - self.reported.0) * 8_000_000 / micros;
        self.reported = (self.bytes, now);
        let counters = &self.config.counters;
        set(&counters.bitrate, bitrate);
        set(&counters.jitter_us, stream.reception.jitter().as_micros() as u64);
        set(&counters.window_us, stream.order.missing.window().as_micros() as u64);
        Some((block, interval, bitrate))
    }

    fn media(&mut self, packet: &Packet<'_>, length: usize, arrived: Time, cx: &mut Context<'_>) {
        self.bytes += length as u64;
        add(&self.config.counters.packets, 1);
        add(&self.config.counters.bytes, length as u64);
        let number = match &mut self.stream {
            None => self.start(packet, arrived, cx),
            Some(stream) if stream.ssrc == packet.ssrc => match stream.sequence.place(packet.sequence) {
                Place::At(number) => number,
                Place::Anew => self.start(packet, arrived, cx),
                Place::Far => return add(&self.config.counters.too_late, 1),
            },
            Some(stream) if arrived.since(stream.last) < SILENCE => {
                return add(&self.config.counters.unknown, 1);
            }
            Some(_) => self.start(packet, arrived, cx),
        };
        if let Some(stream) = &mut self.stream {
            stream.last = arrived;
            stream.reception.packet(number, packet.timestamp, arrived);
            stream.order.missing.jitter(stream.reception.jitter());
        }
        let taken = self.take(packet, packet.payload, number, false, arrived, cx);
        let counters = &self.config.counters;
        match taken {
            Taken::New => {}
            Taken::Reordered => add(&counters.reordered, 1),
            Taken::Recovered => add(&counters.recovered, 1),
            Taken::Duplicate => add(&counters.duplicates, 1),
            Taken::TooLate => add(&counters.too_late, 1),
        }
    }

    /// A packet that was sent again on an SSRC of its own: RFC 4588 section 4.
    fn resent(&mut self, packet: &Packet<'_>, arrived: Time, cx: &mut Context<'_>) {
        let counters = &self.config.counters;
        add(&counters.rtx_packets, 1);
        let Some((original, payload)) = packet.payload.split_first_chunk() else {
            // Nothing at all is padding, by which browsers try what the path can carry.
            return add(&counters.malformed, (!packet.payload.is_empty()).into());
        };
        let mut pairs = self.config.rtx_ssrcs.iter();
        let of = pairs.find(|(_, rtx)| *rtx == packet.ssrc).map(|(ssrc, _)| *ssrc);
        let stream = self.stream.as_ref().filter(|stream| of.is_none_or(|ssrc| ssrc == stream.ssrc));
        let Some(number) = stream.and_then(|s| s.sequence.near(u16::from_be_bytes(*original))) else {
            return add(&counters.too_late, 1);
        };
        let taken = self.take(packet, payload, number, true, arrived, cx);
        let counters = &self.config.counters;
        match taken {
            Taken::New | Taken::Reordered | Taken::Recovered => add(&counters.recovered, 1),
            // Browsers also pad with packets that were not missing.
            Taken::Duplicate => {}
            Taken::TooLate => add(&counters.too_late, 1),
        }
    }

    /// Begins with this packet, whatever was before.
    fn start(&mut self, packet: &Packet<'_>, arrived: Time, cx: &mut Context<'_>) -> u64 {
        self.run(cx, |order, deliver| order.flush(deliver));
        let mut sequence = Sequence::new(packet.sequence);
        let Place::At(first) = sequence.place(packet.sequence) else { unreachable!("it is its own place") };
        let rate = self.config.kind.clock_rate();
        self.stream = Some(Stream {
            ssrc: packet.ssrc,
            sequence,
            order: Order::new(first, self.config.nack),
            reception: Reception::new(rate, first),
            timestamps: Timestamps::default(),
            last: arrived,
        });
        self.capture.restart();
        if self.left.take().is_some() {
            self.reported = (self.bytes, arrived);
            self.turn(TrackState::Waiting, "packets come again", cx);
        }
        match &mut self.media {
            Media::Picture(pictures) => {
                pictures.restart();
                self.keyframes.want(arrived);
            }
            Media::Sound(sounds) => sounds.restart(),
        }
        first
    }

    fn take(
        &mut self,
        packet: &Packet<'_>,
        payload: &[u8],
        number: u64,
        resent: bool,
        arrived: Time,
        cx: &mut Context<'_>,
    ) -> Taken {
        let Packet { marker, timestamp, .. } = *packet;
        let piece = Piece { number, timestamp, marker, arrived, payload };
        let taken = self.run(cx, |order, deliver| order.push(piece, resent, arrived, deliver));
        if self.behind_a_gap() && begins_keyframe(payload) {
            // Nothing before it is of use any more.
            self.run(cx, |order, deliver| order.give_up_before(number, deliver));
        }
        self.settle(arrived, "a frame is missing", cx);
        taken.unwrap_or(Taken::TooLate)
    }

    /// Whether packets wait while only a keyframe is of use.
    fn behind_a_gap(&self) -> bool {
        matches!(&self.media, Media::Picture(pictures) if pictures.waiting)
            && self.stream.as_ref().is_some_and(|stream| stream.order.is_waiting())
    }

    /// Lets `work` move packets on.
    fn run<T>(
        &mut self,
        cx: &mut Context<'_>,
        work: impl FnOnce(&mut Order, &mut dyn FnMut(Item<'_>)) -> T,
    ) -> Option<T> {
        let Stream { order, timestamps, .. } = self.stream.as_mut()?;
        let mut hand = Hand {
            track: self.index,
            out: &mut *cx.out,
            counters: &self.config.counters,
            timestamps,
            capture: &mut self.capture,
            skew: cx.skew,
        };
        Some(match &mut self.media {
            Media::Picture(pictures) => work(order, &mut |item| pictures.item(item, &mut hand)),
            Media::Sound(sounds) => work(order, &mut |item| sounds.item(item, &mut hand)),
        })
    }
}
