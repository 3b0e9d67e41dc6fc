//! Roles.

use core::num::NonZeroU64;

use crate::id::{IntegrationId, RoleId, UserId};
use crate::wire::row::row;
use crate::wire::{Field, Image, Permissions, Stated, Text};

row! {
    /// A role of a guild.
    Role {
        key "id" id: RoleId;
        /// Its name.
        "name" name: Option<Text<'i>>,
        /// Its only color, as 0xRRGGBB; older than `colors`.
        "color" color: Option<u32>,
        /// Its colors.
        "colors" colors: Field<RoleColors<'i>>,
        /// Whether its members are shown apart.
        "hoist" hoist: Option<bool>,
        /// A picture beside its members' names.
        "icon" icon: Field<Image<'i>>,
        /// An emoji beside its members' names.
        "unicode_emoji" unicode_emoji: Field<Text<'i>>,
        /// Its place in the order, from the bottom; several roles may share one.
        "position" position: Option<i64>,
        /// What its members may do.
        "permissions" permissions: Option<Stated<Permissions>>,
        /// Whether an integration manages it.
        "managed" managed: Option<bool>,
        /// Whether everyone may mention it.
        "mentionable" mentionable: Option<bool>,
        /// Flags.
        "flags" flags: Field<u64>,
        /// Whose it is, if it was not made by hand.
        "tags" tags: Field<RoleTags<'i>>,
    }
}

row! {
    /// Where a role comes from. A mark without a value is null where it stands.
    RoleTags {
        /// The bot that it belongs to.
        "bot_id" bot: Field<UserId>,
        /// The integration that it belongs to.
        "integration_id" integration: Field<IntegrationId>,
        /// Stands there, null, for the role of those who boost the guild.
        "premium_subscriber" premium_subscriber: Field<bool>,
        /// What is sold with it.
        "subscription_listing_id" subscription: Field<NonZeroU64>,
        /// Stands there, null, if it can be bought.
        "available_for_purchase" for_sale: Field<bool>,
        /// Stands there, null, if it is given for linked accounts.
        "guild_connections" linked: Field<bool>,
    }
}

impl RoleTags<'_> {
    /// Whether it is the role of those who boost the guild.
    #[must_use]
    pub const fn is_boosters(&self) -> bool {
        !self.premium_subscriber.is_absent()
    }

    /// Whether it can be bought.
    #[must_use]
    pub const fn is_for_sale(&self) -> bool {
        !self.for_sale.is_absent()
    }

    /// Whether it is given for linked accounts.
    #[must_use]
    pub const fn is_for_linked_accounts(&self) -> bool {
        !self.linked.is_absent()
    }
}

row! {
    /// The colors of a role, each as 0xRRGGBB.
    RoleColors {
        /// The first.
        "primary_color" primary: Option<u32>,
        /// The second, for a gradient.
        "secondary_color" secondary: Field<u32>,
        /// The third, for a gradient.
        "tertiary_color" tertiary: Field<u32>,
    }
}
