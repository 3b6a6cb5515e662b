//! A peer that is not ours and counts what comes: libdatachannel with nothing around it.
#![allow(dead_code, reason = "each test takes what it needs")]
#![expect(unsafe_code, reason = "libdatachannel has a C interface")]

use datachannel_sys::*;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

/// How long anything on loopback may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(20);

const VIDEO: &CStr = c"m=video 9 UDP/TLS/RTP/SAVPF 102\r\na=mid:0\r\na=recvonly\r\na=rtcp-mux\r\n\
    a=rtpmap:102 VP8/90000\r\na=rtcp-fb:102 nack\r\na=rtcp-fb:102 nack pli\r\n";

/// A connection that offers to receive one picture.
pub struct Viewer {
    connection: c_int,
    track: c_int,
    packets: Receiver<()>,
    // Freed after the track, whose callback has it.
    sender: *mut Sender<()>,
}

impl Viewer {
    /// One with an offer to be answered.
    pub fn new() -> Viewer {
        let (sender, packets) = channel();
        let sender = Box::into_raw(Box::new(sender));
        // SAFETY: zero is "default" for every field; strings outlive their calls; `sender` outlives
        // the track's callback.
        unsafe {
            let mut config: rtcConfiguration = std::mem::zeroed();
            config.bindAddress = c"127.0.0.1".as_ptr();
            config.disableAutoNegotiation = true;
            config.forceMediaTransport = true;
            let connection = rtcCreatePeerConnection(&config);
            let track = rtcAddTrack(connection, VIDEO.as_ptr());
            assert!(connection > 0 && track > 0);
            rtcSetUserPointer(track, sender.cast());
            rtcSetMessageCallback(track, Some(on_message));
            assert!(rtcSetLocalDescription(connection, c"offer".as_ptr()) >= 0);
            Viewer { connection, track, packets, sender }
        }
    }

    /// Its offer.
    pub fn offer(&self) -> String {
        let mut text = vec![0u8; 16 << 10];
        // SAFETY: the buffer is as long as is said.
        let length =
            unsafe { rtcGetLocalDescription(self.connection, text.as_mut_ptr().cast(), text.len() as c_int) };
        text.truncate(usize::try_from(length).expect("a description") - 1);
        String::from_utf8(text).expect("SDP is text")
    }

    /// Takes the answer.
    pub fn accept(&self, answer: &str) {
        let answer = CString::new(answer).expect("SDP has no NUL");
        // SAFETY: the strings outlive the call.
        let code = unsafe { rtcSetRemoteDescription(self.connection, answer.as_ptr(), c"answer".as_ptr()) };
        assert!(code >= 0, "{answer:?}");
    }

    /// Waits until `n` packets more have come.
    pub fn watch(&self, n: usize) {
        for seen in 0..n {
            let came = self.packets.recv_timeout(PATIENCE);
            assert!(came.is_ok(), "{seen} packets came, not {n}");
        }
    }

    /// Forgets the packets that have come.
    pub fn blink(&self) {
        self.packets.try_iter().count();
    }
}

impl Drop for Viewer {
    fn drop(&mut self) {
        // SAFETY: deleting the track waits for its callback; only then is what it uses freed.
        unsafe {
            rtcDeleteTrack(self.track);
            rtcDeletePeerConnection(self.connection);
            drop(Box::from_raw(self.sender));
        }
    }
}

unsafe extern "C" fn on_message(_: c_int, _: *const c_char, _: c_int, sender: *mut c_void) {
    // SAFETY: it outlives the track.
    let _ = unsafe { (*sender.cast::<Sender<()>>()).send(()) };
}
