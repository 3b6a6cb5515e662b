//! The SSRCs that the other side says it sends with (RFC 5576), and what it calls that (RFC 8830).

use super::text::values;
use sdp_types::Attribute;

/// How many SSRCs of a section are kept. Three layers of simulcast with RTX and FEC have nine; what
/// comes with another is still told by its mid or its payload type.
const MAX_SSRCS: usize = 32;
/// How many names of a section are kept.
const MAX_NAMES: usize = 4;

/// What a section says about what will come in it; nothing, where it has no `a=ssrc`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Incoming {
    /// The SSRCs of the media, in order of appearance; those of simulcast have the first layer first.
    pub ssrcs: Vec<u32>,
    /// Of packets sent again (`a=ssrc-group:FID`): the SSRC that is repaired, and the one that repairs it.
    pub rtx: Vec<(u32, u32)>,
    /// The ids of its stream and its track (`a=msid`), where it names them.
    pub names: Vec<String>,
}

impl Incoming {
    pub(super) fn parse(attributes: &[Attribute]) -> Incoming {
        let pairs = |semantics| {
            values(attributes, "ssrc-group").filter_map(move |group| {
                let mut words = group.split_ascii_whitespace();
                let named = words.next()?.eq_ignore_ascii_case(semantics);
                let mut ssrc = || words.next()?.parse::<u32>().ok();
                Some((ssrc()?, ssrc()?)).filter(|(media, repair)| named && media != repair)
            })
        };
        let rtx: Vec<(u32, u32)> = pairs("FID").take(MAX_SSRCS).collect();
        let repairs: Vec<u32> =
            rtx.iter().copied().chain(pairs("FEC-FR").take(MAX_SSRCS)).map(|(_, repair)| repair).collect();
        let listed = values(attributes, "ssrc").filter_map(|v| v.split(' ').next()?.parse().ok());
        let mut ssrcs = Vec::new();
        for ssrc in listed.chain(rtx.iter().map(|(media, _)| *media)) {
            if ssrcs.len() < MAX_SSRCS && !ssrcs.contains(&ssrc) && !repairs.contains(&ssrc) {
                ssrcs.push(ssrc);
            }
        }
        Incoming { ssrcs, rtx, names: names(attributes) }
    }
}

fn names(attributes: &[Attribute]) -> Vec<String> {
    let of_ssrcs = values(attributes, "ssrc").filter_map(|v| v.split_once(" msid:").map(|(_, msid)| msid));
    let mut names = Vec::new();
    for name in values(attributes, "msid").chain(of_ssrcs).flat_map(str::split_ascii_whitespace) {
        // "-" is no stream.
        if names.len() < MAX_NAMES && name != "-" && !names.iter().any(|n| n == name) {
            names.push(name.to_owned());
        }
    }
    names
}
