//! Every offer in `tests/data` is answered as its browser can take it. The peers that connect with
//! these answers are tested elsewhere; here are the rules of the text.

use framewire::media::Kind;
use framewire::sdp::{Offer, Plan, Sending, Transport};
use std::collections::BTreeMap;

/// As libdatachannel 0.23.2 writes its local description.
const LOCAL: &str = "v=0\r\no=rtc 2890844526 0 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n\
    a=group:BUNDLE 0\r\na=msid-semantic:WMS *\r\na=ice-options:ice2,trickle\r\n\
    a=fingerprint:sha-256 12:33:14:1E:EB:8D:96:0E:B2:2A:16:5A:CC:5D:C5:10:31:97:F8:A5:65:E3:B4:A1:33:BF:9F:6F:CF:A6:15:AB\r\n\
    m=video 46872 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 192.168.1.7\r\na=mid:0\r\na=sendonly\r\na=rtcp-mux\r\n\
    a=setup:active\r\na=ice-ufrag:Qy7x\r\na=ice-pwd:LzWAfgnJzGpKjYVhRiFDXz\r\n\
    a=candidate:1 1 UDP 2122317823 192.168.1.7 46872 typ host\r\n\
    a=candidate:2 1 UDP 2122317567 fe80::1 46872 typ host\r\na=end-of-candidates\r\n";

fn data() -> BTreeMap<String, String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data");
    let offers: BTreeMap<_, _> = std::fs::read_dir(folder)
        .expect("tests/data is part of the repository")
        .map(|entry| entry.expect("a readable folder"))
        .map(|entry| {
            let text = std::fs::read_to_string(entry.path()).expect("UTF-8");
            (entry.file_name().into_string().expect("UTF-8"), text)
        })
        .collect();
    assert_eq!(offers.len(), 16);
    offers
}

fn sending(n: usize) -> Sending {
    Sending {
        ssrc: 0x1000 + n as u32,
        cname: "framewire".into(),
        stream: "stream".into(),
        track: format!("track{n}"),
    }
}

/// Takes all that can be taken.
fn take_all(offer: &Offer) -> Plan {
    let mut plan = offer.plan();
    for n in 0..offer.sections.len() {
        let _ = offer.take(&mut plan, n, sending(n));
    }
    plan
}

/// The lines of each section of a description, the session's first.
fn split(description: &str) -> Vec<Vec<&str>> {
    assert!(description.ends_with("\r\n"), "ends in CRLF");
    let mut sections = vec![Vec::new()];
    for line in description.trim_end_matches("\r\n").split("\r\n") {
        assert!(!line.contains(['\r', '\n']) && line.as_bytes()[1] == b'=', "not a line: {line:?}");
        if line.starts_with("m=") {
            sections.push(Vec::new());
        }
        sections.last_mut().expect("one from the start").push(line);
    }
    sections
}

#[test]
fn every_offer_of_a_browser_is_answered() {
    for (name, text) in data() {
        let offer = Offer::parse(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let plan = take_all(&offer);
        let wanted = if name.contains("whep") { vec![0, 1] } else { vec![] };
        assert_eq!(plan.taken().collect::<Vec<_>>(), wanted, "{name}");
        let Ok(transport) = offer.for_transport(&plan) else {
            assert!(wanted.is_empty(), "{name}");
            continue;
        };
        assert!(!transport.contains("candidate"), "{name}");
        let answer = offer.answer(&plan, &Transport::parse(LOCAL).expect("well formed"), &[]);
        check_answer(&name, &text, &answer);
    }
}

fn check_answer(name: &str, offer: &str, answer: &str) {
    let chrome = name.starts_with("chrome");
    let offer = offer.replace('\r', "").replace('\n', "\r\n");
    let (offer, answer) = (split(&offer), split(answer));
    assert_eq!(offer.len(), answer.len(), "{name}: as many sections");
    assert!(answer[0].contains(&"a=group:BUNDLE 0 1"), "{name}");
    assert!(answer[0].contains(&"a=ice-options:ice2 trickle"), "{name}");
    for (n, (theirs, ours)) in offer.iter().zip(&answer).enumerate().skip(1) {
        let has = |line: &str| ours.contains(&line);
        let words = |lines: &[&str]| lines[0].split(' ').map(str::to_owned).collect::<Vec<_>>();
        let (asked, said) = (words(theirs), words(ours));
        assert_eq!((&asked[0], &asked[2]), (&said[0], &said[2]), "{name}: same medium and profile");
        assert!(has(&format!("a=mid:{}", n - 1)), "{name}");
        assert_eq!(ours.iter().filter(|l| l.starts_with("c=")).count(), 1, "{name}");
        if asked[0] == "m=application" {
            assert_eq!((said[1].as_str(), said[3].as_str()), ("0", "webrtc-datachannel"), "{name}");
            continue;
        }
        let number = match (said[0].as_str(), chrome) {
            ("m=video", true) => "96",
            ("m=video", false) => "120",
            (_, true) => "111",
            (_, false) => "109",
        };
        assert_eq!(said[1..].join(" "), format!("46872 UDP/TLS/RTP/SAVPF {number}"), "{name}");
        for line in [
            "a=sendonly",
            "a=rtcp-mux",
            "a=rtcp-mux-only",
            "a=setup:active",
            "a=ice-ufrag:Qy7x",
            "a=ice-pwd:LzWAfgnJzGpKjYVhRiFDXz",
            "c=IN IP4 192.168.1.7",
        ] {
            assert!(has(line), "{name}: {line} is missing in {ours:#?}");
        }
        for prefix in ["a=msid:", "a=ssrc:", "a=fingerprint:sha-256 ", "a=rtpmap:"] {
            assert_eq!(ours.iter().filter(|l| l.starts_with(prefix)).count(), 1, "{name}: one {prefix}");
        }
        // Feedback as offered; extensions as offered, with the direction that answers theirs.
        for line in ours.iter().filter(|l| l.starts_with("a=rtcp-fb:") || l.starts_with("a=extmap:")) {
            assert!(theirs.contains(&line.replace("/sendonly", "/recvonly").as_str()), "{name}: {line}");
        }
        assert_eq!(has("a=end-of-candidates"), n == 1, "{name}: candidates stand in the first section");
        assert_eq!(ours.iter().filter(|l| l.starts_with("a=candidate:")).count(), if n == 1 { 2 } else { 0 });
    }
}

#[test]
fn numbers_come_from_the_offer() {
    let data = data();
    let chrome = Offer::parse(&data["chrome-whep.sdp"]).expect("well formed");
    let firefox = Offer::parse(&data["firefox-whep.sdp"]).expect("well formed");
    let look = |offer: &Offer, n: usize| {
        let codec = offer.sections[n].codec.as_ref().expect("offered");
        let ids = offer.sections[n].extensions;
        (codec.payload_type, codec.rtx, ids.mid, ids.abs_send_time, ids.playout_delay)
    };
    assert_eq!(chrome.sections[0].kind.media(), Some(Kind::Video));
    assert_eq!(look(&chrome, 0), (96, Some(97), Some(9), Some(2), Some(5)));
    assert_eq!(look(&chrome, 1), (111, None, Some(9), Some(2), None));
    assert_eq!(look(&firefox, 0), (120, Some(124), Some(3), Some(4), Some(6)));
    assert_eq!(look(&firefox, 1), (109, None, Some(3), None, None));
}
