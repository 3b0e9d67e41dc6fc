//! What lives in a guild, as the guild's own payloads list it.

use alloc::vec::Vec;

use super::{
    Channel, Emoji, Members, Presences, Role, ScheduledEvent, Sound, Stage, Sticker, Thread,
    ThreadMembership, VoiceState,
};
use crate::cache::Kinds;
use crate::wire::{Field, Listing, Malformed, field::Read as _, json::Reader};

/// What lives in a guild. `None`: the payload does not say, in no form that could be read, or the
/// kind is not cached.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Content<'i> {
    /// All channels that the bot sees.
    pub channels: Option<Listing<Channel<'i>>>,
    /// All active threads that the bot sees.
    pub threads: Option<Listing<Thread<'i>>>,
    /// The bot's own memberships of these.
    pub memberships: Vec<ThreadMembership<'i>>,
    /// All roles.
    pub roles: Option<Listing<Role<'i>>>,
    /// All emojis.
    pub emojis: Option<Listing<Emoji<'i>>>,
    /// All stickers.
    pub stickers: Option<Listing<Sticker<'i>>>,
    /// All soundboard sounds.
    pub sounds: Option<Listing<Sound<'i>>>,
    /// All members or some of them; see [`Content::listed`].
    pub members: Option<Members<'i>>,
    /// How many more members the payload lists, which could not be read.
    pub members_unread: u64,
    /// The presences of these.
    pub presences: Option<Presences<'i>>,
    /// How many more presences the payload lists, which could not be read.
    pub presences_unread: u64,
    /// Who is in a voice channel.
    pub voice_states: Option<Listing<VoiceState<'i>>>,
    /// All stage instances.
    pub stages: Option<Listing<Stage<'i>>>,
    /// All scheduled events.
    pub events: Option<Listing<ScheduledEvent<'i>>>,
    /// How many members the payload lists that could be read; all of them if members are not
    /// cached.
    pub listed: u64,
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
                self.channels = Some(Listing::read(from)?);
            }
            "threads" if kinds.intersects(Kinds::THREADS | Kinds::THREAD_MEMBERS) => {
                self.threads(from)?;
            }
            "roles" if kinds.contains(Kinds::ROLES) => {
                self.roles = Some(Listing::read(from)?);
            }
            "emojis" if kinds.contains(Kinds::EMOJIS) => self.emojis = Some(Listing::read(from)?),
            "stickers" if kinds.contains(Kinds::STICKERS) => {
                self.stickers = Some(Listing::read(from)?)
            }
            "soundboard_sounds" if kinds.contains(Kinds::SOUNDS) => {
                self.sounds = Some(Listing::read(from)?);
            }
            "members" if kinds.contains(Kinds::MEMBERS) => {
                let (members, unread) = Members::read(from)?;
                self.listed = members.len() as u64;
                (self.members, self.members_unread) = (Some(members), unread);
            }
            "members" => self.listed = from.count()? as u64,
            "presences" if kinds.contains(Kinds::PRESENCES) => {
                let (presences, unread) = Presences::read(from)?;
                (self.presences, self.presences_unread) = (Some(presences), unread);
            }
            "voice_states" if kinds.contains(Kinds::VOICE_STATES) => {
                self.voice_states = Some(Listing::read(from)?);
            }
            "stage_instances" if kinds.contains(Kinds::STAGES) => {
                self.stages = Some(Listing::read(from)?)
            }
            "guild_scheduled_events" if kinds.contains(Kinds::SCHEDULED_EVENTS) => {
                self.events = Some(Listing::read(from)?);
            }
            _ => from.skip()?,
        }
        Ok(())
    }

    /// Reads threads, each with the bot's own membership if there is one.
    pub(super) fn threads(&mut self, from: &mut Reader<'i>) -> Result<(), Malformed> {
        let mut memberships = Vec::new();
        let threads = Listing::read_with(from, |reader| {
            let mut own = None;
            let thread = Thread::read_with(reader, |key, reader| {
                match key {
                    "member" => own = Field::<ThreadMembership<'_>>::read(reader)?.into_value(),
                    _ => reader.skip()?,
                }
                Ok(())
            })?;
            memberships.extend(own.map(|own| ThreadMembership {
                thread: Some(thread.id),
                ..own
            }));
            Ok(thread)
        })?;
        (self.threads, self.memberships) = (Some(threads), memberships);
        Ok(())
    }
}
