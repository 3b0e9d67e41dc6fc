//! Presences.

use alloc::boxed::Box;

use super::table::Row;
use crate::id::UserId;
use crate::wire::Part;
use crate::wire::view::{Activity, Presence, Status};

#[derive(Debug)]
pub(super) struct PresenceRow {
    user: UserId,
    activities: Box<[Activity<'static>]>,
    status: Status,
    desktop: Option<Status>,
    mobile: Option<Status>,
    web: Option<Status>,
    vr: Option<Status>,
}

impl Row for PresenceRow {
    fn key(&self) -> u64 {
        self.user.get()
    }

    fn heap(&self) -> usize {
        let own = self.activities.iter().map(Part::heap);
        own.fold(size_of_val(&*self.activities), usize::saturating_add)
    }
}

impl PresenceRow {
    pub(super) fn new(presence: Presence<'_, '_>) -> Self {
        let activities = presence
            .activities
            .iter()
            .map(|activity| activity.clone().into_owned());
        Self {
            user: presence.user.id,
            activities: activities.collect(),
            status: presence.status,
            desktop: presence.clients.desktop,
            mobile: presence.clients.mobile,
            web: presence.clients.web,
            vr: presence.clients.vr,
        }
    }
}

/// A cached presence; whoever is offline has none.
#[derive(Clone, Copy, Debug)]
pub struct PresenceRef<'a>(pub(super) &'a PresenceRow);

impl<'a> PresenceRef<'a> {
    /// Whose it is.
    #[must_use]
    pub const fn user(self) -> UserId {
        self.0.user
    }

    /// The status.
    #[must_use]
    pub const fn status(self) -> Status {
        self.0.status
    }

    /// The status on a desktop.
    #[must_use]
    pub const fn desktop(self) -> Option<Status> {
        self.0.desktop
    }

    /// The status on a mobile device.
    #[must_use]
    pub const fn mobile(self) -> Option<Status> {
        self.0.mobile
    }

    /// The status in a browser.
    #[must_use]
    pub const fn web(self) -> Option<Status> {
        self.0.web
    }

    /// The status on a headset.
    #[must_use]
    pub const fn vr(self) -> Option<Status> {
        self.0.vr
    }

    /// What the user does.
    #[must_use]
    pub fn activities(self) -> &'a [Activity<'static>] {
        &self.0.activities
    }
}
