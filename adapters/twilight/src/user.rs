//! Users.

use headcount_core::cache::memory::UserRef;
use headcount_core::wire::Text;
use headcount_core::wire::view;
use twilight_model::id::Id;
use twilight_model::user::{AvatarDecorationData, PrimaryGuild, User, UserFlags};

use crate::part::{RowName, id, image, images, plain_id, text, texts};
use crate::{MissingPart, ToTwilight};

const ROW: RowName = RowName("user");

impl ToTwilight for UserRef<'_> {
    type Twilight = Result<User, MissingPart>;

    fn to_twilight(&self) -> Self::Twilight {
        let name = ROW.needs(
            "username",
            Some(self.username()).filter(|name| !name.is_empty()),
        )?;
        Ok(User {
            accent_color: self.accent_color(),
            avatar: self.avatar().as_ref().and_then(image),
            avatar_decoration_data: self.decoration().as_ref().and_then(decoration),
            banner: self.banner().as_ref().and_then(image),
            bot: self.is_bot(),
            discriminator: self.discriminator(),
            global_name: self.global_name().map(str::to_owned),
            primary_guild: self.primary_guild().as_ref().map(primary_guild),
            public_flags: Some(UserFlags::from_bits_truncate(self.public_flags())),
            system: self.is_system().then_some(true),
            ..named(self.id().to_twilight(), name.to_owned())
        })
    }
}

impl ToTwilight for view::User<'_> {
    type Twilight = Result<User, MissingPart>;

    fn to_twilight(&self) -> Self::Twilight {
        let name = ROW.needs("username", self.username.as_ref().map(text))?;
        Ok(User {
            accent_color: self.accent_color.value().copied(),
            avatar: images(&self.avatar),
            avatar_decoration_data: self.decoration.value().and_then(decoration),
            banner: images(&self.banner),
            bot: self.bot == Some(true),
            discriminator: discriminator(self.discriminator.as_ref()),
            global_name: texts(&self.global_name),
            primary_guild: self.primary_guild.value().map(primary_guild),
            public_flags: self.public_flags.map(UserFlags::from_bits_truncate),
            system: self.system,
            ..named(self.id.to_twilight(), name)
        })
    }
}

/// A user of whom nothing but the id and the name is known.
const fn named(id: Id<twilight_model::id::marker::UserMarker>, name: String) -> User {
    User {
        accent_color: None,
        avatar: None,
        avatar_decoration: None,
        avatar_decoration_data: None,
        banner: None,
        bot: false,
        discriminator: 0,
        email: None,
        flags: None,
        global_name: None,
        id,
        locale: None,
        mfa_enabled: None,
        name,
        premium_type: None,
        primary_guild: None,
        public_flags: None,
        system: None,
        verified: None,
    }
}

fn discriminator(digits: Option<&Text<'_>>) -> u16 {
    let digits = digits.map(Text::as_cow);
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

/// The frame around a picture; `None` if it lacks one of the parts that twilight's must have.
pub(crate) fn decoration(decoration: &view::Decoration<'_>) -> Option<AvatarDecorationData> {
    Some(AvatarDecorationData {
        asset: decoration.asset.as_ref().and_then(image)?,
        sku_id: plain_id(&decoration.sku)?,
    })
}

fn primary_guild(guild: &view::PrimaryGuild<'_>) -> PrimaryGuild {
    PrimaryGuild {
        identity_guild_id: id(&guild.guild),
        identity_enabled: guild.enabled.value().copied(),
        tag: texts(&guild.tag),
        badge: images(&guild.badge),
    }
}
