//! Callbacks of the application: values that are called, and dropped once.

use std::ffi::c_void;

/// What to do with `context` and an argument that lives until it returns.
pub type Call<A> = unsafe extern "C" fn(context: *mut c_void, argument: *const A);

/// What to do with `context`.
pub type Plain = unsafe extern "C" fn(context: *mut c_void);

/// A callback that is ours: dropping it calls `drop`.
pub struct Callback<A> {
    pub call: Option<Call<A>>,
    pub drop: Option<Plain>,
    pub context: *mut c_void,
}

// SAFETY: the header says that callbacks come on threads of the library.
unsafe impl<A> Send for Callback<A> {}

impl<A> Callback<A> {
    /// Calls it, if there is anything to call.
    pub fn call(&self, argument: &A) {
        if let Some(call) = self.call {
            // SAFETY: the application gave `call` for this `context`, and it is not dropped yet.
            unsafe { call(self.context, argument) };
        }
    }
}

impl<A> Drop for Callback<A> {
    fn drop(&mut self) {
        if let Some(drop) = self.drop {
            // SAFETY: as above; nothing is called after it.
            unsafe { drop(self.context) };
        }
    }
}
