//! Every offer in `tests/data` is answered as its browser can take it. The peers that connect with
//! these answers are tested elsewhere; here are the rules of the text.

use framewire::error::Status;
use framewire::media::Kind;
use framewire::sdp::{Candidate, Offer, Plan, Sending, Transport};
use std::collections::BTreeMap;

#[path = "../fuzz/harness/offer.rs"]
mod fuzzed;

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

/// A small offer: a section of each kind, as a browser would write it.
fn small() -> String {
    let transport = "c=IN IP4 0.0.0.0\r\na=ice-ufrag:JTJ0\r\na=ice-pwd:gUCjVmsRJz1p14SbWEvJXKZM\r\n\
        a=fingerprint:sha-256 12:33:14:1E:EB:8D:96:0E:B2:2A:16:5A:CC:5D:C5:10:31:97:F8:A5:65:E3:B4:A1:33:BF:9F:6F:CF:A6:15:AB\r\n\
        a=setup:actpass\r\na=recvonly\r\na=rtcp-mux\r\n";
    format!(
        "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE v a\r\n\
        m=video 9 UDP/TLS/RTP/SAVPF 100 101\r\n{transport}a=mid:v\r\n\
        a=rtpmap:100 VP8/90000\r\na=rtpmap:101 VP9/90000\r\na=rtcp-fb:100 nack\r\n\
        a=extmap:3 urn:ietf:params:rtp-hdrext:sdes:mid\r\n\
        m=audio 9 UDP/TLS/RTP/SAVPF 9 102\r\n{transport}a=mid:a\r\n\
        a=rtpmap:9 G722/8000\r\na=rtpmap:102 opus/48000/2\r\n"
    )
}

/// `text` with `from`, which must be in it, replaced by `to`.
fn edit(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from} is not in the text");
    text.replace(from, to)
}

/// The sentence that `offer` is turned down with.
fn fault(offer: &str) -> (Status, String) {
    let error = Offer::parse(offer).expect_err("a bad offer was taken");
    (error.status(), error.sentence().to_owned())
}

/// The sentence that section `n` of `offer` is refused with; the answer says port 0 there.
fn refusal(offer: &str, n: usize) -> String {
    let offer = Offer::parse(offer).expect("well formed");
    let mut plan = take_all(&offer);
    let answer = offer.answer(&plan, &Transport::parse(LOCAL).expect("well formed"), &[]);
    let (line, lines) = (split(&answer)[n + 1][0].to_owned(), split(&answer)[n + 1].len());
    assert!(line.contains(" 0 ") && lines <= 4, "refused, but answered {line:?}");
    offer.take(&mut plan, n, sending(n)).expect_err("taken").sentence().to_owned()
}

#[test]
fn line_ends_and_blanks_before_the_text_are_forgiven() {
    let answer = |text: &str| {
        let offer = Offer::parse(text).expect("forgiven");
        offer.answer(&take_all(&offer), &Transport::parse(LOCAL).expect("well formed"), &[])
    };
    let plain = answer(&small());
    assert_eq!(plain, answer(&small().replace("\r\n", "\n")));
    assert_eq!(plain, answer(&format!("\u{feff}\r\n \n{}", small())));
    assert_eq!(plain, answer(small().trim_end()));
}

#[test]
fn a_bad_offer_is_an_error_that_says_what_is_wrong() {
    let small = small();
    let fingerprint = "a=fingerprint:sha-256 12:33:14:1E:EB:8D:96:0E:B2:2A:16:5A:CC:5D:C5:10:31:97:F8:A5:65:E3:B4:A1:33:BF:9F:6F:CF:A6:15:AB\r\n";
    for (text, sentence) in [
        (String::new(), "the offer is empty"),
        ("\u{feff}\r\n \n".into(), "the offer is empty"),
        ("\u{1}\u{2}\0\u{7f}".into(), "line 1: \"Line contains NUL or CR\""),
        ("hello".into(), "line 1"),
        ("a=x\r\n".into(), "No version line"),
        ("v=1\r\n".into(), "Invalid version at line 1"),
        ("v=0\r\ns=-\r\n".into(), "the offer has no media section"),
        (edit(&small, "m=audio 9 UDP/TLS/RTP/SAVPF 9 102", "m=aud"), "Missing field Media port in line 19"),
        (format!("\r\n\r\n{}", edit(&small, "a=mid:v", "a")), "line 16"),
        (edit(&small, "m=video 9 ", "m=video 99999 "), "Media port"),
        (edit(&small, fingerprint, ""), "section 0 (video, mid v) of the offer has no a=fingerprint"),
        (edit(&small, ":15:AB", ":15"), "section 0 (video, mid v) of the offer has an a=fingerprint that is"),
        (edit(&small, "a=ice-ufrag:JTJ0\r\n", ""), "has no a=ice-ufrag"),
        (edit(&small, "a=ice-ufrag:JTJ0", "a=ice-ufrag:J"), "has an a=ice-ufrag that is not 4 to 256"),
        (edit(&small, "a=ice-pwd:gUCjVmsRJz1p14SbWEvJXKZM\r\n", ""), "has no a=ice-pwd"),
        (edit(&small, "actpass", "maybe"), "a=setup that is not actpass, active or passive"),
        (edit(&small, "a=mid:a", "a=mid:v"), "two sections of the offer have the mid v"),
        (edit(&small, "a=mid:a", "a=mid:a b"), "section 1 of the offer has a mid that is not a token"),
        (
            edit(&small, "100 VP8/90000", "100 VP"),
            "section 0 of the offer has an a=rtpmap that does not parse: \"100 VP\"",
        ),
    ] {
        let (status, said) = fault(&text);
        assert!(said.contains(sentence), "{said:?} does not say {sentence:?}");
        assert_eq!(status, Status::Malformed, "{said}");
    }
}

#[test]
fn an_offer_over_a_limit_is_turned_down() {
    let candidate = "a=candidate:1 1 udp 1 host.example 9 typ host\r\n";
    let section = "m=text 0 X 0\r\n";
    for (text, sentence) in [
        (
            format!("v=0\r\n{}", "a=x\r\n".repeat(210_000)),
            "the offer has 1050005 bytes; at most 131072 are read",
        ),
        (format!("{}{}", small(), section.repeat(15)), "the offer has 17 sections; at most 16"),
        (
            format!("{}{}", small(), candidate.repeat(500)),
            "section 1 of the offer has 500 candidates; at most 32",
        ),
    ] {
        assert_eq!(fault(&text), (Status::Limit, sentence.to_owned()));
    }
    let most = format!("{}{}{}", small(), candidate.repeat(32), section.repeat(14));
    let offer = Offer::parse(&most).expect("at every limit");
    assert!(offer.sections.iter().all(|s| s.candidates.is_empty()), "names are no candidates for us");
}

#[test]
fn what_cannot_be_sent_is_refused_with_its_reason() {
    let small = small();
    let section = |from: &str, to: &str| edit(&small, from, to);
    for (text, n, reason) in [
        (section("a=recvonly", "a=sendonly"), 0, "the offer does not receive in it (a=sendonly)"),
        (section("a=recvonly", "a=inactive"), 1, "the offer does not receive in it (a=inactive)"),
        (section("100 VP8", "100 H264"), 0, "it has no VP8/90000"),
        (section("VP8/90000", "VP8/8000"), 0, "it has no VP8/90000"),
        (section("opus/48000/2", "opus/48000"), 1, "it has no opus/48000/2"),
        (section("SAVPF 100 101", "SAVPF 101"), 0, "it has no VP8/90000"),
        (section("100", "72"), 0, "it has no VP8/90000"),
        (section("m=video 9", "m=video 0"), 0, "the offer itself rejects it (port 0)"),
        (section("a=rtcp-mux\r\n", ""), 0, "it has no a=rtcp-mux"),
        (section("a=mid:v\r\n", ""), 0, "it has no a=mid"),
        (
            section("m=video 9 UDP/TLS/RTP/SAVPF", "m=video 9 udp"),
            0,
            "its profile is \"udp\", not UDP/TLS/RTP/SAVPF",
        ),
        (section("m=audio", "m=text"), 1, "\"text\" is no medium of ours"),
        (section("m=audio", "m=application"), 1, "data channels are not taken"),
        (
            section("BUNDLE v a", "LS v a"),
            1,
            "it is not in one BUNDLE group with section 0 (video, mid v), and there is one transport",
        ),
    ] {
        let sentence = refusal(&text, n);
        assert!(sentence.ends_with(reason), "{sentence:?} does not say {reason:?}");
    }
}

#[test]
fn an_offer_of_which_nothing_is_taken_says_why_for_each_section() {
    let offer = Offer::parse(&data()["chrome-dc.sdp"]).expect("well formed");
    let error = offer.for_transport(&take_all(&offer)).expect_err("there is nothing to send in");
    assert_eq!(error.status(), Status::NotOffered);
    assert_eq!(
        error.sentence(),
        "nothing in this offer can be sent; section 0 (application, mid 0): data channels are not taken"
    );
    let offer = Offer::parse(&small()).expect("well formed");
    let error = offer.for_transport(&offer.plan()).expect_err("nothing was taken");
    assert!(error.sentence().ends_with("section 1 (audio, mid a): nothing is sent in it"), "{error}");
}

#[test]
fn codec_names_are_matched_in_any_case() {
    let text = edit(&edit(&small(), "VP8", "vp8"), "opus", "OPUS");
    let offer = Offer::parse(&text).expect("well formed");
    assert_eq!(take_all(&offer).taken().count(), 2);
}

#[test]
fn without_a_group_one_section_is_answered_and_no_group_is_claimed() {
    let offer = Offer::parse(&edit(&small(), "a=group:BUNDLE v a\r\n", "")).expect("well formed");
    let plan = take_all(&offer);
    let answer = offer.answer(&plan, &Transport::parse(LOCAL).expect("well formed"), &[]);
    assert!(!answer.contains("a=group"));
    assert_eq!(plan.taken().collect::<Vec<_>>(), [0]);
}

#[test]
fn a_bundle_only_section_shares_its_groups_transport() {
    let (first, second) =
        small().split_once("m=audio").map(|(a, b)| (a.to_owned(), b.to_owned())).expect("two");
    let second: String = second
        .split_inclusive("\r\n")
        .filter(|line| !["a=ice", "a=fin", "a=set"].iter().any(|prefix| line.starts_with(prefix)))
        .collect();
    let text = format!("{first}m=audio{}a=bundle-only\r\n", edit(&second, " 9 UDP", " 0 UDP"));
    let offer = Offer::parse(&text).expect("bundle-only is no rejection");
    let mut plan = offer.plan();
    offer.take(&mut plan, 1, sending(1)).expect("can be taken");
    assert!(offer.for_transport(&plan).expect("one is taken").contains("a=ice-ufrag:JTJ0\r\n"));
}

#[test]
fn feedback_and_extensions_are_those_offered_that_we_do() {
    let text = edit(
        &small(),
        "a=rtcp-fb:100 nack\r\na=extmap:3 urn:ietf:params:rtp-hdrext:sdes:mid\r\n",
        "a=rtcp-fb:* nack\r\na=rtcp-fb:100 ccm fir\r\na=rtcp-fb:100 transport-cc\r\na=rtcp-fb:101 nack pli\r\n\
         a=extmap:15 urn:ietf:params:rtp-hdrext:sdes:mid\r\n\
         a=extmap:4/sendonly http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time\r\n\
         a=extmap:5/recvonly http://www.webrtc.org/experiments/rtp-hdrext/playout-delay\r\n\
         a=extmap:4096 urn:3gpp:video-orientation\r\n",
    );
    let offer = Offer::parse(&text).expect("well formed");
    let answer = offer.answer(&take_all(&offer), &Transport::parse(LOCAL).expect("well formed"), &[]);
    let of = |prefix: &str| answer.lines().filter(|l| l.starts_with(prefix)).collect::<Vec<_>>();
    assert_eq!(of("a=rtcp-fb:"), ["a=rtcp-fb:100 nack", "a=rtcp-fb:100 ccm fir"]);
    assert_eq!(
        of("a=extmap:"),
        ["a=extmap:5/sendonly http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"]
    );
    // A mid that does not fit a one-byte element is not sent in packets.
    let long =
        edit(&edit(&small(), "mid:v", "mid:seventeen-letters"), "BUNDLE v", "BUNDLE seventeen-letters");
    let offer = Offer::parse(&long).expect("well formed");
    assert_eq!((take_all(&offer).taken().count(), offer.sections[0].extensions.mid), (2, None));
}

#[test]
fn libdatachannel_is_told_the_transport_and_nothing_else() {
    let stronger = "a=fingerprint:SHA-1 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33\r\na=fingerprint:sha-256";
    for text in [small(), edit(&small(), "a=fingerprint:sha-256", stronger)] {
        let offer = Offer::parse(&text).expect("well formed");
        let told = offer.for_transport(&take_all(&offer)).expect("two are taken");
        let told = split(&told);
        assert_eq!(told.len(), 2, "one section");
        let told: Vec<_> =
            told[1].iter().filter(|line| !line.starts_with("a=fingerprint:sha-256 12:33")).collect();
        assert_eq!(
            told,
            [
                &"m=video 9 UDP/TLS/RTP/SAVPF 96",
                &"c=IN IP4 0.0.0.0",
                &"a=mid:0",
                &"a=recvonly",
                &"a=rtcp-mux",
                &"a=rtpmap:96 VP8/90000",
                &"a=ice-ufrag:JTJ0",
                &"a=ice-pwd:gUCjVmsRJz1p14SbWEvJXKZM",
                &"a=setup:actpass",
            ]
        );
    }
}

#[test]
fn an_offer_cut_anywhere_is_answered_or_turned_down() {
    let mut answered = 0;
    for text in data().values() {
        let ends: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
        for cut in ends.iter().step_by(5).flat_map(|&end| [end.saturating_sub(9), end, end + 1]) {
            fuzzed::run(&text.as_bytes()[..cut]);
            let Ok(offer) = Offer::parse(&text[..cut]) else { continue };
            let plan = take_all(&offer);
            let answer = offer.answer(&plan, &Transport::parse(LOCAL).expect("well formed"), &[]);
            assert_eq!(split(&answer).len(), offer.sections.len() + 1);
            answered += usize::from(offer.for_transport(&plan).is_ok());
        }
    }
    assert!(answered > 50, "{answered} were answered");
}

#[test]
fn candidates_that_need_no_question_are_usable() {
    let parse = |text: &str| Candidate::parse(text).map(|c| c.map(|c| c.to_string()));
    for (text, usable) in [
        (
            "candidate:1 1 udp 2122260223 192.0.2.1 55067 typ host generation 0 network-id 1",
            "candidate:1 1 UDP 2122260223 192.0.2.1 55067 typ host",
        ),
        (
            "a=candidate:2 1 UDP 1 2001:db8::1 9 typ srflx raddr 10.0.0.1 rport 7",
            "candidate:2 1 UDP 1 2001:db8::1 9 typ srflx raddr 10.0.0.1 rport 7",
        ),
    ] {
        assert_eq!(parse(text), Ok(Some(usable.to_owned())));
    }
    for unusable in [
        "",
        "candidate:",
        "a=end-of-candidates",
        "candidate:1 1 udp 1 482fe525-29f1-43ea-9609-03945d2dcce3.local 9 typ host",
        "candidate:1 1 tcp 1 192.0.2.1 9 typ host tcptype active",
        "candidate:1 2 udp 1 192.0.2.1 9 typ host",
        "candidate:1 1 udp 1 192.0.2.1 0 typ host",
        "candidate:1 1 udp 1 0.0.0.0 9 typ host",
        "candidate:1 1 udp 1 224.0.0.1 9 typ host",
        "candidate:1 1 udp 99999999999 192.0.2.1 9 typ host",
    ] {
        assert_eq!(parse(unusable), Ok(None), "{unusable}");
    }
    for malformed in ["candidate:1 1 udp", "hello", "candidate:1 1 udp 1 192.0.2.1 99999 typ host"] {
        assert_eq!(parse(malformed).expect_err(malformed).status(), Status::Malformed);
    }
}

#[test]
fn public_addresses_stand_in_for_private_ones() {
    let local = Transport::parse(LOCAL).expect("well formed");
    let offer = Offer::parse(&small()).expect("well formed");
    let answer = |public: &[&str]| {
        let public: Vec<_> = public.iter().map(|p| p.parse().expect("an address")).collect();
        let answer = offer.answer(&take_all(&offer), &local, &public);
        let of = |prefix: &str| {
            answer.lines().filter(|l| l.starts_with(prefix)).map(str::to_owned).collect::<Vec<_>>()
        };
        (of("a=candidate:"), of("c=").swap_remove(0))
    };
    let link_local = "a=candidate:2 1 UDP 2122317567 fe80::1 46872 typ host";
    assert_eq!(
        answer(&["203.0.113.5", "203.0.113.6"]),
        (
            vec![
                "a=candidate:1p0 1 UDP 2122317823 203.0.113.5 46872 typ host".to_owned(),
                "a=candidate:1p1 1 UDP 2122317823 203.0.113.6 46872 typ host".into(),
                link_local.into(),
            ],
            "c=IN IP4 203.0.113.6".into(),
        )
    );
    let (candidates, connection) = answer(&["2001:db8::5"]);
    assert_eq!(candidates[1], "a=candidate:2p0 1 UDP 2122317567 2001:db8::5 46872 typ host");
    assert_eq!(connection, "c=IN IP4 192.168.1.7");
}
