//! Guilds as they come, change and go.

use super::{Content, Guild};
use crate::id::GuildId;
use crate::kind::Kinds;
use crate::wire::{Malformed, field::Read, json::Reader};

/// A guild with what lives in it, or that it cannot be reached.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct GuildCreate<'i> {
    /// The guild itself; little more than its id when guilds are not cached.
    pub guild: Guild<'i>,
    /// Whether there is an outage; then nothing but the id can be relied on.
    pub unavailable: bool,
    /// What lives in it.
    pub content: Content<'i>,
}

/// Reads what is wanted of a guild even if guilds are not cached.
fn read_head<'i>(
    reader: &mut Reader<'i>,
    mut other: impl FnMut(&str, &mut Reader<'i>) -> Result<(), Malformed>,
) -> Result<Guild<'i>, Malformed> {
    let (mut id, mut large, mut member_count) = (None, None, None);
    reader.object(|key, reader| {
        match key {
            "id" => id = reader.tolerate(Reader::id)?,
            "large" => large = reader.tolerate(Read::read)?,
            "member_count" => member_count = reader.tolerate(Read::read)?,
            _ => other(key, reader)?,
        }
        Ok(())
    })?;
    let mut guild = Guild::bare(id.ok_or_else(|| reader.fault("no id"))?);
    (guild.large, guild.member_count) = (large, member_count);
    Ok(guild)
}

impl<'i> GuildCreate<'i> {
    pub(super) fn read(reader: &mut Reader<'i>, kinds: Kinds) -> Result<Self, Malformed> {
        let mut content = Content::default();
        let (mut unavailable, mut speaks) = (Some(false), false);
        let others = |key: &str, reader: &mut Reader<'i>| match key {
            "unavailable" => {
                unavailable = reader.tolerate(Reader::flag)?;
                Ok(())
            }
            _ => {
                speaks |= matches!(key, "channels" | "members" | "roles");
                content.field(key, reader, kinds)
            }
        };
        let guild = if kinds.contains(Kinds::GUILDS) {
            Guild::read_with(reader, others)?
        } else {
            read_head(reader, others)?
        };
        Ok(Self {
            guild,
            // In an outage there is nothing but the id.
            unavailable: unavailable.unwrap_or(!speaks),
            content,
        })
    }
}

/// A guild's new data, without what only [`GuildCreate`] holds.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct GuildUpdate<'i> {
    /// The guild itself.
    pub guild: Guild<'i>,
    /// What it lists: roles, emojis and stickers.
    pub content: Content<'i>,
}

impl<'i> GuildUpdate<'i> {
    pub(super) fn read(reader: &mut Reader<'i>, kinds: Kinds) -> Result<Self, Malformed> {
        let kinds = kinds & (Kinds::ROLES | Kinds::EMOJIS | Kinds::STICKERS);
        let mut content = Content::default();
        let mut guild = Guild::read_with(reader, |key, reader| content.field(key, reader, kinds))?;
        (guild.joined_at, guild.large, guild.member_count) = (None, None, None);
        Ok(Self { guild, content })
    }
}

/// A guild is gone, or cannot be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GuildDelete {
    /// The guild.
    pub guild: GuildId,
    /// Whether it is an outage; otherwise the bot is no longer in it.
    pub unavailable: bool,
}

impl Read<'_> for GuildDelete {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let listed = super::ready::ListedGuild::read(reader)?;
        Ok(Self {
            guild: listed.id,
            unavailable: listed.unavailable,
        })
    }
}

/// The answer of servers that speak the old protocol to a client account's guild sync.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct GuildSync<'i> {
    /// The guild.
    pub guild: GuildId,
    /// Whether it counts as large.
    pub large: Option<bool>,
    /// What lives in it: members and presences.
    pub content: Content<'i>,
}

impl<'i> GuildSync<'i> {
    pub(super) fn read(reader: &mut Reader<'i>, kinds: Kinds) -> Result<Self, Malformed> {
        let kinds = kinds & (Kinds::MEMBERS | Kinds::PRESENCES);
        let create = GuildCreate::read(reader, kinds)?;
        Ok(Self {
            guild: create.guild.id,
            large: create.guild.large,
            content: create.content,
        })
    }
}
