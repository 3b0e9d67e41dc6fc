//! Every trouble does what it says, as often as it says.

use crate::client::{Client, INTENTS};
use headcount_sim::{
    Accept, Act, Fault, Junk, Options, Plan, Rule, Target, Times, Trouble, Upgrade, guild_id,
};
use serde_json::{Value, json};

fn with(faults: Vec<Fault>) -> Client {
    let world = Plan::even(4, 30);
    Client::new(
        Options {
            world,
            faults,
            ..Options::default()
        },
        1,
    )
}

#[test]
fn handshakes_fail_as_asked_and_then_succeed() {
    let mut client = with(vec![
        Fault::once(Trouble::RefuseUpgrade(503)),
        Fault::once(Trouble::SilentUpgrade),
        Fault::once(Trouble::CloseInsteadOfHello(Some(1013))),
        Fault::once(Trouble::CloseInsteadOfHello(None)),
        Fault::once(Trouble::ReconnectInsteadOfHello),
    ]);
    let upgrade = Upgrade::default();
    assert_eq!(client.gateway.upgrade(0, upgrade), Accept::Refuse(503));
    assert_eq!(client.gateway.upgrade(0, upgrade), Accept::Silent);
    let (closed, dropped, emitted, greeted) =
        (client.open(), client.open(), client.open(), client.open());
    assert_eq!(client.ends, [(closed, Some(1013)), (dropped, None)]);
    assert_eq!(client.opcodes(emitted), [7]);
    assert_eq!(client.opcodes(greeted), [10]);
}

#[test]
fn starts_are_refused_as_asked() {
    let mut client = with(vec![
        Fault::once(Trouble::InvalidateIdentify { resumable: false }),
        Fault::once(Trouble::InvalidateResume { resumable: true }),
        Fault::once(Trouble::CloseAfterStart(Some(4000))).on_shard(0),
    ]);
    let id = client.open();
    client.identify(id, [0, 1], INTENTS);
    assert_eq!(client.opcodes(id), [10, 9]);
    client.wait(5000);
    client.identify(id, [0, 1], INTENTS);
    assert_eq!(client.events("READY").len(), 1);
    assert_eq!(client.ends, [(id, Some(4000))]);
    let again = client.open();
    client.resume(again, 1);
    assert_eq!(client.opcodes(again), [10, 9]);
    client.resume(again, 1);
    assert_eq!(client.events("RESUMED").len(), 1);
    let accepted: Vec<bool> = client
        .gateway
        .ledger()
        .resumes
        .iter()
        .map(|resume| resume.accepted)
        .collect();
    assert_eq!(accepted, [false, true]);
    assert!(client.rules().is_empty());
}

#[test]
fn a_resume_may_be_answered_with_the_ready_of_a_new_session() {
    let mut client = with(vec![Fault::once(Trouble::ReadyForResume)]);
    let first = client.start([0, 1], INTENTS);
    let guilds = client.events("GUILD_CREATE").len();
    let (guild, user) = (guild_id(0), None);
    let joins = Act::AddMember { guild, user };
    client.gateway.act(client.now, joins);
    client.gateway.closed(client.now, first, None);
    let again = client.open();
    client.resume(again, 2);
    let begun = client.events("READY");
    assert_eq!((begun.len(), &begun[1]["s"]), (2, &1.into()));
    assert_ne!(begun[0]["d"]["session_id"], begun[1]["d"]["session_id"]);
    client.wait(1_000);
    assert_eq!(client.events("GUILD_CREATE").len(), 2 * guilds);
    assert!(client.events("RESUMED").is_empty());
    // Beats that were under way name what the old session had reached.
    client.say(again, 1, json!(6));
    let ledger = client.gateway.ledger();
    assert!(ledger.identifies.len() == 1 && ledger.resumes[0].accepted);
    assert_eq!(client.gateway.session_count(), 1);
    assert_eq!(client.gateway.struck()["ready for resume"], 1);
    assert!(client.rules().is_empty());
}

#[test]
fn a_cut_strikes_each_connection_and_a_replay_can_be_cut_too() {
    let mut client = with(vec![Fault {
        shard: None,
        times: Times::Count(2),
        trouble: Trouble::CutAfterDispatches(2),
    }]);
    let first = client.start([0, 1], INTENTS);
    assert_eq!(client.ends, [(first, None)]);
    let second = client.open();
    client.resume(second, 2);
    assert_eq!(client.ends.last(), Some(&(second, None)));
    assert!(client.events("RESUMED").is_empty());
    let third = client.open();
    client.resume(third, 4);
    assert_eq!(client.events("GUILD_CREATE").len(), 4);
    assert_eq!(client.events("RESUMED")[0]["s"], 6);
}

#[test]
fn a_path_dies_without_a_word() {
    for trouble in [
        Trouble::SilentAfterDispatches(3),
        Trouble::SilentFrom { from: 0 },
    ] {
        let mut client = with(vec![Fault::once(trouble.clone())]);
        let id = client.start([0, 1], INTENTS);
        let expected = if trouble == Trouble::SilentAfterDispatches(3) {
            3
        } else {
            0
        };
        let heard = client
            .heard
            .iter()
            .filter(|(_, value)| value["op"] == 0)
            .count();
        assert_eq!(heard, expected);
        client.say(id, 1, Value::Null);
        assert_eq!(client.opcodes(id), [10]);
        client.wait(200_000);
        assert!(client.ends.is_empty());
        let other = client.open();
        client.say(other, 1, Value::Null);
        assert_eq!(client.opcodes(other), [10, 11], "{trouble:?} struck once");
    }
}

#[test]
fn acks_come_late_or_not_at_all() {
    let mut client = with(vec![Fault::once(Trouble::DelayAcks { by: 700 })]);
    let id = client.open();
    client.say(id, 1, Value::Null);
    client.wait(699);
    assert_eq!(client.opcodes(id), [10]);
    client.wait(1);
    assert_eq!(client.opcodes(id), [10, 11]);

    let mut client = with(vec![Fault::once(Trouble::WithholdAcks { from: 1000 })]);
    let id = client.open();
    client.say(id, 1, Value::Null);
    client.wait(1000);
    client.say(id, 1, Value::Null);
    client.say(id, 1, Value::Null);
    assert_eq!(client.opcodes(id), [10, 11]);
    assert_eq!(
        (
            client.gateway.ledger().heartbeats,
            client.gateway.ledger().acks
        ),
        (3, 1)
    );
}

#[test]
fn junk_of_every_kind_is_said_and_sequences_stay_whole() {
    let kinds = [
        Junk::NotJson,
        Junk::NotAnEnvelope,
        Junk::Deep,
        Junk::UnknownOpcode,
        Junk::UnknownEvent,
        Junk::WrongBody("GUILD_CREATE".to_owned()),
        Junk::HugeNumbers,
        Junk::Text("\u{0}".to_owned()),
    ];
    for kind in kinds {
        let trouble = Trouble::JunkAfterDispatches(2, kind.clone());
        let mut client = with(vec![Fault::once(trouble)]);
        client.start([0, 1], INTENTS);
        assert_eq!(client.raw.len(), 1 + 1 + 4 + 1, "{kind:?}");
        let prefix = |text: &String| text.split("\"s\":").nth(1).map(ToOwned::to_owned);
        let sequences: Vec<u64> = client
            .raw
            .iter()
            .filter(|text| text.starts_with("{\"t\":\""))
            .filter_map(|text| prefix(text)?.split(',').next()?.parse().ok())
            .collect();
        let expected: Vec<u64> = (1..=sequences.len() as u64).collect();
        assert_eq!(sequences, expected, "{kind:?}");
        assert!(client.ends.is_empty());
    }
}

#[test]
fn a_script_happens_on_time_and_forgotten_sessions_do_not_resume() {
    let script = vec![
        (2000, Act::Outage { guild: guild_id(0) }),
        (3000, Act::Restore { guild: guild_id(0) }),
        (4000, Act::Close(Target::All, 4000)),
        (4500, Act::ForgetSessions(Target::All)),
    ];
    let world = Plan::even(1, 30);
    let mut client = Client::new(
        Options {
            world,
            script,
            ..Options::default()
        },
        1,
    );
    client.start([0, 1], INTENTS);
    client.wait(1999);
    assert_eq!(client.events("GUILD_DELETE").len(), 1);
    assert_eq!(client.events("GUILD_CREATE").len(), 1);
    client.wait(2000);
    assert_eq!(client.events("GUILD_CREATE").len(), 2);
    assert_eq!(client.gateway.ledger().guilds[&guild_id(0)].outages, [2000]);
    let again = client.open();
    client.resume(again, 4);
    assert_eq!(client.opcodes(again), [10, 9]);
}

#[test]
fn violations_say_who_when_and_which_rule() {
    let mut client = with(vec![]);
    let id = client.start([0, 2], INTENTS);
    client.say(
        id,
        8,
        json!({ "guild_id": guild_id(1), "query": "", "limit": 0 }),
    );
    assert_eq!(client.rules(), [Rule::ForeignGuild]);
    let text = client.gateway.violations()[0].to_string();
    assert!(
        text.starts_with("at 1000 ms, connection 1, shard 0 of 2: guild "),
        "{text}"
    );
    assert!(
        text.ends_with("the rule: a shard asks for its own guilds (no answer)"),
        "{text}"
    );
}
