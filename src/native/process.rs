//! What the process does to us: it forks, and it exits.

use std::ffi::{c_int, c_void};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

static FORKED: AtomicBool = AtomicBool::new(false);

/// From now on a child of this process knows that it is one.
pub fn watch_forks() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: the handler only stores to an atomic, which is async-signal-safe.
        let failed = unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
        assert_eq!(failed, 0, "pthread_atfork fails only without memory");
    });
}

/// Whether this process is the child of one that had watched: no thread of ours runs in it, and
/// any lock of ours may be held for ever.
pub fn forked() -> bool {
    FORKED.load(Ordering::Relaxed)
}

/// Has `exit` call `handler`, before what was registered earlier. Not in the child of a fork.
pub fn at_exit(handler: fn()) {
    watch_forks();
    // SAFETY: the handler lives as long as the program: the library is never unloaded.
    unsafe { on_exit(exiting, handler as *mut c_void) };
}

extern "C" fn in_child() {
    FORKED.store(true, Ordering::Relaxed);
}

extern "C" fn exiting(_status: c_int, handler: *mut c_void) {
    if forked() {
        return;
    }
    // SAFETY: it is the function that `at_exit` was given.
    let handler = unsafe { std::mem::transmute::<*mut c_void, fn()>(handler) };
    handler();
}

unsafe extern "C" {
    // `atexit` is `__cxa_atexit` underneath.
    fn on_exit(function: extern "C" fn(c_int, *mut c_void), argument: *mut c_void) -> c_int;
}

// The C++ inside registers the destructors of its globals with `__cxa_atexit`. In a process that
// exits they have nothing to give back, but they wait for threads and locks: for ever in the child of
// a fork, which has the locks and not the threads. build.rs has the shared library call this instead.
#[cfg(target_arch = "x86_64")]
std::arch::global_asm!(
    ".globl __wrap___cxa_atexit",
    ".hidden __wrap___cxa_atexit",
    ".type __wrap___cxa_atexit, @function",
    "__wrap___cxa_atexit:",
    "xor eax, eax",
    "ret",
);
#[cfg(target_arch = "aarch64")]
std::arch::global_asm!(
    ".globl __wrap___cxa_atexit",
    ".hidden __wrap___cxa_atexit",
    ".type __wrap___cxa_atexit, @function",
    "__wrap___cxa_atexit:",
    "mov w0, #0",
    "ret",
);
