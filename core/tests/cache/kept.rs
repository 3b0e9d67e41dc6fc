//! Rows of one's own under policies.

use core::time::Duration;

use headcount_core::Instant;
use headcount_core::cache::{
    Kept, Key, MemberTraits, Mutation, Op, Policy, Predicate, Scope, Unsuitable,
};

use crate::world::{channel, guild};

fn keys(kept: &Kept<u32, &'static str>, of: u64) -> Vec<u32> {
    kept.keys(guild(of)).copied().collect()
}

#[test]
fn rows_are_added_replaced_moved_and_removed() {
    let mut kept = Kept::new(1, Policy::all()).unwrap();
    assert_eq!(kept.insert(guild(1), 10, "a"), None);
    assert_eq!(kept.insert(guild(1), 10, "b"), Some("a"));
    assert_eq!(kept.insert(guild(2), 10, "c"), Some("b"), "it moves");
    assert_eq!((keys(&kept, 1), keys(&kept, 2)), (vec![], vec![10]));
    *kept.get_mut(&10).unwrap() = "d";
    assert_eq!((kept.get(&10), kept.get(&11)), (Some(&"d"), None));
    assert!(kept.contains(&10) && kept.len() == 1);
    assert_eq!(kept.remove(&10), Some("d"));
    assert_eq!(kept.remove(&10), None);
    assert!(kept.is_empty());
}

#[test]
fn limits_ages_and_uses_are_those_of_a_policy() {
    let policy = Policy::lru(3)
        .per_guild(2)
        .time_to_live(Duration::from_secs(9));
    let mut kept = Kept::new(1, policy).unwrap();
    for key in 1..=3 {
        kept.insert(guild(1), key, "a");
    }
    assert_eq!(keys(&kept, 1), [2, 3]);
    assert!(kept.get(&2).is_some(), "a use");
    assert!(kept.contains(&3), "no use");
    kept.insert(guild(2), 4, "b");
    kept.insert(guild(2), 5, "b");
    assert_eq!((keys(&kept, 1), keys(&kept, 2)), (vec![2], vec![4, 5]));
    assert_eq!(kept.advance(Instant::from_millis(8_000)), 0);
    kept.get_mut(&4);
    assert_eq!(kept.advance(Instant::from_millis(9_000)), 2);
    assert_eq!(keys(&kept, 2), [4]);
    kept.insert(guild(2), 4, "moved on");
    assert_eq!(kept.advance(Instant::from_millis(17_999)), 0);
    assert_eq!(kept.advance(Instant::from_millis(18_000)), 1);
}

#[test]
fn groups_go_with_their_guild_channel_or_thread() {
    let mut kept = Kept::new(1, Policy::lru(100)).unwrap();
    let fill = |kept: &mut Kept<u32, &'static str>| {
        kept.insert(guild(1), 1, "guild");
        kept.insert(channel(2), 2, "channel");
        kept.insert(channel(3), 3, "thread");
        kept.insert(guild(4), 4, "other");
    };
    fill(&mut kept);
    let about = || Mutation::new(Some(guild(1)));
    kept.follow(&about().with(Op::Cascade(Scope::Channel(channel(2)))));
    assert!(!kept.contains(&2) && kept.len() == 3);
    kept.follow(&about().with(Op::Remove(Key::Thread(channel(3)))));
    assert!(!kept.contains(&3) && kept.len() == 2);
    kept.follow(&about().with(Op::Cascade(Scope::Guild)));
    assert!(kept.contains(&4) && kept.len() == 1);
    fill(&mut kept);
    assert_eq!(kept.remove_group(guild(4)), 1);
    assert_eq!(kept.remove_group(guild(4)), 0);
}

#[test]
fn its_policy_changes_at_run_time() {
    let mut kept = Kept::new(1, Policy::all()).unwrap();
    for key in 1..=5 {
        kept.insert(guild(1), key, "a");
    }
    assert_eq!(kept.set_policy(Policy::lru(4)), Ok(1));
    assert_eq!(
        keys(&kept, 1),
        [2, 3, 4, 5],
        "by key: no use was watched yet"
    );
    assert!(kept.get(&2).is_some());
    assert_eq!(kept.set_policy(Policy::all().per_channel(2)), Ok(2));
    assert_eq!(keys(&kept, 1), [2, 5], "a group is a group");
    for unsuitable in [
        Policy::keep(MemberTraits::OWNER),
        Policy::lru(1).sparing(Predicate::when(|_| true)),
        Policy::newest_per_channel(1),
    ] {
        assert_eq!(kept.set_policy(unsuitable), Err(Unsuitable::OwnRows));
        assert_eq!(kept.len(), 2);
    }
    assert_eq!(kept.set_policy(Policy::none()), Ok(2));
    assert_eq!(kept.insert(guild(1), 1, "a"), None);
    assert!(kept.is_empty(), "none is none");
}
