//! The encoder thread of a source's sound.

use super::Shared;
use super::options::AudioOptions;
use super::stats::{AudioFigures, SourceStats};
use crate::encode::backoff::Backoff;
use crate::encode::hold::{Age, Hold};
use crate::encode::opus::OpusEncoder;
use crate::encode::pcm::{Pcm, PcmQueue};
use crate::encode::sound::Cutter;
use crate::encode::timeline::Stamp;
use crate::error::Result;
use crate::events::EventKind;
use crate::media::{Kind, MediaFrame, Stamps};
use crate::sync::{Condvar, Mutex};
use crate::time::{Time, clock};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

/// What lies between the application and the encoder thread.
pub(super) struct AudioRoad {
    pub channels: usize,
    pub figures: AudioFigures,
    inbox: Mutex<Inbox>,
    changed: Condvar,
}

#[derive(Default)]
struct Inbox {
    queue: PcmQueue,
    /// Of the pictures beside it.
    age: Age,
    closed: bool,
}

/// What there is to do.
enum Take {
    Closed,
    Sound(Pcm),
    /// The deadline passed, or the first picture came.
    Nothing,
}

impl AudioRoad {
    pub fn new(options: &AudioOptions) -> AudioRoad {
        AudioRoad {
            channels: options.channels as usize,
            figures: AudioFigures::default(),
            inbox: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    /// False: it is closed.
    pub fn push(&self, pcm: Pcm) -> bool {
        let mut inbox = self.inbox.lock();
        if inbox.closed {
            return false;
        }
        self.figures.pushed.add(pcm.frames() as u64 * 1_000_000 / u64::from(pcm.rate));
        let dropped = inbox.queue.push(pcm);
        drop(inbox);
        self.changed.notify_one();
        self.figures.dropped.add(dropped.as_micros() as u64);
        true
    }

    /// A picture was sent that old.
    pub fn picture(&self, age: Duration) {
        let mut inbox = self.inbox.lock();
        let first = inbox.age.get().is_none();
        inbox.age.measure(age);
        drop(inbox);
        // From then on what is due is decided when the frame before it leaves.
        if first {
            self.changed.notify_one();
        }
    }

    pub fn close(&self) {
        self.inbox.lock().closed = true;
        self.changed.notify_all();
    }

    pub fn read(&self, stats: &mut SourceStats) {
        self.figures.read(stats);
    }

    /// Waits for sound, until `deadline`, and for the first picture if `age` says that there was none. How old
    /// pictures are goes to `age`.
    fn take(&self, deadline: Option<Time>, age: &mut Option<Duration>) -> Take {
        let mut inbox = self.inbox.lock();
        loop {
            let first = age.is_none();
            *age = inbox.age.get();
            if inbox.closed {
                return Take::Closed;
            }
            if let Some(pcm) = inbox.queue.pop() {
                return Take::Sound(pcm);
            }
            match clock::until(deadline) {
                _ if first && age.is_some() => return Take::Nothing,
                None => self.changed.wait(&mut inbox),
                Some(wait) if wait.is_zero() => return Take::Nothing,
                Some(wait) => drop(self.changed.wait_for(&mut inbox, wait)),
            }
        }
    }
}

/// Sound on its way from the queue to the outlets.
pub(super) struct Stage {
    cutter: Cutter,
    opus: OpusEncoder,
    backoff: Backoff,
    index: u64,
    /// Where it waits for the pictures, if it does.
    hold: Option<Hold<MediaFrame>>,
}

/// The stage that [`run`] runs. `follows`: it waits for the pictures.
pub(super) fn stage(options: &AudioOptions, follows: bool) -> Result<Stage> {
    let cutter = Cutter::new(options.channels as usize)?;
    let (opus, backoff) = (OpusEncoder::new(options)?, Backoff::default());
    Ok(Stage { cutter, opus, backoff, index: 0, hold: follows.then(Hold::default) })
}

/// Runs until the road is closed.
pub(super) fn run(shared: &Shared, mut stage: Stage) {
    let road = shared.audio.as_ref().expect("this thread is started for a source with audio");
    let mut age = None;
    loop {
        let deadline = stage.hold.as_ref().and_then(Hold::deadline);
        match road.take(deadline, &mut age) {
            Take::Closed => return,
            Take::Sound(pcm) => stage.push(shared, &road.figures, &pcm),
            Take::Nothing => {}
        }
        stage.release(shared, &road.figures, age);
    }
}

impl Stage {
    fn push(&mut self, shared: &Shared, figures: &AudioFigures, pcm: &Pcm) {
        let Stage { cutter, opus, backoff, index, hold } = self;
        let taken = clock::now();
        let mut errors = Vec::new();
        let cut = cutter.push(pcm, &mut |samples, stamp| match opus.encode(samples) {
            Ok(packet) => {
                backoff.succeeded();
                let stamps = Stamps { pushed: pcm.pushed, taken, encoded: clock::now() };
                let Some(frame) = frame(shared, figures, *index, packet, stamp, stamps) else { return };
                *index += 1;
                match hold {
                    Some(hold) => hold.push(stamp.capture, frame),
                    None => deliver(shared, figures, frame),
                }
            }
            Err(error) => errors.push(error),
        });
        match cut {
            Ok(backwards) => figures.moved.add(u64::from(backwards)),
            Err(error) => errors.push(error),
        }
        for error in errors {
            figures.errors.add_one();
            shared.tell(EventKind::EncoderError, error.status() as i64, error.sentence().to_owned());
            // Sound comes at its own pace, so there is no spin to hold back: only the end counts.
            if !backoff.failed(taken) {
                shared.fail(error);
            }
        }
    }

    /// Sends what has waited for pictures of that age.
    fn release(&mut self, shared: &Shared, figures: &AudioFigures, age: Option<Duration>) {
        let Some(hold) = &mut self.hold else { return };
        let (heard, now) = (shared.fanout.viewers() > 0, clock::now());
        while let Some(frame) = hold.next(age, heard, now) {
            deliver(shared, figures, frame);
        }
        figures.held.store(hold.held().as_micros() as u64, Relaxed);
    }
}

/// `None`: there is nothing to send.
fn frame(
    shared: &Shared,
    figures: &AudioFigures,
    index: u64,
    packet: &[u8],
    stamp: Stamp,
    stamps: Stamps,
) -> Option<MediaFrame> {
    /// What libopus returns for a frame that discontinuous transmission leaves out.
    const NOTHING: usize = 2;
    if packet.len() <= NOTHING {
        figures.silent.add_one();
        return None;
    }
    figures.encoded.add_one();
    figures.bytes.add(packet.len() as u64);
    Some(MediaFrame {
        source: shared.id,
        kind: Kind::Audio,
        index,
        keyframe: true,
        ntp: stamp.ntp,
        rtp_time: stamp.rtp,
        stamps,
        data: packet.to_vec(),
        ends: vec![packet.len() as u32],
    })
}

fn deliver(shared: &Shared, figures: &AudioFigures, frame: MediaFrame) {
    if shared.is_live() {
        figures.undelivered.add(shared.fanout.deliver(&Arc::new(frame), Time::default()) as u64);
    }
}

#[cfg(test)]
mod tests;
