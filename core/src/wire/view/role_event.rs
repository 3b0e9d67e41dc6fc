//! Roles as they come, change and go.

use super::Role;
use crate::id::{GuildId, RoleId};
use crate::wire::{Malformed, field::Read, json::Reader};

/// A role came or changed.
#[derive(Clone, Debug, PartialEq)]
pub struct RoleEvent<'i> {
    /// The guild.
    pub guild: GuildId,
    /// The role; `None` if it cannot be read.
    pub role: Option<Role<'i>>,
}

impl<'i> Read<'i> for RoleEvent<'i> {
    fn read(reader: &mut Reader<'i>) -> Result<Self, Malformed> {
        let (mut guild, mut role) = (None, None);
        reader.object(|key, reader| {
            match key {
                "guild_id" => guild = reader.tolerate(Reader::id)?,
                "role" => role = Some(reader.tolerate(Role::read)?),
                _ => reader.skip()?,
            }
            Ok(())
        })?;
        match (guild, role) {
            (Some(guild), Some(role)) => Ok(Self { guild, role }),
            _ => Err(reader.fault("no guild or no role")),
        }
    }
}

/// A role is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoleDelete {
    /// The guild.
    pub guild: GuildId,
    /// The role.
    pub role: RoleId,
}

impl Read<'_> for RoleDelete {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let (mut guild, mut role) = (None, None);
        reader.object(|key, reader| {
            match key {
                "guild_id" => guild = reader.tolerate(Reader::id)?,
                "role_id" => role = reader.tolerate(Reader::id)?,
                _ => reader.skip()?,
            }
            Ok(())
        })?;
        match (guild, role) {
            (Some(guild), Some(role)) => Ok(Self { guild, role }),
            _ => Err(reader.fault("no guild or no role")),
        }
    }
}
