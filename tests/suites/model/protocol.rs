//! The protocol's rows: what each thing that a client does leads to.

use crate::client::{Client, INTENTS, identify};
use headcount_sim::{
    Accept, Act, Arrival, Fault, GuildPlan, Limits, Options, Plan, Rule, Target, Token, Trouble,
    Upgrade, guild_id,
};
use serde_json::{Value, json};

fn options() -> Options {
    Options {
        world: Plan::even(4, 30),
        ..Options::default()
    }
}

#[test]
fn a_fresh_identify_brings_ready_and_the_shards_guilds() {
    let mut client = Client::new(options(), 1);
    client.start([1, 2], INTENTS);
    let ready = client.events("READY")[0];
    assert_eq!(ready["s"], 1);
    assert_eq!(ready["d"]["shard"], json!([1, 2]));
    let ids = |values: Vec<&Value>| -> Vec<String> {
        values
            .iter()
            .map(|guild| guild["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let listed = ids(ready["d"]["guilds"].as_array().unwrap().iter().collect());
    let created = ids(client
        .events("GUILD_CREATE")
        .iter()
        .map(|event| &event["d"])
        .collect());
    assert_eq!(listed.len(), 2);
    assert_eq!(listed, created);
    for id in created {
        assert_eq!((id.parse::<u64>().unwrap() >> 22) % 2, 1);
    }
    assert!(client.rules().is_empty());
    assert_eq!(client.gateway.ledger().identifies.len(), 1);
}

/// What a client says first, and the close code and rule that follow.
#[test]
fn every_wrong_start_has_its_close_code() {
    let cut = |key: &str| {
        let mut body = identify([0, 1], INTENTS);
        body.as_object_mut().unwrap().remove(key);
        body
    };
    let with = |key: &str, value: Value| {
        let mut body = identify([0, 1], INTENTS);
        body[key] = value;
        body
    };
    let rows = [
        (2, with("token", json!("wrong")), 4004, Rule::Token),
        (2, cut("token"), 4001, Rule::Body),
        (2, cut("properties"), 4001, Rule::Body),
        (2, cut("intents"), 4001, Rule::Body),
        (2, with("large_threshold", json!(251)), 4001, Rule::Body),
        (2, with("shard", json!([2, 2])), 4010, Rule::Shard),
        (2, with("shard", json!([0, 3])), 4010, Rule::Shard),
        (2, with("shard", json!("0,1")), 4010, Rule::Shard),
        (
            2,
            with("intents", json!(1_u64 << 40)),
            4013,
            Rule::UnknownIntent,
        ),
        (
            2,
            with("intents", json!(1 << 8)),
            4014,
            Rule::PrivilegedIntent,
        ),
        (3, json!({}), 4003, Rule::Authentication),
        (8, json!({}), 4003, Rule::Authentication),
        (6, json!({ "token": "t" }), 4001, Rule::Body),
        (
            6,
            json!({ "token": "t", "session_id": "x" }),
            4007,
            Rule::ResumeSequence,
        ),
    ];
    for (op, body, code, rule) in rows {
        let options = Options {
            token: Token::new("t"),
            granted: 2,
            shard_counts: vec![1, 2],
            ..options()
        };
        let mut client = Client::new(options, 1);
        let id = client.open();
        client.say(id, op, body.clone());
        assert_eq!(client.ends, [(id, Some(code))], "{op} {body}");
        assert_eq!(client.rules(), [rule], "{op} {body}");
    }
}

#[test]
fn every_wrong_payload_of_a_running_session_has_its_close_code() {
    let rows: [(&[u8], u16, Rule); 8] = [
        (b"{", 4002, Rule::PayloadSyntax),
        (b"[1]", 4002, Rule::PayloadSyntax),
        (b"{\"op\":\"8\"}", 4002, Rule::PayloadSyntax),
        (&[b' '; 4097], 4002, Rule::PayloadSize),
        (b"{\"op\":2,\"d\":{}}", 4005, Rule::SecondIdentify),
        (b"{\"op\":12,\"d\":[]}", 4001, Rule::Opcode),
        (
            b"{\"op\":8,\"d\":{\"guild_id\":\"1\"}}",
            4001,
            Rule::RequestArguments,
        ),
        (b"{\"op\":3,\"d\":{}}", 4001, Rule::Body),
    ];
    for (payload, code, rule) in rows {
        let mut client = Client::new(options(), 1);
        let id = client.start([0, 1], INTENTS);
        client.gateway.receive(client.now, id, payload);
        client.drain();
        assert_eq!(client.ends, [(id, Some(code))]);
        assert_eq!(client.rules(), [rule]);
        assert_eq!(
            client.gateway.session_count(),
            1,
            "the session can be resumed"
        );
    }
}

#[test]
fn versions_and_hosts_are_checked_at_the_handshake() {
    let dead = Fault::always(Trouble::DeadResumeHost(503));
    let mut client = Client::new(
        Options {
            faults: vec![dead],
            ..options()
        },
        1,
    );
    let old = Upgrade {
        version: 6,
        ..Upgrade::default()
    };
    assert!(matches!(client.gateway.upgrade(0, old), Accept::Open(_)));
    client.drain();
    assert_eq!(client.ends[0].1, Some(4012));
    let resume = Upgrade {
        resume_host: true,
        ..Upgrade::default()
    };
    assert_eq!(client.gateway.upgrade(0, resume), Accept::Refuse(503));
    client.open();
}

#[test]
fn heartbeats_are_answered_and_missed_ones_close() {
    let mut client = Client::new(options(), 1);
    let id = client.start([0, 1], INTENTS);
    client.say(id, 1, json!(1));
    client.say(id, 1, Value::Null);
    assert_eq!(client.opcodes(id), [10, 11, 11]);
    client.say(id, 1, json!(9999));
    assert_eq!(client.rules(), [Rule::HeartbeatSequence]);
    client.wait(41_250 * 3 / 2 - 1);
    assert!(client.ends.is_empty());
    client.wait(1);
    assert_eq!(client.ends, [(id, Some(4000))]);
    assert_eq!(client.rules().last(), Some(&Rule::Heartbeat));
}

#[test]
fn the_send_budget_is_120_in_60_seconds() {
    let mut client = Client::new(options(), 1);
    let id = client.start([0, 1], INTENTS);
    for _ in 0..119 {
        client.say(id, 1, Value::Null);
    }
    assert!(client.ends.is_empty());
    client.say(id, 1, Value::Null);
    assert_eq!(client.ends, [(id, Some(4008))]);
    assert_eq!(client.rules(), [Rule::SendBudget]);
}

#[test]
fn an_identify_too_early_in_its_bucket_is_refused_and_costs_budget() {
    let mut client = Client::new(
        Options {
            max_concurrency: 2,
            ..options()
        },
        1,
    );
    let (first, other, early) = (client.open(), client.open(), client.open());
    client.identify(first, [0, 4], INTENTS);
    client.identify(other, [1, 4], INTENTS);
    client.wait(4999);
    client.identify(early, [2, 4], INTENTS);
    assert_eq!(client.opcodes(early), [10, 9]);
    assert_eq!(client.rules(), [Rule::IdentifyPace]);
    client.wait(1);
    client.identify(early, [2, 4], INTENTS);
    assert_eq!(client.events("READY").len(), 3);
    let request = headcount_sim::Rest {
        method: "GET",
        path: "/api/v10/gateway/bot",
        authorization: Some("Bot t"),
        body: &[],
    };
    let reply = client.gateway.rest(client.now, &request);
    let body: Value = serde_json::from_str(&reply.body).unwrap();
    assert_eq!(body["session_start_limit"]["remaining"], 996);
    assert_eq!(body["session_start_limit"]["max_concurrency"], 2);
}

#[test]
fn past_the_daily_budget_everything_is_over() {
    let limits = Limits {
        identify_total: 1,
        ..Limits::default()
    };
    let mut client = Client::new(
        Options {
            limits,
            ..options()
        },
        1,
    );
    let first = client.start([0, 1], INTENTS);
    client.wait(5000);
    let second = client.open();
    client.identify(second, [0, 1], INTENTS);
    assert_eq!(client.ends, [(first, Some(4004)), (second, Some(4004))]);
    assert_eq!(client.gateway.session_count(), 0);
    let third = client.open();
    client.identify(third, [0, 1], INTENTS);
    assert_eq!(client.ends.last(), Some(&(third, Some(4004))));
}

#[test]
fn outages_at_the_start_and_guilds_that_never_come() {
    let mut world = Plan::even(3, 10);
    world.guilds[1] = GuildPlan {
        members: 10,
        arrival: Arrival::Outage,
    };
    world.guilds[2] = GuildPlan {
        members: 10,
        arrival: Arrival::Never,
    };
    let mut client = Client::new(
        Options {
            world,
            ..Options::default()
        },
        1,
    );
    client.start([0, 1], INTENTS);
    assert_eq!(
        client.events("READY")[0]["d"]["guilds"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    assert_eq!(client.events("GUILD_CREATE").len(), 1);
    let down = client.events("GUILD_DELETE")[0];
    assert_eq!(
        down["d"],
        json!({ "id": guild_id(1).to_string(), "unavailable": true })
    );
    client
        .gateway
        .act(client.now, Act::Restore { guild: guild_id(2) });
    client
        .gateway
        .act(client.now, Act::DeleteGuild { guild: guild_id(0) });
    client
        .gateway
        .act(client.now, Act::CreateGuild { members: 5 });
    client.drain();
    assert_eq!(client.events("GUILD_CREATE").len(), 3);
    let gone = client.events("GUILD_DELETE")[1];
    assert_eq!(gone["d"], json!({ "id": guild_id(0).to_string() }));
    assert_eq!(
        client.gateway.ledger().guilds[&guild_id(0)].removals.len(),
        1
    );
}

#[test]
fn without_the_guilds_intent_no_guild_arrives() {
    let mut client = Client::new(options(), 1);
    client.start([0, 1], 1 << 9);
    assert_eq!(client.heard.len(), 2);
    client.gateway.act(
        client.now,
        Act::Message {
            guild: guild_id(0),
            author: 7,
        },
    );
    client.drain();
    assert_eq!(client.events("MESSAGE_CREATE")[0]["d"]["content"], "");
}

#[test]
fn server_side_ends_and_requests_reach_the_client() {
    let mut client = Client::new(options(), 1);
    let id = client.start([0, 1], INTENTS);
    client
        .gateway
        .act(client.now, Act::AskBeat(Target::Shard(0)));
    client.gateway.act(
        client.now,
        Act::Invalidate {
            target: Target::One(id),
            resumable: true,
        },
    );
    client.drain();
    assert_eq!(client.opcodes(id), [10, 1, 9]);
    client.resume(id, 5);
    assert_eq!(client.events("RESUMED").len(), 1);
    client.gateway.act(client.now, Act::Reconnect(Target::All));
    client.wait(5000);
    assert_eq!(client.opcodes(id).last(), Some(&7));
    assert_eq!(client.ends, [(id, Some(4000))]);
    assert!(client.rules().is_empty());
}

#[test]
fn small_commands_are_answered() {
    let mut client = Client::new(options(), 1);
    let id = client.start([0, 1], INTENTS);
    let guild = guild_id(0).to_string();
    let join = json!({ "guild_id": guild, "channel_id": "5", "self_mute": false });
    client.say(id, 4, join);
    client.say(
        id,
        31,
        json!({ "guild_ids": [guild, guild_id(1).to_string()] }),
    );
    client.say(id, 43, json!({ "guild_id": guild, "fields": ["status"] }));
    client.say(
        id,
        3,
        json!({ "status": "idle", "afk": false, "since": null, "activities": [] }),
    );
    assert_eq!(
        client.events("VOICE_STATE_UPDATE")[0]["d"]["channel_id"],
        "5"
    );
    assert_eq!(client.events("VOICE_SERVER_UPDATE").len(), 1);
    assert_eq!(client.events("SOUNDBOARD_SOUNDS").len(), 2);
    let channel = &client.events("CHANNEL_INFO")[0]["d"]["channels"][0];
    assert!(channel.get("status").is_some() && channel.get("voice_start_time").is_none());
    assert!(client.ends.is_empty() && client.rules().is_empty());
}

#[test]
fn guilds_are_synced_by_servers_of_client_accounts_only() {
    let guilds = json!([guild_id(0).to_string(), guild_id(1).to_string()]);
    for guild_sync in [true, false] {
        let ignored = Trouble::IgnoreSync { guild: guild_id(1) };
        let mut client = Client::new(
            Options {
                guild_sync,
                faults: vec![Fault::once(ignored)],
                ..options()
            },
            1,
        );
        let id = client.start([0, 1], INTENTS);
        client.say(id, 12, guilds.clone());
        let synced = client.events("GUILD_SYNC");
        if !guild_sync {
            assert_eq!(
                (synced.len(), &client.ends[..]),
                (0, &[(id, Some(4001))][..])
            );
            continue;
        }
        assert_eq!(synced.len(), 1);
        assert_eq!(synced[0]["d"]["id"], guild_id(0).to_string());
        let members = synced[0]["d"]["members"].as_array().unwrap().len();
        let guild = client.gateway.world().guild(guild_id(0));
        assert_eq!(members, guild.unwrap().len());
        client.say(id, 12, guilds.clone());
        assert_eq!(client.events("GUILD_SYNC").len(), 3);
        assert!(client.rules().is_empty());
        client.say(id, 12, json!({ "guild_ids": guilds }));
        assert_eq!(client.ends, [(id, Some(4001))]);
    }
}

#[test]
fn a_sixth_presence_within_20_seconds_is_noted() {
    let mut client = Client::new(options(), 1);
    let id = client.start([0, 1], INTENTS);
    let presence = json!({ "status": "idle", "afk": false, "since": null, "activities": [] });
    for _ in 0..5 {
        client.say(id, 3, presence.clone());
        client.wait(3999);
    }
    assert!(client.rules().is_empty());
    client.say(id, 3, presence.clone());
    assert_eq!(client.rules(), [Rule::PresencePace]);
    assert!(client.ends.is_empty());
}

#[test]
fn too_many_guilds_for_one_shard_need_more_shards() {
    let limits = Limits {
        guilds_per_shard: 3,
        ..Limits::default()
    };
    let mut client = Client::new(
        Options {
            limits,
            ..options()
        },
        1,
    );
    let id = client.open();
    client.identify(id, [0, 1], INTENTS);
    assert_eq!(client.ends, [(id, Some(4011))]);
    assert_eq!(client.rules(), [Rule::GuildsPerShard]);
    client.start([0, 2], INTENTS);
    assert_eq!(client.events("GUILD_CREATE").len(), 2);
}
