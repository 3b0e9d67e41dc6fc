//! The files with the rows: each failure leaves the old ones or the new one, whole.

use std::sync::Arc;

use headcount_core::cache::{GuildStatus, MemoryStore, Mutation, Op};
use headcount_core::crc32c::crc32c;
use headcount_core::id::GuildId;
use headcount_core::{Position, ShardId};

use super::BOT;
use super::faulty::{Fault, Faulty, Part, Restart};
use crate::cache::{Cache, CachePlan};
use crate::state::disk::Disk as _;
use crate::state::{BotKey, FileHead, RowsWriter, SnapshotFiles};

fn files(disk: &Faulty) -> SnapshotFiles {
    SnapshotFiles::new(Arc::new(disk.clone()), BOT, &Arc::default())
}

/// A cache with so many guilds.
fn cache(guilds: u64) -> Cache {
    let plan = CachePlan::new(1, Default::default(), Default::default());
    let mut store = plan.empty();
    for guild in 1..=guilds {
        let available = Op::SetStatus(GuildStatus::Available);
        store.apply(Mutation::new(GuildId::new(guild)).with(available));
    }
    Cache::new(plan, Some(store))
}

fn head(guilds: u64) -> FileHead {
    let position = Position {
        shard: ShardId::ONE,
        session: 7,
        sequence: guilds,
    };
    FileHead {
        taken: guilds,
        lasts: 300_000,
        positions: vec![position],
    }
}

/// Writes a snapshot with so many guilds; whether it is on the disk.
fn write(files: &mut SnapshotFiles, guilds: u64) -> bool {
    let cache = cache(guilds);
    let mut body = RowsWriter::new(&cache, guilds);
    let written = files.write(head(guilds), |out| body.write(&cache, out));
    written.is_some()
}

/// Writes the portable form of one with so many guilds.
fn write_portable(files: &mut SnapshotFiles, guilds: u64) {
    let cache = cache(guilds);
    let mut body = RowsWriter::portable(&cache, guilds);
    files.write_portable(head(guilds), |out| body.write(&cache, out));
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

/// Lets the rows of a file be laid out as by no version that there is.
fn lay_out_anew(disk: &Faulty, name: &str) {
    let mut bytes = disk.content(name);
    let lines = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    let body = lines.map(|(at, _)| at + 1).nth(1).expect("two lines");
    // Eight bytes, and of each section nine before its content; the first one names the layout.
    let first = body + 8;
    let number = first + 9 + r#"{"layout":"#.len();
    assert_eq!(bytes[number], b'1');
    bytes[number] = b'9';
    let (mut at, mut last) = (first, [0; 4]);
    while at < bytes.len() {
        let length: [u8; 4] = bytes[at..at + 4].try_into().unwrap();
        let end = at + 9 + u32::from_le_bytes(length) as usize;
        last = crc32c(&[&last, &length, &bytes[at + 8..end]]).to_le_bytes();
        bytes[at + 4..at + 8].copy_from_slice(&last);
        at = end;
    }
    disk.put(name, &bytes);
}

/// What a version finds that lays rows out in another way.
fn found_by_another_version(disk: &Faulty) -> u64 {
    let other = disk.restart(Restart::Process);
    for name in ["snapshot.0", "snapshot.1"] {
        if other.names().iter().any(|own| own == name) {
            lay_out_anew(&other, name);
        }
    }
    found(&other)
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
        let is_unfinished = |name: &String| name.ends_with(".new");
        assert!(!disk.names().iter().any(is_unfinished), "room for others");
    }
}

#[test]
fn what_a_killed_process_was_writing_takes_no_room() {
    let disk = Faulty::new();
    run_to_the_end(&disk);
    disk.fail(Some(Fault::Killed(disk.operations() + 2, Part::Half)));
    assert!(!write(&mut files(&disk), 4));
    let disk = disk.restart(Restart::Process);
    let unfinished = |disk: &Faulty| disk.names().iter().any(|name| name.ends_with(".new"));
    assert!(unfinished(&disk));
    assert_eq!(found(&disk), 3);
    assert!(!unfinished(&disk));
}

/// Three snapshots, and the portable form of the last.
fn run_to_the_end(disk: &Faulty) {
    let mut files = files(disk);
    (1..=3).for_each(|guilds| assert!(write(&mut files, guilds)));
    write_portable(&mut files, 3);
}

const PORTABLE: &str = "snapshot.portable";

#[test]
fn another_version_finds_the_portable_form() {
    let disk = Faulty::new();
    run(&disk);
    assert_eq!(found_by_another_version(&disk), 0, "not before the end");
    let disk = Faulty::new();
    run_to_the_end(&disk);
    assert_eq!((found(&disk), found_by_another_version(&disk)), (3, 3));
    let whole = disk.content(PORTABLE);
    for at in 0..whole.len() {
        disk.put(PORTABLE, &whole[..at]);
        assert_eq!(found_by_another_version(&disk), 0, "cut at {at}");
        assert_eq!(found(&disk), 3);
    }
}

#[test]
fn the_portable_form_of_a_torn_snapshot_comes_before_the_one_before() {
    let disk = Faulty::new();
    run_to_the_end(&disk);
    disk.put("snapshot.1", b"");
    assert_eq!(found(&disk), 3);
    disk.put(PORTABLE, b"");
    assert_eq!(found(&disk), 2);
}

#[test]
fn a_portable_form_that_is_older_than_a_snapshot_is_not_used() {
    let disk = Faulty::new();
    run_to_the_end(&disk);
    let portable = disk.content(PORTABLE);
    let mut files = files(&disk);
    assert_eq!(files.find(None).heads.len(), 3);
    assert!(write(&mut files, 4));
    assert!(!disk.names().contains(&PORTABLE.to_owned()), "taken away");
    disk.write(PORTABLE, &portable).unwrap();
    assert_eq!((found(&disk), found_by_another_version(&disk)), (4, 0));
    assert_eq!(files.find(None).heads.len(), 2);
}

#[test]
fn whatever_fails_while_the_portable_form_is_written_leaves_it_whole_or_not_there() {
    let (before, after) = (Faulty::new(), Faulty::new());
    run(&before);
    run_to_the_end(&after);
    for at in before.operations()..after.operations() {
        let faults = Part::ALL.map(|part| [Fault::Killed(at, part), Fault::Failed(at, part)]);
        for fault in faults.into_iter().flatten().chain([Fault::Full(at)]) {
            let disk = Faulty::new();
            disk.fail(Some(fault));
            run_to_the_end(&disk);
            let losses = Restart::POWER_LOSSES.into_iter();
            for how in losses.chain([Restart::Process]) {
                let next = disk.restart(how);
                assert_eq!(found(&next), 3, "{fault:?}, {how:?}");
                let portable = found_by_another_version(&next);
                assert!(portable == 0 || portable == 3, "{fault:?}, {how:?}");
                let mut files = files(&next);
                files.find(None);
                assert!(write(&mut files, 4));
                write_portable(&mut files, 4);
                assert_eq!(found_by_another_version(&next), 4);
            }
        }
    }
}

#[test]
fn a_snapshot_of_another_bot_is_not_used() {
    let disk = Faulty::new();
    run(&disk);
    let empty = || MemoryStore::new(5);
    let other = BotKey::from_bits(8);
    let mut others = SnapshotFiles::new(Arc::new(disk.clone()), other, &Arc::default());
    let found = others.find(Some(&empty));
    assert!(found.restored.is_none() && found.heads.is_empty());
}

#[test]
fn what_is_taken_away_is_gone() {
    let disk = Faulty::new();
    run_to_the_end(&disk);
    files(&disk).remove();
    let next = disk.restart(Restart::Synchronised);
    assert_eq!(
        (found(&next), next.names().len()),
        (0, 1),
        "the journal stays"
    );
}
