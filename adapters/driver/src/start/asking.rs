//! Which guilds a bot that starts may not ask for all their members yet.

use std::num::NonZeroU32;
use std::time::SystemTime;

use headcount_core::{Instant, ShardId};

use super::ShardCells;
use crate::clock::Clock;
use crate::record::RecordedCall;
use crate::state::StateFolder;

/// No guild is asked too soon that a process before this one has asked, as its folder says; the
/// shards are in order.
pub(super) fn keep_gates(
    folder: Option<&StateFolder>,
    clock: Clock,
    (total, cells): (NonZeroU32, &ShardCells),
) {
    let Some(folder) = folder else {
        return;
    };
    // The shards' time counts from then on.
    let begun = clock.wall_time(Instant::ZERO);
    let ages = folder
        .requests()
        .ages(begun.unwrap_or_else(SystemTime::now));
    for (guild, ago) in ages {
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
