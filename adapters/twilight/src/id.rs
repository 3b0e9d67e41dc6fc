//! Ids and permissions.

use std::num::NonZeroU64;

use headcount_core::id;
use headcount_core::wire::Permissions;
use twilight_model::guild::Permissions as TwilightPermissions;
use twilight_model::id::{Id, marker};

use crate::{ToHeadcount, ToTwilight};

macro_rules! ids {
    ($($id:ident $marker:ident)*) => {$(
        impl ToTwilight for id::$id {
            type Twilight = Id<marker::$marker>;

            fn to_twilight(&self) -> Self::Twilight {
                NonZeroU64::from(*self).into()
            }
        }

        impl ToHeadcount for Id<marker::$marker> {
            type Headcount = id::$id;

            fn to_headcount(&self) -> Self::Headcount {
                self.into_nonzero().into()
            }
        }
    )*};
}

ids! {
    ApplicationId ApplicationMarker
    ChannelId ChannelMarker
    EmojiId EmojiMarker
    GuildId GuildMarker
    IntegrationId IntegrationMarker
    MessageId MessageMarker
    RoleId RoleMarker
    RuleId AutoModerationRuleMarker
    ScheduledEventId ScheduledEventMarker
    StageId StageMarker
    StickerId StickerMarker
    UserId UserMarker
    WebhookId WebhookMarker
}

impl ToTwilight for Permissions {
    type Twilight = TwilightPermissions;

    fn to_twilight(&self) -> TwilightPermissions {
        TwilightPermissions::from_bits_truncate(self.bits())
    }
}

impl ToHeadcount for TwilightPermissions {
    type Headcount = Permissions;

    fn to_headcount(&self) -> Permissions {
        Permissions::from_bits(self.bits())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_comes_back_as_it_was() {
        let guild = id::GuildId::new(u64::MAX).expect("not zero");
        assert_eq!(guild.to_twilight().get(), u64::MAX);
        assert_eq!(guild.to_twilight().to_headcount(), guild);
    }

    #[test]
    fn permissions_that_twilight_does_not_know_are_left_out() {
        let known = Permissions::SEND_MESSAGES | Permissions::BYPASS_SLOWMODE;
        let unknown = Permissions::from_bits(1 << 63);
        assert_eq!((known | unknown).to_twilight().to_headcount(), known);
        assert_eq!(Permissions::ALL.to_twilight(), TwilightPermissions::all());
    }
}
