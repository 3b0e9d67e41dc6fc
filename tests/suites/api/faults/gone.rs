//! What is gone, or ought to be.

use headcount_core::cache::memory::Completeness;
use headcount_core::cache::{Kind, MemoryStore, Policies};
use headcount_core::id::{ChannelId, GuildId, ScheduledEventId, UserId};
use headcount_core::{Action, Instant};
use headcount_sim::{Act, Change, Fault, Options, Pair, Subject, Trouble, guild_id};

use super::odd::feed;
use super::{HOUR, is_ready_anew, row};
use crate::bot::{options, pair};

/// Keeps what the shards have said.
fn keep(store: &mut MemoryStore, pair: &Pair) {
    for done in &pair.done {
        if let Action::Mutate(mutation) = &done.action {
            store.apply(mutation.clone());
        }
    }
}

#[test]
fn late_events_of_what_is_gone() {
    let row = row("late_events_of_what_is_gone");
    assert_eq!(row.within, [0]);
    let (large, small) = (guild_id(0), guild_id(2));
    let late = |of| Fault::once(Trouble::LateWord { of, by: 1_000 });
    let leaves = Fault::once(Trouble::LeaveAmidChunk { guild: large });
    let faults = vec![leaves, late(Subject::Member), late(Subject::Channel)];
    let mut pair = pair(
        Options {
            faults,
            ..options()
        },
        1,
    );
    assert!(pair.run_until(60_000, is_ready_anew));
    let guild = pair.gateway.world().guild(small).unwrap();
    let (user, channel) = (
        guild.member_at(0).unwrap(),
        guild.channel_ids().next().unwrap(),
    );
    pair.act(Act::RemoveMember { guild: small, user });
    pair.act(Act::ChangeChannel {
        guild: small,
        change: Change::Remove(channel),
    });
    pair.run(2_000);
    for what in [
        "leave amid chunk",
        "late word of a member",
        "late word of a channel",
    ] {
        assert_eq!(pair.gateway.struck().get(what), Some(&1), "{what}");
    }
    let mut store = MemoryStore::new(1);
    keep(&mut store, &pair);
    let (id, user) = (GuildId::new(small).unwrap(), UserId::new(user).unwrap());
    assert!(store.member(id, user).is_none());
    assert!(store.channel(ChannelId::new(channel).unwrap()).is_none());
    for number in [large, small] {
        let members = pair.gateway.world().guild(number).unwrap().len() as u64;
        let id = GuildId::new(number).unwrap();
        let whole = Completeness::Complete { members };
        assert_eq!(store.completeness(id), Some(whole));
    }
    row.is_seen(&pair);
    assert_eq!(pair.gateway.violations(), []);
}

#[test]
fn rows_that_nobody_removes() {
    let row = row("rows_that_nobody_removes");
    assert_eq!(row.within, [HOUR, 0]);
    let mut pair = pair(options(), 1);
    assert!(pair.run_until(60_000, is_ready_anew));
    let mut store = MemoryStore::with_policies(1, Policies::default());
    keep(&mut store, &pair);
    let guild = guild_id(0);
    for (id, status) in [(77, 1), (78, 3), (79, 4)] {
        let event = format!(r#"{{"id":"{id}","guild_id":"{guild}","name":"e","status":{status}}}"#);
        feed(&mut pair, "GUILD_SCHEDULED_EVENT_CREATE", &event);
        keep(&mut store, &pair);
    }
    for id in 1..=1_001 {
        let channel = format!(r#"{{"id":"{id}","type":1}}"#);
        feed(&mut pair, "CHANNEL_CREATE", &channel);
        keep(&mut store, &pair);
    }
    assert_eq!(store.rows(Kind::PrivateChannel), 1_000);
    assert!(store.private_channel(ChannelId::new(1).unwrap()).is_none());
    assert_eq!(store.advance(Instant::from_millis(HOUR - 1)), 0);
    assert_eq!(store.next_expiry(), Some(Instant::from_millis(HOUR)));
    assert_eq!(store.advance(Instant::from_millis(HOUR)), 2);
    let left = [77, 78, 79].map(|id| {
        let (guild, id) = (GuildId::new(guild), ScheduledEventId::new(id));
        store.scheduled_event(guild.unwrap(), id.unwrap()).is_some()
    });
    assert_eq!(left, [true, false, false]);
}
