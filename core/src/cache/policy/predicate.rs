//! Conditions on a row.

use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use bitflags::bitflags;

use crate::cache::memory::MessageRef;
use crate::cache::memory::people::member::MemberRef;
use crate::cache::memory::people::presence::PresenceRef;
use crate::cache::memory::people::user::UserRef;
use crate::cache::policy::RowRef;
use crate::id::GuildId;
use crate::wire::view::{Channel, ScheduledEvent};

bitflags! {
    /// What may be true of a member; of a set, one is enough.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub struct MemberTraits: u8 {
        /// The bot's own member.
        const OWN = 1;
        /// Who owns the guild. Needs the guild's row.
        const OWNER = 1 << 1;
        /// Who is in a voice channel of the guild. Needs voice states; a member that joins comes
        /// back with its voice state.
        const IN_VOICE = 1 << 2;
        /// Who is not offline. Needs presences. A presence does not bring its member back: it
        /// comes with its next event or with a member request that asks for presences.
        const ONLINE = 1 << 3;
        /// Who boosts the guild.
        const BOOSTER = 1 << 4;
    }
}

/// A row about which a predicate decides.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Candidate<'a> {
    /// The guild in which it lies; `None` for a channel or a message outside guilds, and for a
    /// user.
    pub guild: Option<GuildId>,
    /// The row.
    pub row: RowRef<'a>,
    /// What is true of a member; nothing of another row.
    pub is: MemberTraits,
}

type Function = Arc<dyn Fn(&Candidate<'_>) -> bool + Send + Sync>;

/// Asks a user's function about a row, and says what counts as its answer.
///
/// A host puts one around every function ([`Policies::guarded`](super::Policies::guarded)) to catch
/// panics, which this crate cannot: a store that a panic goes through has applied half a change.
pub type Guard = Arc<dyn Fn(&Candidate<'_>, &dyn Fn() -> bool) -> bool + Send + Sync>;

/// A condition on a row: one of the built-in ones, or a function of yours.
///
/// A function of yours is asked when its row comes or changes; for a member also when its voice
/// state or presence, its guild's owner or the guild's roles do. It should
/// answer quickly, since the store waits for it, and must not panic: the core's own store has then
/// applied half a change. The driver catches a panic, takes it for `false`, and reports it as a
/// failure of the store.
#[derive(Clone, Default)]
pub struct Predicate {
    keep: Option<MemberTraits>,
    functions: Vec<Function>,
}

impl Predicate {
    /// Holds of a row of any kind if `holds` says so.
    #[must_use]
    pub fn when(holds: impl Fn(&Candidate<'_>) -> bool + Send + Sync + 'static) -> Self {
        Self {
            keep: None,
            functions: vec![Arc::new(holds)],
        }
    }

    /// Holds of a member if `holds` says so, and of no other row.
    #[must_use]
    pub fn member(holds: impl Fn(MemberRef<'_>) -> bool + Send + Sync + 'static) -> Self {
        Self::when(move |one| matches!(one.row, RowRef::Member(row) if holds(row)))
    }

    /// Holds of a user whom messages and private channels alone hold if `holds` says so, and of no
    /// other row.
    #[must_use]
    pub fn user(holds: impl Fn(UserRef<'_>) -> bool + Send + Sync + 'static) -> Self {
        Self::when(move |one| matches!(one.row, RowRef::User(row) if holds(row)))
    }

    /// Holds of a presence if `holds` says so, and of no other row.
    #[must_use]
    pub fn presence(holds: impl Fn(PresenceRef<'_>) -> bool + Send + Sync + 'static) -> Self {
        Self::when(move |one| matches!(one.row, RowRef::Presence(row) if holds(row)))
    }

    /// Holds of a message if `holds` says so, and of no other row.
    #[must_use]
    pub fn message(holds: impl Fn(MessageRef<'_>) -> bool + Send + Sync + 'static) -> Self {
        Self::when(move |one| matches!(one.row, RowRef::Message(row) if holds(row)))
    }

    /// Holds of a scheduled event if `holds` says so, and of no other row.
    #[must_use]
    pub fn scheduled_event(
        holds: impl Fn(&ScheduledEvent<'static>) -> bool + Send + Sync + 'static,
    ) -> Self {
        Self::when(move |one| matches!(one.row, RowRef::ScheduledEvent(row) if holds(row)))
    }

    /// Holds of a channel of a guild if `holds` says so, and of no other row.
    #[must_use]
    pub fn channel(holds: impl Fn(&Channel<'static>) -> bool + Send + Sync + 'static) -> Self {
        Self::when(move |one| matches!(one.row, RowRef::Channel(row) if holds(row)))
    }

    /// Holds where this or the other does.
    #[must_use]
    pub fn or(mut self, other: impl Into<Self>) -> Self {
        let other = other.into();
        self.keep = self
            .keep
            .into_iter()
            .chain(other.keep)
            .reduce(|all, one| all | one);
        self.functions.extend(other.functions);
        self
    }

    /// The same, with `guard` around each function.
    pub(super) fn guarded(self, guard: &Guard) -> Self {
        let functions = self.functions.into_iter().map(|function| -> Function {
            let guard = Arc::clone(guard);
            Arc::new(move |row| guard(row, &|| function(row)))
        });
        Self {
            keep: self.keep,
            functions: functions.collect(),
        }
    }

    pub(super) fn holds(&self, of: &Candidate<'_>) -> bool {
        self.keep.is_some_and(|keep| keep.intersects(of.is))
            || self.functions.iter().any(|holds| holds(of))
    }

    /// The built-in conditions in it; none if there is only a function.
    pub(super) fn built_in(&self) -> Option<MemberTraits> {
        self.keep
    }

    /// What it may depend on: a function, on everything.
    pub(super) fn watched(&self) -> MemberTraits {
        if self.functions.is_empty() {
            self.keep.unwrap_or(MemberTraits::empty())
        } else {
            MemberTraits::all()
        }
    }
}

impl From<MemberTraits> for Predicate {
    fn from(keep: MemberTraits) -> Self {
        Self {
            keep: Some(keep),
            functions: Vec::new(),
        }
    }
}

impl fmt::Debug for Predicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Predicate")
            .field("keep", &self.keep)
            .field("functions", &self.functions.len())
            .finish()
    }
}
