//! What an event is about.

use crate::event::Event;
use crate::id::{ChannelId, GuildId, UserId};
use crate::wire::json::Reader;
use crate::wire::{Malformed, Name};

/// The guild, the channel and the user that an event is about, as far as it names them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    /// The guild.
    pub guild: Option<GuildId>,
    /// The channel or thread.
    pub channel: Option<ChannelId>,
    /// The user: who wrote, reacted, joined, or used a command.
    pub user: Option<UserId>,
}

/// Where a payload names the user, from the surest place to the least sure.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum UserKey {
    UserId,
    Author,
    Member,
    User,
}

impl Event<'_> {
    /// What the event is about. That of a dispatch is read from the outer keys of its data, each
    /// time it is asked.
    #[must_use]
    pub fn subject(&self) -> Subject {
        let guild = match self {
            Self::Dispatch(dispatch) => return of_data(dispatch.name(), dispatch.data()),
            Self::GuildReady(it) | Self::GuildJoin(it) | Self::GuildRestored(it) => it.guild,
            Self::GuildUnavailable(it) => it.guild,
            Self::GuildStale(it) => it.guild,
            Self::GuildLeave(it) => it.guild,
            Self::HeldOverflow(it) => it.guild,
            Self::ChunkRequestFinished(it) => it.guild,
            Self::StoreFailed(it) => {
                return Subject {
                    guild: it.guild,
                    ..Subject::default()
                };
            }
            Self::Misunderstood(_)
            | Self::StateChanged(_)
            | Self::Resumed { .. }
            | Self::Gap(_)
            | Self::Halted(_)
            | Self::CommandFinished(_)
            | Self::ShardFinishedChunking(_)
            | Self::ShardReady(_)
            | Self::FinishedChunking(_)
            | Self::BotReady(_)
            | Self::IdentifyBudgetLow { .. }
            | Self::IdentifyBudgetSpent { .. }
            | Self::ConnectionFailed(_) => return Subject::default(),
        };
        Subject {
            guild: Some(guild),
            ..Subject::default()
        }
    }
}

/// What the payload itself is: then its own id is that of its subject.
#[derive(Clone, Copy, PartialEq, Eq)]
enum OwnId {
    Guild,
    Channel,
    User,
    Other,
}

impl OwnId {
    #[allow(
        clippy::wildcard_enum_match_arm,
        reason = "the others name it by a key of its own"
    )]
    const fn of(name: Name) -> Self {
        match name {
            Name::GuildCreate | Name::GuildUpdate | Name::GuildDelete => Self::Guild,
            Name::ChannelCreate
            | Name::ChannelUpdate
            | Name::ChannelDelete
            | Name::ThreadCreate
            | Name::ThreadUpdate
            | Name::ThreadDelete => Self::Channel,
            Name::UserUpdate => Self::User,
            _ => Self::Other,
        }
    }
}

fn of_data(name: Name, data: &str) -> Subject {
    let own = OwnId::of(name);
    let (mut subject, mut found) = (Subject::default(), None);
    // What was read up to a fault counts.
    let _ = Reader::new(data).object(|key, reader| {
        let (place, user) = match key {
            "id" if own == OwnId::Guild => return keep(&mut subject.guild, reader),
            "guild_id" => return keep(&mut subject.guild, reader),
            "id" if own == OwnId::Channel => return keep(&mut subject.channel, reader),
            "channel_id" => return keep(&mut subject.channel, reader),
            "id" if own == OwnId::User => (UserKey::UserId, reader.tolerate(Reader::id)?),
            "user_id" => (UserKey::UserId, reader.tolerate(Reader::id)?),
            "author" => (UserKey::Author, reader.tolerate(id_within)?.flatten()),
            "member" => (UserKey::Member, reader.tolerate(user_within)?.flatten()),
            "user" => (UserKey::User, reader.tolerate(id_within)?.flatten()),
            _ => return reader.skip(),
        };
        if user.is_some() && found.is_none_or(|before| place < before) {
            (subject.user, found) = (user, Some(place));
        }
        Ok(())
    });
    subject
}

/// Reads an id, if it is one.
fn keep<T: From<core::num::NonZeroU64>>(
    place: &mut Option<T>,
    reader: &mut Reader<'_>,
) -> Result<(), Malformed> {
    *place = reader.tolerate(Reader::id)?;
    Ok(())
}

/// The id of an object.
fn id_within(reader: &mut Reader<'_>) -> Result<Option<UserId>, Malformed> {
    let mut id = None;
    reader.object(|key, reader| match key {
        "id" => keep(&mut id, reader),
        _ => reader.skip(),
    })?;
    Ok(id)
}

/// The id of the user inside a member.
fn user_within(reader: &mut Reader<'_>) -> Result<Option<UserId>, Malformed> {
    let mut user = None;
    reader.object(|key, reader| {
        match key {
            "user" => user = reader.tolerate(id_within)?.flatten(),
            _ => reader.skip()?,
        }
        Ok(())
    })?;
    Ok(user)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Dispatch;

    fn subject(name: &str, data: &str) -> (Option<u64>, Option<u64>, Option<u64>) {
        let subject = Event::Dispatch(Dispatch::new(name, None, data)).subject();
        let Subject {
            guild,
            channel,
            user,
        } = subject;
        (
            guild.map(GuildId::get),
            channel.map(ChannelId::get),
            user.map(UserId::get),
        )
    }

    #[test]
    fn each_payload_names_its_subject_in_its_own_way() {
        for (name, data, expected) in [
            (
                "MESSAGE_CREATE",
                r#"{"member":{"nick":null},"id":"9","guild_id":"1","channel_id":"2",
                    "author":{"id":"3"}}"#,
                (Some(1), Some(2), Some(3)),
            ),
            (
                "INTERACTION_CREATE",
                r#"{"user":{"id":"8"},"message":{"author":{"id":"7"}},"member":{"user":{"id":"3"}},
                    "guild_id":"1","channel_id":"2"}"#,
                (Some(1), Some(2), Some(3)),
            ),
            (
                "INTERACTION_CREATE",
                r#"{"user":{"id":"3"},"channel_id":"2"}"#,
                (None, Some(2), Some(3)),
            ),
            (
                "VOICE_STATE_UPDATE",
                r#"{"member":{"user":{"id":"4"}},"user_id":"3","guild_id":"1","channel_id":null}"#,
                (Some(1), None, Some(3)),
            ),
            ("GUILD_UPDATE", r#"{"id":"1"}"#, (Some(1), None, None)),
            (
                "CHANNEL_DELETE",
                r#"{"id":"2","guild_id":"1"}"#,
                (Some(1), Some(2), None),
            ),
            ("USER_UPDATE", r#"{"id":"3"}"#, (None, None, Some(3))),
            (
                "GUILD_MEMBER_ADD",
                r#"{"user":{"id":"3"},"guild_id":"1"}"#,
                (Some(1), None, Some(3)),
            ),
        ] {
            assert_eq!(subject(name, data), expected, "{name}");
        }
    }

    #[test]
    fn an_odd_value_costs_itself_alone() {
        let data = r#"{"guild_id":[],"channel_id":"2","author":7,"user":{"id":"3"}}"#;
        assert_eq!(subject("MESSAGE_CREATE", data), (None, Some(2), Some(3)));
    }
}
