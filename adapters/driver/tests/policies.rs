//! Policies of a running bot: warnings at its start, changes while it runs.

use std::time::Duration;

use headcount_driver::core::Intents;
use headcount_driver::core::cache::memory::Completeness;
use headcount_driver::core::cache::{
    Kind, Kinds, Lack, MemberTraits, Policies, Policy, Unsuitable,
};
use headcount_driver::core::id::GuildId;
use headcount_driver::{Bot, Builder};
use serde_json::{Value, json};

mod memory;
use memory::{Gateway, Listener, Memory, PLAIN, info, memory};
mod warnings;
use warnings::Warnings;

fn member(id: u64) -> Value {
    json!({"user": {"id": id.to_string(), "username": format!("user{id}")}, "roles": [],
        "joined_at": "2020-01-01T00:00:00+00:00"})
}

fn guild() -> GuildId {
    GuildId::new(7).expect("not zero")
}

async fn started(policies: Policies) -> (Bot<Memory>, Gateway, Listener) {
    let (runtime, mut listener) = memory();
    let builder = Builder::new(runtime, "token", Intents::all()).gateway(info(1));
    let builder = builder.compression(PLAIN).cache(policies);
    let bot = builder.connect().await.expect("started");
    let mut gateway = listener.accept().await;
    gateway.hello(Duration::from_secs(40)).await;
    gateway.expect(2).await;
    let guilds = json!([{"id": "7", "unavailable": true}]);
    gateway.ready_with("s", guilds).await;
    let members: Vec<Value> = (1..=4).map(member).collect();
    let create = json!({"id": "7", "name": "room", "owner_id": "2", "member_count": 4,
        "channels": [], "roles": [], "members": members});
    gateway.dispatch("GUILD_CREATE", create).await;
    (bot, gateway, listener)
}

/// Waits until a member has joined, so that everything before has been applied.
async fn join(bot: &mut Bot<Memory>, gateway: &mut Gateway, id: u64) {
    let mut data = member(id);
    data["guild_id"] = json!("7");
    gateway.dispatch("GUILD_MEMBER_ADD", data).await;
    loop {
        let event = bot.next().await.expect("the bot runs").event;
        if let headcount_driver::core::Event::Dispatch(dispatch) = event
            && dispatch.data().contains(&format!("user{id}\""))
            && dispatch.data().contains("guild_id")
        {
            return;
        }
    }
}

fn members(bot: &Bot<Memory>) -> Vec<u64> {
    let ids = bot.handle().cache(|store| {
        let members = store.members(guild());
        members.map(|member| member.user().id().get()).collect()
    });
    let mut ids: Vec<u64> = ids;
    ids.sort_unstable();
    ids
}

#[tokio::test(start_paused = true)]
async fn a_kind_without_its_intent_is_a_warning_at_start() {
    let log = Warnings::default();
    let guard = tracing::subscriber::set_default(log.clone());
    let (runtime, _listener) = memory();
    let keep = Policy::keep(MemberTraits::IN_VOICE);
    let policies = Policies::from(Kinds::GUILDS | Kinds::PRESENCES | Kinds::MEMBERS);
    let policies = policies.with(Kind::Member, keep).expect("suits members");
    let intents = Intents::GUILDS | Intents::GUILD_MEMBERS;
    let builder = Builder::new(runtime, "token", intents).cache(policies);
    let emitted: Vec<String> = builder.warnings().map(|one| one.to_string()).collect();
    assert_eq!(emitted.len(), 2, "{emitted:?}");
    assert!(
        emitted[0].contains("without the intent GUILD_PRESENCES"),
        "{emitted:?}"
    );
    let builder = builder.configure(|config| config.tracker.kinds.insert(Kinds::VOICE_STATES));
    let bot = builder.gateway(info(1)).connect().await.expect("started");
    drop(guard);
    let log = log.text();
    assert!(
        log.contains("Presence rows are cached without the intent GUILD_PRESENCES"),
        "{log}"
    );
    assert!(
        log.contains("GUILD_VOICE_STATES"),
        "what is configured counts too: {log}"
    );
    assert!(
        !log.contains("never holds"),
        "voice states are on now: {log}"
    );
    drop(bot);
}

#[tokio::test(start_paused = true)]
async fn nobody_is_warned_of_what_they_have_not_asked_for() {
    let usual = Intents::GUILDS | Intents::GUILD_MEMBERS | Intents::GUILD_MESSAGES;
    for intents in [usual, Intents::GUILDS, Intents::empty(), Intents::all()] {
        let log = Warnings::default();
        let guard = tracing::subscriber::set_default(log.clone());
        let (runtime, _listener) = memory();
        let builder = Builder::new(runtime, "token", intents).gateway(info(1));
        assert_eq!(builder.warnings().count(), 0, "{intents:?}");
        let bot = builder.connect().await.expect("started");
        drop((guard, bot));
        assert_eq!(log.text(), "", "{intents:?}");
    }
    let (runtime, _listener) = memory();
    let builder = Builder::new(runtime, "token", usual);
    let builder = builder.configure(|config| config.tracker.kinds.insert(Kinds::PRESENCES));
    assert!(
        builder
            .warnings()
            .any(|warning| warning.kind() == Kind::Presence)
    );
}

#[tokio::test(start_paused = true)]
async fn policies_rule_the_cache_and_change_while_it_runs() {
    let policies = Policies::default().with(Kind::Member, Policy::lru(2));
    let (mut bot, mut gateway, _listener) = started(policies.expect("suits members")).await;
    join(&mut bot, &mut gateway, 5).await;
    assert_eq!(members(&bot), [1, 4, 5], "the bot is user 1");
    let handle = bot.handle();
    let limited = Completeness::Partial {
        members: 3,
        of: Some(5),
        why: Lack::Limited,
    };
    assert_eq!(
        handle.cache(|store| store.completeness(guild())),
        Some(limited)
    );
    let refused = handle.set_policy(Kind::User, Policy::all().per_guild(1));
    assert_eq!(refused, Err(Unsuitable::PerGuild(Kind::User)));
    assert_eq!(handle.set_policy(Kind::Member, Policy::none()), Ok(3));
    join(&mut bot, &mut gateway, 6).await;
    assert!(members(&bot).is_empty());
    assert_eq!(handle.set_policy(Kind::Member, Policy::all()), Ok(0));
    join(&mut bot, &mut gateway, 7).await;
    assert_eq!(members(&bot), [7], "what was missed is missing");
    let partial = Completeness::Partial {
        members: 1,
        of: Some(7),
        why: Lack::NotAsked,
    };
    assert_eq!(
        handle.cache(|store| store.completeness(guild())),
        Some(partial)
    );
}

#[tokio::test(start_paused = true)]
async fn rows_grow_old_without_traffic_too() {
    let policies = Policies::default();
    let (mut bot, mut gateway, _listener) = started(policies).await;
    join(&mut bot, &mut gateway, 5).await;
    let short = Policy::all().time_to_live(Duration::from_secs(5));
    assert_eq!(bot.handle().set_policy(Kind::Member, short), Ok(0));
    tokio::time::sleep(Duration::from_millis(4900)).await;
    assert_eq!(members(&bot), [1, 2, 3, 4, 5]);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(members(&bot), [1], "the bot's own member stays");
    join(&mut bot, &mut gateway, 6).await;
    tokio::time::sleep(Duration::from_millis(4900)).await;
    assert_eq!(members(&bot), [1, 6]);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(members(&bot), [1]);
}

#[tokio::test(start_paused = true)]
async fn rows_grow_old_by_the_runtime_s_clock() {
    let policy = Policy::all().time_to_live(Duration::from_secs(5));
    let policies = Policies::default().with(Kind::Member, policy);
    let (mut bot, mut gateway, _listener) = started(policies.expect("suits members")).await;
    join(&mut bot, &mut gateway, 5).await;
    assert_eq!(members(&bot), [1, 2, 3, 4, 5]);
    tokio::time::sleep(Duration::from_secs(6)).await;
    join(&mut bot, &mut gateway, 6).await;
    assert_eq!(members(&bot), [1, 6]);
}
