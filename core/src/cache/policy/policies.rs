//! One policy for each kind.

use core::array;
use core::time::Duration;

use super::{Group, Guard, Policy, Unsuitable, Warning};
use crate::cache::{Kind, Kinds};
use crate::intents::Intents;

/// How many messages of each channel are kept if nothing else is said.
pub(in crate::cache) const MESSAGES_PER_CHANNEL: usize = 100;

/// How many channels outside guilds are kept if nothing else is said.
pub(in crate::cache) const PRIVATE_CHANNELS: usize = 1_000;

/// How long a scheduled event that is over stays if nothing else is said.
pub(in crate::cache) const OVER: Duration = Duration::from_secs(3_600);

/// One policy for each kind.
///
/// By default the rows of [`Kinds::default`] are kept, and none of the others: no presences, no
/// messages. From other [`Kinds`], the rows of those. Every row, but for three bounds where the
/// gateway itself sets none:
/// - of messages, the newest 100 of each channel;
/// - of channels outside guilds, the 1,000 used last, as no event says when one is not used any
///   more: as many people as a busy bot talks to within days;
/// - scheduled events that are completed or cancelled, for an hour: no event removes them, and so
///   long may it take until somebody looks up how one ended.
///
/// A user stays as long as something holds it. Who is a member of a cached guild stays with the
/// member, and so does the bot's own user; a policy for users limits those whom messages and
/// private channels alone hold, whose messages and channels stay without them.
#[derive(Clone, Debug)]
pub struct Policies([Policy; Kind::ALL.len()]);

impl Policies {
    /// The policies for a bot that has not said what it wants: all rows of [`Kinds::default`], as
    /// far as a connection with these intents receives their changes. Members stay on without
    /// their intent, since the bot's own and those seen in passing come all the same, and webhooks,
    /// which the application puts in.
    #[must_use]
    pub fn following(intents: Intents) -> Self {
        let all = Self::default();
        let stale = Warning::all(&all, intents).map(|warning| warning.kind().only());
        let come_anyway = Kinds::MEMBERS | Kinds::WEBHOOK_MARKS;
        let stale = stale.fold(Kinds::empty(), Kinds::union);
        let fresh = Kinds::default().difference(stale.difference(come_anyway));
        fresh.into()
    }

    /// The same with another policy for a kind.
    ///
    /// # Errors
    /// [`Unsuitable`] if it makes no sense for that kind.
    pub fn with(mut self, kind: Kind, policy: Policy) -> Result<Self, Unsuitable> {
        self.set(kind, policy)?;
        Ok(self)
    }

    /// Changes the policy for a kind.
    ///
    /// # Errors
    /// [`Unsuitable`] if it makes no sense for that kind; nothing has changed then.
    pub fn set(&mut self, kind: Kind, policy: Policy) -> Result<(), Unsuitable> {
        check(kind, &policy)?;
        self.put(kind, policy);
        Ok(())
    }

    fn put(&mut self, kind: Kind, policy: Policy) {
        if let Some(place) = self.0.get_mut(kind as usize) {
            *place = policy;
        }
    }

    /// The policy for a kind.
    #[must_use]
    pub fn get(&self, kind: Kind) -> &Policy {
        const ALL: &Policy = &Policy {
            limits: super::KindLimits {
                per_group: None,
                overall: None,
                time_to_live: None,
            },
            newest: None,
            only: None,
            spared: None,
        };
        self.0.get(kind as usize).unwrap_or(ALL)
    }

    /// The kinds of which rows are kept; the others need not be decoded.
    #[must_use]
    pub fn kinds(&self) -> Kinds {
        self.select(|policy| !policy.is_none())
    }

    /// Every row of every kind; of messages, the newest ones of each channel.
    pub(in crate::cache) fn every() -> Self {
        let mut policies = Self(array::from_fn(|_| Policy::all()));
        policies.put(Kind::Message, plain(Kind::Message));
        policies
    }

    /// The same policies, with the kinds that are not in the set switched off, and those that are
    /// only in the set switched on.
    #[must_use]
    pub fn matching(mut self, kinds: Kinds) -> Self {
        let (own, plain) = (self.kinds(), Self::from(kinds));
        for kind in own.symmetric_difference(kinds).each() {
            self.put(kind, plain.get(kind).clone());
        }
        self
    }

    /// The same policies, with `guard` around every function of the user's.
    #[must_use]
    pub fn guarded(self, guard: &Guard) -> Self {
        Self(self.0.map(|policy| policy.guarded(guard)))
    }

    /// What these policies want and a connection with these intents does not get, by kind. Whoever
    /// starts a bot should report them.
    pub fn warnings(&self, intents: Intents) -> impl Iterator<Item = Warning> {
        Warning::all(self, intents)
    }

    /// The kinds whose policies are so.
    pub(in crate::cache) fn select(&self, is: impl Fn(&Policy) -> bool) -> Kinds {
        let kinds = Kind::ALL.iter().filter(|kind| is(self.get(**kind)));
        kinds.fold(Kinds::empty(), |all, kind| all | kind.only())
    }
}

impl Default for Policies {
    fn default() -> Self {
        Kinds::default().into()
    }
}

impl From<Kinds> for Policies {
    fn from(kinds: Kinds) -> Self {
        let mut policies = Self(array::from_fn(|_| Policy::none()));
        for kind in kinds.each() {
            policies.put(kind, plain(kind));
        }
        policies
    }
}

/// The policy of a kind that is just on.
#[allow(
    clippy::wildcard_enum_match_arm,
    reason = "the gateway bounds the others"
)]
fn plain(kind: Kind) -> Policy {
    match kind {
        Kind::Message => Policy::newest_per_channel(MESSAGES_PER_CHANNEL),
        Kind::PrivateChannel => Policy::lru(PRIVATE_CHANNELS),
        Kind::ScheduledEvent => Policy::until_over(OVER),
        _ => Policy::all(),
    }
}

/// Whether a policy makes sense for a kind.
fn check(kind: Kind, policy: &Policy) -> Result<(), Unsuitable> {
    let (guild, message) = (kind == Kind::Guild, kind == Kind::Message);
    let built_in = policy.predicates().any(|one| one.built_in().is_some());
    let per_channel = matches!(policy.limits.per_group, Some((Group::Channel, _)));
    let reasons = [
        (
            guild && !policy.is_all() && !policy.is_none(),
            Unsuitable::Guilds,
        ),
        (
            per_channel && !guild && !message,
            Unsuitable::PerChannel(kind),
        ),
        (
            policy.newest.is_some() && !guild && !message,
            Unsuitable::Newest(kind),
        ),
        (
            policy.limits.per_group.is_some() && matches!(kind, Kind::PrivateChannel | Kind::User),
            Unsuitable::PerGuild(kind),
        ),
        (built_in && kind != Kind::Member, Unsuitable::Keep(kind)),
    ];
    match reasons.into_iter().find(|(broken, _)| *broken) {
        Some((_, why)) => Err(why),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{MemberTraits, Predicate};
    use super::*;
    use core::time::Duration;
    use std::string::ToString;
    use std::vec::Vec;

    #[test]
    fn the_default_is_the_default_kinds() {
        assert_eq!(Policies::default().kinds(), Kinds::default());
        assert_eq!(Policies::from(Kinds::all()).kinds(), Kinds::all());
        assert_eq!(Policies::from(Kinds::empty()).kinds(), Kinds::empty());
    }

    #[test]
    fn zero_of_anything_is_none() {
        let zeros = [
            Policy::none(),
            Policy::lru(0),
            Policy::all().per_guild(0),
            Policy::all().per_channel(0),
            Policy::newest_per_channel(0),
            Policy::all().time_to_live(Duration::ZERO),
            Policy::keep(MemberTraits::OWNER).at_most(0),
        ];
        for policy in zeros {
            assert!(policy.is_none() && !policy.is_all(), "{policy:?}");
        }
        let spared = Policy::lru(0).sparing(MemberTraits::IN_VOICE);
        assert!(!spared.is_none() && !spared.is_all());
        assert!(Policy::all().is_all() && Policy::all().sparing(MemberTraits::OWN).is_all());
    }

    #[test]
    fn what_makes_no_sense_is_refused_and_says_why() {
        let own = || Predicate::when(|_| true);
        let cases = [
            (Kind::Guild, Policy::lru(3), Unsuitable::Guilds),
            (Kind::Guild, Policy::keep(own()), Unsuitable::Guilds),
            (
                Kind::Member,
                Policy::all().per_channel(3),
                Unsuitable::PerChannel(Kind::Member),
            ),
            (
                Kind::Role,
                Policy::newest_per_channel(3),
                Unsuitable::Newest(Kind::Role),
            ),
            (
                Kind::PrivateChannel,
                Policy::all().per_guild(3),
                Unsuitable::PerGuild(Kind::PrivateChannel),
            ),
            (
                Kind::User,
                Policy::all().per_guild(3),
                Unsuitable::PerGuild(Kind::User),
            ),
            (
                Kind::Presence,
                Policy::keep(MemberTraits::OWNER),
                Unsuitable::Keep(Kind::Presence),
            ),
            (
                Kind::Message,
                Policy::lru(9).sparing(own().or(MemberTraits::OWNER)),
                Unsuitable::Keep(Kind::Message),
            ),
        ];
        for (kind, policy, why) in cases {
            let mut policies = Policies::default();
            assert_eq!(policies.set(kind, policy), Err(why));
            assert_eq!(policies.kinds(), Kinds::default(), "nothing has changed");
            assert!(why.to_string().len() > 20);
        }
        let fine = [
            (Kind::Guild, Policy::none()),
            (Kind::Member, Policy::keep(MemberTraits::OWNER).per_guild(5)),
            (Kind::Message, Policy::newest_per_channel(5).per_channel(3)),
            (Kind::Presence, Policy::keep(own()).at_most(5)),
            (Kind::User, Policy::lru(3)),
            (Kind::User, Policy::none()),
        ];
        for (kind, policy) in fine {
            assert!(Policies::default().with(kind, policy).is_ok(), "{kind:?}");
        }
    }

    #[test]
    fn what_grows_old_for_want_of_an_intent_is_off_unless_somebody_wants_it() {
        let kinds = |intents| Policies::following(intents).kinds();
        assert_eq!(kinds(Intents::all()), Kinds::default());
        let usual = Intents::GUILDS | Intents::GUILD_MEMBERS | Intents::GUILD_MESSAGES;
        let policies = Policies::following(usual);
        let warned: Vec<Kind> = policies.warnings(usual).map(|it| it.kind()).collect();
        assert_eq!(warned, [Kind::WebhookMark], "these are put in");
        let fresh = Kinds::GUILDS | Kinds::CHANNELS | Kinds::ROLES | Kinds::MEMBERS;
        assert!(policies.kinds().contains(fresh) && !policies.kinds().contains(Kinds::EMOJIS));
        assert!(kinds(usual | Intents::GUILD_EXPRESSIONS).contains(Kinds::EMOJIS));
        assert!(
            kinds(Intents::GUILDS).contains(Kinds::MEMBERS),
            "the own one"
        );
    }

    #[test]
    fn kinds_said_elsewhere_win_over_switches_not_over_limits() {
        let policies = Policies::default()
            .with(Kind::Member, Policy::lru(5))
            .unwrap()
            .matching(Kinds::MEMBERS | Kinds::PRESENCES);
        assert_eq!(policies.kinds(), Kinds::MEMBERS | Kinds::PRESENCES);
        assert!(policies.get(Kind::Member).is_tracked());
        assert!(policies.get(Kind::Presence).is_all());
        let each: Vec<Kind> = policies.kinds().each().collect();
        assert_eq!(each, [Kind::Member, Kind::Presence]);
    }
}
