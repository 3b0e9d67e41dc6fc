//! Presences.

use core::time::Duration;

use headcount_core::cache::{Kind, Kinds, MemberTraits, MemoryStore, Policies, Policy};
use headcount_core::wire::view::Status;
use headcount_core::{Instant, ShardId};
use serde_json::json;

use crate::world::{World, guild, guild_1, guild_json, in_guild, member_json, ready, user};

#[test]
fn presence_update_keeps_who_is_there_and_drops_who_is_not() {
    let mut world = World::new();
    let online = json!({
        "guild_id": "1", "user": {"id": "10"}, "status": "dnd", "processed_at_timestamp": 5,
        "client_status": {"desktop": "dnd", "mobile": "idle"},
        "activities": [
            {"name": "Custom Status", "type": 4, "state": "h\u{e9}",
             "created_at": 1_693_579_682_222_u64,
             "emoji": {"name": "\u{1f600}"}, "timestamps": {"start": 1}, "party": {"size": [1, 2]}},
            {"name": "chess", "type": 0},
        ],
    });
    world.feed("PRESENCE_UPDATE", &online);
    let row = world.store.presence(guild(1), user(10)).unwrap();
    assert_eq!((row.user(), row.status()), (user(10), Status::Dnd));
    assert_eq!(
        (row.desktop(), row.mobile()),
        (Some(Status::Dnd), Some(Status::Idle))
    );
    assert_eq!((row.web(), row.vr()), (None, None));
    assert_eq!(row.activities().len(), 2);
    let custom = row.activities().next().unwrap();
    assert_eq!(custom.state.value().unwrap(), &"h\u{e9}");
    assert_eq!(custom.times.value().unwrap().start.value(), Some(&1));
    assert_eq!(custom.party.value().unwrap().size.value().unwrap(), &[1, 2]);
    let again = json!({"guild_id": "1", "user": {"id": "10"}, "status": "online"});
    world.feed("PRESENCE_UPDATE", &again);
    let row = world.store.presence(guild(1), user(10)).unwrap();
    assert_eq!(row.activities().count(), 0);
    let offline = json!({"guild_id": "1", "user": {"id": "10"}, "status": "offline"});
    world.feed("PRESENCE_UPDATE", &offline);
    assert!(world.store.presence(guild(1), user(10)).is_none());
    assert_eq!(world.store.counts(guild(1)).presences, 0);
}

#[test]
fn a_presence_goes_with_its_member() {
    for kinds in [Kinds::all(), Kinds::PRESENCES] {
        let mut world = World::caching(kinds, ShardId::ONE);
        world.feed("READY", &ready(&[1]));
        world.feed("GUILD_CREATE", &guild_1());
        for id in [10, 99] {
            let here = json!({"guild_id": "1", "user": {"id": id.to_string()},
                "status": "online"});
            world.feed("PRESENCE_UPDATE", &here);
        }
        let gone = json!({"guild_id": "1", "user": {"id": "10", "username": "user10"}});
        world.feed("GUILD_MEMBER_REMOVE", &gone);
        let has = |id: u64| world.store.presence(guild(1), user(id)).is_some();
        assert_eq!([10, 99].map(has), [false, true]);
        assert_eq!(world.store.rows(Kind::Presence), 1);
    }
}

#[test]
fn what_activities_seldom_have_is_kept() {
    let mut world = World::new();
    let activity = json!({
        "name": "chess", "type": 0, "buttons": ["Watch", "Join"], "secrets": {"spectate": "s"},
        "instance": false, "details_url": "https://d", "state_url": "https://s",
        "status_display_type": 1,
        "assets": {"large_image": "l", "large_url": "https://l", "small_url": "https://m",
            "invite_cover_image": "c"},
    });
    let online = json!({"guild_id": "1", "user": {"id": "10"}, "status": "online",
        "activities": [activity, {"name": "go", "type": 0}]});
    world.feed("PRESENCE_UPDATE", &online);
    let row = world.store.presence(guild(1), user(10)).unwrap();
    let [chess, go]: [_; 2] = row.activities().collect::<Vec<_>>().try_into().unwrap();
    let buttons = chess.buttons.value().unwrap();
    assert_eq!(
        (&buttons[0].label, &buttons[1].label),
        (&"Watch".into(), &"Join".into())
    );
    assert_eq!(
        chess.secrets.value().unwrap().spectate.value().unwrap(),
        &"s"
    );
    assert_eq!(
        (chess.instance, chess.status_display.value()),
        (Some(false), Some(&1))
    );
    assert_eq!(chess.details_url.value().unwrap(), &"https://d");
    assert_eq!(chess.state_url.value().unwrap(), &"https://s");
    let assets = chess.assets.value().unwrap();
    assert_eq!(assets.large_url.value().unwrap(), &"https://l");
    assert_eq!(assets.small_url.value().unwrap(), &"https://m");
    assert_eq!(assets.invite_cover.value().unwrap(), &"c");
    assert_eq!(go.name.as_ref().unwrap(), &"go");
    assert!(go.buttons.is_absent() && go.secrets.is_absent());
}

#[test]
fn presence_update_never_creates_users_or_members() {
    let mut world = World::new();
    let before = world.rows();
    let stranger =
        json!({"guild_id": "1", "user": {"id": "44", "username": "x"}, "status": "idle"});
    world.feed("PRESENCE_UPDATE", &stranger);
    let elsewhere = json!({"guild_id": "9", "user": {"id": "10"}, "status": "idle"});
    world.feed("PRESENCE_UPDATE", &elsewhere);
    let nowhere = json!({"user": {"id": "10"}, "status": "idle"});
    world.feed("PRESENCE_UPDATE", &nowhere);
    assert_eq!(world.rows(), before);
}

#[test]
fn a_presence_that_came_before_all_members_is_asked_for_its_own_later() {
    let mut world = World::empty();
    world.feed("READY", &ready(&[1]));
    world.feed("GUILD_CREATE", &guild_json(1, &[], 2));
    let is = |world: &mut World, id: u64, status: &str| {
        let user = json!({"id": id.to_string()});
        let update = json!({"guild_id": "1", "user": user, "status": status});
        world.feed("PRESENCE_UPDATE", &update);
        let counts = world.store.counts(guild(1));
        (counts.members, counts.presences)
    };
    assert_eq!(is(&mut world, 10, "idle"), (0, 1));
    assert_eq!(is(&mut world, 44, "idle"), (0, 2));
    world.feed("GUILD_MEMBER_ADD", &in_guild(member_json(10), 1));
    assert_eq!(is(&mut world, 10, "dnd"), (1, 2));
    assert_eq!(is(&mut world, 44, "dnd"), (1, 1), "its member never came");
    assert_eq!(is(&mut world, 10, "offline"), (1, 0));
}

#[test]
fn presence_update_patches_a_user_that_is_there() {
    let mut world = World::new();
    let update = json!({"guild_id": "1", "user": {"id": "10", "username": "renamed"},
        "status": "idle"});
    world.feed("PRESENCE_UPDATE", &update);
    let row = world.store.user(user(10)).unwrap();
    assert_eq!(
        (row.username(), row.global_name()),
        ("renamed", Some("User 10"))
    );
}

#[test]
fn presence_update_tolerates_a_user_of_odd_types() {
    let mut world = World::new();
    let update = json!({"guild_id": "1", "status": "idle",
        "user": {"id": "10", "username": 5, "avatar": {"x": []}, "bot": "yes"}});
    world.feed("PRESENCE_UPDATE", &update);
    assert_eq!(world.store.user(user(10)).unwrap().username(), "user10");
    assert!(world.store.presence(guild(1), user(10)).is_some());
    let nobody = r#"{"guild_id":"1","status":"idle","user":{"username":"x"}}"#;
    assert!(world.try_feed("PRESENCE_UPDATE", nobody).is_err());
}

#[test]
fn a_presence_without_its_member_is_still_watched() {
    let policies = Policies::from(Kinds::all())
        .with(
            Kind::Member,
            Policy::keep(MemberTraits::ONLINE).per_guild(0),
        )
        .unwrap()
        .with(Kind::Presence, Policy::all().per_guild(2))
        .unwrap();
    let mut world = World::empty();
    world.keep_in(MemoryStore::with_policies(7, policies));
    world.feed("READY", &ready(&[1]));
    world.feed("GUILD_CREATE", &guild_1());
    for id in 10..13 {
        let idle = json!({"guild_id": "1", "user": {"id": id.to_string()}, "status": "idle"});
        world.feed("PRESENCE_UPDATE", &idle);
    }
    let kept = |world: &World| -> Vec<u64> {
        let rows = world.store.presences(guild(1));
        let mut kept: Vec<u64> = rows.map(|row| row.user().get()).collect();
        kept.sort_unstable();
        kept
    };
    assert_eq!(
        kept(&world),
        [11, 12],
        "no member is kept, and the limit holds"
    );
    let age = Policy::all().time_to_live(Duration::from_secs(60));
    assert_eq!(world.store.set_policy(Kind::Presence, age), Ok(0));
    assert_eq!(world.store.advance(Instant::from_millis(60_000)), 2);
    assert!(kept(&world).is_empty());
}
