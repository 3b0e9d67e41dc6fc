//! Dispatches whose names are left out: they count, change what they change, and are not emitted.

use headcount_core::cache::Kinds;
use headcount_core::config::Acknowledge;
use headcount_core::session::Phase;
use headcount_core::setup::HoldConfig;
use headcount_core::wire::{Name, Names};
use headcount_core::{Action, Config, Dispatch, Event, Shard};

use crate::host::{Host, config, dispatch};

const GUILD: &str = r#"{"t":"GUILD_CREATE","s":2,"op":0,"d":{"id":"7","name":"g","member_count":1,
    "large":false,"unavailable":false,"members":[],"channels":[],"threads":[],"roles":[],
    "emojis":[],"stickers":[],"voice_states":[],"stage_instances":[],"presences":[]}}"#;

/// A host with a session that emits these names alone.
fn emitting(names: impl IntoIterator<Item = Name>) -> Host {
    let mut config = config();
    config.tracker.events = names.into_iter().collect();
    begun(config)
}

fn begun(config: Config) -> Host {
    let mut host = Host::new(config);
    host.begin();
    host.take();
    host
}

fn emitted(host: &Host) -> Vec<Name> {
    let name = |event: &Event<'_>| event.dispatch().map(Dispatch::name);
    host.events().filter_map(name).collect()
}

#[test]
fn one_that_is_left_out_counts_and_is_not_emitted() {
    let mut host = emitting([Name::MessageCreate]);
    host.receive(&dispatch(2));
    assert!(host.take().is_empty());
    assert_eq!(host.shard.position().map(|at| at.sequence), Some(2));
    host.receive(r#"{"t":"MESSAGE_CREATE","s":3,"op":0,"d":{}}"#);
    assert_eq!(emitted(&host), [Name::MessageCreate]);
}

#[test]
fn its_form_makes_no_difference() {
    for text in [
        r#"{"t":"TYPING_START","s":2,"op":0,"d":{"user_id":"3"}}"#,
        r#"{ "t" : "TYPING_START", "s" : 2, "op" : 0, "d" : {"user_id":"3"} }"#,
        r#"{"d":{"user_id":"3"},"op":0,"s":2,"t":"TYPING_START"}"#,
        r#"{"t":"TYPING\u005fSTART","s":"2","op":0,"d":{"user_id":"3"}}"#,
    ] {
        let mut host = emitting([]);
        host.receive(text);
        assert!(host.take().is_empty(), "{text}");
        assert_eq!(
            host.shard.position().map(|at| at.sequence),
            Some(2),
            "{text}"
        );
    }
}

#[test]
fn what_nobody_reads_may_be_anything() {
    let broken = r#"{"t":"VOICE_SERVER_UPDATE","s":2,"op":0,"d":{"guild_id":7"}}"#;
    let mut host = emitting([]);
    host.receive(broken);
    assert!(host.take().is_empty());
    assert_eq!(host.shard.position().map(|at| at.sequence), Some(2));
    let mut host = emitting(Names::ALL.each());
    host.receive(broken);
    assert!(matches!(
        host.take()[..],
        [Action::Emit(Event::Misunderstood(_))]
    ));
}

#[test]
fn names_that_this_version_does_not_know_are_left_out_together() {
    let new = r#"{"t":"BRAND_NEW","s":2,"op":0,"d":{}}"#;
    let mut host = emitting([Name::MessageCreate]);
    host.receive(new);
    assert!(host.take().is_empty());
    let mut host = emitting([Name::Unknown]);
    host.receive(new);
    assert_eq!(emitted(&host), [Name::Unknown]);
}

#[test]
fn it_changes_the_cache_and_setup_all_the_same() {
    let mut quiet = emitting([]);
    let mut all = emitting(Names::ALL.each());
    for host in [&mut quiet, &mut all] {
        host.receive(GUILD);
        host.receive(
            r#"{"t":"GUILD_ROLE_DELETE","s":3,"op":0,"d":{"guild_id":"7","role_id":"9"}}"#,
        );
    }
    let is_dispatch = |action: &Action<'_>| matches!(action, Action::Emit(Event::Dispatch(_)));
    let (mut with, without) = (all.take(), quiet.take());
    with.retain(|action| !is_dispatch(action));
    assert_eq!(format!("{with:?}"), format!("{without:?}"));
    let ready = |action: &Action<'_>| matches!(action, Action::Emit(Event::GuildJoin(_)));
    assert!(without.iter().any(ready));
    assert!(
        without
            .iter()
            .any(|action| matches!(action, Action::Mutate(_)))
    );
}

#[test]
fn what_of_it_was_not_understood_is_dispatch_if_the_cache_reads_it() {
    let mut host = emitting([]);
    host.receive(GUILD);
    host.take();
    host.receive(r#"{"t":"GUILD_ROLE_DELETE","s":3,"op":0,"d":{"guild_id":"7","role_id":{}}}"#);
    assert!(matches!(
        host.take()[..],
        [Action::Emit(Event::Misunderstood(_))]
    ));
}

#[test]
fn a_member_in_passing_is_learnt_from_where_no_intent_brings_members() {
    let mut config = config();
    config.tracker.events = Names::NONE;
    config.tracker.kinds = Kinds::MEMBERS | Kinds::GUILDS;
    let mut host = begun(config);
    host.receive(GUILD);
    host.take();
    host.receive(
        r#"{"t":"TYPING_START","s":3,"op":0,"d":{"guild_id":"7","user_id":"3",
            "member":{"user":{"id":"3","username":"u"},"roles":[],"joined_at":null}}}"#,
    );
    assert!(matches!(host.take()[..], [Action::Mutate(_)]));
}

#[test]
fn a_guild_in_setup_does_not_hold_it() {
    let mut config = config();
    config.tracker.events = Names::ALL.without(Name::TypingStart);
    config.tracker.hold = Some(HoldConfig::default());
    config.acknowledge = Acknowledge::ByHost {
        in_heartbeats: false,
    };
    let mut host = Host::of(Shard::new(config, 7));
    host.dial();
    host.hello();
    host.receive(
        r#"{"t":"READY","s":1,"op":0,"d":{"guilds":[{"id":"7","unavailable":true}],
            "user":{"id":"1","username":"bot"},"session_id":"5e55",
            "resume_gateway_url":"wss://resume.example"}}"#,
    );
    assert_eq!(host.shard.phase(), Phase::Active);
    host.take();
    let typing = r#"{"t":"TYPING_START","s":2,"op":0,"d":{"guild_id":"7"}}"#;
    host.receive(typing);
    assert_eq!((host.take().len(), host.shard.held_since()), (0, None));
    let sent = r#"{"t":"MESSAGE_CREATE","s":3,"op":0,"d":{"guild_id":"7"}}"#;
    host.receive(sent);
    assert_eq!(
        (emitted(&host).len(), host.shard.held_since()),
        (0, Some(3))
    );
}
