//! The computed manager: a guild's shard follows from its id.

use alloc::string::ToString;
use alloc::vec::Vec;
use core::num::NonZeroU32;

use crate::ShardId;
use crate::id::GuildId;
use crate::manager::{Manager, NewShard, Plan, Refusal};

/// Places each guild on the shard that Discord's rule names; see [`ShardId::of_guild`].
///
/// All its shards are open from the start, each named after its [`ShardId`] ("3/16") and carrying
/// it. Discord decides which guilds a bot is in, so a `Join` or a `Part` of this manager sends
/// nothing: it only says which shard answers for the guild. Channels are never moved, since no
/// other shard could serve them.
#[derive(Clone, Debug)]
pub struct Discord {
    total: NonZeroU32,
    serves: Vec<ShardId>,
}

impl Discord {
    /// A bot with `total` shards, all of them in this process.
    #[must_use]
    pub fn new(total: NonZeroU32) -> Self {
        Self {
            total,
            serves: ShardId::all(total).collect(),
        }
    }

    /// A bot with `total` shards, of which this process runs those with these numbers. Numbers
    /// out of range are left out.
    #[must_use]
    pub fn partly(total: NonZeroU32, numbers: impl IntoIterator<Item = u32>) -> Self {
        let id = |number| ShardId::new_checked(number, total.get());
        Self {
            total,
            serves: numbers.into_iter().filter_map(id).collect(),
        }
    }
}

impl Manager<GuildId> for Discord {
    fn set_up(
        &mut self,
        plan: &mut Plan<'_, GuildId>,
        initial: &[GuildId],
    ) -> Result<(), Refusal<GuildId>> {
        for id in &self.serves {
            plan.open(NewShard::new().named(&id.to_string()).with_shard_id(*id))?;
        }
        initial
            .iter()
            .try_for_each(|guild| self.assign(plan, guild, true))
    }

    fn assign(
        &mut self,
        plan: &mut Plan<'_, GuildId>,
        guild: &GuildId,
        _: bool,
    ) -> Result<(), Refusal<GuildId>> {
        let id = ShardId::of_guild(*guild, self.total);
        match plan.roster().named(&id.to_string()) {
            Some(shard) => plan.join(shard, guild),
            None => Err(Refusal::NotServed(*guild)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Instant;
    use crate::manager::{Options, Supervisor};

    #[test]
    fn guilds_go_where_discord_sends_them() {
        let total = NonZeroU32::new(3).unwrap();
        let guild = |number: u64| GuildId::new(number << 22).unwrap();
        let make = |_: &Options| Discord::partly(total, [0, 2, 7]);
        let initial = [guild(3), guild(5)];
        let mut fleet = Supervisor::new(Options::default(), initial, make).unwrap();
        let names: Vec<_> = fleet.roster().shards().map(|(_, s)| s.name()).collect();
        assert_eq!(names, ["0/3", "2/3"]);
        let shard = fleet.roster().shard_of(&guild(5)).unwrap();
        let id = fleet.roster().get(shard).unwrap().spec().shard_id();
        assert_eq!(id, Some(ShardId::new(2, 3)));
        let refused = fleet.assign(Instant::ZERO, &guild(4));
        assert_eq!(refused, Err(Refusal::NotServed(guild(4))));
    }
}
