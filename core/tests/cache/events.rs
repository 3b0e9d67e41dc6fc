//! Every event has a test named after it; those that change nothing have theirs here.

use std::process::Command;

use headcount_core::wire::Name;
use serde_json::json;

use crate::world::World;

macro_rules! change_nothing {
    ($($event:ident,)*) => {$(
        #[test]
        fn $event() {
            changes_nothing(stringify!($event));
        }
    )*};
}

change_nothing! {
    resumed,
    guild_integrations_update,
    voice_server_update,
    voice_channel_effect_send,
    guild_audit_log_entry_create,
    auto_moderation_action_execution,
    application_command_permissions_update,
    entitlement_create,
    entitlement_update,
    entitlement_delete,
    subscription_create,
    subscription_update,
    subscription_delete,
    guild_join_request_create,
    guild_join_request_update,
    guild_join_request_delete,
}

fn changes_nothing(event: &str) {
    let mut world = World::new();
    let before = world.rows();
    let data = json!({"id": "101", "guild_id": "1", "channel_id": "101", "user_id": "10",
        "user": {"id": "10", "username": "other"}, "member": {"nick": "other"}});
    world.feed(&event.to_uppercase(), &data);
    assert_eq!(world.rows(), before);
    let member = world.member(10).unwrap();
    assert_eq!((member.nick(), member.user().username()), (None, "user10"));
}

/// The names of the tests of this program, without their modules.
fn tests() -> Vec<String> {
    let program = std::env::current_exe().unwrap();
    let list = Command::new(program).arg("--list").output().unwrap();
    let lines = String::from_utf8(list.stdout).unwrap();
    let paths = lines.lines().filter_map(|line| line.strip_suffix(": test"));
    let names = paths.filter_map(|path| path.rsplit("::").next());
    names.map(String::from).collect()
}

/// Whether `name` speaks of an event: from one of its words to another's end.
fn speaks_of(name: &str, event: &str) -> bool {
    name.match_indices(event).any(|(start, _)| {
        let end = start + event.len();
        let begins = start == 0 || name[..start].ends_with('_');
        begins && (end == name.len() || name[end..].starts_with('_'))
    })
}

#[test]
fn every_event_has_a_test_named_after_it() {
    let mut events: Vec<String> = Name::ALL
        .iter()
        .map(|name| name.as_str().to_lowercase())
        .collect();
    events.sort_by_key(|event| std::cmp::Reverse(event.len()));
    let mut names = tests();
    assert!(names.len() > 100, "{} tests", names.len());
    let mut missing = Vec::new();
    for event in events {
        let mut found = false;
        for name in &mut names {
            if speaks_of(name, &event) {
                found = true;
                // A name that contains it speaks of the longer event alone.
                *name = name.replace(&event, "#");
            }
        }
        if !found {
            missing.push(event);
        }
    }
    assert!(missing.is_empty(), "no test is named after {missing:?}");
}
