//! Locks under which the user's code runs: a thread that is inside does not enter again.
//!
//! It would wait for itself, for ever. It panics at once instead, with the line of the call.

use std::cell::RefCell;
use std::marker::PhantomData;

thread_local! {
    /// The locks that this thread is inside of, by their addresses.
    static INSIDE: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

/// This thread is inside a lock, until this is dropped.
#[must_use]
pub(crate) struct Inside(PhantomData<*const ()>);

impl Inside {
    /// Marks this thread as inside of `lock`.
    ///
    /// # Panics
    /// If it is already.
    #[track_caller]
    pub(crate) fn enter<L>(lock: &L, what: &str) -> Self {
        let address = std::ptr::from_ref(lock).addr();
        let again = INSIDE.with_borrow(|inside| inside.contains(&address));
        assert!(
            !again,
            "this call needs {what}, and comes from code that runs inside of {what}: it would wait \
             for itself. Take out what you need, and call once you have left"
        );
        INSIDE.with_borrow_mut(|inside| inside.push(address));
        Self(PhantomData)
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        // Marks go in the reverse order of coming: they lie on the thread's stack.
        INSIDE.with_borrow_mut(Vec::pop);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panics::caught;

    #[test]
    fn a_thread_enters_a_lock_once_at_a_time() {
        let (one, other) = (0_u8, 0_u8);
        let inside = Inside::enter(&one, "one");
        let again = caught(|| drop(Inside::enter(&one, "one")));
        let message = again.expect_err("refused").message().to_owned();
        assert!(message.contains("one"), "{message}");
        drop(Inside::enter(&other, "another"));
        std::thread::scope(|scope| {
            scope.spawn(|| drop(Inside::enter(&one, "one")));
        });
        drop(inside);
        drop(Inside::enter(&one, "one"));
    }
}
