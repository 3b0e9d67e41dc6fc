//! Rows of any kind, looked up and gone through.

use headcount_core::cache::{Kind, MemoryStore};
use headcount_core::id::{
    EmojiId, IntegrationId, MessageId, RoleId, RuleId, ScheduledEventId, SoundId, StageId,
    StickerId,
};

use crate::kinds_steps::id;
use crate::policies_model::At;
use crate::world::{channel, guild, user};

/// Whether a row is there, by looking it up: a use. `None` if there is no such look-up.
pub(crate) fn find(store: &MemoryStore, kind: Kind, (g, first, id): At) -> Option<bool> {
    if kind == Kind::PrivateChannel {
        return Some(store.private_channel(channel(id)).is_some());
    }
    if g == 0 {
        let id = MessageId::new(id).unwrap();
        return Some(store.private_message(channel(first), id).is_some());
    }
    let guild = guild(g);
    let code = format!("i{id}");
    Some(match kind {
        Kind::Channel => store.channel(channel(id)).is_some(),
        Kind::Thread => store.thread(channel(id)).is_some(),
        Kind::ThreadMember => {
            let found = store.thread_member(guild, channel(first), user(id));
            found.is_some()
        }
        Kind::Role => store.role(guild, RoleId::new(id).unwrap()).is_some(),
        Kind::Emoji => store.emoji(guild, EmojiId::new(id).unwrap()).is_some(),
        Kind::Sticker => store.sticker(guild, StickerId::new(id).unwrap()).is_some(),
        Kind::Sound => store.sound(guild, SoundId::new(id).unwrap()).is_some(),
        Kind::Member => store.member(guild, user(id)).is_some(),
        Kind::Presence => store.presence(guild, user(id)).is_some(),
        Kind::VoiceState => store.voice_state(guild, user(id)).is_some(),
        Kind::Stage => store.stage(guild, StageId::new(id).unwrap()).is_some(),
        Kind::ScheduledEvent => {
            let id = ScheduledEventId::new(id).unwrap();
            store.scheduled_event(guild, id).is_some()
        }
        Kind::Integration => {
            let id = IntegrationId::new(id).unwrap();
            store.integration(guild, id).is_some()
        }
        Kind::Message => {
            let id = MessageId::new(id).unwrap();
            store.message(guild, channel(first), id).is_some()
        }
        Kind::Rule => store.rule(guild, RuleId::new(id).unwrap()).is_some(),
        Kind::Invite => store.invite(guild, &code).is_some(),
        _ => return None,
    })
}

/// The channels outside guilds.
pub(crate) fn seen_private(store: &MemoryStore) -> Vec<At> {
    let rows = store.private_channels();
    rows.map(|row| (0, 0, row.id.get())).collect()
}

/// The messages outside guilds.
pub(crate) fn seen_outside(store: &MemoryStore) -> Vec<At> {
    let of = |c: u64| {
        let rows = store.private_messages(channel(c));
        rows.map(move |row| (0, c, row.id().get()))
            .collect::<Vec<_>>()
    };
    [900, 901].into_iter().flat_map(of).collect()
}

/// The rows of a kind in a guild, by going through them: that is no use of any.
pub(crate) fn seen(store: &MemoryStore, kind: Kind, g: u64) -> Vec<At> {
    let of = guild(g);
    let in_guild = |ids: Vec<u64>| ids.into_iter().map(|id| (g, 0, id)).collect();
    in_guild(match kind {
        Kind::Channel => store.channels(of).map(|row| row.id.get()).collect(),
        Kind::Thread => store.threads(of).map(|row| row.id.get()).collect(),
        Kind::Role => store.roles(of).map(|row| row.id.get()).collect(),
        Kind::Emoji => store.emojis(of).map(|row| row.id.get()).collect(),
        Kind::Sticker => store.stickers(of).map(|row| row.id.get()).collect(),
        Kind::Sound => store.sounds(of).map(|row| row.id.get()).collect(),
        Kind::Member => store.members(of).map(|row| row.user().id().get()).collect(),
        Kind::Presence => store.presences(of).map(|row| row.user().get()).collect(),
        Kind::VoiceState => store.voice_states(of).map(|row| row.user.get()).collect(),
        Kind::Stage => store.stages(of).map(|row| row.id.get()).collect(),
        Kind::ScheduledEvent => store.scheduled_events(of).map(|row| row.id.get()).collect(),
        Kind::Integration => store.integrations(of).map(|row| row.id.get()).collect(),
        Kind::Rule => store.rules(of).map(|row| row.id.get()).collect(),
        Kind::Invite => {
            let codes = store.invites(of).map(|row| row.code.to_string());
            codes.map(|code| code[1..].parse().unwrap()).collect()
        }
        Kind::WebhookMark => {
            let channels = (0..4).map(|n| id(Kind::Channel, g, n));
            channels
                .filter(|id| store.webhooks_changed(of, channel(*id)))
                .collect()
        }
        Kind::PrivateChannel => return Vec::new(),
        _ => return seen_in_channels(store, kind, g),
    })
}

fn seen_in_channels(store: &MemoryStore, kind: Kind, g: u64) -> Vec<At> {
    let channels = [Kind::Channel, Kind::Thread];
    let ids = channels
        .iter()
        .flat_map(|kind| (0..4).map(|n| id(*kind, g, n)));
    ids.flat_map(|c| {
        let (of, c) = (guild(g), channel(c));
        let rows: Vec<u64> = match kind {
            Kind::Message => store.messages(of, c).map(|row| row.id().get()).collect(),
            _ => store
                .thread_members(of, c)
                .iter()
                .map(|row| row.user.get())
                .collect(),
        };
        rows.into_iter().map(move |id| (g, c.get(), id))
    })
    .collect()
}
