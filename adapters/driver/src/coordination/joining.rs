//! Joining the processes of a bot, before its shards are known.

use headcount_core::Instant;
use headcount_core::fleet::lease::{BotTotal, Joining, LeaseConfig, Swapped};

use super::AnyLeaseStore;
use super::table::{Silence, UNANSWERED};
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
    let (mut joining, mut silence) = (Joining::new(config, wanted), Silence::default());
    loop {
        let look = joining.look();
        let answer = within(runtime, config.patience, store.swap(&look)).await;
        let answer = answer.unwrap_or_else(|| Err(UNANSWERED.into()));
        let now = Instant::ZERO.after(runtime.now().saturating_duration_since(began));
        silence.note(now, answer.as_ref().err());
        let swapped = answer.unwrap_or(Swapped::Unknown);
        if swapped == Swapped::Refused(None) {
            note_empty(config);
        }
        match joining.answered(now, &swapped) {
            BotTotal::Known(total) => return total,
            BotTotal::Again(wait) => runtime.timer(wait).await,
        }
    }
}

/// Says why nothing happens for a while: nobody knows who is there.
fn note_empty(config: &LeaseConfig) {
    let seconds = config.hold.saturating_add(config.spacing).as_secs();
    tracing::info!(
        seconds,
        "the table of leases is empty: no shard identifies before it is old"
    );
}
