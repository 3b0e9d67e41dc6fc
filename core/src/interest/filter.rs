//! Which events somebody waits for.

use alloc::sync::Arc;
use core::fmt;

use crate::event::{Event, Subject};
use crate::id::{ChannelId, GuildId, UserId};
use crate::wire::Name;

/// What else an event must be.
pub(super) type EventPredicate = Arc<dyn Fn(&Event<'_>) -> bool + Send + Sync>;

/// Which events somebody waits for. All that it says has to hold.
///
/// ```
/// use headcount_core::event::Event;
/// use headcount_core::id::ChannelId;
/// use headcount_core::interest::Filter;
/// use headcount_core::wire::Name;
///
/// # fn answer(channel: ChannelId) -> Filter {
/// Filter::named(Name::MessageCreate).in_channel(channel).when(|event| {
///     matches!(event, Event::Dispatch(message) if message.data().contains("yes"))
/// })
/// # }
/// ```
#[derive(Clone, Default)]
pub struct Filter {
    name: Option<Name>,
    guild: Option<GuildId>,
    channel: Option<ChannelId>,
    user: Option<UserId>,
    predicate: Option<EventPredicate>,
}

impl Filter {
    /// Every event.
    #[must_use]
    pub fn any() -> Self {
        Self::default()
    }

    /// Dispatches of this name.
    #[must_use]
    pub fn named(name: Name) -> Self {
        Self {
            name: Some(name),
            ..Self::default()
        }
    }

    /// Of those the ones that are about this guild, or about something in it.
    #[must_use]
    pub const fn in_guild(mut self, guild: GuildId) -> Self {
        self.guild = Some(guild);
        self
    }

    /// Of those the ones that are about this channel or thread, or about something in it.
    #[must_use]
    pub const fn in_channel(mut self, channel: ChannelId) -> Self {
        self.channel = Some(channel);
        self
    }

    /// Of those the ones that are about this user, or that the user has caused: see [`Subject`].
    #[must_use]
    pub const fn of_user(mut self, user: UserId) -> Self {
        self.user = Some(user);
        self
    }

    /// Of those the ones for which `holds` is true. It is called for events that everything else
    /// fits, on the way of each of them: it should be quick. Calls add up.
    #[must_use]
    pub fn when(mut self, holds: impl Fn(&Event<'_>) -> bool + Send + Sync + 'static) -> Self {
        self.predicate = Some(match self.predicate.take() {
            None => Arc::new(holds),
            Some(before) => Arc::new(move |event| before(event) && holds(event)),
        });
        self
    }

    pub(super) const fn name(&self) -> Option<Name> {
        self.name
    }

    pub(super) const fn predicate(&self) -> Option<&EventPredicate> {
        self.predicate.as_ref()
    }

    /// Whether it does not matter what the event is about.
    pub(super) const fn is_anywhere(&self) -> bool {
        self.guild.is_none() && self.channel.is_none() && self.user.is_none()
    }

    /// Whether an event about this is meant.
    pub(super) fn fits(&self, subject: &Subject) -> bool {
        (self.guild.is_none() || self.guild == subject.guild)
            && (self.channel.is_none() || self.channel == subject.channel)
            && (self.user.is_none() || self.user == subject.user)
    }
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Filter")
            .field("name", &self.name)
            .field("guild", &self.guild)
            .field("channel", &self.channel)
            .field("user", &self.user)
            .field("has_predicate", &self.predicate.is_some())
            .finish()
    }
}
