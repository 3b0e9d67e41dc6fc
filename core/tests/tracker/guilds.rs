//! Guilds that come and go.

use headcount_core::Event;
use headcount_core::id::UserId;
use headcount_core::setup::{AutoChunk, Stage};

use crate::{Beside, guild};

#[test]
fn a_create_that_says_unavailable_is_an_outage() {
    let mut beside = Beside::chunking(AutoChunk::All);
    beside.ready(&[1]);
    beside.hear("GUILD_CREATE", r#"{"id":"1","unavailable":true}"#);
    assert_eq!(beside.stage(1), Stage::Unavailable);
    let outage = |event: &Event<'_>| matches!(event, Event::GuildUnavailable(_));
    assert!(beside.emitted.iter().any(outage));
    assert!(beside.tracker.readiness().finished, "nobody waits for it");
}

#[test]
fn a_guild_that_is_left_reports_whether_it_was_away() {
    let mut beside = Beside::chunking(AutoChunk::Never);
    beside.ready(&[1, 2]);
    beside.create(1, &[]);
    beside.hear("GUILD_DELETE", r#"{"id":"2","unavailable":true}"#);
    for number in [1, 2] {
        beside.hear("GUILD_DELETE", &format!(r#"{{"id":"{number}"}}"#));
    }
    let left = |event: &Event<'_>| match event {
        Event::GuildLeave(left) => Some((left.guild, left.was_unavailable)),
        _ => None,
    };
    let left: Vec<_> = beside.emitted.iter().filter_map(left).collect();
    assert_eq!(left, [(guild(1), false), (guild(2), true)]);
}

#[test]
fn an_answer_to_somebody_else_reports_all_that_was_not_found() {
    let mut beside = Beside::chunking(AutoChunk::Never);
    beside.ready(&[1]);
    beside.create(1, &[]);
    for (index, id) in [(0, 3), (1, 4)] {
        let data = format!(
            r#"{{"guild_id":"1","members":[],"chunk_index":{index},"chunk_count":2,
            "not_found":["{id}"],"nonce":"theirs"}}"#
        );
        beside.hear("GUILD_MEMBERS_CHUNK", &data);
    }
    let Some(Event::ChunkRequestFinished(end)) = beside.emitted.last() else {
        panic!("{:?}", beside.emitted)
    };
    assert_eq!(end.not_found, [3, 4].map(|id| UserId::new(id).unwrap()));
}
