//! Copies of pictures, in buffers that are used again.

use crate::error::{Error, Result, Status};
use crate::frame::{Format, FrameView, Planes, VideoFrame};
use crate::sync::Mutex;
use crate::time::Time;
use std::fmt;
use std::sync::Arc;

/// Buffers for copied pictures. It keeps a few that came back; how many are out is for others to bound: the
/// mailbox, the queue of a sink.
#[derive(Debug)]
pub struct Pool {
    keep: usize,
    spare: Mutex<Vec<Vec<u8>>>,
}

impl Pool {
    /// A pool that keeps at most `spare` buffers for the next copies.
    pub fn new(spare: usize) -> Arc<Pool> {
        Arc::new(Pool { keep: spare, spare: Mutex::new(Vec::with_capacity(spare)) })
    }

    /// Copies the visible pixels of `picture`, without its padding.
    ///
    /// # Errors
    /// What [`FrameView::check`] says, or `Limit`: there is no memory.
    pub fn copy(self: &Arc<Self>, picture: &FrameView<'_>, capture: Option<Time>) -> Result<VideoFrame> {
        picture.check()?;
        let FrameView { format, width, height, .. } = *picture;
        self.fill(format, width, height, capture, |planes| {
            for (n, to) in planes.into_iter().enumerate() {
                let row = format.row_bytes(n, width);
                if picture.strides[n] == row {
                    to.copy_from_slice(&picture.planes[n][..to.len()]);
                } else if row > 0 {
                    let rows = to.chunks_exact_mut(row).zip(picture.planes[n].chunks(picture.strides[n]));
                    rows.for_each(|(to, from)| to.copy_from_slice(&from[..row]));
                }
            }
            Ok(())
        })
    }

    /// A picture without padding, whose planes `fill` writes: they hold what they held before.
    ///
    /// # Errors
    /// What `fill` says, or `Limit`: there is no memory.
    pub fn fill(
        self: &Arc<Self>,
        format: Format,
        width: u32,
        height: u32,
        capture: Option<Time>,
        fill: impl FnOnce([&mut [u8]; 3]) -> Result<()>,
    ) -> Result<VideoFrame> {
        let strides = [0, 1, 2].map(|n| format.row_bytes(n, width));
        let lengths = [0, 1, 2].map(|n| strides[n] * format.rows(n, height));
        let data = self.buffer(lengths.iter().sum())?;
        let ends = [lengths[0], lengths[0] + lengths[1], data.len()];
        let mut pooled = Pooled { pool: self.clone(), data, ends };
        fill(pooled.split())?;
        Ok(VideoFrame { format, width, height, strides, planes: Box::new(pooled), capture })
    }

    fn buffer(&self, bytes: usize) -> Result<Vec<u8>> {
        let spare = self.spare.lock().pop();
        // Pictures that have become much smaller do not hold on to the memory of the large ones.
        let mut data = spare.filter(|data| data.capacity() / 4 <= bytes).unwrap_or_default();
        data.try_reserve_exact(bytes.saturating_sub(data.len()))
            .map_err(|_| Error::new(Status::Limit, format!("no memory for a frame of {bytes} bytes")))?;
        data.resize(bytes, 0);
        Ok(data)
    }

    fn give_back(&self, data: Vec<u8>) {
        let mut spare = self.spare.lock();
        if spare.len() < self.keep {
            spare.push(data);
        } else {
            drop(spare); // freeing megabytes takes longer than others should wait
        }
    }
}

/// One copy, on its way.
struct Pooled {
    pool: Arc<Pool>,
    data: Vec<u8>,
    ends: [usize; 3],
}

impl Pooled {
    fn split(&mut self) -> [&mut [u8]; 3] {
        let (first, rest) = self.data.split_at_mut(self.ends[0]);
        let (second, third) = rest.split_at_mut(self.ends[1] - self.ends[0]);
        [first, second, third]
    }
}

impl Planes for Pooled {
    fn plane(&self, n: usize) -> &[u8] {
        let start = if n == 0 { 0 } else { self.ends[n - 1] };
        &self.data[start..self.ends[n]]
    }

    fn planes_mut(&mut self) -> Option<[&mut [u8]; 3]> {
        Some(self.split())
    }
}

impl Drop for Pooled {
    fn drop(&mut self) {
        self.pool.give_back(std::mem::take(&mut self.data));
    }
}

impl fmt::Debug for Pooled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pooled({} bytes)", self.data.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Format;

    fn view<'a>(format: Format, side: u32, stride: usize, planes: [&'a [u8]; 3]) -> FrameView<'a> {
        FrameView { format, width: side, height: side, strides: [stride; 3], planes }
    }

    #[test]
    fn copies_what_is_seen_and_not_the_padding() {
        let y = [1, 2, 3, 0, 4, 5, 6, 0, 7, 8, 9];
        let (u, v) = ([10, 11, 0, 0, 12, 13], [14, 15, 0, 0, 16, 17]);
        let pool = Pool::new(1);
        let padded = view(Format::I420, 3, 4, [&y, &u, &v]);
        for _ in 0..2 {
            let copy = pool.copy(&padded, Some(Time(7))).expect("a good frame");
            copy.check().expect("a copy is a good frame too");
            assert_eq!((copy.strides, copy.capture), ([3, 2, 2], Some(Time(7))));
            assert_eq!(copy.planes.plane(0), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
            assert_eq!(copy.planes.plane(1), [10, 11, 12, 13]);
            assert_eq!(copy.planes.plane(2), [14, 15, 16, 17]);
        }
        let short = pool.copy(&view(Format::Rgba, 3, 12, [&y, &[], &[]]), None);
        assert_eq!(
            short.expect_err("too short").sentence(),
            "frame.planes[0] has 11 bytes but Rgba of 3x3 needs 36"
        );
    }

    #[test]
    fn keeps_a_bounded_number_of_buffers_and_uses_them_again() {
        let pixels = [0; 64];
        let picture = view(Format::Rgba, 4, 16, [&pixels, &[], &[]]);
        let pool = Pool::new(2);
        let copies: Vec<_> = (0..5).map(|_| pool.copy(&picture, None).expect("a good frame")).collect();
        let addresses: Vec<_> = copies.iter().map(|copy| copy.planes.plane(0).as_ptr()).collect();
        drop(copies);
        assert_eq!(pool.spare.lock().len(), 2);
        for _ in 0..3 {
            let again = pool.copy(&picture, None).expect("a good frame");
            assert!(addresses[..2].contains(&again.planes.plane(0).as_ptr()));
        }
    }

    #[test]
    fn lets_go_of_large_buffers_when_pictures_become_small() {
        let pixels = vec![0; 64 * 64 * 4];
        let pool = Pool::new(1);
        drop(pool.copy(&view(Format::Rgba, 64, 256, [&pixels, &[], &[]]), None));
        drop(pool.copy(&view(Format::Rgba, 2, 8, [&pixels, &[], &[]]), None));
        assert_eq!(pool.spare.lock()[0].capacity(), 16);
    }
}
