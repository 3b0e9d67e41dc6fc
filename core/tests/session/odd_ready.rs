//! A READY with odd values begins a session whenever its id can be read.

use headcount_core::event::{Gap, GapCause};
use headcount_core::session::{Phase, Reason, Session};
use headcount_core::{Action, Event, Input, Shard};
use serde_json::{Value, json};

use crate::host::{Host, config};

fn ready() -> Value {
    json!({"v": 10, "session_id": "5e55", "user": {"id": "1", "username": "bot"},
        "guilds": [{"id": "7", "unavailable": true}, {"id": "8", "unavailable": true}],
        "application": {"id": "2", "flags": 0}, "resume_gateway_url": "wss://resume.example",
        "shard": [0, 1]})
}

/// A shard that is sent this READY.
fn begun(data: &Value) -> Host {
    let mut host = Host::new(config());
    host.dial();
    host.hello();
    host.receive(&json!({"t": "READY", "s": 1, "op": 0, "d": data}).to_string());
    host
}

#[test]
fn ready_with_an_application_of_another_form_and_no_address_begins_a_session() {
    let mut data = ready();
    data["application"] = json!({"id": "2", "flags": 0, "flags_new": 5});
    data["resume_gateway_url"] = json!(7);
    let mut host = begun(&data);
    assert_eq!(host.shard.phase(), Phase::Active);
    assert!(
        host.shard
            .guild(headcount_core::id::GuildId::new(7).unwrap())
            .is_some()
    );
    host.take();
    host.input(Input::Closed(None));
    host.dial();
    assert_eq!(
        host.urls(),
        ["wss://base.example"],
        "resumes at the base address"
    );
    host.hello();
    assert_eq!(host.shard.phase(), Phase::Resuming);
}

#[test]
fn ready_with_odd_values_that_no_session_needs_begins_one() {
    let odd = [
        json!(null),
        json!("x"),
        json!(-1),
        json!(1.5),
        json!({}),
        json!([[]]),
        json!(7),
    ];
    for path in [
        "/guilds/0/unavailable",
        "/guilds/0/id",
        "/guilds/1",
        "/guilds",
        "/shard",
        "/shard/0",
        "/user",
        "/user/id",
        "/user/system",
        "/user/username",
        "/application",
        "/application/id",
        "/application/flags",
        "/resume_gateway_url",
        "/v",
    ] {
        for odd in &odd {
            let mut data = ready();
            match data.pointer_mut(path) {
                Some(place) => *place = odd.clone(),
                None => data["user"]["system"] = odd.clone(),
            }
            let host = begun(&data);
            assert_eq!(host.shard.phase(), Phase::Active, "{path} {odd}");
            let emitted = host
                .events()
                .filter(|event| matches!(event, Event::Dispatch(_)));
            assert_eq!(emitted.count(), 1, "{path} {odd}");
            let begun = |event: &Event<'_>| match event {
                Event::StateChanged(change) => change.reason == Reason::Ready,
                _ => false,
            };
            assert!(host.events().any(begun), "{path} {odd}");
        }
    }
}

#[test]
fn a_guild_of_ready_that_cannot_be_read_does_not_hide_the_others() {
    let mut data = ready();
    data["guilds"][0]["id"] = json!([]);
    let host = begun(&data);
    let known = |id| {
        host.shard
            .guild(headcount_core::id::GuildId::new(id).unwrap())
    };
    assert!(known(7).is_none() && known(8).is_some());
}

/// READY with a session of this id.
fn ready_of(id: &str) -> Value {
    let mut data = ready();
    data["session_id"] = json!(id);
    data
}

/// A quote takes two bytes when it is sent.
fn ids_too_long() -> [String; 2] {
    ["x".repeat(9_000), "\"".repeat(2_100)]
}

#[test]
fn a_session_whose_id_is_too_long_to_be_sent_back_goes_on_and_is_not_resumed() {
    let long = ids_too_long().map(|id| (id, false));
    for (id, resumable) in long.into_iter().chain([("x".repeat(3_900), true)]) {
        let mut host = begun(&ready_of(&id));
        assert_eq!(host.shard.phase(), Phase::Active);
        assert_eq!(host.session().is_some(), resumable);
        host.input(Input::Closed(None));
        let lost = |event: &&Event<'_>| {
            matches!(
                event,
                Event::Gap(Gap {
                    why: GapCause::IdTooLong,
                    ..
                })
            )
        };
        assert_eq!(host.events().filter(lost).count(), usize::from(!resumable));
        host.dial();
        host.hello();
        let next = if resumable {
            Phase::Resuming
        } else {
            Phase::Identifying
        };
        assert_eq!(host.shard.phase(), next);
        for action in &host.done {
            if let Action::Send(command) = action {
                assert!(command.encode(&mut String::new()).len() <= 4_096);
            }
        }
    }
}

#[test]
fn a_stored_session_whose_id_is_too_long_to_be_sent_back_is_not_resumed() {
    let kept = begun(&ready_of("x")).session().unwrap();
    for id in ids_too_long() {
        let mut stored = serde_json::to_value(&kept).unwrap();
        stored["id"] = json!(id);
        let session: Session = serde_json::from_value(stored).unwrap();
        let mut host = Host::of(Shard::with_session(config(), 7, session).unwrap());
        host.dial();
        host.hello();
        assert_eq!(host.shard.phase(), Phase::Identifying);
    }
}
