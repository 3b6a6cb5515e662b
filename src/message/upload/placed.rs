//! Where in the file each chunk belongs.

use std::collections::BTreeMap;

/// Stretches of chunks that came out of order, and are apart from one another, at most.
const MAX_STRETCHES: usize = 1_024;

/// Which chunks have come, and where they went.
///
/// Chunks in order go one behind the other, whatever their sizes. One that comes before its turn has a
/// place only if all but the last are equally large, so then they must be.
#[derive(Debug, Default)]
pub(super) struct Placed {
    total: Option<u32>,
    /// So many from the start are there, and so many bytes.
    next: u32,
    end: u64,
    /// Stretches that came before their turn: first, and one past the last.
    ahead: BTreeMap<u32, u32>,
    /// The size of all chunks but the last; 0 before one is known.
    size: u64,
    /// Two of them were not equally large.
    uneven: bool,
    /// The last chunk, if it came before any that could tell its place.
    held: Option<Box<[u8]>>,
    count: u32,
    bytes: u64,
}

/// What is to be written for a new chunk.
#[derive(Debug, Default)]
pub(super) struct Writes {
    /// Where the chunk goes, if that is known yet.
    pub at: Option<u64>,
    /// An earlier one whose place is known now.
    pub held: Option<(u64, Box<[u8]>)>,
}

impl Placed {
    /// Finds the place of a chunk. `None` if it had come before; why it breaks a rule, if it does.
    pub(super) fn place(
        &mut self,
        index: u32,
        total: u32,
        bytes: &[u8],
        limit: u64,
    ) -> Result<Option<Writes>, String> {
        if let Some(before) = self.total.filter(|before| *before != total) {
            return Err(format!("the total changed from {before} to {total}"));
        }
        if index >= total {
            return Err(format!("chunk {index} of {total}: the index is out of range"));
        }
        if self.has(index) {
            return Ok(None);
        }
        let (len, last) = (bytes.len() as u64, index == total - 1);
        if len == 0 && !last {
            return Err(format!("chunk {index} of {total} is empty, and not the last"));
        }
        self.total = Some(total);
        self.bytes += len;
        if !last {
            self.uneven |= self.size != 0 && self.size != len;
            self.size = if self.size == 0 { len } else { self.size };
        }
        let in_order = index == self.next;
        if self.uneven && !(in_order && self.ahead.is_empty()) {
            return Err("chunks that come out of order must be equally large, all but the last".into());
        }
        let mut writes = Writes::default();
        if in_order {
            writes.at = Some(self.end);
        } else if self.size != 0 {
            writes.at = Some(u64::from(index) * self.size);
        } else {
            self.held = Some(bytes.into());
        }
        if self.size != 0
            && let Some(held) = self.held.take()
        {
            writes.held = Some((u64::from(total - 1) * self.size, held));
        }
        // What has not come has a byte a chunk at least, and what came ahead says how much is before it.
        let ends = writes.at.map(|at| at + len).into_iter();
        let ends = ends.chain(writes.held.as_ref().map(|(at, held)| at + held.len() as u64));
        if ends.chain([self.bytes, u64::from(total - 1)]).any(|least| least > limit) {
            return Err(format!("the file is larger than {limit} bytes"));
        }
        self.note(index, len)?;
        Ok(Some(writes))
    }

    /// Notes that a chunk has come.
    fn note(&mut self, index: u32, len: u64) -> Result<(), String> {
        self.count += 1;
        if index == self.next {
            self.next += 1;
            self.end += len;
            if let Some(past) = self.ahead.remove(&self.next) {
                self.next = past;
                self.end = u64::from(past) * self.size;
            }
            return Ok(());
        }
        let past = self.ahead.remove(&(index + 1)).unwrap_or(index + 1);
        match self.ahead.range_mut(..index).next_back() {
            Some((_, before)) if *before == index => *before = past,
            _ => drop(self.ahead.insert(index, past)),
        }
        if self.ahead.len() > MAX_STRETCHES {
            return Err("the chunks come in too wild an order".into());
        }
        Ok(())
    }

    /// Whether all chunks have come.
    pub(super) fn is_whole(&self) -> bool {
        self.total == Some(self.count)
    }

    /// Whether, after the end, this is a chunk that had come before. The first one begins a new file.
    pub(super) fn repeats(&self, index: u32, total: u32) -> bool {
        index != 0 && self.total == Some(total) && self.has(index)
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn chunks(&self) -> (u32, u32) {
        (self.count, self.total.unwrap_or(0))
    }

    fn has(&self, index: u32) -> bool {
        index < self.next || self.ahead.range(..=index).next_back().is_some_and(|(_, &past)| index < past)
    }
}
