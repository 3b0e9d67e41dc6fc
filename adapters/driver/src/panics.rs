//! Panics of code that the driver calls, turned into errors at the seams where it calls it.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};

use futures_util::FutureExt;

/// Code panicked that the driver called: a store, a predicate or a shard manager of yours, or the
/// driver's own.
///
/// Where it is reported, what the code worked on is out of use or marked as stale, so nothing goes
/// on from half a change. The panic itself goes through the program's panic hook first, as any
/// does.
#[derive(Debug, PartialEq, Eq)]
pub struct Panicked {
    message: Box<str>,
}

impl Panicked {
    /// Reads and drops what a panic carries. That is the panicking code's own too, so its drop may
    /// panic; what that panic carries is not dropped at all.
    fn of(payload: Box<dyn Any + Send>) -> Self {
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
        let message = text.unwrap_or("(no message)").into();
        if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
            mem::forget(again);
        }
        Self { message }
    }

    /// What the panic said.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it panicked: {}", self.message)
    }
}

impl Error for Panicked {}

/// Calls code that may panic. The caller sees to it that nothing which the code changed is used as
/// if it were whole.
pub(crate) fn caught<T>(call: impl FnOnce() -> T) -> Result<T, Panicked> {
    catch_unwind(AssertUnwindSafe(call)).map_err(Panicked::of)
}

/// Runs a future that may panic; otherwise like [`caught`], and as cancel-safe as the future is.
pub(crate) async fn caught_in<F: Future>(future: F) -> Result<F::Output, Panicked> {
    let done = AssertUnwindSafe(future).catch_unwind().await;
    done.map_err(Panicked::of)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Panics when it is dropped, and so does what that panic carries.
    struct Bomb;

    impl Drop for Bomb {
        fn drop(&mut self) {
            std::panic::panic_any(Self);
        }
    }

    #[test]
    fn what_a_panic_carries_may_panic_when_it_is_dropped() {
        let panicked = caught(|| std::panic::panic_any(Bomb)).map(|(): ()| ());
        assert_eq!(panicked.expect_err("a panic").message(), "(no message)");
        let panicked = caught_in(async { std::panic::panic_any(Bomb) });
        let panicked = panicked.now_or_never().expect("at once").map(|(): ()| ());
        assert_eq!(panicked.expect_err("a panic").message(), "(no message)");
    }

    #[test]
    fn a_panic_is_reported_in_its_own_words() {
        let number = 7;
        let formatted = caught(|| panic!("number {number}")).map(|(): ()| ());
        assert_eq!(formatted.expect_err("a panic").message(), "number 7");
        let plain = caught(|| panic!("plain")).map(|(): ()| ());
        assert_eq!(
            plain.expect_err("a panic").to_string(),
            "it panicked: plain"
        );
        let other = caught(|| std::panic::panic_any(5_u8)).map(|(): ()| ());
        assert_eq!(other.expect_err("a panic").message(), "(no message)");
        assert_eq!(caught(|| 5).expect("no panic"), 5);
    }
}
