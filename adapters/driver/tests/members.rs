//! Guild streaming, member requests, readiness and the cache through a running bot.

use std::time::{Duration, SystemTime};

use headcount_driver::core::cache::{Kind, Kinds};
use headcount_driver::core::chunk::MemberQuery;
use headcount_driver::core::error::RequestError;
use headcount_driver::core::id::{GuildId, UserId};
use headcount_driver::core::setup::AutoChunk;
use headcount_driver::core::wire::Name;
use headcount_driver::core::{Event, Intents};
use headcount_driver::{Bot, Builder};
use serde_json::{Value, json};

mod memory;
use memory::{Gateway, Listener, Memory, PLAIN, info, memory};

const GUILD: u64 = 41_771_983_423_143_937;

fn guild() -> GuildId {
    GuildId::new(GUILD).expect("not zero")
}

fn member(id: u64) -> Value {
    json!({
        "user": {"id": id.to_string(), "username": format!("user{id}"), "discriminator": "0",
                 "global_name": null, "avatar": null},
        "nick": format!("nick{id}"), "roles": [], "joined_at": "2020-01-01T00:00:00+00:00",
        "deaf": false, "mute": false, "flags": 0,
    })
}

fn guild_create(members: u64) -> Value {
    json!({
        "id": GUILD.to_string(), "name": "room", "owner_id": "1", "member_count": members,
        "large": false, "joined_at": "2020-01-01T00:00:00+00:00", "unavailable": false,
        "icon": null, "features": [], "roles": [], "emojis": [], "stickers": [], "channels": [],
        "threads": [], "voice_states": [], "presences": [], "stage_instances": [],
        "guild_scheduled_events": [], "soundboard_sounds": [], "members": [member(1)],
        "verification_level": 0, "default_message_notifications": 0,
        "explicit_content_filter": 0, "mfa_level": 0, "system_channel_flags": 0,
        "premium_tier": 0, "preferred_locale": "en-US", "nsfw_level": 0,
    })
}

async fn started() -> (Bot<Memory>, Gateway, Listener) {
    let (runtime, mut listener) = memory();
    let intents = Intents::GUILDS | Intents::GUILD_MEMBERS;
    let builder = Builder::new(runtime, "token", intents)
        .gateway(info(1))
        .compression(PLAIN);
    let builder = builder.chunking(AutoChunk::Missing).cache(Kinds::all());
    let builder = builder.old_values(true);
    let bot = builder.connect().await.expect("started");
    let mut gateway = listener.accept().await;
    gateway.hello(Duration::from_secs(40)).await;
    gateway.expect(2).await;
    gateway
        .ready_with("s", json!([{"id": GUILD.to_string(), "unavailable": true}]))
        .await;
    gateway.dispatch("GUILD_CREATE", guild_create(2500)).await;
    (bot, gateway, listener)
}

/// Answers a member request with 2500 members in three chunks.
async fn answer(gateway: &mut Gateway, request: &Value) {
    for index in 0..3_u64 {
        let ids = (1 + index * 1000)..=((index + 1) * 1000).min(2500);
        let chunk = json!({
            "guild_id": GUILD.to_string(), "members": ids.map(member).collect::<Vec<_>>(),
            "chunk_index": index, "chunk_count": 3, "nonce": request["d"]["nonce"],
        });
        gateway.dispatch("GUILD_MEMBERS_CHUNK", chunk).await;
    }
}

#[tokio::test(start_paused = true)]
async fn everyone_is_counted_reported_cached_and_inspectable() {
    let (mut bot, mut gateway, _listener) = started().await;
    let handle = bot.handle();
    let wall = SystemTime::now();
    let server = tokio::spawn(async move {
        let request = gateway.expect(8).await;
        answer(&mut gateway, &request).await;
        gateway
    });
    let mut story = Vec::new();
    while story.last() != Some(&"bot ready") {
        match bot.next().await.expect("the bot runs").event {
            Event::ChunkRequestFinished(it) => {
                story.push("request");
                let last = it.last_receipt.expect("chunks came");
                let at = handle.clock().wall_time(last).expect("a date");
                let off = at.duration_since(wall).unwrap_or_default();
                assert!(off < Duration::from_secs(60));
            }
            Event::GuildReady(it) => {
                story.push("guild");
                // The cache is whole before the event is seen.
                assert_eq!(handle.cache(|store| store.members(it.guild).count()), 2500);
            }
            Event::ShardFinishedChunking(_) => story.push("chunked"),
            Event::ShardReady(_) => story.push("shard ready"),
            Event::FinishedChunking(_) => story.push("bot chunked"),
            Event::BotReady(_) => story.push("bot ready"),
            _ => {}
        }
    }
    let whole = [
        "request",
        "guild",
        "chunked",
        "shard ready",
        "bot chunked",
        "bot ready",
    ];
    assert!(whole.iter().all(|part| story.contains(part)), "{story:?}");
    let at = |part: &str| story.iter().position(|emitted| *emitted == part);
    assert!(at("chunked") < at("bot chunked") && at("shard ready") < at("bot ready"));
    let shard = handle.shards().next().expect("one shard");
    assert!(shard.readiness.finished && shard.readiness.pending == 0);
    assert_eq!(
        (handle.readiness().ready, handle.readiness().chunked),
        (1, 1)
    );
    assert!(handle.guild(guild()).is_some());
    let user = UserId::new(1234).expect("not zero");
    let nick = handle.cache(|store| {
        store
            .member(guild(), user)
            .and_then(|member| member.nick().map(str::to_owned))
    });
    assert_eq!(nick.as_deref(), Some("nick1234"));
    let mut members = std::collections::BTreeSet::new();
    handle.for_each_member(guild(), |member| {
        assert!(members.insert(member.id()), "each comes once");
    });
    assert_eq!(members.len(), 2500);
    drop(server.await);
}

#[tokio::test(start_paused = true)]
async fn a_handle_asks_for_members_from_another_task() {
    let (mut bot, mut gateway, _listener) = started().await;
    let handle = bot.handle();
    let drain = tokio::spawn(async move {
        loop {
            let event = bot.next().await.expect("the bot runs").event;
            if let Event::ChunkRequestFinished(it) = event
                && it.members == 1
            {
                return it;
            }
        }
    });
    let request = gateway.expect(8).await;
    answer(&mut gateway, &request).await;
    let foreign = GuildId::new(1).expect("not zero");
    assert_eq!(handle.shard_of(foreign).number(), 0);
    let query = MemberQuery::Users(vec![UserId::new(7).expect("not zero")]);
    let id = handle
        .request_members(guild(), query, false)
        .expect("queued");
    assert!(handle.request(guild(), id).is_some());
    let request = gateway.expect(8).await;
    assert_eq!(request["d"]["user_ids"], json!(["7"]));
    let chunk = json!({
        "guild_id": GUILD.to_string(), "members": [member(7)], "chunk_index": 0,
        "chunk_count": 1, "nonce": request["d"]["nonce"],
    });
    gateway.dispatch("GUILD_MEMBERS_CHUNK", chunk).await;
    assert_eq!(drain.await.expect("finished").request, Some(id));
    assert!(handle.request(guild(), id).is_none());
    let none = handle.request_members(guild(), MemberQuery::Users(Vec::new()), false);
    assert!(matches!(none, Err(RequestError::UserCount(0))));
}

#[tokio::test(start_paused = true)]
async fn an_event_brings_what_it_displaced_and_the_cache_is_ahead_of_it() {
    let (mut bot, mut gateway, _listener) = started().await;
    let handle = bot.handle();
    let mut update = member(1);
    update["guild_id"] = GUILD.to_string().into();
    update["nick"] = "new".into();
    gateway.dispatch("GUILD_MEMBER_UPDATE", update).await;
    loop {
        let event = bot.next().await.expect("the bot runs").event;
        let Event::Dispatch(dispatch) = event else {
            continue;
        };
        if dispatch.name() == Name::GuildMemberUpdate {
            let old = dispatch.displaced().and_then(|old| old.member.as_ref());
            assert_eq!(old.expect("a member").nick.as_deref(), Some("nick1"));
            break;
        }
    }
    let user = UserId::new(1).expect("not zero");
    let nick = handle.cache(|store| Some(store.member(guild(), user)?.nick()?.to_owned()));
    assert_eq!(nick.as_deref(), Some("new"));
}

#[tokio::test(start_paused = true)]
async fn a_handle_counts_by_path_what_was_not_understood() {
    let (mut bot, mut gateway, _listener) = started().await;
    let data = json!({"id": guild().to_string(), "name": "n", "owner_id": {}});
    gateway.dispatch("GUILD_UPDATE", data).await;
    loop {
        let event = bot.next().await.expect("the bot runs").event;
        if let Event::Misunderstood(it) = event {
            assert_eq!(it.misreads.places()[0].path(), "owner_id");
            break;
        }
    }
    let counts = bot.handle().misreads();
    let counts: Vec<_> = counts.iter().collect();
    assert_eq!(counts, [("GUILD_UPDATE", "owner_id", 1)]);
}

#[tokio::test(start_paused = true)]
async fn a_large_guild_that_goes_is_freed_though_nothing_more_comes() {
    let (mut bot, mut gateway, _listener) = started().await;
    let handle = bot.handle();
    let users = || handle.cache(|store| store.rows(Kind::User));
    let mut create = guild_create(20_000);
    create["members"] = (1..=20_000).map(member).collect();
    gateway.dispatch("GUILD_CREATE", create).await;
    let gone = json!({"id": GUILD.to_string()});
    gateway.dispatch("GUILD_DELETE", gone).await;
    loop {
        let event = bot.next().await.expect("the bot runs").event;
        if matches!(event, Event::GuildLeave(_)) {
            break;
        }
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(users(), 1, "the bot itself");
}
