//! Joining the processes of a bot, before its shards are known.

use headcount_core::Instant;
use headcount_core::fleet::lease::{BotTotal, Joining, LeaseConfig, Swapped};

use super::AnyLeaseStore;
use crate::Runtime;
use crate::deadline::within;

/// Of how many shards the bot is: those who live run it with that many, or it is of as many as were
/// wanted. A table that does not answer leaves it at that.
pub(crate) async fn join<R: Runtime>(
    runtime: &R,
    store: &dyn AnyLeaseStore,
    config: &LeaseConfig,
    wanted: u32,
) -> u32 {
    let began = runtime.now();
    let mut joining = Joining::new(config, wanted);
    loop {
        let look = joining.look();
        let answer = within(runtime, config.patience, store.swap(&look)).await;
        let swapped = answer.and_then(Result::ok).unwrap_or(Swapped::Unknown);
        let now = Instant::ZERO.after(runtime.now().saturating_duration_since(began));
        match joining.answered(now, &swapped) {
            BotTotal::Known(total) => return total,
            BotTotal::Again(wait) => runtime.timer(wait).await,
        }
    }
}
