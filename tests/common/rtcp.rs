//! RTCP written and read by hand: RFC 3550 section 6, RFC 4585 section 6, RFC 5104 section 4.3.1.

/// Picture loss indication.
pub fn pli(sender: u32, media: u32) -> Vec<u8> {
    packet(1, 206, &[sender, media])
}

/// Full intra request; `sequence` tells a repeat from a new one.
pub fn fir(sender: u32, media: u32, sequence: u8) -> Vec<u8> {
    packet(4, 206, &[sender, 0, media, u32::from(sequence) << 24])
}

/// Generic NACK for those sequence numbers, in ascending order.
pub fn nack(sender: u32, media: u32, lost: &[u16]) -> Vec<u8> {
    let mut words = vec![sender, media];
    let mut base = None;
    for &sequence in lost {
        match base.map(|b: u16| sequence.wrapping_sub(b)) {
            Some(step @ 1..=16) => {
                *words.last_mut().expect("a base was written") |= 1 << (step - 1);
            }
            _ => {
                words.push(u32::from(sequence) << 16);
                base = Some(sequence);
            }
        }
    }
    packet(1, 205, &words)
}

/// One report block, RFC 3550 section 6.4.1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Block {
    pub ssrc: u32,
    pub fraction_lost: u8,
    pub lost: u32,
    pub highest: u32,
    pub jitter: u32,
    pub last_report: u32,
    /// Since that report, in 1/65,536 s.
    pub delay: u32,
}

/// A receiver report and the SDES that RFC 3550 section 6.1 wants behind it.
pub fn receiver_report(sender: u32, blocks: &[Block]) -> Vec<u8> {
    let mut words = vec![sender];
    for b in blocks {
        let lost = u32::from(b.fraction_lost) << 24 | (b.lost & 0xff_ffff);
        words.extend([b.ssrc, lost, b.highest, b.jitter, b.last_report, b.delay]);
    }
    let mut compound = packet(blocks.len() as u8, 201, &words);
    // CNAME "peer": type 1, length 4, four letters, and the zero that ends the chunk.
    let cname = [0x0104_7065, 0x6572_0000];
    compound.extend(packet(1, 202, &[sender, cname[0], cname[1]]));
    compound
}

/// What the watched side says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    Sender { ssrc: u32, ntp: u64, rtp: u32, packets: u32, octets: u32 },
    Cname { ssrc: u32, name: String },
    Bye { ssrc: u32 },
    Other { kind: u8 },
}

/// Every packet of a compound; `None` if it does not add up.
pub fn parse(mut bytes: &[u8]) -> Option<Vec<Report>> {
    let mut reports = Vec::new();
    while !bytes.is_empty() {
        let len = 4 * (usize::from(u16::from_be_bytes([*bytes.get(2)?, *bytes.get(3)?])) + 1);
        let (one, rest) = bytes.split_at_checked(len)?;
        bytes = rest;
        let word = |n: usize| Some(u32::from_be_bytes(one.get(4 * n..4 * n + 4)?.try_into().ok()?));
        reports.push(match (one[0] >> 6, one[1]) {
            (2, 200) => Report::Sender {
                ssrc: word(1)?,
                ntp: u64::from(word(2)?) << 32 | u64::from(word(3)?),
                rtp: word(4)?,
                packets: word(5)?,
                octets: word(6)?,
            },
            (2, 202) if one.get(8) == Some(&1) => Report::Cname {
                ssrc: word(1)?,
                name: String::from_utf8(one.get(10..10 + usize::from(one[9]))?.to_vec()).ok()?,
            },
            (2, 203) => Report::Bye { ssrc: word(1)? },
            (2, kind) => Report::Other { kind },
            _ => return None,
        });
    }
    Some(reports)
}

fn packet(count: u8, kind: u8, words: &[u32]) -> Vec<u8> {
    let mut bytes = vec![0x80 | count, kind];
    bytes.extend((words.len() as u16).to_be_bytes());
    bytes.extend(words.iter().flat_map(|w| w.to_be_bytes()));
    bytes
}
