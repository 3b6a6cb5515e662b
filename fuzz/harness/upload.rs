//! An upload by a client that does anything: a file is whole, each byte written once, or there is none.

use framewire::message::upload::{Heard, Store, Upload, UploadLimits, UploadState};
use framewire::time::Time;
use std::io;
use std::time::Duration;

const SIZE: u64 = 400;

/// Runs `script`: an operation, its argument, and for messages what is in them. How it ended.
pub fn run(script: &[u8]) -> UploadState {
    let mut upload = Upload::new(Disk::default(), UploadLimits { size: SIZE, ..UploadLimits::default() });
    let (mut rest, mut now) = (script, Time(0));
    let (mut complete, mut failed, mut taken) = (0, 0, 0);
    while let [operation, argument, after @ ..] = rest {
        rest = after;
        let argument = u32::from(*argument);
        let heard = match operation % 5 {
            0 => {
                now = now + Duration::from_secs(argument.into());
                upload.tick(now)
            }
            1 => upload.message(take(&mut rest), now),
            2 => {
                let mut chunk = [argument & 15, argument >> 4].map(u32::to_le_bytes).concat();
                chunk.extend_from_slice(take(&mut rest));
                upload.message(&chunk, now)
            }
            3 => {
                if let Ok(disk) = upload.take() {
                    assert!(disk.finished);
                    taken += 1;
                }
                Heard::Nothing
            }
            _ => upload.abort("gone"),
        };
        complete += u32::from(heard == Heard::Complete);
        failed += u32::from(matches!(heard, Heard::Failed(_)));
        assert!(upload.deadline().is_none_or(|due| now < due));
    }
    assert!(complete <= 1 && failed <= 1 && taken <= complete, "each is said once");
    upload.state().clone()
}

/// Knows which bytes were written.
#[derive(Debug, Default)]
struct Disk {
    written: Vec<bool>,
    finished: bool,
}

impl Store for Disk {
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        let (start, end) = (at as usize, at as usize + bytes.len());
        assert!(end as u64 <= SIZE && !self.finished);
        self.written.resize(self.written.len().max(end), false);
        assert!(self.written[start..end].iter().all(|written| !written), "each byte once");
        self.written[start..end].fill(true);
        Ok(())
    }

    fn finish(&mut self, size: u64) -> io::Result<()> {
        assert!(size == self.written.len() as u64 && self.written.iter().all(|written| *written));
        self.finished = true;
        Ok(())
    }
}

/// A byte of length, and as many bytes as there are.
fn take<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let Some((&length, after)) = rest.split_first() else { return &[] };
    let (taken, after) = after.split_at(after.len().min(length.into()));
    *rest = after;
    taken
}
