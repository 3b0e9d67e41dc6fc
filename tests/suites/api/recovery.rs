//! A connection that is cut while members are on their way: the session resumes, and the guild
//! still ends complete, down to the ids of its members.

use std::collections::BTreeSet;

use headcount_core::cache::MemoryStore;
use headcount_core::id::GuildId;
use headcount_core::setup::Outcome;
use headcount_core::{Action, Event};
use headcount_sim::{Act, Fault, Options, Pace, Pair, Plan, Target, Trouble, guild_id};

use crate::bot::{options, pair};

const MEMBERS: u32 = 4_500;

fn large(faults: Vec<Fault>, answers_outlive_connection: bool) -> Options {
    let world = Plan {
        roles: 2,
        channels: 2,
        emojis: 0,
        ..Plan::sizes([MEMBERS, 30])
    };
    let pace = Pace {
        answers_outlive_connection,
        ..Pace::default()
    };
    Options {
        world,
        faults,
        pace,
        ..options()
    }
}

/// What the store holds after all mutations, in order.
fn cached(pair: &Pair, guild: GuildId) -> BTreeSet<u64> {
    let mut store = MemoryStore::new(1);
    for done in &pair.done {
        if let Action::Mutate(mutation) = &done.action {
            store.apply(mutation.clone());
        }
    }
    store
        .members(guild)
        .map(|member| member.user().id().get())
        .collect()
}

fn outcomes(pair: &Pair, guild: GuildId) -> Vec<Outcome> {
    let ready = |event: &Event<'_>| match event {
        Event::GuildReady(ready) if ready.guild == guild => Some(ready.outcome.clone()),
        _ => None,
    };
    pair.events().filter_map(ready).collect()
}

/// Whether the guild is complete on the session that it began with, which was resumed.
fn check(pair: &Pair, what: &str) {
    let guild = GuildId::new(guild_id(0)).unwrap();
    assert_eq!(outcomes(pair, guild), [Outcome::Complete], "{what}");
    let ledger = pair.gateway.ledger();
    assert_eq!(ledger.identifies.len(), 1, "{what}: one session");
    assert!(!ledger.resumes.is_empty(), "{what}: resumed");
    let world = pair.gateway.world().guild(guild.get()).unwrap();
    let members: BTreeSet<u64> = (0..MEMBERS as usize)
        .filter_map(|at| world.member_at(at))
        .collect();
    assert_eq!(members.len(), MEMBERS as usize);
    assert!(cached(pair, guild) == members, "{what}: other members");
    assert_eq!(pair.gateway.violations(), [], "{what}");
}

#[test]
fn a_cut_after_each_chunk_ends_complete() {
    for outlives in [true, false] {
        for chunks in 1..=5 {
            let faults = vec![Fault::once(Trouble::CutAfterChunks(chunks))];
            let mut pair = pair(large(faults, outlives), u64::from(chunks));
            pair.run(300_000);
            check(
                &pair,
                &format!("{chunks} chunks, answers outlive: {outlives}"),
            );
        }
    }
}

#[test]
fn so_does_every_other_way_to_lose_the_connection_in_between() {
    for act in [
        Act::Cut(Target::All),
        Act::Close(Target::All, 4000),
        Act::Reconnect(Target::All),
        Act::Silence(Target::All),
        Act::Invalidate {
            target: Target::All,
            resumable: true,
        },
    ] {
        for outlives in [true, false] {
            let mut pair = pair(large(Vec::new(), outlives), 7);
            let chunked = |pair: &Pair| pair.gateway.ledger().chunks_sent() >= 2;
            assert!(pair.run_until(60_000, chunked));
            pair.act(act.clone());
            pair.run(400_000);
            check(&pair, &format!("{act:?}, answers outlive: {outlives}"));
        }
    }
}

#[test]
fn more_cuts_within_one_answer_than_silences_are_suffered_end_complete() {
    let faults = [1, 2, 1, 2, 1].map(|chunks| Fault::once(Trouble::CutAfterChunks(chunks)));
    let mut pair = pair(large(faults.into(), false), 3);
    pair.run(600_000);
    assert_eq!(pair.gateway.ledger().resumes.len(), 5);
    check(&pair, "five cuts");
}
