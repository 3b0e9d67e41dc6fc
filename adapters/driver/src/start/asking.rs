//! Which guilds a bot that starts may not ask for all their members yet.

use std::num::NonZeroU32;
use std::time::SystemTime;

use headcount_core::ShardId;

use super::ShardCells;
use crate::record::RecordedCall;
use crate::state::RecentRequests;

/// No guild is asked too soon that a process before this one has asked. The bot's clock has begun
/// at `begun`; the shards are in order.
pub(super) fn keep_gates(
    (earlier, begun): (&RecentRequests, Option<SystemTime>),
    total: NonZeroU32,
    cells: &ShardCells,
) {
    let begun = begun.unwrap_or_else(SystemTime::now);
    for (guild, ago) in earlier.ages(begun) {
        let shard = ShardId::of_guild(guild, total);
        if let Ok(at) = cells.binary_search_by_key(&shard, |(id, _)| *id) {
            let (_, cell) = &cells[at];
            cell.change(
                || RecordedCall::asked_before(guild, ago),
                |shard| shard.asked_before(guild, ago),
            );
        }
    }
}
