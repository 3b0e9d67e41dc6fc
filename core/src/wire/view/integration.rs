//! Integrations.

use alloc::vec::Vec;

use crate::id::{ApplicationId, IntegrationId, RoleId, UserId};
use crate::wire::row::row;
use crate::wire::{Field, Image, OnlyId, Text, Timestamp};

row! {
    /// A bot or another service that a guild has let in.
    Integration {
        key "id" id: IntegrationId;
        /// Its name.
        "name" name: Option<Text<'i>>,
        /// The service.
        "type" kind: Option<Text<'i>>,
        /// Whether it is on.
        "enabled" enabled: Option<bool>,
        /// The account at the service.
        "account" account: Option<IntegrationAccount<'i>>,
        /// Whether it is being synchronised.
        "syncing" syncing: Field<bool>,
        /// The role that subscribers get.
        "role_id" role: Field<RoleId>,
        /// Whether emojis are synchronised.
        "enable_emoticons" emoticons: Field<bool>,
        /// What happens to those whose subscription ends: 0 the role goes, 1 the member goes.
        "expire_behavior" expire_behavior: Field<u16>,
        /// Days until then.
        "expire_grace_period" expire_grace_period: Field<u32>,
        /// Who let it in; events leave it out.
        "user" user: Field<OnlyId<UserId>>,
        /// When it was last synchronised.
        "synced_at" synced_at: Field<Timestamp>,
        /// How many subscribers it has.
        "subscriber_count" subscribers: Field<u64>,
        /// Whether it has been revoked.
        "revoked" revoked: Field<bool>,
        /// The bot's application.
        "application" application: Field<IntegrationApplication<'i>>,
        /// What the application may do.
        "scopes" scopes: Field<Vec<Text<'i>>>,
    }
}

row! {
    /// An account at another service.
    IntegrationAccount {
        /// Its id there.
        "id" id: Option<Text<'i>>,
        /// Its name there.
        "name" name: Option<Text<'i>>,
    }
}

row! {
    /// The application behind an integration.
    IntegrationApplication {
        key "id" id: ApplicationId;
        /// Its name.
        "name" name: Option<Text<'i>>,
        /// Its picture.
        "icon" icon: Field<Image<'i>>,
        /// What it does.
        "description" description: Option<Text<'i>>,
        /// Its bot.
        "bot" bot: Field<OnlyId<UserId>>,
    }
}
