//! Changes of the cache that the application makes, beside the shards' loops.

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use headcount_core::Instant;
use headcount_core::cache::{Kinds, Mutation};

use crate::Runtime;
use crate::clock::Clock;
use crate::stores::{StoreOutcome, Stores};

type ApplyChange =
    Box<dyn Fn(&Mutation<'static>) -> BoxFuture<'static, StoreOutcome> + Send + Sync>;

/// What the handles need of the runtime: handles do not name it.
pub(crate) struct AppChanges {
    now: Box<dyn Fn() -> Instant + Send + Sync>,
    job: ApplyChange,
}

impl AppChanges {
    pub(crate) fn new<R: Runtime>(runtime: &R, clock: Clock, stores: &Stores) -> Self {
        let (here, there, stores) = (runtime.clone(), runtime.clone(), stores.clone());
        Self {
            now: Box::new(move || clock.now(&here)),
            job: Box::new(move |mutation| {
                let work = stores.work(&there, mutation, false, None);
                work.map_or_else(
                    || ready(StoreOutcome::default()).boxed(),
                    |begin| begin(Kinds::empty()),
                )
            }),
        }
    }

    /// The core's time.
    pub(crate) fn now(&self) -> Instant {
        (self.now)()
    }

    /// What the stores beside the one in memory have to do.
    pub(crate) fn job(&self, mutation: &Mutation<'static>) -> BoxFuture<'static, StoreOutcome> {
        (self.job)(mutation)
    }
}
