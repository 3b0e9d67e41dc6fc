//! Putting a shard's rows into the cache, which others read meanwhile.

use headcount_core::cache::GuildStatus;
use headcount_core::cache::memory::{Exported, GuildState};

use crate::cache::Cache;

/// A shard's rows on their way into the cache. A guild counts as stale until all of it is there.
pub(super) struct Import<'c> {
    cache: &'c Cache,
    /// The guild of which not all may be there yet.
    guild: Option<GuildState>,
}

impl<'c> Import<'c> {
    pub(super) const fn new(cache: &'c Cache) -> Self {
        Self { cache, guild: None }
    }

    /// Puts in a piece of what a store has; what belongs to no guild stays out.
    pub(super) fn take(&mut self, piece: Exported<'_>) {
        match piece {
            Exported::Store(_) => {}
            Exported::Guild(state) => {
                self.finish();
                self.cache.import_guild(state, GuildStatus::Stale);
                self.guild = Some(state);
            }
            _ => self.cache.import(piece),
        }
    }

    /// All of the last guild is there.
    pub(super) fn finish(&mut self) {
        if let Some(state) = self.guild.take() {
            self.cache.set_status(state.id(), state.status());
        }
    }
}

#[cfg(test)]
mod tests {
    use headcount_core::ShardId;
    use headcount_core::cache::memory::{Completeness, Indexes};
    use headcount_core::cache::{Deriver, Kinds, MemoryStore};
    use headcount_core::id::GuildId;
    use headcount_core::wire::Name;
    use headcount_core::wire::view::View;

    use super::*;
    use crate::cache::CachePlan;

    /// A store with two guilds of two members each.
    fn store() -> MemoryStore {
        let mut store = MemoryStore::new(1);
        for guild in [1, 2] {
            let create = format!(
                r#"{{"id": "{guild}", "name": "room", "member_count": 2, "channels": [],
                "roles": [], "members": [{{"user": {{"id": "5"}}}}, {{"user": {{"id": "6"}}}}]}}"#
            );
            let view = View::parse(Name::GuildCreate, &create, Kinds::all()).expect("a guild");
            let mut deriver = Deriver::new(ShardId::ONE, Kinds::all());
            store.apply(deriver.derive(view.expect("it changes rows")));
        }
        store
    }

    #[test]
    fn a_guild_is_not_whole_before_all_of_it_is_there() {
        let plan = CachePlan::new(1, Kinds::all().into(), Indexes::empty());
        let (cache, store) = (Cache::new(plan, None), store());
        let found = |guild| cache.read(|store| store.completeness(GuildId::new(guild).unwrap()));
        let (mut import, mut partial) = (Import::new(&cache), 0);
        for piece in store.export() {
            import.take(piece);
            for guild in [1, 2] {
                match found(guild) {
                    Some(Completeness::Complete { members }) => assert_eq!(members, 2),
                    Some(Completeness::Partial { .. }) => partial += 1,
                    None => {}
                }
            }
        }
        import.finish();
        assert!(partial > 2, "{partial}");
        for guild in [1, 2] {
            assert_eq!(found(guild), Some(Completeness::Complete { members: 2 }));
        }
        let contents = |store: &MemoryStore| -> Vec<_> { store.export().skip(1).collect() };
        assert_eq!(cache.read(contents), contents(&store));
    }

    #[test]
    fn rows_that_a_store_of_ones_own_keeps_are_read_by_no_cache() {
        let plan = CachePlan::new(1, Kinds::all().into(), Indexes::empty());
        let plan = plan.kept_elsewhere(Kinds::MEMBERS);
        let (at_start, cache) = (plan.empty(), Cache::new(plan, None));
        for mut empty in [at_start, cache.empty(2)] {
            store().export().for_each(|piece| empty.import(piece));
            let counts = empty.counts(GuildId::new(1).unwrap());
            assert_eq!(counts.members, 0);
            let whole = empty.completeness(GuildId::new(1).unwrap());
            assert!(matches!(whole, Some(Completeness::Partial { .. })));
        }
    }
}
