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

/// A role that one member in five thousand has; of those beyond it, some are nobody's.
const RARE: u64 = ROLES - 6;

/// As many active threads as a guild may have.
const THREADS: u64 = 1_000;

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
    (0..THREADS).for_each(|thread| world.thread_create(1, thread, &mut frames));
    frames
}

/// Each question with its title and the ids that it is asked about.
fn asked(setup: &Setup) -> [(String, Question, Vec<u64>); 6] {
    let (world, members) = (setup.world, setup.scale.deleted);
    let large = |what: &str| format!("{what}, in a guild of {members}");
    let rare = vec![world.role_id(1, RARE)];
    let voice = (0..6).map(|at| world.channel_id(1, 1 + 5 * at)).collect();
    let users = || {
        let users = 0..1_000;
        let ids = users.map(|user| world.user_id(user * members / 1_000));
        ids.collect::<Vec<u64>>()
    };
    let threads = format!("the threads of a channel, in a guild of {THREADS}");
    let (shared, color) = ("the guilds shared with a user", "the color of a member");
    let highest = large("the highest role of a member");
    [
        (
            large("the members with a rare role"),
            Question::WithRole,
            rare,
        ),
        (large("who is in a voice channel"), Question::InVoice, voice),
        (threads, Question::ThreadsOf, world.parents_of_threads(1)),
        (large(shared), Question::SharedGuilds, users()),
        (highest, Question::HighestRole, users()),
        (large(color), Question::DisplayColor, users()),
    ]
}

/// Whether nothing found is an answer, and not the lack of a row.
const fn may_be_nobody(question: Question) -> bool {
    matches!(
        question,
        Question::WithRole | Question::InVoice | Question::ThreadsOf
    )
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
    let guild = setup.world.guild_id(1);
    let parts = asked(setup).map(|(title, question, ids)| {
        let mut first = None;
        let count = ids.len() as u64;
        let repetitions = setup.scale.repetitions;
        let figures = interleaved(setup.pair(), repetitions, count, |_, which| {
            let (answer, time) = Time::of(|| caches[&which].ask(question, guild, &ids));
            let found = answer != 0 || !may_be_nobody(question);
            assert!(found, "{title}: {which} finds nothing");
            assert_eq!(*first.get_or_insert(answer), answer, "{title}: {which}");
            time
        });
        Part {
            title,
            unit: Unit::Nanoseconds,
            target: Target::Shown,
            figures,
        }
    });
    Row {
        key: "questions",
        parts: parts.into(),
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
