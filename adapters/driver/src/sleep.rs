//! Timers for handles, which do not name the runtime.

use std::future::Future;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use headcount_core::bounds::LONGEST;

use crate::Runtime;
use crate::deadline::before;

/// Makes timers.
pub(crate) struct Sleep(Box<dyn Fn(Duration) -> BoxFuture<'static, ()> + Send + Sync>);

impl Sleep {
    pub(crate) fn new<R: Runtime>(runtime: &R) -> Self {
        let runtime = runtime.clone();
        Self(Box::new(move |wait| {
            runtime.timer(wait.min(LONGEST)).boxed()
        }))
    }

    /// Runs `future` for at most `limit`, and no longer than [`LONGEST`]; `None` when the deadline
    /// came first.
    pub(crate) async fn within<F: Future>(&self, limit: Duration, future: F) -> Option<F::Output> {
        before((self.0)(limit), future).await
    }
}
