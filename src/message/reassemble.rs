//! Messages put together from their chunks, in whatever order they come, within a budget.

use super::MAX_MESSAGE;
use super::chunk::Header;
use super::gzip::{self, Unpack};
use crate::time::Time;
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::time::Duration;

/// What a [`Reassembler`] keeps at most.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of one message, packed and unpacked.
    pub message: usize,
    /// Bytes of all unfinished messages.
    pub together: usize,
    /// Unfinished messages.
    pub unfinished: usize,
    /// An unfinished message goes when no new chunk of it came for so long,
    pub idle: Duration,
    /// and after so long in any case.
    pub age: Duration,
    /// Whether messages that are packed by gzip are unpacked.
    pub unpack: bool,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            message: MAX_MESSAGE,
            together: MAX_MESSAGE,
            unfinished: 256,
            idle: Duration::from_secs(30),
            age: Duration::from_secs(600),
            unpack: false,
        }
    }
}

/// What came of chunks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incoming {
    /// A message is whole.
    Message {
        /// Its frame id.
        id: u32,
        /// Its bytes.
        data: Vec<u8>,
    },
    /// A message has ended unfinished.
    Lost {
        /// Its frame id; `None` if the chunk was too short to say it.
        id: Option<u32>,
        /// Which rule ended it.
        why: Loss,
    },
}

/// Which rule ended a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// A chunk is shorter than its header.
    Short,
    /// A chunk says that there are none.
    NoChunks,
    /// A chunk's index is not below the total.
    Index,
    /// A chunk says another total than the ones before.
    Total,
    /// It has more bytes than a message may have.
    TooLarge,
    /// It was the oldest one when there was no room, or needed all of it.
    Crowded,
    /// It waited too long for its chunks.
    Stale,
    /// It says that it is gzip, and is not.
    Gzip,
}

/// Figures of a [`Reassembler`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReassemblerStats {
    /// Whole messages.
    pub messages: u64,
    /// Chunks, of whatever sort.
    pub chunks: u64,
    /// Chunks that had come before.
    pub duplicates: u64,
    /// Chunks of messages that had ended unfinished.
    pub late: u64,
    /// Messages that ended because they broke a rule.
    pub violations: u64,
    /// Messages that ended because of their age, or for want of room.
    pub evicted: u64,
}

/// Puts the messages of one channel together.
#[derive(Debug)]
pub struct Reassembler {
    limits: Limits,
    unfinished: BTreeMap<u32, Unfinished>,
    /// Bytes kept, and chunks among them that wait for an earlier one.
    bytes: usize,
    ahead: usize,
    /// Ended unfinished: the rest of them is passed over until they begin anew, or it would be kept.
    ended: VecDeque<u32>,
    /// No message is stale before.
    due: Option<Time>,
    stats: ReassemblerStats,
}

/// What it costs to keep a chunk beside its bytes. So many wait at most that this keeps to the budget too.
const OVERHEAD: usize = 64;

#[derive(Debug)]
struct Unfinished {
    total: u32,
    began: Time,
    progress: Time,
    /// Which chunk of all was its last: of two in the same microsecond one is older still.
    last: u64,
    /// Chunks up to `next`, put together.
    data: Vec<u8>,
    next: u32,
    /// Those that came before their turn, and their bytes.
    ahead: BTreeMap<u32, Box<[u8]>>,
    ahead_bytes: usize,
}

impl Reassembler {
    /// One that keeps to `limits`.
    pub fn new(limits: Limits) -> Reassembler {
        Reassembler {
            limits,
            unfinished: BTreeMap::new(),
            bytes: 0,
            ahead: 0,
            ended: VecDeque::new(),
            due: None,
            stats: ReassemblerStats::default(),
        }
    }

    /// Takes one chunk.
    pub fn push(&mut self, chunk: &[u8], now: Time, out: &mut dyn FnMut(Incoming)) {
        self.tick(now, out);
        self.stats.chunks += 1;
        let Some((header, payload)) = Header::read(chunk) else {
            return self.lost(None, Loss::Short, out);
        };
        if (header.index, header.total) == (0, 1) && !self.unfinished.contains_key(&header.id) {
            return self.at_once(header.id, payload, out);
        }
        match self.check(header, now) {
            Ok(true) => {}
            Ok(false) => return,
            Err(why) => return self.end(header.id, why, out),
        }
        if self.make_room(header, payload.len(), out) {
            self.add(header, payload, now, out);
        }
    }

    /// Lets go of what has waited too long.
    pub fn tick(&mut self, now: Time, out: &mut dyn FnMut(Incoming)) {
        if self.due.is_none_or(|due| now < due) {
            return;
        }
        let limits = self.limits;
        let stale = self.unfinished.iter().filter(|(_, message)| now >= message.due(&limits));
        for id in stale.map(|(&id, _)| id).collect::<Vec<_>>() {
            self.end(id, Loss::Stale, out);
        }
        self.due = self.unfinished.values().map(|message| message.due(&limits)).min();
    }

    /// When the next tick is due.
    pub fn deadline(&self) -> Option<Time> {
        self.due
    }

    /// The figures so far.
    pub fn stats(&self) -> ReassemblerStats {
        self.stats
    }

    /// Bytes kept at this moment.
    pub fn kept(&self) -> usize {
        self.bytes
    }

    /// Hands over a message of one chunk. Nothing of it is kept, so nothing has to make room.
    fn at_once(&mut self, id: u32, data: &[u8], out: &mut dyn FnMut(Incoming)) {
        if data.len() > self.limits.message {
            return self.lost(Some(id), Loss::TooLarge, out);
        }
        self.whole(id, data.to_vec(), out);
    }

    /// Whether a chunk is new and of a message that lives, which it may begin.
    fn check(&mut self, header: Header, now: Time) -> Result<bool, Loss> {
        let Header { id, index, total } = header;
        if total == 0 {
            return Err(Loss::NoChunks);
        }
        if index >= total {
            return Err(Loss::Index);
        }
        if let Some(message) = self.unfinished.get(&id) {
            if message.total != total {
                return Err(Loss::Total);
            }
            let known = index < message.next || message.ahead.contains_key(&index);
            self.stats.duplicates += u64::from(known);
            return Ok(!known);
        }
        if let Some(at) = self.ended.iter().position(|&ended| ended == id) {
            if index != 0 {
                self.stats.late += 1;
                return Ok(false);
            }
            self.ended.remove(at);
        }
        let message = Unfinished::new(total, now);
        let due = message.due(&self.limits);
        self.due = Some(self.due.map_or(due, |earliest| earliest.min(due)));
        self.unfinished.insert(id, message);
        Ok(true)
    }

    /// Makes room for one more chunk by ending what has made no progress for longest; the message
    /// itself, if it alone is too large.
    fn make_room(&mut self, header: Header, len: usize, out: &mut dyn FnMut(Incoming)) -> bool {
        let message = &self.unfinished[&header.id];
        if message.bytes() + len > self.limits.message {
            self.end(header.id, Loss::TooLarge, out);
            return false;
        }
        let ahead = usize::from(header.index != message.next);
        while self.unfinished.len() > self.limits.unfinished
            || self.bytes + len > self.limits.together
            || (self.ahead + ahead) * OVERHEAD > self.limits.together
        {
            let others = self.unfinished.iter().filter(|(id, _)| **id != header.id);
            let Some((&oldest, _)) = others.min_by_key(|(_, message)| message.last) else {
                self.end(header.id, Loss::Crowded, out);
                return false;
            };
            self.end(oldest, Loss::Crowded, out);
        }
        true
    }

    /// Adds a chunk that is new and has room.
    fn add(&mut self, header: Header, payload: &[u8], now: Time, out: &mut dyn FnMut(Incoming)) {
        let message = self.unfinished.get_mut(&header.id).expect("begun above");
        message.progress = now;
        message.last = self.stats.chunks;
        self.bytes += payload.len();
        if header.index != message.next {
            message.ahead.insert(header.index, payload.into());
            message.ahead_bytes += payload.len();
            self.ahead += 1;
            return;
        }
        message.data.extend_from_slice(payload);
        message.next += 1;
        while let Some(payload) = message.ahead.remove(&message.next) {
            message.data.extend_from_slice(&payload);
            message.ahead_bytes -= payload.len();
            message.next += 1;
            self.ahead -= 1;
        }
        if message.next == message.total {
            let data = self.remove(header.id).expect("it is there").data;
            self.whole(header.id, data, out);
        }
    }

    fn whole(&mut self, id: u32, data: Vec<u8>, out: &mut dyn FnMut(Incoming)) {
        let unpack = self.limits.unpack && gzip::is_packed(&data);
        let data = if unpack { gzip::unpack(&data, self.limits.message) } else { Ok(data) };
        match data {
            Ok(data) => {
                self.stats.messages += 1;
                out(Incoming::Message { id, data });
            }
            Err(Unpack::Broken) => self.lost(Some(id), Loss::Gzip, out),
            Err(Unpack::TooLarge) => self.lost(Some(id), Loss::TooLarge, out),
        }
    }

    /// Ends a message unfinished, if it has begun or not.
    fn end(&mut self, id: u32, why: Loss, out: &mut dyn FnMut(Incoming)) {
        if self.remove(id).is_some() {
            if self.ended.len() >= self.limits.unfinished {
                self.ended.pop_front();
            }
            self.ended.push_back(id);
        }
        self.lost(Some(id), why, out);
    }

    fn remove(&mut self, id: u32) -> Option<Unfinished> {
        let message = self.unfinished.remove(&id)?;
        self.bytes -= message.bytes();
        self.ahead -= message.ahead.len();
        Some(message)
    }

    fn lost(&mut self, id: Option<u32>, why: Loss, out: &mut dyn FnMut(Incoming)) {
        let evicted = matches!(why, Loss::Crowded | Loss::Stale);
        *(if evicted { &mut self.stats.evicted } else { &mut self.stats.violations }) += 1;
        out(Incoming::Lost { id, why });
    }
}

impl Unfinished {
    fn new(total: u32, now: Time) -> Unfinished {
        Unfinished {
            total,
            began: now,
            progress: now,
            last: 0,
            data: Vec::new(),
            next: 0,
            ahead: BTreeMap::new(),
            ahead_bytes: 0,
        }
    }

    fn bytes(&self) -> usize {
        self.data.len() + self.ahead_bytes
    }

    /// When it is stale. New chunks put it off, but not for ever.
    fn due(&self, limits: &Limits) -> Time {
        (self.progress + limits.idle).min(self.began + limits.age)
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Loss::Short => "a chunk is shorter than its header of 12 bytes",
            Loss::NoChunks => "a chunk says a total of 0",
            Loss::Index => "a chunk's index is not below its total",
            Loss::Total => "a chunk says another total than those before it",
            Loss::TooLarge => "the message is larger than a message may be",
            Loss::Crowded => "there was no room for it among the unfinished messages",
            Loss::Stale => "its chunks did not come in time",
            Loss::Gzip => "it begins like gzip and cannot be unpacked",
        })
    }
}
