//! Coded sound in, gapless samples out: what is missing is rebuilt or concealed.

use super::Errors;
use super::opus::{self, LONGEST, OpusDecoder, PIECE, RATE};
use crate::error::Result;
use crate::receive::CodedSound;
use crate::sink::{Pcm, SampleFormat};
use crate::time::Time;
use std::time::Duration;

/// The longest silence that is filled. Behind a longer one the timestamps say how long it was.
const LONGEST_FILLED: u64 = RATE as u64;

/// The decoder of one track.
pub struct SoundStage {
    opus: OpusDecoder,
    errors: Errors,
    /// The timestamp that follows on what was handed out.
    next: Option<u64>,
}

/// Decoded samples.
#[derive(Debug)]
pub struct Piece {
    /// The samples.
    pub samples: Pcm,
    /// Of the first.
    pub timestamp: u64,
    /// When the first was captured.
    pub capture: Time,
    /// How it came to be.
    pub origin: Origin,
}

/// How samples came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Their packet came.
    Packet,
    /// Their packet was lost; the next one carried them again.
    Recovered,
    /// Nothing came.
    Concealed,
}

impl SoundStage {
    /// A stage whose track has failed after `most_errors` in a row.
    ///
    /// # Errors
    /// libopus has no memory.
    pub fn new(format: SampleFormat, channels: u32, most_errors: u32) -> Result<SoundStage> {
        Ok(SoundStage {
            opus: OpusDecoder::new(format, channels)?,
            errors: Errors::new(most_errors),
            next: None,
        })
    }

    /// Decodes one packet, and before it whatever is missing. Sound that was handed out already, which
    /// only a sender's clock that ran back can bring, is left out.
    ///
    /// # Errors
    /// The packet is damaged: what is missing before it came out all the same.
    pub fn decode(&mut self, coded: &CodedSound, out: &mut dyn FnMut(Piece)) -> Result<()> {
        let frames = opus::frames(&coded.data)? as u64;
        let missing = match self.next {
            Some(next) if next + LONGEST_FILLED < coded.timestamp => 0,
            Some(next) if coded.timestamp + frames <= next && next < coded.timestamp + LONGEST_FILLED => {
                return Ok(());
            }
            Some(next) => coded.timestamp.saturating_sub(next),
            None => 0,
        };
        self.fill(coded, missing, out)?;
        let samples = self.opus.decode(&coded.data)?;
        self.next = Some(coded.timestamp + frames);
        out(self.piece(coded, coded.timestamp, samples, Origin::Packet));
        self.errors.forget();
        Ok(())
    }

    /// What comes continues nothing that was.
    pub fn restart(&mut self) {
        self.opus.reset();
        self.errors.forget();
        self.next = None;
    }

    /// A packet could not be decoded. True: too many in a row, the track has failed.
    pub fn failed(&mut self, now: Time) -> bool {
        self.errors.add(now)
    }

    /// Fills what is missing before `coded`: out of the packet itself where it carries its
    /// predecessor, and concealed where it does not.
    fn fill(&mut self, coded: &CodedSound, missing: u64, out: &mut dyn FnMut(Piece)) -> Result<()> {
        // Nobody sends less than 2.5 ms; what is not a multiple of it stays a gap in the timestamps.
        let mut left = missing as usize / PIECE * PIECE;
        let again = coded.lost > 0 && opus::has_previous(&coded.data);
        let last = if again { opus::frames(&coded.data)?.min(left) } else { 0 };
        while left > 0 {
            let at = coded.timestamp - left as u64;
            let (samples, origin, frames) = if left > last {
                let frames = (left - last).min(LONGEST);
                (self.opus.conceal(frames)?, Origin::Concealed, frames)
            } else {
                (self.opus.previous(&coded.data, last)?, Origin::Recovered, last)
            };
            left -= frames;
            out(self.piece(coded, at, samples, origin));
        }
        Ok(())
    }

    fn piece(&self, coded: &CodedSound, timestamp: u64, samples: Pcm, origin: Origin) -> Piece {
        let before = Duration::from_micros((coded.timestamp - timestamp) * 1_000_000 / u64::from(RATE));
        Piece { samples, timestamp, capture: coded.capture - before, origin }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::opus::{FRAME, OpusEncoder};
    use crate::source::AudioOptions;

    /// A second of a 440 Hz tone that grows, in packets.
    fn packets() -> Vec<Vec<u8>> {
        let options = AudioOptions { channels: 1, bitrate: 24_000, ..AudioOptions::default() };
        let mut encoder = OpusEncoder::new(&options).expect("libopus has memory");
        let tone = |n: usize| (n as f32 * 440.0 * std::f32::consts::TAU / 48_000.0).sin() * 0.4;
        (0..50)
            .map(|packet| {
                let samples: Vec<f32> = (0..FRAME).map(|n| tone(packet * FRAME + n)).collect();
                encoder.encode(&samples).expect("it is encoded").to_vec()
            })
            .collect()
    }

    fn coded(data: &[u8], packet: usize, lost: u32) -> CodedSound {
        let timestamp = 1_000 + (packet * FRAME) as u64;
        let capture = Time(5_000_000 + packet as u64 * 20_000);
        CodedSound { data: data.to_vec(), timestamp, lost, capture, arrived: capture }
    }

    fn stage() -> SoundStage {
        SoundStage::new(SampleFormat::F32, 1, 10).expect("libopus has memory")
    }

    fn decode(stage: &mut SoundStage, coded: &CodedSound) -> Vec<Piece> {
        let mut pieces = Vec::new();
        stage.decode(coded, &mut |piece| pieces.push(piece)).expect("a good packet");
        pieces
    }

    fn samples(piece: &Piece) -> &[f32] {
        match &piece.samples {
            Pcm::F32(samples) => samples,
            Pcm::S16(_) => panic!("float was asked for"),
        }
    }

    fn loudness(samples: &[f32]) -> f32 {
        (samples.iter().map(|s| s * s).sum::<f32>() / samples.len() as f32).sqrt()
    }

    #[test]
    fn whatever_is_lost_the_samples_follow_on_one_another_and_so_do_their_times() {
        let packets = packets();
        let mut stage = stage();
        let mut pieces = decode(&mut stage, &coded(&packets[0], 0, 0));
        for n in [1, 3, 4, 8, 9, 30] {
            let lost = if n == 30 { 20 } else { u32::from(n == 3) + 3 * u32::from(n == 8) };
            pieces.extend(decode(&mut stage, &coded(&packets[n], n, lost)));
        }
        let (mut timestamp, start) = (1_000, pieces[0].capture);
        for piece in &pieces {
            assert_eq!(piece.timestamp, timestamp);
            assert_eq!(piece.capture, start + Duration::from_micros((timestamp - 1_000) * 1_000 / 48));
            timestamp += samples(piece).len() as u64;
        }
        assert_eq!(timestamp, 1_000 + 31 * FRAME as u64);
    }

    #[test]
    fn a_lost_packet_comes_out_of_the_next_one_where_that_carries_it() {
        let packets = packets();
        let carrier = (10..50).find(|n| opus::has_previous(&packets[*n])).expect("in-band FEC is on");
        let mut stage = stage();
        for (n, packet) in packets.iter().enumerate().take(carrier - 1) {
            decode(&mut stage, &coded(packet, n, 0));
        }
        let pieces = decode(&mut stage, &coded(&packets[carrier], carrier, 1));
        assert_eq!(pieces.iter().map(|p| p.origin).collect::<Vec<_>>(), [Origin::Recovered, Origin::Packet]);
        assert!(loudness(samples(&pieces[0])) > 0.1, "{}", loudness(samples(&pieces[0])));
    }

    #[test]
    fn a_pause_of_the_sender_is_filled_and_a_long_one_is_left_to_the_timestamps() {
        let packets = packets();
        let mut stage = stage();
        decode(&mut stage, &coded(&packets[0], 0, 0));
        let pieces = decode(&mut stage, &coded(&packets[1], 11, 0));
        assert!(pieces.iter().take(pieces.len() - 1).all(|p| p.origin == Origin::Concealed));
        assert_eq!(pieces.iter().map(|p| samples(p).len()).sum::<usize>(), 11 * FRAME);
        let pieces = decode(&mut stage, &coded(&packets[2], 500, 0));
        assert_eq!((pieces.len(), pieces[0].timestamp), (1, 1_000 + 500 * FRAME as u64));
    }

    #[test]
    fn sound_that_was_handed_out_is_not_handed_out_again() {
        let packets = packets();
        let mut stage = stage();
        decode(&mut stage, &coded(&packets[0], 10, 0));
        assert!(decode(&mut stage, &coded(&packets[1], 9, 0)).is_empty());
        assert_eq!(decode(&mut stage, &coded(&packets[1], 11, 0)).len(), 1);
    }

    #[test]
    fn garbage_is_an_error_and_the_next_packet_is_heard() {
        let packets = packets();
        let mut stage = stage();
        for garbage in [&[][..], &[0xff], &[0xff; 40], &[0x03]] {
            stage.decode(&coded(garbage, 0, 0), &mut |_| {}).expect_err("it is no packet");
            assert!(!stage.failed(Time(0)));
        }
        assert_eq!(decode(&mut stage, &coded(&packets[0], 0, 0)).len(), 1);
    }
}
