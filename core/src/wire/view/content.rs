//! What lives in a guild, as the guild's own payloads list it.

use alloc::vec::Vec;

use super::{
    Channel, Emoji, Members, Presences, Role, ScheduledEvent, Sound, Stage, Sticker, Thread,
    ThreadMembership, VoiceState,
};
use crate::cache::Kinds;
use crate::wire::{Malformed, field::Read, json::Reader};

/// What lives in a guild. `None`: the payload does not say, or the kind is not cached.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Content<'i> {
    /// All channels that the bot sees.
    pub channels: Option<Vec<Channel<'i>>>,
    /// All active threads that the bot sees.
    pub threads: Option<Vec<Thread<'i>>>,
    /// The bot's own memberships of these.
    pub memberships: Vec<ThreadMembership<'i>>,
    /// All roles.
    pub roles: Option<Vec<Role<'i>>>,
    /// All emojis.
    pub emojis: Option<Vec<Emoji<'i>>>,
    /// All stickers.
    pub stickers: Option<Vec<Sticker<'i>>>,
    /// All soundboard sounds.
    pub sounds: Option<Vec<Sound<'i>>>,
    /// All members or some of them; see [`Content::listed`].
    pub members: Option<Members<'i>>,
    /// The presences of these.
    pub presences: Option<Presences<'i>>,
    /// Who is in a voice channel.
    pub voice_states: Option<Vec<VoiceState<'i>>>,
    /// All stage instances.
    pub stages: Option<Vec<Stage<'i>>>,
    /// All scheduled events.
    pub events: Option<Vec<ScheduledEvent<'i>>>,
    /// How many members the payload lists, even if members are not cached.
    pub listed: u64,
    /// How many of these cannot be read.
    pub members_unread: u64,
    /// How many of the presences that it lists cannot be read.
    pub presences_unread: u64,
}

impl<'i> Content<'i> {
    /// Reads one part of a guild, or passes over it.
    pub(super) fn field(
        &mut self,
        key: &str,
        from: &mut Reader<'i>,
        kinds: Kinds,
    ) -> Result<(), Malformed> {
        match key {
            "channels" if kinds.contains(Kinds::CHANNELS) => {
                self.channels = Some(list(from, Channel::read_whole)?);
            }
            "threads" if kinds.intersects(Kinds::THREADS | Kinds::THREAD_MEMBERS) => {
                self.threads(from)?;
            }
            "roles" if kinds.contains(Kinds::ROLES) => {
                self.roles = Some(list(from, Role::read_whole)?);
            }
            "emojis" if kinds.contains(Kinds::EMOJIS) => self.emojis = Read::read(from)?,
            "stickers" if kinds.contains(Kinds::STICKERS) => self.stickers = Read::read(from)?,
            "soundboard_sounds" if kinds.contains(Kinds::SOUNDS) => {
                self.sounds = Read::read(from)?;
            }
            "members" if kinds.contains(Kinds::MEMBERS) => {
                let members = Members::read(from)?;
                self.listed = members.len() as u64;
                self.members = Some(members);
            }
            "members" => self.listed = Members::count(from)?,
            "presences" if kinds.contains(Kinds::PRESENCES) => {
                self.presences = Some(Presences::read(from)?);
            }
            "voice_states" if kinds.contains(Kinds::VOICE_STATES) => {
                self.voice_states = Read::read(from)?;
            }
            "stage_instances" if kinds.contains(Kinds::STAGES) => self.stages = Read::read(from)?,
            "guild_scheduled_events" if kinds.contains(Kinds::SCHEDULED_EVENTS) => {
                self.events = Read::read(from)?;
            }
            _ => from.skip()?,
        }
        Ok(())
    }

    /// Reads threads, each with the bot's own membership if there is one.
    pub(super) fn threads(&mut self, from: &mut Reader<'i>) -> Result<(), Malformed> {
        self.memberships = Vec::new();
        let memberships = &mut self.memberships;
        self.threads = Some(list(from, |reader| {
            let mut own = None;
            let thread = Thread::read_whole(reader, |key, reader| {
                match key {
                    "member" => own = Option::<ThreadMembership<'_>>::read(reader)?,
                    _ => reader.skip()?,
                }
                Ok(())
            })?;
            memberships.extend(own.map(|own| ThreadMembership {
                thread: Some(thread.id),
                ..own
            }));
            Ok(thread)
        })?);
        Ok(())
    }
}

fn list<'i, T>(
    reader: &mut Reader<'i>,
    mut read: impl FnMut(&mut Reader<'i>) -> Result<T, Malformed>,
) -> Result<Vec<T>, Malformed> {
    let mut rows = Vec::new();
    reader.array(|reader| {
        rows.push(read(reader)?);
        Ok(())
    })?;
    Ok(rows)
}
