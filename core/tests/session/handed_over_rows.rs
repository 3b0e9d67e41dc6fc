//! The rows of guilds that one process hands over to the next.

use headcount_core::cache::memory::{Completeness, MemoryStore, PresencesCompleteness};
use headcount_core::cache::{GuildStatus, Kind, Kinds, Lack, Policies, Policy};
use headcount_core::config::Config;
use headcount_core::setup::AutoChunk;
use headcount_core::{Action, Input, Intents, Shard};

use crate::guilds::{begun, chunk, create, guild};
use crate::handover::{
    GATE, acknowledge, acknowledging, asked, exported, go_on, next, resumed, summary,
};
use crate::host::{Host, dispatch};
use crate::restored;

/// Applies the changes so far.
fn apply(host: &mut Host, store: &mut MemoryStore) {
    for action in host.take() {
        if let Action::Mutate(change) = action {
            store.apply(change);
        }
    }
}

#[test]
fn a_guild_that_a_store_has_failed_stays_stale_in_the_next_process_until_it_comes_anew() {
    let mut config = acknowledging(false);
    config.tracker.kinds = Kinds::GUILDS;
    let mut host = begun(config.clone(), &[1]);
    host.receive(&create(2, 1));
    let nonce = asked(&host)[0].nonce.to_string();
    host.receive(&chunk(3, 1, &nonce, 0, 1));
    let written = host.shard.guild_changes();
    host.input(Input::StoreFailed(guild(1)));
    assert_ne!(
        host.shard.guild_changes(),
        written,
        "it is to be written down"
    );
    acknowledge(&mut host, 3);
    let mut next = next(config, exported(&host));
    next.receive(&resumed(4));
    assert_eq!(summary(&next).unwrap().store_failed, [guild(1)]);
    next.run(GATE);
    assert_eq!(asked(&next).len(), 0, "its rows would still be old");
    let mut store = MemoryStore::new(7);
    let mut status = |host: &mut Host| {
        apply(host, &mut store);
        store.guild_status(guild(1))
    };
    assert_eq!(status(&mut next), Some(GuildStatus::Stale));
    next.receive(&create(5, 1));
    assert_eq!(status(&mut next), Some(GuildStatus::Available));
}

#[test]
fn members_that_are_asked_for_fill_the_cache_of_a_guild_that_was_handed_over() {
    let mut config = acknowledging(false);
    config.tracker.kinds = Kinds::MEMBERS | Kinds::GUILDS | Kinds::USERS;
    let mut host = begun(config.clone(), &[1]);
    host.receive(&create(2, 1));
    acknowledge(&mut host, 2);
    let mut next = next(config, exported(&host));
    go_on(&mut next, 3);
    let nonce = asked(&next)[0].nonce.to_string();
    let mut store = MemoryStore::new(7);
    let mut apply = |host: &mut Host| {
        apply(host, &mut store);
        (store.guild_status(guild(1)), store.completeness(guild(1)))
    };
    let (status, before) = apply(&mut next);
    assert_eq!(status, Some(GuildStatus::HandedOver));
    let why = match before {
        Some(Completeness::Partial { why, .. }) => why,
        other => panic!("{other:?}"),
    };
    assert_eq!(why, Lack::Loading);
    next.receive(&format!(
        r#"{{"op":0,"t":"GUILD_MEMBERS_CHUNK","s":4,"d":{{"guild_id":"1","chunk_index":0,
        "chunk_count":1,"nonce":"{nonce}","members":[{{"user":{{"id":"5","username":"a"}},
        "roles":[],"joined_at":"2020-01-01T00:00:00Z"}}]}}}}"#
    ));
    let (_, after) = apply(&mut next);
    assert_eq!(after, Some(Completeness::Complete { members: 1 }));
}

/// Guild 1 with its only member and the presences of all.
fn listing(sequence: u64) -> String {
    format!(
        r#"{{"op":0,"t":"GUILD_CREATE","s":{sequence},"d":{{"id":"1","name":"a","member_count":1,
        "large":false,"roles":[],"channels":[],"threads":[],"presences":[],
        "members":[{{"user":{{"id":"5","username":"a"}},"roles":[]}}]}}}}"#
    )
}

#[test]
fn a_store_that_has_the_guild_already_does_not_wait_for_presences_that_nobody_will_send() {
    let mut config = acknowledging(false);
    config.intents |= Intents::GUILD_PRESENCES;
    config.tracker.kinds = Kinds::GUILDS | Kinds::MEMBERS | Kinds::USERS | Kinds::PRESENCES;
    config.tracker.setup.chunking.presences = true;
    let mut store = MemoryStore::new(7);
    let mut first = begun(config.clone(), &[1]);
    first.receive(&listing(2));
    acknowledge(&mut first, 2);
    first.receive(&dispatch(3));
    first.receive(&listing(4));
    apply(&mut first, &mut store);
    // The server says again that an earlier connection was resumed, before the rest.
    let mut second = next(config, exported(&first));
    second.receive(&resumed(3));
    assert_eq!(asked(&second).len(), 1);
    second.receive(&listing(4));
    for action in second.take() {
        match action {
            Action::Mutate(change) if change.origin().is_none_or(|at| at.sequence > 4) => {
                store.apply(change);
            }
            _ => {}
        }
    }
    let presences = store.presences_completeness(guild(1));
    assert_eq!(
        presences,
        Some(PresencesCompleteness::Complete { presences: 0 })
    );
}

#[test]
fn a_guild_that_left_does_not_come_back_in_a_store_that_has_it_so_already() {
    let mut config = acknowledging(false);
    config.tracker.kinds = Kinds::GUILDS;
    let mut store = MemoryStore::new(7);
    let mut first = begun(config.clone(), &[1]);
    first.receive(&create(2, 1));
    acknowledge(&mut first, 2);
    let left = r#"{"op":0,"t":"GUILD_DELETE","s":3,"d":{"id":"1"}}"#;
    first.receive(left);
    apply(&mut first, &mut store);
    let mut second = next(config, exported(&first));
    // The server says again that an earlier connection was resumed, before the rest.
    second.receive(&resumed(2));
    second.receive(left);
    second.receive(&resumed(4));
    apply(&mut second, &mut store);
    assert_eq!(store.guild_status(guild(1)), None);
}

#[test]
fn presences_of_another_session_are_stale_as_well() {
    let mut config = restored::caching();
    config.intents |= Intents::GUILD_PRESENCES;
    config.tracker.kinds |= Kinds::PRESENCES;
    let mut store = MemoryStore::new(7);
    let mut first = begun(config, &[1]);
    let listing = restored::listing(2, 1, &[5, 6]);
    first.receive(&listing.replace("\"large\"", "\"presences\":[],\"large\""));
    apply(&mut first, &mut store);
    let whole = PresencesCompleteness::Complete { presences: 0 };
    assert_eq!(store.presences_completeness(guild(1)), Some(whole));
    store.inherit(|_| false, |_| true);
    let stale = PresencesCompleteness::Partial {
        presences: 0,
        why: Lack::Stale,
    };
    assert_eq!(store.presences_completeness(guild(1)), Some(stale));
}

#[test]
fn a_guild_whose_members_a_policy_limits_is_not_asked_again() {
    let one = Policy::all().per_guild(1);
    let policies = Policies::from(restored::caching().tracker.kinds);
    let policies = policies.with(Kind::Member, one).unwrap();
    let mut store = MemoryStore::with_policies(7, policies);
    let mut first = restored::first(&[5, 6]);
    apply(&mut first, &mut store);
    assert_eq!(store.counts(guild(1)).members, 1);
    let session = exported(&first);
    let rows = restored::rows(&store, &session);
    let mut next = restored::next(session, &rows);
    next.receive(&resumed(3));
    next.run(GATE);
    assert_eq!(asked(&next).len(), 0);
    assert_eq!(summary(&next).unwrap().complete, 1);
}

#[test]
fn guilds_that_have_not_listed_what_is_kept_now_are_handed_over() {
    let mut config = restored::caching();
    let mut store = MemoryStore::with_policies(7, config.tracker.kinds);
    let mut first = restored::first(&[5, 6]);
    apply(&mut first, &mut store);
    let session = exported(&first);
    let outcome = |config: Config, store: &MemoryStore| {
        let rows = restored::rows(store, &session);
        let mut next = Host::of(Shard::with_rows(config, 9, session.clone(), &rows).unwrap());
        next.dial();
        next.hello();
        next.receive(&resumed(3));
        let done = summary(&next).unwrap();
        (done.complete, done.handed_over.clone())
    };
    assert_eq!(outcome(config.clone(), &store), (1, vec![]));
    config.tracker.kinds |= Kinds::ROLES;
    let mut newer = MemoryStore::with_policies(8, config.tracker.kinds);
    store.export().for_each(|piece| newer.import(piece));
    assert_eq!(outcome(config, &newer), (0, vec![guild(1)]));
}

/// How often the next process asks for guild 1, whose request it finds under way, in this mode.
fn asked_again(mode: AutoChunk, listing: &str) -> Vec<bool> {
    let mut config = restored::caching();
    config.intents |= Intents::GUILD_PRESENCES;
    config.tracker.kinds |= Kinds::PRESENCES;
    config.tracker.setup.chunking = mode.into();
    config.tracker.setup.chunking.presences = true;
    let mut store = MemoryStore::new(7);
    let mut first = begun(config.clone(), &[1]);
    first.receive(listing);
    assert_eq!(asked(&first).len(), 1);
    acknowledge(&mut first, 2);
    apply(&mut first, &mut store);
    let session = exported(&first);
    let rows = restored::rows(&store, &session);
    let mut next = Host::of(Shard::with_rows(config, 9, session, &rows).unwrap());
    next.dial();
    next.hello();
    next.receive(&resumed(3));
    next.run(GATE);
    asked(&next).iter().map(|it| it.presences).collect()
}

#[test]
fn a_request_under_way_is_made_again_for_a_guild_that_was_large() {
    let large = restored::listing(2, 1, &[5]);
    let large = large.replace("\"large\":false", "\"large\":true");
    assert_eq!(asked_again(AutoChunk::Large, &large), [true]);
}

#[test]
fn a_request_under_way_is_made_again_for_presences_alone() {
    let whole = restored::listing(2, 1, &[5, 6]);
    assert_eq!(asked_again(AutoChunk::All, &whole), [true]);
}
