//! RTP header extensions (RFC 8285): which of ours the other side takes, and by which ids.

use super::text::values;
use crate::media::Kind;
use crate::rtp::packet::Extensions;
use sdp_types::{Attribute, Direction, ExtMap};

/// RFC 9143 section 15.1: the section's mid in each packet.
const MID: &str = "urn:ietf:params:rtp-hdrext:sdes:mid";
/// A one-byte header extension holds 16 bytes (RFC 8285 section 4.2).
pub const LONGEST_MID: usize = 16;
/// When a packet left, for bandwidth estimation at the receiver (REMB).
const ABS_SEND_TIME: &str = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time";
/// How long the receiver may hold a frame back.
const PLAYOUT_DELAY: &str = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay";

/// The extensions of ours that the other side takes, each with the direction that answers its own
/// (RFC 8285 section 6). Ids above 14 need two-byte headers, which we do not write.
pub fn answered(attributes: &[Attribute], mid: &str) -> Vec<ExtMap> {
    let mut found: Vec<ExtMap> = Vec::new();
    for mut extmap in values(attributes, "extmap").filter_map(|v| v.parse::<ExtMap>().ok()) {
        let taken = matches!(extmap.direction, None | Some(Direction::RecvOnly | Direction::SendRecv));
        let known = [MID, ABS_SEND_TIME, PLAYOUT_DELAY].contains(&extmap.uri.as_str())
            && (extmap.uri != MID || mid.len() <= LONGEST_MID);
        let fresh = !found.iter().any(|f| f.uri == extmap.uri || f.id == extmap.id);
        if taken && known && fresh && extmap.id <= 14 {
            extmap.direction = extmap.direction.map(|_| Direction::SendOnly);
            extmap.attributes = None;
            found.push(extmap);
        }
    }
    found
}

/// Their ids.
pub fn ids(extmaps: &[ExtMap]) -> Extensions {
    let id = |uri| extmaps.iter().find(|e| e.uri == uri).map(|e| e.id);
    Extensions { mid: id(MID), abs_send_time: id(ABS_SEND_TIME), playout_delay: id(PLAYOUT_DELAY) }
}

/// Those of our own offers.
pub fn offered(kind: Kind) -> Vec<ExtMap> {
    let uris = [MID, ABS_SEND_TIME, PLAYOUT_DELAY];
    let wanted = if kind == Kind::Video { 3 } else { 2 };
    uris.iter().zip(1..).take(wanted).map(|(uri, id)| ExtMap::new(id, uri)).collect()
}
