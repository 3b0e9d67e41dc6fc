//! Roles.

use headcount_core::wire::Stated;
use headcount_core::wire::view;
use twilight_model::guild::{Role, RoleColors, RoleFlags, RoleTags};

use crate::part::{RowName, id, images, plain_id, text, texts};
use crate::{MissingPart, ToTwilight};

const ROW: RowName = RowName("role");

impl ToTwilight for view::Role<'_> {
    type Twilight = Result<Role, MissingPart>;

    #[allow(deprecated, reason = "twilight's type has the old colour still")]
    fn to_twilight(&self) -> Self::Twilight {
        let permissions = self.permissions.and_then(Stated::known);
        Ok(Role {
            color: ROW.needs("color", self.color)?,
            colors: colors(self)?,
            hoist: ROW.needs("hoist", self.hoist)?,
            icon: images(&self.icon),
            id: self.id.to_twilight(),
            managed: ROW.needs("managed", self.managed)?,
            mentionable: ROW.needs("mentionable", self.mentionable)?,
            name: ROW.needs("name", self.name.as_ref().map(text))?,
            permissions: ROW.needs("permissions", permissions)?.to_twilight(),
            position: ROW.needs("position", self.position)?,
            flags: RoleFlags::from_bits_truncate(self.flags.value().copied().unwrap_or(0)),
            tags: self.tags.value().map(tags),
            unicode_emoji: texts(&self.unicode_emoji),
        })
    }
}

/// A server that does not know of several colors has the one.
fn colors(role: &view::Role<'_>) -> Result<RoleColors, MissingPart> {
    let listed = role.colors.value();
    let primary = listed.and_then(|colors| colors.primary).or(role.color);
    Ok(RoleColors {
        primary_color: ROW.needs("colors", primary)?,
        secondary_color: listed.and_then(|colors| colors.secondary.value().copied()),
        tertiary_color: listed.and_then(|colors| colors.tertiary.value().copied()),
    })
}

fn tags(tags: &view::RoleTags<'_>) -> RoleTags {
    RoleTags {
        available_for_purchase: tags.is_for_sale(),
        bot_id: id(&tags.bot),
        guild_connections: tags.is_for_linked_accounts(),
        integration_id: id(&tags.integration),
        subscription_listing_id: plain_id(&tags.subscription),
        premium_subscriber: tags.is_boosters(),
    }
}
