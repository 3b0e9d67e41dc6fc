//! What a bot caches, and where, and which events it delivers.

use std::time::Duration;

use headcount_core::cache::memory::Indexes;
use headcount_core::cache::{AsyncStore, Kinds, Policies, Warning};
use headcount_core::wire::Name;

use super::Builder;
use crate::Runtime;

impl<R: Runtime> Builder<R> {
    /// Which rows are cached: [`Policies`], or plain [`Kinds`](headcount_core::cache::Kinds). Kinds
    /// of which none are kept are not even decoded. By default what the intents keep fresh:
    /// [`Policies::following`].
    ///
    /// ```no_run
    /// # use headcount_driver::{Builder, Runtime, core::Intents};
    /// use headcount_driver::core::cache::{Kind, MemberTraits, Policies, Policy, Unsuitable};
    ///
    /// # fn describe<R: Runtime>(builder: Builder<R>) -> Result<Builder<R>, Unsuitable> {
    /// let members = Policy::lru(10_000).sparing(MemberTraits::OWNER | MemberTraits::IN_VOICE);
    /// let policies = Policies::following(Intents::GUILDS | Intents::GUILD_MEMBERS);
    /// let policies = policies.with(Kind::Member, members)?;
    /// let builder = builder.cache(policies);
    /// # Ok(builder)
    /// # }
    /// ```
    #[must_use]
    pub fn cache(mut self, policies: impl Into<Policies>) -> Self {
        let policies = policies.into();
        self.config.tracker.kinds = policies.kinds();
        self.policies = Some(policies);
        self
    }

    /// Which dispatches are delivered, by name; all of them by default.
    ///
    /// One that is left out still changes the cache, and counts as dealt with. The events that
    /// follow from dispatches (guilds, readiness, requests, connections) come in any case, and so
    /// does what of any dispatch was not understood. If the cache needs nothing of a dispatch that
    /// is left out, not even its JSON is looked at. Nobody who
    /// [waits](crate::Handle::wait_for) for a name that is left out hears of it.
    ///
    /// ```no_run
    /// # use headcount_driver::{Builder, Runtime};
    /// use headcount_driver::core::wire::Name;
    ///
    /// # fn describe<R: Runtime>(builder: Builder<R>) -> Builder<R> {
    /// builder.events([Name::MessageCreate, Name::InteractionCreate])
    /// # }
    /// ```
    #[must_use]
    pub fn events(mut self, names: impl IntoIterator<Item = Name>) -> Self {
        self.config.tracker.events = names.into_iter().collect();
        self
    }

    /// Which indexes the cache in memory keeps, for look-ups by role, voice channel, parent or
    /// recipient; none by default. What they cost stands at [`Indexes`].
    ///
    /// ```no_run
    /// # use headcount_driver::{Builder, Runtime};
    /// use headcount_driver::core::cache::memory::Indexes;
    ///
    /// # fn describe<R: Runtime>(builder: Builder<R>) -> Builder<R> {
    /// builder.indexes(Indexes::MEMBERS_BY_ROLE | Indexes::VOICE_BY_CHANNEL)
    /// # }
    /// ```
    #[must_use]
    pub const fn indexes(mut self, indexes: Indexes) -> Self {
        self.indexes = indexes;
        self
    }

    /// What the caller has asked to be cached and will not come, for want of an intent or of
    /// another kind. The same is logged when the bot starts.
    ///
    /// ```
    /// # use headcount_driver::{Builder, Runtime};
    /// # fn describe<R: Runtime>(builder: Builder<R>) -> Builder<R> {
    /// builder.warnings().for_each(|warning| eprintln!("{warning}"));
    /// # builder
    /// # }
    /// ```
    pub fn warnings(&self) -> impl Iterator<Item = Warning> + use<R> {
        let asked_for = match self.follows_intents() {
            true => self.stores.kinds(),
            false => Kinds::all(),
        };
        let kept = self.kept();
        let warnings = kept.warnings(self.config.intents);
        let warnings = warnings.filter(|warning| asked_for.contains(warning.kind().only()));
        warnings.collect::<Vec<_>>().into_iter()
    }

    /// Whether nobody has said what is to be cached in memory.
    fn follows_intents(&self) -> bool {
        self.policies.is_none() && self.config.tracker.kinds == Kinds::default()
    }

    /// The policies, with the kinds that the configuration has the last word on.
    pub(crate) fn kept(&self) -> Policies {
        let policies = match &self.policies {
            Some(policies) => policies.clone(),
            None if self.follows_intents() => Policies::following(self.config.intents),
            None => Policies::default(),
        };
        let kinds = match self.follows_intents() {
            true => policies.kinds(),
            false => self.config.tracker.kinds,
        };
        policies.matching(kinds | self.stores.kinds())
    }

    /// Keeps these kinds in a store of your own instead of in memory; they are cached then, too.
    ///
    /// An event waits until its change is stored, and so do later events of its guild; other
    /// guilds go on, and so do heartbeats. A change that fails is tried again, up to
    /// [`Builder::store_attempts`] and within [`Builder::store_deadline`]. One that fails for good
    /// is an [`Event::StoreFailed`](headcount_core::Event), and the event follows all the same
    /// ([`Dispatch::is_unstored`](headcount_core::Dispatch::is_unstored)). A guild counts as
    /// complete only when all that it consists of is stored. Users go with the members and messages
    /// that hold them.
    ///
    /// ```
    /// # use headcount_driver::{Builder, Runtime};
    /// use headcount_driver::core::cache::{AsyncStore, Kinds};
    ///
    /// fn describe<R: Runtime, S>(builder: Builder<R>, store: S) -> Builder<R>
    /// where
    ///     S: AsyncStore + Send + Sync + 'static,
    ///     S::Error: Send + Sync,
    /// {
    ///     builder.store(Kinds::MEMBERS, store)
    /// }
    /// ```
    #[must_use]
    pub fn store<S>(mut self, kinds: Kinds, store: S) -> Self
    where
        S: AsyncStore + Send + Sync + 'static,
        S::Error: Send + Sync + 'static,
    {
        self.stores.route(kinds, store);
        self
    }

    /// How long a store of your own may take for one change before it counts as failed, all
    /// attempts and the pauses between them included; 10 seconds by default. Changes of the same
    /// guild that wait behind such a one count as failed with it, up to where the guild is
    /// delivered anew: no event waits longer than this for a store that is stuck.
    ///
    /// ```
    /// # use headcount_driver::{Builder, Runtime};
    /// # use std::time::Duration;
    /// # fn describe<R: Runtime>(builder: Builder<R>) -> Builder<R> {
    /// builder.store_deadline(Duration::from_secs(3))
    /// # }
    /// ```
    #[must_use]
    pub fn store_deadline(mut self, deadline: Duration) -> Self {
        self.stores.deadline = deadline;
        self
    }

    /// How often a store of your own is handed one change before it counts as failed, 1 to 100; 3
    /// by default. The same change comes again, with the same origin
    /// ([`Mutation::origin`](headcount_core::cache::Mutation::origin)), after 100 ms and then after
    /// twice as long each time. A store that has panicked is not tried again, nor one whose error
    /// [stays](headcount_core::cache::AsyncStore::is_final).
    ///
    /// ```
    /// # use headcount_driver::{Builder, Runtime};
    /// # fn describe<R: Runtime>(builder: Builder<R>) -> Builder<R> {
    /// builder.store_attempts(1) // a change that fails is not tried again
    /// # }
    /// ```
    #[must_use]
    pub fn store_attempts(mut self, attempts: u32) -> Self {
        self.stores.attempts = attempts;
        self
    }

    /// Whether events carry what they displaced in the cache
    /// ([`Dispatch::displaced`](headcount_core::Dispatch::displaced)); off by default, since it
    /// copies each row that changes.
    ///
    /// ```
    /// # use headcount_driver::{Builder, Runtime};
    /// # fn describe<R: Runtime>(builder: Builder<R>) -> Builder<R> {
    /// builder.old_values(true)
    /// # }
    /// ```
    #[must_use]
    pub fn old_values(mut self, wanted: bool) -> Self {
        self.old_values = wanted;
        self
    }
}
