//! Promise 7: the gateway, which counts for itself, never finds a budget broken.

use headcount_core::RequestError;
use headcount_core::chunk::MemberQuery;
use headcount_core::event::CommandOutcome;
use headcount_core::id::{ChannelId, GuildId};
use headcount_core::wire::command::{Command, VoiceStateChange};
use headcount_core::wire::presence::BotPresence;
use headcount_core::{Event, ShardId};
use headcount_sim::{Act, Fault, Options, Pair, Plan, Target, Times, guild_id};

use crate::bot::{Dice, options, pair, troubles};

/// Small guilds: what counts here is how often something is said, not how much.
fn small() -> Options {
    let world = Plan::sizes([30, 20, 5, 3]);
    let world = Plan {
        guilds: world.guilds,
        ..options().world
    };
    Options { world, ..options() }
}

fn voice(guild: GuildId) -> Command {
    Command::UpdateVoiceState(VoiceStateChange {
        guild,
        channel: ChannelId::new(5),
        self_mute: false,
        self_deaf: true,
    })
}

/// Far more of everything than a minute has room for.
fn press(pair: &mut Pair, dice: &mut Dice) {
    for number in 0..4 {
        let guild = GuildId::new(guild_id(number)).unwrap();
        for seat in &mut pair.seats {
            if !seat.shard.id().serves(guild) {
                continue;
            }
            for _ in 0..dice.below(60) {
                let _ = seat.shard.send(voice(guild));
            }
            for _ in 0..dice.below(9) {
                let presence = Command::UpdatePresence(Box::<BotPresence>::default());
                let _ = seat.shard.send(presence);
            }
            for _ in 0..dice.below(9) {
                let _ = seat.shard.request_members(guild, MemberQuery::All, false);
            }
        }
    }
}

/// Presses a bot for so many minutes; what became of its commands.
fn pressed(options: Options, seed: u64, minutes: u64) -> (Pair, Vec<CommandOutcome>) {
    let mut dice = Dice(seed);
    let mut pair = pair(options, seed);
    let mut outcomes = Vec::new();
    for _ in 0..minutes {
        press(&mut pair, &mut dice);
        pair.run(dice.below(120_000));
        outcomes.extend(pair.take_events().filter_map(|(_, event)| match event {
            Event::CommandFinished(end) => Some(end.outcome),
            _ => None,
        }));
    }
    (pair, outcomes)
}

#[test]
fn over_hours_of_more_commands_than_there_is_room_for() {
    let (pair, outcomes) = pressed(
        Options {
            shards: 2,
            ..small()
        },
        3,
        240,
    );
    assert!(pair.now > 3 * 3_600_000);
    assert_eq!(pair.gateway.violations(), []);
    let sent = outcomes
        .iter()
        .filter(|outcome| **outcome == CommandOutcome::Sent)
        .count();
    assert!(sent > 1_000, "{sent} commands were sent");
    assert!(outcomes.contains(&CommandOutcome::Replaced));
    assert_eq!(pair.gateway.ledger().identifies.len(), 2);
    assert!(pair.gateway.ledger().requests.len() > 100);
}

#[test]
fn while_connections_and_sessions_come_and_go() {
    for seed in 0..6 {
        let mut dice = Dice(seed);
        let mut faults: Vec<Fault> = troubles().into_iter().map(Fault::once).collect();
        faults
            .iter_mut()
            .for_each(|fault| fault.times = Times::Count(dice.below(3) as u32));
        let mut script = Vec::new();
        for minute in 1..60 {
            let act = match dice.below(4) {
                0 => Act::Cut(Target::All),
                1 => Act::Close(Target::Shard(0), 4009),
                2 => Act::Invalidate {
                    target: Target::All,
                    resumable: false,
                },
                _ => Act::Traffic { events: 20 },
            };
            script.push((minute * 60_000, act));
        }
        let options = Options {
            shards: 3,
            max_concurrency: 2,
            faults,
            script,
            ..small()
        };
        let (pair, _) = pressed(options, seed, 80);
        assert_eq!(pair.gateway.violations(), [], "seed {seed}");
    }
}

#[test]
fn presences_that_change_each_second_keep_to_their_own_budget() {
    let mut pair = pair(small(), 5);
    pair.run(10_000);
    for second in 0..300 {
        let presence = Command::UpdatePresence(Box::<BotPresence>::default());
        pair.seats[0].shard.send(presence).unwrap();
        pair.run(1_000);
        if second % 70 == 0 {
            pair.act(Act::Cut(Target::All));
        }
    }
    assert_eq!(pair.gateway.violations(), []);
    let sent = pair.events().filter(|event| match event {
        Event::CommandFinished(end) => end.outcome == CommandOutcome::Sent,
        _ => false,
    });
    assert!(
        (50..=75).contains(&sent.count()),
        "most of the budget is used"
    );
}

#[test]
fn a_spent_daily_budget_is_respected() {
    let mut limits = options().limits;
    limits.identify_total = 30;
    let mut options = Options {
        shards: 2,
        limits,
        ..options()
    };
    for minute in 0..600 {
        let target = Target::All;
        let act = Act::Invalidate {
            target,
            resumable: false,
        };
        options.script.push((minute * 30_000, act));
    }
    let mut pair = pair(options, 8);
    pair.run(20 * 3_600_000);
    assert_eq!(pair.gateway.violations(), []);
    let identifies = pair.gateway.ledger().identifies.len();
    assert!((15..=30).contains(&identifies), "{identifies}");
}

#[test]
fn what_is_too_large_is_refused_at_the_call() {
    let mut pair = pair(options(), 1);
    let guilds = (1..1_000).filter_map(GuildId::new).collect();
    let shard = &mut pair.seats[0].shard;
    assert_eq!(shard.id(), ShardId::ONE);
    let error = shard
        .send(Command::RequestSoundboardSounds(guilds))
        .unwrap_err();
    assert!(
        matches!(error, RequestError::TooLarge { limit: 4096, .. }),
        "{error:?}"
    );
}
