//! The user's code: it panics, hangs and fails as the script says.
use super::runtime::VirtualRuntime;
use headcount_core::cache::memory::Applied;
use headcount_core::cache::{AsyncStore, Kind, Mutation, Policies, Policy, Predicate};
use headcount_driver::Runtime;
use std::future::pending;
use std::io;
use std::panic::resume_unwind;
use std::time::Duration;

/// Panics without the panic hook, which would count as a find of the fuzzer.
fn panics() -> ! {
    resume_unwind(Box::new("the user's code panics"))
}

/// A store for members that fails, panics, hangs or is slow.
pub(super) struct FaultyStore(pub(super) VirtualRuntime);

impl AsyncStore for FaultyStore {
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
pub(super) fn faulty_policies(runtime: VirtualRuntime) -> Policies {
    let judge = Predicate::member(move |_| match runtime.fails(12) {
        true => panics(),
        false => true,
    });
    Policies::default()
        .with(Kind::Member, Policy::keep(judge))
        .expect("fitting")
}

/// A look into the cache that panics at times.
pub(super) fn read_cache(runtime: &VirtualRuntime) {
    if runtime.fails(3) {
        panics();
    }
}
