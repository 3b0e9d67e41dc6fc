//! Guilds that a store has failed, in the process that goes on with the rows: what comes again says
//! nothing new to a store that has it, so that events and the cache go on to say the same.

use headcount_core::cache::memory::snapshot::SnapshotReader;
use headcount_core::cache::memory::{Completeness, MemoryStore};
use headcount_core::cache::{GuildStatus, Lack};
use headcount_core::setup::{Outcome, Stage};
use headcount_core::{Input, Session};

use crate::guilds::{begun, guild};
use crate::handover::{acknowledge, exported, resumed};
use crate::host::{Host, dispatch};
use crate::restored::{TAKEN, apply, caching, listing, next, outage, restored, rows};

/// What a process receives, and what its store reports.
enum Step {
    Comes(u64),
    Leaves(u64),
    Passes(u64),
    Fails,
}

use Step::{Comes, Fails, Leaves, Passes};

impl Step {
    fn take(&self, host: &mut Host) {
        match *self {
            Comes(sequence) => host.receive(&listing(sequence, 1, &[5, 6])),
            Leaves(sequence) => host.receive(&outage(sequence, 1)),
            Passes(sequence) => host.receive(&dispatch(sequence)),
            Fails => host.input(Input::StoreFailed(guild(1))),
        };
    }
}

/// A process of which the record of its guilds is as of `recorded`, of all steps so many, and the
/// rows as of `written`; nothing but READY is acknowledged.
fn ended(steps: &[Step], recorded: usize, written: usize) -> (Session, MemoryStore) {
    let mut host = begun(caching(), &[1]);
    let mut store = MemoryStore::new(7);
    let mut session = None;
    for (number, step) in steps.iter().enumerate() {
        step.take(&mut host);
        if number < written {
            apply(&mut host, &mut store);
            store.reach(host.shard.position().unwrap());
        }
        if number + 1 == recorded {
            session = Some(exported(&host));
        }
    }
    (session.unwrap(), restored(&store))
}

/// Whether a guild has failed at last, by the events and by the cache, in a process that goes on
/// from there, and has these dispatches again or anew.
fn has_failed((session, mut store): (Session, MemoryStore), steps: &[Step]) -> bool {
    let mut host = next(session.clone(), &rows(&store, &session));
    for step in steps.iter().filter(|step| !matches!(step, Fails)) {
        step.take(&mut host);
    }
    host.receive(&resumed(9));
    let said = host.shard.guild(guild(1)).map(|it| it.stage);
    let Some(Stage::Ready { outcome, .. }) = said else {
        panic!("{said:?}");
    };
    apply(&mut host, &mut store);
    match (outcome, store.completeness(guild(1))) {
        (Outcome::Complete, Some(Completeness::Complete { members: 2 })) => false,
        (
            Outcome::StoreFailed,
            Some(Completeness::Partial {
                why: Lack::StoreFailed,
                ..
            }),
        ) => true,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_guild_that_comes_again_is_as_failed_as_in_the_store_that_has_it() {
    let steps = [Comes(2), Fails];
    assert!(has_failed(ended(&steps, 2, 2), &steps));
    let steps = [Comes(2), Leaves(3), Comes(4), Fails];
    assert!(has_failed(ended(&steps, 4, 4), &steps));
}

#[test]
fn rows_that_are_older_than_a_failure_do_not_undo_it() {
    let steps = [Comes(2), Comes(3), Fails];
    assert!(has_failed(ended(&steps, 3, 1), &steps));
}

#[test]
fn rows_that_are_newer_than_the_record_say_what_has_failed_since() {
    let steps = [Comes(2), Passes(3), Fails];
    assert!(has_failed(ended(&steps, 1, 3), &steps));
}

#[test]
fn rows_that_are_newer_than_the_record_say_what_has_come_anew_since() {
    let steps = [Comes(2), Fails, Comes(3)];
    assert!(!has_failed(ended(&steps, 2, 3), &steps));
}

#[test]
fn a_guild_that_is_delivered_anew_has_not_failed() {
    let steps = [Comes(2), Fails];
    let more = [Comes(2), Comes(3)];
    assert!(!has_failed(ended(&steps, 2, 2), &more));
}

#[test]
fn a_failed_guild_that_went_down_is_down() {
    let steps = [Comes(2), Fails, Leaves(3)];
    let (session, mut store) = ended(&steps, 2, 3);
    let mut host = next(session.clone(), &rows(&store, &session));
    steps[0].take(&mut host);
    steps[2].take(&mut host);
    host.receive(&resumed(9));
    apply(&mut host, &mut store);
    let stage = host.shard.guild(guild(1)).map(|it| it.stage);
    assert_eq!(stage, Some(Stage::Unavailable));
    assert_eq!(store.guild_status(guild(1)), Some(GuildStatus::Outage));
    acknowledge(&mut host, 9);
    let text = serde_json::to_string(&host.session().unwrap()).unwrap();
    assert!(text.contains(r#""failed":[]"#), "{text}");
}

#[test]
fn a_guild_that_is_ahead_of_its_shard_in_a_snapshot_says_what_has_failed_since() {
    let (mut host, mut store) = (begun(caching(), &[1]), MemoryStore::new(7));
    let take = |host: &mut Host, store: &mut MemoryStore, step: Step| {
        step.take(host);
        apply(host, store);
        store.reach(host.shard.position().unwrap());
    };
    take(&mut host, &mut store, Comes(2));
    let session = exported(&host);
    // The shard is written down as it is here, and the guild as it is later.
    let mut writer = store.snapshot(TAKEN).rows_a_copy(1);
    take(&mut host, &mut store, Passes(3));
    take(&mut host, &mut store, Fails);
    let mut bytes = Vec::new();
    while writer.copy(&store) {
        writer.write(&mut bytes);
    }
    writer.write(&mut bytes);
    let mut reader = SnapshotReader::new(MemoryStore::new(99));
    reader.push(&bytes).unwrap();
    let (store, _) = reader.finish().unwrap();
    assert!(has_failed((session, store), &[Comes(2), Passes(3), Fails]));
}
