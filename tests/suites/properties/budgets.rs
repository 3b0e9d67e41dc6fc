//! Budgets hold in every window of every schedule.
use super::cases;
use headcount_core::chunk::MemberQuery;
use headcount_core::event::{Event, StateChanged};
use headcount_core::fleet::{
    Fleet, FleetAction, FleetActions, FleetConfig, FleetInput, StartLimit,
};
use headcount_core::id::{GuildId, UserId};
use headcount_core::session::{Phase, Reason};
use headcount_core::wire::command::{Command, VoiceStateChange};
use headcount_core::{Action, Config, Input, Instant, Intents, Shard, ShardId, Token};
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::time::Duration;

/// Milliseconds of a day.
const DAY: u64 = 24 * 60 * 60 * 1000;

/// The most that `times`, which ascend, hold in any window of so many milliseconds.
fn densest(times: &[u64], window: u64) -> usize {
    let within = |(place, start): (usize, &u64)| {
        times[place..]
            .iter()
            .take_while(|at| **at < start + window)
            .count()
    };
    times.iter().enumerate().map(within).max().unwrap_or(0)
}

/// An active shard whose gateway asks for heartbeats every so many milliseconds.
fn active(interval: u64) -> (Shard, Vec<u64>) {
    let config = Config::new(Token::new("t"), Intents::all(), ShardId::ONE);
    let mut shard = Shard::new(config, 1);
    let mut sent = Vec::new();
    let hello = format!(r#"{{"op":10,"d":{{"heartbeat_interval":{interval}}}}}"#);
    let ready = r#"{"op":0,"s":1,"t":"READY","d":{"session_id":"s","guilds":[],
        "user":{"id":"1","username":"b"},"application":{"id":"1","flags":0}}}"#;
    for input in [
        Input::Timeout,
        Input::Opened,
        Input::Payload(hello.as_bytes()),
        Input::Payload(ready.as_bytes()),
    ] {
        feed(&mut shard, 0, input, &mut sent);
    }
    assert_eq!(shard.phase(), Phase::Active);
    (shard, sent)
}

fn feed(shard: &mut Shard, now: u64, input: Input<'_>, sent: &mut Vec<u64>) {
    for action in shard.handle(Instant::from_millis(now), input) {
        if let Action::Send(command) = action {
            sent.push(now);
            assert!(command.encode(&mut String::new()).len() <= 4096);
        }
    }
}

/// What the user and the gateway want within a moment.
#[derive(Clone, Copy, Debug)]
enum Wish {
    Commands(u8),
    Members(u8),
    Presences(u8),
    Beats(u8),
    Wait(u16),
}

fn wish() -> impl Strategy<Value = Wish> {
    prop_oneof![
        any::<u8>().prop_map(Wish::Commands),
        any::<u8>().prop_map(Wish::Members),
        any::<u8>().prop_map(Wish::Presences),
        any::<u8>().prop_map(Wish::Beats),
        any::<u16>().prop_map(Wish::Wait),
        (0..1000_u16).prop_map(Wish::Wait),
    ]
}

fn grant(shard: &mut Shard, wish: Wish, now: u64, sent: &mut Vec<u64>) {
    let guild = GuildId::new(1).expect("not zero");
    match wish {
        Wish::Commands(count) => (0..count).for_each(|_| {
            let state = VoiceStateChange {
                guild,
                channel: None,
                self_mute: true,
                self_deaf: true,
            };
            let _ = shard.send(Command::UpdateVoiceState(state));
        }),
        Wish::Members(count) => (0..count).for_each(|_| {
            let query = MemberQuery::Users(vec![UserId::new(7).expect("not zero")]);
            let _ = shard.request_members(guild, query, false);
        }),
        Wish::Presences(count) => (0..count).for_each(|_| {
            let _ = shard.send(Command::UpdatePresence(Box::default()));
        }),
        Wish::Beats(count) => {
            for _ in 0..count {
                feed(shard, now, Input::Payload(br#"{"op":1,"d":null}"#), sent);
                feed(shard, now, Input::Payload(br#"{"op":11}"#), sent);
            }
        }
        Wish::Wait(_) => {}
    }
}

proptest! {
    #![proptest_config(cases(100))]

    #[test]
    fn sends_stay_below_120_in_any_60_seconds(
        interval in prop_oneof![Just(41_250_u64), Just(1), 500..20_000_u64],
        wishes in vec(wish(), 1..60),
    ) {
        let (mut shard, mut sent) = active(interval);
        let mut now = 0;
        for wish in wishes {
            grant(&mut shard, wish, now, &mut sent);
            let end = now + if let Wish::Wait(time) = wish { u64::from(time) } else { 0 };
            while let Some(next) = shard.poll_timeout().filter(|next| next.at.as_millis() <= end) {
                now = now.max(next.at.as_millis());
                feed(&mut shard, now, Input::Timeout, &mut sent);
                // The gateway answers, so that the connection stays.
                feed(&mut shard, now, Input::Payload(br#"{"op":11}"#), &mut sent);
            }
            now = end;
        }
        prop_assert_eq!(shard.phase(), Phase::Active);
        prop_assert!(densest(&sent, 60_000) <= 120, "{sent:?}");
    }

    #[test]
    fn identifies_of_a_bucket_are_5_seconds_apart_and_the_day_has_its_limit(
        shards in 1..20_u32,
        concurrency in 1..5_u32,
        remaining in 0..40_u32,
        hours in 1..24_u64,
        steps in vec((0..4_u8, any::<u8>(), 0..8_000_u32), 1..200),
    ) {
        let limit = StartLimit {
            total: 30,
            remaining,
            reset_after: Duration::from_secs(hours * 3600),
            max_concurrency: concurrency,
        };
        let mut life = Fleets::new(shards, limit);
        for (kind, shard, time) in steps {
            life.step(kind, u32::from(shard) % shards, u64::from(time));
        }
        let refused = FleetConfig::new(limit).refuse_at;
        let (reset, allowed) = (hours * 3_600_000, remaining.saturating_sub(refused) as usize);
        for times in life.identified.values() {
            prop_assert!(densest(times, 5_000) <= 1, "{times:?}");
        }
        let mut all: Vec<u64> = life.identified.into_values().flatten().collect();
        all.sort_unstable();
        let early = all.iter().filter(|at| **at < reset).count();
        prop_assert!(early <= allowed, "{early} of {allowed}");
        let later: Vec<u64> = all.into_iter().filter(|at| *at >= reset).collect();
        prop_assert!(densest(&later, DAY) <= 30);
    }
}

/// A fleet whose shards ask, are let in, and identify or give up.
struct Fleets {
    fleet: Fleet,
    now: u64,
    count: u32,
    concurrency: u32,
    /// Those that were let in, and when.
    granted: Vec<(ShardId, u64)>,
    /// By bucket.
    identified: BTreeMap<u32, Vec<u64>>,
}

impl Fleets {
    fn new(count: u32, limit: StartLimit) -> Self {
        let shards = (0..count).map(|number| ShardId::new(number, count));
        Self {
            fleet: Fleet::new(Instant::ZERO, FleetConfig::new(limit), shards),
            now: 0,
            count,
            concurrency: limit.max_concurrency,
            granted: Vec::new(),
            identified: BTreeMap::new(),
        }
    }

    fn step(&mut self, kind: u8, shard: u32, time: u64) {
        let id = ShardId::new(shard, self.count);
        match kind {
            // A shard that was let in has nothing to ask for.
            0 | 1 if self.granted.iter().any(|(one, _)| *one == id) => {}
            0 | 1 => self.ask(FleetInput::WantIdentify(id)),
            2 => {
                let pause = if time > 7_950 { DAY / 3 } else { time };
                self.wait(pause);
            }
            _ if self.granted.is_empty() => {}
            _ => {
                let (id, since) = self.granted.remove(shard as usize % self.granted.len());
                // Nobody waits to identify for half a minute.
                let to = if time.is_multiple_of(4) || self.now - since > 30_000 {
                    Phase::Idle
                } else {
                    Phase::Identifying
                };
                if to == Phase::Identifying {
                    let bucket = id.number() % self.concurrency;
                    self.identified.entry(bucket).or_default().push(self.now);
                }
                let change = StateChanged {
                    from: Phase::Greeting,
                    to,
                    reason: Reason::Greeted,
                };
                self.ask(FleetInput::Event(id, &Event::StateChanged(change)));
            }
        }
    }

    /// A shard that was let in does not stay so for ever: the fleet gives up on it after a minute,
    /// and so does its own dial.
    fn wait(&mut self, time: u64) {
        if time > 30_000 {
            for (id, _) in std::mem::take(&mut self.granted) {
                let (from, to, reason) = (Phase::Greeting, Phase::Idle, Reason::DialTimedOut);
                let change = StateChanged { from, to, reason };
                self.ask(FleetInput::Event(id, &Event::StateChanged(change)));
            }
        }
        let end = self.now + time;
        while let Some(at) = self.fleet.poll_timeout().filter(|at| at.as_millis() <= end) {
            if at.as_millis() <= self.now {
                break;
            }
            self.now = at.as_millis();
            self.ask(FleetInput::Timeout);
        }
        self.now = end;
    }

    fn ask(&mut self, input: FleetInput<'_>) {
        let actions: FleetActions = self.fleet.handle(Instant::from_millis(self.now), input);
        for action in actions {
            if let FleetAction::Grant(id) = action {
                self.granted.push((id, self.now));
            }
        }
    }
}
