//! Faults of the user's own stores, as the core hears of them; `adapters/driver/tests` has the
//! driver's part, the attempts and the deadline of a store.

use std::time::Duration;

use headcount_core::id::GuildId;
use headcount_core::setup::{GuildReady, Outcome};
use headcount_core::{Event, Input};
use headcount_sim::{Act, Millis, Pair, guild_id};

use super::{has, row, well};
use crate::bot::{all_active, config, options};

/// How long a store of the driver's may take, by default.
const DEADLINE: Millis = 10_000;

fn guild(at: u32) -> GuildId {
    GuildId::new(guild_id(at)).expect("not zero")
}

fn is_back(at: u32, outcome: &Outcome) -> impl Fn(&Pair) -> bool {
    let is = move |it: &GuildReady| (it.guild, &it.outcome) == (guild(at), outcome);
    move |pair| {
        has(
            pair,
            |event| matches!(event, Event::GuildRestored(ready) if is(ready)),
        )
    }
}

fn deliver_anew(pair: &mut Pair, at: u32) {
    let guild = guild_id(at);
    pair.act(Act::Outage { guild });
    pair.act(Act::Restore { guild });
}

#[test]
fn store_that_fails() {
    let row = row("store_that_fails");
    assert_eq!(row.within, [DEADLINE]);
    let mut pair = well(1);
    let set_up = |pair: &Pair| pair.seats[0].shard.readiness().outcomes;
    let before = set_up(&pair);
    // One in setup, and one that is set up.
    deliver_anew(&mut pair, 0);
    pair.input(0, Input::StoreFailed(guild(0)));
    pair.input(0, Input::StoreFailed(guild(1)));
    let stale = |event: &Event<'_>| matches!(event, Event::GuildStale(it) if it.guild == guild(1));
    assert!(has(&pair, stale));
    assert!(pair.run_until(60_000, is_back(0, &Outcome::StoreFailed)));
    row.is_seen(&pair);
    assert_eq!(
        set_up(&pair).complete + 1,
        before.complete,
        "of the first account"
    );
    pair.done.clear();
    for at in [0, 1] {
        deliver_anew(&mut pair, at);
        assert!(pair.run_until(60_000, is_back(at, &Outcome::Complete)));
    }
    assert!(all_active(&pair));
}

#[test]
fn store_that_is_stuck() {
    let row = row("store_that_is_stuck");
    assert_eq!(row.within, [DEADLINE]);
    let mut config = config();
    config.tracker.setup.confirm = Some(Duration::from_millis(DEADLINE));
    // Nobody says that anything is stored.
    let mut pair = Pair::new(options(), &config, 1);
    let finished = |pair: &Pair| {
        has(pair, |event| match event {
            Event::ShardFinishedChunking(all) => all.store_failed.len() == 4,
            _ => false,
        })
    };
    let is_storing = |pair: &Pair| pair.seats[0].shard.readiness().stages.storing == 4;
    assert!(pair.run_until(60_000, is_storing));
    assert!(!finished(&pair), "they wait");
    assert!(pair.run_until(DEADLINE, finished));
    row.is_seen(&pair);
    assert!(all_active(&pair));
}
