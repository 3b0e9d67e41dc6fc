//! What members express themselves with: emojis, stickers and sounds.

use alloc::vec::Vec;
use core::num::NonZeroU64;

use crate::id::{EmojiId, RoleId, SoundId, StickerId, UserId};
use crate::wire::row::row;
use crate::wire::{Field, OnlyId, Text};

row! {
    /// A custom emoji of a guild.
    Emoji {
        key "id" id: EmojiId;
        /// Its name.
        "name" name: Field<Text<'i>>,
        /// Who may use it; empty for everyone.
        "roles" roles: Field<Vec<RoleId>>,
        /// Who made it.
        "user" creator: Field<OnlyId<UserId>>,
        /// Whether it is written between colons.
        "require_colons" require_colons: Option<bool>,
        /// Whether an integration manages it.
        "managed" managed: Option<bool>,
        /// Whether it moves.
        "animated" animated: Option<bool>,
        /// Whether it can be used; boosts may be missing.
        "available" available: Field<bool>,
    }
}

row! {
    /// A sticker of a guild.
    Sticker {
        key "id" id: StickerId;
        /// Its name.
        "name" name: Option<Text<'i>>,
        /// What it shows.
        "description" description: Field<Text<'i>>,
        /// Words by which it is found.
        "tags" tags: Option<Text<'i>>,
        /// 1 for everyone, 2 of a guild.
        "type" kind: Option<u16>,
        /// 1 PNG, 2 APNG, 3 Lottie, 4 GIF.
        "format_type" format: Option<u16>,
        /// Whether it can be used; boosts may be missing.
        "available" available: Field<bool>,
        /// Who made it.
        "user" creator: Field<OnlyId<UserId>>,
        /// The pack of one for everyone.
        "pack_id" pack: Field<NonZeroU64>,
        /// Its place in the pack.
        "sort_value" sort_value: Field<u64>,
    }
}

row! {
    /// A sound of a guild's soundboard.
    Sound {
        key "sound_id" id: SoundId;
        /// Its name.
        "name" name: Option<Text<'i>>,
        /// How loud it is, from 0 to 1.
        "volume" volume: Option<f64>,
        /// A custom emoji beside it.
        "emoji_id" emoji: Field<EmojiId>,
        /// An ordinary emoji beside it.
        "emoji_name" emoji_name: Field<Text<'i>>,
        /// Whether it can be used; boosts may be missing.
        "available" available: Field<bool>,
        /// Who made it.
        "user" creator: Field<OnlyId<UserId>>,
    }
}
