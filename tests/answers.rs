//! Offers of real browsers, answered by a real peer. What the answer says is read line by line
//! here; whether a browser takes it is shown in `tests/browser`.

mod common;

use common::air::Air;
use framewire::error::Status;
use framewire::peer::{Peer, PeerOptions, PeerState};
use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(20);

/// One media section as text: its `m=` line's words and its other lines.
struct Section<'a> {
    words: Vec<&'a str>,
    lines: Vec<&'a str>,
}

impl<'a> Section<'a> {
    fn value(&self, attribute: &str) -> Option<&'a str> {
        self.values(attribute).next()
    }

    fn values(&self, attribute: &str) -> impl Iterator<Item = &'a str> {
        let prefix = format!("a={attribute}:");
        self.lines.iter().filter_map(move |line| line.strip_prefix(prefix.as_str()))
    }

    fn has(&self, line: &str) -> bool {
        self.lines.contains(&line)
    }
}

fn sections(sdp: &str) -> (Vec<&str>, Vec<Section<'_>>) {
    let (mut head, mut sections) = (Vec::new(), Vec::<Section>::new());
    for line in sdp.lines() {
        if let Some(media) = line.strip_prefix("m=") {
            sections.push(Section { words: media.split(' ').collect(), lines: Vec::new() });
        } else {
            sections.last_mut().map_or(&mut head, |section| &mut section.lines).push(line);
        }
    }
    (head, sections)
}

fn offers() -> Vec<(String, String)> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let mut offers: Vec<_> = fs::read_dir(data)
        .expect("tests/data")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "sdp"))
        .map(|path| (path.display().to_string(), fs::read_to_string(&path).expect("an offer")))
        .collect();
    offers.sort();
    assert_eq!(offers.len(), 16, "the offers of both browsers");
    offers
}

fn peer(air: &Air) -> Peer {
    let media_address = Some([127, 0, 0, 1].into());
    let peer = Peer::new(PeerOptions { media_address, ..PeerOptions::default() }).expect("a peer");
    peer.send(None, &air.source).expect("before the offer");
    peer
}

/// What stands in an answer to `offer` that sends in every recvonly section.
fn check(name: &str, offer: &str, answer: &str) {
    assert_eq!(answer.matches('\n').count(), answer.matches("\r\n").count(), "{name}: CRLF");
    assert!(answer.starts_with("v=0\r\n") && answer.ends_with("\r\n"), "{name}");
    let (head, answered) = sections(answer);
    let (_, offered) = sections(offer);
    assert_eq!(answered.len(), offered.len(), "{name}: every section is answered");

    let options = head.iter().chain(answered.iter().flat_map(|s| &s.lines));
    let mut options = options.filter_map(|line| line.strip_prefix("a=ice-options:"));
    assert!(options.all(|o| !o.contains(',')), "{name}: no comma in ice-options");
    let bundle = head.iter().find_map(|line| line.strip_prefix("a=group:BUNDLE "));
    let bundle: Vec<&str> = bundle.unwrap_or_default().split(' ').collect();
    let mut ssrcs = HashSet::new();
    let mut streams = HashSet::new();
    let mut taken = Vec::new();

    for (given, wanted) in answered.iter().zip(&offered) {
        let mid = wanted.value("mid").expect("a browser's section has one");
        assert_eq!(given.words[0], wanted.words[0], "{name}: sections in order");
        assert_eq!(given.words[2], wanted.words[2], "{name}: the offer's protocol");
        assert_eq!(given.value("mid"), Some(mid), "{name}: the offer's mid");
        assert!(given.lines.iter().any(|line| line.starts_with("c=IN IP4 ")), "{name} {mid}: c=");
        if wanted.words[0] == "application" {
            // Nobody asked for a data channel: refused.
            assert_eq!(given.words[1], "0", "{name}: no data channel");
            continue;
        }
        assert_ne!(given.words[1], "0", "{name} {mid}: taken");
        taken.push(mid);
        for line in ["a=sendonly", "a=rtcp-mux", "a=rtcp-mux-only"] {
            assert!(given.has(line), "{name} {mid}: {line}");
        }
        let direction = ["a=recvonly", "a=sendrecv", "a=inactive"].iter().any(|line| given.has(line));
        assert!(!direction, "{name} {mid}: one direction");

        let codec = if wanted.words[0] == "video" { "VP8/90000" } else { "opus/48000/2" };
        let number = wanted.values("rtpmap").find_map(|map| map.strip_suffix(codec)).expect("offered");
        assert_eq!(given.words[3], number.trim(), "{name}: the offer's payload type comes first");
        for map in given.values("rtpmap") {
            assert!(wanted.values("rtpmap").any(|offered| offered == map), "{name}: {map}");
        }
        for extension in given.values("extmap") {
            let plain = |line: &str| {
                let (id, uri) = line.split_once(' ').expect("id and URI");
                (id.split('/').next().expect("an id").to_owned(), uri.to_owned())
            };
            let mut offered = wanted.values("extmap").map(plain);
            assert!(offered.any(|offered| offered == plain(extension)), "{name}: {extension}");
        }
        for feedback in given.values("rtcp-fb") {
            assert!(wanted.values("rtcp-fb").any(|offered| offered == feedback), "{name}: {feedback}");
            assert!(!feedback.contains("transport-cc"), "{name}: only what we do: {feedback}");
        }
        if codec.starts_with("VP8") {
            let (media, repair) = given
                .value("ssrc-group")
                .and_then(|group| group.split_once(' ')?.1.split_once(' '))
                .expect("FID");
            let listed = given.values("ssrc").filter_map(|line| line.split(' ').next());
            assert_eq!(listed.collect::<Vec<_>>(), [media, repair], "{name}: RTX");
            assert!(ssrcs.insert(repair), "{name}: an SSRC of its own for RTX of {mid}");
            for feedback in ["nack", "nack pli", "ccm fir"] {
                let line = format!("{} {feedback}", given.words[3]);
                assert!(given.values("rtcp-fb").any(|f| f == line), "{name}: {feedback}");
            }
        }
        let ssrc = given.value("ssrc").and_then(|line| line.split(' ').next()).expect("an SSRC");
        assert!(ssrcs.insert(ssrc), "{name}: an SSRC of its own for {mid}");
        let msid = given.value("msid").expect("a stream");
        streams.insert(msid.split(' ').next().expect("a stream id"));
    }
    assert_eq!(bundle, taken, "{name}: BUNDLE of what is taken");
    assert_eq!(streams.len(), 1, "{name}: one stream, so that the browser plays both in step");
    let candidates = answer.matches("a=candidate:").count();
    assert!(candidates > 0 && answer.contains("a=end-of-candidates"), "{name}: candidates");
    for needed in ["a=ice-ufrag:", "a=ice-pwd:", "a=fingerprint:sha-256 ", "a=setup:active"] {
        assert!(answer.contains(needed), "{name}: {needed}");
    }
}

#[test]
fn every_browsers_offer_is_answered_or_refused_with_a_reason() {
    let air = Air::new(30);
    for (name, offer) in offers() {
        for offer in [offer.clone(), offer.replace("\r\n", "\n"), format!("\u{feff}\r\n{offer}")] {
            let peer = peer(&air);
            let result = peer.answer(&offer, PATIENCE);
            if name.contains("whep") {
                check(&name, &offer, &result.expect("an answer"));
                assert_eq!(peer.state(), PeerState::Connecting, "{name}");
            } else {
                // They want to send, or a data channel alone: there is nothing we could send in.
                let error = result.expect_err(&name);
                assert_eq!(error.status(), Status::NotOffered, "{name}: {error}");
                assert!(error.sentence().len() > 20, "{name}: {error}");
                assert_eq!(peer.state(), PeerState::Failed, "{name}");
            }
        }
    }
}
