//! Threads as they come, change and go, and their members.

use alloc::vec::Vec;

use super::in_guild::guild_and;
use super::{Content, Members, Presences, Thread, ThreadMembership};
use crate::cache::Kinds;
use crate::id::{ChannelId, GuildId, UserId};
use crate::wire::{Malformed, field::Read, json::Reader};

/// A thread came or changed.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ThreadEvent<'i> {
    /// The guild.
    pub guild: GuildId,
    /// The thread.
    pub thread: Thread<'i>,
    /// The bot's own membership, if the payload tells it.
    pub own: Option<ThreadMembership<'i>>,
    /// Whether the thread has just begun.
    pub newly_created: bool,
}

impl<'i> Read<'i> for ThreadEvent<'i> {
    fn read(reader: &mut Reader<'i>) -> Result<Self, Malformed> {
        let (mut own, mut newly_created) = (None, false);
        let thread = Thread::read_whole(reader, |key, reader| {
            match key {
                "member" => own = Option::read(reader)?,
                "newly_created" => newly_created = reader.bool()?,
                _ => reader.skip()?,
            }
            Ok(())
        })?;
        let guild = thread.guild.ok_or_else(|| reader.fault("no guild"))?;
        Ok(Self {
            guild,
            thread,
            own,
            newly_created,
        })
    }
}

/// The threads that the bot sees now.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ThreadListSync<'i> {
    /// The guild.
    pub guild: GuildId,
    /// Under which channels; `None` for the whole guild.
    pub parents: Option<Vec<ChannelId>>,
    /// All active threads there.
    pub threads: Vec<Thread<'i>>,
    /// The bot's own memberships of these.
    pub memberships: Vec<ThreadMembership<'i>>,
}

impl<'i> Read<'i> for ThreadListSync<'i> {
    fn read(reader: &mut Reader<'i>) -> Result<Self, Malformed> {
        let (mut parents, mut memberships) = (None, Vec::new());
        let mut content = Content::default();
        let guild = guild_and(reader, |key, reader| {
            match key {
                "channel_ids" => parents = Option::read(reader)?,
                "threads" => content.threads(reader)?,
                "members" => memberships = Vec::read(reader)?,
                _ => reader.skip()?,
            }
            Ok(())
        })?;
        let (Some(guild), Some(threads)) = (guild, content.threads) else {
            return Err(reader.fault("no guild or no threads"));
        };
        memberships.extend(content.memberships);
        Ok(Self {
            guild,
            parents,
            threads,
            memberships,
        })
    }
}

/// Members of a thread came or left.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ThreadMembersUpdate<'i> {
    /// The guild.
    pub guild: GuildId,
    /// The thread.
    pub thread: ChannelId,
    /// How many members it has; the wire counts no further than 50.
    pub member_count: Option<u32>,
    /// Who came.
    pub added: Vec<ThreadMembership<'i>>,
    /// Their memberships of the guild, if members are cached.
    pub members: Members<'i>,
    /// Their presences, if these are cached.
    pub presences: Presences<'i>,
    /// Who left.
    pub removed: Vec<UserId>,
}

impl<'i> ThreadMembersUpdate<'i> {
    pub(super) fn read(reader: &mut Reader<'i>, kinds: Kinds) -> Result<Self, Malformed> {
        let (mut thread, mut member_count) = (None, None);
        let (mut added, mut removed) = (Vec::new(), Vec::new());
        let (mut members, mut presences) = (Members::default(), Presences::default());
        let guild = guild_and(reader, |key, reader| {
            match key {
                "id" => thread = Some(reader.id()?),
                "member_count" => member_count = Option::read(reader)?,
                "removed_member_ids" => removed = Vec::read(reader)?,
                "added_members" => {
                    (added, members, presences) = Default::default();
                    reader.array(|reader| {
                        added.push(one_added(reader, kinds, &mut members, &mut presences)?);
                        Ok(())
                    })?;
                }
                _ => reader.skip()?,
            }
            Ok(())
        })?;
        let (Some(guild), Some(thread)) = (guild, thread) else {
            return Err(reader.fault("no guild or no thread"));
        };
        Ok(Self {
            guild,
            thread,
            member_count,
            added,
            members,
            presences,
            removed,
        })
    }
}

fn one_added<'i>(
    reader: &mut Reader<'i>,
    kinds: Kinds,
    members: &mut Members<'i>,
    presences: &mut Presences<'i>,
) -> Result<ThreadMembership<'i>, Malformed> {
    let (mut member, mut presence) = ("null", "null");
    let added = ThreadMembership::read_with(reader, |key, reader| {
        match key {
            "member" if kinds.contains(Kinds::MEMBERS) => member = reader.raw()?,
            "presence" if kinds.contains(Kinds::PRESENCES) => presence = reader.raw()?,
            _ => reader.skip()?,
        }
        Ok(())
    })?;
    if member != "null" {
        members.push_joined(&mut Reader::new(member))?;
    }
    if presence != "null" {
        presences.push(&mut Reader::new(presence), |_, reader| reader.skip())?;
    }
    Ok(added)
}
