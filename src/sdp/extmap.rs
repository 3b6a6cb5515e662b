//! RTP header extensions (RFC 8285): which of ours the other side has, in which direction, and by which ids.

use super::exchange::direction;
use super::text::values;
use crate::media::Kind;
use crate::rtp::packet::{Extensions, Received};
use sdp_types::{Attribute, ExtMap};

/// RFC 9143 section 15.1: the section's mid in each packet.
const MID: &str = "urn:ietf:params:rtp-hdrext:sdes:mid";
/// A one-byte header extension holds 16 bytes (RFC 8285 section 4.2).
pub const LONGEST_MID: usize = 16;
/// When a packet left, for bandwidth estimation at the receiver (REMB).
const ABS_SEND_TIME: &str = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time";
/// How long the receiver may hold a frame back.
const PLAYOUT_DELAY: &str = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay";
/// A number of each packet of the transport, for bandwidth estimation at the sender.
const TRANSPORT_CC: &str = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";

/// What we write, what we read.
const WRITTEN: [&str; 3] = [MID, ABS_SEND_TIME, PLAYOUT_DELAY];
const READ: [&str; 3] = [MID, ABS_SEND_TIME, TRANSPORT_CC];

/// The extensions of ours in a section of the other side. Ids above 14 need two-byte headers, which
/// we do not have. `transport_cc`: whether feedback on the transport-wide numbers is offered too.
pub fn known(attributes: &[Attribute], mid: &str, transport_cc: bool) -> Vec<ExtMap> {
    let mut found: Vec<ExtMap> = Vec::new();
    for mut extmap in values(attributes, "extmap").filter_map(|v| v.parse::<ExtMap>().ok()) {
        let known = match extmap.uri.as_str() {
            MID => mid.len() <= LONGEST_MID,
            TRANSPORT_CC => transport_cc,
            uri => WRITTEN.contains(&uri),
        };
        let fresh = !found.iter().any(|f| f.uri == extmap.uri || f.id == extmap.id);
        if known && fresh && (1..=14).contains(&extmap.id) {
            extmap.attributes = None;
            found.push(extmap);
        }
    }
    found
}

/// The answer to them, each with the direction that answers its own (RFC 8285 section 6).
pub fn answered(theirs: &[ExtMap], sending: bool, receiving: bool) -> Vec<ExtMap> {
    let answer = |extmap: &ExtMap| {
        let (sends, receives) = (sending && writes(extmap), receiving && reads(extmap));
        let whole = extmap.direction.is_none() && (sends, receives) == (sending, receiving);
        let direction = (!whole).then(|| direction(sends, receives));
        (sends || receives).then(|| ExtMap { direction, ..extmap.clone() })
    };
    theirs.iter().filter_map(answer).collect()
}

/// The ids of those that we may write.
pub fn written(theirs: &[ExtMap]) -> Extensions {
    let id = |uri| theirs.iter().find(|e| e.uri == uri && writes(e)).map(|e| e.id);
    Extensions { mid: id(MID), abs_send_time: id(ABS_SEND_TIME), playout_delay: id(PLAYOUT_DELAY) }
}

/// The ids of those that may come.
pub fn read(theirs: &[ExtMap]) -> Received {
    let id = |uri| theirs.iter().find(|e| e.uri == uri && reads(e)).map(|e| e.id);
    Received { mid: id(MID), transport_cc: id(TRANSPORT_CC), abs_send_time: id(ABS_SEND_TIME) }
}

/// Those of our own offers.
pub fn offered(kind: Kind, sending: bool, receiving: bool) -> Vec<ExtMap> {
    let all = [MID, ABS_SEND_TIME, PLAYOUT_DELAY, TRANSPORT_CC];
    let ours: Vec<ExtMap> = all
        .iter()
        .zip(1..)
        .filter(|(uri, _)| kind == Kind::Video || **uri != PLAYOUT_DELAY)
        .map(|(uri, id)| ExtMap::new(id, uri))
        .collect();
    answered(&ours, sending, receiving)
}

fn writes(theirs: &ExtMap) -> bool {
    WRITTEN.contains(&theirs.uri.as_str()) && theirs.direction.is_none_or(|d| d.has_recv())
}

fn reads(theirs: &ExtMap) -> bool {
    READ.contains(&theirs.uri.as_str()) && theirs.direction.is_none_or(|d| d.has_send())
}
