//! The files with the rows: each failure leaves the old ones or the new one, whole.

use std::sync::Arc;

use headcount_core::cache::{GuildStatus, Kinds, MemoryStore, Mutation, Op};
use headcount_core::id::GuildId;
use headcount_core::{Position, ShardId};

use super::BOT;
use super::faulty::{Fault, Faulty, Part, Restart};
use crate::cache::{Cache, CachePlan};
use crate::state::{BotKey, FileHead, RowsWriter, SnapshotFiles};

fn files(disk: &Faulty) -> SnapshotFiles {
    SnapshotFiles::new(Arc::new(disk.clone()), BOT)
}

/// A cache with so many guilds.
fn cache(guilds: u64) -> Cache {
    let plan = CachePlan::new(1, Default::default(), Default::default());
    let mut store = plan.empty();
    for guild in 1..=guilds {
        let available = Op::SetStatus(GuildStatus::Available);
        store.apply(Mutation::new(GuildId::new(guild)).with(available));
    }
    Cache::new(plan, Some(store), Kinds::empty())
}

/// Writes a snapshot with so many guilds; whether it is on the disk.
fn write(files: &mut SnapshotFiles, guilds: u64) -> bool {
    let position = Position {
        shard: ShardId::ONE,
        session: 7,
        sequence: guilds,
    };
    let head = FileHead {
        taken: guilds,
        positions: vec![position],
    };
    let cache = cache(guilds);
    let mut body = RowsWriter::new(&cache, guilds);
    files.write(head, |out| body.write(&cache, out)).is_some()
}

/// How many guilds the next process finds; zero if there is no snapshot.
fn found(disk: &Faulty) -> u64 {
    let empty = || MemoryStore::new(5);
    let found = files(disk).find(Some(&empty));
    let Some(restored) = found.restored else {
        return 0;
    };
    let there = |guild| {
        restored
            .store
            .guild_status(GuildId::new(guild).unwrap())
            .is_some()
    };
    let guilds = (1..=9).filter(|guild| there(*guild)).count() as u64;
    assert_eq!(
        restored.head.taken, guilds,
        "the head is of the same snapshot"
    );
    assert_eq!(restored.head.positions[0].sequence, guilds);
    guilds
}

/// Three snapshots; how many of them are on the disk.
fn run(disk: &Faulty) -> u64 {
    let mut files = files(disk);
    let written = (1..=3).map(|guilds| u64::from(write(&mut files, guilds)) * guilds);
    written.max().unwrap()
}

#[test]
fn the_newest_is_found_and_one_that_is_damaged_gives_way_to_the_one_before() {
    let disk = Faulty::new();
    assert_eq!(found(&disk), 0);
    assert_eq!(run(&disk), 3);
    assert_eq!(found(&disk), 3);
    let whole = disk.content("snapshot.1");
    for at in 0..whole.len() {
        disk.put("snapshot.1", &whole[..at]);
        assert_eq!(found(&disk), 2, "cut at {at}");
        let mut changed = whole.clone();
        changed[at] ^= 1;
        disk.put("snapshot.1", &changed);
        assert_eq!(found(&disk), 2, "changed at {at}");
    }
    disk.put("snapshot.0", b"");
    assert_eq!(found(&disk), 0);
    let mut more = whole.clone();
    more.extend(b"more");
    disk.put("snapshot.1", &more);
    assert_eq!(found(&disk), 0);
}

#[test]
fn a_kill_or_a_loss_of_power_at_each_operation_leaves_a_whole_one() {
    let all = Faulty::new();
    run(&all);
    for at in 0..all.operations() {
        for part in Part::ALL {
            let disk = Faulty::new();
            disk.fail(Some(Fault::Killed(at, part)));
            let written = run(&disk);
            let losses = Restart::POWER_LOSSES.into_iter();
            for how in losses.chain([Restart::Process]) {
                let next = disk.restart(how);
                let left = found(&next);
                assert!(left >= written, "at {at}, {part:?}, {how:?}: {left}");
                let mut files = files(&next);
                let empty = || MemoryStore::new(5);
                files.find(Some(&empty));
                assert!(write(&mut files, 4));
                assert_eq!(found(&next), 4);
            }
        }
    }
}

#[test]
fn a_failure_of_each_operation_is_made_good_by_the_next_snapshot() {
    let all = Faulty::new();
    run(&all);
    for at in 0..all.operations() {
        for part in Part::ALL {
            let disk = Faulty::new();
            disk.fail(Some(Fault::Failed(at, part)));
            let mut files = files(&disk);
            for guilds in 1..=3 {
                let written = write(&mut files, guilds);
                let left = found(&disk.restart(Restart::Process));
                assert!(left == guilds || (!written && left + 1 == guilds));
            }
            disk.fail(None);
            assert!(write(&mut files, 4));
            assert_eq!(found(&disk), 4);
        }
    }
}

#[test]
fn a_full_disk_leaves_the_one_before() {
    let disk = Faulty::new();
    let mut files = files(&disk);
    assert!(write(&mut files, 1) && write(&mut files, 2));
    disk.fail(Some(Fault::Full(disk.operations())));
    for guilds in 3..=6 {
        assert!(!write(&mut files, guilds));
        assert_eq!(found(&disk), 2);
    }
}

#[test]
fn a_snapshot_of_another_bot_is_not_used() {
    let disk = Faulty::new();
    run(&disk);
    let empty = || MemoryStore::new(5);
    let other = BotKey::from_bits(8);
    let mut others = SnapshotFiles::new(Arc::new(disk.clone()), other);
    let found = others.find(Some(&empty));
    assert!(found.restored.is_none() && found.heads.is_empty());
}

#[test]
fn what_is_taken_away_is_gone() {
    let disk = Faulty::new();
    run(&disk);
    files(&disk).remove();
    assert_eq!(found(&disk.restart(Restart::Synchronised)), 0);
}
