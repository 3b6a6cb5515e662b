//! IVF, the container of bare VP8: a header of 32 bytes, then frames of 12 bytes and their data, all
//! little-endian (libvpx, `ivfdec.c`).

use crate::error::{Error, Result, Status};
use std::io::{self, Read};

/// Bytes before the first frame.
const HEADER: usize = 32;
/// Bytes before the data of a frame.
const FRAME_HEADER: usize = 12;
/// No frame is larger: what a header claims is not believed.
const LARGEST: u32 = 32 << 20;

/// Reads the frames of a file.
#[derive(Debug)]
pub struct Ivf<R> {
    from: R,
    /// Seconds of a unit of a frame's time, as a fraction.
    pub time_base: (u32, u32),
    frames: u64,
}

/// One coded frame.
#[derive(Debug, PartialEq, Eq)]
pub struct Coded {
    /// When it is to be shown, in units of the time base.
    pub pts: u64,
    /// The bitstream.
    pub data: Vec<u8>,
}

impl<R: Read> Ivf<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// `Malformed`: it is no IVF file. `Unsupported`: not of VP8. `Io`.
    pub fn new(mut from: R) -> Result<Ivf<R>> {
        let mut header = [0; HEADER];
        if read(&mut from, &mut header)? < HEADER || !header.starts_with(b"DKIF") {
            return Err(Error::malformed("the file is no IVF file"));
        }
        let codec = &header[8..12];
        if codec != b"VP80" {
            let sentence = format!("the file holds {}, only VP8 is decoded", codec.escape_ascii());
            return Err(Error::new(Status::Unsupported, sentence));
        }
        let extra = usize::from(u16::from_le_bytes([header[6], header[7]])).saturating_sub(HEADER);
        if read(&mut from, &mut vec![0; extra])? < extra {
            return Err(Error::malformed("the header of the file is cut off"));
        }
        let number = |at: usize| u32::from_le_bytes([0, 1, 2, 3].map(|n| header[at + n]));
        // It says how many units a second has.
        let (rate, scale) = (number(16), number(20));
        if rate == 0 || scale == 0 {
            return Err(Error::malformed(format!("the file has {rate}/{scale} frames a second")));
        }
        Ok(Ivf { from, time_base: (scale, rate), frames: 0 })
    }

    /// The next frame; `None`: there are no more.
    ///
    /// # Errors
    /// `Malformed`: it is cut off, or claims to be too large. `Io`.
    pub fn next(&mut self) -> Result<Option<Coded>> {
        self.frames += 1;
        let cut = || Error::malformed(format!("frame {} of the file is cut off", self.frames));
        let mut header = [0; FRAME_HEADER];
        match read(&mut self.from, &mut header)? {
            0 => return Ok(None),
            FRAME_HEADER => {}
            _ => return Err(cut()),
        }
        let length = u32::from_le_bytes([0, 1, 2, 3].map(|n| header[n]));
        let pts = u64::from_le_bytes([4, 5, 6, 7, 8, 9, 10, 11].map(|n| header[n]));
        if length > LARGEST {
            return Err(Error::malformed(format!("frame {} of the file has {length} bytes", self.frames)));
        }
        // Grows with what there is, not with what is claimed.
        let mut data = Vec::new();
        let got = (&mut self.from).take(length.into()).read_to_end(&mut data).map_err(failed)?;
        if got < length as usize { Err(cut()) } else { Ok(Some(Coded { pts, data })) }
    }
}

/// Fills `to` as far as there is something; how far.
fn read(from: &mut impl Read, to: &mut [u8]) -> Result<usize> {
    let mut filled = 0;
    while filled < to.len() {
        match from.read(&mut to[filled..]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(failed(error)),
        }
    }
    Ok(filled)
}

fn failed(error: io::Error) -> Error {
    Error::io("reading the file", &error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(frames: &[(u64, &[u8])]) -> Vec<u8> {
        let mut file = b"DKIF\0\0\x20\0VP80".to_vec();
        file.extend([64, 0, 48, 0, 30, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        for (pts, data) in frames {
            file.extend((data.len() as u32).to_le_bytes());
            file.extend(pts.to_le_bytes());
            file.extend(*data);
        }
        file
    }

    #[test]
    fn frames_come_out_with_their_times() {
        let file = file(&[(0, b"one"), (7, b""), (u64::MAX, b"three")]);
        let mut ivf = Ivf::new(&file[..]).expect("a good file");
        assert_eq!(ivf.time_base, (1, 30));
        let coded = |pts, data: &[u8]| Some(Coded { pts, data: data.to_vec() });
        assert_eq!(ivf.next(), Ok(coded(0, b"one")));
        assert_eq!(ivf.next(), Ok(coded(7, b"")));
        assert_eq!(ivf.next(), Ok(coded(u64::MAX, b"three")));
        assert_eq!(ivf.next(), Ok(None));
    }

    #[test]
    fn what_is_cut_anywhere_is_an_error_and_a_claim_takes_no_memory() {
        let good = file(&[(0, b"one"), (1, b"two")]);
        for length in 0..good.len() {
            let outcome = Ivf::new(&good[..length]).and_then(|mut ivf| {
                while ivf.next()?.is_some() {}
                Ok(())
            });
            let at_an_end = length == HEADER || length == HEADER + FRAME_HEADER + 3;
            assert_eq!(outcome.is_ok(), at_an_end, "{length}: {outcome:?}");
        }
        for claimed in [LARGEST, LARGEST + 1, u32::MAX] {
            let mut lies = good.clone();
            lies[HEADER..HEADER + 4].copy_from_slice(&claimed.to_le_bytes());
            assert!(Ivf::new(&lies[..]).expect("its header is good").next().is_err());
        }
    }

    #[test]
    fn what_is_no_vp8_is_refused_with_a_reason() {
        let mut av1 = file(&[]);
        av1[8..12].copy_from_slice(b"AV01");
        assert_eq!(
            Ivf::new(&av1[..]).expect_err("not VP8").sentence(),
            "the file holds AV01, only VP8 is decoded"
        );
        let mut still = file(&[]);
        still[16..20].fill(0);
        assert!(Ivf::new(&still[..]).is_err());
    }
}
