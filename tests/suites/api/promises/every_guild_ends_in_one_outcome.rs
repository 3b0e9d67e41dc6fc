//! Promise 4: every guild of READY ends in exactly one outcome, every request exactly once.

use std::collections::{BTreeMap, BTreeSet};

use headcount_core::chunk::{MemberQuery, RequestId};
use headcount_core::id::GuildId;
use headcount_core::setup::ShardFinishedChunking;
use headcount_core::wire::Name;
use headcount_core::{Action, Event};
use headcount_sim::{Act, Arrival, Fault, GuildPlan, Options, Pair, Plan, Trouble, guild_id};
use serde::Deserialize;

use crate::bot::{Dice, all_active, faults, options, pair};

#[derive(Deserialize)]
struct Ready {
    guilds: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    id: GuildId,
}

/// Guilds of which one is in an outage, one never comes, one loses a chunk every time, and one
/// is refused every time.
fn eventful() -> Options {
    let guild = |members, arrival| GuildPlan { members, arrival };
    let (normal, late) = (Arrival::Normal, 1_200);
    let world = Plan {
        guilds: vec![
            guild(2500, normal),
            guild(late, normal),
            guild(40, Arrival::Outage),
            guild(40, Arrival::Never),
            guild(2100, normal),
            guild(30, normal),
            guild(60, normal),
        ],
        ..options().world
    };
    let always = vec![
        Fault::always(Trouble::LoseChunk {
            guild: guild_id(4),
            index: 1,
        }),
        Fault::always(Trouble::RefuseRequest {
            guild: guild_id(1),
            retry_after: 1_000,
        }),
    ];
    let script = vec![(40, Act::DeleteGuild { guild: guild_id(6) })];
    Options {
        world,
        faults: always,
        script,
        ..Options::default()
    }
}

/// What the last READY of a shard listed, if that can be read, and the summaries since.
type Account = (Option<BTreeSet<GuildId>>, Vec<ShardFinishedChunking>);

fn accounts(pair: &Pair) -> BTreeMap<usize, Account> {
    let mut accounts = BTreeMap::new();
    for done in &pair.done {
        match &done.action {
            Action::Emit(Event::Dispatch(ready)) if ready.name() == Name::Ready => {
                let listed = ready.parse::<Ready>().map(|ready| ready.guilds).ok();
                let ids = |guilds: Vec<Listed>| guilds.into_iter().map(|guild| guild.id).collect();
                let guilds = listed.map(ids);
                accounts.insert(done.shard, (guilds, Vec::new()));
            }
            Action::Emit(Event::ShardFinishedChunking(summary)) => {
                let (_, summaries) = accounts.get_mut(&done.shard).expect("READY came before");
                summaries.push((**summary).clone());
            }
            _ => {}
        }
    }
    accounts
}

fn check_accounts(pair: &Pair, seed: u64) {
    let accounts = accounts(pair);
    assert_eq!(accounts.len(), pair.seats.len(), "seed {seed}");
    for (shard, (guilds, summaries)) in accounts {
        let [summary] = &summaries[..] else {
            panic!("seed {seed}, shard {shard}: {} summaries", summaries.len());
        };
        let named: Vec<GuildId> = summary.other_guilds().collect();
        let distinct: BTreeSet<GuildId> = named.iter().copied().collect();
        assert_eq!(
            named.len(),
            distinct.len(),
            "seed {seed}: named twice in {summary:?}"
        );
        // A list that cannot be read names none, and takes none away: those of before go on.
        if let Some(guilds) = guilds {
            assert!(distinct.is_subset(&guilds), "seed {seed}: {summary:?}");
            let ended = summary.complete + named.len();
            assert_eq!(ended, guilds.len(), "seed {seed}: {summary:?}");
        }
        let readiness = pair.seats[shard].shard.readiness();
        assert!(
            readiness.finished && readiness.pending == 0,
            "seed {seed}: {readiness:?}"
        );
    }
}

#[test]
fn every_guild_of_ready_ends_in_exactly_one_outcome() {
    let mut pair = pair(eventful(), 1);
    pair.run(1_200_000);
    check_accounts(&pair, 1);
    let (_, summaries) = accounts(&pair).remove(&0).unwrap();
    let id = |number| GuildId::new(guild_id(number)).unwrap();
    let summary = &summaries[0];
    assert_eq!(summary.complete, 2, "{summary:?}");
    assert_eq!(summary.incomplete, [(id(4), vec![1])]);
    assert_eq!(
        (&summary.missed[..], &summary.refused[..]),
        (&[id(3)][..], &[id(1)][..])
    );
    assert_eq!(
        (&summary.unavailable[..], &summary.removed[..]),
        (&[id(2)][..], &[id(6)][..])
    );
}

#[test]
fn whatever_happens_to_the_connection() {
    for seed in 0..24 {
        let mut dice = Dice(seed);
        let mut options = Options {
            shards: 2,
            ..eventful()
        };
        options.faults.extend(faults(&mut dice));
        let mut pair = pair(options, seed);
        pair.run(1_800_000);
        assert!(all_active(&pair), "seed {seed}");
        check_accounts(&pair, seed);
    }
}

/// Asks for members in all ways, some of them while the connection is away.
fn ask(pair: &mut Pair, dice: &mut Dice, asked: &mut Vec<RequestId>) {
    let guild = GuildId::new(guild_id(dice.below(7) as u32)).unwrap();
    let user = headcount_core::id::UserId::new(1 + dice.below(9)).unwrap();
    let query = match dice.below(3) {
        0 => MemberQuery::All,
        1 => MemberQuery::Prefix {
            query: "a".into(),
            limit: 5,
        },
        _ => MemberQuery::Users(vec![user]),
    };
    asked.extend(pair.seats[0].shard.request_members(guild, query, false));
}

#[test]
fn every_request_ends_exactly_once() {
    for seed in 0..12 {
        let mut dice = Dice(seed);
        let mut options = eventful();
        options.faults.extend(faults(&mut dice));
        let mut pair = pair(options, seed);
        let mut asked = Vec::new();
        for _ in 0..60 {
            ask(&mut pair, &mut dice, &mut asked);
            pair.run(dice.below(4_000));
        }
        pair.run(3_600_000);
        assert!(asked.len() > 30, "seed {seed}: {}", asked.len());
        let mut ends: BTreeMap<RequestId, u32> = BTreeMap::new();
        for event in pair.events() {
            if let Event::ChunkRequestFinished(end) = event
                && let Some(request) = end.request
            {
                *ends.entry(request).or_default() += 1;
            }
        }
        for request in asked {
            assert_eq!(
                ends.get(&request),
                Some(&1),
                "seed {seed}: request {request}"
            );
            assert_eq!(pair.seats[0].shard.request(request), None);
        }
        assert!(
            ends.values().all(|ends| *ends == 1),
            "seed {seed}: {ends:?}"
        );
    }
}
