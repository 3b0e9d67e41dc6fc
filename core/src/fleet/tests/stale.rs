//! Guilds whose store fails while other shards are not ready yet.

use super::*;
use crate::setup::GuildStale;

#[test]
fn a_guild_whose_store_fails_before_the_last_shard_has_finished_is_not_counted_as_complete() {
    let all = shards(2);
    let mut fleet = fleet(2, limit(1, 1000));
    let presences = |complete| {
        Some(PresencesSummary {
            complete,
            lacking: Vec::new(),
        })
    };
    let done = |shard, complete| {
        Event::ShardFinishedChunking(Box::new(ShardFinishedChunking {
            presences: presences(complete),
            ..summary(shard, complete)
        }))
    };
    let stale = |was_complete| {
        Event::GuildStale(GuildStale {
            shard: all[0],
            guild: GuildId::new(1).unwrap(),
            was_complete,
            presences_were_complete: was_complete,
        })
    };
    assert_eq!(feed(&mut fleet, at(1), all[0], &stale(true)), []);
    assert_eq!(feed(&mut fleet, at(1), all[0], &done(all[0], 3)), []);
    assert_eq!(feed(&mut fleet, at(1), all[0], &stale(true)), []);
    assert_eq!(feed(&mut fleet, at(1), all[0], &stale(false)), []);
    let emitted = Event::FinishedChunking(FinishedChunking {
        complete: 4,
        others: 1,
        presences: Some(PresencesCounts {
            complete: 4,
            others: 1,
        }),
        restored: None,
        halted: Vec::new(),
    });
    assert_eq!(
        feed(&mut fleet, at(2), all[1], &done(all[1], 2)),
        [FleetAction::Emit(emitted)]
    );
    assert_eq!(feed(&mut fleet, at(3), all[0], &stale(true)), []);
}
