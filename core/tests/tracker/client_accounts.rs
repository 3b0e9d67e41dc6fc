//! Guild sync, of client accounts.

use headcount_core::cache::Lack;
use headcount_core::cache::memory::Completeness;
use headcount_core::chunk::RequestConfig;
use headcount_core::setup::{AutoChunk, Outcome, SetupConfig, Stage, SyncConfig, WaitsFor};
use headcount_core::tracker::{TrackerConfig, TrackerInput};
use headcount_core::wire::command::Command;

use crate::{Beside, SECOND, at, guild, listed, some};

fn syncing() -> Beside {
    syncing_and(AutoChunk::Never)
}

fn syncing_and(chunking: AutoChunk) -> Beside {
    Beside::new(TrackerConfig {
        setup: SetupConfig {
            sync: Some(SyncConfig::default()),
            chunking: chunking.into(),
            ..SetupConfig::default()
        },
        ..TrackerConfig::default()
    })
}

#[test]
fn a_sync_that_is_under_way_is_waited_for_until_its_time() {
    let mut beside = syncing();
    beside.ready(&[1]);
    beside.create(1, &[]);
    assert_eq!(beside.sent, [Command::GuildSync(vec![guild(1)])]);
    let waits = beside.tracker.guild(guild(1)).unwrap();
    assert_eq!(waits.waits_for, WaitsFor::Sync);
    assert_eq!(waits.until, Some(at(10 * SECOND)));
}

#[test]
fn a_member_request_does_not_wait_for_a_batch_that_gathers() {
    let mut beside = syncing();
    beside.ready(&[1, 2, 3]);
    beside.create(1, &[]);
    beside.hear("GUILD_SYNC", r#"{"id":"1","members":[],"presences":[]}"#);
    beside.create(2, &[]);
    assert!(beside.sent.is_empty(), "guild 3 is still expected");
    beside.ask(2, some());
    assert_eq!(beside.tracker.poll_timeout(), Some(at(0)));
    beside.handle(TrackerInput::Timeout);
    assert!(matches!(beside.sent[..], [Command::RequestMembers(_)]));
}

#[test]
fn a_guild_whose_data_comes_again_and_again_is_not_synced_for_ever() {
    let mut beside = syncing();
    beside.ready(&[1]);
    let bound = SetupConfig::default().restarts;
    for _ in 0..=bound {
        beside.create(1, &[]);
        assert!(matches!(beside.stage(1), Stage::Syncing { .. }));
    }
    beside.create(1, &[]);
    let Stage::Ready { outcome, .. } = beside.stage(1) else {
        panic!("{:?}", beside.stage(1))
    };
    assert!(matches!(outcome, Outcome::Incomplete { .. }));
}

#[test]
fn who_left_and_is_listed_by_a_sync_all_the_same_does_not_count() {
    let mut beside = syncing();
    beside.ready(&[1]);
    beside.create(1, &[]);
    let left = r#"{"guild_id":"1","user":{"id":"7","username":"u7"}}"#;
    beside.hear("GUILD_MEMBER_REMOVE", left);
    let data = format!(
        r#"{{"id":"1","members":[{}],"presences":[]}}"#,
        listed(&[2, 3, 7])
    );
    beside.hear("GUILD_SYNC", &data);
    let Stage::Ready { members, .. } = beside.stage(1) else {
        panic!("{:?}", beside.stage(1))
    };
    assert_eq!((members.received, beside.members()), (2, vec![2, 3]));
}

#[test]
fn a_sync_whose_connection_is_cut_again_and_again_is_given_up() {
    let mut beside = syncing();
    beside.ready(&[1]);
    beside.create(1, &[]);
    let sends = usize::try_from(SyncConfig::default().sends).unwrap();
    for _ in 0..=sends {
        beside.wait(3 * SECOND);
        beside.handle(TrackerInput::ConnectionLost);
        beside.wait(10 * SECOND);
        beside.hear("RESUMED", "{}");
    }
    assert_eq!(beside.sent.len(), sends);
    assert!(matches!(beside.stage(1), Stage::Ready { .. }));
}

#[test]
fn a_sync_does_not_wait_for_a_connection_for_ever() {
    let mut beside = syncing();
    beside.ready(&[1]);
    beside.create(1, &[]);
    beside.handle(TrackerInput::ConnectionLost);
    let patience = RequestConfig::default().patience;
    beside.wait(patience.as_secs() * SECOND - 1);
    assert!(matches!(beside.stage(1), Stage::Syncing { .. }));
    beside.wait(1);
    assert!(matches!(beside.stage(1), Stage::Ready { .. }));
}

#[test]
fn a_guild_that_is_asked_since_its_sync_was_not_whole_is_loading() {
    for comes in [true, false] {
        let mut beside = syncing_and(AutoChunk::Missing);
        beside.ready(&[1]);
        beside.create(1, &[2]);
        match comes {
            true => beside.hear("GUILD_SYNC", r#"{"id":"1","members":[],"presences":[]}"#),
            false => beside.wait(30 * SECOND),
        }
        assert!(matches!(beside.stage(1), Stage::Requested { .. }));
        let Completeness::Partial { why, .. } = beside.completeness() else {
            panic!("nobody has answered")
        };
        assert_eq!(why, Lack::Loading, "the sync has come: {comes}");
    }
}
