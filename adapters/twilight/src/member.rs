//! Members.

use headcount_core::cache::memory::MemberRef;
use twilight_model::guild::{Member, MemberFlags};

use crate::part::{RowName, image, time};
use crate::user::decoration;
use crate::{MissingPart, ToTwilight};

const ROW: RowName = RowName("member");

impl ToTwilight for MemberRef<'_> {
    type Twilight = Result<Member, MissingPart>;

    fn to_twilight(&self) -> Self::Twilight {
        let roles = self.roles();
        ROW.needs("roles", roles.is_whole().then_some(()))?;
        Ok(Member {
            avatar: self.avatar().as_ref().and_then(image),
            avatar_decoration_data: self.decoration().as_ref().and_then(decoration),
            banner: self.banner().as_ref().and_then(image),
            communication_disabled_until: self.timeout().and_then(time),
            deaf: ROW.needs("deaf", self.is_deaf())?,
            flags: MemberFlags::from_bits_truncate(self.flags().into()),
            joined_at: self.joined_at().and_then(time),
            mute: ROW.needs("mute", self.is_mute())?,
            nick: self.nick().map(str::to_owned),
            pending: self.is_pending(),
            premium_since: self.premium_since().and_then(time),
            roles: roles.map(|role| role.to_twilight()).collect(),
            user: self.user().to_twilight()?,
        })
    }
}
