//! What roles and members may and may not do in one channel.

use alloc::vec::Vec;
use core::num::NonZeroU64;

use serde::{Deserialize, Serialize};

use crate::id::{RoleId, UserId};
use crate::wire::field::{Merge, Part, Read, flat};
use crate::wire::row::{Silent, row};
use crate::wire::{Malformed, Permissions, Stated, json::Reader};

row! {
    /// What a role or a member may and may not do in a channel.
    Overwrite {
        key "id" id: NonZeroU64;
        /// Whether it is about a role or a member.
        "type" holder: Option<OverwriteHolder>,
        /// What is allowed.
        "allow" allow: Option<Stated<Permissions>>,
        /// What is denied.
        "deny" deny: Option<Stated<Permissions>>,
    }
}

/// Whom an overwrite is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum OverwriteHolder {
    /// A role: 0, or `"role"` from older servers.
    Role,
    /// A member: 1, or `"member"` from older servers.
    Member,
}

flat!(OverwriteHolder);

impl Read<'_> for OverwriteHolder {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        if reader.peek() == Some(b'"') {
            let mark = reader.mark();
            match &*reader.text()?.as_cow() {
                "role" => return Ok(Self::Role),
                "member" => return Ok(Self::Member),
                _ => reader.return_to(mark),
            }
        }
        match reader.whole()? {
            0 => Ok(Self::Role),
            1 => Ok(Self::Member),
            _ => Err(reader.fault("neither a role's nor a member's")),
        }
    }
}

impl Overwrite<'_> {
    /// The role it is about; `None` if it is about a member, or does not say.
    #[must_use]
    pub fn role(&self) -> Option<RoleId> {
        (self.holder == Some(OverwriteHolder::Role)).then_some(RoleId::from(self.id))
    }

    /// The member it is about; `None` if it is about a role, or does not say.
    #[must_use]
    pub fn member(&self) -> Option<UserId> {
        (self.holder == Some(OverwriteHolder::Member)).then_some(UserId::from(self.id))
    }

    /// Whether it could be about this role, as far as it says.
    pub(crate) fn may_name_role(&self, role: RoleId) -> bool {
        self.holder != Some(OverwriteHolder::Member) && RoleId::from(self.id) == role
    }

    /// Whether it could be about this member, as far as it says.
    pub(crate) fn may_name_member(&self, user: UserId) -> bool {
        self.holder != Some(OverwriteHolder::Role) && UserId::from(self.id) == user
    }

    /// Whether it says all that permissions need.
    pub(crate) fn is_readable(&self) -> bool {
        let known = |part: Option<Stated<Permissions>>| part.and_then(Stated::known).is_some();
        self.holder.is_some() && known(self.allow) && known(self.deny)
    }
}

/// The overwrites of a channel, as far as a payload speaks of them and they could be read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Overwrites<'i> {
    rows: Option<Vec<Overwrite<'i>>>,
    unread: u64,
}

impl<'i> Overwrites<'i> {
    /// The overwrites that could be read, in the order of the payload; they may name roles and
    /// members that are gone. `None` if no payload has listed any.
    #[must_use]
    pub fn rows(&self) -> Option<&[Overwrite<'i>]> {
        self.rows.as_deref()
    }

    /// Whether some could not be read: then what anybody may do in the channel is not known.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.unread == 0
    }
}

impl<'i> From<Vec<Overwrite<'i>>> for Overwrites<'i> {
    fn from(rows: Vec<Overwrite<'i>>) -> Self {
        Self {
            rows: Some(rows),
            unread: 0,
        }
    }
}

impl<'i> Read<'i> for Overwrites<'i> {
    fn read(reader: &mut Reader<'i>) -> Result<Self, Malformed> {
        let listed = reader.tolerate(|reader| {
            let mut rows = Vec::new();
            let unread = reader.list(|reader| {
                rows.push(Overwrite::read(reader)?);
                Ok(())
            })?;
            Ok((rows, unread))
        })?;
        Ok(match listed {
            // A list of which nothing can be read is not an empty one.
            Some((rows, unread)) => Self {
                rows: (unread == 0 || !rows.is_empty()).then_some(rows),
                unread,
            },
            None => Self {
                rows: None,
                unread: 1,
            },
        })
    }
}

impl Merge for Overwrites<'_> {
    /// A list that cannot be read leaves the rows, which are no longer to be relied on.
    fn merge(&mut self, newer: Self) {
        match newer.rows {
            Some(_) => *self = newer,
            None => self.unread = self.unread.saturating_add(newer.unread),
        }
    }
}

impl Silent for Overwrites<'_> {
    const SILENT: Self = Self {
        rows: None,
        unread: 0,
    };

    fn is_silent(&self) -> bool {
        self.rows.is_none() && self.unread == 0
    }
}

impl Part for Overwrites<'_> {
    type Owned = Overwrites<'static>;

    fn own(self) -> Overwrites<'static> {
        Overwrites {
            rows: self.rows.own(),
            unread: self.unread,
        }
    }

    fn heap(&self) -> usize {
        self.rows.heap()
    }
}
