//! The guilds that are not whole, in whichever stage they are.

use core::iter;
use core::ops::Bound;

use super::GuildRegistry;
use crate::id::GuildId;

impl GuildRegistry {
    /// The guilds with an id above `after` that are not whole, ascending: all but those set up with
    /// every member. Each costs a search in every stage.
    pub(crate) fn not_whole(&self, after: Option<GuildId>) -> impl Iterator<Item = GuildId> + '_ {
        let mut last = after;
        iter::from_fn(move || {
            last = self.next_not_whole(last);
            last
        })
        .fuse()
    }

    fn next_not_whole(&self, after: Option<GuildId>) -> Option<GuildId> {
        let above = (
            after.map_or(Bound::Unbounded, Bound::Excluded),
            Bound::Unbounded,
        );
        let stages = [
            self.expected.range(above).next().map(|(guild, _)| guild),
            self.syncing.range(above).next().map(|(guild, _)| guild),
            self.requested.range(above).next().map(|(guild, _)| guild),
            self.receiving.range(above).next().map(|(guild, _)| guild),
            self.storing.range(above).next().map(|(guild, _)| guild),
            self.lacking.range(above).next(),
            self.missed.range(above).next().map(|(guild, _)| guild),
            self.unavailable.range(above).next().map(|(guild, _)| guild),
        ];
        stages.into_iter().flatten().min().copied()
    }

    /// How many guilds are not whole. Constant time.
    pub(crate) fn not_whole_count(&self) -> usize {
        let whole = self.ready.len().saturating_sub(self.lacking.len());
        self.len().saturating_sub(whole)
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::super::tests::stages;
    use super::super::*;

    #[test]
    fn what_is_not_whole_comes_ascending_over_all_stages_and_from_anywhere() {
        let mut registry = GuildRegistry::default();
        let id = |number| GuildId::new(number).unwrap();
        let complete = ready(Origin::Initial, Outcome::Complete, MemberCount::default());
        for number in 1..=200 {
            let at = usize::try_from(number * 7 % 9).unwrap();
            let stage = stages().get(at).unwrap_or(&complete).clone();
            let since = Instant::ZERO;
            registry.put(id(number), TimedStage { since, stage });
        }
        let all: Vec<GuildId> = registry.not_whole(None).collect();
        let expected = (1..=200).filter(|number| number * 7 % 9 != 8).map(id);
        assert!(all.iter().copied().eq(expected));
        assert_eq!(registry.not_whole_count(), all.len());
        for (at, guild) in all.iter().enumerate() {
            assert!(
                registry
                    .not_whole(Some(*guild))
                    .eq(all[at + 1..].iter().copied())
            );
        }
    }
}
