//! Payloads that name a guild beside one row, one list or one key.

use alloc::vec::Vec;

use crate::id::GuildId;
use crate::wire::json::{KeyOrder, Reader};
use crate::wire::row::ReadWith;
use crate::wire::{Field, Malformed, field::Read};

/// Something in a guild.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InGuild<T> {
    /// The guild.
    pub guild: GuildId,
    /// What is in it.
    pub item: T,
}

impl<T> InGuild<T> {
    /// Reads a row whose object names the guild too.
    pub(super) fn row<'i>(reader: &mut Reader<'i>) -> Result<Self, Malformed>
    where
        T: ReadWith<'i>,
    {
        let found = Self::row_if_any(reader)?;
        found.ok_or_else(|| reader.fault("no guild"))
    }

    /// Reads a row whose object may name the guild too; `None` if it does not.
    pub(super) fn row_if_any<'i>(reader: &mut Reader<'i>) -> Result<Option<Self>, Malformed>
    where
        T: ReadWith<'i>,
    {
        let mut guild = Field::Absent;
        let item = T::read_with(reader, |key, reader| {
            match key {
                "guild_id" => guild = reader.tolerate(Field::read)?.unwrap_or_default(),
                _ => reader.skip()?,
            }
            Ok(())
        })?;
        Ok(guild.into_value().map(|guild| Self { guild, item }))
    }

    /// Reads what stands at `name`, a key, beside the guild.
    pub(super) fn at<'i>(reader: &mut Reader<'i>, name: &str) -> Result<Self, Malformed>
    where
        T: Read<'i>,
    {
        let found = Self::at_if_any(reader, name)?;
        found.ok_or_else(|| reader.fault("no guild"))
    }

    /// Reads what stands at `name`, a key, beside the guild; `None` if no guild is named.
    pub(super) fn at_if_any<'i>(
        reader: &mut Reader<'i>,
        name: &str,
    ) -> Result<Option<Self>, Malformed>
    where
        T: Read<'i>,
    {
        let mut item = None;
        let guild = guild_and(reader, |key, reader| {
            match key {
                _ if key == name => item = reader.tolerate(T::read)?,
                _ => reader.skip()?,
            }
            Ok(())
        })?;
        let item = item.ok_or_else(|| reader.fault("the guild alone"))?;
        Ok(guild.map(|guild| Self { guild, item }))
    }
}

/// Reads a row that lies in the guild that it names, or outside guilds if it names none.
///
/// # Errors
/// What `read` says; also if a guild is named that cannot be read, for then the row is in neither.
pub(super) fn in_guild_or_outside<'i, T>(
    reader: &mut Reader<'i>,
    read: impl FnOnce(&mut Reader<'i>) -> Result<T, Malformed>,
    guild: impl FnOnce(&T) -> Field<GuildId>,
) -> Result<T, Malformed> {
    let mark = reader.mark();
    let row = read(reader)?;
    let unread = guild(&row).is_absent() && reader.has_noted_since(mark);
    match unread && reader.detour(mark, |reader| has_key(reader, "guild_id")) {
        true => Err(reader.fault("a guild that cannot be read")),
        false => Ok(row),
    }
}

/// Whether an object has this key.
pub(super) fn has_key(reader: &mut Reader<'_>, wanted: &str) -> bool {
    let mut found = false;
    let read = reader.object(|key, reader| {
        found |= key == wanted;
        reader.skip()
    });
    read.is_ok() && found
}

/// Reads the optional guild, and hands the other keys to `other`.
pub(super) fn guild_and<'i>(
    reader: &mut Reader<'i>,
    other: impl FnMut(&str, &mut Reader<'i>) -> Result<(), Malformed>,
) -> Result<Option<GuildId>, Malformed> {
    guild_and_in(KeyOrder::NONE, reader, other)
}

/// The same, faster if the keys come in this order.
pub(super) fn guild_and_in<'i>(
    order: &'static KeyOrder<()>,
    reader: &mut Reader<'i>,
    mut other: impl FnMut(&str, &mut Reader<'i>) -> Result<(), Malformed>,
) -> Result<Option<GuildId>, Malformed> {
    let mut guild = None;
    reader.object_in(order, |key, reader| {
        match key {
            "guild_id" => guild = reader.tolerate(Field::read)?.and_then(Field::into_value),
            _ => other(key, reader)?,
        }
        Ok(())
    })?;
    Ok(guild)
}

/// Reads rows into a list.
pub(super) type List<T> = InGuild<Vec<T>>;
