//! What is gone, or ought to be.

use headcount_core::Action;
use headcount_core::cache::MemoryStore;
use headcount_core::cache::memory::Completeness;
use headcount_core::id::{ChannelId, GuildId, UserId};
use headcount_sim::{Act, Change, Fault, Options, Pair, Subject, Trouble, guild_id};

use super::{is_ready_anew, row, told};
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
fn late_news_of_what_is_gone() {
    let row = row("late_news_of_what_is_gone");
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
    row.is_told(&told(&pair));
    assert_eq!(pair.gateway.violations(), []);
}
