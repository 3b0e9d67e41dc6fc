//! What users send: order, limits, and what becomes of it.

use std::time::Duration;

use headcount_core::event::{CommandFinished, CommandOutcome, Ticket};
use headcount_core::id::GuildId;
use headcount_core::wire::command::{Command, VoiceStateChange};
use headcount_core::wire::presence::{ActivityKind, BotActivity, BotPresence};
use headcount_core::{Action, Event, Input, RequestError};

use crate::host::{Host, READY, RESUMED, config};

fn voice(number: u64) -> Command {
    let guild = GuildId::new(number).unwrap();
    Command::UpdateVoiceState(VoiceStateChange {
        guild,
        channel: None,
        self_mute: false,
        self_deaf: false,
    })
}

fn presence(name: &str) -> Command {
    let activity = BotActivity {
        name: name.into(),
        kind: ActivityKind::Playing,
        state: None,
        url: None,
    };
    Command::UpdatePresence(Box::new(BotPresence {
        activities: vec![activity],
        ..BotPresence::default()
    }))
}

fn outcomes(host: &Host) -> Vec<(Ticket, CommandOutcome)> {
    let outcome = |event: &Event<'_>| match event {
        Event::CommandFinished(CommandFinished { ticket, outcome }) => Some((*ticket, *outcome)),
        _ => None,
    };
    host.events().filter_map(outcome).collect()
}

#[test]
fn commands_go_out_in_order_and_within_the_budget() {
    let mut host = Host::active();
    let tickets: Vec<_> = (1..=128)
        .map(|n| host.shard.send(voice(n)).unwrap())
        .collect();
    assert_eq!(
        host.shard.send(voice(1)),
        Err(RequestError::QueueFull { bound: 128 })
    );
    let mut sends = Vec::new();
    let end = host.now.after(Duration::from_secs(200));
    while host.now < end {
        let from = host.done.len();
        host.wake();
        let sent = |action: &&Action<'_>| matches!(action, Action::Send(_));
        let count = host.done[from..].iter().filter(sent).count();
        sends.extend(std::iter::repeat_n(host.now.as_millis(), count));
        for _ in 0..host.beats_since(from) {
            host.receive(r#"{"op":11}"#);
        }
    }
    let sent: Vec<_> = outcomes(&host);
    assert!(
        sent.iter()
            .all(|(_, outcome)| *outcome == CommandOutcome::Sent)
    );
    assert_eq!(
        sent.iter().map(|(ticket, _)| *ticket).collect::<Vec<_>>(),
        tickets
    );
    for (index, start) in sends.iter().enumerate() {
        let within = sends[index..]
            .iter()
            .take_while(|at| *at - start < 60_000)
            .count();
        assert!(within <= 120, "{within} sends in one window");
    }
}

#[test]
fn of_presences_the_last_is_sent_five_in_twenty_seconds() {
    let mut host = Host::active();
    let mut sent = Vec::new();
    for number in 0..400 {
        host.shard.send(presence(&number.to_string())).unwrap();
        let from = host.done.len();
        host.run(Duration::from_millis(250));
        let shown = |a: &&Action<'_>| matches!(a, Action::Send(Command::UpdatePresence(_)));
        let count = host.done[from..].iter().filter(shown).count();
        sent.extend(std::iter::repeat_n(host.now.as_millis(), count));
    }
    assert!(sent.len() >= 20);
    for (index, start) in sent.iter().enumerate() {
        assert!(
            sent[index..]
                .iter()
                .take_while(|at| *at - start < 20_000)
                .count()
                <= 5
        );
    }
    host.run(Duration::from_secs(30));
    let last = outcomes(&host).pop().unwrap();
    assert_eq!(last.1, CommandOutcome::Sent);
    assert_eq!(outcomes(&host).len(), 400);
}

#[test]
fn commands_wait_for_a_resume_and_go_with_a_lost_session() {
    let mut host = Host::active();
    host.input(Input::Closed(None));
    let kept = host.shard.send(voice(1)).unwrap();
    host.dial();
    host.hello();
    assert_eq!(outcomes(&host), []);
    host.receive(RESUMED);
    assert_eq!(outcomes(&host), [(kept, CommandOutcome::Sent)]);

    host.input(Input::Closed(None));
    let lost = host.shard.send(voice(2)).unwrap();
    host.dial();
    host.hello();
    host.take();
    host.receive(r#"{"op":9,"d":false}"#);
    assert_eq!(outcomes(&host), [(lost, CommandOutcome::SessionLost)]);
}

#[test]
fn commands_go_with_a_session_that_another_one_takes_the_place_of() {
    let mut host = Host::active();
    host.input(Input::Closed(None));
    let lost = host.shard.send(voice(1)).unwrap();
    host.dial();
    host.hello();
    host.take();
    host.receive(&READY.replace("5e55", "a7e3"));
    assert_eq!(outcomes(&host), [(lost, CommandOutcome::SessionLost)]);
    assert_eq!(host.commands().count(), 0);
}

#[test]
fn the_last_presence_begins_the_next_session() {
    let mut host = Host::active();
    host.shard.send(presence("chess")).unwrap();
    host.input(Input::Closed(Some(4009)));
    host.dial();
    host.hello();
    let identify = host.commands().filter_map(|command| match command {
        Command::Identify(identify) => Some(identify),
        _ => None,
    });
    let shown = identify.last().unwrap().presence.clone().unwrap();
    assert_eq!(shown.activities[0].name, "chess");
    host.receive(READY);
}

#[test]
fn what_cannot_be_sent_is_refused_at_the_call() {
    let mut host = Host::new(config());
    let beat = host.shard.send(Command::Heartbeat { sequence: None });
    assert_eq!(beat, Err(RequestError::Reserved));
    let large = host.shard.send(presence(&"x".repeat(5000)));
    assert!(matches!(large, Err(RequestError::TooLarge { bytes, limit: 4096 }) if bytes > 5000));
    assert_eq!(host.input(Input::Timeout), 2);
}

#[test]
fn a_replaced_presence_is_reported_at_once_even_while_nothing_can_be_sent() {
    let mut host = Host::new(config());
    host.dial();
    let first = host.shard.send(presence("one")).unwrap();
    host.shard.send(presence("two")).unwrap();
    assert_eq!(host.shard.poll_timeout().unwrap().at, host.now);
    host.wake();
    assert_eq!(outcomes(&host), [(first, CommandOutcome::Replaced)]);
    assert!(host.shard.poll_timeout().unwrap().at > host.now);
}
