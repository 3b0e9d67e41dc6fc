//! Questions beyond single rows, which indexes answer.

use std::collections::BTreeMap;

use headcount_core::cache::Kind;

use super::Setup;
use crate::clock::Time;
use crate::library::{Kept, Library, Question, Which};
use crate::measure::{Figure, Figures, feed, interleaved};
use crate::ours::Ours;
use crate::payload::{Frames, ROLES, voice_event};
use crate::row::{Part, Row, Target, Unit};

/// A role that hardly anyone has, for one that twenty members or so have.
const RARE: u64 = ROLES - 1;

/// The members of a guild, and those of another one who are in this one too.
fn filled(setup: &Setup) -> Frames {
    let (world, members) = (setup.world, setup.scale.deleted);
    let mut frames = Frames::default();
    for (guild, members) in [(1, members), (2, members / 2)] {
        world.bare_guild(guild, &mut frames);
        for start in (0..members).step_by(1_000) {
            world.chunk(guild, start..start + 1_000, members / 1_000, &mut frames);
        }
    }
    for number in 0..members / 20 {
        voice_event(world, number, 1, 0..members, &mut frames);
    }
    frames
}

/// Time for each question, with the indexes that headcount keeps if it is told to.
pub fn questions(setup: &Setup) -> Row {
    let frames = filled(setup);
    let caches: BTreeMap<Which, Box<dyn Library>> = setup
        .pair()
        .iter()
        .map(|&which| {
            let mut library = which.keeping(Kept::Indexed);
            feed(&mut *library, &frames);
            (which, library)
        })
        .collect();
    let (world, members) = (setup.world, setup.scale.deleted);
    let users: Vec<u64> = (0..1_000)
        .map(|user| world.user_id(user * members / 1_000))
        .collect();
    let channels: Vec<u64> = (0..6).map(|at| world.channel_id(1, 1 + 5 * at)).collect();
    let part = |what: &str, question, ids: &[u64]| {
        let mut answers = BTreeMap::new();
        let count = ids.len() as u64;
        let repetitions = setup.scale.repetitions;
        let figures = interleaved(setup.pair(), repetitions, count, |_, which| {
            let ask = || caches[&which].ask(question, world.guild_id(1), ids);
            let (answer, time) = Time::of(ask);
            assert_eq!(*answers.entry(count).or_insert(answer), answer, "{which}");
            time
        });
        Part {
            title: format!("{what}, in a guild of {members}"),
            unit: Unit::Nanoseconds,
            target: Target::Shown,
            figures,
        }
    };
    let rare = [world.role_id(1, RARE)];
    Row {
        key: "questions",
        parts: vec![
            part("the members with a rare role", Question::WithRole, &rare),
            part("who is in a voice channel", Question::InVoice, &channels),
            part(
                "the guilds shared with a user",
                Question::SharedGuilds,
                &users,
            ),
            part(
                "the highest role of a member",
                Question::HighestRole,
                &users,
            ),
            part("the color of a member", Question::DisplayColor, &users),
        ],
        missing: None,
    }
}

/// What the index of members by role costs: bytes a member, and time for a new one.
pub fn index_bytes(setup: &Setup) -> Row {
    let frames = filled(setup);
    let members = (setup.scale.deleted + setup.scale.deleted / 2) as f64;
    let bytes = |kept| {
        let mut ours = Ours::keeping(kept);
        feed(&mut ours, &frames);
        let (_, store) = ours.into_parts();
        store.bytes(Kind::Member) as f64
    };
    let cost = (bytes(Kept::Indexed) - bytes(Kept::State)) / members;
    let both = [("off", Kept::State), ("on", Kept::Indexed)];
    let time = both.map(|(is, kept)| {
        let figures = interleaved(
            Which::ALONE,
            setup.scale.repetitions,
            members as u64,
            |_, which| {
                let mut library = which.keeping(kept);
                Time::of(|| feed(&mut *library, &frames)).1
            },
        );
        Part {
            title: format!("chunks into the cache, a member, indexes {is}"),
            unit: Unit::Nanoseconds,
            target: Target::Shown,
            figures,
        }
    });
    let mut parts = vec![Part {
        title: "bytes a member in the index of members by role".to_owned(),
        unit: Unit::Bytes,
        target: Target::Shown,
        figures: Figures::from([(Which::Ours, Figure::exact(cost))]),
    }];
    parts.extend(time);
    Row {
        key: "index_bytes",
        parts,
        missing: None,
    }
}
