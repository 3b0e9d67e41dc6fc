//! Emojis and stickers, with the users who made them where the cache has them.

use headcount_core::cache::MemoryStore;
use headcount_core::id::{GuildId, UserId};
use headcount_core::wire::{Field, OnlyId, view};
use twilight_model::channel::message::sticker::Sticker;
use twilight_model::guild::Emoji;
use twilight_model::user::User;

use crate::part::{RowName, plain_id, text, texts};
use crate::{MissingPart, ToTwilight};

pub(crate) fn emoji(store: &MemoryStore, row: &view::Emoji<'_>) -> Result<Emoji, MissingPart> {
    let roles = row.roles.value().into_iter().flatten();
    Ok(Emoji {
        animated: row.animated == Some(true),
        available: row.available.value() == Some(&true),
        id: row.id.to_twilight(),
        managed: row.managed == Some(true),
        name: RowName("emoji").needs("name", texts(&row.name))?,
        require_colons: row.require_colons == Some(true),
        roles: roles.map(ToTwilight::to_twilight).collect(),
        user: creator(store, &row.creator),
    })
}

pub(crate) fn sticker(
    store: &MemoryStore,
    guild: GuildId,
    row: &view::Sticker<'_>,
) -> Result<Sticker, MissingPart> {
    const ROW: RowName = RowName("sticker");
    Ok(Sticker {
        available: row.available.value() == Some(&true),
        description: texts(&row.description),
        format_type: ROW.number::<u8, _, _>("format_type", row.format)?,
        guild_id: Some(guild.to_twilight()),
        id: row.id.to_twilight(),
        kind: ROW.number::<u8, _, _>("type", row.kind)?,
        name: ROW.needs("name", row.name.as_ref().map(text))?,
        pack_id: plain_id(&row.pack),
        sort_value: row.sort_value.value().copied(),
        tags: ROW.needs("tags", row.tags.as_ref().map(text))?,
        user: creator(store, &row.creator),
    })
}

fn creator(store: &MemoryStore, user: &Field<OnlyId<UserId>>) -> Option<User> {
    store.user(user.value()?.0)?.to_twilight().ok()
}
