//! Any bytes as an RTP packet: what is read lies inside, and what the header does not say is payload.

use framewire::rtp::parse;

/// How long the payload is, and how many header extensions there are; `None` if it is no packet.
pub fn run(packet: &[u8]) -> Option<(usize, usize)> {
    let read = parse::packet(packet)?;
    assert!(read.payload.len() + 12 <= packet.len() && read.payload_type < 128);
    let found = (0..=255).filter_map(|id| read.element(id));
    let lengths: Vec<usize> =
        found.inspect(|value| assert!(inside(packet, value))).map(<[u8]>::len).collect();
    Some((read.payload.len(), lengths.len()))
}

fn inside(packet: &[u8], part: &[u8]) -> bool {
    let (whole, part) = (packet.as_ptr_range(), part.as_ptr_range());
    whole.start <= part.start && part.end <= whole.end
}
