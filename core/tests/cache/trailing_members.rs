//! A member that has left stays away, whatever trails its removal.

use headcount_core::cache::memory::Completeness;
use headcount_core::cache::{Kind, Kinds};
use headcount_core::tracker::TrackerConfig;
use serde_json::{Value, json};

use crate::entities::voice_json;
use crate::trailing::{Trail, guest_json, presence};
use crate::world::{ME, guild, guild_1, guild_json, member_json, ready, user, user_json};

/// A voice state with its member, as events carry it.
fn voice(member: Value, channel: Option<u64>) -> Value {
    let id = member["user"]["id"].as_str().unwrap().parse().unwrap();
    let mut state = voice_json(id, 101);
    state["channel_id"] = json!(channel.map(|id| id.to_string()));
    state["member"] = member;
    state
}

/// Everyone of guild 1 is here: these, user 10 and the bot.
fn whole(members: &[u64]) -> Trail {
    let mut trail = Trail::new();
    let nonce = trail.ask();
    trail.chunk(&nonce, 0, 1, members);
    assert_eq!(trail.completeness(), complete(members.len() as u64 + 2));
    trail
}

const fn complete(members: u64) -> Completeness {
    Completeness::Complete { members }
}

#[test]
fn a_member_in_voice_who_leaves_is_gone_though_a_voice_state_with_the_member_follows() {
    let mut trail = whole(&[7]);
    trail.feed("VOICE_STATE_UPDATE", voice(member_json(7), Some(101)));
    assert_eq!(trail.rows(Kind::VoiceState), 1);
    trail.leave(7);
    trail.feed("VOICE_STATE_UPDATE", voice(member_json(7), None));
    assert_eq!(trail.members(), [10, ME]);
    assert_eq!(trail.rows(Kind::VoiceState), 0);
    assert_eq!(trail.completeness(), complete(2));
}

#[test]
fn a_member_who_leaves_between_two_chunks_of_an_answer_is_none_until_they_join_anew() {
    let mut trail = Trail::new();
    let nonce = trail.ask();
    trail.chunk(&nonce, 0, 2, &[ME, 10]);
    trail.leave(7);
    trail.chunk(&nonce, 1, 2, &[7, 8]);
    assert_eq!(trail.members(), [8, 10, ME]);
    assert_eq!(trail.completeness(), complete(3));
    trail.join(7);
    assert_eq!(trail.members(), [7, 8, 10, ME]);
    assert_eq!(trail.completeness(), complete(4));
}

#[test]
fn a_member_who_left_and_is_listed_all_the_same_does_not_count_for_the_request() {
    let mut trail = Trail::new();
    let nonce = trail.ask();
    trail.chunk(&nonce, 0, 2, &[ME, 10]);
    trail.leave(7);
    trail.chunk(&nonce, 1, 2, &[7, 8]);
    assert_eq!(trail.answered, [3]);
}

#[test]
fn a_member_in_voice_who_left_is_in_no_channel_whatever_trails() {
    let mut trail = whole(&[7]);
    trail.feed("VOICE_STATE_UPDATE", voice(member_json(7), Some(101)));
    trail.leave(7);
    trail.feed("VOICE_STATE_UPDATE", voice(member_json(7), Some(101)));
    assert_eq!((trail.has(7), trail.rows(Kind::VoiceState)), (false, 0));
}

#[test]
fn updates_presences_and_threads_do_not_bring_back_who_left() {
    let mut trail = whole(&[7]);
    let before = (trail.rows(Kind::Member) - 1, trail.rows(Kind::Presence) - 1);
    trail.feed("THREAD_CREATE", crate::threads::thread_json(500, 101));
    trail.leave(7);
    trail.feed("GUILD_MEMBER_UPDATE", member_json(7));
    trail.feed("PRESENCE_UPDATE", presence(&json!("7")));
    let mut joined = crate::threads::membership_json(7);
    joined["member"] = member_json(7);
    joined["presence"] = presence(&json!("7"));
    let came = json!({"id": "500", "member_count": 1, "added_members": [joined]});
    trail.feed("THREAD_MEMBERS_UPDATE", came);
    let changed = &trail.changed;
    assert!(
        !changed.contains("Presences"),
        "no store hears of it: {changed}"
    );
    assert_eq!(
        (trail.rows(Kind::Member), trail.rows(Kind::Presence)),
        before
    );
    assert_eq!(trail.rows(Kind::ThreadMember), 0);
}

#[test]
fn a_sync_does_not_bring_back_who_left() {
    let mut trail = whole(&[7]);
    trail.leave(7);
    let sync = json!({"id": "1", "members": [member_json(7), member_json(8)], "presences": []});
    trail.feed("GUILD_SYNC", sync);
    assert_eq!(trail.members(), [8, 10, ME]);
}

#[test]
fn presences_stay_away_too_where_members_are_not_cached() {
    let mut trail = Trail::with(TrackerConfig {
        kinds: Kinds::PRESENCES | Kinds::VOICE_STATES,
        ..TrackerConfig::default()
    });
    trail.feed("PRESENCE_UPDATE", presence(&json!("7")));
    trail.leave(7);
    trail.feed("PRESENCE_UPDATE", presence(&json!("7")));
    trail.feed("VOICE_STATE_UPDATE", voice(member_json(7), Some(101)));
    assert_eq!(
        (trail.rows(Kind::Presence), trail.rows(Kind::VoiceState)),
        (0, 0)
    );
}

#[test]
fn an_answer_that_was_asked_for_after_the_removal_brings_back_whom_it_lists() {
    let mut trail = whole(&[7]);
    let before = trail.ask();
    trail.leave(7);
    let after = trail.ask();
    trail.chunk(&before, 0, 2, &[ME, 7]);
    assert!(!trail.has(7), "written before, perhaps");
    trail.chunk("theirs", 0, 2, &[ME, 7]);
    assert!(!trail.has(7), "nobody knows when it was asked for");
    trail.chunk(&after, 0, 2, &[ME, 7]);
    assert!(trail.has(7));
    trail.chunk(&before, 1, 2, &[]);
    trail.feed("GUILD_MEMBER_UPDATE", member_json(7));
    assert_eq!(trail.members(), [7, 10, ME]);
}

#[test]
fn a_guild_that_comes_anew_may_list_who_left() {
    let mut trail = whole(&[7]);
    trail.leave(7);
    trail.feed("GUILD_CREATE", guild_json(1, &[ME, 7], 2));
    assert_eq!(trail.completeness(), complete(2));
    trail.leave(7);
    trail.feed("GUILD_DELETE", json!({"id": "1"}));
    trail.feed("GUILD_CREATE", guild_1());
    trail.feed("VOICE_STATE_UPDATE", voice(member_json(7), Some(101)));
    assert!(
        trail.has(7),
        "a guild that was left is another one when it comes again"
    );
}

#[test]
fn a_new_session_knows_of_no_removal() {
    let mut trail = whole(&[7]);
    trail.leave(7);
    trail.feed("READY", ready(&[1]));
    trail.feed("GUILD_MEMBER_UPDATE", member_json(7));
    assert!(trail.has(7));
}

#[test]
fn who_is_removed_twice_counts_once() {
    let mut trail = whole(&[7, 8]);
    let count = |trail: &Trail| trail.store.guild(guild(1)).unwrap().member_count();
    trail.leave(7);
    trail.leave(7);
    assert_eq!(count(&trail), Some(3));
    trail.join(7);
    trail.leave(7);
    assert_eq!(count(&trail), Some(3));
}

#[test]
fn the_removal_of_the_bot_itself_marks_nothing() {
    let mut trail = whole(&[7]);
    trail.leave(ME);
    trail.feed("GUILD_MEMBER_UPDATE", {
        let mut own = member_json(ME);
        own["nick"] = json!("still");
        own
    });
    let own = trail.store.member(guild(1), user(ME));
    assert_eq!(own.unwrap().nick(), Some("still"));
}

#[test]
fn the_oldest_removal_is_forgotten_first() {
    let mut trail = Trail::remembering(2);
    for id in [7, 8, 9] {
        trail.leave(id);
    }
    for id in [7, 8, 9] {
        trail.feed("GUILD_MEMBER_UPDATE", member_json(id));
    }
    assert_eq!(trail.members(), [7, 10, ME]);
    let mut trail = Trail::remembering(0);
    trail.leave(7);
    trail.feed("GUILD_MEMBER_UPDATE", member_json(7));
    assert!(trail.has(7), "nothing is remembered");
}

#[test]
fn a_guest_of_a_stage_that_a_guild_lists_is_no_member() {
    let mut trail = Trail::new();
    let mut create = guild_json(1, &[ME, 10], 3);
    create["members"]
        .as_array_mut()
        .unwrap()
        .push(guest_json(7));
    create["voice_states"] = json!([voice_json(7, 101)]);
    trail.feed("GUILD_CREATE", create.clone());
    assert_eq!(trail.members(), [10, ME]);
    let partial = trail.completeness();
    assert!(matches!(
        partial,
        Completeness::Partial {
            members: 2,
            of: Some(3),
            ..
        }
    ));
    assert_eq!(trail.rows(Kind::VoiceState), 1);
    trail.feed("VOICE_STATE_UPDATE", voice(guest_json(7), Some(100)));
    trail.feed("GUILD_MEMBER_UPDATE", guest_json(7));
    trail.feed("GUILD_MEMBER_ADD", guest_json(7));
    assert_eq!((trail.members(), trail.rows(Kind::User)), (vec![10, ME], 2));
    trail.feed("VOICE_STATE_UPDATE", voice(guest_json(7), None));
    assert_eq!(trail.rows(Kind::VoiceState), 0);
    assert_eq!(trail.completeness(), partial);
    create["member_count"] = json!(2);
    trail.feed("GUILD_CREATE", create);
    assert_eq!(trail.completeness(), complete(2));
}

#[test]
fn a_guest_of_a_stage_is_counted_nowhere_where_members_are_not_cached() {
    let mut trail = Trail::with(TrackerConfig {
        kinds: Kinds::GUILDS,
        ..TrackerConfig::default()
    });
    let mut create = guild_json(1, &[ME, 10], 3);
    create["members"]
        .as_array_mut()
        .unwrap()
        .push(guest_json(7));
    trail.feed("GUILD_CREATE", create);
    assert_eq!(trail.tracker.readiness().members.received, 2);
}

#[test]
fn a_member_who_left_may_come_to_a_stage_as_a_guest() {
    let mut trail = whole(&[7]);
    trail.leave(7);
    trail.feed("VOICE_STATE_UPDATE", voice(guest_json(7), Some(101)));
    assert_eq!((trail.has(7), trail.rows(Kind::VoiceState)), (false, 1));
}

#[test]
fn an_update_without_a_time_of_joining_changes_a_member_and_makes_none() {
    let mut trail = whole(&[7]);
    for id in [7, 8] {
        let mut odd = guest_json(id);
        odd["nick"] = json!("odd");
        trail.feed("GUILD_MEMBER_UPDATE", odd);
    }
    let seven = trail.store.member(guild(1), user(7));
    assert_eq!(seven.unwrap().nick(), Some("odd"));
    assert_eq!(trail.members(), [7, 10, ME]);
}

#[test]
fn what_a_message_or_typing_says_of_who_left_makes_no_member() {
    let mut trail = whole(&[7]);
    trail.leave(7);
    let mut bare = member_json(7);
    bare.as_object_mut().unwrap().remove("user");
    let message = json!({"id": "900", "channel_id": "101", "content": "x", "type": 0,
        "author": user_json(7), "member": bare});
    trail.feed("MESSAGE_CREATE", message);
    let typing = json!({"channel_id": "101", "user_id": "7", "timestamp": 5,
        "member": member_json(7)});
    trail.feed("TYPING_START", typing.clone());
    trail.feed("INTERACTION_CREATE", typing);
    assert_eq!(trail.members(), [10, ME]);
}

#[test]
fn who_left_unheard_goes_with_the_whole_answer_where_the_guilds_own_list_was_odd_or_missing() {
    for list in [Some(json!(7)), Some(Value::Null), None] {
        let mut trail = whole(&[7]);
        let mut anew = guild_1();
        match list {
            Some(list) => anew["members"] = list,
            None => drop(anew.as_object_mut().unwrap().remove("members")),
        }
        trail.feed("GUILD_CREATE", anew);
        assert_eq!(trail.members(), [7, 10, ME], "nobody knows yet");
        let nonce = trail.ask();
        trail.chunk(&nonce, 0, 1, &[8, 10, ME]);
        assert_eq!(trail.members(), [8, 10, ME]);
        assert_eq!(trail.completeness(), complete(3));
    }
}
