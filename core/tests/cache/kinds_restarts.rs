//! Any history goes on in another process, which reads what the store held.

use std::collections::BTreeMap;

use headcount_core::Instant;
use headcount_core::cache::MemoryStore;
use proptest::prelude::*;

use crate::exported::{contents, reread};
use crate::kinds_history::Pair;
use crate::kinds_steps::{Step, ruled, step};
use crate::snapshots::{Taken, resnapped};
use crate::world::History;

impl Pair {
    /// Another process goes on with a snapshot of this one's rows, their use and their ages.
    fn restart_warm(&mut self) {
        let now = Instant::from_millis(self.model.now);
        self.world.store = resnapped(&self.world.store, now);
    }

    /// Another process goes on with what this one wrote out.
    fn restart(&mut self) {
        let now = Instant::from_millis(self.model.now);
        self.world.store = reread(&self.world.store, now);
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(400)
    })]

    #[test]
    fn a_store_that_was_read_back_goes_on_as_the_model_does_under_any_policies(
        rules in prop::collection::btree_map(0..40_usize, ruled(), 0..10),
        steps in prop::collection::vec(step(), 1..60),
        at in any::<prop::sample::Index>(),
    ) {
        let mut pair = Pair::new(&rules);
        let at = at.index(steps.len());
        for (n, step) in steps.into_iter().enumerate() {
            if n == at {
                let before = contents(&pair.world.store);
                pair.restart_warm();
                prop_assert_eq!(contents(&pair.world.store), before);
            }
            pair.step(step.clone());
            pair.compare().map_err(|error| {
                TestCaseError::fail(format!("{error} after {step:?}"))
            })?;
        }
    }

    #[test]
    fn a_store_that_was_exported_goes_on_as_before(
        steps in prop::collection::vec(step(), 1..80),
        at in any::<prop::sample::Index>(),
    ) {
        let (mut pair, mut other) = (Pair::new(&BTreeMap::new()), Pair::new(&BTreeMap::new()));
        let at = at.index(steps.len());
        for (n, step) in steps.into_iter().enumerate() {
            // The order of use begins anew.
            if matches!(step, Step::Rule(..)) {
                continue;
            }
            if n == at {
                pair.restart();
            }
            pair.step(step.clone());
            other.step(step);
            pair.compare()?;
        }
        prop_assert_eq!(contents(&pair.world.store), contents(&other.world.store));
    }

    #[test]
    fn a_store_written_guild_by_guild_is_whole_once_the_rest_has_come_again(
        steps in prop::collection::vec(step(), 1..60),
        begin in any::<prop::sample::Index>(),
        pace in 1..4_usize,
    ) {
        let mut pair = Pair::new(&BTreeMap::new());
        pair.world.history = Some(History::default());
        let begin = begin.index(steps.len());
        let mut taken: Option<Taken> = None;
        for (n, step) in steps.into_iter().enumerate() {
            if matches!(step, Step::Rule(..)) {
                continue;
            }
            // Whoever has a new session begins anew.
            let anew = matches!(step, Step::Ready(_)) && taken.as_ref().is_some_and(|it| it.more);
            pair.step(step);
            if n == begin || anew {
                taken = Some(Taken::of(&pair.world.store));
            } else if let Some(taken) = taken.as_mut().filter(|_| n % pace == 0) {
                taken.copy(&pair.world.store);
            }
        }
        if let Some(mut taken) = taken {
            while taken.more {
                taken.copy(&pair.world.store);
            }
            let mut again = taken.read(MemoryStore::new(9));
            pair.world.history.as_ref().unwrap().replay(&mut again);
            prop_assert_eq!(contents(&again), contents(&pair.world.store));
        }
    }

    #[test]
    fn an_exported_store_holds_the_same_under_any_policies(
        rules in prop::collection::btree_map(0..40_usize, ruled(), 0..10),
        steps in prop::collection::vec(step(), 1..80),
    ) {
        let mut pair = Pair::new(&rules);
        for step in steps {
            pair.step(step);
        }
        let before = contents(&pair.world.store);
        pair.restart();
        prop_assert_eq!(contents(&pair.world.store), before);
    }
}
