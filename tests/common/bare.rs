//! libdatachannel with nothing around it, as a sender: what the receiver is proved against, and
//! what the benchmarks compare with. The safe crate cannot answer an offer's sections with tracks
//! of its own, therefore the C interface.
#![expect(unsafe_code, reason = "libdatachannel has a C interface")]

use crossbeam_channel::{Receiver, Sender, bounded};
use datachannel_sys::*;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr;
use std::time::Duration;

/// A connection that answers an offer and sends raw packets.
pub struct Bare {
    connection: c_int,
    tracks: Vec<c_int>,
    connected: Receiver<()>,
    received: Receiver<Vec<u8>>,
    // Owned by the callbacks; freed after the connection has gone.
    hooks: *mut Hooks,
}

struct Hooks {
    connected: Sender<()>,
    received: Sender<Vec<u8>>,
}

/// What to send in one section of the offer.
pub struct Sending<'a> {
    pub mid: &'a str,
    pub kind: &'a str,
    pub rtpmap: &'a str,
    pub payload_type: u8,
    pub ssrc: u32,
}

impl Bare {
    /// Answers by the recipe that works with every browser: the offer without its candidates.
    pub fn answer(offer: &str, sections: &[Sending]) -> (Bare, String) {
        let kept = |l: &&str| {
            !l.starts_with("a=candidate")
                && !l.starts_with("a=end-of-candidates")
                && !l.starts_with("a=rtcp-fb:*")
        };
        let offer: String = offer.lines().filter(kept).flat_map(|l| [l, "\r\n"]).collect();
        let (out, connected) = bounded(1);
        let (received_out, received) = bounded(4_096);
        let hooks = Box::into_raw(Box::new(Hooks { connected: out, received: received_out }));
        let local = c"127.0.0.1";
        // SAFETY: zero is "default" for every field of the configuration; every string lives
        // longer than its call; `hooks` lives until the connection is deleted.
        unsafe {
            let mut config: rtcConfiguration = std::mem::zeroed();
            config.bindAddress = local.as_ptr();
            config.disableAutoNegotiation = true;
            config.forceMediaTransport = true;
            let connection = rtcCreatePeerConnection(&config);
            assert!(connection > 0);
            rtcSetUserPointer(connection, hooks.cast());
            rtcSetStateChangeCallback(connection, Some(on_state));
            rtcSetTrackCallback(connection, Some(on_track));
            let tracks = sections.iter().map(|s| {
                let text = format!(
                    "{} 9 UDP/TLS/RTP/SAVPF {pt}\r\na=mid:{}\r\na=sendonly\r\na=rtpmap:{pt} {}\r\n\
                     a=ssrc:{ssrc} cname:bare\r\na=ssrc:{ssrc} msid:bare bare\r\n",
                    s.kind,
                    s.mid,
                    s.rtpmap,
                    pt = s.payload_type,
                    ssrc = s.ssrc
                );
                let text = CString::new(text).expect("no zero inside");
                let track = rtcAddTrack(connection, text.as_ptr());
                assert!(track > 0);
                rtcSetMessageCallback(track, Some(on_message));
                track
            });
            let tracks = tracks.collect();
            let offer = CString::new(offer).expect("no zero inside");
            assert!(rtcSetRemoteDescription(connection, offer.as_ptr(), c"offer".as_ptr()) >= 0);
            assert!(rtcSetLocalDescription(connection, c"answer".as_ptr()) >= 0);
            let len = rtcGetLocalDescription(connection, ptr::null_mut(), 0);
            let mut answer = vec![0u8; len as usize];
            assert!(rtcGetLocalDescription(connection, answer.as_mut_ptr().cast(), len) > 0);
            let answer = CStr::from_bytes_with_nul(&answer).expect("a C string").to_string_lossy();
            let answer = answer.replace("ice2,trickle", "ice2 trickle");
            (Bare { connection, tracks, connected, received, hooks }, answer)
        }
    }

    pub fn connected(&self, patience: Duration) {
        self.connected.recv_timeout(patience).expect("a connection");
    }

    pub fn track(&self, section: usize) -> BareTrack {
        BareTrack(self.tracks[section])
    }

    /// RTCP that came back.
    pub fn received(&self) -> &Receiver<Vec<u8>> {
        &self.received
    }
}

/// A track's id, good for sending while its connection lives.
#[derive(Clone, Copy)]
pub struct BareTrack(c_int);

impl BareTrack {
    pub fn send(self, packet: &[u8]) -> bool {
        // SAFETY: the packet is readable for its length; an id that is gone is an error code.
        unsafe { rtcSendMessage(self.0, packet.as_ptr().cast(), packet.len() as c_int) >= 0 }
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        // SAFETY: deleting a track waits for its callbacks, and the connection's callbacks end with
        // it; only then are the hooks freed, once.
        unsafe {
            self.tracks.iter().for_each(|&track| {
                rtcDeleteTrack(track);
            });
            rtcSetStateChangeCallback(self.connection, None);
            rtcDeletePeerConnection(self.connection);
            drop(Box::from_raw(self.hooks));
        }
    }
}

unsafe extern "C" fn on_state(_: c_int, state: rtcState, hooks: *mut c_void) {
    if state == rtcState_RTC_CONNECTED {
        // SAFETY: the hooks live as long as the connection's callbacks.
        unsafe { (*hooks.cast::<Hooks>()).connected.try_send(()).ok() };
    }
}

// A section that we do not send in is answered with port 0.
unsafe extern "C" fn on_track(_: c_int, track: c_int, _: *mut c_void) {
    // SAFETY: the id was given to us by this callback.
    unsafe { rtcDeleteTrack(track) };
}

unsafe extern "C" fn on_message(_: c_int, data: *const c_char, len: c_int, hooks: *mut c_void) {
    if len > 0 {
        // SAFETY: libdatachannel gives `len` readable bytes, and the hooks outlive the track.
        let (bytes, hooks) =
            unsafe { (std::slice::from_raw_parts(data.cast(), len as usize), &*hooks.cast::<Hooks>()) };
        hooks.received.try_send(bytes.to_vec()).ok();
    }
}
