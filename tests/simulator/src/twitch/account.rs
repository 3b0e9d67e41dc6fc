//! An account with its budgets, shared by its connections.
use super::options::{AccountPlan, TwitchLimits};
use crate::edge::Millis;
use crate::window::Window;
use std::collections::BTreeMap;

/// What the server knows of an account.
#[derive(Debug, Default)]
pub(super) struct Account {
    pub(super) plan: AccountPlan,
    joins: Window,
    logins: Window,
    messages: Window,
    all_messages: Window,
    muted_until: Millis,
    /// When the account spoke last in a room, and what it said.
    spoken: BTreeMap<String, (Millis, String)>,
    /// Rooms of lost connections, and until when they count.
    lingering: BTreeMap<String, Millis>,
}

/// What the budgets say to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speech {
    Fine,
    /// Nobody hears it, for the next half hour.
    TooMany,
    /// The account is not heard at the moment.
    Muted,
    /// Too soon after the last message in the room.
    TooSoon,
    Duplicate,
}

impl Account {
    pub(super) fn new(plan: AccountPlan) -> Self {
        Self {
            plan,
            ..Self::default()
        }
    }

    fn pick(&self, (normal, verified): (usize, usize)) -> usize {
        if self.plan.verified { verified } else { normal }
    }

    /// Whether a JOIN is within the rate.
    pub(super) fn spend_join(&mut self, now: Millis, limits: &TwitchLimits) -> bool {
        let most = self.pick(limits.joins);
        self.joins.admits(now, limits.join_span, most)
    }

    /// Whether a login is within the rate.
    pub(super) fn spend_login(&mut self, now: Millis, limits: &TwitchLimits) -> bool {
        let most = self.pick(limits.logins);
        self.logins.admits(now, limits.join_span, most)
    }

    /// Whether it may do more in a room than others: as a moderator, or as its owner.
    pub(super) fn is_privileged(&self, room: &str) -> bool {
        self.plan.login == room || self.plan.moderates.contains(room)
    }

    /// Counts a message; what is refused counts too.
    pub(super) fn spend_message(
        &mut self,
        now: Millis,
        room: &str,
        text: &str,
        gap: Millis,
        limits: &TwitchLimits,
    ) -> Speech {
        let privileged = self.is_privileged(room);
        let (plain, all) = (self.pick(limits.messages), self.pick(limits.all_messages));
        let mut within = self.all_messages.admits(now, limits.message_span, all);
        if !privileged {
            within &= self.messages.admits(now, limits.message_span, plain);
        }
        if !within {
            self.muted_until = now + limits.mute;
            return Speech::TooMany;
        }
        if now < self.muted_until {
            return Speech::Muted;
        }
        let last = self.spoken.insert(room.to_owned(), (now, text.to_owned()));
        match last {
            Some((at, _)) if !privileged && now < at + gap => Speech::TooSoon,
            Some((at, before)) if before == text && now < at + limits.duplicate_span => {
                Speech::Duplicate
            }
            Some(_) | None => Speech::Fine,
        }
    }

    /// A connection was lost in a room.
    pub(super) fn linger(&mut self, room: String, until: Millis) {
        self.lingering.insert(room, until);
    }

    /// A room is joined: it does not linger any more.
    pub(super) fn settle(&mut self, room: &str) {
        self.lingering.remove(room);
    }

    /// Rooms that count although no connection is in them.
    pub(super) fn lingering(&self, now: Millis) -> impl Iterator<Item = &String> {
        let counts =
            move |room: &str, until: Millis| until > now && !self.plan.moderates.contains(room);
        let lingering = self.lingering.iter();
        lingering
            .filter(move |(room, until)| counts(room, **until))
            .map(|(room, _)| room)
    }
}
