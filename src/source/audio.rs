//! The encoder thread of a source's sound.

use super::Shared;
use super::options::AudioOptions;
use super::stats::{AudioFigures, SourceStats};
use crate::encode::backoff::Backoff;
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
    closed: bool,
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

    pub fn close(&self) {
        self.inbox.lock().closed = true;
        self.changed.notify_all();
    }

    pub fn read(&self, stats: &mut SourceStats) {
        self.figures.read(stats);
    }

    /// Waits for sound; `None`: it is closed.
    fn take(&self) -> Option<Pcm> {
        let mut inbox = self.inbox.lock();
        loop {
            if inbox.closed {
                return None;
            }
            if let Some(pcm) = inbox.queue.pop() {
                return Some(pcm);
            }
            self.changed.wait(&mut inbox);
        }
    }
}

/// Sound on its way from the queue to the outlets.
pub(super) struct Stage {
    cutter: Cutter,
    opus: OpusEncoder,
    backoff: Backoff,
    index: u64,
}

/// The stage that [`run`] runs.
pub(super) fn stage(options: &AudioOptions) -> Result<Stage> {
    let cutter = Cutter::new(options.channels as usize)?;
    Ok(Stage { cutter, opus: OpusEncoder::new(options)?, backoff: Backoff::default(), index: 0 })
}

/// Runs until the road is closed.
pub(super) fn run(shared: &Shared, mut stage: Stage) {
    let road = shared.audio.as_ref().expect("this thread is started for a source with audio");
    while let Some(pcm) = road.take() {
        stage.push(shared, &road.figures, &pcm);
    }
}

impl Stage {
    fn push(&mut self, shared: &Shared, figures: &AudioFigures, pcm: &Pcm) {
        let Stage { cutter, opus, backoff, index } = self;
        let taken = clock::now();
        let mut errors = Vec::new();
        let cut = cutter.push(pcm, &mut |samples, stamp| match opus.encode(samples) {
            Ok(packet) => {
                backoff.succeeded();
                let stamps = Stamps { pushed: pcm.pushed, taken, encoded: clock::now() };
                *index += u64::from(deliver(shared, figures, *index, packet, stamp, stamps));
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
}

/// False: there is nothing to send.
fn deliver(
    shared: &Shared,
    figures: &AudioFigures,
    index: u64,
    packet: &[u8],
    stamp: Stamp,
    stamps: Stamps,
) -> bool {
    /// What libopus returns for a frame that discontinuous transmission leaves out.
    const NOTHING: usize = 2;
    if packet.len() <= NOTHING {
        figures.silent.add_one();
        return false;
    }
    if !shared.is_live() {
        return false;
    }
    figures.encoded.add_one();
    figures.bytes.add(packet.len() as u64);
    let frame = Arc::new(MediaFrame {
        source: shared.id,
        kind: Kind::Audio,
        index,
        keyframe: true,
        ntp: stamp.ntp,
        rtp_time: stamp.rtp,
        stamps,
        data: packet.to_vec(),
        ends: vec![packet.len() as u32],
    });
    figures.undelivered.add(shared.fanout.deliver(&frame, Time::default()) as u64);
    true
}

#[cfg(test)]
mod tests;
