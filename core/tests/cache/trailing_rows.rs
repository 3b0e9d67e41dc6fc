//! Channels, roles, threads, messages and the smaller kinds stay away once they are removed.

use headcount_core::cache::Kind;
use headcount_core::id::EmojiId;
use serde_json::{Value, json};

use crate::entities::{emoji_json, event_json, seven, sound_json, stage_json, voice_json};
use crate::threads::{membership_json, thread_json};
use crate::trailing::Trail;
use crate::world::{
    ME, channel, channel_json, guild, member_json, role, role_json, user, user_json,
};

impl Trail {
    fn has_channel(&self, id: u64) -> bool {
        self.store.channel(channel(id)).is_some()
    }

    fn has_role(&self, id: u64) -> bool {
        self.store.role(guild(1), role(id)).is_some()
    }

    fn has_thread(&self, id: u64) -> bool {
        self.store.thread(channel(id)).is_some()
    }
}

fn message_in(channel: u64) -> Value {
    json!({"id": "900", "channel_id": channel.to_string(), "content": "x", "type": 0,
        "author": user_json(10), "timestamp": "2024-02-03T04:05:06+00:00"})
}

#[test]
fn a_channel_that_is_deleted_stays_away_though_an_update_of_it_follows() {
    let mut trail = Trail::new();
    trail.feed("CHANNEL_DELETE", channel_json(101));
    trail.feed("CHANNEL_UPDATE", channel_json(101));
    assert!(!trail.has_channel(101));
    trail.feed("CHANNEL_CREATE", channel_json(101));
    trail.feed("CHANNEL_UPDATE", channel_json(101));
    assert!(trail.has_channel(101));
}

#[test]
fn a_role_that_is_deleted_stays_away_though_an_update_of_it_follows() {
    let mut trail = Trail::new();
    trail.feed("GUILD_ROLE_DELETE", json!({"role_id": "200"}));
    trail.feed("GUILD_ROLE_UPDATE", json!({"role": role_json(200)}));
    assert!(!trail.has_role(200));
    trail.feed("GUILD_ROLE_CREATE", json!({"role": role_json(200)}));
    trail.feed("GUILD_ROLE_UPDATE", json!({"role": role_json(200)}));
    assert!(trail.has_role(200));
}

#[test]
fn a_role_that_is_deleted_is_no_members_and_no_emojis_though_a_late_payload_names_it() {
    let mut trail = Trail::new();
    trail.feed("GUILD_ROLE_DELETE", json!({"role_id": "200"}));
    trail.feed("GUILD_MEMBER_UPDATE", member_json(10));
    trail.feed("GUILD_MEMBER_ADD", member_json(11));
    trail.feed("GUILD_EMOJIS_UPDATE", json!({"emojis": [emoji_json(7)]}));
    for id in [10, 11] {
        let member = trail.store.member(guild(1), user(id)).unwrap();
        assert_eq!(member.roles().count(), 0);
    }
    let emoji = trail.store.emoji(guild(1), seven::<EmojiId>()).unwrap();
    assert_eq!(emoji.roles.value().unwrap(), &[role(1)]);
}

#[test]
fn the_roles_that_a_guild_update_lists_are_there() {
    let mut trail = Trail::new();
    trail.feed("GUILD_ROLE_DELETE", json!({"role_id": "200"}));
    let update = json!({"id": "1", "name": "x", "roles": [role_json(1), role_json(200)]});
    trail.feed("GUILD_UPDATE", update);
    trail.feed("GUILD_MEMBER_UPDATE", member_json(10));
    assert!(trail.has_role(200));
    let member = trail.store.member(guild(1), user(10)).unwrap();
    assert_eq!(member.roles().count(), 1);
}

#[test]
fn a_thread_that_is_deleted_stays_away_though_an_update_of_it_follows() {
    let mut trail = Trail::new();
    trail.feed("THREAD_CREATE", thread_json(500, 101));
    trail.feed(
        "THREAD_DELETE",
        json!({"id": "500", "parent_id": "101", "type": 11}),
    );
    trail.feed("THREAD_UPDATE", thread_json(500, 101));
    assert!(!trail.has_thread(500));
    let mut own = membership_json(ME);
    own["id"] = json!("500");
    trail.feed("THREAD_MEMBER_UPDATE", own);
    let came = json!({"id": "500", "member_count": 1, "added_members": [membership_json(10)]});
    trail.feed("THREAD_MEMBERS_UPDATE", came);
    assert_eq!(trail.rows(Kind::ThreadMember), 0);
    trail.feed("THREAD_CREATE", thread_json(500, 101));
    trail.feed("THREAD_UPDATE", thread_json(500, 101));
    assert!(trail.has_thread(500));
}

#[test]
fn a_thread_of_a_channel_that_is_deleted_stays_away() {
    let mut trail = Trail::new();
    trail.feed("THREAD_CREATE", thread_json(500, 101));
    trail.feed("CHANNEL_DELETE", channel_json(101));
    assert!(!trail.has_thread(500));
    trail.feed("THREAD_UPDATE", thread_json(500, 101));
    trail.feed("THREAD_CREATE", thread_json(501, 101));
    assert_eq!(trail.rows(Kind::Thread), 0);
}

#[test]
fn a_thread_that_is_archived_may_come_back() {
    let mut trail = Trail::new();
    let mut archived = thread_json(500, 101);
    archived["thread_metadata"]["archived"] = json!(true);
    trail.feed("THREAD_UPDATE", archived);
    trail.feed("THREAD_UPDATE", thread_json(500, 101));
    assert!(trail.has_thread(500));
}

#[test]
fn a_thread_under_a_channel_that_is_gone_is_archived_all_the_same() {
    let mut trail = Trail::new();
    trail.feed("CHANNEL_DELETE", channel_json(101));
    let sync = json!({"threads": [thread_json(500, 101)], "members": []});
    trail.feed("THREAD_LIST_SYNC", sync);
    assert!(trail.has_thread(500), "a list is the truth");
    let mut archived = thread_json(500, 101);
    archived["thread_metadata"]["archived"] = json!(true);
    trail.feed("THREAD_UPDATE", archived);
    assert!(!trail.has_thread(500));
}

#[test]
fn threads_that_a_sync_lists_are_there() {
    let mut trail = Trail::new();
    trail.feed(
        "THREAD_DELETE",
        json!({"id": "500", "parent_id": "101", "type": 11}),
    );
    trail.feed(
        "THREAD_LIST_SYNC",
        json!({"threads": [thread_json(500, 101)], "members": []}),
    );
    trail.feed("THREAD_UPDATE", thread_json(500, 101));
    assert!(trail.has_thread(500));
}

#[test]
fn who_left_a_thread_is_in_it_again_only_when_they_are_added() {
    let mut trail = Trail::new();
    trail.feed("THREAD_CREATE", thread_json(500, 101));
    let came = json!({"id": "500", "member_count": 1, "added_members": [membership_json(ME)]});
    trail.feed("THREAD_MEMBERS_UPDATE", came.clone());
    assert_eq!(trail.rows(Kind::ThreadMember), 1);
    let left = json!({"id": "500", "member_count": 0, "removed_member_ids": [ME.to_string()]});
    let mut own = membership_json(ME);
    own["id"] = json!("500");
    trail.feed("THREAD_MEMBERS_UPDATE", left.clone());
    trail.feed("THREAD_MEMBER_UPDATE", own.clone());
    assert_eq!(trail.rows(Kind::ThreadMember), 0);
    trail.feed("THREAD_MEMBERS_UPDATE", came);
    trail.feed("THREAD_MEMBER_UPDATE", own.clone());
    assert_eq!(trail.rows(Kind::ThreadMember), 1);
    trail.feed("THREAD_MEMBERS_UPDATE", left.clone());
    let mut again = thread_json(500, 101);
    again["member"] = membership_json(ME);
    trail.feed("THREAD_CREATE", again);
    assert_eq!(trail.rows(Kind::ThreadMember), 1);
    trail.feed("THREAD_MEMBERS_UPDATE", left);
    let sync = json!({"threads": [thread_json(500, 101)], "members": [own]});
    trail.feed("THREAD_LIST_SYNC", sync);
    trail.feed("THREAD_MEMBER_UPDATE", own);
    assert_eq!(trail.rows(Kind::ThreadMember), 1);
}

#[test]
fn messages_of_a_channel_or_thread_that_is_deleted_stay_away() {
    let mut trail = Trail::new();
    trail.feed("THREAD_CREATE", thread_json(500, 101));
    for place in [500, 101] {
        trail.feed("MESSAGE_CREATE", message_in(place));
    }
    assert_eq!(trail.rows(Kind::Message), 2);
    trail.feed(
        "THREAD_DELETE",
        json!({"id": "500", "parent_id": "101", "type": 11}),
    );
    trail.feed("CHANNEL_DELETE", channel_json(101));
    for place in [500, 101] {
        trail.feed("MESSAGE_CREATE", message_in(place));
        trail.feed("MESSAGE_UPDATE", message_in(place));
    }
    assert_eq!(trail.rows(Kind::Message), 0);
}

#[test]
fn a_message_that_is_deleted_stays_away_though_an_update_of_it_follows() {
    let mut trail = Trail::new();
    trail.feed("MESSAGE_CREATE", message_in(101));
    trail.feed("MESSAGE_DELETE", json!({"id": "900", "channel_id": "101"}));
    trail.feed("MESSAGE_UPDATE", message_in(101));
    assert_eq!(trail.rows(Kind::Message), 0);
}

#[test]
fn nothing_comes_to_hang_on_a_channel_that_is_deleted() {
    let mut trail = Trail::new();
    trail.feed("VOICE_STATE_UPDATE", voice_json(10, 100));
    trail.feed("CHANNEL_DELETE", channel_json(101));
    let trails = [
        ("STAGE_INSTANCE_CREATE", stage_json(7, 101)),
        ("STAGE_INSTANCE_UPDATE", stage_json(7, 101)),
        ("GUILD_SCHEDULED_EVENT_CREATE", event_json(7, 101)),
        ("GUILD_SCHEDULED_EVENT_UPDATE", event_json(7, 101)),
        ("INVITE_CREATE", json!({"code": "x", "channel_id": "101"})),
        ("WEBHOOKS_UPDATE", json!({"channel_id": "101"})),
        ("VOICE_STATE_UPDATE", voice_json(10, 101)),
    ];
    for (name, data) in trails {
        trail.feed(name, data);
    }
    let kinds = [
        Kind::Stage,
        Kind::ScheduledEvent,
        Kind::Invite,
        Kind::WebhookMark,
        Kind::VoiceState,
    ];
    assert_eq!(kinds.map(|kind| trail.rows(kind)), [0; 5]);
}

/// The kind, its creation, update and removal.
fn small_kinds() -> [(Kind, [&'static str; 3], Value); 5] {
    let removal = |mut row: Value| {
        row["integration_id"] = json!("7");
        row
    };
    [
        (
            Kind::Sound,
            [
                "GUILD_SOUNDBOARD_SOUND_CREATE",
                "GUILD_SOUNDBOARD_SOUND_UPDATE",
                "GUILD_SOUNDBOARD_SOUND_DELETE",
            ],
            sound_json(7),
        ),
        (
            Kind::Stage,
            [
                "STAGE_INSTANCE_CREATE",
                "STAGE_INSTANCE_UPDATE",
                "STAGE_INSTANCE_DELETE",
            ],
            stage_json(7, 101),
        ),
        (
            Kind::ScheduledEvent,
            [
                "GUILD_SCHEDULED_EVENT_CREATE",
                "GUILD_SCHEDULED_EVENT_UPDATE",
                "GUILD_SCHEDULED_EVENT_DELETE",
            ],
            event_json(7, 101),
        ),
        (
            Kind::Integration,
            [
                "INTEGRATION_CREATE",
                "INTEGRATION_UPDATE",
                "INTEGRATION_DELETE",
            ],
            removal(json!({"id": "7", "name": "i"})),
        ),
        (
            Kind::Rule,
            [
                "AUTO_MODERATION_RULE_CREATE",
                "AUTO_MODERATION_RULE_UPDATE",
                "AUTO_MODERATION_RULE_DELETE",
            ],
            json!({"id": "7", "name": "r"}),
        ),
    ]
}

#[test]
fn sounds_stages_events_integrations_and_rules_stay_away_once_they_are_deleted() {
    for (kind, [create, update, delete], row) in small_kinds() {
        let mut trail = Trail::new();
        trail.feed(create, row.clone());
        assert_eq!(trail.rows(kind), 1, "{create}");
        trail.feed(delete, row.clone());
        trail.feed(update, row.clone());
        assert_eq!(trail.rows(kind), 0, "{update} after {delete}");
        trail.feed(create, row.clone());
        trail.feed(update, row);
        assert_eq!(trail.rows(kind), 1, "{update} after {create}");
    }
}

#[test]
fn sounds_that_were_deleted_are_not_updated_with_others_and_come_with_the_whole_board() {
    let mut trail = Trail::new();
    trail.feed("GUILD_SOUNDBOARD_SOUND_DELETE", sound_json(7));
    let board = json!({"soundboard_sounds": [sound_json(7), sound_json(8)]});
    trail.feed("GUILD_SOUNDBOARD_SOUNDS_UPDATE", board.clone());
    assert_eq!(trail.rows(Kind::Sound), 1);
    trail.feed("SOUNDBOARD_SOUNDS", board.clone());
    trail.feed("GUILD_SOUNDBOARD_SOUNDS_UPDATE", board);
    assert_eq!(trail.rows(Kind::Sound), 2);
    let mut louder = sound_json(7);
    louder["volume"] = json!(1);
    trail.feed("GUILD_SOUNDBOARD_SOUND_UPDATE", louder);
    let mut sounds = trail.store.sounds(guild(1));
    assert!(
        sounds.any(|sound| sound.volume == Some(1.0)),
        "updated again"
    );
}

#[test]
fn removals_of_one_guild_do_not_concern_another() {
    let mut trail = Trail::new();
    trail.feed("GUILD_CREATE", crate::world::guild_json(2, &[ME], 1));
    trail.leave(7);
    let mut other = member_json(7);
    other["guild_id"] = json!("2");
    trail.feed("GUILD_MEMBER_UPDATE", other);
    assert!(trail.store.member(guild(2), user(7)).is_some());
}

#[test]
fn a_private_channel_that_is_deleted_stays_away_and_its_next_message_does_not() {
    let mut trail = Trail::new();
    let private = json!({"id": "600", "type": 1, "recipients": [user_json(70)]});
    trail.tell_as_it_is("CHANNEL_CREATE", &private);
    assert!(trail.store.private_channel(channel(600)).is_some());
    trail.tell_as_it_is("CHANNEL_DELETE", &private);
    trail.tell_as_it_is("CHANNEL_UPDATE", &private);
    assert!(trail.store.private_channel(channel(600)).is_none());
    trail.tell_as_it_is("MESSAGE_CREATE", &message_in(600));
    assert_eq!(trail.store.private_messages(channel(600)).count(), 1);
    trail.tell_as_it_is("CHANNEL_CREATE", &private);
    trail.tell_as_it_is("CHANNEL_UPDATE", &private);
    assert!(trail.store.private_channel(channel(600)).is_some());
}
