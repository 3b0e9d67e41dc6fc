//! Payloads that name a guild beside one row, one list or one key.

use alloc::vec::Vec;

use crate::id::GuildId;
use crate::wire::json::{Key, Reader};
use crate::wire::row::ReadWith;
use crate::wire::{Malformed, field::Read};

/// Something in a guild.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InGuild<T> {
    /// The guild.
    pub guild: GuildId,
    /// What is in it.
    pub item: T,
}

impl<T> InGuild<T> {
    fn new(guild: Option<GuildId>, item: T, at: &Reader<'_>) -> Result<Self, Malformed> {
        let guild = guild.ok_or_else(|| at.fault("no guild"))?;
        Ok(Self { guild, item })
    }

    /// Reads a row whose object names the guild too.
    pub(super) fn row<'i>(reader: &mut Reader<'i>) -> Result<Self, Malformed>
    where
        T: ReadWith<'i>,
    {
        let mut guild = None;
        let item = T::read_with(reader, |key, reader| {
            match key {
                "guild_id" => guild = Some(reader.id()?),
                _ => reader.skip()?,
            }
            Ok(())
        })?;
        Self::new(guild, item, reader)
    }

    /// Reads what stands at `name`, a key, beside the guild.
    pub(super) fn at<'i>(reader: &mut Reader<'i>, name: &str) -> Result<Self, Malformed>
    where
        T: Read<'i>,
    {
        let (mut guild, mut item) = (None, None);
        reader.object(|key, reader| {
            match key {
                "guild_id" => guild = Some(reader.id()?),
                _ if key == name => item = Some(T::read(reader)?),
                _ => reader.skip()?,
            }
            Ok(())
        })?;
        let item = item.ok_or_else(|| reader.fault("the guild alone"))?;
        Self::new(guild, item, reader)
    }
}

/// Reads the optional guild, and hands the other keys to `other`.
pub(super) fn guild_and<'i>(
    reader: &mut Reader<'i>,
    other: impl FnMut(&str, &mut Reader<'i>) -> Result<(), Malformed>,
) -> Result<Option<GuildId>, Malformed> {
    guild_and_in(&[], reader, other)
}

/// The same, faster if the keys come in this order.
pub(super) fn guild_and_in<'i>(
    order: &'static [Key<()>],
    reader: &mut Reader<'i>,
    mut other: impl FnMut(&str, &mut Reader<'i>) -> Result<(), Malformed>,
) -> Result<Option<GuildId>, Malformed> {
    let mut guild = None;
    reader.object_in(order, |key, reader| {
        match key {
            "guild_id" => guild = crate::wire::Field::read(reader)?.into_value(),
            _ => other(key, reader)?,
        }
        Ok(())
    })?;
    Ok(guild)
}

/// Reads rows into a list.
pub(super) type List<T> = InGuild<Vec<T>>;
