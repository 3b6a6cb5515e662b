//! Our own offers, and what becomes of the answers to them.

use framewire::error::Status;
use framewire::media::Kind;
use framewire::sdp::{Answer, OfferPlan, OfferedSection, Sending, Transport};

const LOCAL: &str = "v=0\r\no=rtc 2890844526 0 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n\
    a=fingerprint:sha-256 12:33:14:1E:EB:8D:96:0E:B2:2A:16:5A:CC:5D:C5:10:31:97:F8:A5:65:E3:B4:A1:33:BF:9F:6F:CF:A6:15:AB\r\n\
    m=video 46872 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 192.0.2.7\r\na=mid:0\r\na=setup:actpass\r\n\
    a=ice-ufrag:Qy7x\r\na=ice-pwd:LzWAfgnJzGpKjYVhRiFDXz\r\n\
    a=candidate:1 1 UDP 2122317823 192.0.2.7 46872 typ host\r\na=end-of-candidates\r\n";

fn section(kind: Kind, mid: &str) -> OfferedSection {
    let sending = Sending {
        ssrc: 7,
        rtx_ssrc: Some(8),
        cname: "cname".into(),
        stream: "stream".into(),
        track: mid.into(),
    };
    OfferedSection { kind, mid: mid.into(), sending: Some(sending), receiving: false }
}

fn plan() -> OfferPlan {
    OfferPlan {
        sections: vec![section(Kind::Video, "camera"), section(Kind::Audio, "voice")],
        channels: false,
    }
}

fn offer(plan: &OfferPlan) -> String {
    plan.write(&Transport::parse(LOCAL).expect("well formed"), &[]).expect("the mids are names")
}

/// What a careful peer answers: everything is accepted.
fn answer() -> String {
    offer(&plan())
        .replace("a=sendonly", "a=recvonly")
        .replace("a=setup:actpass", "a=setup:active")
        .replace("m=audio 0", "m=audio 46872")
        .replace("a=bundle-only\r\n", "")
}

#[test]
fn an_offer_bundles_its_sections_on_the_firsts_transport() {
    let text = offer(&plan());
    assert!(text.contains("\r\na=group:BUNDLE camera voice\r\n"));
    assert!(
        text.lines().all(|line| !line.is_empty())
            && text.matches('\n').count() == text.matches("\r\n").count()
    );
    let (video, audio) = text.split_once("m=audio ").expect("two sections");
    for line in [
        "m=video 46872 UDP/TLS/RTP/SAVPF 96 97",
        "c=IN IP4 192.0.2.7",
        "a=setup:actpass",
        "a=mid:camera",
        "a=sendonly",
        "a=rtcp-mux",
        "a=rtcp-mux-only",
        "a=rtpmap:96 VP8/90000",
        "a=rtcp-fb:96 nack pli",
        "a=rtpmap:97 rtx/90000",
        "a=fmtp:97 apt=96",
        "a=ssrc-group:FID 7 8",
        "a=ssrc:8 cname:cname",
        "a=msid:stream camera",
        "a=candidate:1 1 UDP 2122317823 192.0.2.7 46872 typ host",
        "a=end-of-candidates",
    ] {
        assert!(video.lines().any(|l| l == line), "{line} is missing");
    }
    assert!(audio.starts_with("0 UDP/TLS/RTP/SAVPF 111\r\n"));
    for line in ["a=bundle-only", "a=rtpmap:111 opus/48000/2", "a=ice-ufrag:Qy7x", "a=msid:stream voice"] {
        assert!(audio.lines().any(|l| l == line), "{line} is missing");
    }
    assert!(!audio.contains("candidate") && !audio.contains("rtx") && !text.contains("transport"));
}

/// The first section of an offer to receive, and to send too or not.
fn receiving(sends: bool) -> (OfferPlan, String) {
    let mut plan = plan();
    for section in &mut plan.sections {
        section.receiving = true;
        section.sending.take_if(|_| !sends);
    }
    let text = offer(&plan);
    (plan, text)
}

#[test]
fn an_offer_to_receive_names_no_stream_of_ours_and_leaves_the_estimate_to_the_answer() {
    let (_, text) = receiving(false);
    assert_eq!(text.matches("a=recvonly").count(), 2);
    assert!(!text.contains("a=msid") && !text.contains("a=ssrc"), "{text}");
    for line in [
        "a=rtcp-fb:96 transport-cc",
        "a=rtcp-fb:96 goog-remb",
        "a=rtcp-fb:111 nack",
        "a=rtcp-fb:111 transport-cc",
        "a=extmap:4 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
        "a=fmtp:97 apt=96",
    ] {
        assert!(text.lines().any(|l| l == line), "{line} is missing in {text}");
    }
    assert!(!text.contains("playout-delay"), "it is the sender's to write");
}

#[test]
fn an_offer_of_both_ways_gives_each_extension_its_direction() {
    let (_, text) = receiving(true);
    assert_eq!((text.matches("a=sendrecv").count(), text.matches("a=msid:").count()), (2, 2));
    let ids: Vec<&str> =
        text.lines().filter_map(|l| l.strip_prefix("a=extmap:")?.split(' ').next()).collect();
    assert_eq!(ids, ["1", "2", "3/sendonly", "4/recvonly", "1", "2", "4/recvonly"]);
}

#[test]
fn an_answer_counts_in_the_directions_that_were_offered() {
    let accepted = |plan: &OfferPlan, text: &str| {
        let answer =
            Answer::parse(&text.replace("setup:actpass", "setup:active").replace("audio 0", "audio 9"), plan);
        answer.map(|answer| answer.sections.iter().filter(|section| section.is_some()).count()).unwrap_or(0)
    };
    let (one_way, text) = receiving(false);
    for (direction, sections) in [("sendonly", 2), ("sendrecv", 2), ("recvonly", 0), ("inactive", 0)] {
        let answer = text.replace("a=recvonly", &format!("a={direction}"));
        assert_eq!(accepted(&one_way, &answer), sections, "{direction} to recvonly");
    }
    let text = offer(&plan());
    for (direction, sections) in [("recvonly", 2), ("sendrecv", 2), ("sendonly", 0), ("inactive", 0)] {
        let answer = text.replace("a=sendonly", &format!("a={direction}"));
        assert_eq!(accepted(&plan(), &answer), sections, "{direction} to sendonly");
    }
    let (both_ways, text) = receiving(true);
    for (direction, sections) in [("sendonly", 2), ("sendrecv", 2), ("recvonly", 2), ("inactive", 0)] {
        let answer = text.replace("a=sendrecv", &format!("a={direction}"));
        assert_eq!(accepted(&both_ways, &answer), sections, "{direction} to sendrecv");
    }
}

#[test]
fn an_answer_that_sends_says_what_will_come() {
    let (plan, text) = receiving(false);
    let text = text
        .replace(
            "a=recvonly",
            "a=sendonly\r\na=ssrc-group:FID 21 22\r\na=ssrc:22 cname:x\r\na=ssrc:21 cname:x",
        )
        .replace("setup:actpass", "setup:passive")
        .replace("a=extmap:2 ", "a=extmap:2/recvonly ");
    let answer = Answer::parse(&text, &plan).expect("well formed");
    let video = answer.sections[0].as_ref().expect("accepted");
    assert_eq!((&video.incoming.ssrcs[..], &video.incoming.rtx[..]), (&[21][..], &[(21, 22)][..]));
    let ids = (video.received.mid, video.received.transport_cc, video.received.abs_send_time);
    assert_eq!(ids, (Some(1), Some(4), None));
    let feedback = video.feedback(false, true);
    assert!(feedback.transport_cc && !feedback.remb && feedback.nack && feedback.pli);
    let without = text.replace("a=rtcp-fb:96 transport-cc\r\n", "");
    let answer = Answer::parse(&without, &plan).expect("well formed");
    let video = answer.sections[0].as_ref().expect("accepted");
    let feedback = video.feedback(false, true);
    assert!(!feedback.transport_cc && feedback.remb && video.received.transport_cc.is_none());
}

#[test]
fn a_mid_that_is_no_name_is_an_error() {
    for mid in ["", "two words", "a\r\na=b", "seventeen-letters"] {
        let plan = OfferPlan { sections: vec![section(Kind::Video, mid)], channels: false };
        let error = plan.write(&Transport::parse(LOCAL).expect("well formed"), &[]).expect_err(mid);
        assert_eq!(error.status(), Status::InvalidArgument);
    }
}

#[test]
fn an_answer_says_what_was_accepted_and_under_which_numbers() {
    let text = answer().replace("a=rtcp-fb:96 goog-remb\r\n", "").replace("97", "99").replace("96", "98");
    let answer = Answer::parse(&text, &plan()).expect("well formed");
    let video = answer.sections[0].as_ref().expect("accepted");
    let codec = video.codec.as_ref().expect("it has VP8");
    assert_eq!((codec.payload_type, codec.rtx), (98, Some(99)));
    assert_eq!((codec.feedback.pli, codec.feedback.remb), (true, false));
    assert_eq!((video.extensions.mid, video.extensions.playout_delay), (Some(1), Some(3)));
    assert!(answer.sections[1].is_some());
    let told = answer.for_transport();
    assert!(
        told.contains("a=setup:active\r\n")
            && told.contains("a=candidate:1 1 UDP 2122317823 192.0.2.7 46872")
    );
    assert_eq!(told.matches("m=").count(), 1);
}

#[test]
fn a_name_in_an_answer_is_not_told_to_libdatachannel() {
    let text = answer().replace("192.0.2.7 46872 typ", "host.example 46872 typ");
    assert!(!Answer::parse(&text, &plan()).expect("well formed").for_transport().contains("candidate"));
}

#[test]
fn refused_sections_are_not_sent_in() {
    let accepted = |text: String| {
        let answer = Answer::parse(&text, &plan()).expect("well formed");
        answer.sections.iter().map(Option::is_some).collect::<Vec<_>>()
    };
    assert_eq!(accepted(answer()), [true, true]);
    assert_eq!(accepted(answer().replace("m=video 46872", "m=video 0")), [false, true]);
    assert_eq!(accepted(answer().replace("VP8/90000", "VP9/90000")), [false, true]);
    assert_eq!(accepted(answer().replacen("a=recvonly", "a=inactive", 1)), [false, true]);
    assert_eq!(accepted(answer().replace("a=group:BUNDLE camera voice\r\n", "")), [true, false]);
}

#[test]
fn an_answer_that_does_not_fit_is_an_error() {
    let text = answer();
    let one = text.split_once("m=audio").expect("two sections").0.to_owned();
    for (text, status, sentence) in [
        (String::new(), Status::Malformed, "the answer is empty"),
        (one, Status::Malformed, "the answer has 1 sections, the offer 2"),
        (
            text.replace("mid:voice", "mid:sound"),
            Status::Malformed,
            "section 1 (audio, mid sound) of the answer stands where the offer has audio with mid voice",
        ),
        (
            text.replace("m=audio", "m=video"),
            Status::Malformed,
            "section 1 (video, mid voice) of the answer stands where the offer has audio with mid voice",
        ),
        (
            text.replace("setup:active", "setup:actpass"),
            Status::Malformed,
            "the answer has a=setup:actpass or none; it must choose a role",
        ),
        (
            text.replace("a=recvonly", "a=inactive"),
            Status::NotOffered,
            "the answer accepts nothing of the offer",
        ),
        (
            text.replace("a=ice-pwd:LzWAfgnJzGpKjYVhRiFDXz\r\n", ""),
            Status::Malformed,
            "section 0 (video, mid camera) of the answer has no a=ice-pwd",
        ),
    ] {
        let error = Answer::parse(&text, &plan()).expect_err(sentence);
        assert_eq!((error.status(), error.sentence()), (status, sentence));
    }
}
