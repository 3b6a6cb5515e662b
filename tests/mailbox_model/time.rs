//! A clock that moves on by one each time it is looked at.

#[derive(Clone, Copy, Debug)]
pub struct Time(pub u64);

pub mod clock {
    use super::Time;
    use std::cell::Cell;
    use std::time::Duration;

    thread_local! { static NOW: Cell<u64> = const { Cell::new(0) } } // a model runs on one thread

    pub fn reset() {
        NOW.set(0);
    }

    pub fn now() -> u64 {
        NOW.get()
    }

    pub fn until(deadline: Option<Time>) -> Option<Duration> {
        let left = deadline?.0.saturating_sub(NOW.get());
        NOW.set(NOW.get() + 1);
        Some(Duration::from_secs(left))
    }
}
