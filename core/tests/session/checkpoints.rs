//! Shards that go on from a checkpoint, at every point of random runs.

use std::time::Duration;

use headcount_core::chunk::MemberQuery;
use headcount_core::config::{Acknowledge, Config, Identifying};
use headcount_core::id::{GuildId, UserId};
use headcount_core::session::{DialFailure, OnStop, Phase};
use headcount_core::setup::{AutoChunk, Barrier, Chunking, HoldConfig, SyncConfig};
use headcount_core::wire::command::{Command, VoiceStateChange};
use headcount_core::wire::presence::BotPresence;
use headcount_core::{Action, Input, Instant, Intents, Position, Shard, Token};

use crate::guilds::{chunk, create};
use crate::host::config;

const GUILDS: u64 = 6;

/// A shard whose every step is also taken by one that goes on from a checkpoint.
struct Run {
    config: Config,
    shard: Shard,
    now: Instant,
    random: u64,
    sequence: u64,
    barriers: Vec<Barrier>,
    /// The nonces of member requests, each with its guild.
    asked: Vec<(GuildId, String)>,
    /// How often each phase was gone on from.
    phases: [usize; 8],
}

fn written(shard: &Shard) -> String {
    serde_json::to_string(&shard.checkpoint()).unwrap()
}

impl Run {
    fn new(config: Config, seed: u64) -> Self {
        Self {
            shard: Shard::new(config.clone(), seed),
            config,
            now: Instant::ZERO,
            random: seed,
            sequence: 0,
            barriers: Vec::new(),
            asked: Vec::new(),
            phases: [0; 8],
        }
    }

    fn below(&mut self, bound: u64) -> u64 {
        let product = self.random.wrapping_mul(0x5851_f42d_4c95_7f2d);
        self.random = product.wrapping_add(0x1405_7b7e_f767_814f);
        (self.random >> 33) % bound
    }

    /// Lets both do the same, and compares what comes of it.
    fn both<T: std::fmt::Debug>(&mut self, mut act: impl FnMut(&mut Shard) -> T) -> T {
        let before = written(&self.shard);
        let checkpoint = serde_json::from_str(&before).unwrap();
        let mut same = Shard::from_checkpoint(checkpoint, &self.config);
        assert_eq!(written(&same), before);
        self.phases[self.shard.phase() as usize] += 1;
        let (one, other) = (act(&mut self.shard), act(&mut same));
        assert_eq!(format!("{one:?}"), format!("{other:?}"));
        assert_eq!(written(&self.shard), written(&same));
        assert_eq!(self.shard.poll_timeout(), same.poll_timeout());
        one
    }

    fn input(&mut self, input: Input<'_>) {
        let now = self.now;
        let actions = self.both(|shard| shard.handle(now, input).into_owned());
        for action in actions {
            match action {
                Action::Confirm(barrier) => self.barriers.push(barrier),
                Action::Send(Command::RequestMembers(request)) => {
                    self.asked.push((request.guild, request.nonce.to_string()));
                }
                _ => {}
            }
        }
    }

    fn receive(&mut self, payload: &str) {
        self.input(Input::Payload(payload.as_bytes()));
    }

    fn next(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }

    fn wake(&mut self) {
        if let Some(deadline) = self.shard.poll_timeout() {
            self.now = self.now.max(deadline.at);
        }
        self.input(Input::Timeout);
        if self.below(3) > 0 {
            self.receive(r#"{"op":11}"#);
        }
    }

    fn step(&mut self) {
        let pass = self.below(400);
        self.now = self.now.after(Duration::from_millis(pass));
        match (self.shard.phase(), self.below(8)) {
            (Phase::Halted, _) => {
                let session = self.shard.session();
                let _ = self.both(|shard| shard.start(session.clone()));
            }
            (Phase::Idle | Phase::Waiting, 0..4) => self.input(Input::IdentifyGranted),
            (Phase::Connecting, 0) => self.input(Input::DialFailed(DialFailure::Refused)),
            (Phase::Connecting, _) => self.input(Input::Opened),
            (Phase::Greeting, _) => self.receive(r#"{"op":10,"d":{"heartbeat_interval":41250}}"#),
            (Phase::Identifying, 0) => self.receive(r#"{"op":9,"d":false}"#),
            (Phase::Identifying, _) => self.ready(),
            (Phase::Resuming, 0..4) => {
                let sequence = self.next();
                self.receive(&format!(
                    r#"{{"op":0,"t":"RESUMED","s":{sequence},"d":{{}}}}"#
                ));
            }
            (Phase::Resuming | Phase::Active, 1..7) => self.dispatch(),
            (Phase::Active, 7) => self.call(),
            (Phase::Active, _) => self.trouble(),
            _ => self.wake(),
        }
    }

    fn ready(&mut self) {
        self.sequence = 1;
        let listed: Vec<String> = (1..=GUILDS)
            .map(|id| format!(r#"{{"id":"{id}","unavailable":true}}"#))
            .collect();
        self.receive(&format!(
            r#"{{"op":0,"t":"READY","s":1,"d":{{"session_id":"{}","guilds":[{}],
            "user":{{"id":"1"}},"resume_gateway_url":"wss://resume.example"}}}}"#,
            self.random,
            listed.join(",")
        ));
    }

    fn dispatch(&mut self) {
        let (sequence, guild) = (self.next(), self.below(GUILDS) + 1);
        let user = self.below(9) + 20;
        let text = match self.below(9) {
            0 => create(sequence, guild),
            1 => format!(
                r#"{{"op":0,"t":"GUILD_DELETE","s":{sequence},
                "d":{{"id":"{guild}","unavailable":{}}}}}"#,
                self.below(2) == 0
            ),
            2 => format!(
                r#"{{"op":0,"t":"GUILD_MEMBER_REMOVE","s":{sequence},
                "d":{{"guild_id":"{guild}","user":{{"id":"{user}"}}}}}}"#
            ),
            // What is not understood of it may be held as well.
            3 => format!(
                r#"{{"op":0,"t":"CHANNEL_CREATE","s":{sequence},
                "d":{{"id":"{user}","type":[],"guild_id":"{guild}","name":"c"}}}}"#
            ),
            4 => format!(
                r#"{{"op":0,"t":"GUILD_MEMBERS_CHUNK","s":{sequence},"d":{{"guild_id":"{guild}",
                "members":[],"chunk_index":0,"chunk_count":2,"nonce":"another \"{user}"}}}}"#
            ),
            5 => format!(
                r#"{{"op":0,"t":"RATE_LIMITED","s":{sequence},"d":{{"opcode":8,"retry_after":3.5,
                "meta":{{"guild_id":"{guild}","nonce":"{}"}}}}}}"#,
                self.asked.last().map_or("", |(_, nonce)| nonce)
            ),
            _ => match self.asked.last().cloned() {
                Some((guild, nonce)) => {
                    let index = self.below(3) as u32;
                    chunk(sequence, guild.get(), &nonce, index, 3)
                }
                None => create(sequence, guild),
            },
        };
        self.receive(&text);
    }

    fn call(&mut self) {
        let guild = GuildId::new(self.below(GUILDS) + 1).unwrap();
        let bits = self.below(7);
        let voice = Command::UpdateVoiceState(VoiceStateChange {
            guild,
            channel: None,
            self_mute: true,
            self_deaf: false,
        });
        let presence = Command::UpdatePresence(Box::<BotPresence>::default());
        let query = match self.below(2) {
            0 => MemberQuery::All,
            _ => MemberQuery::Users(vec![UserId::new(20).unwrap(), UserId::new(21).unwrap()]),
        };
        match bits {
            0 | 1 => drop(self.both(|it| it.request_members(guild, query.clone(), false))),
            2 => drop(self.both(|shard| shard.send(voice.clone()))),
            3 => drop(self.both(|shard| shard.send(presence.clone()))),
            4 => self.both(|shard| shard.set_chunking(AutoChunk::All.into())),
            5 => drop(self.both(|shard| shard.restart(OnStop::Resume))),
            _ => self.both(|shard| shard.stop(OnStop::Resume)),
        }
    }

    fn trouble(&mut self) {
        let guild = GuildId::new(self.below(GUILDS) + 1).unwrap();
        match self.below(7) {
            0 => self.input(Input::Closed(Some(4009))),
            1 => self.input(Input::StoreFailed(guild)),
            2 => self.input(Input::Unread {
                missed: Duration::from_millis(700),
            }),
            3 | 4 => match self.barriers.pop() {
                Some(barrier) => self.input(Input::Stored(barrier)),
                None => self.wake(),
            },
            5 => {
                if let Some(at) = self.shard.position() {
                    let sequence = at.sequence.saturating_sub(self.below(3));
                    let at = Position { sequence, ..at };
                    self.both(|shard| {
                        shard.acknowledge(at);
                        shard.record(at);
                    });
                }
            }
            _ => self.wake(),
        }
    }
}

/// Settings that lead to every state that a shard can have.
fn settings(number: u64) -> Config {
    let mut config = config();
    config.intents = Intents::GUILDS | Intents::GUILD_MEMBERS | Intents::GUILD_PRESENCES;
    config.os = "plan9";
    let setup = &mut config.tracker.setup;
    setup.chunking = Chunking {
        presences: number.is_multiple_of(2),
        ..AutoChunk::Missing.into()
    };
    if number.is_multiple_of(3) {
        let chunking = std::mem::take(&mut setup.chunking);
        setup.chunking = chunking.when(|guild| guild.guild.get() != 2);
        setup.confirm = Some(Duration::from_secs(20));
    }
    if number.is_multiple_of(4) {
        config.tracker.hold = Some(HoldConfig {
            events: 20,
            bytes: 4_000,
        });
        config.identify = Identifying::Fleet;
    }
    if number % 4 == 1 {
        config.acknowledge = Acknowledge::ByHost {
            in_heartbeats: number % 3 == 1,
        };
    }
    if number % 8 == 7 {
        config.tracker.setup.sync = Some(SyncConfig::default());
    }
    config.tracker.tombstones = 8;
    config
}

#[test]
fn a_shard_goes_on_with_the_same_actions_from_every_point_of_a_run() {
    let mut phases = [0; 8];
    for number in 0..24 {
        let mut run = Run::new(settings(number), number);
        for _ in 0..500 {
            run.step();
        }
        let both = phases.iter_mut().zip(run.phases);
        both.for_each(|(all, own)| *all += own);
    }
    assert!(phases.iter().all(|count| *count > 20), "{phases:?}");
}

#[test]
fn a_checkpoint_holds_neither_the_token_nor_what_the_process_is_called() {
    let mut config = settings(0);
    config.token = Token::new("s3cr3t");
    let mut run = Run::new(config, 3);
    for _ in 0..50 {
        run.step();
    }
    let text = written(&run.shard);
    assert!(
        !text.contains("s3cr3t") && !text.contains("plan9"),
        "{text}"
    );
    let other = format!(
        "{:?}",
        Shard::from_checkpoint(serde_json::from_str(&text).unwrap(), &run.config)
    );
    assert!(other.contains("plan9"));
}
