//! The user's code: it panics, hangs and fails as the script says.
use super::stage::Stage;
use headcount_core::cache::memory::Applied;
use headcount_core::cache::{AsyncStore, Kind, Mutation, Policies, Policy, Predicate};
use headcount_driver::Runtime;
use std::future::pending;
use std::io;
use std::panic::resume_unwind;
use std::time::Duration;

/// Panics as the user's code does, but without a word: a fuzzer takes each of these for a find.
fn panics() -> ! {
    resume_unwind(Box::new("the user's code panics"))
}

/// A store for members.
pub(super) struct Moody(pub(super) Stage);

impl AsyncStore for Moody {
    type Error = io::Error;

    async fn apply(&self, _: &Mutation<'static>) -> Result<Applied, io::Error> {
        match self.0.choose(12) {
            Some(1) => Err(io::ErrorKind::OutOfMemory.into()),
            Some(2) => panics(),
            Some(3) => pending().await,
            Some(4) => {
                self.0.timer(Duration::from_millis(700)).await;
                Ok(Applied::default())
            }
            Some(_) | None => Ok(Applied::default()),
        }
    }
}

/// Policies whose predicate panics at times.
pub(super) fn touchy(stage: Stage) -> Policies {
    let judge = Predicate::member(move |_| match stage.fails(12) {
        true => panics(),
        false => true,
    });
    Policies::default()
        .with(Kind::Member, Policy::keep(judge))
        .expect("fitting")
}

/// Looks at something, and panics at times.
pub(super) fn look(stage: &Stage) {
    if stage.fails(3) {
        panics();
    }
}
