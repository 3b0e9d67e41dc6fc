//! Which shard of how many, and which guilds it serves.

use core::fmt;
use core::num::NonZeroU32;

use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};

use crate::id::GuildId;

/// A shard's number and the number of shards of the bot; the number is always below the total.
///
/// Serialises as the wire's array, `[number, total]`. See
/// <https://discord.com/developers/docs/events/gateway#sharding>.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShardId {
    number: u32,
    total: NonZeroU32,
}

impl ShardId {
    /// The only shard of a bot that is not sharded: `[0, 1]`.
    pub const ONE: Self = Self::new(0, 1);

    /// Shard `number` (from zero) of `total`.
    ///
    /// # Panics
    /// When `number >= total`. For numbers that come from outside use [`ShardId::new_checked`].
    #[must_use]
    #[allow(
        clippy::panic,
        reason = "documented; in const context the compiler reports it"
    )]
    pub const fn new(number: u32, total: u32) -> Self {
        match Self::new_checked(number, total) {
            Some(shard) => shard,
            None => panic!("a shard's number must be below the total"),
        }
    }

    /// Shard `number` (from zero) of `total`; `None` when `number >= total`.
    #[must_use]
    pub const fn new_checked(number: u32, total: u32) -> Option<Self> {
        match NonZeroU32::new(total) {
            Some(all) if number < total => Some(Self { number, total: all }),
            Some(_) | None => None,
        }
    }

    /// The shard's number, from zero.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.number
    }

    /// How many shards the bot has, at least one.
    #[must_use]
    pub const fn total(self) -> u32 {
        self.total.get()
    }

    /// The shard of `total` that serves a guild: `(guild_id >> 22) % total`.
    ///
    /// What belongs to no guild, direct messages above all, is served by shard 0.
    #[must_use]
    pub fn of_guild(guild: GuildId, total: NonZeroU32) -> Self {
        let number = (guild.get() >> 22)
            .checked_rem(u64::from(total.get()))
            .unwrap_or(0);
        Self {
            number: u32::try_from(number).unwrap_or(0),
            total,
        }
    }

    /// The shard of `total` that serves direct messages and all else that has no guild.
    #[must_use]
    pub const fn of_direct_messages(total: NonZeroU32) -> Self {
        Self { number: 0, total }
    }

    /// Whether this shard serves the guild, by the rule of [`ShardId::of_guild`].
    #[must_use]
    pub fn serves(self, guild: GuildId) -> bool {
        Self::of_guild(guild, self.total) == self
    }

    /// Whether this shard serves direct messages and all else that has no guild.
    #[must_use]
    pub const fn serves_direct_messages(self) -> bool {
        self.number == 0
    }

    /// Every shard of a bot with `total` shards, in order of number.
    pub fn all(total: NonZeroU32) -> impl ExactSizeIterator<Item = Self> {
        (0..total.get()).map(move |number| Self { number, total })
    }
}

impl fmt::Display for ShardId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.total)
    }
}

impl fmt::Debug for ShardId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ShardId({self})")
    }
}

impl Serialize for ShardId {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        (self.number, self.total()).serialize(to)
    }
}

impl<'de> Deserialize<'de> for ShardId {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let (number, total) = <(u32, u32)>::deserialize(from)?;
        Self::new_checked(number, total)
            .ok_or_else(|| D::Error::custom("a shard's number must be below the total"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routing_follows_the_rule() {
        let total = NonZeroU32::new(7).unwrap();
        for number in [1, 4_194_303, 4_194_304, 81_384_788_765_712_384, u64::MAX] {
            let guild = GuildId::new(number).unwrap();
            let shard = ShardId::of_guild(guild, total);
            assert_eq!(u64::from(shard.number()), (number >> 22) % 7);
            assert_eq!(
                ShardId::all(total)
                    .filter(|shard| shard.serves(guild))
                    .count(),
                1
            );
        }
        assert!(ShardId::ONE.serves_direct_messages());
        assert!(!ShardId::new(1, 2).serves_direct_messages());
    }

    #[test]
    fn the_wire_form_is_validated() {
        let shard: ShardId = serde_json::from_str("[3,4]").unwrap();
        assert_eq!((shard.number(), shard.total()), (3, 4));
        assert_eq!(serde_json::to_string(&shard).unwrap(), "[3,4]");
        assert_eq!(alloc::format!("{shard}"), "3/4");
        for text in ["[4,4]", "[0,0]", "[0]", "[-1,2]", "[0,1,2]", "\"0/1\""] {
            assert!(serde_json::from_str::<ShardId>(text).is_err(), "{text}");
        }
    }

    #[test]
    #[should_panic(expected = "below the total")]
    fn new_panics_when_out_of_range() {
        let _ = ShardId::new(2, 2);
    }
}
