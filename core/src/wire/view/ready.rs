//! The first dispatch of a session.

use serde::{Deserialize, Serialize};

use super::User;
use crate::ShardId;
use crate::id::{ApplicationId, GuildId};
use crate::wire::{Field, Listing, Malformed, Permissions, Text, field::Read, json::Reader};

/// A new session: who the bot is and which guilds will follow.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Ready<'i> {
    /// What a resume must name.
    pub session_id: Text<'i>,
    /// Where a resume must go; `None` from servers that have one address for everything.
    pub resume_gateway_url: Option<Text<'i>>,
    /// The bot; `None` if that cannot be read.
    pub user: Option<User<'i>>,
    /// Its guilds, in the order of the payload; `None` if there is no such list.
    pub guilds: Option<Listing<ListedGuild>>,
    /// The bot's application.
    pub application: Option<Application>,
    /// The shard, if the identify named one.
    pub shard: Option<ShardId>,
}

/// A guild as a new session names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListedGuild {
    /// Its id.
    pub id: GuildId,
    /// Whether its data will follow: always, for a bot; also if that cannot be read.
    pub unavailable: bool,
}

/// The bot's application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Application {
    /// Its id.
    pub id: ApplicationId,
    /// Its flags: those above bit 30 only from servers that send the newer form. `None` if neither
    /// form could be read.
    pub flags: Option<u64>,
}

impl Read<'_> for Application {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let (mut id, mut flags, mut newer) = (None, None, Field::Absent);
        reader.object(|key, reader| {
            match key {
                "id" => id = reader.tolerate(Reader::id)?,
                "flags" => flags = reader.tolerate(Reader::whole)?,
                "flags_new" => {
                    let flags = reader.tolerate(Field::<Permissions>::read)?;
                    newer = flags.unwrap_or_default();
                }
                _ => reader.skip()?,
            }
            Ok(())
        })?;
        let id = id.ok_or_else(|| reader.fault("an application without an id"))?;
        let flags = newer.into_value().map(Permissions::bits).or(flags);
        Ok(Self { id, flags })
    }
}

impl Read<'_> for ListedGuild {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let (mut id, mut unavailable) = (None, false);
        reader.object(|key, reader| {
            match key {
                "id" => id = reader.tolerate(Reader::id)?,
                "unavailable" => unavailable = reader.tolerate(Reader::flag)?.unwrap_or(true),
                _ => reader.skip()?,
            }
            Ok(())
        })?;
        let id = id.ok_or_else(|| reader.fault("no id"))?;
        Ok(Self { id, unavailable })
    }
}

impl Read<'_> for ShardId {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let parts = Listing::<u32>::read(reader)?;
        let shard = match parts.rows.as_slice() {
            &[number, total] if parts.is_whole() => Self::new_checked(number, total),
            _ => None,
        };
        shard.ok_or_else(|| reader.fault("not a shard"))
    }
}

impl<'i> Read<'i> for Ready<'i> {
    fn read(reader: &mut Reader<'i>) -> Result<Self, Malformed> {
        let (mut session, mut url, mut user) = (None, Field::Absent, None);
        let (mut guilds, mut application, mut shard) = (None, Field::Absent, Field::Absent);
        reader.object(|key, reader| {
            match key {
                "session_id" => session = reader.tolerate(Reader::text)?,
                "resume_gateway_url" => url = reader.tolerate(Field::read)?.unwrap_or_default(),
                "user" => user = reader.tolerate(User::read)?,
                "guilds" => guilds = reader.tolerate(Listing::read)?,
                "application" => application = reader.tolerate(Field::read)?.unwrap_or_default(),
                "shard" => shard = reader.tolerate(Field::read)?.unwrap_or_default(),
                _ => reader.skip()?,
            }
            Ok(())
        })?;
        Ok(Self {
            session_id: session.ok_or_else(|| reader.fault("no session id"))?,
            resume_gateway_url: url.into_value(),
            user,
            guilds,
            application: application.into_value(),
            shard: shard.into_value(),
        })
    }
}
