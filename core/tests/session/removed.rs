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

/// A process that says what is acknowledged.
fn acknowledging() -> Config {
    let mut config = telling();
    config.acknowledge = Acknowledge::ByHost {
        in_heartbeats: false,
    };
    config
}

/// The process after a kill: its session is as it was written down, at a later sequence, and of
/// what came after it the consumer has had so much.
fn after_a_kill(written: &Session, sequence: u64, delivered: &[u64]) -> Host {
    let delivered = delivered.iter().map(|at| *at..=*at);
    let session = written.clone().as_of(sequence).with_delivered(delivered);
    let mut host = Host::of(Shard::with_session(acknowledging(), 9, session).unwrap());
    host.dial();
    host.hello();
    host
}

fn acknowledge(host: &mut Host, sequence: u64) {
    let position = host.shard.position().unwrap();
    host.shard.acknowledge(Position {
        sequence,
        ..position
    });
}

fn return_of_7(sequence: u64) -> String {
    frame(
        sequence,
        "GUILD_MEMBER_ADD",
        &format!(r#""guild_id":"5",{MEMBER}"#),
    )
}

/// A voice state with the member inside.
fn voice(sequence: u64) -> String {
    let state = format!(
        r#""guild_id":"5","channel_id":"8","user_id":"7","session_id":"v","member":{{{MEMBER}}}"#
    );
    frame(sequence, "VOICE_STATE_UPDATE", &state)
}

/// Guild 5 before user 7 left it, and the session as it was written down then.
fn written_before_the_removal() -> (Host, Session) {
    let mut host = after_a_removal_of(acknowledging());
    acknowledge(&mut host, 2);
    // The removal is not in the list; another life of the same session says so.
    let mut session = serde_json::to_value(host.session().unwrap()).unwrap();
    session["guilds"]["removed"] = serde_json::Value::Array(Vec::new());
    (host, serde_json::from_value(session).unwrap())
}

#[test]
fn a_removal_that_is_replayed_after_a_kill_keeps_late_words_away() {
    for delivered in [&[][..], &[3]] {
        let (mut first, written) = written_before_the_removal();
        let mut second = after_a_kill(&written, 2, delivered);
        second.receive(&removal(3));
        second.receive(&voice(4));
        second.receive(RESUMED);
        second.receive(&voice(10));
        second.receive(&update(11));
        assert!(!is_back(&mut [&mut first, &mut second]), "{delivered:?}");
    }
}

#[test]
fn a_member_who_is_replayed_after_a_kill_is_one_again() {
    for delivered in [&[][..], &[4]] {
        let mut first = after_a_removal_of(acknowledging());
        acknowledge(&mut first, 3);
        let mut second = after_a_kill(&first.session().unwrap(), 3, delivered);
        second.receive(&return_of_7(4));
        second.receive(&update(5));
        assert!(is_back(&mut [&mut first, &mut second]), "{delivered:?}");
    }
}

#[test]
fn no_journal_passes_the_return_of_a_row_whose_removal_it_has_written_down() {
    let mut first = after_a_removal_of(acknowledging());
    acknowledge(&mut first, 3);
    let changes = first.shard.guild_changes();
    first.receive(&removal(4));
    assert_eq!(first.shard.guild_changes(), changes, "it was gone");
    first.receive(&return_of_7(5));
    assert_ne!(first.shard.guild_changes(), changes);
    let (written, changes) = (first.session().unwrap(), first.shard.guild_changes());
    first.receive(&removal(6));
    first.receive(&voice(7));
    assert_eq!(first.shard.guild_changes(), changes, "removals wait");
    let mut second = after_a_kill(&written, 5, &[]);
    second.receive(&update(8));
    assert!(is_back(&mut [&mut first, &mut second]));
}

#[test]
fn a_guild_that_comes_anew_is_written_anew_if_rows_of_it_were_gone() {
    let mut first = after_a_removal_of(acknowledging());
    acknowledge(&mut first, 3);
    let changes = first.shard.guild_changes();
    let create = format!(r#""id":"5","name":"g","members":[{{{MEMBER}}}],"member_count":1"#);
    first.receive(&frame(4, "GUILD_CREATE", &create));
    assert_ne!(first.shard.guild_changes(), changes);
}

#[test]
fn what_was_removed_since_the_guilds_were_written_down_is_not_known_after_a_kill() {
    let (mut first, written) = written_before_the_removal();
    let mut second = after_a_kill(&written, 3, &[]);
    second.receive(&voice(4));
    assert!(is_back(&mut [&mut first, &mut second]), "a late word");
}
