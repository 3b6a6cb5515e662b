//! VP8 over libvpx.

use crate::convert::I420;
use crate::encode::cadence::Cadence;
use crate::encode::{VideoEncoder, VideoSettings, settings};
use crate::error::Result;
use crate::media::EncodedFrame;
use crate::native::vpx;
use crate::time::Time;

/// A VP8 encoder of one picture size.
pub struct Vp8Encoder {
    vpx: vpx::Encoder,
    cores: u32,
    cadence: Cadence,
}

impl Vp8Encoder {
    /// An encoder set for live pictures on a machine with `cores`. Its first frame is a keyframe.
    ///
    /// # Errors
    /// libvpx refuses the size or has no memory.
    pub fn new(wanted: &VideoSettings, cores: u32) -> Result<Vp8Encoder> {
        let vpx = vpx::Encoder::new(&settings::config(wanted, cores))?;
        Ok(Vp8Encoder { vpx, cores, cadence: Cadence::new(wanted.fps, settings::TICKS) })
    }
}

impl VideoEncoder for Vp8Encoder {
    fn encode(&mut self, picture: &I420, capture: Time, keyframe: bool) -> Result<Option<EncodedFrame>> {
        let (start, duration) = self.cadence.next(capture);
        let planes = vpx::Planes {
            width: picture.width(),
            height: picture.height(),
            planes: [picture.y(), picture.u(), picture.v()],
            strides: picture.strides(),
        };
        let packet = self.vpx.encode(&planes, start, duration, keyframe)?;
        Ok(packet.map(|p| EncodedFrame { keyframe: p.keyframe, droppable: p.droppable, data: p.data }))
    }

    fn configure(&mut self, wanted: &VideoSettings) -> Result<()> {
        self.vpx.configure(&settings::config(wanted, self.cores))?;
        self.cadence.expect(wanted.fps);
        Ok(())
    }
}
