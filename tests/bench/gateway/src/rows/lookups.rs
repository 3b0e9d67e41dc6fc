//! Look-ups in a large cache.

use std::collections::BTreeMap;

use super::Setup;
use crate::clock::Time;
use crate::library::{Library, Which};
use crate::measure::{Figures, interleaved};
use crate::payload::{Frames, Rng};
use crate::row::{Part, Row, Target, Unit};

type Caches = BTreeMap<Which, Box<dyn Library>>;

/// What is done with a library, a guild and users; all libraries give the same result.
type LookUp = fn(&dyn Library, u64, &[u64]) -> u64;

/// One member in a large guild, at random: found, and with its roles read.
pub fn lookup_time(setup: &Setup) -> Row {
    let target = Target::Part {
        must: 1.0,
        aim: 0.7,
    };
    lookups(setup, "lookup_time", setup.scale.sizes[1], target)
}

/// One member in a guild whose rows the processor has at hand.
pub fn hot_lookup_time(setup: &Setup) -> Row {
    let target = Target::TimesLess {
        must: 1.0,
        aim: 1.5,
    };
    lookups(setup, "hot_lookup_time", 1_000, target)
}

fn lookups(setup: &Setup, key: &'static str, members: u64, target: Target) -> Row {
    let caches = full_caches(setup, members);
    let part = |what: &str, look_up: LookUp| Part {
        title: format!("random lookup of one member in {members}{what}"),
        unit: Unit::Nanoseconds,
        target,
        figures: figures(setup, &caches, members, look_up),
    };
    Row {
        key,
        parts: vec![
            part("", |library, guild, users| library.look_up(guild, users)),
            part(", its roles read", |library, guild, users| {
                library.look_up_roles(guild, users)
            }),
        ],
        missing: None,
    }
}

fn figures(setup: &Setup, caches: &Caches, members: u64, look_up: LookUp) -> Figures {
    let count = setup.scale.look_ups;
    let guild = setup.world.guild_id(1);
    let mut results = BTreeMap::new();
    let libraries = setup.caches();
    interleaved(libraries, setup.scale.repetitions, count, |round, which| {
        let mut rng = Rng::new(round as u64);
        let user = |_| setup.world.user_id(rng.below(members));
        let users: Vec<u64> = (0..count).map(user).collect();
        let (result, time) = Time::of(|| look_up(&*caches[&which], guild, &users));
        assert_eq!(*results.entry(round).or_insert(result), result, "{which}");
        time
    })
}

fn full_caches(setup: &Setup, members: u64) -> Caches {
    let mut caches: Caches = setup
        .caches()
        .iter()
        .map(|&which| (which, which.start()))
        .collect();
    let mut frames = Frames::default();
    setup.world.bare_guild(1, &mut frames);
    for start in (0..members).step_by(1_000) {
        setup
            .world
            .chunk(1, start..start + 1_000, members / 1_000, &mut frames);
        for library in caches.values_mut() {
            frames
                .clone()
                .iter_mut()
                .for_each(|frame| library.feed(frame));
        }
        frames.clear();
    }
    caches
}
