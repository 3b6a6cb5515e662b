//! What one who watches receives: packets as the standards have them, pictures that decode to what
//! was pushed, sound, and reports that tie the two to one clock.

mod common;

use common::air::{Air, HEIGHT, Viewer, WIDTH};
use common::card::Strip;
use common::rtcp::Report;
use common::rtp::Packet;
use common::vp8::{Depacketizer, Descriptor, Frame};
use common::vpx;
use common::watcher::{Arrival, PATIENCE, Section};
use framewire::time::Time;
use std::time::{Duration, Instant};

/// Everything that came in a few seconds.
#[derive(Default)]
struct Take {
    video: Vec<Packet>,
    audio: Vec<Packet>,
    reports: Vec<(Instant, usize, Report)>,
}

/// Watches until there are so many pictures and packets of sound.
fn take(air: &mut Air, viewer: &mut Viewer, pictures: usize, sounds: usize) -> Take {
    let mut take = Take::default();
    let until = Instant::now() + PATIENCE;
    let mut seen = 0;
    let enough = air.watch(&mut viewer.watcher, until, |_, arrival| {
        match arrival {
            Arrival::Rtp { section: 0, packet } => {
                seen += usize::from(packet.marker);
                take.video.push(packet);
            }
            Arrival::Rtp { packet, .. } => take.audio.push(packet),
            Arrival::Rtcp { section, at, reports } => {
                take.reports.extend(reports.into_iter().map(|r| (at, section, r)));
            }
            Arrival::State(..) => {}
        }
        seen >= pictures && take.audio.len() >= sounds
    });
    assert!(enough, "{seen} pictures and {} packets of sound in {PATIENCE:?}", take.audio.len());
    assert_eq!(viewer.watcher.malformed, 0);
    take
}

fn frames(packets: &[Packet]) -> Vec<Frame> {
    let mut depacketizer = Depacketizer::default();
    let frames = packets.iter().filter_map(|packet| depacketizer.push(packet)).collect();
    assert_eq!(depacketizer.torn, 0);
    frames
}

/// Each frame's strip; panics at the first frame that does not decode to one.
fn strips(frames: &[Frame]) -> Vec<Strip> {
    let mut decoder = vpx::Decoder::new();
    let strips = frames.iter().map(|frame| {
        let luma = decoder.decode(&frame.data).expect("a frame that decodes");
        assert_eq!((luma.width, luma.height), (WIDTH, HEIGHT));
        luma.strip().expect("a strip that reads")
    });
    strips.collect()
}

#[test]
fn packets_are_as_the_standards_have_them() {
    let mut air = Air::new(30);
    let mut viewer = Viewer::join(&air.source);
    let take = take(&mut air, &mut viewer, 90, 150);
    let (video, audio) = (&take.video, &take.audio);

    let wanted = [(Section::video(), video), (Section::audio(), audio)];
    for (section, packets) in wanted {
        for pair in packets.windows(2) {
            assert_eq!(pair[1].sequence, pair[0].sequence.wrapping_add(1));
            assert_eq!(pair[1].ssrc, pair[0].ssrc);
        }
        for packet in packets {
            assert_eq!(packet.payload_type, section.payload_type);
            assert!(packet.len <= 1_200, "{} bytes", packet.len);
            for (id, value) in &packet.extensions {
                assert!(section.extensions.iter().any(|(offered, _)| offered == id), "{id}");
                assert!(*id != 3 || value == section.mid.as_bytes(), "{value:?}");
                assert!(!matches!(id, 7 | 11) || value.len() == 3, "{value:?}");
            }
        }
    }
    assert!(video[0].extension(11).is_some(), "a playout delay with the first keyframe");
    assert_ne!(video[0].ssrc, audio[0].ssrc);

    let mut picture = None;
    for (n, packet) in video.iter().enumerate() {
        let descriptor = Descriptor::parse(&packet.payload).expect("a payload descriptor");
        let first = n == 0 || video[n - 1].marker;
        assert_eq!(descriptor.start, first, "S on a frame's first packet alone");
        assert!(descriptor.partition == 0 && descriptor.long_picture);
        if let Some(follower) = video.get(n + 1) {
            let same = follower.timestamp == packet.timestamp;
            assert_eq!(same, !packet.marker, "one timestamp a frame, a marker at its end");
        }
        let previous = picture.replace(descriptor.picture.expect("a picture id"));
        let step = previous.map(|p| descriptor.picture.expect("seen").wrapping_sub(p) & 0x7fff);
        assert!(step.is_none_or(|step| step == u16::from(first)), "{step:?}");
    }
    for pair in audio.windows(2) {
        let step = pair[1].timestamp.wrapping_sub(pair[0].timestamp);
        // A machine that was away for longer than may wait tears a hole, and says so.
        let torn = air.source.stats().audio_dropped_us > 0;
        assert!(step == 960 || torn, "{step} instead of 20 ms of 48 kHz");
    }

    let frames = frames(video);
    assert!(frames[0].keyframe, "nothing before a keyframe");
    let strips = strips(&frames);
    for (pair, stamps) in strips.windows(2).zip(frames.windows(2)) {
        assert!(pair[1].number > pair[0].number);
        let millis = f64::from(pair[1].millis.wrapping_sub(pair[0].millis));
        let ticks = f64::from(stamps[1].timestamp.wrapping_sub(stamps[0].timestamp));
        assert!((ticks / 90.0 - millis).abs() <= 1.0, "{ticks} ticks for {millis} ms of capture");
    }
}

#[test]
fn a_timestamp_names_a_picture_to_every_viewer_and_to_the_program() {
    let mut air = Air::with(30, 1_000_000, false);
    let mut viewers = [Viewer::join(&air.source), Viewer::join(&air.source)];
    let mut packets: [Vec<Packet>; 2] = Default::default();
    let until = Instant::now() + PATIENCE;
    let both = |packets: &[Vec<Packet>; 2]| {
        let second: Vec<u32> = packets[1].iter().map(|packet| packet.timestamp).collect();
        packets[0].iter().filter(|packet| packet.marker && second.contains(&packet.timestamp)).count()
    };
    while both(&packets) < 30 && Instant::now() < until {
        for (viewer, packets) in viewers.iter_mut().zip(&mut packets) {
            air.watch(&mut viewer.watcher, until, |_, arrival| {
                if let Arrival::Rtp { packet, .. } = arrival {
                    packets.push(packet);
                }
                packets.last().is_some_and(|packet| packet.marker)
            });
        }
    }
    let seen = packets.map(|packets| {
        let frames = frames(&packets);
        let stamps = frames.iter().map(|frame| frame.timestamp);
        strips(&frames).into_iter().zip(stamps).collect::<Vec<_>>()
    });
    let told = |strip: &Strip, timestamp: u32| {
        // The strip has whole milliseconds.
        let told = air.source.rtp_timestamp(Time(u64::from(strip.millis) * 1_000)).expect("it has pictures");
        timestamp.wrapping_sub(told) <= 90
    };
    let [first, second] = seen.map(|mut seen| {
        let all = seen.len();
        seen.retain(|(strip, timestamp)| told(strip, *timestamp));
        // One that is sent again for who joins has another.
        assert!(seen.len() + 3 >= all, "{} of {all}", seen.len());
        seen
    });
    let alike = first.iter().filter(|one| second.contains(one)).count();
    assert!(alike >= 25, "{alike} pictures were the same to both");
}

#[test]
fn reports_tie_picture_and_sound_to_one_clock() {
    tied(Duration::ZERO);
}

/// A face is swapped, say, and the voice is not.
#[test]
fn reports_tie_a_picture_that_took_long_to_the_sound_of_its_moment() {
    tied(Duration::from_millis(150));
}

/// Sound and picture of one moment lie at one moment of the wall clock, on which the reports place them.
fn tied(work: Duration) {
    let mut air = Air::new(30);
    air.work = work;
    let mut viewer = Viewer::join(&air.source);
    viewer.watcher.connected();
    // The tone begins in the middle of what is taken.
    air.tone_from = framewire::time::clock::now() + Duration::from_millis(2_000);
    let take = take(&mut air, &mut viewer, 90, 200);

    let senders = |section: usize| -> Vec<(Instant, u64, u32)> {
        let of = take.reports.iter().filter(|(_, s, _)| *s == section);
        let ssrc = [&take.video, &take.audio][section][0].ssrc;
        of.filter_map(|(at, _, report)| match report {
            Report::Sender { ssrc: from, ntp, rtp, .. } if *from == ssrc => Some((*at, *ntp, *rtp)),
            _ => None,
        })
        .collect()
    };
    for section in [0, 1] {
        let senders = senders(section);
        assert!(senders.len() >= 3, "{} reports in four seconds", senders.len());
        for pair in senders.windows(2) {
            let gap = pair[1].0 - pair[0].0;
            assert!((700..1_600).contains(&gap.as_millis()), "{gap:?} between reports");
        }
    }
    let mut names = take.reports.iter().filter_map(|(_, _, report)| match report {
        Report::Cname { name, .. } => Some(name),
        _ => None,
    });
    let name = names.next().expect("a CNAME");
    assert!(!name.is_empty() && names.all(|other| other == name), "one CNAME for both");

    // Where on the wall clock a timestamp lies, in milliseconds after some moment of its own.
    let wall = |section: usize, rtp: u32, rate: f64| {
        let (_, ntp, at) = *senders(section).last().expect("a report");
        let seconds = (ntp >> 32) as f64 + (ntp as u32 as f64) / 2f64.powi(32);
        seconds * 1_000.0 + f64::from(rtp.wrapping_sub(at) as i32) * 1_000.0 / rate
    };
    let frames = frames(&take.video);
    let strips = strips(&frames);
    let (strip, frame) = (strips.last().expect("a frame"), frames.last().expect("a frame"));
    let tone = (air.tone_from.0 / 1_000) as u32;
    let picture_of_tone = wall(0, frame.timestamp, 90_000.0) - f64::from(strip.millis.wrapping_sub(tone));

    let mut decoder = opus::Decoder::new(48_000, opus::Channels::Mono).expect("a decoder");
    let mut pcm = [0i16; 960];
    let onset = take.audio.iter().find_map(|packet| {
        let len = decoder.decode(&packet.payload, &mut pcm, false).expect("sound that decodes");
        assert_eq!(len, 960);
        let loud = pcm.iter().position(|sample| sample.unsigned_abs() > 2_000)?;
        Some(wall(1, packet.timestamp.wrapping_add(loud as u32), 48_000.0))
    });
    let apart = onset.expect("the tone") - picture_of_tone;
    // Opus looks ahead by 6.5 ms, and the strip counts whole milliseconds.
    assert!((-2.0..15.0).contains(&apart), "sound is {apart} ms behind the picture");
}

#[test]
fn a_late_joiner_sees_a_picture_at_once_even_if_none_is_pushed() {
    let mut air = Air::with(30, 1_000_000, false);
    let mut first = Viewer::join(&air.source);
    let mut depacketizer = Depacketizer::default();
    let seen = air.watch(&mut first.watcher, Instant::now() + PATIENCE, |_, arrival| {
        matches!(arrival, Arrival::Rtp { packet, .. }
            if depacketizer.push(&packet).is_some_and(|f| f.picture.is_some()))
    });
    assert!(seen, "the first viewer sees it");

    let mut late = Viewer::join(&air.source);
    let connected = late.watcher.connected();
    let (mut depacketizer, deadline) = (Depacketizer::default(), Instant::now() + PATIENCE);
    let frame = loop {
        let Some(arrival) = late.watcher.next(deadline) else { panic!("no picture") };
        let Arrival::Rtp { packet, .. } = arrival else { continue };
        if let Some(frame) = depacketizer.push(&packet) {
            break frame;
        }
    };
    let waited = connected.elapsed();
    assert!(frame.keyframe && waited < Duration::from_secs(1), "{waited:?}");
    assert_eq!(strips(&[frame])[0].number, air.number - 1, "the last picture");
}

#[test]
fn each_section_of_one_peer_carries_the_source_it_was_given() {
    let mut airs = [Air::with(15, 500_000, false), Air::with(15, 500_000, false)];
    airs[1].number = 1 << 20;
    let sections = ["left", "right"].map(|mid| Section { mid, ..Section::video() });
    let mut viewer = Viewer::alone();
    // Not in the offer's order: the mid says which.
    viewer.peer.send(Some("right"), &airs[1].source).expect("before the offer");
    viewer.peer.send(None, &airs[0].source).expect("before the offer");
    viewer.negotiate(&sections, None);

    let mut frames = [const { Vec::new() }; 2];
    let mut depacketizers = [Depacketizer::default(), Depacketizer::default()];
    let deadline = Instant::now() + PATIENCE;
    while frames.iter().any(|f: &Vec<Frame>| f.len() < 10) {
        assert!(Instant::now() < deadline, "ten frames in each section");
        let due = airs.each_mut().map(|air| air.tick()).into_iter().min().expect("two");
        let Some(Arrival::Rtp { section, packet }) = viewer.watcher.next(due) else { continue };
        let mid = packet.extension(3);
        assert!(mid.is_none_or(|mid| mid == sections[section].mid.as_bytes()), "{mid:?}");
        frames[section].extend(depacketizers[section].push(&packet));
    }
    assert!(strips(&frames[0]).iter().all(|strip| strip.number < 1 << 20));
    assert!(strips(&frames[1]).iter().all(|strip| strip.number >= 1 << 20));
    assert_eq!((airs[0].source.stats().viewers, airs[1].source.stats().viewers), (1, 1));
}
