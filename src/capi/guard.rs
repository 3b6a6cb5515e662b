//! The first line of every export: one place for panics, one for errors.

use super::status::framewire_status;
use crate::error::{Error, Result, Status};
use crate::native::process;
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::ffi::{CString, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

thread_local! {
    static SENTENCE: RefCell<CString> = RefCell::default();
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Runs `f`; its error becomes the status and this thread's sentence, and so does a panic.
pub fn guard(f: impl FnOnce() -> Result<()>) -> framewire_status {
    match attempt(f) {
        Ok(()) => framewire_status::FRAMEWIRE_OK,
        Err(error) => {
            remember(&error);
            let status = error.status();
            // What is "not now" is no news.
            if (status as i32) < 0 {
                log::debug!("{status:?}: {error}");
            }
            status.into()
        }
    }
}

/// [`guard`] for the functions that answer with a number or, when they fail, with the status.
pub fn guard_number(f: impl FnOnce() -> Result<i32>) -> i32 {
    let mut number = 0;
    match guard(|| f().map(|n| number = n)) {
        framewire_status::FRAMEWIRE_OK => number,
        status => status as i32,
    }
}

/// [`guard`] for `_free`: NULL is fine, and whatever else is wrong is only remembered.
pub fn guard_free<H>(handle: *mut H, f: impl FnOnce() -> Result<()>) {
    if !handle.is_null() {
        guard(f);
    }
}

/// An output that must be there.
pub fn required<T>(output: *mut T, name: &str) -> Result<()> {
    if output.is_null() { Err(Error::argument(format!("{name} is NULL"))) } else { Ok(()) }
}

/// This thread's sentence.
pub fn last_error() -> *const c_char {
    // A thread that is ending has none.
    SENTENCE.try_with(|sentence| sentence.borrow().as_ptr()).unwrap_or(c"".as_ptr())
}

/// `text` for C; a NUL inside would cut it.
pub fn c_string(text: &str) -> CString {
    CString::new(text.replace('\0', " ")).expect("no NUL is left")
}

fn attempt(f: impl FnOnce() -> Result<()>) -> Result<()> {
    if process::forked() {
        // Before any lock: one that another thread held at the fork is held for ever.
        return Err(Error::new(Status::Forked, "this is the child of a fork; its parent has the objects"));
    }
    prepare();
    let outer = GUARDED.replace(true);
    let outcome = catch_unwind(AssertUnwindSafe(f));
    GUARDED.set(outer);
    outcome.unwrap_or_else(|panic| {
        Err(Error::new(Status::Internal, format!("a defect of framewire: {}", message(&*panic))))
    })
}

fn remember(error: &Error) {
    let _ = SENTENCE.try_with(|sentence| sentence.replace(c_string(error.sentence())));
}

fn prepare() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        process::watch_forks();
        let outer = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            // The process's standard error is not ours: a panic of ours goes to the log.
            let thread = std::thread::current();
            let ours = GUARDED.try_with(Cell::get).unwrap_or(false)
                || thread.name().is_some_and(|name| name.starts_with("fw-"));
            if ours { log::error!("{panic}") } else { outer(panic) }
        }));
    });
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("panic")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::CStr;

    fn sentence() -> String {
        // SAFETY: the pointer lives until the next failing call of this thread.
        unsafe { CStr::from_ptr(last_error()) }.to_string_lossy().into_owned()
    }

    #[test]
    fn a_panic_becomes_a_status_and_a_sentence() {
        assert_eq!(sentence(), "");
        assert_eq!(guard(|| panic!("{} is odd", 3)), framewire_status::FRAMEWIRE_INTERNAL);
        assert_eq!(sentence(), "a defect of framewire: 3 is odd");
        assert_eq!(guard(|| Ok(())), framewire_status::FRAMEWIRE_OK);
        assert_eq!(sentence(), "a defect of framewire: 3 is odd", "success leaves it alone");
    }

    #[test]
    fn each_thread_has_its_own_sentence_and_a_nul_does_not_cut_it() {
        guard(|| Err(Error::argument("a\0b")));
        assert_eq!(sentence(), "a b");
        let other = std::thread::spawn(sentence).join().expect("no panic");
        assert_eq!(other, "");
    }

    #[test]
    fn a_number_is_itself_or_the_status() {
        assert_eq!(guard_number(|| Ok(7)), 7);
        assert_eq!(
            guard_number(|| Err(Error::argument("no"))),
            framewire_status::FRAMEWIRE_INVALID_ARGUMENT as i32
        );
    }
}
