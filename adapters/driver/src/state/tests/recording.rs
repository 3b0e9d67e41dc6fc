//! What is recorded when.

use std::time::{Duration, SystemTime};

use headcount_core::fleet::StartLimit;
use headcount_core::session::Session;
use headcount_core::{Instant, ShardId};

use super::faulty::{Fault, Faulty, Part, Restart};
use super::{BOT, journal, open, saved, session};
use crate::state::document::Document;
use crate::state::{BotKey, Durability, StateFolder};

const SHARD: ShardId = ShardId::new(1, 2);

const fn ms(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

fn sequence(disk: &Faulty) -> Option<u64> {
    saved(disk).first().map(Session::sequence)
}

#[test]
fn acknowledgements_are_recorded_after_256_or_5_milliseconds() {
    let disk = Faulty::new();
    let (folder, _) = open(&disk);
    let mut journal = journal(&folder, SHARD);
    journal.begin(&session(SHARD, "a", 10, &[]), ms(0));
    assert_eq!(journal.deadline(), None);
    let before = disk.operations();
    for next in 11..266 {
        journal.acknowledged(next, ms(4));
    }
    assert_eq!(disk.operations(), before, "255 of them cost no write");
    journal.acknowledged(266, ms(4));
    assert_eq!(
        (disk.operations(), sequence(&disk)),
        (before + 1, Some(266))
    );
    journal.acknowledged(267, ms(20));
    assert_eq!(journal.deadline(), Some(ms(25)));
    journal.advance(ms(25));
    assert_eq!(
        (disk.operations(), sequence(&disk)),
        (before + 2, Some(267))
    );
    assert_eq!(journal.deadline(), None);
    journal.advance(ms(40));
    journal.acknowledged(266, ms(40));
    assert_eq!(disk.operations(), before + 2, "nothing new");
    assert_eq!(sequence(&disk), Some(267), "it never falls");
}

#[test]
fn a_stream_without_a_pause_is_recorded_every_5_milliseconds() {
    let disk = Faulty::new();
    let (folder, _) = open(&disk);
    let mut journal = journal(&folder, SHARD);
    journal.begin(&session(SHARD, "a", 10, &[]), ms(0));
    let times = [(1, 10), (5, 10), (6, 13), (7, 13), (12, 15)];
    for (next, (at, recorded)) in (11..).zip(times) {
        journal.acknowledged(next, ms(at));
        assert_eq!(sequence(&disk), Some(recorded), "at {at} ms");
    }
}

#[test]
fn a_drop_records_what_is_acknowledged() {
    let disk = Faulty::new();
    let (folder, _) = open(&disk);
    let mut journal = journal(&folder, SHARD);
    journal.begin(&session(SHARD, "a", 10, &[]), ms(0));
    journal.acknowledged(12, ms(1));
    drop(journal);
    assert_eq!(sequence(&disk), Some(12));
}

#[test]
fn no_record_passes_a_change_of_guilds_that_is_not_written() {
    let disk = Faulty::new();
    let (folder, _) = open(&disk);
    let mut journal = journal(&folder, SHARD);
    journal.begin(&session(SHARD, "a", 1, &[1]), ms(0));
    journal.acknowledged(2, ms(1));
    journal.guilds_changed();
    journal.acknowledged(1_000, ms(500));
    journal.advance(ms(501));
    assert_eq!(saved(&disk), [session(SHARD, "a", 1, &[1])]);
    assert!(!journal.wants_guilds(ms(999)), "once a second");
    assert_eq!(journal.deadline(), Some(ms(1_000)));
    assert!(journal.wants_guilds(ms(1_000)));
    journal.guilds(&session(SHARD, "a", 1_000, &[1, 2]), ms(1_000));
    assert_eq!(saved(&disk), [session(SHARD, "a", 1_000, &[1, 2])]);
    assert!(!journal.wants_guilds(ms(9_000)));
    journal.acknowledged(1_300, ms(1_001));
    assert_eq!(saved(&disk), [session(SHARD, "a", 1_300, &[1, 2])]);
}

#[test]
fn the_next_process_goes_on_where_the_last_one_was() {
    let disk = Faulty::new();
    {
        let (folder, _) = open(&disk);
        let mut journal = journal(&folder, SHARD);
        journal.begin(&session(SHARD, "a", 1, &[1]), ms(0));
        journal.acknowledged(5, ms(1));
        journal.flush(ms(2));
    }
    let (folder, sessions) = open(&disk);
    assert_eq!(sessions[0].bot, BOT.bits());
    let mut journal = journal(&folder, SHARD);
    journal.acknowledged(6, ms(0));
    journal.flush(ms(0));
    assert_eq!(saved(&disk), [session(SHARD, "a", 6, &[1])]);
    journal.end(ms(1));
    journal.acknowledged(7, ms(2));
    journal.flush(ms(2));
    assert_eq!(saved(&disk), []);
}

#[test]
fn a_record_is_as_old_as_the_wall_clock_says_however_long_the_bot_has_run() {
    let disk = Faulty::new();
    let (folder, _) = open(&disk);
    let before = SystemTime::now() - Duration::from_millis(1);
    journal(&folder, SHARD).begin(&session(SHARD, "a", 1, &[]), ms(36_000_000));
    let written = open(&disk).1[0].written;
    assert!(before <= written && written <= SystemTime::now());
}

#[test]
fn a_shard_of_another_total_begins_anew_and_may_end_the_old_session() {
    let disk = Faulty::new();
    let (folder, _) = open(&disk);
    journal(&folder, SHARD).begin(&session(SHARD, "a", 1, &[]), ms(0));
    let other = ShardId::new(1, 4);
    let mut journal = journal(&folder, other);
    let before = disk.operations();
    journal.acknowledged(1_000, ms(0));
    journal.advance(ms(10));
    assert_eq!(disk.operations(), before);
    assert_eq!(
        saved(&disk),
        [session(SHARD, "a", 1, &[])],
        "it is not this shard's"
    );
    journal.begin(&session(other, "b", 2, &[]), ms(1));
    assert_eq!(saved(&disk), [session(other, "b", 2, &[])]);
}

#[test]
fn a_session_whose_beginning_cannot_be_written_leaves_none_to_resume() {
    let disk = Faulty::new();
    let (folder, _) = open(&disk);
    let mut journal = journal(&folder, SHARD);
    journal.begin(&session(SHARD, "a", 1, &[]), ms(0));
    disk.fail(Some(Fault::Full(0)));
    journal.begin(&session(SHARD, "b", 1, &[]), ms(0));
    assert_eq!(saved(&disk), [], "the gateway knows the one before no more");
}

#[test]
fn a_session_file_that_does_not_fit_leaves_the_record_before() {
    let disk = Faulty::new();
    let (folder, _) = open(&disk);
    let mut journal = journal(&folder, SHARD);
    journal.begin(&session(SHARD, "a", 1, &[1]), ms(0));
    journal.guilds(&session(SHARD, "a", 5, &[1, 2]), ms(0));
    let other = Document {
        bot: BOT,
        generation: 2,
        content: &session(SHARD, "another", 5, &[1, 2]),
    };
    folder
        .disk
        .write("session-1.0", &other.encode().unwrap())
        .unwrap();
    assert_eq!(saved(&disk), [session(SHARD, "a", 1, &[1])]);
    folder.disk.write("session-1.0", b"torn").unwrap();
    assert_eq!(saved(&disk), [session(SHARD, "a", 1, &[1])]);
    let crashed = disk.restart(Restart::Process);
    crashed.fail(Some(Fault::Killed(disk.operations() + 4, Part::Nothing)));
    let (folder_of_crashed, _) = open(&crashed);
    let mut next = super::journal(&folder_of_crashed, SHARD);
    next.guilds(&session(SHARD, "a", 6, &[1, 3]), ms(0));
    assert!(crashed.is_killed());
    let crashed = crashed.restart(Restart::Process);
    assert_eq!(
        saved(&crashed),
        [session(SHARD, "a", 1, &[1])],
        "its file stays"
    );
    folder.disk.write("session-1.1", b"torn").unwrap();
    assert_eq!(saved(&disk), []);
}

#[test]
fn a_crash_at_any_moment_of_a_cold_start_leaves_the_count() {
    let at = |second: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 + second);
    for operation in 0..4 {
        for part in Part::ALL {
            let disk = Faulty::new();
            open(&disk).0.cold_start(at(0));
            open(&disk).0.cold_start(at(1));
            disk.fail(Some(Fault::Killed(disk.operations() + operation, part)));
            open(&disk).0.cold_start(at(2));
            let disk = disk.restart(Restart::Process);
            let wait = open(&disk).0.cold_start(at(3));
            assert!(wait.is_some(), "{operation}, {part:?}");
        }
    }
}

/// When shards identified before `second`, by the folder that a disk holds.
fn identified(disk: &Faulty, second: u64) -> Vec<(ShardId, u64)> {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(second);
    let (folder, _) = open(disk);
    let ages = folder.identifies().ages(now);
    ages.map(|(shard, ago)| (shard, ago.as_secs())).collect()
}

fn note_identify(folder: &StateFolder, shard: ShardId, second: u64) {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(second);
    let log = folder.identify_log(Duration::from_secs(5));
    log.note_at(now, shard, 1_000, Some(Duration::from_secs(60)));
}

#[test]
fn identifies_are_known_to_the_next_process_and_to_no_other_bot() {
    let disk = Faulty::new();
    let other = ShardId::new(0, 2);
    note_identify(&open(&disk).0, SHARD, 1_000);
    note_identify(&open(&disk).0, other, 1_002);
    assert_eq!(identified(&disk, 1_003), [(SHARD, 3), (other, 1)]);
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_003);
    let limit = StartLimit {
        remaining: 2_000,
        ..StartLimit::default()
    };
    let left = open(&disk).0.identifies().left_of(limit, now);
    let expected = (1_000, Duration::from_secs(59));
    assert_eq!((left.remaining, left.reset_after), expected);
    let key = BotKey::from_bits(8);
    let over = StateFolder::over(std::sync::Arc::new(disk), key, Durability::Process);
    assert_eq!(over.unwrap().0.identifies().ages(now).count(), 0);
}

#[test]
fn a_crash_at_any_moment_of_an_identify_leaves_this_one_or_the_one_before() {
    for operation in 0..2 {
        for part in Part::ALL {
            let disk = Faulty::new();
            let (folder, _) = open(&disk);
            note_identify(&folder, SHARD, 1_000);
            disk.fail(Some(Fault::Killed(disk.operations() + operation, part)));
            note_identify(&folder, SHARD, 1_004);
            let disk = disk.restart(Restart::Process);
            let known = identified(&disk, 1_005);
            let either = known == [(SHARD, 5)] || known == [(SHARD, 1)];
            assert!(either, "{operation}, {part:?}: {known:?}");
        }
    }
}

#[test]
fn an_identify_that_cannot_be_written_down_is_counted_as_a_failure() {
    let disk = Faulty::new();
    let (folder, _) = open(&disk);
    disk.fail(Some(Fault::Full(0)));
    note_identify(&folder, SHARD, 1_000);
    assert_eq!(folder.failures().read().identifies, 1);
}

#[test]
fn another_bot_gets_nothing_and_begins_anew() {
    let disk = Faulty::new();
    journal(&open(&disk).0, SHARD).begin(&session(SHARD, "a", 1, &[]), ms(0));
    let key = BotKey::from_bits(8);
    let over = || StateFolder::over(std::sync::Arc::new(disk.clone()), key, Durability::Process);
    let (folder, sessions) = over().unwrap();
    assert_eq!(sessions, []);
    journal(&folder, SHARD).begin(&session(SHARD, "b", 2, &[]), ms(0));
    assert_eq!(over().unwrap().1.len(), 1);
}

#[test]
fn each_record_is_synchronised_if_power_may_go() {
    let disk = Faulty::new();
    let over = StateFolder::over(
        std::sync::Arc::new(disk.clone()),
        BOT,
        Durability::PowerLoss,
    );
    let mut journal = journal(&over.unwrap().0, SHARD);
    journal.begin(&session(SHARD, "a", 1, &[]), ms(0));
    journal.acknowledged(300, ms(0));
    let after = disk.restart(Restart::Synchronised);
    assert_eq!(sequence(&after), Some(300));
}

#[test]
fn cold_starts_are_counted_over_processes() {
    let disk = Faulty::new();
    let at = |second: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 + second);
    let start = |second| open(&disk).0.cold_start(at(second));
    assert_eq!([start(0), start(10)], [None, None]);
    assert_eq!(start(20), Some(Duration::from_secs(60)));
    assert_eq!(start(50), Some(Duration::from_secs(30)));
    assert!(disk.names().contains(&"starts".to_owned()));
}

#[test]
fn a_long_run_of_acknowledgements_costs_one_write_in_256() {
    let disk = Faulty::new();
    let (folder, _) = open(&disk);
    let mut journal = journal(&folder, SHARD);
    journal.begin(&session(SHARD, "a", 0, &[]), ms(0));
    let before = disk.operations();
    for sequence in 1..=256 * 1_000 {
        journal.acknowledged(sequence, ms(0));
    }
    assert_eq!(disk.operations() - before, 1_000);
}
