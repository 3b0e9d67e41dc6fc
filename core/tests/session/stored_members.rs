//! A process that finds the members of the one before in a store of the user's own.

use headcount_core::cache::memory::{Exported, GuildState, RestoredRows};
use headcount_core::cache::{Kinds, MemoryStore};
use headcount_core::{Position, Session};

use crate::guilds::guild;
use crate::handover::{GATE, asked, exported, resumed, summary};
use crate::host::Host;
use crate::restored::{TAKEN, apply, emitted, first, next};

/// What a store of the user's own has.
fn stored(first: &mut Host) -> MemoryStore {
    let mut store = MemoryStore::new(7);
    apply(first, &mut store);
    store
}

/// What it says of guild 1, and how many members are there.
fn known(store: &MemoryStore) -> (GuildState, u64) {
    let state = store.export().find_map(|piece| match piece {
        Exported::Guild(state) => Some(state),
        _ => None,
    });
    (state.unwrap(), store.counts(guild(1)).members as u64)
}

/// Where a session goes on.
fn position(session: &Session) -> Position {
    Position {
        shard: session.shard(),
        session: session.digest(),
        sequence: session.sequence(),
    }
}

/// The process that goes on with the session, where that store answers.
fn follow(first: &mut Host, at: impl Fn(Position) -> Position) -> Host {
    follow_keeping(Kinds::all(), first, at)
}

/// The same, where the store keeps these kinds.
fn follow_keeping(kinds: Kinds, first: &mut Host, at: impl Fn(Position) -> Position) -> Host {
    let (session, known) = (exported(first), known(&stored(first)));
    let rows = RestoredRows::elsewhere(at(position(&session)), TAKEN);
    let rows = rows.with_members(kinds, [known]);
    let mut next = next(session, &rows);
    next.receive(&resumed(3));
    next.run(GATE);
    next
}

#[test]
fn members_that_another_store_has_are_not_asked_for_again() {
    let next = follow(&mut first(&[5, 6]), |at| at);
    assert!(asked(&next).is_empty());
    assert_eq!(emitted(&next), ["3"]);
    let done = summary(&next).unwrap();
    assert_eq!((done.complete, done.others()), (1, 0));
    let restored = done.restored.unwrap();
    assert_eq!((restored.guilds.get(), restored.taken), (1, TAKEN));
}

#[test]
fn a_guild_of_which_only_the_members_lie_in_another_store_is_not_asked_and_is_not_whole() {
    let next = follow_keeping(Kinds::MEMBERS, &mut first(&[5, 6]), |at| at);
    assert!(asked(&next).is_empty());
    assert_eq!(summary(&next).unwrap().handed_over, [guild(1)]);
}

#[test]
fn members_that_another_store_lacks_are_asked_for() {
    let next = follow(&mut first(&[5]), |at| at);
    assert!(!asked(&next).is_empty());
}

#[test]
fn members_of_another_session_count_for_nothing() {
    let other = |at: Position| Position {
        session: at.session + 1,
        ..at
    };
    let next = follow(&mut first(&[5, 6]), other);
    assert!(!asked(&next).is_empty());
}

#[test]
fn what_another_store_says_of_members_counts_before_what_a_snapshot_of_the_rest_says() {
    let mut first = first(&[5, 6]);
    let (session, store) = (exported(&first), stored(&mut first));
    let rows = store.restored_rows(session.shard(), TAKEN).unwrap();
    let rows = rows.kept_elsewhere(Kinds::MEMBERS);
    let with_members = rows.clone().with_members(Kinds::all(), [known(&store)]);
    for (rows, asks) in [(rows, true), (with_members, false)] {
        let mut next = next(session.clone(), &rows);
        next.receive(&resumed(3));
        next.run(GATE);
        assert_eq!(!asked(&next).is_empty(), asks);
    }
}
