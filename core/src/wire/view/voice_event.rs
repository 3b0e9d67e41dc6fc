//! Voice as it changes.

use super::in_guild::guild_and;
use super::{Batch, Member, VoiceState};
use crate::id::{ChannelId, GuildId};
use crate::kind::Kinds;
use crate::wire::packed::RecordPools;
use crate::wire::{Field, Malformed, Text, field::Read, json::Reader};

/// A voice state came, changed or went.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct VoiceStateUpdate<'i> {
    /// The guild; without one, nothing can be cached.
    pub guild: Option<GuildId>,
    /// The one state.
    pub states: Batch<VoiceState<'i>>,
    /// The member, if members are cached.
    pub members: Batch<Member<'i>>,
}

impl<'i> VoiceStateUpdate<'i> {
    pub(super) fn read(
        reader: &mut Reader<'i>,
        kinds: Kinds,
        pools: &mut RecordPools,
    ) -> Result<Self, Malformed> {
        let (mut guild, mut members) = (Field::Absent, Batch::default());
        let RecordPools { alone, voice } = pools;
        let states = Batch::<VoiceState<'_>>::read_one(reader, voice.reuse(), |key, reader| {
            match key {
                "guild_id" => guild = reader.tolerate(Field::read)?.unwrap_or_default(),
                "member" if kinds.contains(Kinds::MEMBERS) => {
                    members = Batch::default();
                    if !reader.null()? {
                        let pool = alone.reuse();
                        members =
                            Batch::<Member<'_>>::read_one(reader, pool, |_, reader| reader.skip())?;
                    }
                }
                _ => reader.skip()?,
            }
            Ok(())
        })?;
        Ok(Self {
            guild: guild.into_value(),
            states,
            members,
        })
    }
}

/// What is said about a voice channel's talk, or when it began.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct VoiceChannelInfo<'i> {
    /// The channel.
    pub channel: ChannelId,
    /// What is said about the talk.
    pub status: Field<Text<'i>>,
    /// When it began, in seconds since 1970.
    pub start: Field<i64>,
}

impl<'i> Read<'i> for VoiceChannelInfo<'i> {
    fn read(reader: &mut Reader<'i>) -> Result<Self, Malformed> {
        info(reader).map(|(_, info)| info)
    }
}

/// Reads what changed of one channel, and the guild if it is named.
pub(super) fn info<'i>(
    reader: &mut Reader<'i>,
) -> Result<(Option<GuildId>, VoiceChannelInfo<'i>), Malformed> {
    let (mut channel, mut status, mut start) = (None, Field::Absent, Field::Absent);
    let guild = guild_and(reader, |key, reader| {
        match key {
            "id" => channel = reader.tolerate(Reader::id)?,
            "status" => status = reader.tolerate(Field::read)?.unwrap_or_default(),
            "voice_start_time" => start = reader.tolerate(Field::read)?.unwrap_or_default(),
            _ => reader.skip()?,
        }
        Ok(())
    })?;
    let channel = channel.ok_or_else(|| reader.fault("no channel"))?;
    let info = VoiceChannelInfo {
        channel,
        status,
        start,
    };
    Ok((guild, info))
}
