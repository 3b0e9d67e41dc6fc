//! A future with a deadline.

use std::future::Future;
use std::time::Duration;

use futures_util::future::{Either, select};

use crate::Runtime;

/// Runs `future` for at most `limit`; `None` when the deadline came first. As [`before`].
pub(crate) async fn within<R, F>(runtime: &R, limit: Duration, future: F) -> Option<F::Output>
where
    R: Runtime,
    F: Future,
{
    before(runtime.timer(limit), future).await
}

/// Runs `future` until the timer ends; `None` when that came first.
///
/// The future is dropped then, so this is as cancel-safe as the future is. When both are ready at
/// once the future wins.
pub(crate) async fn before<F>(timer: impl Future<Output = ()>, future: F) -> Option<F::Output>
where
    F: Future,
{
    let future = std::pin::pin!(future);
    let timer = std::pin::pin!(timer);
    match select(future, timer).await {
        Either::Left((output, _)) => Some(output),
        Either::Right(((), _)) => None,
    }
}
