//! Threads as they come, change and go, and their members.

use alloc::vec::Vec;

use super::in_guild::guild_and;
use super::{Batch, Content, Member, Presence, Thread, ThreadMembership};
use crate::id::{ChannelId, GuildId, UserId};
use crate::kind::Kinds;
use crate::wire::{Field, Listing, Malformed, field::Read, json::Reader};

/// A thread came or changed.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ThreadEvent<'i> {
    /// The guild.
    pub guild: GuildId,
    /// The thread.
    pub thread: Thread<'i>,
    /// The bot's own membership, if the payload has it.
    pub own: Option<ThreadMembership<'i>>,
    /// Whether the thread has just begun.
    pub newly_created: bool,
    /// Whether it is archived; `None` if that cannot be read.
    pub archived: Option<bool>,
}

impl<'i> Read<'i> for ThreadEvent<'i> {
    fn read(reader: &mut Reader<'i>) -> Result<Self, Malformed> {
        let (mark, mut own, mut newly_created) = (reader.mark(), None, false);
        let thread = Thread::read_with(reader, |key, reader| {
            match key {
                "member" => own = reader.tolerate(Field::read)?.and_then(Field::into_value),
                "newly_created" => {
                    newly_created = reader.tolerate(Reader::flag)?.unwrap_or(false);
                }
                _ => reader.skip()?,
            }
            Ok(())
        })?;
        let guild = thread.guild.value().copied();
        let guild = guild.ok_or_else(|| reader.fault("no guild"))?;
        let archived = thread.state.as_ref().and_then(|state| state.archived);
        let unread = archived.is_none()
            && reader.has_noted_since(mark)
            && reader.detour(mark, |reader| says_archived(reader).unwrap_or(false));
        Ok(Self {
            guild,
            thread,
            own,
            newly_created,
            archived: archived.or((!unread).then_some(false)),
        })
    }
}

/// Whether a thread has something where it says whether it is archived, odd or not. Of a key that
/// comes again the last one counts.
fn says_archived(reader: &mut Reader<'_>) -> Result<bool, Malformed> {
    let mut says = false;
    reader.object(|key, reader| {
        if key != "thread_metadata" {
            return reader.skip();
        }
        let is_object = reader.peek() == Some(b'{');
        says = !is_object;
        match is_object {
            true => reader.object(|key, reader| {
                says |= key == "archived";
                reader.skip()
            }),
            false => reader.skip(),
        }
    })?;
    Ok(says)
}

/// The threads that the bot sees now.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ThreadListSync<'i> {
    /// The guild.
    pub guild: GuildId,
    /// Where it holds.
    pub scope: SyncScope,
    /// All active threads there.
    pub threads: Listing<Thread<'i>>,
    /// The bot's own memberships of these.
    pub memberships: Vec<ThreadMembership<'i>>,
}

/// For which channels a list of threads is the whole.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SyncScope {
    /// For every channel of the guild.
    Guild,
    /// For these.
    Channels(Vec<ChannelId>),
    /// The payload says it in a form that cannot be read.
    Unreadable,
}

impl<'i> Read<'i> for ThreadListSync<'i> {
    fn read(reader: &mut Reader<'i>) -> Result<Self, Malformed> {
        let (mut scope, mut memberships) = (SyncScope::Guild, Vec::new());
        let mut content = Content::default();
        let guild = guild_and(reader, |key, reader| {
            match key {
                "channel_ids" => {
                    let channels = reader.tolerate(Vec::read)?;
                    scope = channels.map_or(SyncScope::Unreadable, SyncScope::Channels);
                }
                "threads" => content.field(key, reader, Kinds::THREADS)?,
                "members" => memberships = reader.tolerate(Vec::read)?.unwrap_or_default(),
                _ => reader.skip()?,
            }
            Ok(())
        })?;
        // A list that cannot be read leaves all threads as they are.
        let none = Listing {
            rows: Vec::new(),
            unread: 1,
        };
        memberships.extend(content.memberships);
        Ok(Self {
            guild: guild.ok_or_else(|| reader.fault("no guild"))?,
            scope,
            threads: content.threads.unwrap_or(none),
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
    pub members: Batch<Member<'i>>,
    /// Their presences, if these are cached.
    pub presences: Batch<Presence<'i>>,
    /// Who left.
    pub removed: Vec<UserId>,
}

impl<'i> ThreadMembersUpdate<'i> {
    pub(super) fn read(reader: &mut Reader<'i>, kinds: Kinds) -> Result<Self, Malformed> {
        let (mut thread, mut member_count) = (None, None);
        let (mut added, mut removed) = (Vec::new(), Vec::new());
        let (mut members, mut presences) = (Batch::default(), Batch::default());
        let guild = guild_and(reader, |key, reader| {
            match key {
                "id" => thread = reader.tolerate(Reader::id)?,
                "member_count" => member_count = reader.tolerate(Read::read)?,
                "removed_member_ids" => removed = reader.tolerate(Vec::read)?.unwrap_or_default(),
                "added_members" => {
                    (added, members, presences) = Default::default();
                    reader.list(|reader| {
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
    members: &mut Batch<Member<'i>>,
    presences: &mut Batch<Presence<'i>>,
) -> Result<ThreadMembership<'i>, Malformed> {
    // Of two of a key the last counts.
    let (one, other) = (members.size(), presences.size());
    ThreadMembership::read_with(reader, |key, reader| {
        match key {
            "member" => members.truncate(one),
            "presence" => presences.truncate(other),
            _ => {}
        }
        match key {
            "member" | "presence" if reader.null()? => {}
            "member" if kinds.contains(Kinds::MEMBERS) => {
                members.push_joined(reader)?;
            }
            "presence" if kinds.contains(Kinds::PRESENCES) => {
                presences.push(reader, |_, reader| reader.skip())?;
            }
            _ => reader.skip()?,
        }
        Ok(())
    })
}
