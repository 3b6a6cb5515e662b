//! Chunks in any order, broken in any way, at any time: what comes is within the limits, and in the end
//! nothing is kept.

use framewire::message::reassemble::{Incoming, Limits, Reassembler, ReassemblerStats};
use framewire::time::Time;
use std::time::Duration;

/// Runs `script`: an operation, its argument, and for chunks what is in them.
pub fn run(script: &[u8]) -> ReassemblerStats {
    let limits = Limits { message: 300, together: 1_000, unfinished: 3, unpack: true, ..Limits::default() };
    let mut reassembler = Reassembler::new(limits);
    let (mut rest, mut now, mut told) = (script, Time(0), 0);
    while let [operation, argument, after @ ..] = rest {
        rest = after;
        let argument = u32::from(*argument);
        let mut out = |incoming| {
            told += 1;
            if let Incoming::Message { data, .. } = incoming {
                assert!(data.len() <= limits.message);
            }
        };
        match operation % 3 {
            0 => {
                now = now + Duration::from_secs(argument.into());
                reassembler.tick(now, &mut out);
            }
            1 => reassembler.push(take(&mut rest), now, &mut out),
            _ => {
                let total = u32::from(take(&mut rest).first().copied().unwrap_or(3));
                let numbers = [argument & 7, argument >> 3, total];
                let mut chunk = numbers.map(u32::to_le_bytes).concat();
                chunk.extend_from_slice(take(&mut rest));
                reassembler.push(&chunk, now, &mut out);
            }
        }
        assert!(reassembler.kept() <= limits.together);
        assert!(reassembler.deadline().is_none_or(|due| now < due + limits.idle));
    }
    reassembler.tick(now + limits.age, &mut |_| told += 1);
    assert_eq!((reassembler.kept(), reassembler.deadline()), (0, None), "nothing is kept for ever");
    let stats = reassembler.stats();
    assert_eq!(stats.messages + stats.violations + stats.evicted, told, "each end is told");
    stats
}

/// A byte of length, and as many bytes as there are.
fn take<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let Some((&length, after)) = rest.split_first() else { return &[] };
    let (taken, after) = after.split_at(after.len().min(length.into()));
    *rest = after;
    taken
}
