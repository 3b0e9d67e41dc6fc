//! Single members as they come, change and go, and single presences.

use super::{Batch, Member, Presence};
use crate::id::{GuildId, UserId};
use crate::wire::packed::RecordPool;
use crate::wire::{Field, Malformed, field::Read, json::Reader};

/// A member came or changed.
#[derive(Clone, Debug, PartialEq)]
pub struct MemberEvent<'i> {
    /// The guild.
    pub guild: GuildId,
    /// The one member.
    pub members: Batch<Member<'i>>,
}

impl<'i> MemberEvent<'i> {
    pub(super) fn read(reader: &mut Reader<'i>, pool: RecordPool) -> Result<Self, Malformed> {
        let mut guild = None;
        let members = Batch::<Member<'_>>::read_one(reader, pool, |key, reader| {
            match key {
                "guild_id" => guild = reader.tolerate(Reader::id)?,
                _ => reader.skip()?,
            }
            Ok(())
        })?;
        let guild = guild.ok_or_else(|| reader.fault("no guild"))?;
        Ok(Self { guild, members })
    }
}

/// A member left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemberRemove {
    /// The guild.
    pub guild: GuildId,
    /// Whose membership ended.
    pub user: UserId,
}

impl Read<'_> for MemberRemove {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let (mut guild, mut user) = (None, None);
        reader.object(|key, reader| {
            match key {
                "guild_id" => guild = reader.tolerate(Reader::id)?,
                "user" => user = reader.tolerate(super::user::read_id)?,
                _ => reader.skip()?,
            }
            Ok(())
        })?;
        match (guild, user) {
            (Some(guild), Some(user)) => Ok(Self { guild, user }),
            _ => Err(reader.fault("no guild or no user")),
        }
    }
}

/// A presence changed.
#[derive(Clone, Debug, PartialEq)]
pub struct PresenceUpdate<'i> {
    /// The guild; without one, nothing can be cached.
    pub guild: Option<GuildId>,
    /// The one presence.
    pub presences: Batch<Presence<'i>>,
}

impl<'i> PresenceUpdate<'i> {
    pub(super) fn read(reader: &mut Reader<'i>, pool: RecordPool) -> Result<Self, Malformed> {
        let mut guild = Field::Absent;
        let mut presences = Batch::<Presence<'_>>::within(pool);
        presences.push(reader, |key, reader| {
            match key {
                "guild_id" => guild = reader.tolerate(Field::read)?.unwrap_or_default(),
                _ => reader.skip()?,
            }
            Ok(())
        })?;
        Ok(Self {
            guild: guild.into_value(),
            presences,
        })
    }
}
