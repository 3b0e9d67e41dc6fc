//! What we make of the cache is what twilight makes of the payloads itself; dispatches that
//! twilight refuses are still there, with the reason.
#![allow(missing_docs, reason = "tests")]

use headcount_core::cache::{MemoryStore, Policies};
use headcount_core::id::{ChannelId, RoleId};
use headcount_core::tracker::TrackerConfig;
use headcount_core::wire::view::{Channel, Role};
use headcount_core::{Action, Actions, Dispatch, Instant, Intents, ShardId, Tracker};
use headcount_sim::{Accept, Act, Gateway, Options, Output, Plan, Upgrade};
use headcount_twilight::{ToHeadcount, ToTwilight, Typed, TypedError, whole_guild};
use serde::Deserialize;
use serde_json::value::RawValue;
use twilight_model::gateway::event::DispatchEvent;
use twilight_model::gateway::payload::incoming::GuildCreate;
use twilight_model::guild::Guild;

const INTENTS: Intents = Intents::all();

#[derive(Deserialize)]
struct Frame<'a> {
    t: Option<&'a str>,
    s: Option<u64>,
    #[serde(borrow)]
    d: &'a RawValue,
}

/// What a gateway of two guilds sends to a bot that hears everything, traffic included.
fn payloads() -> Vec<String> {
    let world = Plan::even(2, 40);
    let mut gateway = Gateway::new(
        Options {
            world,
            ..Options::default()
        },
        5,
    );
    let Accept::Open(id) = gateway.upgrade(0, Upgrade::default()) else {
        panic!("refused");
    };
    let intents = INTENTS.bits();
    let identify =
        format!(r#"{{"op":2,"d":{{"token":"t","properties":{{}},"intents":{intents}}}}}"#);
    gateway.receive(10, id, identify.as_bytes());
    while let Some(at) = gateway.poll_timeout().filter(|at| *at < 1000) {
        gateway.advance(at);
    }
    gateway.act(1000, Act::Traffic { events: 400 });
    let mut all = Vec::new();
    while let Some((_, output)) = gateway.poll_output() {
        if let Output::Send(text) = output {
            all.push(text);
        }
    }
    all
}

/// A cache, and twilight's own reading of the guilds that went into it.
struct Fed {
    store: MemoryStore,
    guilds: Vec<Guild>,
    /// Names of dispatches that twilight read.
    read: Vec<String>,
    refused: Vec<String>,
}

fn feed(payloads: &[String]) -> Fed {
    let mut fed = Fed {
        store: MemoryStore::with_policies(1, Policies::following(INTENTS)),
        guilds: Vec::new(),
        read: Vec::new(),
        refused: Vec::new(),
    };
    let config = TrackerConfig::default();
    let mut tracker = Tracker::new(ShardId::ONE, INTENTS, config, 1);
    for text in payloads {
        let frame: Frame<'_> = serde_json::from_str(text).expect("a frame");
        let Some(name) = frame.t else { continue };
        let data = frame.d.get();
        apply(
            &mut fed.store,
            tracker.dispatch(Instant::ZERO, name, frame.s, data),
        );
        match Dispatch::new(name, frame.s, data).typed() {
            Ok(DispatchEvent::GuildCreate(create)) => {
                if let GuildCreate::Available(guild) = *create {
                    fed.guilds.push(guild);
                }
                fed.read.push(name.to_owned());
            }
            Ok(_) => fed.read.push(name.to_owned()),
            Err(error) => fed.refused.push(error.to_string()),
        }
    }
    fed
}

fn apply(store: &mut MemoryStore, actions: Actions<'_>) {
    for action in actions {
        if let Action::Mutate(mutation) = action {
            store.apply(mutation);
        }
    }
}

/// Lists in order of id, and without what [`whole_guild`] says that it leaves out.
fn in_order(mut guild: Guild) -> Guild {
    guild.channels.sort_by_key(|row| row.id);
    guild.emojis.sort_by_key(|row| row.id);
    guild.members.sort_by_key(|row| row.user.id);
    guild.roles.sort_by_key(|row| row.id);
    guild.stage_instances.sort_by_key(|row| row.id);
    guild.stickers.sort_by_key(|row| row.id);
    guild.threads.sort_by_key(|row| row.id);
    guild.voice_states.sort_by_key(|row| row.user_id);
    guild.presences.clear();
    guild.guild_scheduled_events.clear();
    guild
}

fn same<T: PartialEq + std::fmt::Debug>(ours: &[T], theirs: &[T]) {
    assert_eq!(ours.len(), theirs.len());
    for (ours, theirs) in ours.iter().zip(theirs) {
        assert_eq!(ours, theirs);
    }
}

#[test]
fn the_cache_gives_what_twilight_reads_itself() {
    let payloads = payloads();
    let creates = payloads
        .iter()
        .filter(|text| !text.contains("\"t\":\"MESSAGE"));
    let until = creates.take_while(|text| !text.contains("\"t\":\"TYPING"));
    let setup: Vec<String> = until.take(4).cloned().collect();
    let fed = feed(&setup);
    assert_eq!(fed.guilds.len(), 2, "{:?}", fed.refused);
    for theirs in fed.guilds {
        let id = theirs.id.to_headcount();
        let ours = whole_guild(&fed.store, id).expect("there").expect("whole");
        let (ours, theirs) = (in_order(ours), in_order(theirs));
        assert!(theirs.members.len() > 30 && !theirs.channels.is_empty());
        same(&ours.channels, &theirs.channels);
        same(&ours.emojis, &theirs.emojis);
        same(&ours.members, &theirs.members);
        same(&ours.roles, &theirs.roles);
        same(&ours.threads, &theirs.threads);
        same(&ours.voice_states, &theirs.voice_states);
        assert_eq!(ours, theirs);
    }
}

#[test]
fn every_dispatch_of_the_traffic_is_read() {
    let fed = feed(&payloads());
    assert!(fed.read.len() > 400, "{}", fed.read.len());
    assert_eq!(fed.refused, [""; 0]);
}

#[test]
fn what_twilight_refuses_is_still_there_with_the_reason() {
    let refusal =
        |dispatch: &Dispatch<'_>| -> TypedError { dispatch.typed().expect_err("refused") };
    let odd = Dispatch::new(
        "TYPING_START",
        Some(1),
        r#"{"channel_id":[],"user_id":"3"}"#,
    );
    let error = refusal(&odd);
    assert_eq!(
        (error.name(), odd.data()),
        ("TYPING_START", r#"{"channel_id":[],"user_id":"3"}"#)
    );
    assert!(
        error
            .to_string()
            .starts_with("twilight does not read TYPING_START: invalid type")
    );
    let new = Dispatch::new("SOMETHING_NEW", Some(2), "{}");
    assert!(refusal(&new).to_string().contains("SOMETHING_NEW"));
}

#[test]
fn a_row_that_lacks_what_twilight_needs_says_what() {
    let role = RoleId::new(7).expect("not zero");
    let mut row = Role::bare(role);
    let missing = row.to_twilight().expect_err("bare");
    assert_eq!((missing.row(), missing.part()), ("role", "color"));
    let channel = Channel::bare(ChannelId::new(2).expect("not zero"));
    assert_eq!(channel.to_twilight().expect_err("bare").part(), "type");
    row.color = Some(1);
    assert_eq!(row.to_twilight().expect_err("bare").part(), "hoist");
}
