//! Look-ups in a large cache.

use std::collections::BTreeMap;

use super::Setup;
use crate::clock::Time;
use crate::library::{Library, Which};
use crate::measure::interleaved;
use crate::payload::{Frames, Rng};
use crate::row::{Part, Row, Target, Unit};

/// One member in a large guild, at random.
pub fn lookup_time(setup: &Setup) -> Row {
    let members = setup.scale.sizes[1];
    let caches = full_caches(setup, members);
    let guild = setup.world.guild_id(1);
    let count = setup.scale.look_ups;
    let figures = interleaved(
        setup.caches(),
        setup.scale.repetitions,
        count,
        |round, which| {
            let mut rng = Rng::new(round as u64);
            let users: Vec<u64> = (0..count)
                .map(|_| setup.world.user_id(rng.below(members)))
                .collect();
            Time::of(|| caches[&which].look_up(guild, &users)).1
        },
    );
    let target = Target::Part {
        must: 1.0,
        aim: 0.7,
    };
    let title = format!("random lookup of one member in {members}");
    let part = Part {
        title,
        unit: Unit::Nanoseconds,
        target,
        figures,
    };
    Row {
        key: "lookup_time",
        parts: vec![part],
        missing: None,
    }
}

fn full_caches(setup: &Setup, members: u64) -> BTreeMap<Which, Box<dyn Library>> {
    let mut caches: BTreeMap<_, _> = setup
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
