//! Answers to member requests.

use alloc::vec::Vec;
use core::time::Duration;

use super::{Members, Presences};
use crate::cache::Kinds;
use crate::id::{GuildId, UserId};
use crate::wire::{Field, Malformed, Text, field::Read, json::Reader};

/// One of the chunks that answer a member request.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct MembersChunk<'i> {
    /// The guild.
    pub guild: GuildId,
    /// Which chunk it is, from zero; not checked against the count. `None` if it cannot be read.
    pub index: Option<u32>,
    /// How many chunks there are, as this one says; `None` if it cannot be read.
    pub count: Option<u32>,
    /// The members, if they are cached.
    pub members: Option<Members<'i>>,
    /// How many members it lists, even if members are not cached.
    pub received: u64,
    /// How many of these cannot be read.
    pub unread: u64,
    /// Their presences, if they were asked for and are cached.
    pub presences: Option<Presences<'i>>,
    /// How many of the presences that it lists cannot be read.
    pub presences_unread: u64,
    /// Users that were asked for and are no members.
    pub not_found: Vec<UserId>,
    /// What the request was called.
    pub nonce: Option<Text<'i>>,
}

impl<'i> MembersChunk<'i> {
    pub(super) fn read(reader: &mut Reader<'i>, kinds: Kinds) -> Result<Self, Malformed> {
        let (mut guild, mut index, mut count) = (None, None, None);
        let (mut members, mut received, mut presences) = (None, None, None);
        let (mut not_found, mut nonce) = (Vec::new(), Field::Absent);
        reader.object(|key, reader| {
            match key {
                "guild_id" => guild = Some(reader.id()?),
                "chunk_index" => index = Some(u32::read(reader)?),
                "chunk_count" => count = Some(u32::read(reader)?),
                "members" if kinds.contains(Kinds::MEMBERS) => {
                    let list = Members::read(reader)?;
                    received = Some(list.len());
                    members = Some(list);
                }
                "members" => received = Some(reader.count()?),
                "presences" if kinds.contains(Kinds::PRESENCES) => {
                    presences = Some(Presences::read(reader)?);
                }
                "not_found" => not_found = Vec::read(reader)?,
                "nonce" => nonce = Field::read(reader)?,
                _ => reader.skip()?,
            }
            Ok(())
        })?;
        let missing = || reader.fault("a chunk lacks what it must have");
        Ok(Self {
            guild: guild.ok_or_else(missing)?,
            index: Some(index.ok_or_else(missing)?),
            count: Some(count.ok_or_else(missing)?),
            members,
            received: received.ok_or_else(missing)? as u64,
            unread: 0,
            presences,
            presences_unread: 0,
            not_found,
            nonce: nonce.into_value(),
        })
    }
}

/// A command came too soon.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateLimited<'i> {
    /// The opcode of the command: 8 for a member request.
    pub opcode: u64,
    /// When it may be sent again, from now.
    pub retry_after: Duration,
    /// The guild of a member request.
    pub guild: Option<GuildId>,
    /// What the member request was called.
    pub nonce: Option<Text<'i>>,
}

/// The opcode whose `meta` is known.
const REQUEST_MEMBERS: u64 = 8;

impl<'i> Read<'i> for RateLimited<'i> {
    fn read(reader: &mut Reader<'i>) -> Result<Self, Malformed> {
        let (mut opcode, mut retry_after, mut meta) = (None, None, None);
        reader.object(|key, reader| {
            match key {
                "opcode" => opcode = Some(reader.u64()?),
                "retry_after" => retry_after = Some(seconds(reader)?),
                "meta" => meta = Some(reader.raw()?),
                _ => reader.skip()?,
            }
            Ok(())
        })?;
        let (Some(opcode), Some(retry_after)) = (opcode, retry_after) else {
            return Err(reader.fault("no opcode or no retry_after"));
        };
        let (guild, nonce) = match meta {
            Some(meta) if opcode == REQUEST_MEMBERS => read_meta(meta)?,
            _ => (None, None),
        };
        Ok(Self {
            opcode,
            retry_after,
            guild,
            nonce,
        })
    }
}

/// A time to wait; what is too long for a `Duration` becomes the longest.
fn seconds(reader: &mut Reader<'_>) -> Result<Duration, Malformed> {
    let seconds = reader.f64()?;
    if seconds < 0.0 {
        return Err(reader.fault("a negative time"));
    }
    Ok(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
}

fn read_meta(text: &str) -> Result<(Option<GuildId>, Option<Text<'_>>), Malformed> {
    let (mut guild, mut nonce) = (Field::Absent, Field::Absent);
    Reader::new(text).object(|key, reader| {
        match key {
            "guild_id" => guild = Field::read(reader)?,
            "nonce" => nonce = Field::read(reader)?,
            _ => reader.skip()?,
        }
        Ok(())
    })?;
    Ok((guild.into_value(), nonce.into_value()))
}
