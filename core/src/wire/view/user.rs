//! Users.

use core::num::NonZeroU64;

use crate::id::{GuildId, UserId};
use crate::wire::packed::{Sink, packed, record_payloads};
use crate::wire::{Field, Image, Malformed, Text, json::Reader};

packed! {
    /// A user, or what a payload says of one.
    User {
        key "id" id: UserId;
        /// The unique name.
        "username" username: Option<Text<'i>>,
        /// Whether it speaks for the platform.
        "system" system: Option<bool>,
        /// Flags that everyone may see.
        "public_flags" public_flags: Option<u64>,
        /// The guild whose tag the user wears.
        "primary_guild" primary_guild: Field<PrimaryGuild<'i>>,
        beside "id";
        /// The name to show.
        "global_name" global_name: Field<Text<'i>>,
        beside "display_name_styles", "display_name";
        /// Four digits, or `"0"` for those who have none any more.
        "discriminator" discriminator: Option<Text<'i>>,
        /// What else the user wears of what is sold.
        "collectibles" collectibles: Field<Collectibles<'i>>,
        beside "clan";
        /// Whether it is a bot.
        "bot" bot: Option<bool>,
        /// The picture behind the profile.
        "banner" banner: Field<Image<'i>>,
        /// The frame around the picture.
        "avatar_decoration_data" decoration: Field<Decoration<'i>>,
        /// The picture.
        "avatar" avatar: Field<Image<'i>>,
        /// The colour behind the profile if there is no picture, as `0xRRGGBB`.
        "accent_color" accent_color: Field<u32>,
    }
}

packed! {
    /// A frame around a picture.
    Decoration {
        /// What was bought.
        "sku_id" sku: Field<NonZeroU64>,
        /// The frame.
        "asset" asset: Option<Image<'i>>,
    }
}

packed! {
    /// The guild whose tag a user wears beside the name.
    PrimaryGuild {
        /// The tag, up to four characters.
        "tag" tag: Field<Text<'i>>,
        /// The guild.
        "identity_guild_id" guild: Field<GuildId>,
        /// Whether the tag is shown.
        "identity_enabled" enabled: Field<bool>,
        /// The badge beside it.
        "badge" badge: Field<Image<'i>>,
    }
}

packed! {
    /// What a user wears beside the frame.
    Collectibles {
        /// What lies behind the name in lists.
        "nameplate" nameplate: Field<Nameplate<'i>>,
    }
}

packed! {
    /// What lies behind a user's name.
    Nameplate {
        /// What was bought.
        "sku_id" sku: Field<NonZeroU64>,
        /// The name of the colour behind it.
        "palette" palette: Field<Text<'i>>,
        /// What it shows.
        "label" label: Field<Text<'i>>,
        /// The path of the picture.
        "asset" asset: Option<Text<'i>>,
    }
}

record_payloads!(Decoration, PrimaryGuild, Collectibles, Nameplate);

impl<'i> User<'i> {
    /// Writes a user's record while it is read, and returns whose it is; see
    /// [`User::transcode_with`].
    pub(super) fn transcode(reader: &mut Reader<'i>, to: &mut Sink) -> Result<UserId, Malformed> {
        let mut id = None;
        let record = Self::transcode_with(reader, to, |key, reader, _| {
            match key {
                "id" => id = Some(reader.id()?),
                _ => reader.skip()?,
            }
            Ok(())
        });
        id.filter(|_| record.is_some())
            .ok_or_else(|| reader.fault("written in another way"))
    }

    /// Whether there is nothing but the id.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        *self == Self::bare(self.id)
    }

    /// The number of the discriminator; zero if there is none.
    #[must_use]
    pub fn discriminator_number(&self) -> u16 {
        let text = self.discriminator.as_ref().and_then(Text::as_plain);
        text.and_then(|text| text.parse().ok()).unwrap_or(0)
    }
}

/// Reads a user of whom nothing but the id matters.
pub(super) fn read_id(reader: &mut Reader<'_>) -> Result<UserId, Malformed> {
    let mut id = None;
    reader.object(|key, reader| {
        match key {
            "id" => id = reader.tolerate(Reader::id)?,
            _ => reader.skip()?,
        }
        Ok(())
    })?;
    id.ok_or_else(|| reader.fault("a user without an id"))
}
