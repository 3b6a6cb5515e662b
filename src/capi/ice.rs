//! STUN and TURN servers, as several options have them.

use super::text;
use crate::error::{Error, Result};
use crate::ice::IceServer;
use std::ffi::c_char;
use std::slice;

/// A STUN or TURN server.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct framewire_ice_server {
    /// "stun:host:port", "turn:host:port?transport=udp" (RFC 7064, RFC 7065).
    pub url: *const c_char,
    /// For TURN; else NULL.
    pub username: *const c_char,
    /// For TURN; else NULL.
    pub credential: *const c_char,
}

/// More were never meant.
const MOST: usize = 16;

/// The servers of `options.ice_servers` and `options.ice_server_count`.
///
/// # Safety
/// `servers` is NULL or has `count` of them; each text is NULL or a C string.
pub unsafe fn servers(servers: *const framewire_ice_server, count: usize) -> Result<Vec<IceServer>> {
    let servers = match (servers.is_null(), count) {
        (_, 0) => &[],
        (true, n) => {
            let sentence = format!("options.ice_servers is NULL but options.ice_server_count is {n}");
            return Err(Error::argument(sentence));
        }
        // SAFETY: as promised to us.
        (false, n @ 1..=MOST) => unsafe { slice::from_raw_parts(servers, n) },
        (false, n) => {
            let sentence = format!("options.ice_server_count is {n} but may be {MOST} at most");
            return Err(Error::argument(sentence));
        }
    };
    // SAFETY: as promised to us.
    servers.iter().map(|server| unsafe { server.convert() }).collect()
}

impl framewire_ice_server {
    /// # Safety
    /// Each text is NULL or a C string.
    unsafe fn convert(&self) -> Result<IceServer> {
        // SAFETY: as promised to us.
        let (url, username, credential) = unsafe {
            let username = text::read_optional(self.username, "options.ice_servers.username")?;
            let credential = text::read_optional(self.credential, "options.ice_servers.credential")?;
            (text::read(self.url, "options.ice_servers.url")?, username, credential)
        };
        Ok(IceServer {
            url: url.to_owned(),
            username: username.map(str::to_owned),
            credential: credential.map(str::to_owned),
        })
    }
}
