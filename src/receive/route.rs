//! Which track a packet belongs to: RFC 9143 section 9.2.

use super::TrackConfig;
use crate::rtp::parse::Packet;

/// SSRCs that are remembered beside those of the SDP. A track has two; more come where a sender
/// changes them.
const MAX_LEARNT: usize = 64;

#[derive(Debug)]
pub(super) struct Routes {
    sections: Vec<Section>,
    /// SSRCs and their tracks: of the SDP, and behind them those that were learnt.
    known: Vec<(u32, usize)>,
    announced: usize,
    /// The header extension that names the section: one id in all that share a transport.
    mid: Option<u8>,
}

#[derive(Debug)]
struct Section {
    mid: String,
    payload_types: [Option<u8>; 2],
}

impl Routes {
    pub(super) fn new(tracks: &[TrackConfig]) -> Routes {
        let mut known = Vec::new();
        for (n, track) in tracks.iter().enumerate() {
            let rtx = track.rtx_ssrcs.iter().map(|(_, rtx)| rtx);
            known.extend(track.ssrcs.iter().chain(rtx).map(|&ssrc| (ssrc, n)));
        }
        let section = |track: &TrackConfig| Section {
            mid: track.mid.clone(),
            payload_types: [Some(track.payload_type), track.rtx],
        };
        Routes {
            sections: tracks.iter().map(section).collect(),
            announced: known.len(),
            known,
            mid: tracks.iter().find_map(|track| track.received.mid),
        }
    }

    /// The track that SSRC is known to belong to.
    pub(super) fn of(&self, ssrc: u32) -> Option<usize> {
        self.known.iter().find(|(known, _)| *known == ssrc).map(|(_, track)| *track)
    }

    /// The track of a packet: by its SSRC, its mid, its payload type where only one has that.
    pub(super) fn find(&mut self, packet: &Packet<'_>) -> Option<usize> {
        if let Some(track) = self.of(packet.ssrc) {
            return Some(track);
        }
        let carries = |section: &Section| section.payload_types.contains(&Some(packet.payload_type));
        let track = match self.mid.and_then(|id| packet.element(id)) {
            Some(mid) => self.sections.iter().position(|s| s.mid.as_bytes() == mid && carries(s))?,
            None => {
                let mut having = (0..self.sections.len()).filter(|&n| carries(&self.sections[n]));
                having.next().filter(|_| having.next().is_none())?
            }
        };
        if self.known.len() - self.announced == MAX_LEARNT {
            self.known.remove(self.announced);
        }
        self.known.push((packet.ssrc, track));
        Some(track)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::Kind;
    use crate::receive::Received;
    use crate::rtp::packet::{Extensions, Fields, Header};
    use crate::rtp::parse;

    fn section(mid: &str, payload_type: u8, rtx: Option<u8>, ssrcs: &[u32]) -> TrackConfig {
        let received = Received { mid: Some(4), ..Received::default() };
        let config = TrackConfig::new(Kind::Video, mid, payload_type);
        TrackConfig { rtx, ssrcs: ssrcs.into(), received, ..config }
    }

    fn find(routes: &mut Routes, ssrc: u32, payload_type: u8, mid: Option<&str>) -> Option<usize> {
        let extensions = Extensions { mid: mid.map(|_| 4), ..Extensions::default() };
        let header = Header::new(payload_type, ssrc, mid.unwrap_or_default(), extensions);
        let fields = Fields { marker: false, sequence: 0, timestamp: 0, send_time: 0, playout_delay: false };
        let mut bytes = Vec::new();
        header.write(&mut bytes, &fields, b"x");
        routes.find(&parse::packet(&bytes).expect("is RTP"))
    }

    #[test]
    fn the_ssrc_of_the_sdp_decides_before_all_else() {
        let first = TrackConfig { rtx_ssrcs: vec![(1, 11)], ..section("a", 96, Some(97), &[1, 2]) };
        let mut routes = Routes::new(&[first, section("b", 98, None, &[3])]);
        for (ssrc, track) in [(1, 0), (2, 0), (11, 0), (3, 1)] {
            assert_eq!(find(&mut routes, ssrc, 111, Some("b")), Some(track));
        }
    }

    #[test]
    fn an_unknown_ssrc_is_learnt_by_its_mid() {
        let mut routes = Routes::new(&[section("a", 96, Some(97), &[]), section("b", 96, Some(97), &[])]);
        assert_eq!(find(&mut routes, 7, 96, None), None, "two have that payload type");
        assert_eq!(find(&mut routes, 7, 96, Some("b")), Some(1));
        assert_eq!(find(&mut routes, 8, 97, Some("b")), Some(1));
        assert_eq!((find(&mut routes, 7, 96, None), routes.of(8)), (Some(1), Some(1)), "from now on");
        for (payload_type, mid) in [(96, "c"), (96, "bb"), (98, "b")] {
            assert_eq!(find(&mut routes, 9, payload_type, Some(mid)), None, "{payload_type} {mid}");
        }
    }

    #[test]
    fn without_a_mid_the_payload_type_decides_where_one_section_has_it() {
        let mut routes = Routes::new(&[section("a", 96, Some(97), &[]), section("b", 111, None, &[])]);
        assert_eq!(find(&mut routes, 7, 111, None), Some(1));
        assert_eq!(find(&mut routes, 8, 97, None), Some(0));
        assert_eq!(find(&mut routes, 9, 98, None), None);
    }

    #[test]
    fn so_many_are_remembered_and_those_of_the_sdp_for_ever() {
        let mut routes = Routes::new(&[section("a", 96, None, &[1]), section("b", 98, None, &[])]);
        for ssrc in 100..1_000 {
            assert_eq!(find(&mut routes, ssrc, 96, None), Some(0));
        }
        assert_eq!(routes.known.len(), 1 + MAX_LEARNT);
        assert_eq!((routes.of(1), routes.of(999), routes.of(100)), (Some(0), Some(0), None));
    }
}
