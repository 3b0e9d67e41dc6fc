//! Rows that are a time.

use std::collections::BTreeMap;

use super::Setup;
use crate::clock::Time;
use crate::inflate::{Codec, Inflater, deflate};
use crate::library::{Kept, Library, Which};
use crate::measure::{Figures, feed, interleaved, timed_feed};
use crate::payload::{Event, Frames, World, presence_event, unwanted_event, voice_event};
use crate::row::{Part, Row, Target, Unit};

type Caches = BTreeMap<Which, Box<dyn Library>>;

fn part(title: &str, must: f64, aim: f64, figures: Figures) -> Part {
    let target = Target::TimesLess { must, aim };
    Part {
        title: title.to_owned(),
        unit: Unit::Nanoseconds,
        target,
        figures,
    }
}

/// Chunks of new members into a new cache, growth of its tables included.
pub fn chunk_time(setup: &Setup) -> Row {
    let Setup { world, scale, .. } = setup;
    let (mut guild, mut chunks) = (Frames::default(), Frames::default());
    world.bare_guild(1, &mut guild);
    for start in (0..scale.chunks * 1_000).step_by(1_000) {
        world.chunk(1, start..start + 1_000, scale.chunks, &mut chunks);
    }
    let members = scale.chunks * 1_000;
    let figures = interleaved(setup.all(), scale.repetitions, members, |_, which| {
        let mut library = which.start();
        feed(&mut *library, &guild);
        let time = timed_feed(&mut *library, &chunks);
        assert_eq!(
            library.members(world.guild_id(1)) as u64,
            members,
            "all are cached"
        );
        time
    });
    let title = format!(
        "chunks into the cache, a member of {} B",
        chunks.bytes() as u64 / members
    );
    Row {
        key: "chunk_time",
        parts: vec![part(&title, 4.0, 6.0, figures)],
        missing: None,
    }
}

/// Whole guilds into a new cache.
pub fn guild_create_time(setup: &Setup) -> Row {
    let mut guilds = Frames::default();
    let count = setup.scale.guild_creates;
    (0..count).for_each(|guild| setup.world.guild_create(guild, &mut guilds));
    let figures = interleaved(setup.all(), setup.scale.repetitions, count, |_, which| {
        timed_feed(&mut *which.start(), &guilds)
    });
    let title = format!(
        "guild creates into the cache, one of {} B",
        guilds.bytes() as u64 / count
    );
    Row {
        key: "guild_create_time",
        parts: vec![part(&title, 3.0, 5.0, figures)],
        missing: None,
    }
}

/// Caches of several guilds with all members and presences.
fn steady_caches(setup: &Setup, libraries: &[Which]) -> Caches {
    let Setup { world, scale, .. } = setup;
    let mut frames = Frames::default();
    for guild in 0..scale.guilds {
        world.bare_guild(guild, &mut frames);
        let users = guild * scale.members..(guild + 1) * scale.members;
        for start in users.clone().step_by(1_000) {
            world.chunk(
                guild,
                start..start + 1_000,
                scale.members / 1_000,
                &mut frames,
            );
        }
        users.for_each(|user| world.presence(guild, user, &mut frames));
    }
    let start = |&which: &Which| {
        let mut library = which.start();
        feed(&mut *library, &frames);
        (which, library)
    };
    libraries.iter().map(start).collect()
}

/// The events of one round; no two rounds have the same.
fn steady_events(setup: &Setup, round: usize) -> Frames {
    events(setup, round, World::event)
}

fn events(setup: &Setup, round: usize, event: Event) -> Frames {
    let Setup { world, scale, .. } = setup;
    let mut frames = Frames::default();
    for number in 0..scale.events {
        let guild = number % scale.guilds;
        let users = guild * scale.members..(guild + 1) * scale.members;
        let number = round as u64 * scale.events + number;
        event(*world, number, guild, users, &mut frames);
    }
    frames
}

fn cache(caches: &mut Caches, which: Which) -> &mut dyn Library {
    &mut **caches.get_mut(&which).expect("a cache for each library")
}

/// The steady mix from text to cache and event.
pub fn steady_time(setup: &Setup) -> Row {
    let title = "steady mix, text to cache and event";
    let caches = steady_caches(setup, setup.all());
    events_time(
        setup,
        "steady_time",
        (title, 3.0, 5.0),
        caches,
        World::event,
    )
}

/// The voice states of the steady mix.
pub fn voice_time(setup: &Setup) -> Row {
    let caches = steady_caches(setup, setup.pair());
    events_time(
        setup,
        "voice_time",
        ("voice states", 3.0, 5.0),
        caches,
        voice_event,
    )
}

/// The presences of the steady mix.
pub fn presence_time(setup: &Setup) -> Row {
    let caches = steady_caches(setup, setup.pair());
    events_time(
        setup,
        "presence_time",
        ("presences", 4.0, 6.0),
        caches,
        presence_event,
    )
}

/// Dispatches that are left out, beside a peer that finds their names alone.
pub fn unwanted_time(setup: &Setup) -> Row {
    let title = "presences and typings that are left out";
    let libraries = setup.pair().iter();
    let caches = libraries.map(|&which| (which, which.keeping(Kept::Nothing)));
    events_time(
        setup,
        "unwanted_time",
        (title, 0.7, 1.0),
        caches.collect(),
        unwanted_event,
    )
}

/// Events of one kind, with the libraries whose caches there are.
fn events_time(
    setup: &Setup,
    key: &'static str,
    (title, must, aim): (&str, f64, f64),
    mut caches: Caches,
    event: Event,
) -> Row {
    let scale = &setup.scale;
    let libraries: Vec<Which> = caches.keys().copied().collect();
    let rounds: Vec<Frames> = (0..=scale.repetitions)
        .map(|at| events(setup, at, event))
        .collect();
    let figures = interleaved(
        &libraries,
        scale.repetitions,
        scale.events,
        |round, which| timed_feed(cache(&mut caches, which), &rounds[round]),
    );
    let bytes = rounds[0].bytes() as u64 / scale.events;
    Row {
        key,
        parts: vec![part(
            &format!("{title}, one of {bytes} B"),
            must,
            aim,
            figures,
        )],
        missing: None,
    }
}

/// The steady mix with what the two compressed transports add, which is the same for all.
pub fn steady_inflate_time(setup: &Setup) -> Row {
    let mut caches = steady_caches(setup, setup.all());
    let zlib = inflate_time(setup, &mut caches, Codec::Zlib);
    let zstd = inflate_time(setup, &mut caches, Codec::Zstd);
    let parts = vec![
        part(
            "steady mix with inflate, end to end, zlib (zlib-rs)",
            1.5,
            1.8,
            zlib,
        ),
        part("steady mix with inflate, end to end, zstd", 1.5, 2.0, zstd),
    ];
    Row {
        key: "steady_inflate_time",
        parts,
        missing: None,
    }
}

fn inflate_time(setup: &Setup, caches: &mut Caches, codec: Codec) -> Figures {
    let scale = &setup.scale;
    let round = |at| deflate(codec, &steady_events(setup, at));
    let rounds: Vec<Frames> = (0..=scale.repetitions).map(round).collect();
    interleaved(
        setup.all(),
        scale.repetitions,
        scale.events,
        |round, which| {
            let library = cache(caches, which);
            let (mut inflater, mut text) = (Inflater::new(codec), Vec::new());
            let work = || {
                for packed in rounds[round].iter() {
                    inflater.inflate(packed, &mut text);
                    library.feed(&mut text);
                }
            };
            Time::of(work).1
        },
    )
}

/// A guild leaves: the only one, and one beside another that is as large.
pub fn guild_delete_time(setup: &Setup) -> Row {
    let members = setup.scale.deleted;
    let part = |what: &str, others: u64| {
        let title = format!("delete a guild of {members} members{what}");
        part(&title, 3.0, 5.0, deletions(setup, others))
    };
    Row {
        key: "guild_delete_time",
        parts: vec![part("", 0), part(", beside another one", members)],
        missing: None,
    }
}

/// Deletions of guild 1, in caches that also have guild 2 with so many members.
fn deletions(setup: &Setup, others: u64) -> Figures {
    let Setup { world, scale, .. } = setup;
    let members = scale.deleted;
    let (mut load, mut delete) = (Frames::default(), Frames::default());
    for (guild, users) in [(1, 0..members), (2, members..members + others)] {
        world.bare_guild(guild, &mut load);
        for start in users.clone().step_by(1_000) {
            world.chunk(guild, start..start + 1_000, users.end / 1_000, &mut load);
        }
    }
    world.guild_delete(1, &mut delete);
    interleaved(setup.caches(), scale.repetitions.min(5), 1, |_, which| {
        let mut library = which.start();
        feed(&mut *library, &load);
        let time = timed_feed(&mut *library, &delete);
        let left = [1, 2].map(|guild| library.members(world.guild_id(guild)) as u64);
        assert_eq!(left, [0, others], "one guild has gone");
        time
    })
}
