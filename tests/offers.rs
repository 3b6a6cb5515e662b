//! Every offer in `tests/data` is answered as its browser can take it. The peers that connect with
//! these answers are tested elsewhere; here are the rules of the text.

use framewire::error::Status;
use framewire::media::Kind;
use framewire::sdp::{Candidate, Exchange, Incoming, Offer, Plan, Section, Sending, Transport, Verdict};
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
        .filter(|entry| entry.path().is_file())
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
        rtx_ssrc: Some(0x2000 + n as u32),
        cname: "framewire".into(),
        stream: "stream".into(),
        track: format!("track{n}"),
    }
}

/// Takes all that can be taken.
fn take_all(offer: &Offer) -> Plan {
    let mut plan = offer.plan();
    for n in 0..offer.sections.len() {
        let _ = offer.send(&mut plan, n, sending(n));
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

/// The same for all that can come in.
fn receive_all(offer: &Offer) -> Plan {
    let mut plan = offer.plan();
    for n in 0..offer.sections.len() {
        let _ = offer.receive(&mut plan, n);
    }
    plan
}

fn answer(offer: &Offer, plan: &Plan) -> String {
    offer.answer(plan, &Transport::parse(LOCAL).expect("well formed"), &[])
}

/// The lines of a description that begin so.
fn lines<'a>(description: &'a str, prefix: &str) -> Vec<&'a str> {
    description.lines().filter(|line| line.starts_with(prefix)).collect()
}

#[test]
fn every_offer_of_a_browser_is_answered() {
    for (name, text) in data() {
        let offer = Offer::parse(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        for (plan, direction, ours) in
            [(take_all(&offer), "sendonly", "-whep"), (receive_all(&offer), "recvonly", "-whip")]
        {
            let wanted = if name.contains(ours) { vec![0, 1] } else { vec![] };
            assert_eq!(plan.taken().collect::<Vec<_>>(), wanted, "{name}");
            let Ok(transport) = offer.for_transport(&plan) else {
                assert!(wanted.is_empty(), "{name}");
                continue;
            };
            assert!(!transport.contains("candidate"), "{name}");
            check_answer(&name, direction, &text, &answer(&offer, &plan));
        }
    }
}

fn check_answer(name: &str, direction: &str, offer: &str, answer: &str) {
    let (chrome, sends) = (name.starts_with("chrome"), direction == "sendonly");
    let offer = offer.replace('\r', "").replace('\n', "\r\n");
    let (offer, answer) = (split(&offer), split(answer));
    assert_eq!(offer.len(), answer.len(), "{name}: as many sections");
    assert!(answer[0].contains(&"a=group:BUNDLE 0 1"), "{name}");
    assert!(answer[0].contains(&"a=ice-options:ice2 trickle"), "{name}");
    for (n, (theirs, ours)) in offer.iter().zip(&answer).enumerate().skip(1) {
        let has = |line: &str| ours.contains(&line);
        let count = |prefix: &str| ours.iter().filter(|l| l.starts_with(prefix)).count();
        let words = |lines: &[&str]| lines[0].split(' ').map(str::to_owned).collect::<Vec<_>>();
        let (asked, said) = (words(theirs), words(ours));
        assert_eq!((&asked[0], &asked[2]), (&said[0], &said[2]), "{name}: same medium and profile");
        assert!(has(&format!("a=mid:{}", n - 1)), "{name}");
        assert_eq!(count("c="), 1, "{name}");
        if asked[0] == "m=application" {
            assert_eq!((said[1].as_str(), said[3].as_str()), ("0", "webrtc-datachannel"), "{name}");
            continue;
        }
        let video = said[0] == "m=video";
        let numbers = match (video, chrome) {
            (true, true) => "96 97",
            (true, false) => "120 124",
            (false, true) => "111",
            (false, false) => "109",
        };
        assert_eq!(said[1..].join(" "), format!("46872 UDP/TLS/RTP/SAVPF {numbers}"), "{name}");
        for line in [
            &format!("a={direction}"),
            "a=rtcp-mux",
            "a=rtcp-mux-only",
            "a=setup:active",
            "a=ice-ufrag:Qy7x",
            "a=ice-pwd:LzWAfgnJzGpKjYVhRiFDXz",
            "c=IN IP4 192.168.1.7",
        ] {
            assert!(has(line), "{name}: {line} is missing in {ours:#?}");
        }
        let [sent, repaired] = [sends, sends && video].map(usize::from);
        for (prefix, wanted) in [
            ("a=fingerprint:sha-256 ", 1),
            ("a=rtpmap:", 1 + usize::from(video)),
            ("a=msid:", sent),
            ("a=ssrc:", sent + repaired),
            ("a=ssrc-group:", repaired),
            ("a=simulcast", 0),
        ] {
            assert_eq!(count(prefix), wanted, "{name}: {wanted} {prefix} in {ours:#?}");
        }
        let (number, rtx) = numbers.split_once(' ').unwrap_or((numbers, ""));
        if video {
            assert!(has(&format!("a=rtpmap:{rtx} rtx/90000")) && has(&format!("a=fmtp:{rtx} apt={number}")));
            for feedback in ["nack", "nack pli", "ccm fir"] {
                assert!(has(&format!("a=rtcp-fb:{number} {feedback}")), "{name}: {feedback}");
            }
            assert_eq!(has(&format!("a=rtcp-fb:{number} goog-remb")), sends, "{name}: one estimate");
        }
        assert_eq!(has(&format!("a=rtcp-fb:{number} transport-cc")), !sends, "{name}: one estimate");
        // Feedback as offered; extensions as offered, with the direction that answers theirs.
        for line in ours.iter().filter(|l| l.starts_with("a=rtcp-fb:") || l.starts_with("a=extmap:")) {
            assert!(theirs.contains(&line.replace("/sendonly", "/recvonly").as_str()), "{name}: {line}");
        }
        // Mid, send time (not with Firefox's sound), and the picture's delay or the transport's numbers.
        let wanted = 1 + usize::from(chrome || video) + usize::from(video || !sends);
        assert_eq!(count("a=extmap:"), wanted, "{name}: {ours:#?}");
        assert_eq!(has("a=end-of-candidates"), n == 1, "{name}: candidates stand in the first section");
        assert_eq!(count("a=candidate:"), if n == 1 { 2 } else { 0 });
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

#[test]
fn what_comes_is_told_by_what_the_offer_says() {
    let data = data();
    let chrome = Offer::parse(&data["chrome-whip.sdp"]).expect("well formed");
    let firefox = Offer::parse(&data["firefox-whip.sdp"]).expect("well formed");
    let look = |offer: &Offer, n: usize| {
        let Section { incoming, received, .. } = &offer.sections[n];
        let ids = (received.mid, received.transport_cc, received.abs_send_time);
        (incoming.ssrcs.clone(), incoming.rtx.clone(), ids)
    };
    let repair = vec![(4096568011, 2424612274)];
    assert_eq!(look(&chrome, 0), (vec![3552137698], vec![], (Some(4), Some(3), Some(2))));
    assert_eq!(look(&chrome, 1), (vec![4096568011], repair, (Some(4), Some(3), Some(2))));
    let repair = vec![(2708655281, 1183249073)];
    assert_eq!(look(&firefox, 0), (vec![1767930207], vec![], (Some(3), Some(7), None)));
    assert_eq!(look(&firefox, 1), (vec![2708655281], repair, (Some(3), Some(7), Some(4))));
    let watching = Offer::parse(&data["firefox-whep.sdp"]).expect("well formed");
    assert_eq!(watching.sections[0].received.transport_cc, Some(7), "the ids are of either direction");
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
    let answer = answer(&offer, &plan);
    let (line, lines) = (split(&answer)[n + 1][0].to_owned(), split(&answer)[n + 1].len());
    assert!(line.contains(" 0 ") && lines <= 4, "refused, but answered {line:?}");
    offer.send(&mut plan, n, sending(n)).expect_err("taken").sentence().to_owned()
}

#[test]
fn line_ends_and_blanks_before_the_text_are_forgiven() {
    let answer = |text: &str| {
        let offer = Offer::parse(text).expect("forgiven");
        self::answer(&offer, &take_all(&offer))
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
        (section("m=audio", "m=application"), 1, "it has no webrtc-datachannel with an a=sctp-port"),
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
        "nothing in this offer can be taken; section 0 (application, mid 0): data channels are not taken"
    );
    let offer = Offer::parse(&small()).expect("well formed");
    let error = offer.for_transport(&offer.plan()).expect_err("nothing was taken");
    assert!(
        error.sentence().ends_with("section 1 (audio, mid a): nothing is sent or received in it"),
        "{error}"
    );
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
    let answer = answer(&offer, &plan);
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
    offer.send(&mut plan, 1, sending(1)).expect("can be taken");
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
    let answer = answer(&offer, &take_all(&offer));
    assert_eq!(lines(&answer, "a=rtcp-fb:"), ["a=rtcp-fb:100 nack", "a=rtcp-fb:100 ccm fir"]);
    assert_eq!(
        lines(&answer, "a=extmap:"),
        ["a=extmap:5/sendonly http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"]
    );
    // A mid that does not fit a one-byte element is not sent in packets.
    let long =
        edit(&edit(&small(), "mid:v", "mid:seventeen-letters"), "BUNDLE v", "BUNDLE seventeen-letters");
    let offer = Offer::parse(&long).expect("well formed");
    assert_eq!((take_all(&offer).taken().count(), offer.sections[0].extensions.mid), (2, None));
}

/// The small offer of one who sends, with the `video` lines in its first section.
fn publish(video: &str) -> Offer {
    let text =
        edit(&edit(&small(), "a=recvonly", "a=sendonly"), "a=mid:v\r\n", &format!("a=mid:v\r\n{video}"));
    Offer::parse(&text).expect("well formed")
}

#[test]
fn an_offer_without_ssrcs_is_received() {
    let offer = publish("a=msid:stream track\r\n");
    let plan = receive_all(&offer);
    assert_eq!(plan.taken().collect::<Vec<_>>(), [0, 1]);
    let answer = answer(&offer, &plan);
    assert_eq!(lines(&answer, "a=recvonly").len(), 2);
    assert!(!answer.contains("a=ssrc") && !answer.contains("a=msid"), "nothing of ours goes out: {answer}");
    let named = Incoming { names: vec!["stream".into(), "track".into()], ..Incoming::default() };
    assert!(offer.sections.iter().all(|section| [&named, &Incoming::default()].contains(&&section.incoming)));
}

#[test]
fn what_the_remote_calls_its_track_is_kept_wherever_it_says_so() {
    let names = |lines: &str| publish(lines).sections[0].incoming.names.clone();
    assert_eq!(names("a=msid:- t\r\n"), ["t"]);
    assert_eq!(names("a=ssrc:1 cname:c\r\na=ssrc:1 msid:s t\r\na=msid:s t\r\n"), ["s", "t"]);
    assert_eq!(names("a=msid:a b\r\na=msid:c d\r\na=msid:e f\r\n"), ["a", "b", "c", "d"], "bounded");
    assert!(names("a=msid:\r\n").is_empty());
}

#[test]
fn of_several_layers_the_answer_takes_the_first() {
    // RFC 8853 section 5.3.2: what is not in the answer is not sent.
    let offer = publish(
        "a=rid:h send\r\na=rid:m send\r\na=rid:l send\r\na=simulcast:send h;m;l\r\n\
         a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\n",
    );
    let answer = answer(&offer, &receive_all(&offer));
    assert!(lines(&answer, "m=video 46872 ").len() == 1, "taken");
    for absent in ["a=simulcast", "a=rid", "stream-id"] {
        assert!(!answer.contains(absent), "{absent} is in {answer}");
    }
}

#[test]
fn ssrcs_are_told_apart_by_their_groups() {
    let look = |lines: &str| publish(lines).sections[0].incoming.clone();
    let told = |ssrcs: &[u32], rtx: &[(u32, u32)]| Incoming {
        ssrcs: ssrcs.into(),
        rtx: rtx.into(),
        names: Vec::new(),
    };
    let each =
        |ssrcs: &[u32]| ssrcs.iter().map(|ssrc| format!("a=ssrc:{ssrc} cname:c\r\n")).collect::<String>();
    let simulcast = "a=ssrc-group:SIM 1 2\r\na=ssrc-group:FID 1 11\r\na=ssrc-group:FID 2 12\r\n\
        a=ssrc-group:FEC-FR 1 21\r\n";
    let all = each(&[1, 1, 2, 11, 12, 21]);
    assert_eq!(look(&format!("{simulcast}{all}")), told(&[1, 2], &[(1, 11), (2, 12)]));
    assert_eq!(look(&format!("{all}{simulcast}")), told(&[1, 2], &[(1, 11), (2, 12)]));
    assert_eq!(look("a=ssrc-group:FID 5 6\r\n"), told(&[5], &[(5, 6)]), "the group alone");
    assert_eq!(look("a=ssrc-group:FID 5 5\r\na=ssrc-group:FID 7\r\na=ssrc:x y\r\n"), told(&[], &[]));
    let many = look(&each(&(0..5_000).collect::<Vec<_>>()));
    assert_eq!(many.ssrcs, (0..32).collect::<Vec<_>>(), "bounded");
}

#[test]
fn a_section_of_both_ways_is_taken_for_either_or_both() {
    let both = edit(&small(), "a=recvonly", "a=sendrecv");
    let both = edit(
        &both,
        "a=rtcp-fb:100 nack\r\n",
        "a=rtcp-fb:100 nack\r\na=rtcp-fb:100 goog-remb\r\na=rtcp-fb:100 transport-cc\r\n\
         a=extmap:5 http://www.webrtc.org/experiments/rtp-hdrext/playout-delay\r\n\
         a=extmap:7 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n",
    );
    let offer = Offer::parse(&both).expect("well formed");
    let [mut sends, mut receives, mut does_both] = [(); 3].map(|()| offer.plan());
    offer.send(&mut sends, 0, sending(0)).expect("it receives");
    offer.receive(&mut receives, 0).expect("it sends");
    offer.receive(&mut does_both, 0).expect("it sends");
    offer.send(&mut does_both, 0, sending(0)).expect("and receives");
    for (plan, direction, feedback, extensions) in [
        (sends, "a=sendonly", &["nack", "goog-remb"][..], &["5", "3"][..]),
        (receives, "a=recvonly", &["nack", "transport-cc"], &["7", "3"]),
        (does_both, "a=sendrecv", &["nack", "goog-remb", "transport-cc"], &["5/sendonly", "7/recvonly", "3"]),
    ] {
        let text = answer(&offer, &plan);
        let video = text.split("m=audio").next().expect("a first part");
        assert_eq!(lines(video, direction).len(), 1, "{video}");
        assert_eq!(lines(video, "a=msid:").len(), usize::from(direction != "a=recvonly"));
        let last =
            |prefix, from| lines(video, prefix).iter().map(|l| l[from..].to_owned()).collect::<Vec<_>>();
        assert_eq!(last("a=rtcp-fb:100 ", 14), feedback, "{direction}");
        let ids: Vec<String> =
            last("a=extmap:", 9).iter().map(|l| l.split(' ').next().expect("an id").to_owned()).collect();
        assert_eq!(ids, extensions, "{direction}");
    }
}

#[test]
fn a_direction_that_is_refused_leaves_the_other_taken() {
    let offer = publish("");
    let mut plan = offer.plan();
    offer.receive(&mut plan, 0).expect("it sends");
    let error = offer.send(&mut plan, 0, sending(0)).expect_err("it does not receive");
    assert!(error.sentence().ends_with("the offer does not receive in it (a=sendonly)"), "{error}");
    assert!(matches!(&plan.sections()[0], Verdict::Take(Exchange { sending: None, receiving: true })));
    let watching = Offer::parse(&small()).expect("well formed");
    let error = watching.receive(&mut watching.plan(), 0).expect_err("it does not send");
    assert!(error.sentence().ends_with("the offer does not send in it (a=recvonly)"), "{error}");
}

#[test]
fn numbers_without_feedback_on_them_are_not_asked_for() {
    let numbers = "a=extmap:7 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n";
    for (lines, asked) in [
        (numbers.to_owned(), false),
        ("a=rtcp-fb:100 transport-cc\r\na=rtcp-fb:100 goog-remb\r\n".to_owned(), false),
        (format!("{numbers}a=rtcp-fb:100 transport-cc\r\na=rtcp-fb:100 goog-remb\r\n"), true),
    ] {
        let offer = publish(&lines);
        let text = answer(&offer, &receive_all(&offer));
        assert_eq!(text.contains("transport"), asked, "{text}");
        assert_eq!(text.contains("goog-remb"), lines.contains("goog-remb") && !asked, "{text}");
    }
}

#[test]
fn who_publishes_is_told_where_to_begin() {
    let offer = publish("a=rtcp-fb:100 nack\r\n");
    let start = "a=fmtp:100 x-google-start-bitrate=1000\r\n";
    assert!(answer(&offer, &receive_all(&offer)).contains(start));
    let watched = Offer::parse(&small()).expect("well formed");
    assert!(!answer(&watched, &take_all(&watched)).contains("start-bitrate"));
}

#[test]
fn retransmissions_are_taken_where_their_payload_type_can_be() {
    for (lines, rtx) in [
        ("a=rtpmap:101 rtx/90000\r\na=fmtp:101 apt=100\r\n", Some(101)),
        ("a=rtpmap:101 RTX/90000\r\na=fmtp:101 rtx-time=3000; apt=100\r\n", Some(101)),
        ("a=rtpmap:101 rtx/90000\r\na=fmtp:101 apt=99\r\n", None),
        ("a=rtpmap:101 rtx/90000\r\n", None),
        ("a=rtpmap:101 rtx/48000\r\na=fmtp:101 apt=100\r\n", None),
        ("a=rtpmap:100 rtx/90000\r\na=fmtp:100 apt=100\r\n", None),
        ("a=rtpmap:72 rtx/90000\r\na=fmtp:72 apt=100\r\n", None),
    ] {
        let text =
            edit(&edit(&small(), "SAVPF 100 101", "SAVPF 100 101 72"), "a=rtpmap:101 VP9/90000\r\n", lines);
        let offer = Offer::parse(&text).expect("well formed");
        assert_eq!(offer.sections[0].codec.as_ref().expect("VP8").rtx, rtx, "{lines}");
        let answer = answer(&offer, &take_all(&offer));
        assert_eq!(answer.contains("a=ssrc-group:FID 4096 8192\r\n"), rtx.is_some(), "{answer}");
        assert_eq!(answer.contains("a=fmtp:101 apt=100\r\n"), rtx.is_some(), "{answer}");
    }
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
                &"a=sendrecv",
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
            let answer = answer(&offer, &plan);
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
