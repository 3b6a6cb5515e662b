//! What a description from the network may do at most: be turned down.

use framewire::media::Kind;
use framewire::sdp::{Answer, Candidate, Offer, OfferPlan, OfferedSection, Sending, Transport};

const LOCAL: &str = "v=0\r\no=rtc 1 0 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=ice-ufrag:Qy7x\r\na=ice-pwd:LzWAfgnJzGpKjYVhRiFDXz\r\n\
    a=fingerprint:sha-1 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33\r\na=setup:active\r\n\
    m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=candidate:1 1 UDP 1 10.0.0.1 9 typ host\r\n";

/// Reads `text` as everything it could be, and answers it.
pub fn run(text: &[u8]) {
    let Ok(text) = std::str::from_utf8(text) else { return };
    let _ = Candidate::parse(text);
    let _ = Transport::parse(text);
    if let Ok(answer) = Answer::parse(text, &offered()) {
        told(&answer.for_transport());
    }
    let Ok(offer) = Offer::parse(text) else { return };
    let mut plan = offer.plan();
    for n in 0..offer.sections.len() {
        let _ = offer.send(&mut plan, n, sending());
        let _ = offer.receive(&mut plan, n);
        let _ = offer.channels(&mut plan, n);
    }
    let local = Transport::parse(LOCAL).expect("well formed");
    let answer = offer.answer(&plan, &local, &["192.0.2.1".parse().expect("an address")]);
    let whole = answer.strip_suffix("\r\n").expect("ends in CRLF");
    assert!(whole.split("\r\n").all(|line| line.as_bytes()[1] == b'=' && !line.contains(['\r', '\n', '\0'])));
    assert_eq!(whole.matches("\r\nm=").count(), offer.sections.len());
    if let Ok(remote) = offer.for_transport(&plan) {
        told(&remote);
        let read = Offer::parse(&answer).expect("what we write, we read");
        let mids = |offer: &Offer| offer.sections.iter().map(|s| s.mid.clone()).collect::<Vec<_>>();
        assert_eq!(mids(&read), mids(&offer));
    }
}

/// libdatachannel hears of one section of media and one of data at most, and of no name.
fn told(remote: &str) {
    let sections = |kind: &str| remote.lines().filter(|line| line.starts_with(kind)).count();
    let (media, data) = (sections("m=video "), sections("m=application "));
    assert!(media <= 1 && data <= 1 && media + data > 0 && sections("m=") == media + data);
    for line in remote.lines().filter(|line| line.starts_with("a=candidate:")) {
        let address = line.split(' ').nth(4).expect("we wrote it");
        address.parse::<std::net::IpAddr>().expect("an address");
    }
}

fn offered() -> OfferPlan {
    let section = |(kind, mid): (Kind, &str)| OfferedSection {
        kind,
        mid: mid.into(),
        sending: Some(sending()),
        receiving: true,
    };
    OfferPlan { sections: [(Kind::Video, "0"), (Kind::Audio, "1")].map(section).into(), channels: true }
}

fn sending() -> Sending {
    Sending {
        ssrc: 7,
        rtx_ssrc: Some(8),
        cname: "cname".into(),
        stream: "stream".into(),
        track: "track".into(),
    }
}
