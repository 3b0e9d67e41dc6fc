//! Answers to member requests.

use alloc::vec::Vec;
use core::time::Duration;

use super::{Batch, Member, Presence};
use crate::id::{GuildId, UserId};
use crate::kind::Kinds;
use crate::wire::{Field, Malformed, Text, field::Read, json::Reader};

/// One of the chunks that answer a member request.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct MembersChunk<'i> {
    /// The guild.
    pub guild: GuildId,
    /// Which chunk it is, from zero; not checked against the count. `None` if that cannot be read.
    pub index: Option<u32>,
    /// How many chunks there are, as this one says; `None` if that cannot be read.
    pub count: Option<u32>,
    /// The members, if they are cached.
    pub members: Option<Batch<Member<'i>>>,
    /// How many members it lists, even if members are not cached.
    pub received: u64,
    /// How many of these could not be read.
    pub unread: u64,
    /// Their presences, if they were asked for and are cached.
    pub presences: Option<Batch<Presence<'i>>>,
    /// How many more presences it lists, which could not be read.
    pub presences_unread: u64,
    /// Users that were asked for and are no members.
    pub not_found: Vec<UserId>,
    /// What the request was called.
    pub nonce: Option<Text<'i>>,
}

impl<'i> MembersChunk<'i> {
    pub(super) fn read(reader: &mut Reader<'i>, kinds: Kinds) -> Result<Self, Malformed> {
        let (mut guild, mut index, mut count) = (None, None, None);
        let (mut members, mut presences, mut listed) = (None, None, None);
        let (mut not_found, mut nonce) = (Vec::new(), Field::Absent);
        reader.object(|key, reader| {
            match key {
                "guild_id" => guild = reader.tolerate(Reader::id)?,
                "chunk_index" => index = reader.tolerate(u32::read)?,
                "chunk_count" => count = reader.tolerate(u32::read)?,
                "members" if kinds.contains(Kinds::MEMBERS) => {
                    let read = reader.tolerate(Batch::<Member<'_>>::read)?;
                    listed = read.as_ref().map(|(list, unread)| {
                        let read = list.len() as u64;
                        (read.saturating_add(*unread), *unread)
                    });
                    members = read.map(|(list, _)| list);
                }
                "members" => {
                    let count = reader.tolerate(Reader::count)?;
                    listed = count.map(|count| (count as u64, 0));
                }
                "presences" if kinds.contains(Kinds::PRESENCES) => {
                    presences = Some(reader.tolerate(Batch::<Presence<'_>>::read)?);
                }
                "not_found" => not_found = reader.tolerate(Vec::read)?.unwrap_or_default(),
                "nonce" => nonce = reader.tolerate(Field::read)?.unwrap_or_default(),
                _ => reader.skip()?,
            }
            Ok(())
        })?;
        // A list that cannot be read at all may have held anybody.
        let (received, unread) = listed.unwrap_or((1, 1));
        let presences_unread = match &presences {
            None => 0,
            Some(None) => 1,
            Some(Some((_, unread))) => *unread,
        };
        Ok(Self {
            guild: guild.ok_or_else(|| reader.fault("a chunk without a guild"))?,
            index,
            count,
            members,
            received,
            unread,
            presences: presences.flatten().map(|(presences, _)| presences),
            presences_unread,
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
                "opcode" => opcode = reader.tolerate(Reader::whole)?,
                "retry_after" => retry_after = reader.tolerate(seconds)?,
                "meta" => meta = reader.tolerate(read_meta)?,
                _ => reader.skip()?,
            }
            Ok(())
        })?;
        let (Some(opcode), Some(retry_after)) = (opcode, retry_after) else {
            return Err(reader.fault("no opcode or no retry_after"));
        };
        let meta = meta.filter(|_| opcode == REQUEST_MEMBERS);
        let (guild, nonce) = meta.unwrap_or_default();
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
    let seconds = reader.float()?;
    if seconds < 0.0 {
        return Err(reader.fault("a negative time"));
    }
    Ok(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
}

/// What a request was about: its guild and its nonce.
type Meta<'i> = (Option<GuildId>, Option<Text<'i>>);

fn read_meta<'i>(reader: &mut Reader<'i>) -> Result<Meta<'i>, Malformed> {
    let (mut guild, mut nonce) = (Field::Absent, Field::Absent);
    reader.object(|key, reader| {
        match key {
            "guild_id" => guild = reader.tolerate(Field::read)?.unwrap_or_default(),
            "nonce" => nonce = reader.tolerate(Field::read)?.unwrap_or_default(),
            _ => reader.skip()?,
        }
        Ok(())
    })?;
    Ok((guild.into_value(), nonce.into_value()))
}
