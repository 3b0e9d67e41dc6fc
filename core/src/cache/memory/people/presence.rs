//! Presences, packed.

use crate::cache::memory::table::packed_table::{Found, PackedTable};
use crate::id::UserId;
use crate::wire::view::{Activities, PresenceRecord, Status, Statuses};

/// Puts what a presence says now into its row.
pub(in crate::cache::memory) fn renew(
    presences: &mut PackedTable,
    found: Found,
    newer: PresenceRecord<'_>,
) {
    if !presences.at(found).starts_with(newer.presence) {
        presences.rewrite_often(found, newer.presence);
    }
}

/// A cached presence; whoever is offline has none.
#[derive(Clone, Copy, Debug)]
pub struct PresenceRef<'a> {
    user: UserId,
    record: &'a [u8],
}

impl<'a> PresenceRef<'a> {
    /// The row of a user.
    pub(in crate::cache::memory) const fn new(user: UserId, record: &'a [u8]) -> Self {
        Self { user, record }
    }

    fn statuses(self) -> Statuses {
        Statuses::of(self.record)
    }

    /// Whose it is.
    #[must_use]
    pub const fn user(self) -> UserId {
        self.user
    }

    /// The status.
    #[must_use]
    pub fn status(self) -> Status {
        self.statuses().status()
    }

    /// The status on a desktop.
    #[must_use]
    pub fn desktop(self) -> Option<Status> {
        self.statuses().clients().desktop
    }

    /// The status on a mobile device.
    #[must_use]
    pub fn mobile(self) -> Option<Status> {
        self.statuses().clients().mobile
    }

    /// The status in a browser.
    #[must_use]
    pub fn web(self) -> Option<Status> {
        self.statuses().clients().web
    }

    /// The status on a headset.
    #[must_use]
    pub fn vr(self) -> Option<Status> {
        self.statuses().clients().vr
    }

    /// What the user does.
    #[must_use]
    pub fn activities(self) -> Activities<'a> {
        Activities::of(self.record.get(2..).unwrap_or_default())
    }
}
