//! Which members a store has, and whether they are all.

use headcount_core::cache::memory::Completeness;
use headcount_core::cache::{Kind, Kinds, Policy};
use headcount_core::setup::{AutoChunk, Chunking};
use headcount_core::tracker::TrackerConfig;
use headcount_core::{Event, Tracker};

use crate::{Beside, SECOND, guild, some};

#[test]
fn a_search_that_is_not_answered_takes_nothing_from_a_whole_guild() {
    let mut beside = Beside::chunking(AutoChunk::All);
    beside.ready(&[1]);
    beside.create(1, &[2]);
    beside.chunk(1, &[2, 3], (0, 1));
    let whole = Completeness::Complete { members: 2 };
    assert_eq!(beside.completeness(), whole);
    beside.ask(1, some());
    beside.wait(100 * SECOND);
    let ends = |event: &&Event<'_>| matches!(event, Event::ChunkRequestFinished(_));
    assert_eq!(beside.emitted.iter().filter(ends).count(), 2);
    assert_eq!(beside.completeness(), whole);
}

/// What a change in the middle of an answer makes of its last chunk.
fn changed(change: impl Fn(&mut Tracker)) -> Completeness {
    let mut beside = Beside::chunking(AutoChunk::All);
    beside.ready(&[1]);
    beside.create(1, &[2]);
    let nonce = beside.nonce();
    beside.chunk_as(&nonce, 1, &[2], (0, 2));
    change(&mut beside.tracker);
    beside.chunk_as(&nonce, 1, &[3], (1, 2));
    beside.completeness()
}

#[test]
fn members_switched_off_and_on_make_no_answer_whole_that_was_under_way() {
    let is_whole = |it| matches!(it, Completeness::Complete { .. });
    assert!(is_whole(changed(|_| {})));
    assert!(!is_whole(changed(|tracker| {
        tracker.set_kinds(Kinds::GUILDS);
        tracker.set_kinds(Kinds::default());
    })));
    assert!(is_whole(changed(
        |tracker| tracker.set_kinds(Kinds::default())
    )));
    assert!(!is_whole(changed(|tracker| {
        tracker.set_policy(Kind::Member, &Policy::all());
    })));
    let roles = |tracker: &mut Tracker| tracker.set_policy(Kind::Role, &Policy::all());
    assert!(is_whole(changed(roles)), "a change of another kind");
}

/// Whom a store has when guild 1 comes again with member 3, who had members 2 and 3.
fn left(sweep: bool, chunking: impl Into<Chunking>) -> Vec<u64> {
    let mut config = TrackerConfig::default();
    config.setup.chunking = chunking.into();
    config.sweep_after_chunk = sweep;
    let mut beside = Beside::new(config);
    beside.ready(&[1]);
    beside.create(1, &[2, 3]);
    beside.create(1, &[3]);
    beside.members()
}

#[test]
fn old_members_stay_only_if_everyone_is_asked_for_and_that_is_wanted() {
    assert_eq!(left(true, AutoChunk::All), [2, 3]);
    assert_eq!(left(false, AutoChunk::All), [3]);
    for mode in [AutoChunk::Never, AutoChunk::Large, AutoChunk::Missing] {
        assert_eq!(left(true, mode), [3], "{mode:?}");
    }
    let all = || Chunking::from(AutoChunk::All);
    let some = [
        Chunking {
            at_start: false,
            ..all()
        },
        Chunking {
            on_join: false,
            ..all()
        },
        Chunking {
            allow: Some([guild(1)].into()),
            ..all()
        },
        Chunking {
            deny: [guild(2)].into(),
            ..all()
        },
    ];
    for chunking in some {
        assert_eq!(left(true, chunking.clone()), [3], "{chunking:?}");
    }
}
