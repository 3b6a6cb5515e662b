//! A TURN server: the one of libjuice, which is linked into libdatachannel anyway.
#![expect(unsafe_code, reason = "libjuice has a C interface")]

use datachannel_sys as _;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr;

pub const USERNAME: &str = "user:1@realm";
pub const PASSWORD: &str = "p/ss?w%rd";
const C_USERNAME: &CStr = c"user:1@realm";
const C_PASSWORD: &CStr = c"p/ss?w%rd";

pub struct Turn(*mut c_void);

#[repr(C)]
struct Credentials {
    username: *const c_char,
    password: *const c_char,
    allocations_quota: c_int,
}

#[repr(C)]
struct Config {
    credentials: *mut Credentials,
    credentials_count: c_int,
    max_allocations: c_int,
    max_peers: c_int,
    bind_address: *const c_char,
    external_address: *const c_char,
    port: u16,
    relay_port_range_begin: u16,
    relay_port_range_end: u16,
    realm: *const c_char,
}

unsafe extern "C" {
    fn juice_server_create(config: *const Config) -> *mut c_void;
    fn juice_server_destroy(server: *mut c_void);
    fn juice_server_get_port(server: *mut c_void) -> u16;
}

impl Turn {
    /// One on loopback.
    pub fn new() -> Turn {
        let mut credentials = Credentials {
            username: C_USERNAME.as_ptr(),
            password: C_PASSWORD.as_ptr(),
            allocations_quota: 0,
        };
        let config = Config {
            credentials: &mut credentials,
            credentials_count: 1,
            max_allocations: 16,
            max_peers: 16,
            bind_address: c"127.0.0.1".as_ptr(),
            external_address: ptr::null(),
            port: 0,
            relay_port_range_begin: 0,
            relay_port_range_end: 0,
            realm: c"realm".as_ptr(),
        };
        // SAFETY: `config` and what it points to live until the call returns; it is copied.
        let server = unsafe { juice_server_create(&config) };
        assert!(!server.is_null());
        Turn(server)
    }

    pub fn url(&self) -> String {
        // SAFETY: it lives until it is dropped.
        format!("turn:127.0.0.1:{}?transport=udp", unsafe { juice_server_get_port(self.0) })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        // SAFETY: made by `new`, destroyed once.
        unsafe { juice_server_destroy(self.0) };
    }
}
