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
use crate::panics::{caught, caught_in};

/// A warning that the store does not answer comes again after so long.
const WARN: Duration = Duration::from_secs(30);

/// Why there is no answer where none came.
pub(crate) const UNANSWERED: &str = "there was no answer in time";

/// Why there is no answer.
type SwapFailure = Box<dyn Error + Send + Sync>;

/// A store of leases whose errors have lost their type.
pub(crate) trait AnyLeaseStore: Send + Sync {
    fn swap<'a>(&'a self, swap: &'a Swap) -> BoxFuture<'a, Result<Swapped, SwapFailure>>;

    fn looks_at_once(&self) -> usize;

    fn look_all<'a>(
        &'a self,
        looks: &'a [Swap],
    ) -> BoxFuture<'a, Result<Vec<Swapped>, SwapFailure>>;
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

    fn looks_at_once(&self) -> usize {
        caught(|| LeaseStore::looks_at_once(self)).unwrap_or(1)
    }

    fn look_all<'a>(
        &'a self,
        looks: &'a [Swap],
    ) -> BoxFuture<'a, Result<Vec<Swapped>, SwapFailure>> {
        let work = async move {
            let answers = LeaseStore::look_all(self, looks).await;
            answers.map_err(SwapFailure::from)
        };
        caught_in(work)
            .map(|done| done.unwrap_or_else(|panicked| Err(panicked.into())))
            .boxed()
    }
}

/// What came of a question.
pub(crate) struct SwapAnswers {
    pub(crate) inputs: Vec<LeaseInput>,
    /// Why there is no answer, if there is none.
    pub(crate) failure: Option<SwapFailure>,
}

/// Sends the store one swap, or several that only look, whose answer is not waited for any longer
/// than that.
pub(crate) fn ask<R: Runtime>(
    runtime: R,
    store: Arc<dyn AnyLeaseStore>,
    swaps: Vec<Swap>,
    patience: Duration,
) -> BoxFuture<'static, SwapAnswers> {
    let asked = async move {
        let answers = within(&runtime, patience, ask_for(&*store, &swaps)).await;
        let answers = answers.unwrap_or_else(|| Err(UNANSWERED.into()));
        let (answers, failure) = match answers {
            Ok(answers) if answers.len() == swaps.len() => (answers, None),
            Ok(_) => (Vec::new(), Some("there are not as many answers".into())),
            Err(cause) => (Vec::new(), Some(cause)),
        };
        let unknown = std::iter::repeat(Swapped::Unknown);
        let answers = swaps.iter().zip(answers.into_iter().chain(unknown));
        let inputs = answers.map(|(swap, swapped)| LeaseInput::Answer {
            key: swap.key,
            ticket: swap.ticket,
            swapped,
        });
        SwapAnswers {
            inputs: inputs.collect(),
            failure,
        }
    };
    asked.boxed()
}

async fn ask_for(store: &dyn AnyLeaseStore, swaps: &[Swap]) -> Result<Vec<Swapped>, SwapFailure> {
    match swaps {
        [swap] => Ok(vec![store.swap(swap).await?]),
        looks => store.look_all(looks).await,
    }
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
