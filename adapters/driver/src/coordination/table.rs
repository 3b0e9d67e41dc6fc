//! The store of the leases, whatever it is made of.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use headcount_core::Instant;
use headcount_core::fleet::lease::{LeaseInput, LeaseStore, Swap, Swapped};

use crate::Runtime;
use crate::deadline::within;
use crate::panics::caught_in;

/// A warning that the store does not answer comes again after so long.
const WARN: Duration = Duration::from_secs(30);

/// Why there is no answer.
type SwapFailure = Box<dyn Error + Send + Sync>;

/// A store of leases whose errors have lost their type.
pub(crate) trait AnyLeaseStore: Send + Sync {
    fn swap<'a>(&'a self, swap: &'a Swap) -> BoxFuture<'a, Result<Swapped, SwapFailure>>;
}

impl<S> AnyLeaseStore for S
where
    S: LeaseStore + Send + Sync,
    S::Error: Send + Sync + 'static,
{
    fn swap<'a>(&'a self, swap: &'a Swap) -> BoxFuture<'a, Result<Swapped, SwapFailure>> {
        let work = async move {
            LeaseStore::swap(self, swap)
                .await
                .map_err(SwapFailure::from)
        };
        caught_in(work)
            .map(|done| done.unwrap_or_else(|panicked| Err(panicked.into())))
            .boxed()
    }
}

/// What came of a swap.
pub(crate) struct SwapAnswer {
    pub(crate) input: LeaseInput,
    /// Why there is no answer, if there is none.
    pub(crate) failure: Option<SwapFailure>,
}

/// Sends a swap to the store, whose answer is not waited for any longer than that.
pub(crate) fn ask<R: Runtime>(
    runtime: R,
    store: Arc<dyn AnyLeaseStore>,
    swap: Swap,
    patience: Duration,
) -> BoxFuture<'static, SwapAnswer> {
    let asked = async move {
        let answer = within(&runtime, patience, store.swap(&swap)).await;
        let answer = answer.unwrap_or_else(|| Err("there was no answer in time".into()));
        let (swapped, failure) = match answer {
            Ok(swapped) => (swapped, None),
            Err(cause) => (Swapped::Unknown, Some(cause)),
        };
        let (key, ticket) = (swap.key, swap.ticket);
        let input = LeaseInput::Answer {
            key,
            ticket,
            swapped,
        };
        SwapAnswer { input, failure }
    };
    asked.boxed()
}

/// Since when the store does not answer, and whether that was said.
#[derive(Debug, Default)]
pub(crate) struct Silence {
    warned: Option<Instant>,
}

impl Silence {
    /// The store has answered, or not: says so if that is news, and every half a minute as long as
    /// it does not.
    pub(crate) fn note(&mut self, now: Instant, failure: Option<&SwapFailure>) {
        match (failure, self.warned) {
            (None, Some(_)) => {
                self.warned = None;
                tracing::info!("the table of leases can be reached again");
            }
            (Some(error), warned) if warned.is_none_or(|at| now.since(at) >= WARN) => {
                self.warned = Some(now);
                tracing::warn!(%error, "the table of leases cannot be reached");
            }
            (None | Some(_), _) => {}
        }
    }
}
