//! The socket of a WebSocket: reads that end at a deadline, writes that are whole, and one last word.

use super::pulse::Pulse;
use crate::time::{Time, clock};
use parking_lot::Mutex;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::Duration;

/// The longest reason of a close frame: RFC 6455 section 5.5, less the code.
const MAX_REASON: usize = 123;

/// How long a frame may take that another thread is writing; longer, and the other side does not read.
const OTHERS: Duration = Duration::from_millis(100);

/// The socket. Anybody may end it; one thread reads.
pub struct Wire {
    stream: Arc<TcpStream>,
    /// How long the other side may take to read what is written.
    patience: Duration,
    // Held while writing, so that frames do not mix. True: the last word was said.
    said: Mutex<bool>,
}

impl Wire {
    /// A socket whose other side takes what is written within `patience`.
    pub fn new(stream: Arc<TcpStream>, patience: Duration) -> Wire {
        Wire { stream, patience, said: Mutex::new(false) }
    }

    /// Says why it is over, without waiting for the other side: who does not read cannot be told.
    pub fn goodbye(&self, code: u16, reason: &str) {
        let Some(mut said) = self.said.try_lock_for(OTHERS) else {
            let _ = self.stream.shutdown(Shutdown::Both);
            return;
        };
        if !std::mem::replace(&mut *said, true) {
            let mut stream = &*self.stream;
            let _ = stream.set_write_timeout(Some(Duration::from_millis(1)));
            let _ = stream.write_all(&close_frame(code, reason));
            let _ = stream.shutdown(Shutdown::Write);
        }
    }

    fn write(&self, bytes: &[u8]) -> std::io::Result<()> {
        let said = self.said.lock();
        if *said {
            return Err(ErrorKind::BrokenPipe.into());
        }
        let (mut stream, deadline) = (&*self.stream, clock::now() + self.patience);
        let mut rest = bytes;
        while !rest.is_empty() {
            stream.set_write_timeout(Some(left(deadline).ok_or(ErrorKind::TimedOut)?))?;
            match stream.write(rest) {
                Ok(n) => rest = &rest[n..],
                Err(e) if matches!(e.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock) => (),
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }
}

/// The reader's end, which remembers that something came.
pub struct Reader {
    /// The socket.
    pub wire: Arc<Wire>,
    /// When the other side was heard.
    pub pulse: Pulse,
}

impl Read for Reader {
    /// `WouldBlock`: the pulse has something to say.
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        loop {
            let left = left(self.pulse.next()).ok_or(ErrorKind::WouldBlock)?;
            self.wire.stream.set_read_timeout(Some(left))?;
            match (&*self.wire.stream).read(buffer) {
                Err(e) if matches!(e.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock) => (),
                Ok(n) if n > 0 => {
                    self.pulse.heard(clock::now());
                    return Ok(n);
                }
                done => return done,
            }
        }
    }
}

impl Write for Reader {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.wire.write(bytes).map(|()| bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn left(deadline: Time) -> Option<Duration> {
    Some(deadline.since(clock::now())).filter(|left| !left.is_zero())
}

/// RFC 6455 section 5.5.1. Ours, because it is said by threads that do not read.
fn close_frame(code: u16, reason: &str) -> Vec<u8> {
    let most =
        (0..=MAX_REASON.min(reason.len())).rfind(|at| reason.is_char_boundary(*at)).unwrap_or_default();
    let reason = &reason[..most];
    let mut frame = vec![0x88, 2 + reason.len() as u8];
    frame.extend(code.to_be_bytes());
    frame.extend(reason.bytes());
    frame
}
