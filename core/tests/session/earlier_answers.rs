//! Answers to member requests of an earlier process, in the session that the next one goes on with.

use headcount_core::cache::memory::{Completeness, MemoryStore};
use headcount_core::cache::{Kinds, Lack};
use headcount_core::chunk::{ChunkRequestFinished, FinishReason, MemberQuery, RequestProgress};
use headcount_core::id::UserId;
use headcount_core::setup::AutoChunk;
use headcount_core::{Action, Config, Event, Session, Shard};

use crate::guilds::{begun, create, guild};
use crate::handover::{GATE, acknowledge, acknowledging, asked, exported, go_on, next, resumed};
use crate::host::Host;

/// What the server sends of an answer: which nonce, which chunk of how many, and whom it lists.
struct Part<'a>(&'a str, u32, u32, &'a [u64]);

fn receive(host: &mut Host, sequence: u64, Part(nonce, index, count, users): Part<'_>) {
    let listed: Vec<String> = users
        .iter()
        .map(|id| {
            format!(
                r#"{{"user":{{"id":"{id}","username":"u"}},"roles":[],
                "joined_at":"2020-01-01T00:00:00Z"}}"#
            )
        })
        .collect();
    let listed = listed.join(",");
    host.receive(&format!(
        r#"{{"op":0,"t":"GUILD_MEMBERS_CHUNK","s":{sequence},"d":{{"guild_id":"1",
        "members":[{listed}],"chunk_index":{index},"chunk_count":{count},"nonce":"{nonce}"}}}}"#
    ));
}

fn missing(host: &mut Host, sequence: u64, nonce: &str, user: u64) {
    host.receive(&format!(
        r#"{{"op":0,"t":"GUILD_MEMBERS_CHUNK","s":{sequence},"d":{{"guild_id":"1","members":[],
        "not_found":["{user}"],"chunk_index":0,"chunk_count":1,"nonce":"{nonce}"}}}}"#
    ));
}

fn refusal(sequence: u64, nonce: Option<&str>) -> String {
    let nonce = nonce.map(|nonce| format!(r#","nonce":"{nonce}""#));
    let nonce = nonce.unwrap_or_default();
    format!(
        r#"{{"op":0,"t":"RATE_LIMITED","s":{sequence},"d":{{"opcode":8,"retry_after":30.0,
        "meta":{{"guild_id":"1"{nonce}}}}}}}"#
    )
}

fn ends(host: &Host) -> Vec<&ChunkRequestFinished> {
    let ends = host.events().filter_map(|event| match event {
        Event::ChunkRequestFinished(end) => Some(&**end),
        _ => None,
    });
    ends.collect()
}

/// How the requests of this process have ended.
fn own_ends(host: &Host) -> Vec<FinishReason> {
    let own = ends(host).into_iter().filter(|end| end.request.is_some());
    own.map(|end| end.reason).collect()
}

fn guilds_ready(host: &Host) -> usize {
    let ready = |event: &&Event<'_>| matches!(event, Event::GuildReady(_));
    host.events().filter(ready).count()
}

fn last_nonce(host: &Host) -> String {
    asked(host).last().expect("a request").nonce.to_string()
}

fn with_members() -> Config {
    let mut config = acknowledging(false);
    config.tracker.kinds = Kinds::GUILDS | Kinds::MEMBERS | Kinds::USERS;
    config
}

/// A process whose guild is in the middle of its member request, and the nonce of that.
fn asking(config: Config) -> (Host, String) {
    let mut first = begun(config, &[1]);
    first.receive(&create(2, 1));
    acknowledge(&mut first, 2);
    let nonce = last_nonce(&first);
    (first, nonce)
}

/// Applies what was wanted since the last call, and says how whole the guild is.
fn apply(host: &mut Host, store: &mut MemoryStore) -> Option<Completeness> {
    host.done.retain(|action| {
        if let Action::Mutate(change) = action {
            store.apply(change.clone());
        }
        !matches!(action, Action::Mutate(_))
    });
    store.completeness(guild(1))
}

fn loading(members: u64) -> Option<Completeness> {
    Some(Completeness::Partial {
        members,
        of: Some(1500),
        why: Lack::Loading,
    })
}

#[test]
fn an_earlier_answer_ends_no_request_whenever_it_comes() {
    // So many of its three chunks come before the request is sent, the rest after.
    for before in 0..=3 {
        let mut store = MemoryStore::new(7);
        let (mut first, earlier) = asking(with_members());
        receive(&mut first, 3, Part(&earlier, 0, 3, &[10]));
        apply(&mut first, &mut store);
        let mut second = next(with_members(), exported(&first));
        for index in 0..before {
            receive(
                &mut second,
                3 + u64::from(index),
                Part(&earlier, index, 3, &[10]),
            );
        }
        go_on(&mut second, 6);
        let nonce = last_nonce(&second);
        assert_ne!(nonce, earlier);
        for index in before..3 {
            receive(
                &mut second,
                7 + u64::from(index),
                Part(&earlier, index, 3, &[10]),
            );
        }
        assert_eq!((own_ends(&second), guilds_ready(&second)), ([].into(), 0));
        assert_eq!(ends(&second).len(), 1, "it is reported as that of others");
        assert_eq!(apply(&mut second, &mut store), loading(1), "{before}");
        receive(&mut second, 11, Part(&nonce, 0, 2, &[11]));
        receive(&mut second, 12, Part(&earlier, 2, 3, &[10]));
        assert_eq!(guilds_ready(&second), 0);
        receive(&mut second, 13, Part(&nonce, 1, 2, &[12]));
        assert_eq!(own_ends(&second), [FinishReason::Complete]);
        assert_eq!(guilds_ready(&second), 1);
        let complete = matches!(
            apply(&mut second, &mut store),
            Some(Completeness::Complete { .. })
        );
        assert!(complete, "{before}");
    }
}

#[test]
fn the_last_chunk_that_comes_twice_ends_nothing_twice() {
    let (mut first, earlier) = asking(with_members());
    receive(&mut first, 3, Part(&earlier, 0, 1, &[10]));
    acknowledge(&mut first, 2);
    let mut second = next(with_members(), exported(&first));
    receive(&mut second, 3, Part(&earlier, 0, 1, &[10]));
    receive(&mut second, 4, Part(&earlier, 0, 1, &[10]));
    go_on(&mut second, 5);
    receive(&mut second, 6, Part(&earlier, 0, 1, &[10]));
    assert_eq!(ends(&second).len(), 1);
    let nonce = last_nonce(&second);
    for sequence in 7..9 {
        receive(&mut second, sequence, Part(&nonce, 0, 1, &[10]));
    }
    assert_eq!(own_ends(&second), [FinishReason::Complete]);
    assert_eq!(guilds_ready(&second), 1);
}

#[test]
fn a_process_with_the_seed_of_the_earlier_one_has_nonces_of_its_own() {
    // The host's first process has this seed too.
    const SEED: u64 = 7;
    let (first, earlier) = asking(with_members());
    let session = exported(&first);
    let same = |session: Session| {
        let mut host = Host::of(Shard::with_session(with_members(), SEED, session).unwrap());
        host.dial();
        host.hello();
        host
    };
    let mut second = same(session);
    receive(&mut second, 3, Part(&earlier, 0, 2, &[10]));
    go_on(&mut second, 4);
    let nonce = last_nonce(&second);
    assert_ne!(nonce, earlier);
    receive(&mut second, 5, Part(&earlier, 1, 2, &[10]));
    assert_eq!((own_ends(&second), guilds_ready(&second)), ([].into(), 0));
    // A third has moved on, and its answers differ from those of both.
    acknowledge(&mut second, 5);
    let mut third = same(exported(&second));
    third.receive(&resumed(6));
    third.run(GATE);
    assert!(![earlier, nonce].contains(&last_nonce(&third)));
}

#[test]
fn a_replayed_answer_that_the_consumer_has_had_ends_nothing_either() {
    let (mut first, earlier) = asking(with_members());
    receive(&mut first, 3, Part(&earlier, 0, 1, &[10]));
    acknowledge(&mut first, 2);
    let session = exported(&first).with_delivered([3..=3]);
    let mut second = next(with_members(), session);
    receive(&mut second, 3, Part(&earlier, 0, 1, &[10]));
    let mut store = MemoryStore::new(7);
    apply(&mut second, &mut store);
    let row = store.member(guild(1), UserId::new(10).unwrap());
    assert!(row.is_some(), "its rows count");
    assert_eq!(guilds_ready(&second), 0);
    go_on(&mut second, 4);
    let nonce = last_nonce(&second);
    receive(&mut second, 5, Part(&nonce, 0, 1, &[10]));
    assert_eq!(guilds_ready(&second), 1);
}

#[test]
fn who_was_not_found_for_an_earlier_request_is_not_missing_from_this_one() {
    let mut config = with_members();
    config.tracker.setup.chunking = AutoChunk::Never.into();
    let users = [5, 6].map(|id| UserId::new(id).unwrap());
    let ask = |host: &mut Host| {
        let query = MemberQuery::Users(users.to_vec());
        let request = host.shard.request_members(guild(1), query, false).unwrap();
        host.wake();
        (request, last_nonce(host))
    };
    let mut first = begun(config.clone(), &[1]);
    first.receive(&create(2, 1));
    acknowledge(&mut first, 2);
    let (_, earlier) = ask(&mut first);
    let mut second = next(config, exported(&first));
    missing(&mut second, 3, &earlier, 5);
    second.receive(&resumed(4));
    let (request, nonce) = ask(&mut second);
    missing(&mut second, 5, &earlier, 5);
    let progress = second.shard.request(request);
    assert!(matches!(progress, Some(RequestProgress::Sent { .. })));
    missing(&mut second, 6, &nonce, 6);
    let ends = ends(&second);
    let own = ends.iter().find(|end| end.request == Some(request));
    assert_eq!(own.unwrap().not_found, [users[1]]);
    let foreign = ends.iter().find(|end| end.request.is_none());
    assert_eq!(foreign.unwrap().not_found, [users[0]]);
    assert_eq!(ends.len(), 2);
}

#[test]
fn a_refusal_of_an_earlier_request_ends_none_and_no_request_waits_for_ever() {
    for nonce in [true, false] {
        for after in [true, false] {
            let (first, earlier) = asking(with_members());
            let mut second = next(with_members(), exported(&first));
            let refusal = refusal(if after { 4 } else { 3 }, nonce.then_some(&*earlier));
            if after {
                go_on(&mut second, 3);
                second.receive(&refusal);
            } else {
                second.receive(&refusal);
                go_on(&mut second, 4);
            }
            assert_eq!((own_ends(&second), guilds_ready(&second)), ([].into(), 0));
            let nonce = last_nonce(&second);
            receive(&mut second, 5, Part(&nonce, 0, 1, &[10]));
            assert_eq!(own_ends(&second), [FinishReason::Complete]);
            assert_eq!(guilds_ready(&second), 1);
        }
    }
}

#[test]
fn a_request_between_an_earlier_resume_and_the_rest_of_the_replay_ends_with_its_own_answer() {
    let mut store = MemoryStore::new(7);
    let (mut first, earlier) = asking(with_members());
    receive(&mut first, 4, Part(&earlier, 0, 2, &[10]));
    first.receive(&create(5, 1));
    apply(&mut first, &mut store);
    let mut second = next(with_members(), exported(&first));
    // The server says again that an earlier connection was resumed, before the rest.
    go_on(&mut second, 3);
    let early = last_nonce(&second);
    receive(&mut second, 4, Part(&earlier, 0, 2, &[10]));
    second.receive(&create(5, 1));
    receive(&mut second, 6, Part(&earlier, 1, 2, &[10]));
    second.receive(&resumed(7));
    receive(&mut second, 8, Part(&early, 0, 1, &[11]));
    let superseded = FinishReason::Superseded;
    assert_eq!(own_ends(&second), [superseded], "its guild came anew");
    assert_eq!(guilds_ready(&second), 0);
    second.run(GATE);
    let nonce = last_nonce(&second);
    receive(&mut second, 9, Part(&nonce, 0, 1, &[10, 11]));
    assert_eq!(own_ends(&second), [superseded, FinishReason::Complete]);
    assert_eq!(guilds_ready(&second), 1);
    let whole = apply(&mut second, &mut store);
    assert_eq!(whole, Some(Completeness::Complete { members: 2 }));
}

#[test]
fn an_earlier_answer_that_breaks_off_and_a_request_without_answer_end_in_silence() {
    let (mut first, earlier) = asking(with_members());
    receive(&mut first, 3, Part(&earlier, 0, 2, &[10]));
    acknowledge(&mut first, 2);
    let mut second = next(with_members(), exported(&first));
    receive(&mut second, 3, Part(&earlier, 0, 2, &[10]));
    go_on(&mut second, 4);
    while own_ends(&second).is_empty() {
        second.run(GATE);
    }
    assert_eq!(own_ends(&second), [FinishReason::TimedOut]);
    let foreign = ends(&second).into_iter().find(|end| end.request.is_none());
    assert_eq!(foreign.unwrap().reason, FinishReason::TimedOut);
    assert_eq!(guilds_ready(&second), 1, "as one without its members");
    assert_eq!(second.shard.readiness().pending, 0);
}
