//! Which guilds were asked for everyone, from one process to the next.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use headcount_core::ShardId;
use headcount_core::id::GuildId;

use super::faulty::{Fault, Faulty, Part, Restart};
use super::{journal, open};
use crate::state::{BotKey, Durability, RequestLog, StateFolder};

const SHARD: ShardId = ShardId::new(1, 2);

fn at(second: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(second)
}

fn log(folder: &StateFolder, shard: ShardId) -> RequestLog {
    // A shard has a journal before it asks anybody.
    drop(journal(folder, shard));
    folder.request_log(shard, Duration::from_secs(30))
}

fn note(log: &mut RequestLog, guild: u64, second: u64) {
    log.note_at(at(second), GuildId::new(guild).expect("not zero"));
}

/// The guilds that were asked before `second`, by the folder.
fn asked(folder: &StateFolder, second: u64) -> Vec<(u64, u64)> {
    let ages = folder.requests().ages(at(second));
    ages.map(|(guild, ago)| (guild.get(), ago.as_secs()))
        .collect()
}

#[test]
fn guilds_that_were_asked_are_known_to_the_next_process_and_to_no_other_bot() {
    let disk = Faulty::new();
    let folder = open(&disk).0;
    let mut first = log(&folder, SHARD);
    note(&mut first, 7, 1_000);
    drop(first);
    // The shard begins again in the same process, and then in another one.
    note(&mut log(&folder, SHARD), 8, 1_010);
    note(&mut log(&open(&disk).0, ShardId::new(0, 2)), 9, 1_015);
    assert_eq!(asked(&open(&disk).0, 1_020), [(9, 5), (7, 20), (8, 10)]);
    let key = BotKey::from_bits(8);
    let over = StateFolder::over(Arc::new(disk), key, Durability::Process);
    assert_eq!(asked(&over.unwrap().0, 1_020), []);
}

#[test]
fn a_session_that_ends_leaves_behind_who_was_asked() {
    let disk = Faulty::new();
    let folder = open(&disk).0;
    let mut log = log(&folder, SHARD);
    let mut journal = journal(&folder, SHARD);
    journal.begin(
        &super::session(SHARD, "a", 1, &[7]),
        headcount_core::Instant::ZERO,
    );
    note(&mut log, 7, 1_000);
    journal.end(headcount_core::Instant::ZERO);
    let (next, sessions) = open(&disk);
    assert_eq!((sessions.len(), asked(&next, 1_001)), (0, vec![(7, 1)]));
}

#[test]
fn a_crash_at_any_moment_of_a_request_leaves_this_one_or_the_one_before() {
    for operation in 0..2 {
        for part in Part::ALL {
            let disk = Faulty::new();
            let folder = open(&disk).0;
            let mut log = log(&folder, SHARD);
            note(&mut log, 7, 1_000);
            disk.fail(Some(Fault::Killed(disk.operations() + operation, part)));
            note(&mut log, 7, 1_004);
            let disk = disk.restart(Restart::Process);
            let known = asked(&open(&disk).0, 1_005);
            let either = known == [(7, 5)] || known == [(7, 1)];
            assert!(either, "{operation}, {part:?}: {known:?}");
        }
    }
}

#[test]
fn a_request_that_cannot_be_written_down_is_counted_as_a_failure() {
    let disk = Faulty::new();
    let folder = open(&disk).0;
    let mut log = log(&folder, SHARD);
    disk.fail(Some(Fault::Full(0)));
    note(&mut log, 7, 1_000);
    assert_eq!(folder.failures().read().requests, 1);
}
