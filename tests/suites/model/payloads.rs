//! The look and size of payloads.

use crate::client::Client;
use crate::order::Disorder;
use headcount_sim::world::presence::Status;
use headcount_sim::{Act, Burst, Change, Options, Pace, Plan, World, guild_id};
use serde_json::{Value, json};

const EVERYTHING: u64 = 53_608_447;

#[test]
fn members_and_guilds_are_as_large_as_real_ones() {
    let world = World::new(&Plan::even(1, 5000), 9);
    let guild = world.guild(guild_id(0)).unwrap();
    let bytes: usize = guild
        .member_ids()
        .map(|user| world.member_json(guild_id(0), user).unwrap().len())
        .sum();
    let mean = bytes / guild.len();
    assert!((560..=600).contains(&mean), "a member takes {mean} bytes");

    let mut client = Client::new(
        Options {
            world: Plan::even(20, 50),
            ..Options::default()
        },
        9,
    );
    client.start([0, 1], EVERYTHING);
    let creates: Vec<&String> = client
        .raw
        .iter()
        .filter(|text| text.starts_with("{\"t\":\"GUILD_CREATE\""))
        .collect();
    let mean = creates.iter().map(|text| text.len()).sum::<usize>() / creates.len();
    assert!(
        (66_000..=76_000).contains(&mean),
        "GUILD_CREATE takes {mean} bytes"
    );

    let before = client.raw.len();
    client
        .gateway
        .act(client.now, Act::Traffic { events: 2000 });
    client.drain();
    let events = &client.raw[before..];
    let mean = events.iter().map(String::len).sum::<usize>() / events.len();
    assert!((560..=700).contains(&mean), "an event takes {mean} bytes");
    assert!(client.heard.iter().all(|(_, value)| value.is_object()));
}

/// Objects come in reverse alphabetical order, except guilds.
#[test]
fn keys_come_in_the_order_of_the_wire() {
    let mut client = Client::new(
        Options {
            world: Plan::even(3, 60),
            ..Options::default()
        },
        9,
    );
    let id = client.start([0, 1], EVERYTHING);
    let guild = guild_id(0);
    client.gateway.act(client.now, Act::Traffic { events: 500 });
    client
        .gateway
        .act(client.now, Act::MessagePreview { guild });
    client.gateway.act(client.now, Act::UpdateGuild { guild });
    client.gateway.act(
        client.now,
        Act::ChangeRole {
            guild,
            change: Change::Add,
        },
    );
    client.gateway.act(
        client.now,
        Act::ChangeChannel {
            guild,
            change: Change::Add,
        },
    );
    client
        .gateway
        .act(client.now, Act::AddMember { guild, user: None });
    client.gateway.act(
        client.now,
        Act::UpdateUser {
            user: client.gateway.world().bot(),
        },
    );
    let whole = json!({ "guild_id": guild, "query": "", "limit": 0, "presences": true });
    client.say(id, 8, whole.clone());
    client.say(id, 8, whole);
    client.say(
        id,
        8,
        json!({ "guild_id": guild, "user_ids": ["1"], "nonce": "n" }),
    );
    client.say(id, 31, json!({ "guild_ids": [guild] }));
    client.say(
        id,
        43,
        json!({ "guild_id": guild, "fields": ["status", "voice_start_time"] }),
    );
    client.wait(1000);
    for text in &client.raw {
        let Disorder(found) = serde_json::from_str(text).unwrap();
        assert!(found.is_empty(), "{found:?} in {text}");
    }
}

#[test]
fn who_is_listed_in_a_guild_depends_on_intents_and_size() {
    let listed = |members: u32, intents: u64, threshold: u32| {
        let world = Plan::sizes([members]);
        let mut client = Client::new(
            Options {
                world,
                ..Options::default()
            },
            9,
        );
        let id = client.open();
        let mut body = crate::client::identify([0, 1], intents);
        body["large_threshold"] = json!(threshold);
        client.say(id, 2, body);
        client.wait(10);
        let create = client.events("GUILD_CREATE")[0]["d"].clone();
        assert_eq!(create["member_count"], members);
        assert_eq!(create["large"], members > threshold);
        let record = &client.gateway.ledger().guilds[&guild_id(0)].creates[0];
        assert_eq!(
            record.listed.len(),
            create["members"].as_array().unwrap().len()
        );
        create["members"].as_array().unwrap().len()
    };
    assert_eq!(listed(60, 3, 50), 3, "the bot and two people in voice");
    assert_eq!(listed(50, 3 | 1 << 8, 50), 50);
    assert_eq!(listed(200, 3 | 1 << 8, 250), 200);
    let some = listed(1000, 3 | 1 << 8, 50);
    assert!((500..1000).contains(&some), "{some}");
    assert_eq!(listed(75_001, 3 | 1 << 8, 50), 3);
}

#[test]
fn people_change_join_and_leave() {
    let mut client = Client::new(
        Options {
            world: Plan::even(2, 30),
            ..Options::default()
        },
        9,
    );
    client.start([0, 1], EVERYTHING);
    let guild = guild_id(0);
    let user = client
        .gateway
        .world()
        .guild(guild)
        .unwrap()
        .member_ids()
        .nth(20)
        .unwrap();
    let nick = Some(Some("new".to_owned()));
    for act in [
        Act::UpdateMember { guild, user, nick },
        Act::SetStatus {
            user,
            status: Status::Idle,
        },
        Act::UpdateUser { user },
        Act::AddMember {
            guild,
            user: Some(user),
        },
        Act::RemoveMember { guild, user },
        Act::RemoveMember { guild, user },
    ] {
        client.gateway.act(client.now, act);
    }
    client.drain();
    let update = &client.events("GUILD_MEMBER_UPDATE")[0]["d"];
    assert_eq!(update["nick"], "new");
    assert_eq!(client.events("PRESENCE_UPDATE")[0]["d"]["status"], "idle");
    assert_eq!(client.events("GUILD_MEMBER_ADD").len(), 1);
    let removed = client.events("GUILD_MEMBER_REMOVE");
    assert_eq!(removed.len(), 1);
    assert_eq!(removed[0]["d"]["user"]["id"], user.to_string());
    assert!(!client.gateway.world().guild(guild).unwrap().holds(user));
}

#[test]
fn some_users_are_in_several_guilds_and_look_the_same_there() {
    let world = World::new(&Plan::even(4, 200), 9);
    let members: usize = world
        .guilds()
        .map(headcount_sim::world::guild::Guild::len)
        .sum();
    assert!(
        world.user_count() < members - 20,
        "{} of {members}",
        world.user_count()
    );
    let bot = world.bot();
    let user = |guild: u64| -> Value {
        let text = world.member_json(guild, bot).unwrap();
        serde_json::from_str::<Value>(&text).unwrap()["user"].clone()
    };
    assert_eq!(user(guild_id(0)), user(guild_id(3)));
    assert_eq!(user(guild_id(0))["bot"], true);
}

#[test]
fn a_hundred_thousand_members_are_reported_at_once() {
    let pace = Pace {
        chunks: Burst::AT_ONCE,
        ..Pace::default()
    };
    let options = Options {
        world: Plan::sizes([100_000]),
        pace,
        ..Options::default()
    };
    let mut client = Client::new(options, 9);
    let id = client.start([0, 1], 3);
    let ask = json!({ "op": 8, "d": { "guild_id": guild_id(0), "query": "", "limit": 0 } });
    client
        .gateway
        .receive(client.now, id, ask.to_string().as_bytes());
    let mut bytes = 0;
    while let Some((_, output)) = client.gateway.poll_output() {
        let headcount_sim::Output::Send(text) = output else {
            panic!("it goes on")
        };
        bytes += text.len();
    }
    assert!((54_000_000..62_000_000).contains(&bytes), "{bytes}");
    assert!(client.gateway.ledger().requests[0].is_whole());
}

#[test]
fn roles_channels_and_guilds_change_and_new_sessions_see_it() {
    let mut client = Client::new(
        Options {
            world: Plan::even(1, 30),
            ..Options::default()
        },
        9,
    );
    client.start([0, 1], EVERYTHING);
    let guild = guild_id(0);
    let ids = |client: &Client| -> (Vec<u64>, Vec<u64>) {
        let found = client.gateway.world().guild(guild).unwrap();
        (found.role_ids().collect(), found.channel_ids().collect())
    };
    let (roles, channels) = ids(&client);
    assert_eq!((roles.len(), channels.len(), roles[0]), (20, 30, guild));
    let all = |one| [Change::Add, Change::Update(one), Change::Remove(one)];
    let role = |change| Act::ChangeRole { guild, change };
    let channel = |change| Act::ChangeChannel { guild, change };
    // The last two have no effect: the role of everyone, and one that does not exist.
    let acts = all(roles[3]).map(role).into_iter();
    let acts = acts.chain(all(channels[3]).map(channel));
    let acts = acts.chain([Change::Remove(guild), Change::Remove(7)].map(role));
    for act in acts.chain([Act::UpdateGuild { guild }]) {
        client.gateway.act(client.now, act);
    }
    client.wait(5000);
    let names: Vec<&str> = client.heard[3..]
        .iter()
        .map(|(_, value)| value["t"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "GUILD_ROLE_CREATE",
            "GUILD_ROLE_UPDATE",
            "GUILD_ROLE_DELETE",
            "CHANNEL_CREATE",
            "CHANNEL_UPDATE",
            "CHANNEL_DELETE",
            "GUILD_UPDATE",
        ]
    );
    assert_eq!(
        client.events("GUILD_ROLE_DELETE")[0]["d"]["role_id"],
        roles[3].to_string()
    );
    assert_eq!(
        client.events("CHANNEL_DELETE")[0]["d"]["id"],
        channels[3].to_string()
    );
    client.start([0, 1], EVERYTHING);
    let creates = client.events("GUILD_CREATE");
    let name = |at: usize| creates[at]["d"]["name"].clone();
    assert_ne!(name(0), name(1));
    assert_eq!(client.events("GUILD_UPDATE")[0]["d"]["name"], name(1));
    let listed = |key: &str| -> Vec<u64> {
        let list = creates[1]["d"][key].as_array().unwrap();
        list.iter()
            .map(|part| part["id"].as_str().unwrap().parse().unwrap())
            .collect()
    };
    assert_eq!((listed("roles"), listed("channels")), ids(&client));
}
