//! What a session has removed stays away after a cut, and in the process that goes on with it.

use headcount_core::cache::MemoryStore;
use headcount_core::config::Acknowledge;
use headcount_core::id::{GuildId, UserId};
use headcount_core::session::{OnStop, Session};
use headcount_core::{Action, Config, Input, Intents, Position, Shard};

use crate::host::{Host, RESUMED, config};

fn telling() -> Config {
    let mut config = config();
    config.intents = Intents::GUILDS | Intents::GUILD_MEMBERS;
    config
}

fn frame(sequence: u64, name: &str, data: &str) -> String {
    format!(r#"{{"op":0,"t":"{name}","s":{sequence},"d":{{{data}}}}}"#)
}

/// Guild 5 has come, and user 7 has left it.
fn after_a_removal() -> Host {
    after_a_removal_of(telling())
}

fn after_a_removal_of(config: Config) -> Host {
    let mut host = Host::new(config);
    host.dial();
    host.hello();
    let ready = r#""session_id":"5e55","guilds":[{"id":"5","unavailable":true}],
        "user":{"id":"1","username":"bot"},"resume_gateway_url":"wss://resume.example""#;
    host.receive(&frame(1, "READY", ready));
    let create = format!(r#""id":"5","name":"g","members":[{{{MEMBER}}}],"member_count":1"#);
    host.receive(&frame(2, "GUILD_CREATE", &create));
    host.receive(&removal(3));
    host
}

fn removal(sequence: u64) -> String {
    let left = r#""guild_id":"5","user":{"id":"7","username":"u"}"#;
    frame(sequence, "GUILD_MEMBER_REMOVE", left)
}

const MEMBER: &str = r#""user":{"id":"7","username":"u"},"roles":[],
    "joined_at":"2020-01-01T00:00:00+00:00""#;

fn update(sequence: u64) -> String {
    let data = format!(r#""guild_id":"5",{MEMBER}"#);
    frame(sequence, "GUILD_MEMBER_UPDATE", &data)
}

/// Applies all that these hosts wanted done, and looks for user 7 in guild 5.
fn is_back(hosts: &mut [&mut Host]) -> bool {
    let mut store = MemoryStore::new(7);
    for action in hosts.iter_mut().flat_map(|host| host.take()) {
        if let Action::Mutate(mutation) = action {
            store.apply(mutation);
        }
    }
    let (guild, user) = (GuildId::new(5).unwrap(), UserId::new(7).unwrap());
    assert!(store.guild(guild).is_some());
    store.member(guild, user).is_some()
}

#[test]
fn what_was_removed_before_a_cut_stays_away_after_the_resume() {
    let mut host = after_a_removal();
    host.input(Input::Closed(None));
    host.dial();
    host.hello();
    host.receive(&update(4));
    host.receive(RESUMED);
    host.receive(&update(10));
    assert!(!is_back(&mut [&mut host]));
}

#[test]
fn what_was_removed_stays_away_in_the_process_that_goes_on_with_the_session() {
    let mut first = after_a_removal();
    first.shard.stop(OnStop::Resume);
    first.input(Input::Timeout);
    let text = serde_json::to_string(&first.session().unwrap()).unwrap();
    let session: Session = serde_json::from_str(&text).unwrap();
    assert_eq!(Some(&session), first.session().as_ref());
    let mut second = Host::of(Shard::with_session(telling(), 9, session).unwrap());
    second.dial();
    second.hello();
    second.receive(&update(4));
    assert!(!is_back(&mut [&mut first, &mut second]));
}

#[test]
fn a_session_that_was_stored_without_removals_is_taken_over_all_the_same() {
    let mut first = after_a_removal();
    first.shard.stop(OnStop::Resume);
    first.input(Input::Timeout);
    let text = serde_json::to_string(&first.session().unwrap()).unwrap();
    let at = text.find(r#","removed":["#).unwrap();
    let older = format!(
        "{}{}",
        &text[..at],
        &text[text[at..].find(']').unwrap() + at + 1..]
    );
    assert!(serde_json::from_str::<Session>(&older).is_ok(), "{older}");
}

#[test]
fn a_removal_that_comes_again_reaches_a_store_that_missed_it() {
    let mut config = telling();
    config.acknowledge = Acknowledge::ByHost {
        in_heartbeats: false,
    };
    let mut first = after_a_removal_of(config.clone());
    let position = first.shard.position().unwrap();
    first.shard.acknowledge(Position {
        sequence: 2,
        ..position
    });
    let session = first.session().unwrap();
    assert_eq!(session.sequence(), 2);
    let mut second = Host::of(Shard::with_session(config, 9, session).unwrap());
    second.dial();
    second.hello();
    second.receive(&removal(3));
    let mut changes = second.take().into_iter().filter_map(|action| match action {
        Action::Mutate(mutation) => mutation.origin(),
        _ => None,
    });
    assert!(changes.any(|origin| origin.sequence == 3));
    second.receive(&removal(4));
    let again = second
        .take()
        .into_iter()
        .any(|action| matches!(action, Action::Mutate(mutation) if mutation.origin().is_some()));
    assert!(!again, "who has been removed already counts no second time");
}
