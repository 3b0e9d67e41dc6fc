//! Which dispatches are decoded at all.

use super::PlainEvent;
use crate::kind::Kinds;
use crate::wire::Name;

/// Whether a dispatch says anything about these kinds, to setup or to member requests.
#[allow(
    clippy::wildcard_enum_match_arm,
    reason = "the others are about one kind, or have no view"
)]
pub(crate) const fn wanted(name: Name, kinds: Kinds) -> bool {
    match name {
        Name::Ready
        | Name::UserUpdate
        | Name::GuildCreate
        | Name::GuildDelete
        | Name::GuildSync
        | Name::GuildMembersChunk
        | Name::RateLimited => true,
        Name::GuildUpdate => kinds.intersects(
            Kinds::GUILDS
                .union(Kinds::ROLES)
                .union(Kinds::EMOJIS)
                .union(Kinds::STICKERS),
        ),
        Name::GuildMemberAdd => {
            kinds.intersects(Kinds::MEMBERS.union(Kinds::GUILDS).union(Kinds::PRESENCES))
        }
        Name::GuildMemberRemove => kinds.intersects(
            Kinds::MEMBERS
                .union(Kinds::GUILDS)
                .union(Kinds::PRESENCES)
                .union(Kinds::VOICE_STATES)
                .union(Kinds::THREAD_MEMBERS),
        ),
        Name::GuildMemberUpdate => kinds.intersects(Kinds::MEMBERS),
        Name::PresenceUpdate => kinds.intersects(Kinds::PRESENCES),
        Name::ChannelCreate | Name::ChannelUpdate => {
            kinds.intersects(Kinds::CHANNELS.union(Kinds::PRIVATE_CHANNELS))
        }
        Name::ChannelDelete => {
            kinds.intersects(Kinds::HANGING_ON_CHANNELS.union(Kinds::PRIVATE_CHANNELS))
        }
        Name::ChannelPinsUpdate => kinds.intersects(Kinds::WITH_LAST_MESSAGES),
        Name::GuildRoleCreate | Name::GuildRoleUpdate => kinds.intersects(Kinds::ROLES),
        Name::GuildRoleDelete => {
            kinds.intersects(Kinds::ROLES.union(Kinds::MEMBERS).union(Kinds::EMOJIS))
        }
        _ => match only(name) {
            Some(one) => kinds.intersects(one),
            None => false,
        },
    }
}

/// The kinds of a dispatch that is about nothing else.
#[allow(clippy::wildcard_enum_match_arm, reason = "the others are elsewhere")]
const fn only(name: Name) -> Option<Kinds> {
    Some(match name {
        Name::ThreadCreate => Kinds::THREADS
            .union(Kinds::THREAD_MEMBERS)
            .union(Kinds::CHANNELS),
        Name::ThreadUpdate | Name::ThreadDelete => Kinds::THREADS
            .union(Kinds::THREAD_MEMBERS)
            .union(Kinds::MESSAGES),
        Name::ThreadListSync => Kinds::THREADS.union(Kinds::THREAD_MEMBERS),
        Name::ThreadMemberUpdate => Kinds::THREAD_MEMBERS,
        Name::ThreadMembersUpdate => Kinds::THREADS
            .union(Kinds::THREAD_MEMBERS)
            .union(Kinds::MEMBERS)
            .union(Kinds::PRESENCES),
        Name::GuildEmojisUpdate => Kinds::EMOJIS,
        Name::GuildStickersUpdate => Kinds::STICKERS,
        Name::GuildSoundboardSoundsUpdate | Name::SoundboardSounds => Kinds::SOUNDS,
        Name::VoiceStateUpdate => Kinds::VOICE_STATES,
        Name::ChannelInfo | Name::VoiceChannelStatusUpdate | Name::VoiceChannelStartTimeUpdate => {
            Kinds::CHANNELS
        }
        Name::GuildScheduledEventUserAdd | Name::GuildScheduledEventUserRemove => {
            Kinds::SCHEDULED_EVENTS
        }
        Name::InviteCreate | Name::InviteDelete => Kinds::INVITES,
        Name::WebhooksUpdate => Kinds::WEBHOOK_MARKS,
        Name::MessageCreate => Kinds::MESSAGES.union(Kinds::WITH_LAST_MESSAGES),
        Name::MessageDelete | Name::MessageDeleteBulk => Kinds::MESSAGES.union(Kinds::THREADS),
        Name::MessageUpdate
        | Name::MessageReactionAdd
        | Name::MessageReactionRemove
        | Name::MessageReactionRemoveAll
        | Name::MessageReactionRemoveEmoji
        | Name::MessagePollVoteAdd
        | Name::MessagePollVoteRemove => Kinds::MESSAGES,
        Name::GuildBanAdd | Name::GuildBanRemove => {
            Kinds::USERS.union(Kinds::MEMBERS).union(Kinds::MESSAGES)
        }
        _ => match PlainEvent::kind_of(name) {
            Some(kind) => kind.only(),
            None => return None,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::super::View;
    use super::*;
    use crate::wire::json::Reader;
    use crate::wire::packed::RecordPools;

    #[test]
    fn what_is_wanted_has_a_view_and_the_others_have_none() {
        for &name in Name::ALL {
            // Invitations outside of guilds have none either.
            let data = r#"{"guild_id":"1","id":"1"}"#;
            let mut pools = RecordPools::default();
            let view = View::read(name, &mut Reader::new(data), Kinds::all(), &mut pools);
            assert_eq!(wanted(name, Kinds::all()), view != Ok(None), "{name}");
        }
        assert!(!wanted(Name::Unknown, Kinds::all()));
    }
}
