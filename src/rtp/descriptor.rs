//! The VP8 payload descriptor: RFC 7741 section 4.2.

/// What stands before a piece of a VP8 frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Descriptor {
    /// No later frame refers to this one.
    pub non_reference: bool,
    /// A partition begins here.
    pub start: bool,
    /// Which partition.
    pub partition: u8,
    /// Counts pictures, in 7 or 15 bits.
    pub picture: Option<u16>,
    /// Counts pictures of the lowest temporal layer.
    pub base_layer: Option<u8>,
    /// Temporal layer, and whether it depends on the lowest alone.
    pub layer: Option<(u8, bool)>,
    /// Counts keyframes, in 5 bits.
    pub key_index: Option<u8>,
}

impl Descriptor {
    /// Whether a frame begins here.
    pub fn begins_frame(&self) -> bool {
        self.start && self.partition == 0
    }
}

/// The descriptor of `payload`, and the piece of a frame behind it. `None` if it is cut, or nothing
/// is behind it.
pub fn read(payload: &[u8]) -> Option<(Descriptor, &[u8])> {
    let mut rest = payload;
    let mut next = || {
        let (&byte, after) = rest.split_first()?;
        rest = after;
        Some(byte)
    };
    let first = next()?;
    let mut descriptor = Descriptor {
        non_reference: first & 0x20 != 0,
        start: first & 0x10 != 0,
        partition: first & 0x07,
        ..Descriptor::default()
    };
    let present = if first & 0x80 != 0 { next()? } else { 0 };
    if present & 0x80 != 0 {
        let high = next()?;
        let long = high & 0x80 != 0;
        let high = u16::from(high & 0x7f);
        descriptor.picture = Some(if long { high << 8 | u16::from(next()?) } else { high });
    }
    if present & 0x40 != 0 {
        descriptor.base_layer = Some(next()?);
    }
    if present & 0x30 != 0 {
        let byte = next()?;
        descriptor.layer = (present & 0x20 != 0).then_some((byte >> 6, byte & 0x20 != 0));
        descriptor.key_index = (present & 0x10 != 0).then_some(byte & 0x1f);
    }
    (!rest.is_empty()).then_some((descriptor, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shortest_is_one_byte() {
        let descriptor = Descriptor { start: true, ..Descriptor::default() };
        assert_eq!(read(&[0x10, 9]), Some((descriptor, [9].as_slice())));
        assert!(descriptor.begins_frame());
        let (later, _) = read(&[0x13, 9]).expect("whole");
        assert!(later.start && later.partition == 3 && !later.begins_frame(), "another partition");
        let (reserved, _) = read(&[0x48 | 0x10, 9]).expect("whole");
        assert_eq!(reserved, descriptor, "reserved bits are ignored");
    }

    #[test]
    fn every_optional_field_is_read_in_every_combination() {
        for present in 0..16u8 {
            for long in [false, true] {
                let mut payload = vec![0xa0, present << 4 | 0x0f];
                let has = |bit: u8| present & bit != 0;
                match (has(8), long) {
                    (true, true) => payload.extend([0xff, 0xfe]),
                    (true, false) => payload.push(0x7e),
                    _ => {}
                }
                payload.extend(has(4).then_some(0xab));
                payload.extend((has(2) || has(1)).then_some(0b1010_1101));
                payload.push(9);
                let expected = Descriptor {
                    non_reference: true,
                    picture: has(8).then_some(if long { 0x7ffe } else { 0x7e }),
                    base_layer: has(4).then_some(0xab),
                    layer: has(2).then_some((2, true)),
                    key_index: has(1).then_some(0b01101),
                    ..Descriptor::default()
                };
                assert_eq!(read(&payload), Some((expected, [9].as_slice())), "{payload:02x?}");
                for length in 0..payload.len() {
                    assert_eq!(read(&payload[..length]), None, "{payload:02x?} cut to {length}");
                }
            }
        }
    }
}
