use super::*;
use crate::fanout::Outlet;
use crate::frame::{AudioFrame, Samples};
use crate::id::Id;
use crate::source::{Source, SourceOptions};

struct Sent(Mutex<Vec<(u64, u32)>>);

impl Outlet for Sent {
    fn deliver(&self, frame: &Arc<MediaFrame>, _: Time) -> bool {
        self.0.lock().push((frame.index, frame.rtp_time));
        true
    }

    fn id(&self) -> Id {
        Id(1)
    }
}

/// Three seconds of silence between two tones, not through the thread: each push waits for the last.
fn silence(dtx: bool) -> (Vec<(u64, u32)>, u64) {
    let options = AudioOptions { dtx, bitrate: 24_000, channels: 1, ..AudioOptions::default() };
    let mut stage = stage(&options).expect("the options are right");
    let options = SourceOptions { video: None, audio: Some(options), ..SourceOptions::default() };
    let source = Source::new(options).expect("the options are right");
    let sent = Arc::new(Sent(Mutex::default()));
    source.fanout().join(&(sent.clone() as Arc<dyn Outlet>), true);
    let road = source.shared().audio.as_ref().expect("it has sound");
    for n in 0..150 {
        let loud = if n == 0 || n == 149 { 0.5 } else { 0.0 };
        let samples: Vec<f32> = (0..960).map(|s| (s as f32 / 17.0).sin() * loud).collect();
        let samples = Samples::F32(&samples);
        let frame = AudioFrame { samples, sample_rate: 48_000, channels: 1, capture: None };
        let pcm = Pcm::new(&frame, 1, Some(Time(n * 20_000)), Time(n * 20_000)).expect("a valid frame");
        stage.push(source.shared(), &road.figures, &pcm);
    }
    let sent = std::mem::take(&mut *sent.0.lock());
    (sent, source.stats().audio_silent)
}

#[test]
fn discontinuous_transmission_leaves_silence_out_and_keeps_the_time() {
    let (sent, silent) = silence(true);
    assert!(sent.len() < 75, "{} of 150 frames were sent", sent.len());
    assert_eq!(sent.len() as u64 + silent, 150);
    let indices: Vec<u64> = sent.iter().map(|(index, _)| *index).collect();
    assert_eq!(indices, (0..sent.len() as u64).collect::<Vec<_>>(), "what is left out is no gap");
    assert_eq!(sent[sent.len() - 1].1 - sent[0].1, 149 * 960);
}

#[test]
fn without_it_silence_is_sound() {
    let (sent, silent) = silence(false);
    assert_eq!((sent.len(), silent), (150, 0));
}
