//! One message as chunks: each is a header of 12 bytes (frame id, index, total) and a slice of the message.

use crate::error::{Error, Result, Status};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// Bytes of a chunk's header.
pub const HEADER: usize = 12;

/// Bytes of the message in a chunk, unless an option says otherwise.
pub const CHUNK_SIZE: usize = 49_152;

/// Bytes that many senders share. Whatever owns them is dropped with the last of these.
pub type Shared = Arc<dyn AsRef<[u8]> + Send + Sync>;

/// What stands before each chunk: three u32.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Of the message, the program's choice.
    pub id: u32,
    /// Which chunk of it this is, from 0.
    pub index: u32,
    /// How many there are: at least 1.
    pub total: u32,
}

/// One chunk of a message that lies elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk<'a> {
    /// Its header.
    pub header: Header,
    /// Its slice of the message.
    pub payload: &'a [u8],
}

/// The chunks of one message, in order. An empty message is one chunk of no bytes, so that the other
/// side sees it.
#[derive(Clone, Debug)]
pub struct Chunks<'a> {
    id: u32,
    message: &'a [u8],
    chunk_size: usize,
    indexes: Range<u32>,
}

/// A message on its way out, gzip already done.
#[derive(Clone)]
pub struct Outgoing {
    /// Its frame id.
    pub id: u32,
    /// Its bytes.
    pub bytes: Shared,
}

/// A chunk that keeps its message alive: it can be sent without a lock.
#[derive(Clone, Debug)]
pub struct ChunkRef {
    header: Header,
    message: Outgoing,
    chunk_size: usize,
}

impl Header {
    /// The header and the payload of a chunk; `None` if it is too short to have one.
    pub fn read(chunk: &[u8]) -> Option<(Header, &[u8])> {
        let (header, payload) = chunk.split_first_chunk::<HEADER>()?;
        let [id, index, total] = [0, 4, 8].map(|at| u32_at(header, at));
        Some((Header { id, index, total }, payload))
    }

    /// The header on the wire.
    pub fn to_bytes(self) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        for (place, number) in bytes.chunks_exact_mut(4).zip([self.id, self.index, self.total]) {
            place.copy_from_slice(&number.to_le_bytes());
        }
        bytes
    }
}

impl Chunk<'_> {
    /// Makes `wire` this chunk. Its capacity is used again.
    pub fn write(&self, wire: &mut Vec<u8>) {
        wire.clear();
        wire.extend_from_slice(&self.header.to_bytes());
        wire.extend_from_slice(self.payload);
    }
}

impl<'a> Chunks<'a> {
    /// Cuts `message` into chunks of `chunk_size` bytes and a rest.
    pub fn new(id: u32, message: &'a [u8], chunk_size: usize) -> Result<Chunks<'a>> {
        let total = total(message.len(), chunk_size)?;
        Ok(Chunks { id, message, chunk_size, indexes: 0..total })
    }
}

impl<'a> Iterator for Chunks<'a> {
    type Item = Chunk<'a>;

    fn next(&mut self) -> Option<Chunk<'a>> {
        let index = self.indexes.next()?;
        let header = Header { id: self.id, index, total: self.indexes.end };
        Some(Chunk { header, payload: slice(self.message, self.chunk_size, index) })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.indexes.size_hint()
    }
}

impl Outgoing {
    /// A message of those bytes.
    pub fn new(id: u32, bytes: impl AsRef<[u8]> + Send + Sync + 'static) -> Outgoing {
        Outgoing { id, bytes: Arc::new(bytes) }
    }

    pub(super) fn len(&self) -> usize {
        (*self.bytes).as_ref().len()
    }

    /// The `index`-th of `total` chunks.
    pub(super) fn chunk(&self, index: u32, total: u32, chunk_size: usize) -> ChunkRef {
        ChunkRef { header: Header { id: self.id, index, total }, message: self.clone(), chunk_size }
    }
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing").field("id", &self.id).field("len", &self.len()).finish()
    }
}

impl ChunkRef {
    /// The chunk itself.
    pub fn chunk(&self) -> Chunk<'_> {
        let message = (*self.message.bytes).as_ref();
        Chunk { header: self.header, payload: slice(message, self.chunk_size, self.header.index) }
    }
}

/// How many chunks a message of `len` bytes is.
pub(super) fn total(len: usize, chunk_size: usize) -> Result<u32> {
    if chunk_size == 0 {
        return Err(Error::argument("chunk_size is 0; a chunk has at least 1 byte"));
    }
    u32::try_from(len.div_ceil(chunk_size).max(1)).map_err(|_| {
        let sentence = format!("a message of {len} bytes is more than 4,294,967,295 chunks of {chunk_size}");
        Error::new(Status::Limit, sentence)
    })
}

/// The slice that the `index`-th chunk carries.
fn slice(message: &[u8], chunk_size: usize, index: u32) -> &[u8] {
    let start = (index as usize * chunk_size).min(message.len());
    &message[start..message.len().min(start + chunk_size)]
}

/// The little-endian u32 that begins at `at`, which the caller knows to be there.
pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}
