//! Sound beside processed pictures: held back for as long as those take.

use super::{Shared, SoundPath};
use crate::decode::opus::RATE;
use crate::encode::hold::LONGEST;
use crate::error::Status;
use crate::frame::{AudioFrame, Samples};
use crate::sink::{Pcm, Sink, Sound};
use crate::source::Source;
use crate::time::{Time, clock};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

/// No more sound is held back, of one channel, whatever its capture times say.
const MOST_SAMPLES: usize = 2 * RATE as usize;

/// Brings sound to the source, until the processor is over.
pub(super) fn run(shared: &Arc<Shared>, sink: &Sink) {
    let Some(source) = &shared.options.source else { return };
    let mut line = Line::default();
    loop {
        match sink.next_audio_for(line.deadline(shared.delay()), &shared.wait_sound) {
            Ok(sound) => {
                let taken = line.push(changed(shared, sound));
                shared.figures.sounds_dropped.add(u64::from(!taken));
            }
            Err(error) if error.status() == Status::Timeout => {}
            Err(_) => break,
        }
        while let Some(sound) = line.next(shared.delay(), clock::now()) {
            push(shared, source, &sound);
        }
    }
    while let Some(sound) = line.next(Duration::ZERO, Time(u64::MAX)) {
        push(shared, source, &sound);
    }
}

/// Sound on its way.
#[derive(Debug, Default)]
struct Line {
    waiting: VecDeque<Sound>,
    samples: usize,
    /// When the sound ends that was captured last.
    reached: Time,
}

impl Line {
    /// False: it is left out. Once the sender's reports place its clock earlier than was thought, captures stand
    /// until that is made up for. A source plays what it gets one after the other, so with that much sound too many
    /// all that follows would be late for good.
    fn push(&mut self, sound: Sound) -> bool {
        let length = Duration::from_micros(sound.frames() as u64 * 1_000_000 / u64::from(RATE));
        if sound.capture + length / 2 < self.reached {
            return false;
        }
        self.reached = self.reached.max(sound.capture + length);
        self.samples += sound.frames();
        self.waiting.push_back(sound);
        true
    }

    /// What is due `delay` after it was captured; or earlier, where too much waits.
    fn next(&mut self, delay: Duration, now: Time) -> Option<Sound> {
        let due = self.deadline(delay)? <= now;
        if !due && self.samples <= MOST_SAMPLES {
            return None;
        }
        let sound = self.waiting.pop_front()?;
        self.samples -= sound.frames();
        Some(sound)
    }

    fn deadline(&self, delay: Duration) -> Option<Time> {
        self.waiting.front().map(|sound| sound.capture + delay.min(LONGEST))
    }
}

/// What the function makes of it; as it came where that fails.
fn changed(shared: &Shared, mut sound: Sound) -> Sound {
    let SoundPath::Function(function) = &shared.options.sound else { return sound };
    let before = sound.samples.clone();
    let length = sound.frames();
    match catch_unwind(AssertUnwindSafe(|| function(&mut sound))) {
        Ok(Ok(())) if sound.frames() == length => sound,
        _ => {
            shared.figures.sounds_failed.add_one();
            Sound { samples: before, ..sound }
        }
    }
}

fn push(shared: &Shared, source: &Source, sound: &Sound) {
    let samples = match &sound.samples {
        Pcm::S16(samples) => Samples::S16(samples),
        Pcm::F32(samples) => Samples::F32(samples),
    };
    let capture = Some(sound.capture);
    let frame = AudioFrame { samples, sample_rate: RATE, channels: sound.channels, capture };
    if source.push_audio(&frame).is_ok() {
        shared.figures.sounds.add_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 20 ms of mono that were captured then.
    fn sound(capture: u64) -> Sound {
        let samples = Pcm::S16(vec![0; 960]);
        Sound { samples, channels: 1, capture: Time(capture), timestamp: 0, number: 1, concealed: false }
    }

    #[test]
    fn sound_leaves_as_long_after_its_capture_as_pictures_do() {
        let (mut line, delay) = (Line::default(), Duration::from_millis(150));
        for n in 0..5 {
            assert!(line.push(sound(1_000_000 + n * 20_000)));
        }
        for n in 0..5 {
            let due = Time(1_150_000 + n * 20_000);
            assert_eq!(line.deadline(delay), Some(due));
            assert!(line.next(delay, due - Duration::from_micros(1)).is_none());
            assert_eq!(line.next(delay, due).map(|sound| sound.capture), Some(due - delay));
        }
        assert!(line.next(delay, Time(u64::MAX)).is_none());
    }

    #[test]
    fn sound_whose_captures_stand_still_is_left_out_until_they_go_on() {
        let (mut line, mut taken) = (Line::default(), Vec::new());
        for (n, capture) in [0, 20, 40, 40, 40, 40, 55, 78, 98, 400].into_iter().enumerate() {
            if line.push(sound(capture * 1_000)) {
                taken.push(n);
            }
        }
        assert_eq!(taken, [0, 1, 2, 6, 7, 8, 9], "a few milliseconds more or less are nothing");
    }

    #[test]
    fn a_delay_that_grows_without_end_holds_two_seconds_back_and_no_more() {
        let (mut line, delay) = (Line::default(), Duration::from_secs(3_600));
        let (mut held, mut left) = (0, 0);
        for n in 0..1_000 {
            let now = Time(n * 20_000);
            assert!(line.push(sound(n * 20_000)));
            while let Some(sound) = line.next(delay, now) {
                assert_eq!(sound.capture, Time(left * 20_000));
                left += 1;
            }
            held = held.max(n + 1 - left);
        }
        assert_eq!(held, 100);
    }

    #[test]
    fn sound_whose_clock_is_far_ahead_is_held_back_for_a_bounded_number() {
        let mut line = Line::default();
        (0..1_000).for_each(|n| {
            assert!(line.push(sound(u64::MAX / 2 + n * 20_000)));
            while line.next(Duration::ZERO, Time(0)).is_some() {}
        });
        assert!(line.samples <= MOST_SAMPLES);
    }
}
